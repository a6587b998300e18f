//! Processes that start and exit.

use std::time::Duration;

use agtop_model::{Gap, LifecycleChange, Liveness, Snapshot, Status};
use agtop_os::FakeProcess;

use crate::harness::{Harness, MAX_READINGS, SID, append, line};

#[test]
fn the_row_of_a_wrapper_belongs_to_its_child_and_a_helper_has_none() {
    let mut harness = Harness::new();
    let codex = "/opt/node_modules/@openai/codex/bin/codex.js";
    harness.machine.spawn(FakeProcess::new(60, &["node", codex]).cwd("/work"));
    harness.machine.spawn(FakeProcess::new(61, &["codex"]).parent(60).cwd("/work"));
    harness.machine.spawn(FakeProcess::new(62, &["codex", "mcp-server"]).parent(61).cwd("/work"));
    harness.machine.spawn(FakeProcess::new(63, &["bash", "-c", "echo codex"]).parent(61).cwd("/work"));
    let snapshot = harness.read();
    let pids: Vec<u32> = snapshot.agents.iter().map(|agent| agent.process.id.pid).collect();
    assert_eq!(pids, [61]);
    assert_eq!(snapshot.agents[0].helpers.len(), 1);
    assert_eq!(snapshot.processes.len(), 4);
}

/// `ppid` was once that of the wrapper, and `ppid_name` that of the shell.
#[test]
fn the_names_of_the_parent_and_of_the_launcher_are_distinguished() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(59, &["zsh"]));
    harness.machine.spawn(FakeProcess::new(60, &["node", "/opt/node_modules/@openai/codex/bin/codex.js"]).parent(59));
    harness.machine.spawn(FakeProcess::new(61, &["codex"]).parent(60));
    let snapshot = harness.read();
    let agent = &snapshot.agents[0];
    let name = |name: &Option<agtop_model::Untrusted>| name.as_ref().unwrap().raw().to_owned();
    assert_eq!((agent.process.parent, name(&agent.parent_name)), (Some(60), "node".to_owned()));
    assert_eq!(name(&agent.launcher), "zsh");
}

/// Only agents were once measured; a build below one showed its lifetime average.
#[test]
fn a_process_below_an_agent_is_measured() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(97, &["claude"]).cwd("/work"));
    harness.machine.spawn(FakeProcess::new(98, &["make"]).parent(97).cpu(Duration::from_mins(1)));
    let measured = |snapshot: &Snapshot| {
        let build = snapshot.processes.iter().find(|process| process.id.pid == 98).unwrap();
        snapshot.cpu_percents.get(&build.id).copied()
    };
    assert_eq!(measured(&harness.read()), Some(0.0));
    harness.machine.advance_cpu(98, Duration::from_secs(3));
    std::iter::repeat_with(|| measured(&harness.read()))
        .take(MAX_READINGS)
        .find(|percent| *percent > Some(0.0))
        .unwrap();
}

#[test]
fn an_agent_without_a_session_has_a_row() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(70, &["claude", "--dangerously-skip-permissions"]).cwd("/work"));
    let snapshot = harness.read();
    let agent = &snapshot.agents[0];
    assert!(agent.session.is_none() && agent.join.is_none());
    assert_eq!(agent.danger.as_ref().unwrap().raw(), "--dangerously-skip-permissions");
    assert_eq!(agent.status, Status::Idle);
}

#[test]
fn an_exited_agent_is_shown_once_more_and_its_session_stays() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(80, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(harness.read().agents.len(), 1);
    harness.machine.exit(80);
    let snapshot = harness.read();
    assert_eq!(
        (snapshot.agents.len(), snapshot.agents[0].liveness),
        (1, Liveness::Stopped),
        "shown once in its last state"
    );
    assert_eq!(snapshot.agents[0].cpu_percent, Err(Gap::NotReported));
    let snapshot = harness.read();
    assert!(snapshot.agents.is_empty());
    assert_eq!(snapshot.sessions.len(), 1);
}

#[test]
fn an_exited_agent_is_not_shown_if_another_process_continues_its_session() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(80, &["claude", "-r", SID]).cwd("/work"));
    harness.read();
    harness.machine.exit(80);
    harness.machine.spawn(FakeProcess::new(81, &["claude", "-r", SID]).cwd("/work"));
    let snapshot = harness.read();
    let pids: Vec<u32> = snapshot.agents.iter().map(|agent| agent.process.id.pid).collect();
    assert_eq!(pids, [81]);
}

#[test]
fn started_and_exited_agents_are_listed_newest_first() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(80, &["claude"]).cwd("/work/api"));
    assert_eq!(harness.read().lifecycle_events.len(), 0, "an agent that ran before agtop has not started");
    harness.machine.spawn(FakeProcess::new(81, &["codex"]).cwd("/work/web"));
    harness.read();
    harness.machine.exit(80);
    let snapshot = harness.read();
    let log: Vec<_> = snapshot
        .lifecycle_events
        .iter()
        .map(|entry| (entry.change, entry.process.pid, entry.project.as_ref().unwrap().raw()))
        .collect();
    assert_eq!(log, [(LifecycleChange::Exited, 80, "api"), (LifecycleChange::Spawned, 81, "web")]);
    assert_eq!(harness.read().lifecycle_events.len(), 2, "once");
}

#[test]
fn each_snapshot_adds_a_point_to_the_history() {
    let mut harness = Harness::new();
    harness.machine.spawn(FakeProcess::new(80, &["claude"]).cwd("/work").rss(1000));
    let snapshot = harness.read();
    let points: Vec<(u32, u64)> = snapshot.history.points().map(|point| (point.agents, point.memory)).collect();
    assert_eq!(points, [(1, 1000)]);
}
