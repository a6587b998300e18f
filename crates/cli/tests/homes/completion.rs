//! Completion: a shell's script asks agtop what may follow, and gets names of the ledger.

use std::path::Path;

use agtop_testkit::Home;
use agtop_testkit::hostile::claude_line;

use crate::program::answer_of;
use crate::support::{agtop, command};

/// What bash gets for the last of these words.
fn completions(home: &Path, words: &[&str]) -> Vec<String> {
    let mut command = command(home);
    command.env("AGTOP_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string()).arg("--").args(words);
    let answer = answer_of(command);
    assert!(answer.status.success() && answer.stderr.is_empty(), "{}", answer.stderr);
    answer.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn sessions_projects_and_models_of_the_ledger_are_completed() {
    let home = Home::temporary().unwrap();
    let line = claude_line("m1", "1000", "2026-11-18T10:00:00.000Z");
    home.write(".claude/projects/-p/0a1b2c.jsonl", line.clone() + "\n").unwrap();
    assert_eq!(completions(home.root(), &["agtop", "explain", "0a"]), Vec::<String>::new(), "there is no ledger yet");
    assert!(agtop(home.root(), &["--list"]).status.success());
    let sessions = completions(home.root(), &["agtop", "explain", ""]);
    let id = sessions.first().unwrap();
    assert!(agtop(home.root(), &["explain", id]).status.success(), "{sessions:?}");
    let models = completions(home.root(), &["agtop", "prices", "claude-op"]);
    assert_eq!(models, ["claude-opus-4-8"]);
    assert!(line.contains(&models[0]));
}

#[test]
fn values_that_need_no_ledger_are_completed_without_one() {
    let home = Home::temporary().unwrap();
    assert_eq!(completions(home.root(), &["agtop", "--theme", "nor"]), ["nord"]);
    assert_eq!(completions(home.root(), &["agtop", "--fields", "pid,cos"]), ["pid,cost_rate", "pid,cost"]);
    assert_eq!(completions(home.root(), &["agtop", "completions", "b"]), ["bash"]);
    assert!(!home.root().join(".local").exists(), "completing creates no ledger");
}

/// The variable is in the environment of whatever a completion runs: a hook must still be a hook.
#[test]
fn a_hook_is_no_completion() {
    let home = Home::temporary().unwrap();
    let mut command = command(home.root());
    command.env("AGTOP_COMPLETE", "bash").args(["hook", "--", "agtop", ""]);
    let answer = answer_of(command);
    assert!(answer.status.success() && answer.stdout.is_empty() && answer.stderr.is_empty(), "{}", answer.stdout);
}
