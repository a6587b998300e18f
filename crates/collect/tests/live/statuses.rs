//! What agents are doing, and since when.

use std::fs;
use std::time::Duration;

use agtop_model::{ActivityKind, OpenFiles, Status};
use agtop_os::FakeProcess;

use crate::harness::{Harness, SID, ago, append, called, failed, line, prompted, response, rollout};

#[test]
fn records_from_before_the_start_of_the_process_do_not_decide_its_status() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let agent = harness.read().agents[0].clone();
    assert!(agent.session.is_some() && agent.process.started_at.is_ok());
    assert_eq!(agent.status, Status::Idle);
}

#[test]
fn a_tool_without_a_result_for_long_is_stalled() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &called("WebSearch", "t1", Duration::from_mins(11)));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(harness.read().agents[0].status, Status::Stalled);
}

/// Half an hour after its turn had ended, an agent was once `busy` in JSON, and a stalled one always was.
#[test]
fn a_waiting_or_stalled_agent_is_busy_for_half_a_minute() {
    let harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let cases = [
        (response("m1", Duration::from_secs(10)), Status::NeedsInput, "busy"),
        (response("m1", Duration::from_mins(2)), Status::NeedsInput, "active"),
        (response("m1", Duration::from_mins(20)), Status::NeedsInput, "idle"),
        (called("WebSearch", "t1", Duration::from_mins(11)), Status::Stalled, "idle"),
        (called("Bash", "t1", Duration::from_secs(20)), Status::NeedsPermission, "busy"),
        (called("Bash", "t1", Duration::from_secs(40)), Status::NeedsPermission, "active"),
        (called("WebSearch", "t1", Duration::from_mins(9)), Status::Working, "busy"),
    ];
    for (record, status, badge) in cases {
        fs::write(harness.transcript(), &record).unwrap();
        let snapshot = harness.again().refresh();
        let agent = &snapshot.agents[0];
        assert_eq!((agent.status, agent.badge(snapshot.now)), (status, badge), "{record}");
        let busy = snapshot.history.points().last().unwrap().busy;
        assert_eq!(busy, u32::from(badge == "busy"), "{record}");
    }
}

/// Without a session, only observation shows since when an agent has been idle: since its start, or since it stopped
/// working.
#[test]
fn the_status_of_an_agent_without_a_session_is_dated_by_observation() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(97, &["claude"]).cwd("/work").started(100));
    let idle = harness.read();
    assert_eq!(idle.agents[0].status_since, idle.agents[0].process.started_at.unwrap());
    harness.machine.advance_cpu(97, Duration::from_secs(9));
    let working = harness.read_until(Status::Working);
    assert_eq!(working.agents[0].status_since, working.now);
    let idle_again = harness.read_until(Status::Idle);
    assert!(idle_again.agents[0].status_since >= working.now);
}

/// For a turn of half an hour, `activity_state_seconds` once covered only the last twelve activities.
#[test]
fn a_long_turn_is_dated_by_its_prompt() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    append(&harness.transcript(), &prompted(Duration::from_mins(30)));
    let call = |harness: &mut Harness, n: u64| {
        let tool = ["WebSearch", "WebFetch"][usize::try_from(n % 2).unwrap()];
        append(&harness.transcript(), &called(tool, &format!("t{n}"), Duration::from_secs(500 - n)));
        let agent = harness.read().agents[0].clone();
        assert_eq!(agent.status, Status::Working);
        let is_prompt_known = matches!(agent.session.as_ref().unwrap().recent[0].kind, ActivityKind::Asked(_));
        (agent.status_since, is_prompt_known)
    };
    let (since, is_prompt_known) = call(&mut harness, 0);
    assert!(is_prompt_known);
    let later: Vec<_> = (1..30).map(|n| call(&mut harness, n)).collect();
    assert_eq!(later.last(), Some(&(since, false)));
    assert!(later.iter().all(|(at, _)| *at == since), "{later:?}");
    append(&harness.transcript(), &prompted(Duration::from_secs(460)));
    let (again, _) = call(&mut harness, 45);
    assert!(again > since, "a new prompt starts another turn");
}

/// The same for a server with two sessions: the start of one was once used for the other, or forgotten.
#[test]
fn each_session_of_a_server_has_its_own_start() {
    let mut harness = Harness::new();
    let rollouts = [1, 2].map(|n| rollout(&harness, n));
    let add = |n: usize, ago: u64, kind: &str, payload: &str| {
        let at = self::ago(Duration::from_secs(ago));
        append(&rollouts[n], &format!("{{\"timestamp\":\"{at}\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"));
    };
    for (n, ago) in [(0, 1200), (1, 2400)] {
        add(n, ago, "event_msg", r#"{"type":"user_message","message":"go on"}"#);
        add(n, ago, "event_msg", r#"{"type":"task_started"}"#);
    }
    let open = OpenFiles { writing: rollouts.to_vec(), ..OpenFiles::default() };
    harness.machine.spawn(FakeProcess::new(96, &["codex", "app-server"]).cwd("/elsewhere"));
    harness.machine.set_open_files(96, Ok(open));
    let starts = |harness: &mut Harness| {
        let mut rows = harness.read().agents.to_vec();
        rows.sort_by_key(|row| row.session.as_ref().unwrap().key.id.clone());
        assert!(rows.iter().all(|row| row.status == Status::Working), "{rows:?}");
        rows.iter().map(|row| row.status_since).collect::<Vec<_>>()
    };
    let before = starts(&mut harness);
    assert!(before.len() == 2 && before[1] < before[0]);
    for call in 0..30 {
        let name = if call % 2 == 0 { "a" } else { "b" };
        let payload = format!(r#"{{"type":"function_call","name":"{name}","arguments":"{{}}","call_id":"c{call}"}}"#);
        add(0, 100 - call, "response_item", &payload);
        add(1, 100 - call, "response_item", &payload);
    }
    assert_eq!(starts(&mut harness), before);
}

#[test]
fn an_agent_that_repeats_a_call_is_stalled() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    harness.run_command();
    for call in 1..=5 {
        append(&harness.transcript(), &called("Bash", &format!("t{call}"), Duration::from_secs(60 - call)));
        let status = harness.read().agents[0].status;
        assert_eq!(status == Status::Stalled, call == 5, "after {call} calls: {status:?}");
    }
}

#[test]
fn a_rate_limited_request_is_distinguished_from_a_failed_one() {
    for (reason, status) in [("rate_limit", Status::RateLimited), ("server_error", Status::Error)] {
        let mut harness = Harness::new();
        append(&harness.transcript(), &failed(reason));
        harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
        assert_eq!(harness.read().agents[0].status, status, "{reason}");
    }
}

#[test]
fn rates_follow_the_times_of_records_in_the_first_snapshot() {
    let mut harness = Harness::new();
    for (id, ago) in [("t1", 30), ("t2", 200), ("t3", 800), ("t4", 4000)] {
        let message = called("Bash", id, Duration::from_secs(ago)).replace(r#""id":"m""#, &format!(r#""id":"m{id}""#));
        append(&harness.transcript(), &message);
    }
    append(&harness.transcript(), &failed("rate_limit"));
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let snapshot = harness.read();
    let counts = |pace: &agtop_model::ActivityWindow| (pace.requests, pace.tool_calls, pace.errors, pace.usage.output);
    assert_eq!(snapshot.rates.rolling.each_ref().map(counts), [(1, 1, 1, 1), (2, 2, 1, 2), (3, 3, 1, 3)]);
    assert_eq!(snapshot.agents[0].rates.each_ref().map(counts), [(1, 1, 1, 1), (2, 2, 1, 2), (3, 3, 1, 3)]);
    assert_eq!(counts(&snapshot.rates.since_start).0, 0, "agtop has only just started");
    append(&harness.transcript(), &called("Bash", "t5", Duration::ZERO).replace(r#""id":"m""#, r#""id":"m5""#));
    assert_eq!(counts(&harness.read().rates.since_start), (1, 1, 1, 1));
}
