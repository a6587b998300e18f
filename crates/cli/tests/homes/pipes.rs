//! Outputs whose reader has ended, as in `agtop --list | head -1`.

use std::io::pipe;
use std::process::Stdio;

use agtop_testkit::corpus::{self, Plan, Profile};

use crate::support::{command, json};

/// In a command, the id of a session of the home.
const SESSION: &str = "SESSION";

/// Every command that prints, each with enough arguments to run.
const COMMANDS: &[&[&str]] = &[
    &["--once"],
    &["--list"],
    &["--csv"],
    &["--json"],
    &["--json=sessions", "--pretty"],
    &["--json=tree"],
    &["--watch", "-n", "2", "-i", "0.1"],
    &["--list-builtins"],
    &["--fields", "help"],
    &["--help"],
    &["--version"],
    &["version"],
    &["help", "report"],
    &["doctor"],
    &["doctor", "--all"],
    &["clients"],
    &["clients", "--json"],
    &["explain", SESSION],
    &["report"],
    &["report", "session", "--json"],
    &["report", "model", "--csv"],
    &["report", "--markdown"],
    &["report", "--graph"],
    &["blocks"],
    &["compare", "--since", "9000d"],
    &["statusline"],
    &["prices"],
    &["prices", "opus"],
    &["prices", "claude-opus-5"],
    &["ledger", "path"],
    &["ledger", "stats"],
    &["ledger", "verify"],
    &["ledger", "export"],
    &["hooks", "status"],
    &["hooks", "print", "--client", "claude"],
    &["install"],
    &["events", "--json"],
    &["config", "path"],
    &["config", "check"],
    &["--demo", "--once"],
    &["--demo", "report"],
    &["--demo", "compare", "--since", "7d"],
];

/// `agtop ledger export | head -1` ended with "the export could not be written: Broken pipe".
#[test]
fn a_closed_pipe_ends_every_command_without_a_message() {
    let home = tempfile::tempdir().unwrap();
    corpus::write(home.path(), Plan { seed: 5, size: 200_000, profile: Profile::Real }).unwrap();
    let sessions = json(home.path(), &["--json=sessions"]);
    let id = sessions["sessions"][0]["session_id"].as_str().unwrap();
    for arguments in COMMANDS {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = command(home.path())
            .args(arguments.iter().map(|argument| if *argument == SESSION { id } else { argument }))
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        let is_complaint = ["pipe", "panicked", "error"].iter().any(|mark| message.contains(mark));
        assert!(!is_complaint, "{arguments:?}: {message}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {}", output.status);
    }
}
