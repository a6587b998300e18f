//! Minimal agents, processes and sessions, from which the others are made.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, Confidence, CpuTime, DiskIo, Evidence, Gap, JoinTier, Liveness,
    Phase, ProcId, Process, ProcessState, Session, SessionJoin, SessionKey, Spend, Status, Timestamp, Usage,
};

/// 2026-11-21 12:30 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_264_200_000);

/// A process of that name with the parent `parent`.
pub fn process(pid: u32, parent: u32, name: &str) -> Process {
    Process {
        id: ProcId { pid, started: 1000 },
        parent: Some(parent),
        name: name.into(),
        argv: vec![name.into()],
        exe: Ok(PathBuf::from(format!("/usr/bin/{name}"))),
        cwd: Ok(PathBuf::from("/work/prover")),
        state: ProcessState::Sleeping,
        started_at: Ok(NOW.minus(Duration::from_secs(400))),
        threads: Ok(14),
        cpu: Ok(CpuTime { user: Duration::from_secs(10), system: Duration::from_secs(2) }),
        rss: Ok(50_000_000),
        vsz: Ok(2_254_857_830),
        io: Ok(DiskIo { read: 482_344_960, written: 12_189_440 }),
    }
}

/// A live agent with a process and a session; its other values are unknown.
pub(crate) fn agent(client: ClientId, process: Process, session: Arc<Session>) -> Agent {
    Agent {
        client,
        label: client.as_str().into(),
        process: Arc::new(process),
        liveness: Liveness::Live,
        cpu_percent: Err(Gap::NotReported),
        cpu_history: [].into(),
        io_rate: Err(Gap::NotReported),
        git: Err(Gap::NotReported),
        rates: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
        parent_name: Some("zsh".into()),
        launcher: Some("zsh".into()),
        join: Some(SessionJoin { tier: JoinTier::Score, confidence: Confidence::Medium }),
        danger: None,
        children: vec![],
        youngest_child: None,
        stated_model: None,
        helpers: vec![],
        files: Err(Gap::NotReported),
        sockets: Err(Gap::NotReported),
        skills: vec![],
        status: session.status,
        evidence: session.evidence,
        cause: None,
        status_since: session.last_active.unwrap_or(NOW),
        session: Some(session),
    }
}

/// A session with a client and an id; its other values are unknown.
pub fn session(client: ClientId, id: &str) -> Session {
    Session {
        key: SessionKey::new(client, id),
        parent: None,
        forked_from: None,
        title: None,
        public_title: None,
        cwd: None,
        project: None,
        branch: None,
        version: None,
        origin: None,
        tag: None,
        started: None,
        last_active: None,
        model: None,
        own_usage: Usage::default(),
        own_spend: Spend::default(),
        own_days: Arc::default(),
        usage: Usage::default(),
        spend: Spend::default(),
        usage_gap: None,
        models: vec![],
        turns: 0,
        prompts: 0,
        errors: 0,
        compactions: 0,
        context: Err(Gap::NotReported),
        growth: None,
        decay: None,
        cache_saving: None,
        repeats: 0,
        recent: vec![],
        tools: vec![],
        in_flight: vec![],
        stop: None,
        phase: Phase::Open,
        children: vec![],
        files: 1,
        subagent_files: 0,
        status: Status::Unknown,
        evidence: Evidence::Age,
    }
}
