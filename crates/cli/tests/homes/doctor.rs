//! What `agtop doctor` prints.

use agtop_testkit::Home;

use crate::support::agtop;

#[test]
fn the_doctor_prints_notes_about_hooks_of_agents_that_are_used_here() {
    let home = Home::temporary().unwrap();
    home.write(".gemini/tmp/p/chats/session-x.jsonl", "").unwrap();
    home.write(".local/share/amp/threads/T-x.json", "").unwrap();
    let output = agtop(home.root(), &["doctor"]).stdout;
    let section = |name: &str| output.split("\n\n").find(|section| section.contains(name)).unwrap().to_owned();
    assert!(section("(gemini)").contains("  hooks: "), "{output}");
    assert!(section("(amp)").contains("  hooks: no description of hooks has been found"), "{output}");
    assert!(!output.contains("(goose)"), "it is not used here: {output}");
    let all = agtop(home.root(), &["doctor", "--all"]).stdout;
    let goose = all.split("\n\n").find(|section| section.contains("(goose)")).unwrap();
    assert!(goose.contains("none in ") && !goose.contains("hooks: "), "{all}");
    assert!(!output.contains("refused events"), "{output}");
}

#[test]
fn the_doctor_begins_with_a_summary_of_five_lines() {
    let home = Home::temporary().unwrap();
    let line = agtop_testkit::hostile::claude_line("m1", "1", "2026-04-01T12:00:00.000Z");
    home.write(".claude/projects/-p/good.jsonl", line + "\n").unwrap();
    let output = agtop(home.root(), &["doctor"]).stdout;
    let summary: Vec<&str> = output.split("\n\n").next().unwrap().lines().collect();
    let [version, agents, read, hooks, health] = summary[..] else { panic!("{output}") };
    assert!(version.starts_with("agtop "));
    assert!(agents.starts_with("agents: 0 running; 1 of the ") && agents.ends_with(" that agtop reads: claude"));
    assert!(read.starts_with("read: 1 file (") && read.contains("), 1 session, 1 record; ledger: "));
    assert!(hooks.starts_with("hooks: none installed"));
    assert_eq!(health, "health: healthy");
    assert!(!output.contains("does not exist"), "{output}");
}

/// It printed "1 files", "1 sessions" and "1 records".
#[test]
fn the_doctor_uses_the_singular_for_one() {
    let home = Home::temporary().unwrap();
    let line = agtop_testkit::hostile::claude_line("m1", "1", "2026-04-01T12:00:00.000Z");
    home.write(".claude/projects/-p/good.jsonl", line + "\n").unwrap();
    let output = agtop(home.root(), &["doctor"]).stdout;
    assert!(
        output.contains(": 1 file, ") && output.contains("  0 live, 1 session, 1 record, 0 repeated responses"),
        "{output}"
    );
}

/// The note that Amp keeps threads on its servers was missing where Amp had no files.
#[test]
fn the_doctor_prints_what_amp_keeps_only_on_its_servers() {
    let home = Home::temporary().unwrap();
    std::fs::create_dir_all(home.root().join(".local/share/amp/threads")).unwrap();
    let output = agtop(home.root(), &["doctor"]).stdout;
    assert!(output.contains("  not available: Since spring 2026 Amp keeps threads on its servers alone"), "{output}");
}

#[test]
fn the_doctor_prints_the_number_of_refused_events() {
    let home = Home::temporary().unwrap();
    home.write(".agtop/spool", [0xff; 300]).unwrap();
    for _ in 0..2 {
        let output = agtop(home.root(), &["doctor"]).stdout;
        assert!(output.contains("\nhooks: refused events: 1 damaged or unknown\n"), "{output}");
    }
}

/// A hook writes nothing where others could read it. The doctor explains why its events are missing.
#[test]
#[cfg(unix)]
fn the_doctor_prints_which_directories_hooks_do_not_use() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = Home::temporary().unwrap();
    let place = home.root().join(".agtop");
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o777)).unwrap();
    let doctor = || agtop(home.root(), &["doctor"]).stdout;
    let output = doctor();
    assert!(output.contains("/.agtop: others may write to it; only you can write to it now\n"), "{output}");
    assert!(!doctor().contains("is not used"));
    std::fs::remove_dir_all(&place).unwrap();
    symlink(home.root(), &place).unwrap();
    let output = doctor();
    assert!(output.contains("/.agtop: is a symbolic link\n"), "{output}");
}
