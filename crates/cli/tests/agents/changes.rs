//! What becomes of agents: they end, become other programs, and turn to other sessions.

use std::os::unix::process::CommandExt;

use agtop_testkit::AgentCommand;

use crate::joins::{codex_command, start_claude};
use crate::machine::{Machine, Row, Test, started};

pub(crate) const TESTS: &[Test] = &[
    ("a_killed_agent_leaves_its_session_behind", a_killed_agent_leaves_its_session_behind),
    ("an_agent_outlives_its_killed_wrapper", an_agent_outlives_its_killed_wrapper),
    ("a_shell_becomes_an_agent_and_an_agent_a_shell", a_shell_becomes_an_agent_and_an_agent_a_shell),
    ("clear_binds_claude_to_its_new_session", clear_binds_claude_to_its_new_session),
    ("a_new_thread_binds_codex_to_it", a_new_thread_binds_codex_to_it),
    ("a_writer_lock_binds_codex_before_its_rollout_does", a_writer_lock_binds_codex_before_its_rollout_does),
    ("another_agent_takes_over_a_session", another_agent_takes_over_a_session),
];

fn a_killed_agent_leaves_its_session_behind() {
    let mut machine = Machine::new();
    let (thread, rollout) = machine.codex_thread(1);
    let mut agent = machine.stage.start(&mut codex_command(&machine)).unwrap();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    assert_eq!(machine.rows().len(), 1);
    machine.stage.kill(agent).unwrap();
    assert_eq!(machine.rows(), []);
    let told = machine.json("sessions");
    let sessions: Vec<_> = told["sessions"].as_array().unwrap().iter().map(|session| &session["session_id"]).collect();
    assert_eq!(sessions, [&thread]);
}

fn an_agent_outlives_its_killed_wrapper() {
    let mut machine = Machine::new();
    let (thread, rollout) = machine.codex_thread(1);
    let mut agent = machine.stage.start(&mut codex_command(&machine)).unwrap();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    machine.stage.kill_wrapper().unwrap();
    assert_eq!(machine.rows(), [Row::new(agent.pid, "codex").joined(&thread, "open_file", "high")]);
}

fn a_shell_becomes_an_agent_and_an_agent_a_shell() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let bash = machine.stage.program("usr/bin/bash").unwrap();
    let mut command = machine.stage.command(&bash);
    let shell = machine.stage.start(command.arg0("-bash").current_dir(&machine.project)).unwrap();
    let pid = shell.pid;
    assert_eq!(machine.rows(), []);
    let agent = shell.exec(&machine.stage, &machine.claude(), &["claude", "--resume", &session]).unwrap();
    assert_eq!(machine.rows(), [Row::new(pid, "claude").joined(&session, "argument", "high")]);
    let _shell = agent.exec(&machine.stage, &bash, &["bash"]).unwrap();
    assert_eq!(machine.rows(), []);
}

/// The command line still names the old one.
fn clear_binds_claude_to_its_new_session() {
    let mut machine = Machine::new();
    let [before, after] = [machine.claude_session(1), machine.claude_session(2)];
    let agent = start_claude(&mut machine, &["--resume", &before]);
    for session in [&before, &after] {
        machine.enter(agent.pid, started(agent.pid), session, "idle");
        assert_eq!(machine.rows(), [Row::new(agent.pid, "claude").joined(session, "marker", "high")]);
    }
}

fn a_new_thread_binds_codex_to_it() {
    let mut machine = Machine::new();
    let (_, before) = machine.codex_thread(1);
    let mut agent = machine.stage.start(&mut codex_command(&machine)).unwrap();
    agent.execute(&AgentCommand::Open(before.clone())).unwrap();
    let (thread, after) = machine.codex_thread(2);
    agent.execute(&AgentCommand::Close(before)).unwrap();
    agent.execute(&AgentCommand::Open(after)).unwrap();
    assert_eq!(machine.rows(), [Row::new(agent.pid, "codex").joined(&thread, "open_file", "high")]);
}

/// The command line names the old thread, and the new one's rollout is not open yet.
fn a_writer_lock_binds_codex_before_its_rollout_does() {
    let mut machine = Machine::new();
    let [(before, _), (after, _)] = [machine.codex_thread(1), machine.codex_thread(2)];
    let locks = machine.stage.directory("home/u/.codex/thread-writer-locks").unwrap();
    let lock = |thread: &str| locks.join(format!("{thread}.lock"));
    let mut agent = machine.stage.start(codex_command(&machine).args(["resume", &before])).unwrap();
    for thread in [&before, &after] {
        agent.execute(&AgentCommand::OpenLocked(lock(thread))).unwrap();
        assert_eq!(machine.rows(), [Row::new(agent.pid, "codex").joined(thread, "marker", "high")]);
        agent.execute(&AgentCommand::Close(lock(thread))).unwrap();
    }
    assert_eq!(
        machine.rows(),
        [Row::new(agent.pid, "codex").joined(&before, "argument", "high")],
        "locks outlive their holders, and mean nothing by themselves"
    );
}

/// What an agent that was killed left behind names its pid still.
fn another_agent_takes_over_a_session() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let first = start_claude(&mut machine, &[]);
    machine.enter(first.pid, started(first.pid), &session, "busy");
    assert_eq!(machine.rows(), [Row::new(first.pid, "claude").joined(&session, "marker", "high")]);
    machine.stage.kill(first).unwrap();
    let second = start_claude(&mut machine, &["--resume", &session]);
    assert_eq!(machine.rows(), [Row::new(second.pid, "claude").joined(&session, "argument", "high")]);
}
