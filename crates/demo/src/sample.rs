//! Snapshots at a fixed moment, for the tests of every crate that shows them.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use agtop_model::{
    Activity, ActivityKind, ActivityRates, ActivityWindow, Agent, ClientHealth, ClientId, Confidence, ContextGrowth,
    ContextSource, ContextWindow, Cost, CostBasis, CpuTime, DayModel, Decay, DiskIo, Evidence, Gap, Git, GrowthBasis,
    History, HistoryPoint, HostMetrics, InFlight, IoRate, Issue, IssueKind, JoinTier, LifecycleChange, LifecycleEvent,
    Liveness, ModelSpend, OpenFiles, Phase, PicoUsd, ProcId, Process, ProcessState, Quantiles, RateLimit,
    RateLimitWindow, Session, SessionJoin, SessionKey, Snapshot, Sockets, SourceHealth, SourcePosition, Spend, Status,
    StopReason, Timestamp, Timings, Title, TitleRank, ToolCount, ToolTime, Totals, Untrusted, Usage,
};

/// The process of the Claude Code agent.
pub const CLAUDE_PID: u32 = 4048;
/// The process of the Codex agent.
pub const CODEX_PID: u32 = 5120;
/// The process of the Gemini agent.
pub const GEMINI_PID: u32 = 6001;
/// The session of the Claude Code agent.
pub const CLAUDE_SESSION: &str = "6163a95c-e18a-4a4c-a793-52a1bb0f8c11";
/// The session of the Codex agent.
pub const CODEX_SESSION: &str = "019d2d54-207e-7b80-b98e-2968e4d1204a";
/// The session of the Gemini agent.
pub const GEMINI_SESSION: &str = "f00dfeed-1111-4222-8333-444455556666";
const OPENCODE_SESSION: &str = "ses_72aa01";

/// Message text that must show only where it was asked for.
pub const SECRET_WORDS: &str = "keep this to yourself";

const CLAUDE: ClientId = ClientId::new("claude");
const CODEX: ClientId = ClientId::new("codex");
const GEMINI: ClientId = ClientId::new("gemini");
const OPENCODE: ClientId = ClientId::new("opencode");
const CURSOR: ClientId = ClientId::new("cursor-agent");

/// 2026-11-21 12:30 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_264_200_000);

/// Three agents, four sessions, sub-agents, gaps and lost records.
pub fn rich() -> Snapshot {
    let sessions = [codex_session(), claude_session(), gemini_session(), opencode_session()].map(Arc::new);
    let agents = [
        claude_agent(Arc::clone(&sessions[1])),
        codex_agent(Arc::clone(&sessions[0])),
        gemini_agent(Arc::clone(&sessions[2])),
    ];
    let below = [process(4049, CLAUDE_PID, "bash"), process(4050, 4049, "cargo")];
    Snapshot {
        system: Some(Arc::new(system())),
        processes: below.into_iter().map(Arc::new).collect(),
        totals: Arc::new(totals(&sessions)),
        agents: agents.into(),
        sessions: sessions.into(),
        rate_limits: [(CODEX, ago(60), rate_limit())].into(),
        rates: Arc::new(paces()),
        timings: Arc::new(timings()),
        history: Arc::new(history()),
        lifecycle_events: [lifecycle(LifecycleChange::Exited, 4000), lifecycle(LifecycleChange::Spawned, CODEX_PID)]
            .into(),
        health: Arc::new(health()),
        ..empty()
    }
}

/// A machine on which no agent ever ran, and which tells nothing of itself.
pub fn empty() -> Snapshot {
    Snapshot {
        now: NOW,
        system: None,
        agents: [].into(),
        processes: [].into(),
        cpu_percents: Arc::default(),
        sessions: [].into(),
        totals: Arc::new(Totals { time_zone: "UTC".to_owned(), ..Totals::default() }),
        rates: Arc::default(),
        timings: Arc::default(),
        history: Arc::default(),
        lifecycle_events: [].into(),
        rate_limits: [].into(),
        health: Arc::default(),
        prices: "2026-11-20 (bundled)".into(),
    }
}

/// The sessions of the rich snapshot, with nobody at work on them.
pub fn without_agents() -> Snapshot {
    Snapshot { agents: [].into(), processes: [].into(), ..rich() }
}

/// The first agent of the rich snapshot, at work on a session of a client that writes no tokens down.
pub fn untold() -> Snapshot {
    let session = Arc::new(Session {
        prompts: 2,
        turns: 0,
        usage_gap: Some(Gap::NotReported),
        children: vec![Arc::new(Session { usage_gap: Some(Gap::NotReported), ..session(CURSOR, "below") })],
        ..session(CURSOR, "untold")
    });
    let agent = Agent { client: CURSOR, ..claude_agent(Arc::clone(&session)) };
    Snapshot { agents: [agent].into(), sessions: [session].into(), ..empty() }
}

/// The rich snapshot, with Codex started from a shell of Claude's.
pub fn nested() -> Snapshot {
    let mut snapshot = rich();
    let shell = process(5000, CLAUDE_PID, "zsh");
    snapshot.agents = snapshot
        .agents
        .iter()
        .cloned()
        .map(|agent| if agent.client == CODEX { below(agent, &shell) } else { agent })
        .collect();
    snapshot.processes = [Arc::new(shell)].into();
    snapshot
}

fn below(agent: Agent, parent: &Process) -> Agent {
    let process = Process { parent: Some(parent.id.pid), ..(*agent.process).clone() };
    Agent { process: Arc::new(process), ..agent }
}

/// One session with a sub-agent that has a sub-agent, and so on.
pub fn with_family(generations: usize) -> Snapshot {
    let family = (0..generations)
        .fold(Vec::new(), |children, n| vec![Arc::new(Session { children, ..session(CLAUDE, &format!("child-{n}")) })]);
    let session = Session { children: family, ..session(CLAUDE, "eldest") };
    Snapshot { sessions: [Arc::new(session)].into(), ..empty() }
}

/// A snapshot in which every text from outside is an attack on a terminal or a parser, and every number is extreme.
pub fn hostile() -> Snapshot {
    const TEXT: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}=cmd|'x'!A1,\"\r\n\t\u{202e}\u{0}\u{9b}31m\u{85}x";
    let bad = || Untrusted::new(TEXT);
    let path = || PathBuf::from(format!("/tmp/{TEXT}/{TEXT}"));
    let usage = Usage { input: u64::MAX, cache_read: u64::MAX, output: u64::MAX, ..Usage::default() };
    let spend = Spend { amount: PicoUsd::new(i64::MAX), api_turns: 1, unknown_turns: 1, ..Spend::default() };
    let model = ModelSpend { model: Some(TEXT.into()), usage, spend, turns: 1 };
    let mut snapshot = rich();
    let session = Session {
        key: SessionKey::new(CLAUDE, TEXT),
        parent: Some(SessionKey::new(CLAUDE, TEXT)),
        title: Some(Title { rank: TitleRank::Given, text: bad() }),
        public_title: Some(Title { rank: TitleRank::Given, text: bad() }),
        cwd: Some(path()),
        project: Some(bad()),
        branch: Some(bad()),
        version: Some(bad()),
        origin: Some(bad()),
        tag: None,
        started: Some(Timestamp::from_millis(i64::MIN)),
        last_active: Some(Timestamp::from_millis(i64::MAX)),
        model: Some(TEXT.into()),
        usage,
        spend,
        models: vec![model.clone()],
        context: Ok(ContextWindow { used: u64::MAX, limit: 0, source: ContextSource::Vendor }),
        tools: vec![ToolCount { name: bad(), calls: u64::MAX }],
        in_flight: vec![InFlight { name: bad(), target: Some(bad()), since: None, is_subagent: false, usual: None }],
        ..session(CLAUDE, TEXT)
    };
    let attacker = Agent {
        label: bad(),
        process: Arc::new(Process {
            name: bad(),
            argv: vec![bad()],
            exe: Ok(path()),
            cwd: Ok(path()),
            started_at: Ok(Timestamp::from_millis(i64::MAX)),
            rss: Ok(u64::MAX),
            ..process(CLAUDE_PID, 1, TEXT)
        }),
        cpu_percent: Ok(f64::NAN),
        parent_name: Some(bad()),
        launcher: Some(bad()),
        danger: Some(bad()),
        children: vec![(7, bad())],
        files: Ok(OpenFiles { writing: vec![path()], reading: vec![path()], left_out: 0 }),
        sockets: Err(Gap::Denied),
        skills: vec![bad()],
        ..claude_agent(Arc::new(session.clone()))
    };
    snapshot.agents = [attacker].into();
    snapshot.processes = [Arc::new(process(4049, CLAUDE_PID, TEXT))].into();
    snapshot.sessions = [Arc::new(session)].into();
    snapshot.totals = Arc::new(Totals {
        usage,
        spend,
        by_model: vec![model.clone(), model.clone()],
        by_day: vec![DayModel { day: "unknown".to_owned(), client: CLAUDE, spend: model }],
        ..Totals::default()
    });
    snapshot.prices = TEXT.into();
    snapshot
}

fn ago(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}

/// A process of that name below `parent`.
pub fn process(pid: u32, parent: u32, name: &str) -> Process {
    Process {
        id: ProcId { pid, started: 1000 },
        parent: Some(parent),
        name: name.into(),
        argv: vec![name.into()],
        exe: Ok(PathBuf::from(format!("/usr/bin/{name}"))),
        cwd: Ok(PathBuf::from("/work/prover")),
        state: ProcessState::Sleeping,
        started_at: Ok(ago(400)),
        threads: Ok(14),
        cpu: Ok(CpuTime { user: Duration::from_secs(10), system: Duration::from_secs(2) }),
        rss: Ok(50_000_000),
        vsz: Ok(2_254_857_830),
        io: Ok(DiskIo { read: 482_344_960, written: 12_189_440 }),
    }
}

fn system() -> HostMetrics {
    HostMetrics {
        cpus: 32,
        cpu_percent: Ok(17.2),
        memory_total: Ok(132_499_206_144),
        memory_available: Ok(78_214_098_944),
        swap_total: Ok(4_294_967_296),
        swap_used: Err(Gap::Denied),
        load: Err(Gap::Unsupported),
    }
}

fn agent(client: ClientId, pid: u32, session: Arc<Session>) -> Agent {
    Agent {
        client,
        label: client.as_str().into(),
        process: Arc::new(process(pid, 1000, client.as_str())),
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

fn claude_agent(session: Arc<Session>) -> Agent {
    let argv = ["claude", "--dangerously-skip-permissions", "--api-key", "hunter2"];
    let process = Process {
        argv: argv.map(Untrusted::from).into(),
        rss: Ok(626_491_392),
        started_at: Ok(ago(345_600)),
        ..process(CLAUDE_PID, 1000, "node")
    };
    Agent {
        process: Arc::new(process),
        cpu_percent: Ok(16.3),
        join: Some(SessionJoin { tier: JoinTier::Marker, confidence: Confidence::High }),
        danger: Some("--dangerously-skip-permissions".into()),
        children: vec![(4049, "bash".into())],
        io_rate: Ok(IoRate { read: 0.0, written: 4096.0 }),
        cpu_history: [3.0, 12.0, 16.3].into(),
        git: Ok(Git { branch: "main".into(), modified: Ok(3) }),
        rates: paces().rolling,
        files: Ok(OpenFiles {
            writing: vec!["/home/u/prover/src/main.rs".into()],
            reading: vec!["/home/u/prover/Cargo.lock".into()],
            left_out: 0,
        }),
        sockets: Ok(Sockets { established: 3, listening: vec![8080] }),
        skills: vec!["frontend-design".into()],
        ..agent(CLAUDE, CLAUDE_PID, session)
    }
}

fn codex_agent(session: Arc<Session>) -> Agent {
    let process = Process { cwd: Ok(PathBuf::from("/work/shop")), ..process(CODEX_PID, 1000, "codex") };
    Agent {
        process: Arc::new(process),
        cpu_percent: Ok(1.1),
        evidence: Evidence::Hook,
        ..agent(CODEX, CODEX_PID, session)
    }
}

fn gemini_agent(session: Arc<Session>) -> Agent {
    let process = Process {
        cwd: Err(Gap::Denied),
        exe: Err(Gap::Denied),
        io: Err(Gap::Denied),
        started_at: Err(Gap::Unsupported),
        cpu: Err(Gap::Failed),
        ..process(GEMINI_PID, 1000, "node")
    };
    Agent { process: Arc::new(process), join: None, ..agent(GEMINI, GEMINI_PID, session) }
}

/// A session of which only its client and id are known.
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

/// The session after `turns` responses of `model` with that usage and cost, its sub-agents' sums included.
fn used(mut session: Session, model: &str, (usage, cost, turns): (Usage, Cost, u64)) -> Session {
    let mut spend = Spend::default();
    spend.add(cost, usage.total());
    session.model = Some(model.into());
    session.own_usage = usage;
    session.own_spend = spend;
    session.usage = usage;
    session.spend = spend;
    session.turns = turns;
    for child in &session.children {
        session.usage += child.usage;
        session.spend += child.spend;
        session.turns += child.turns;
    }
    session.models = vec![ModelSpend {
        model: session.model.clone(),
        usage: session.usage,
        spend: session.spend,
        turns: session.turns,
    }];
    session
}

fn api(usd: f64) -> Cost {
    Cost { amount: PicoUsd::from_usd(usd), basis: CostBasis::Api }
}

fn claude_session() -> Session {
    let subagent = |n: u32| {
        let child = Session {
            parent: Some(SessionKey::new(CLAUDE, CLAUDE_SESSION)),
            origin: Some("code-reviewer".into()),
            tag: None,
            started: Some(ago(500)),
            status: Status::Done,
            ..session(CLAUDE, &format!("{CLAUDE_SESSION}/agent-{n}"))
        };
        let usage = Usage { input: 600, cache_read: 12_304, cache_write_5m: 1000, output: 135, ..Usage::default() };
        Arc::new(used(child, "claude-opus-4-7", (usage, api(0.105), 3)))
    };
    let working = Session {
        title: Some(Title { rank: TitleRank::Generated, text: "Prover polish".into() }),
        public_title: Some(Title { rank: TitleRank::Generated, text: "Prover polish".into() }),
        cwd: Some(PathBuf::from("/work/prover")),
        project: Some("prover".into()),
        branch: Some("main".into()),
        version: Some("2.1.7".into()),
        started: Some(ago(280_000)),
        last_active: Some(ago(4)),
        prompts: 12,
        errors: 1,
        compactions: 1,
        context: Ok(ContextWindow { used: 515_708, limit: 1_000_000, source: ContextSource::Table }),
        growth: Some(ContextGrowth {
            tokens_per_minute: 1_250.5,
            full_in: Some(Duration::from_mins(347)),
            grown_at: Some(ago(4)),
            basis: GrowthBasis::LastResponses,
        }),
        decay: Some(Decay { fill: 20.8, errors: 4.0, output: 7.5, repeats: 0.0, known_until: NOW }),
        cache_saving: PicoUsd::from_usd(25.59),
        recent: vec![
            Activity { at: Some(ago(60)), kind: ActivityKind::Asked(Some(SECRET_WORDS.into())) },
            Activity {
                at: Some(ago(20)),
                kind: ActivityKind::Called { tool: "Bash".into(), target: Some(format!("echo {SECRET_WORDS}").into()) },
            },
        ],
        tools: vec![ToolCount { name: "Bash".into(), calls: 47 }, ToolCount { name: "Edit".into(), calls: 23 }],
        in_flight: vec![in_flight("code-reviewer", "review", true), in_flight("Bash", "echo", false)],
        stop: Some(StopReason::ToolUse),
        phase: Phase::Open,
        children: vec![subagent(1), subagent(2)],
        files: 3,
        subagent_files: 2,
        status: Status::Working,
        evidence: Evidence::StatusFile,
        ..session(CLAUDE, CLAUDE_SESSION)
    };
    let usage = Usage {
        input: 45_000,
        cache_read: 5_687_696,
        cache_write_5m: 78_000,
        cache_write_1h: 9_008,
        output: 45_865,
        reasoning: 5_000,
        web_searches: 1,
    };
    used(working, "claude-opus-4-7", (usage, api(4.0), 214))
}

fn in_flight(name: &str, verb: &str, is_subagent: bool) -> InFlight {
    let target = Some(format!("{verb} {SECRET_WORDS}").into());
    InFlight { name: name.into(), target, since: Some(ago(20)), is_subagent, usual: None }
}

fn codex_session() -> Session {
    let waiting = Session {
        title: Some(Title { rank: TitleRank::FirstPrompt, text: SECRET_WORDS.into() }),
        public_title: None,
        cwd: Some(PathBuf::from("/work/shop")),
        project: Some("shop".into()),
        branch: Some("fix/basket".into()),
        started: Some(ago(390)),
        last_active: Some(ago(75)),
        prompts: 2,
        context: Ok(ContextWindow { used: 244_000, limit: 258_400, source: ContextSource::Vendor }),
        status: Status::NeedsPermission,
        evidence: Evidence::Hook,
        ..session(CODEX, CODEX_SESSION)
    };
    let usage = Usage { input: 22_000, cache_read: 3_000, output: 1_800, reasoning: 900, ..Usage::default() };
    used(waiting, "gpt-5-codex", (usage, api(0.19), 9))
}

fn gemini_session() -> Session {
    let idle = Session {
        project: Some("日本語プロジェクト".into()),
        last_active: Some(ago(1_900)),
        status: Status::Idle,
        evidence: Evidence::Presence,
        ..session(GEMINI, GEMINI_SESSION)
    };
    let usage = Usage { input: 900, output: 50, ..Usage::default() };
    used(idle, "gemini-9-experimental", (usage, Cost::UNKNOWN, 2))
}

fn opencode_session() -> Session {
    let stale = Session {
        title: Some(Title { rank: TitleRank::Given, text: "größere Änderungen 🦀".into() }),
        public_title: Some(Title { rank: TitleRank::Given, text: "größere Änderungen 🦀".into() }),
        cwd: Some(PathBuf::from("/work/notes")),
        project: Some("notes".into()),
        started: Some(ago(300_000)),
        last_active: Some(ago(200_000)),
        status: Status::Stale,
        ..session(OPENCODE, OPENCODE_SESSION)
    };
    let usage = Usage { input: 120_000, output: 8_000, ..Usage::default() };
    used(stale, "ollama/qwen3", (usage, Cost::LOCAL, 31))
}

fn totals(sessions: &[Arc<Session>]) -> Totals {
    let mut totals = Totals { time_zone: "UTC".to_owned(), ..Totals::default() };
    for session in sessions {
        totals.usage += session.usage;
        totals.spend += session.spend;
        totals.turns += session.turns;
        for model in &session.models {
            let day = if session.started.is_some() { "2026-11-21" } else { "2026-11-20" }.to_owned();
            totals.by_client.push((session.client(), model.clone()));
            totals.by_model.push(model.clone());
            totals.by_day.push(DayModel { day, client: session.client(), spend: model.clone() });
        }
    }
    totals
}

/// Three responses in the last minute, and the same in every longer span.
fn paces() -> ActivityRates {
    let usage = Usage { input: 3_000, cache_read: 7_000, cache_write_5m: 500, output: 1_500, ..Usage::default() };
    let mut spend = Spend::default();
    spend.add(api(0.25), usage.total());
    let over =
        |span| ActivityWindow { requests: 3, errors: 1, tool_calls: 7, usage, spend, ..ActivityWindow::empty(span) };
    ActivityRates {
        rolling: ActivityRates::ROLLING_SPANS.map(over),
        since_start: over(Duration::from_hours(2)),
        stops: vec![(StopReason::ToolUse, 2), (StopReason::EndTurn, 1)],
        compactions: 1,
    }
}

fn timings() -> Timings {
    let spans = |seconds: &[u64]| Quantiles::of(seconds.iter().map(|&span| Duration::from_secs(span)));
    let tool =
        spans(&[1, 2, 90]).map(|times| ToolTime { client: ClientId::new("claude"), tool: "Ba\u{1b}sh".into(), times });
    Timings { tools: tool.into_iter().collect(), turn: spans(&[30]), ..Timings::default() }
}

fn history() -> History {
    let mut history = History::default();
    for (seconds, cpu_percent) in [(3, 12.5), (0, 17.4)] {
        history.push(HistoryPoint {
            at: ago(seconds),
            agents: 3,
            busy: 2,
            active: 0,
            cpu_percent,
            memory: 726_491_392,
            fresh_tokens_per_minute: 900.0,
            tokens_per_minute: 12_000.0,
        });
    }
    history
}

fn lifecycle(change: LifecycleChange, pid: u32) -> LifecycleEvent {
    let process = ProcId { pid, started: 1000 };
    LifecycleEvent { at: ago(30), change, process, client: CODEX, label: "codex".into(), project: Some("shop".into()) }
}

fn rate_limit() -> RateLimit {
    RateLimit {
        limit: "codex".into(),
        plan: Some("plus".into()),
        windows: vec![
            RateLimitWindow { minutes: 300, used_percent: 41.5, resets_at: Some(NOW.plus(Duration::from_mins(90))) },
            RateLimitWindow { minutes: 10_080, used_percent: f64::NAN, resets_at: None },
        ],
    }
}

/// Trouble with a database and with the ledger.
pub static HEALTH: LazyLock<SourceHealth> = LazyLock::new(|| {
    let issue = |path: &str| Issue {
        path: PathBuf::from(path),
        place: None,
        kind: IssueKind::Database,
        detail: "cannot be opened: database is locked".to_owned(),
    };
    let mut health = health();
    health.clients[0].issues.push(issue("/home/u/opencode.db"));
    health.clients[0].issues_total += 1;
    health.ledger.push(issue("/home/u/.agtop/ledger.db"));
    health
});

fn health() -> SourceHealth {
    let issue = |place, kind| Issue {
        path: PathBuf::from("/home/u/.claude/projects/p/s.jsonl"),
        place,
        kind,
        detail: "expected value at column 17".to_owned(),
    };
    let claude = ClientHealth {
        client: CLAUDE,
        stores: vec![],
        sessions: 3,
        records: 900,
        duplicates: 40,
        issues: vec![
            issue(Some(SourcePosition::Byte(4096)), IssueKind::Malformed),
            issue(None, IssueKind::Changed),
            issue(Some(SourcePosition::Row { table: "message", rowid: 7 }), IssueKind::OutOfRange),
        ],
        issues_total: 4,
        versions: vec!["2.1.7".to_owned()],
    };
    SourceHealth { clients: vec![claude], ..SourceHealth::default() }
}
