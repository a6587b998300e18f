//! Whoever runs these tests may run agents beside them: each is seen on its own machine, and nowhere else.

use std::collections::BTreeSet;

use agtop_testkit::{FAKE_AGENTS, FakeAgent};

use crate::machine::{Machine, Test};

pub(crate) const TESTS: &[Test] = &[
    ("the_crew_is_recognised", the_crew_is_recognised),
    ("agents_of_another_machine_are_not_seen", agents_of_another_machine_are_not_seen),
    ("the_repository_around_a_machine_is_not_searched", the_repository_around_a_machine_is_not_searched),
];

fn crew(machine: &mut Machine) -> Vec<FakeAgent> {
    FAKE_AGENTS.iter().map(|member| machine.stage.start_fake_agent(member).unwrap()).collect()
}

/// Else running beside it would prove nothing.
fn the_crew_is_recognised() {
    let mut machine = Machine::new();
    let _crew = crew(&mut machine);
    let seen: BTreeSet<String> = machine.rows().into_iter().map(|row| row.client).collect();
    assert_eq!(seen, FAKE_AGENTS.iter().map(|member| member.client.to_owned()).collect());
    let sessions = machine.json("sessions")["sessions"].as_array().unwrap().len();
    assert_eq!(sessions, 1, "Aider's history is read where it works");
}

/// A test asked for the sessions of its home, and was also told that of an Aider which whoever ran the tests had open.
fn agents_of_another_machine_are_not_seen() {
    let mut other = Machine::new();
    let _crew = crew(&mut other);
    let machine = Machine::new();
    assert_eq!(machine.rows(), []);
    assert_eq!(machine.json("sessions")["sessions"], serde_json::json!([]));
}

/// The machine lies in cargo's directory, and so in a repository where somebody may have used Aider.
fn the_repository_around_a_machine_is_not_searched() {
    let around = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::create_dir(around.path().join(".git")).unwrap();
    std::fs::write(
        around.path().join(".aider.chat.history.md"),
        "\n# aider chat started at 2026-11-20 10:00:00\n\n#### go on\n",
    )
    .unwrap();
    let mut machine = Machine::below(around.path());
    let _crew = crew(&mut machine);
    let told = machine.json("sessions");
    let projects: Vec<_> = told["sessions"].as_array().unwrap().iter().map(|session| &session["cwd"]).collect();
    assert_eq!(projects.len(), 1, "{projects:?}");
}
