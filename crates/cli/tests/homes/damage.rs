//! Files that cannot be read are reported next to figures: on standard error and in JSON, not only by the doctor.

use std::fs;

use agtop_testkit::Home;
use agtop_testkit::hostile::claude_line;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Answer, agtop};

/// Checks that a line of standard error and an issue in JSON name the file.
fn assert_reported(answer: &Answer, file: &str) {
    assert!(answer.stderr.lines().any(|line| line.contains(file)), "{}", answer.stderr);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    let issues = document["health"].as_array().unwrap();
    assert!(issues.iter().any(|issue| issue["path"].as_str().unwrap().contains(file)), "{document}");
    assert_eq!(document["health_total"], issues.len());
}

/// While another process had locked `opencode.db`, the report was empty, without a message, and the exit code was 0.
#[test]
fn a_locked_database_is_reported_where_its_figures_are_missing() {
    let home = Home::temporary().unwrap();
    let place = home.root().join(".local/share/opencode");
    fs::create_dir_all(&place).unwrap();
    let database = Connection::open(place.join("opencode.db")).unwrap();
    database.execute_batch("CREATE TABLE message (id, session_id, data); BEGIN EXCLUSIVE;").unwrap();
    for command in [&["report", "--json"][..], &["--json=sessions"]] {
        let answer = agtop(home.root(), command);
        assert_reported(&answer, "opencode.db");
        assert!(answer.stderr.contains("database is locked"), "{}", answer.stderr);
    }
    let text = agtop(home.root(), &["report"]);
    assert!(text.stderr.contains("figures may be missing") && text.stderr.contains("opencode.db"), "{}", text.stderr);
    database.execute_batch("COMMIT").unwrap();
    let answer = agtop(home.root(), &["report", "--json"]);
    assert!(answer.stderr.is_empty() && answer.stdout.contains("\"health\":[]"), "{}{}", answer.stdout, answer.stderr);
}

/// A damaged record of a deleted file was left out of every report without a message.
#[test]
fn a_damaged_record_of_the_ledger_is_reported_where_its_figures_are_missing() {
    let home = Home::temporary().unwrap();
    let line = claude_line("m1", "1000", "2026-11-18T10:00:00.000Z");
    home.write(".claude/projects/-p/gone.jsonl", line + "\n").unwrap();
    let report = || agtop(home.root(), &["report", "--json"]);
    let answer = report();
    assert!(answer.stderr.is_empty() && answer.stdout.contains("\"health\":[]"), "{}", answer.stderr);
    fs::remove_file(home.root().join(".claude/projects/-p/gone.jsonl")).unwrap();
    let ledger = home.root().join(".local/share/agtop/ledger.db");
    let database = Connection::open(&ledger).unwrap();
    let changed = database.execute("UPDATE memories SET memory = CAST(memory || x'00' AS BLOB)", []).unwrap();
    database.execute("DELETE FROM image", []).unwrap();
    drop(database);
    assert_eq!(changed, 1);
    for _ in 0..3 {
        assert_reported(&report(), "gone.jsonl");
    }
}
