//! Whoever misses a session finds in the log what agtop has read, joined and refused, and why.

use std::os::unix::process::CommandExt;

use crate::joins::start_claude;
use crate::machine::{Machine, Test};
use crate::program::answer_of;

pub(crate) const TESTS: &[Test] = &[
    ("the_log_names_joined_and_refused_sessions_with_reasons", the_log_names_joined_and_refused_sessions_with_reasons),
    ("the_log_has_each_change_once", the_log_has_each_change_once),
];

/// The log of agtop with these arguments.
fn log(machine: &Machine, level: &str, args: &[&str]) -> String {
    let path = machine.harness.path("agtop.log");
    let _ = std::fs::remove_file(&path);
    let mut agtop = machine.agtop();
    agtop.args(args).arg("--log-file").arg(&path).env("AGTOP_LOG", level);
    let answer = answer_of(agtop);
    assert!(answer.status.success(), "{}", answer.stderr);
    std::fs::read_to_string(path).unwrap()
}

/// The number of lines that contain all of these parts.
fn count(log: &str, parts: &[&str]) -> usize {
    log.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
}

fn assert_logged_once(log: &str, parts: &[&str]) {
    assert_eq!(count(log, parts), 1, "{parts:?} in\n{log}");
}

/// The whole program had three log statements, and the log did not explain a missing session.
fn the_log_names_joined_and_refused_sessions_with_reasons() {
    let mut machine = Machine::new();
    let [joined, refused] = [machine.claude_session(1), machine.claude_session(2)];
    let agent = start_claude(&mut machine, &["--resume", &joined, "-p", "a secret plan"]);
    let elsewhere = machine.harness.directory("home/u/else\u{1b}[2Jwhere\n2026 forged").unwrap();
    let mut command = machine.harness.command(&machine.claude());
    let other = machine.harness.start(command.arg0("claude").current_dir(elsewhere)).unwrap();
    let python = machine.harness.program("usr/bin/python3").unwrap();
    let mut command = machine.harness.command(&python);
    let stranger = machine.harness.start(command.arg0("python3").args(["bot.py", "--token", "a secret"])).unwrap();
    machine.harness.home().write(".claude/projects/-p/notes.txt", "a secret").unwrap();
    machine.harness.home().write(".claude/projects/-p/odd.jsonl", "a secret that is no JSON\n").unwrap();

    let agents = [agent, other, stranger];
    let [agent, other, stranger] = agents.each_ref().map(|actor| format!("pid={} ", actor.pid));
    let debug = log(&machine, "debug", &["--once"]);
    for parts in [
        &[" INFO ", "agtop starts", "version="][..],
        &["configuration: not there", "config.toml"],
        &["prices: used"],
        &["process: identified as an agent", &agent, "client=claude", "rule=\"argv0\""],
        &["process: not an agent", &stranger, "python3", "script=Some(\"bot.py\")"],
        &["place: searched", ".claude/projects\"", "files=3", "passed_over=3"],
        &["file: read", &joined, "from=0 ", "issues=0"],
        &[" WARN ", "odd.jsonl", "not read: is not JSON"],
        &["join: works on a session", &agent, &joined, "by=\"argument\"", "confidence=\"high\""],
        &["join: no session", &other, "else\\u{1b}[2Jwhere\\n2026 forged"],
        &["join: not this session", &other, &joined, "why=taken by "],
        &["join: not this session", &other, &refused, "why=other_directory"],
        &["session: was written to just now", &refused, "has_process=false"],
        &["status", &agent, "status=", "evidence="],
        &[" INFO ", "agtop ends"],
    ] {
        assert_logged_once(&debug, parts);
    }
    assert!(!debug.contains("secret"), "{debug}");
    assert!(!debug.contains(|c: char| c.is_control() && c != '\n'), "{debug:?}");
    assert!(debug.lines().all(|line| line.starts_with("20") && line.contains("agtop")), "{debug}");
    // The file is in the ledger by now, but it must be read for the status of the agent.
    let again = log(&machine, "debug", &["--once"]);
    assert_logged_once(&again, &["ledger: not enough", &joined, "is_of_interest=true"]);

    let info = log(&machine, "info", &["--once"]);
    assert_eq!(info.lines().filter(|line| !line.contains(" WARN ")).count(), 3, "{info}");
}

fn the_log_has_each_change_once() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let agent = start_claude(&mut machine, &["--resume", &session]);
    let log = log(&machine, "debug", &["-n", "5", "-i", "0.1"]);
    assert_eq!(count(&log, &["snapshot sessions=1"]), 5);
    for what in ["process: identified as an agent", "agent: has a row", "join: works on a session"] {
        assert_logged_once(&log, &[what, &format!("pid={} ", agent.pid)]);
    }
    assert_logged_once(&log, &["place: searched", ".claude/projects\"", "files=1"]);
    assert_logged_once(&log, &["file: read", &session]);
    // Rates need two snapshots, so that the evidence of a status may change after the first one.
    assert!(count(&log, &[" status "]) <= 2, "{log}");
}
