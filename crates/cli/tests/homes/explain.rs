//! `agtop explain` shows how the figures of a session come about.

use agtop_testkit::Home;
use agtop_testkit::hostile::claude_line;

use crate::support::agtop;

/// The cost of a model without a price was `$0.00`, which no other view shows.
#[test]
fn a_model_without_a_price_has_no_cost_instead_of_zero_dollars() {
    let home = Home::temporary().unwrap();
    let line = claude_line("m1", "1000", "2026-11-18T10:00:00.000Z").replace("claude-opus-4-8", "mystery-1");
    home.write(".claude/projects/-p/s1.jsonl", line + "\n").unwrap();
    let output = agtop(home.root(), &["explain", "0"]).stdout;
    assert!(output.contains("\n    = n/a: no price is known for this model\n"), "{output}");
    assert!(output.contains("\n= n/a, without 1 response that has no price\n"), "{output}");
    assert!(!output.contains("$0.00"), "{output}");
}

/// For messages whose process has recorded its total, `explain` reported that their steps were counted one by one.
#[test]
fn a_reason_names_the_record_that_is_counted_instead() {
    let home = Home::temporary().unwrap();
    let session = "0c0c0c0c-0102-4000-8000-000000000003";
    let lines = include_bytes!("../../../../fixtures/copilot/1.0.60/two-processes.jsonl");
    let place = format!(".copilot/session-state/{session}/events.jsonl");
    home.write(&place, lines).unwrap();
    let answer = agtop(home.root(), &["explain", "0c0c"]);
    let output = answer.stdout;
    assert!(answer.status.success(), "{output}{}", answer.stderr);
    let reason = format!(
        "    not counted: counted as {} says\n",
        home.root().join(&place).with_file_name("events.jsonl:7").display()
    );
    assert!(output.contains(&reason), "{reason}{output}");
    let places: Vec<&str> = output.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let mut once = places.clone();
    once.dedup();
    assert_eq!(places, once, "each line is listed once");
    assert!(output.ends_with("This is what every other view of agtop shows for the session.\n"), "{output}");
}
