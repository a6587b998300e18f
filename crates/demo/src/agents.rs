use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, Confidence, CpuTime, DiskIo, Evidence, Git, IoRate, JoinTier,
    OpenFiles, ProcId, Process, ProcessState, Session, SessionJoin, Sockets, Status, Timestamp, Untrusted,
};

use crate::base;
use crate::catalog::{AIDER, CLAUDE, CODEX};
use crate::moment::DemoMoment;
use crate::random::{fraction, whole};
use crate::sessions::{is_at_work, model, priced, status_of, story, tokens_per_second};

/// The agent that works on that session.
pub(super) fn agent(moment: &DemoMoment, at: usize, session: &Arc<Session>) -> Agent {
    let status = status_of(moment, at, usize::MAX);
    let load = load(moment, at, moment.elapsed);
    let is_daring = at.is_multiple_of(6);
    let name = session.client().as_str();
    let mut argv: Vec<Untrusted> = vec![name.into()];
    argv.extend(is_daring.then(|| Untrusted::from(daring_flag(session.client()))));
    let history = (0..60_u8).map(|back| {
        #[expect(clippy::cast_possible_truncation, reason = "a sample needs no double precision")]
        let load = self::load(moment, at, moment.elapsed - 1.5 * f64::from(59 - back)) as f32;
        load
    });
    let cwd = session.cwd.clone().unwrap_or_default();
    Agent {
        process: Arc::new(Process { argv, cwd: Ok(cwd.clone()), ..process(moment, at, name) }),
        cpu_percent: Ok(load),
        cpu_history: history.collect(),
        io_rate: Ok(IoRate { read: load * 9_000.0, written: load * 2_500.0 }),
        parent_name: Some(if at.is_multiple_of(3) { "tmux" } else { "zsh" }.into()),
        launcher: Some(if at.is_multiple_of(3) { "tmux" } else { "zsh" }.into()),
        join: Some(SessionJoin { tier: JoinTier::Marker, confidence: Confidence::High }),
        danger: is_daring.then(|| daring_flag(session.client()).into()),
        children: vec![(pid(at) + 1, "bash".into()), (pid(at) + 2, "node".into())],
        helpers: helper_ids(at),
        files: Ok(OpenFiles {
            writing: vec![cwd.join(story(at).file)],
            reading: vec![cwd.join("README.md")],
            left_out: 0,
        }),
        sockets: Ok(Sockets { established: 2 + u32::from(is_at_work(status)), listening: vec![] }),
        git: Ok(Git { branch: session.branch.clone().unwrap_or_else(|| "main".into()), modified: Ok(3) }),
        rates: ActivityRates::ROLLING_SPANS.map(|span| activity_window(moment, at, span)),
        skills: if name == "claude" { vec!["frontend-design".into(), "sql-explorer".into()] } else { vec![] },
        status,
        evidence: if at.is_multiple_of(2) { Evidence::StatusFile } else { Evidence::Transcript },
        cause: (status == Status::RateLimited).then(|| "rate_limit".into()),
        status_since: session.last_active.unwrap_or(Timestamp::EARLIEST),
        ..base::agent(session.client(), base::process(pid(at), PARENT_PID, name), Arc::clone(session))
    }
}

/// The flag with which the agent asks for no permission.
fn daring_flag(client: ClientId) -> &'static str {
    match client {
        CLAUDE => "--dangerously-skip-permissions",
        CODEX => "--dangerously-bypass-approvals-and-sandbox",
        AIDER => "--yes-always",
        _ => "--yolo",
    }
}

/// The parent of every agent.
const PARENT_PID: u32 = 1_200;

fn pid(at: usize) -> u32 {
    40_000 + u32::try_from(at).unwrap_or(0) * 7
}

fn helper_ids(at: usize) -> Vec<ProcId> {
    if at.is_multiple_of(4) { vec![ProcId { pid: pid(at) + 3, started: 1 }] } else { vec![] }
}

/// The helper processes of the agent.
pub(super) fn helpers(agent: &Agent) -> Vec<Arc<Process>> {
    let process = |id: &ProcId| Process {
        id: *id,
        parent: Some(agent.process.id.pid),
        name: "mcp-postgres".into(),
        argv: vec!["node".into(), "mcp-postgres".into(), "--readonly".into()],
        rss: Ok(61_000_000),
        ..(*agent.process).clone()
    };
    agent.helpers.iter().map(|id| Arc::new(process(id))).collect()
}

fn load(moment: &DemoMoment, at: usize, when: f64) -> f64 {
    let wave = (when / (5.0 + 9.0 * fraction(at, 20)) + 6.0 * fraction(at, 21)).sin();
    if is_at_work(status_of(moment, at, usize::MAX)) {
        (18.0 + 60.0 * fraction(at, 22) * wave.abs() + 6.0 * wave).max(0.3)
    } else {
        (0.4 + 0.5 * wave).max(0.0)
    }
}

fn process(moment: &DemoMoment, at: usize, name: &str) -> Process {
    Process {
        id: ProcId { pid: pid(at), started: 1 },
        argv: vec![],
        exe: Ok(PathBuf::from(format!("/usr/local/bin/{name}"))),
        state: if at.is_multiple_of(3) { ProcessState::Running } else { ProcessState::Sleeping },
        started_at: Ok(moment.now.minus(Duration::from_secs_f64(moment.elapsed + 300.0 + 9_000.0 * fraction(at, 23)))),
        cpu: Ok(CpuTime { user: Duration::from_secs(310), system: Duration::from_secs(41) }),
        rss: Ok(whole(1.6e8 + 5.0e8 * fraction(at, 24) + 2e7 * (moment.elapsed / 30.0).sin())),
        io: Ok(DiskIo { read: 482_344_960, written: 12_189_440 + whole(moment.elapsed * 900.0) }),
        ..base::process(pid(at), PARENT_PID, name)
    }
}

fn activity_window(moment: &DemoMoment, at: usize, span: Duration) -> ActivityWindow {
    if !is_at_work(status_of(moment, at, usize::MAX)) {
        return ActivityWindow::empty(span);
    }
    let model = model(at);
    let tokens = tokens_per_second(at) * span.as_secs_f64();
    let share = |percent: f64| whole(tokens * percent / 100.0);
    let usage = agtop_model::Usage {
        input: share(6.0),
        cache_read: share(86.0),
        cache_write_5m: share(6.0),
        output: share(2.0),
        ..agtop_model::Usage::default()
    };
    let requests = 1 + whole(span.as_secs_f64() / 14.0);
    let spend = priced(moment.plan, model, &usage, requests);
    ActivityWindow {
        span,
        requests,
        tool_calls: requests * 2,
        stops: requests,
        usage,
        spend,
        ..ActivityWindow::default()
    }
}
