use proptest::prelude::*;

use super::*;
use crate::Colour;
use crate::statusline::{StatuslineContext, StatuslineInput, write_line};

fn drawn(json: &str, usage: Option<&UsageTable>, colour: Colour) -> String {
    let context = StatuslineContext { now: at(NOW), zone: TimeZone::UTC, colour };
    let mut out = Vec::new();
    write_line(StatuslineInput::parse(json.as_bytes()).as_ref(), usage, &context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const SENT: &str = r#"{"session_id":"6163a95c-e18a-4a4c-a793-52a1bb0f8c11","model":{"display_name":"Opus 4.7"},
    "cost":{"total_cost_usd":1.25,"total_duration_ms":3600000},"context_window":{"used_percentage":72},
    "rate_limits":{"five_hour":{"used_percentage":23.5,"resets_at":1795273200},
                   "seven_day":{"used_percentage":91,"resets_at":1795600000}}}"#;

#[test]
fn the_status_of_claude_code_alone_makes_a_line() {
    let wanted = "Opus 4.7 · $1.25 session · $1.25/h · ctx 72% · 5h 24% until 15:00 · 7d 91% until Wed 09:46\n";
    assert_eq!(drawn(SENT, None, Colour::Never), wanted);
}

#[test]
fn usage_adds_the_day_and_the_block() {
    let wanted = "Opus 4.7 · $1.25 session · $9.00+ today · $9.00 block (2h 30m left) · $4.50/h · ctx 72% · \
                  5h 24% until 15:00 · 7d 91% until Wed 09:46\n";
    assert_eq!(drawn(SENT, Some(&rich()), Colour::Never), wanted);
}

/// Eight hours after its reset, a window that Claude Code still reported was a red `5h 92%`.
#[test]
fn a_window_after_its_reset_is_not_in_the_line() {
    let sent = r#"{"rate_limits":{"five_hour":{"used_percentage":92,"resets_at":"2026-11-21T04:30:00Z"},
        "seven_day":{"used_percentage":40,"resets_at":"2026-11-25T09:46:00Z"}}}"#;
    assert_eq!(drawn(sent, None, Colour::Never), "agtop · 7d 40% until Wed 09:46\n");
    let input = StatuslineInput::parse(sent.as_bytes()).unwrap();
    let limits = crate::statusline::observed_limits(&input, at(NOW));
    assert_eq!(limits[0].windows.len(), 1, "the ledger does not keep it as a reading");
}

/// The block's cost had its `+`, its cost an hour had none.
#[test]
fn the_burn_rate_of_a_block_is_marked_if_a_part_is_unknown() {
    let rows = vec![
        row(0, Some("2026-11-21T10:05:00Z"), "m", 200_000),
        row_with_cost(0, Some("2026-11-21T12:05:00Z"), "n", (7, Cost::UNKNOWN)),
    ];
    let table = table(vec![session(CLAUDE, "s", None)], rows);
    let wanted = "$10.00+ today · $10.00+ block (2h 30m left) · $5.00+/h\n";
    assert!(drawn("{}", Some(&table), Colour::Never).ends_with(wanted));
    let report = Report::build(&table, &options(ReportKind::Blocks));
    let text = written(&report, "text", None);
    assert!(text.contains("$5.00+/h") && text.contains("$22.50+"), "{text}");
}

#[test]
fn the_cost_of_a_session_comes_from_usage_if_the_status_lacks_it() {
    let sent = r#"{"session_id":"6163a95c-e18a-4a4c-a793-52a1bb0f8c11"}"#;
    assert!(drawn(sent, Some(&rich()), Colour::Never).starts_with("$25.50 session · "));
}

#[test]
fn colours_mark_what_is_nearly_used_up() {
    let shown = drawn(SENT, None, Colour::Always);
    assert!(shown.contains("\u{1b}[33mctx 72%\u{1b}[0m") && shown.contains("\u{1b}[31m7d 91%"), "{shown:?}");
}

#[test]
fn invalid_input_makes_one_short_line() {
    for sent in ["", "{", "[]", "nonsense"] {
        assert_eq!(drawn(sent, None, Colour::Never), "agtop: no status to read\n");
    }
    assert_eq!(drawn("{}", None, Colour::Never), "agtop\n");
    assert_eq!(drawn("", Some(&UsageTable::default()), Colour::Never), "agtop: no status to read · $0.00 today\n");
}

#[test]
fn a_hostile_model_name_is_written_without_control_characters() {
    let name = "\\u001b[2J\\u001b]0;x\\u0007\\nOpus\\u202e".to_owned() + &"x".repeat(100);
    let shown = drawn(&format!(r#"{{"model":{{"display_name":"{name}"}}}}"#), None, Colour::Never);
    assert_eq!(shown.lines().count(), 1);
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}') && shown.len() < 50, "{shown:?}");
}

proptest! {
    #[test]
    fn any_input_makes_one_line_without_control_characters(
        sent in proptest::collection::vec(any::<u8>(), 0..200),
        name in "[\\x00-\\x1f\\x7f-\u{9f}\u{202e}a-z🦀 ]{0,40}",
        number in any::<f64>(),
        whole in any::<i64>(),
    ) {
        let json = serde_json::json!({
            "model": {"display_name": name},
            "cost": {"total_cost_usd": number, "total_duration_ms": whole},
            "context_window": {"used_percentage": number, "context_window_size": whole},
            "rate_limits": {"five_hour": {"used_percentage": number.abs() % 200.0, "resets_at": whole}},
        });
        for sent in [String::from_utf8_lossy(&sent).into_owned(), json.to_string()] {
            for usage in [None, Some(&rich())] {
                let shown = drawn(&sent, usage, Colour::Never);
                prop_assert!(shown.ends_with('\n') && shown.lines().count() == 1, "{shown:?}");
                prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
            }
        }
    }
}
