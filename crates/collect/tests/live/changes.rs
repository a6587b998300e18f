//! Snapshots between two readings of processes, which make again only what has changed.

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Agent, Snapshot};
use agtop_os::FakeProcess;

use crate::harness::{Harness, SID, append, call, called, failed, line, prompted, response};

/// Processes are not read again within this time.
const LONG: Duration = Duration::from_hours(1);

/// The id of the n-th session; the first is [`SID`].
fn id(n: u32) -> String {
    SID.replace("000000000001", &format!("{:012}", n + 1))
}

/// Appends a record to the transcript of the n-th session.
fn write(harness: &Harness, n: u32, record: &str) {
    let path = harness.transcript().with_file_name(format!("{}.jsonl", id(n)));
    append(&path, &record.replace(SID, &id(n)));
}

/// A snapshot of what has changed in files.
fn changes(harness: &mut Harness) -> Snapshot {
    // The system may report changes too late for a test.
    harness.collector.request_full_sweep();
    harness.collector.next_now(LONG)
}

/// What a snapshot says about agents and sessions, apart from what depends on when agtop started.
fn described(snapshot: &Snapshot) -> Vec<String> {
    let agent = |agent: &Arc<Agent>| {
        let Agent { process, session, join, status, evidence, cause, .. } = &**agent;
        format!("{} {session:#?} {join:?} {status:?} {evidence:?} {cause:?}", process.id.pid)
    };
    let mut lines: Vec<String> = snapshot.agents.iter().map(agent).collect();
    lines.extend(snapshot.sessions.iter().map(|session| format!("{session:#?}")));
    lines.push(format!("{:#?}", snapshot.totals));
    lines
}

fn agent_of(snapshot: &Snapshot, pid: u32) -> &Arc<Agent> {
    snapshot.agents.iter().find(|agent| agent.process.id.pid == pid).unwrap()
}

#[test]
fn after_any_changes_a_snapshot_is_that_of_a_collector_that_starts_now() {
    for seed in 0..6 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut harness = Harness::new();
        for n in 0..3 {
            write(&harness, n, &line("m1", 10));
            harness.machine.spawn(FakeProcess::new(90 + n, &["claude", "-r", &id(n)]).cwd("/work"));
        }
        harness.read();
        for step in 0..8 {
            // Two of the sessions are of no agent.
            for _ in 0..rng.u32(1..4) {
                let message = format!("m{step}{}", rng.u32(0..9));
                let record = match rng.u32(0..6) {
                    0 => line(&message, rng.u64(1..99)),
                    1 => call("Bash"),
                    2 => called("Edit", &message, Duration::from_secs(20)),
                    3 => prompted(Duration::from_secs(40)),
                    4 => response(&message, Duration::from_secs(5)),
                    _ => failed("overloaded_error"),
                };
                write(&harness, rng.u32(0..5), &record);
            }
            let (changed, fresh) = (changes(&mut harness), harness.again().refresh());
            assert_eq!(described(&changed), described(&fresh), "seed {seed}, step {step}");
        }
    }
}

#[test]
fn agents_whose_sessions_stay_the_same_are_shared() {
    let mut harness = Harness::new();
    for n in 0..3 {
        write(&harness, n, &line(&format!("a{n}"), 10));
        harness.machine.spawn(FakeProcess::new(90 + n, &["claude", "-r", &id(n)]).cwd("/work"));
    }
    let before = harness.read();
    write(&harness, 1, &line("m2", 5));
    let after = changes(&mut harness);
    let is_shared = |pid| Arc::ptr_eq(agent_of(&before, pid), agent_of(&after, pid));
    assert_eq!([90, 91, 92].map(is_shared), [true, false, true]);
    assert_eq!(agent_of(&after, 91).session.as_ref().unwrap().usage.output, 15);
    assert_eq!(agent_of(&after, 91).rates[2].requests, 0, "the records are of another day");
}

#[test]
fn a_session_that_appears_gets_its_agent_before_processes_are_read_again() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(90, &["claude", "-r", SID]).cwd("/work"));
    assert!(harness.read().agents[0].session.is_none());
    write(&harness, 0, &line("m1", 10));
    assert_eq!(changes(&mut harness).agents[0].session.as_ref().unwrap().usage.output, 10);
}

#[test]
fn rates_of_an_agent_stay_when_something_else_happens() {
    let mut harness = Harness::new();
    write(&harness, 0, &response("m1", Duration::from_secs(30)));
    harness.machine.spawn(FakeProcess::new(90, &["claude", "-r", SID]).cwd("/work"));
    let requests = |snapshot: &Snapshot| snapshot.agents[0].rates.map(|rates| rates.requests);
    assert_eq!(requests(&harness.read()), [1; 3]);
    write(&harness, 0, &response("m2", Duration::from_secs(20)));
    assert_eq!(requests(&changes(&mut harness)), [2; 3]);
    // A session that no agent is known to work on: all agents are joined again.
    write(&harness, 4, &line("m3", 10));
    assert_eq!(requests(&changes(&mut harness)), [2; 3]);
    write(&harness, 4, &line("m4", 10));
    assert_eq!(requests(&changes(&mut harness)), [2; 3]);
}
