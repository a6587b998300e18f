//! What the doctor says of hooks.

use agtop_testkit::Home;

use crate::support::agtop;

#[test]
fn the_doctor_tells_what_is_to_be_known_of_hooks_of_agents_that_are_here() {
    let home = Home::temporary().unwrap();
    home.write(".gemini/tmp/p/chats/session-x.jsonl", "").unwrap();
    home.write(".local/share/amp/threads/T-x.json", "").unwrap();
    let told = agtop(home.root(), &["doctor"]).stdout;
    let section = |name: &str| told.split("\n\n").find(|section| section.contains(name)).unwrap().to_owned();
    assert!(section("(gemini)").contains("  hooks: "), "{told}");
    assert!(section("(amp)").contains("  hooks: no description of hooks has been found"), "{told}");
    assert!(!section("(goose)").contains("hooks: "), "it is not here: {told}");
    assert!(!told.contains("was refused"), "{told}");
}

/// It said "1 files", "1 sessions" and "1 records".
#[test]
fn the_doctor_counts_one_as_one() {
    let home = Home::temporary().unwrap();
    let line = agtop_testkit::hostile::claude_line("m1", "1", "2026-04-01T12:00:00.000Z");
    home.write(".claude/projects/-p/good.jsonl", line + "\n").unwrap();
    let told = agtop(home.root(), &["doctor"]).stdout;
    assert!(
        told.contains(": 1 file, ") && told.contains("  0 live, 1 session, 1 record, 0 repeated responses"),
        "{told}"
    );
}

/// Nothing of today's threads lies here, and only where something did was it said that others are on Amp's servers.
#[test]
fn the_doctor_tells_what_amp_keeps_on_its_servers_alone() {
    let home = Home::temporary().unwrap();
    std::fs::create_dir_all(home.root().join(".local/share/amp/threads")).unwrap();
    let told = agtop(home.root(), &["doctor"]).stdout;
    assert!(told.contains("  cannot be known: Since spring 2026 Amp keeps threads on its servers alone"), "{told}");
}

#[test]
fn the_doctor_tells_what_was_refused_of_what_agents_pushed() {
    let home = Home::temporary().unwrap();
    home.write(".agtop/spool", [0xff; 300]).unwrap();
    for _ in 0..2 {
        let told = agtop(home.root(), &["doctor"]).stdout;
        assert!(told.contains("\nhooks: of what agents pushed was refused: 1 damaged or without meaning\n"), "{told}");
    }
}

/// A hook writes nothing where others could read it; whoever wonders where its events are asks the doctor.
#[test]
#[cfg(unix)]
fn the_doctor_tells_which_directories_hooks_refuse() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = Home::temporary().unwrap();
    let place = home.root().join(".agtop");
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o777)).unwrap();
    let doctor = || agtop(home.root(), &["doctor"]).stdout;
    let told = doctor();
    assert!(told.contains("/.agtop: others may write to it; it is closed to others now\n"), "{told}");
    assert!(!doctor().contains("is not used"));
    std::fs::remove_dir_all(&place).unwrap();
    symlink(home.root(), &place).unwrap();
    let told = doctor();
    assert!(told.contains("/.agtop: is a symbolic link\n"), "{told}");
}
