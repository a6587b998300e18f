use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    Agent, ContextSource, ContextWindow, DayModel, Gap, InFlight, ModelSpend, OpenFiles, PicoUsd, Process, Session,
    SessionKey, Snapshot, Spend, Timestamp, Title, TitleRank, ToolCount, Totals, Untrusted, Usage,
};

use crate::base::{process, session};
use crate::sample::agents::claude_agent;
use crate::sample::ids::{CLAUDE, CLAUDE_PID};

/// A snapshot in which every text from outside is an attack on a terminal or a parser, and every number is extreme.
pub(super) fn hostile(rich: Snapshot) -> Snapshot {
    const TEXT: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}=cmd|'x'!A1,\"\r\n\t\u{202e}\u{0}\u{9b}31m\u{85}x";
    let bad = || Untrusted::new(TEXT);
    let path = || PathBuf::from(format!("/tmp/{TEXT}/{TEXT}"));
    let usage = Usage { input: u64::MAX, cache_read: u64::MAX, output: u64::MAX, ..Usage::default() };
    let spend = Spend { amount: PicoUsd::new(i64::MAX), api_turns: 1, unknown_turns: 1, ..Spend::default() };
    let model = ModelSpend { model: Some(TEXT.into()), usage, spend, turns: 1 };
    let mut snapshot = rich;
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
    snapshot.agents = [Arc::new(attacker)].into();
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
