//! Hooks: settings, `agtop hook`, and the commands that read its events.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use agtop_testkit::Home;
use serde_json::Value;

use crate::support::{Answer, agtop, command};

/// Calls `agtop hook` as an agent does.
fn hook(home: &Path, payload: &str) {
    let mut hook = command(home);
    hook.args(["hook", "--client", "claude"]).stdin(Stdio::piped());
    let mut hook = hook.spawn().unwrap();
    hook.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
    assert!(hook.wait().unwrap().success());
}

fn event(home: &Path, call: &str) {
    hook(
        home,
        &format!(
            r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"{call}","tool_input":{{"command":"a secret"}}}}"#
        ),
    );
}

/// The tools of the printed events.
fn tools(answer: &Answer) -> Vec<String> {
    let tool = |line: &str| serde_json::from_str::<Value>(line).unwrap()["tool"].as_str().unwrap().to_owned();
    answer.stdout.lines().map(tool).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `agtop events` printed the same old event again and again, and never those after it.
#[test]
fn each_event_is_printed_once_and_the_spool_is_empty_afterwards() {
    let home = Home::temporary().unwrap();
    let events = || tools(&agtop(home.root(), &["events", "--json"]));
    event(home.root(), "One");
    assert_eq!(events(), ["One"]);
    assert_eq!(names(&home.root().join(".agtop")), ["lock"]);
    // An agtop that is killed leaves the file like this.
    event(home.root(), "Two");
    std::fs::rename(home.root().join(".agtop/spool"), home.root().join(".agtop/taken")).unwrap();
    event(home.root(), "Three");
    assert_eq!(events(), ["Two", "Three"]);
    assert_eq!(names(&home.root().join(".agtop")), ["lock"]);
    assert!(events().is_empty());
}

/// Without hooks, `agtop events` printed nothing, and `events -f` waited without a message.
#[test]
fn events_reports_that_no_hooks_are_installed() {
    let home = Home::temporary().unwrap();
    let message = || agtop(home.root(), &["events"]).stderr;
    assert_eq!(message(), "agtop: no events; install hooks first: agtop hooks install\n");
    event(home.root(), "One");
    assert_eq!(message(), "", "there is an event");
    agtop(home.root(), &["install", "--write"]);
    assert_eq!(message(), "");
    agtop(home.root(), &["hooks", "uninstall"]);
    assert_eq!(message(), "agtop: no events; install hooks first: agtop hooks install\n");
}

/// The doctor reads waiting events without removing them.
#[test]
fn the_doctor_leaves_events_for_the_next_command() {
    let home = Home::temporary().unwrap();
    event(home.root(), "One");
    agtop(home.root(), &["doctor"]);
    assert_eq!(tools(&agtop(home.root(), &["events", "--json"])), ["One"]);
}

#[test]
fn message_text_is_spooled_only_if_the_configuration_allows_it() {
    let home = Home::temporary().unwrap();
    let spool = || String::from_utf8_lossy(&std::fs::read(home.root().join(".agtop/spool")).unwrap()).into_owned();
    event(home.root(), "Bash");
    assert!(spool().contains("Bash") && !spool().contains("a secret"));
    home.write(".config/agtop/config.toml", "[hooks]\ncontent = true\n").unwrap();
    event(home.root(), "Read");
    assert!(spool().contains("a secret"));
    let events = agtop(home.root(), &["events", "--include-content"]).stdout;
    assert_eq!(events.matches("a secret").count(), 1, "{events}");
}

/// After `agtop install --write`, status and uninstall found no agent.
#[test]
fn installed_hooks_are_found_before_the_agent_has_written_a_file() {
    let home = Home::temporary().unwrap();
    let settings = home.root().join(".claude/settings.json");
    let installed = agtop(home.root(), &["install", "--write"]);
    assert!(installed.status.success() && settings.exists(), "{}", installed.stderr);
    let status = agtop(home.root(), &["hooks", "status"]);
    assert!(status.stdout.contains("settings.json: installed\n"), "{}{}", status.stdout, status.stderr);
    let uninstalled = agtop(home.root(), &["hooks", "uninstall"]);
    assert!(uninstalled.status.success(), "{}", uninstalled.stderr);
    assert!(!settings.exists());
}

/// A line with the path was before the JSON.
#[test]
fn install_prints_json() {
    let home = Home::temporary().unwrap();
    for command in [&["install"][..], &["hooks", "print", "--client", "claude"]] {
        let printed = agtop(home.root(), command);
        let settings: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert!(settings["hooks"]["Stop"].is_array());
        assert!(printed.stderr.contains("settings.json:"), "{}", printed.stderr);
    }
    assert!(!home.root().join(".claude").exists());
}

/// With a FIFO in place of one of agtop's own files every command hung, and `/dev/zero` filled the memory.
#[test]
#[cfg(unix)]
fn agtop_reads_its_own_files_only_if_they_are_regular() {
    let home = Home::temporary().unwrap();
    let odd = home.root().join("odd");
    assert!(Command::new("mkfifo").arg(&odd).status().unwrap().success());
    for odd in [odd.to_str().unwrap(), "/dev/zero"] {
        for arguments in [
            &["--config", odd, "--once"][..],
            &["--config", odd, "config", "check"],
            &["--prices", odd, "prices", "claude-opus-4-8"],
            &["--log-file", odd, "--once"],
        ] {
            let answer = agtop(home.root(), arguments);
            assert!(!answer.status.success(), "{arguments:?}");
            assert!(answer.stderr.contains("not a regular file") || answer.stderr.contains(odd), "{}", answer.stderr);
        }
        for own in [".config/agtop/config.toml", ".cache/agtop/litellm.tsv", ".cache/agtop/logos/anthropic.svg"] {
            let own = home.root().join(own);
            std::fs::create_dir_all(own.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(odd, &own).unwrap();
            agtop(home.root(), &["--once"]);
            event(home.root(), &format!("{} {odd}", own.display()));
            std::fs::remove_file(&own).unwrap();
        }
    }
    assert_eq!(tools(&agtop(home.root(), &["events", "--json"])).len(), 6);
}
