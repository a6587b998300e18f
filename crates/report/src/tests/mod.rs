mod blocks;
mod days;
mod properties;

use agtop_demo::usage::{CLAUDE, CODEX, NOW, TOKEN_COST, at, rich, row, row_with_cost, session, table};
use agtop_model::{BillingPlan, Cost, PicoUsd, Session, Timestamp, UsageTable};
use jiff::tz::TimeZone;

use super::*;

fn options(kind: ReportKind) -> ReportOptions {
    ReportOptions { plan: BillingPlan::Max, ..ReportOptions::new(kind, at(NOW)) }
}

fn labels(report: &Report) -> Vec<String> {
    let label =
        |line: &ReportLine| line.keys.iter().map(|key| key.label(&report.zone).raw().to_owned()).collect::<Vec<_>>();
    report.lines.iter().map(|line| label(line).join(" ")).collect()
}

#[test]
fn usage_without_a_time_has_its_own_line_unless_the_options_name_a_time() {
    let all = Report::build(&rich(), &options(ReportKind::Daily));
    assert_eq!(labels(&all)[..2], ["unknown", "2026-06-30"]);
    let since = Report::build(
        &rich(),
        &ReportOptions { since: Some(at("2020-01-01T00:00:00Z")), ..options(ReportKind::Daily) },
    );
    assert_eq!(labels(&since)[0], "2026-06-30");
    assert_eq!(since.totals.usage.total(), all.totals.usage.total() - 5_000);
}

#[test]
fn since_is_inclusive_and_until_is_exclusive() {
    let asked = ReportOptions {
        since: Some(at("2026-11-20T09:00:00Z")),
        until: Some(at("2026-11-21T11:00:00Z")),
        ..options(ReportKind::Daily)
    };
    let report = Report::build(&rich(), &asked);
    let used: Vec<u64> = report.lines.iter().map(|line| line.sums.usage.total()).collect();
    assert_eq!(used, [230_000, 60_000]);
}

#[test]
fn a_limit_keeps_the_newest_or_most_expensive_lines_and_adds_up_the_others() {
    let newest = Report::build(&rich(), &ReportOptions { limit: Some(2), ..options(ReportKind::Daily) });
    assert_eq!(labels(&newest), ["2026-11-20", "2026-11-21"]);
    let omitted = newest.omitted.unwrap();
    assert_eq!((omitted.lines, omitted.sums.usage.total(), omitted.sums.sessions), (3, 135_000, 2));
    let most_expensive = Report::build(&rich(), &ReportOptions { limit: Some(1), ..options(ReportKind::Model) });
    assert_eq!(labels(&most_expensive), ["claude-opus-4-7"]);
}

#[test]
fn the_order_of_lines_can_be_reversed() {
    let order = |kind, order| labels(&Report::build(&rich(), &ReportOptions { order, ..options(kind) }));
    for kind in ReportKind::ALL {
        let usual = order(kind, LineOrder::Usual);
        let mut reversed = usual.clone();
        reversed.reverse();
        let is_chronological = matches!(
            kind,
            ReportKind::Daily | ReportKind::Weekly | ReportKind::Monthly | ReportKind::Session | ReportKind::Blocks
        );
        let (ascending, descending) = if is_chronological { (usual, reversed) } else { (reversed, usual) };
        assert_eq!(order(kind, LineOrder::Ascending), ascending, "{}", kind.as_str());
        assert_eq!(order(kind, LineOrder::Descending), descending, "{}", kind.as_str());
    }
}

#[test]
fn a_report_has_a_line_for_each_combination_of_its_dimensions() {
    let group_by = vec![Dimension::Client, Dimension::Day, Dimension::Model];
    let report = Report::build(&rich(), &ReportOptions { group_by, ..options(ReportKind::Daily) });
    assert_eq!(report.dimensions, [Dimension::Day, Dimension::Client, Dimension::Model]);
    let today: Vec<_> = labels(&report).into_iter().filter(|label| label.starts_with("2026-11-21")).collect();
    let wanted = ["claude claude-opus-4-7", "claude claude-haiku-4-5", "gemini gemini-9-experimental"];
    assert_eq!(today, wanted.map(|rest| format!("2026-11-21 {rest}")));
}

#[test]
fn a_session_counts_once_in_each_line_and_once_in_the_total() {
    let report = Report::build(&rich(), &ReportOptions { detail: LineDetail::ByModel, ..options(ReportKind::Daily) });
    let today = report.lines.last().unwrap();
    assert_eq!((today.sums.sessions, report.totals.sessions), (2, 3));
    let parts: Vec<usize> = today.by_model.iter().map(|part| part.sums.sessions).collect();
    assert_eq!(parts, [1, 1, 1]);
}

#[test]
fn only_the_named_projects_count() {
    let of = |project: &str| {
        let asked = ReportOptions { projects: vec![project.to_owned()], ..options(ReportKind::Project) };
        Report::build(&rich(), &asked).totals.usage.total()
    };
    assert_eq!((of("shop"), of("/work/shop"), of("hop"), of("/work")), (30_000, 30_000, 0, 0));
}

#[test]
fn a_plan_covers_the_cost_of_its_clients() {
    let covered = |plan| Report::build(&rich(), &ReportOptions { plan, ..options(ReportKind::Client) }).totals.covered;
    let cents = |tokens: u64| TOKEN_COST.times(tokens);
    assert_eq!(covered(BillingPlan::Retail), PicoUsd::ZERO);
    assert_eq!(covered(BillingPlan::Max), cents(510_000));
    assert_eq!(covered(BillingPlan::Included), cents(540_000));
}

#[test]
fn tool_calls_of_subagents_are_counted() {
    let report = Report::build(&rich(), &options(ReportKind::Tool));
    let calls: Vec<_> = labels(&report).into_iter().zip(report.lines.iter().map(|line| line.sums.calls)).collect();
    assert_eq!(calls, [("claude Bash".into(), 50), ("codex shell".into(), 12), ("claude Edit".into(), 7)]);
    let since = ReportOptions { since: Some(at("2026-11-21T00:00:00Z")), ..options(ReportKind::Tool) };
    assert_eq!(Report::build(&rich(), &since).totals.calls, 57);
}

#[test]
fn sessions_are_added_up_by_tag() {
    let tagged = |id, tag: Option<&str>| Session { tag: tag.map(Into::into), ..session(CLAUDE, id, None) };
    let sessions = vec![tagged("a", Some("billing")), tagged("b", None), tagged("c", Some("billing"))];
    let rows = vec![row(0, Some(NOW), "m", 10), row(1, Some(NOW), "m", 20), row(2, Some(NOW), "m", 40)];
    let report = Report::build(&table(sessions, rows), &options(ReportKind::Tag));
    assert_eq!(labels(&report), ["billing", "untagged"]);
    assert_eq!(report.lines.iter().map(|line| line.sums.usage.total()).collect::<Vec<_>>(), [50, 20]);
}

#[test]
fn branches_of_one_name_in_two_projects_are_two_lines() {
    let report = Report::build(&rich(), &options(ReportKind::Branch));
    assert_eq!(labels(&report), ["prover main", "shop main", "unknown unknown"]);
}

#[test]
fn a_budget_is_exceeded_only_by_a_higher_cost_of_the_present_period() {
    let spend = |kind| Report::build(&rich(), &options(kind));
    let dollars = |usd: f64| PicoUsd::from_usd(usd).unwrap();
    for (kind, spent, period) in [
        (ReportKind::Daily, 9.0, "2026-11-21"),
        (ReportKind::Weekly, 25.0, "2026-W47"),
        (ReportKind::Monthly, 25.0, "2026-11"),
        (ReportKind::Blocks, 9.0, "2026-11-21 10:00"),
    ] {
        let report = spend(kind);
        let exceeded = report.exceeded_budget(dollars(spent - 0.01)).unwrap();
        assert_eq!((exceeded.spent.amount, exceeded.period.as_str()), (dollars(spent), period));
        assert_eq!(report.exceeded_budget(dollars(spent)), None, "{}", kind.as_str());
    }
    assert_eq!(spend(ReportKind::Session).exceeded_budget(PicoUsd::ZERO), None);
}

#[test]
fn a_limit_hides_no_spending_from_a_budget() {
    let asked = ReportOptions { limit: Some(1), order: LineOrder::Descending, ..options(ReportKind::Daily) };
    let later = ReportOptions { now: at("2026-11-20T23:59:00Z"), ..asked };
    assert_eq!(Report::build(&rich(), &later).exceeded_budget(PicoUsd::ZERO).unwrap().period, "2026-11-20");
}

#[test]
fn a_day_without_a_price_exceeds_no_budget() {
    let sessions = vec![session(CODEX, "a", None)];
    let rows = vec![row_with_cost(0, Some(NOW), "m", (7, Cost::UNKNOWN))];
    assert_eq!(Report::build(&table(sessions, rows), &options(ReportKind::Daily)).exceeded_budget(PicoUsd::ZERO), None);
}

#[test]
fn rows_of_a_session_that_the_table_lacks_are_counted() {
    let lost = table(vec![], vec![row(7, Some(NOW), "m", 10)]);
    for kind in ReportKind::ALL.into_iter().filter(|kind| *kind != ReportKind::Tool) {
        let report = Report::build(&lost, &options(kind));
        assert_eq!(report.totals.usage.total(), 10, "{}", kind.as_str());
        assert_eq!(report.lines.len(), 1);
    }
}
