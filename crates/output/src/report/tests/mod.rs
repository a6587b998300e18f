mod blocks;
mod days;
mod formats;
mod properties;
mod schema;
mod statusline;

use agtop_model::{BillingPlan, Cost, PicoUsd, Session, Timestamp, UsageTable};
use agtop_report::*;
use jiff::tz::TimeZone;

use super::*;
use crate::report::testing::{CLAUDE, CODEX, NOW, at, costing, options, page, rich, row, session, table, written};

fn labels(report: &Report) -> Vec<String> {
    let label = |line: &Line| line.keys.iter().map(|key| key.label(&report.zone).raw().to_owned()).collect::<Vec<_>>();
    report.lines.iter().map(|line| label(line).join(" ")).collect()
}

#[test]
fn what_has_no_time_has_a_line_of_its_own_unless_a_time_is_asked_for() {
    let all = Report::build(&rich(), &options(Kind::Daily));
    assert_eq!(labels(&all)[..2], ["unknown", "2026-06-30"]);
    let since = Report::build(&rich(), &Options { since: Some(at("2020-01-01T00:00:00Z")), ..options(Kind::Daily) });
    assert_eq!(labels(&since)[0], "2026-06-30");
    assert_eq!(since.totals.usage.total(), all.totals.usage.total() - 5_000);
}

#[test]
fn times_asked_for_hold_their_first_moment_and_not_their_last() {
    let asked = Options {
        since: Some(at("2026-11-20T09:00:00Z")),
        until: Some(at("2026-11-21T11:00:00Z")),
        ..options(Kind::Daily)
    };
    let report = Report::build(&rich(), &asked);
    let used: Vec<u64> = report.lines.iter().map(|line| line.sums.usage.total()).collect();
    assert_eq!(used, [230_000, 60_000]);
}

#[test]
fn a_limit_keeps_the_newest_or_dearest_and_sums_up_the_rest() {
    let newest = Report::build(&rich(), &Options { limit: Some(2), ..options(Kind::Daily) });
    assert_eq!(labels(&newest), ["2026-11-20", "2026-11-21"]);
    let rest = newest.rest.unwrap();
    assert_eq!((rest.lines, rest.sums.usage.total(), rest.sums.sessions), (3, 135_000, 2));
    let dearest = Report::build(&rich(), &Options { limit: Some(1), ..options(Kind::Model) });
    assert_eq!(labels(&dearest), ["claude-opus-4-7"]);
}

#[test]
fn lines_can_be_turned_round() {
    let order = |kind, order| labels(&Report::build(&rich(), &Options { order, ..options(kind) }));
    for kind in Kind::ALL {
        let usual = order(kind, Order::Usual);
        let mut turned = usual.clone();
        turned.reverse();
        let is_of_time = matches!(kind, Kind::Daily | Kind::Weekly | Kind::Monthly | Kind::Session | Kind::Blocks);
        let (ascending, descending) = if is_of_time { (usual, turned) } else { (turned, usual) };
        assert_eq!(order(kind, Order::Ascending), ascending, "{}", kind.as_str());
        assert_eq!(order(kind, Order::Descending), descending, "{}", kind.as_str());
    }
}

#[test]
fn lines_are_of_every_combination_asked_for() {
    let group_by = vec![Dimension::Client, Dimension::Day, Dimension::Model];
    let report = Report::build(&rich(), &Options { group_by, ..options(Kind::Daily) });
    assert_eq!(report.dimensions, [Dimension::Day, Dimension::Client, Dimension::Model]);
    let today: Vec<_> = labels(&report).into_iter().filter(|label| label.starts_with("2026-11-21")).collect();
    let wanted = ["claude claude-opus-4-7", "claude claude-haiku-4-5", "gemini gemini-9-experimental"];
    assert_eq!(today, wanted.map(|rest| format!("2026-11-21 {rest}")));
}

#[test]
fn a_session_counts_once_in_each_line_and_once_in_all() {
    let report = Report::build(&rich(), &Options { detail: Detail::ByModel, ..options(Kind::Daily) });
    let today = report.lines.last().unwrap();
    assert_eq!((today.sums.sessions, report.totals.sessions), (2, 3));
    let parts: Vec<usize> = today.parts.iter().map(|part| part.sums.sessions).collect();
    assert_eq!(parts, [1, 1, 1]);
}

#[test]
fn only_the_projects_asked_for_count() {
    let of = |project: &str| {
        let asked = Options { projects: vec![project.to_owned()], ..options(Kind::Project) };
        Report::build(&rich(), &asked).totals.usage.total()
    };
    assert_eq!((of("shop"), of("/work/shop"), of("hop"), of("/work")), (30_000, 30_000, 0, 0));
}

#[test]
fn the_plan_says_what_is_covered() {
    let covered = |plan| Report::build(&rich(), &Options { plan, ..options(Kind::Client) }).totals.covered;
    let cents = |tokens: u64| PicoUsd::new(50_000_000).times(tokens);
    assert_eq!(covered(BillingPlan::Retail), PicoUsd::ZERO);
    assert_eq!(covered(BillingPlan::Max), cents(510_000));
    assert_eq!(covered(BillingPlan::Included), cents(540_000));
}

#[test]
fn what_has_no_price_is_unknown_and_never_free() {
    let report = Report::build(&rich(), &options(Kind::Client));
    let text = written(&report, "text", None);
    let gemini = text.lines().find(|line| line.starts_with("gemini")).unwrap();
    assert!(gemini.trim_end().ends_with('?'), "{text}");
    assert!(text.lines().any(|line| line.starts_with("total") && line.contains("$27.00+")), "{text}");
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", None)).unwrap();
    let gemini = json["rows"].as_array().unwrap().iter().find(|row| row["keys"][0] == "gemini").unwrap();
    assert_eq!((&gemini["cost_usd"], &gemini["cost_basis"]), (&serde_json::Value::Null, &"unknown".into()));
}

#[test]
fn tools_are_counted_with_those_of_sub_agents() {
    let report = Report::build(&rich(), &options(Kind::Tool));
    let calls: Vec<_> = labels(&report).into_iter().zip(report.lines.iter().map(|line| line.sums.calls)).collect();
    assert_eq!(calls, [("claude Bash".into(), 50), ("codex shell".into(), 12), ("claude Edit".into(), 7)]);
    let since = Options { since: Some(at("2026-11-21T00:00:00Z")), ..options(Kind::Tool) };
    assert_eq!(Report::build(&rich(), &since).totals.calls, 57);
}

#[test]
fn sessions_are_added_up_by_what_the_person_calls_them() {
    let tagged = |id, tag: Option<&str>| Session { tag: tag.map(Into::into), ..session(CLAUDE, id, None) };
    let sessions = vec![tagged("a", Some("billing")), tagged("b", None), tagged("c", Some("billing"))];
    let rows = vec![row(0, Some(NOW), "m", 10), row(1, Some(NOW), "m", 20), row(2, Some(NOW), "m", 40)];
    let report = Report::build(&table(sessions, rows), &options(Kind::Tag));
    assert_eq!(labels(&report), ["billing", "untagged"]);
    assert_eq!(report.lines.iter().map(|line| line.sums.usage.total()).collect::<Vec<_>>(), [50, 20]);
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", None)).unwrap();
    assert_eq!(json["rows"][1]["keys"], serde_json::json!([null]));
}

#[test]
fn branches_are_told_apart_by_project() {
    let report = Report::build(&rich(), &options(Kind::Branch));
    assert_eq!(labels(&report), ["prover main", "shop main", "unknown unknown"]);
}

#[test]
fn a_budget_is_passed_only_by_more_than_it_and_only_now() {
    let spend = |kind| Report::build(&rich(), &options(kind));
    let dollars = |usd: f64| PicoUsd::from_usd(usd).unwrap();
    for (kind, spent, period) in [
        (Kind::Daily, 9.0, "2026-11-21"),
        (Kind::Weekly, 25.0, "2026-W47"),
        (Kind::Monthly, 25.0, "2026-11"),
        (Kind::Blocks, 9.0, "2026-11-21 10:00"),
    ] {
        let report = spend(kind);
        let passed = report.passed(dollars(spent - 0.01)).unwrap();
        assert_eq!((passed.spent.amount, passed.period.as_str()), (dollars(spent), period));
        assert_eq!(report.passed(dollars(spent)), None, "{}", kind.as_str());
    }
    assert_eq!(spend(Kind::Session).passed(PicoUsd::ZERO), None);
}

#[test]
fn a_limit_hides_no_spending_from_a_budget() {
    let asked = Options { limit: Some(1), order: Order::Descending, ..options(Kind::Daily) };
    let later = Options { now: at("2026-11-20T23:59:00Z"), ..asked };
    assert_eq!(Report::build(&rich(), &later).passed(PicoUsd::ZERO).unwrap().period, "2026-11-20");
}

#[test]
fn an_unpriced_day_passes_no_budget() {
    let sessions = vec![session(CODEX, "a", None)];
    let rows = vec![costing(0, Some(NOW), "m", (7, Cost::UNKNOWN))];
    assert_eq!(Report::build(&table(sessions, rows), &options(Kind::Daily)).passed(PicoUsd::ZERO), None);
}

#[test]
fn rows_of_a_session_that_the_table_lacks_are_counted() {
    let lost = table(vec![], vec![row(7, Some(NOW), "m", 10)]);
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Tool) {
        let report = Report::build(&lost, &options(kind));
        assert_eq!(report.totals.usage.total(), 10, "{}", kind.as_str());
        assert_eq!(report.lines.len(), 1);
    }
}

/// Every text in it is an attack on a terminal, a spreadsheet or a parser, and every number is extreme.
fn hostile() -> UsageTable {
    const TEXT: &str = "\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}=cmd|'x'!A1,\"\r\n\t\u{202e}\u{0}\u{9b}31m\u{85}x|<b>`";
    let mut bad = session(CLAUDE, TEXT, Some(&format!("/tmp/{TEXT}")));
    bad.branch = Some(TEXT.into());
    bad.tools = vec![agtop_model::ToolCount { name: TEXT.into(), calls: u64::MAX }; 2];
    let mut rows = vec![row(0, Some(NOW), TEXT, 10), row(0, Some(NOW), "", 10)];
    rows[0].usage.input = u64::MAX;
    rows[0].spend.amount = PicoUsd::new(i64::MAX);
    for millis in [i64::MIN, i64::MAX, 0, -1, 253_402_300_800_000] {
        rows.push(agtop_model::UsageRow { at: Some(Timestamp::from_millis(millis)), ..row(0, Some(NOW), TEXT, 10) });
    }
    table(vec![bad], rows)
}
