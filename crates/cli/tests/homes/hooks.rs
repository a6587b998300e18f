//! Hooks from one end to the other: settings, `agtop hook`, and who reads what it carried.

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

/// The tools of which events were printed.
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

/// `agtop events` printed the same old event for ever, and what came after it was stuck behind it.
#[test]
fn events_are_printed_once_each_and_nothing_is_left_behind() {
    let home = Home::temporary().unwrap();
    let events = || tools(&agtop(home.root(), &["events", "--json"]));
    event(home.root(), "One");
    assert_eq!(events(), ["One"]);
    assert_eq!(names(&home.root().join(".agtop")), ["lock"]);
    // As an agtop that was ended leaves it.
    event(home.root(), "Two");
    std::fs::rename(home.root().join(".agtop/spool"), home.root().join(".agtop/taken")).unwrap();
    event(home.root(), "Three");
    assert_eq!(events(), ["Two", "Three"]);
    assert_eq!(names(&home.root().join(".agtop")), ["lock"]);
    assert!(events().is_empty());
}

/// `agtop events` printed nothing at all where no hook was installed, and `events -f` waited for ever without a word.
#[test]
fn where_no_hook_is_installed_there_are_no_events_and_that_is_said() {
    let home = Home::temporary().unwrap();
    let said = || agtop(home.root(), &["events"]).stderr;
    assert_eq!(said(), "agtop: no events; install hooks first: agtop hooks install\n");
    event(home.root(), "One");
    assert_eq!(said(), "", "somebody pushes");
    agtop(home.root(), &["install", "--write"]);
    assert_eq!(said(), "");
    agtop(home.root(), &["hooks", "uninstall"]);
    assert_eq!(said(), "agtop: no events; install hooks first: agtop hooks install\n");
}

/// The doctor looks and takes nothing from whoever asks next.
#[test]
fn the_doctor_leaves_events_to_who_asks_for_them() {
    let home = Home::temporary().unwrap();
    event(home.root(), "One");
    agtop(home.root(), &["doctor"]);
    assert_eq!(tools(&agtop(home.root(), &["events", "--json"])), ["One"]);
}

#[test]
fn what_was_said_is_spooled_only_if_the_configuration_says_so() {
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

/// `agtop install --write` wrote settings, and status and uninstall found no agent there.
#[test]
fn what_install_wrote_is_found_where_the_agent_has_written_nothing_yet() {
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

/// A line with the path stood before the JSON.
#[test]
fn what_install_prints_is_json() {
    let home = Home::temporary().unwrap();
    for command in [&["install"][..], &["hooks", "print", "--client", "claude"]] {
        let printed = agtop(home.root(), command);
        let settings: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert!(settings["hooks"]["Stop"].is_array());
        assert!(printed.stderr.contains("settings.json:"), "{}", printed.stderr);
    }
    assert!(!home.root().join(".claude").exists());
}

/// A FIFO in place of any file of agtop's own made every command wait for ever, and `/dev/zero` filled the memory.
#[test]
#[cfg(unix)]
fn no_file_of_agtops_own_is_waited_for_or_read_without_end() {
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
