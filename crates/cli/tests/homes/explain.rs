//! `agtop explain` says how a session's figures come about, and nothing that it does not know.

use agtop_testkit::Home;
use agtop_testkit::hostile::claude_line;

use crate::support::agtop;

/// What no price is known of cost `0.000000000000 USD`, and the sum was said to be what every other view shows.
#[test]
fn what_has_no_price_is_not_available_and_never_zero_dollars() {
    let home = Home::temporary().unwrap();
    let line = claude_line("m1", "1000", "2026-11-18T10:00:00.000Z").replace("claude-opus-4-8", "mystery-1");
    home.write(".claude/projects/-p/s1.jsonl", line + "\n").unwrap();
    let told = agtop(home.root(), &["explain", "0"]).stdout;
    assert!(told.contains("\n    = n/a: no price is known for this model\n"), "{told}");
    assert!(told.contains("\n= n/a, without 1 response that has no price\n"), "{told}");
    assert!(!told.contains("0.000000000000"), "{told}");
}

/// Of messages whose process has told its total, `explain` said that their steps were counted one by one.
#[test]
fn a_reason_names_what_really_replaced_a_record() {
    let home = Home::temporary().unwrap();
    let session = "0c0c0c0c-0102-4000-8000-000000000003";
    let lines = include_bytes!("../../../../fixtures/copilot/1.0.60/two-processes.jsonl");
    let place = format!(".copilot/session-state/{session}/events.jsonl");
    home.write(&place, lines).unwrap();
    let answer = agtop(home.root(), &["explain", "0c0c"]);
    let told = answer.stdout;
    assert!(answer.status.success(), "{told}{}", answer.stderr);
    let reason = format!(
        "    not counted: counted as {} says\n",
        home.root().join(&place).with_file_name("events.jsonl:7").display()
    );
    assert!(told.contains(&reason), "{reason}{told}");
    let places: Vec<&str> = told.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let mut once = places.clone();
    once.dedup();
    assert_eq!(places, once, "each line is listed once");
    assert!(told.ends_with("This is what every other view of agtop shows for the session.\n"), "{told}");
}
