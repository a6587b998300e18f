mod formats;
mod schema;
mod statusline;
mod zones;

use agtop_demo::usage::{CLAUDE, NOW, at, hostile, rich, row, row_with_cost, session, table};
use agtop_model::{Cost, Session, UsageTable};
use agtop_report::*;
use jiff::tz::TimeZone;

use super::*;
use crate::report::testing::{context, options, written};

#[test]
fn usage_without_a_price_is_shown_as_unknown() {
    let report = Report::build(&rich(), &options(ReportKind::Client));
    let text = written(&report, "text", None);
    let gemini = text.lines().find(|line| line.starts_with("gemini")).unwrap();
    assert!(gemini.trim_end().ends_with('?'), "{text}");
    assert!(text.lines().any(|line| line.starts_with("total") && line.contains("$27.00+")), "{text}");
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", None)).unwrap();
    let gemini = json["rows"].as_array().unwrap().iter().find(|row| row["keys"][0] == "gemini").unwrap();
    assert_eq!((&gemini["cost_usd"], &gemini["cost_basis"]), (&serde_json::Value::Null, &"unknown".into()));
}

#[test]
fn an_untagged_line_has_a_null_key_in_json() {
    let tagged = Session { tag: Some("billing".into()), ..session(CLAUDE, "a", None) };
    let sessions = vec![tagged, session(CLAUDE, "b", None)];
    let rows = vec![row(0, Some(NOW), "m", 50), row(1, Some(NOW), "m", 20)];
    let report = Report::build(&table(sessions, rows), &options(ReportKind::Tag));
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", None)).unwrap();
    assert_eq!(json["rows"][1]["keys"], serde_json::json!([null]));
}
