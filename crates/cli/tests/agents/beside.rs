//! Agents that run next to these tests do not matter to them: agtop sees each agent only on its own test machine.

use std::collections::BTreeSet;

use agtop_testkit::{FAKE_AGENTS, FakeAgent};

use crate::machine::{Machine, Test};

pub(crate) const TESTS: &[Test] = &[
    ("all_fake_agents_are_recognised", all_fake_agents_are_recognised),
    ("agents_of_another_machine_are_not_seen", agents_of_another_machine_are_not_seen),
    ("the_repository_around_a_machine_is_not_searched", the_repository_around_a_machine_is_not_searched),
];

fn start_all(machine: &mut Machine) -> Vec<FakeAgent> {
    FAKE_AGENTS.iter().map(|agent| machine.harness.start_fake_agent(agent).unwrap()).collect()
}

/// Otherwise the other tests would prove nothing.
fn all_fake_agents_are_recognised() {
    let mut machine = Machine::new();
    let _agents = start_all(&mut machine);
    let seen: BTreeSet<String> = machine.rows().into_iter().map(|row| row.client).collect();
    assert_eq!(seen, FAKE_AGENTS.iter().map(|agent| agent.client.to_owned()).collect());
    let sessions = machine.json("sessions")["sessions"].as_array().unwrap().len();
    assert_eq!(sessions, 1, "Aider's history is read in its working directory");
}

/// A test got the sessions of its home, and also that of an Aider which ran on the developer's machine.
fn agents_of_another_machine_are_not_seen() {
    let mut other = Machine::new();
    let _agents = start_all(&mut other);
    let machine = Machine::new();
    assert_eq!(machine.rows(), []);
    assert_eq!(machine.json("sessions")["sessions"], serde_json::json!([]));
}

/// The test machine is in cargo's target directory, and so in a repository in which Aider may have been used.
fn the_repository_around_a_machine_is_not_searched() {
    let around = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::create_dir(around.path().join(".git")).unwrap();
    std::fs::write(
        around.path().join(".aider.chat.history.md"),
        "\n# aider chat started at 2026-11-20 10:00:00\n\n#### go on\n",
    )
    .unwrap();
    let mut machine = Machine::below(around.path());
    let _agents = start_all(&mut machine);
    let output = machine.json("sessions");
    let projects: Vec<_> = output["sessions"].as_array().unwrap().iter().map(|session| &session["cwd"]).collect();
    assert_eq!(projects.len(), 1, "{projects:?}");
}
