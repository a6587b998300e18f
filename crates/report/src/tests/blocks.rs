use std::time::Duration;

use super::*;

/// Blocks and gaps of responses of a hundred tokens at these times.
fn blocks_of(times: &[&str], now: &str) -> Report {
    let rows = times.iter().map(|time| row(0, Some(time), "m", 100)).collect();
    let used = table(vec![session(CLAUDE, "a", None)], rows);
    Report::build(&used, &ReportOptions { now: at(now), ..options(ReportKind::Blocks) })
}

/// Each block's beginning, end and tokens; a gap has none.
fn shown(report: &Report) -> Vec<String> {
    let show = |line: &ReportLine| match &line.keys[0] {
        LineKey::Block(block) => {
            let time = |at| agtop_format::units::second(at, &TimeZone::UTC).split_off(11);
            let what = if block.is_gap() { "gap".to_owned() } else { line.sums.usage.total().to_string() };
            format!("{}-{} {what}", time(block.start), time(block.end))
        }
        key => key.label(&report.zone).raw().to_owned(),
    };
    report.lines.iter().map(show).collect()
}

const LATER: &str = "2027-01-01T00:00:00Z";

#[test]
fn a_block_begins_with_the_full_hour_of_its_first_use() {
    let report = blocks_of(&["2026-11-20T08:59:59Z", "2026-11-20T12:10:00Z"], LATER);
    assert_eq!(shown(&report), ["08:00:00-13:00:00 200"]);
}

#[test]
fn a_block_includes_its_last_moment_and_nothing_later() {
    let report = blocks_of(&["2026-11-20T08:30:00Z", "2026-11-20T13:00:00Z", "2026-11-20T13:00:01Z"], LATER);
    assert_eq!(shown(&report), ["08:00:00-13:00:00 200", "13:00:00-18:00:00 100"]);
}

#[test]
fn more_than_five_hours_of_rest_are_a_gap() {
    let report = blocks_of(&["2026-11-20T00:10:00Z", "2026-11-20T05:10:01Z", "2026-11-20T12:00:00Z"], LATER);
    let wanted = [
        "00:00:00-05:00:00 100",
        "05:10:00-05:10:01 gap",
        "05:00:00-10:00:00 100",
        "10:10:01-12:00:00 gap",
        "12:00:00-17:00:00 100",
    ];
    assert_eq!(shown(&report), wanted);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let times = ["2026-11-20T12:00:00Z", "2026-11-20T00:10:00Z", "2026-11-20T05:10:01Z"];
    let reversed: Vec<&str> = times.iter().rev().copied().collect();
    assert_eq!(shown(&blocks_of(&times, LATER)), shown(&blocks_of(&reversed, LATER)));
}

fn projection(report: &Report) -> Option<BlockProjection> {
    report.current.as_ref().and_then(|line| line.projection().copied())
}

#[test]
fn the_active_block_has_a_burn_rate_and_a_projection() {
    let report = blocks_of(&["2026-11-21T10:30:00Z", "2026-11-21T11:30:00Z"], "2026-11-21T12:00:00Z");
    let projection = projection(&report).unwrap();
    assert_eq!(projection.left, Duration::from_hours(3));
    let burn = projection.burn.unwrap();
    assert!((burn.tokens_per_minute - 200.0 / 60.0).abs() < 1e-9);
    assert!((burn.fresh_tokens_per_minute - 60.0 / 60.0).abs() < 1e-9);
    assert_eq!(burn.cost_per_hour, Some(PicoUsd::new(10_000_000_000)));
    assert_eq!(projection.tokens, Some(200 + 600));
    assert_eq!(projection.cost, Some(PicoUsd::new(40_000_000_000)));
}

#[test]
fn one_moment_of_use_has_no_burn_rate() {
    let projection = projection(&blocks_of(&["2026-11-21T10:30:00Z"], "2026-11-21T12:00:00Z")).unwrap();
    assert_eq!((projection.burn, projection.tokens, projection.cost), (None, None, None));
}

#[test]
fn a_block_is_active_until_its_end() {
    let is_active = |now| projection(&blocks_of(&["2026-11-21T10:30:00Z"], now)).is_some();
    assert!(is_active("2026-11-21T14:59:59Z"));
    assert!(!is_active("2026-11-21T15:00:00Z"));
}

#[test]
fn a_token_limit_is_a_number_or_the_largest_block_that_is_over() {
    let times = ["2026-11-20T00:10:00Z", "2026-11-20T00:20:00Z", "2026-11-21T10:30:00Z"];
    let limit = |token_limit| {
        let rows = times.iter().map(|time| row(0, Some(time), "m", 100)).collect();
        let used = table(vec![session(CLAUDE, "a", None)], rows);
        let options = ReportOptions { token_limit, now: at("2026-11-21T11:00:00Z"), ..options(ReportKind::Blocks) };
        Report::build(&used, &options).token_limit
    };
    assert_eq!(limit(Some(TokenLimit::Largest)), Some(200));
    assert_eq!(limit(Some(TokenLimit::Tokens(7))), Some(7));
    assert_eq!(limit(None), None);
}

#[test]
fn only_the_selected_blocks_are_shown_and_since_divides_none() {
    let of = |options: ReportOptions| shown(&Report::build(&rich(), &options));
    let whole = of(options(ReportKind::Blocks));
    assert_eq!(whole[0], "unknown");
    assert_eq!(
        of(ReportOptions { blocks: BlockSelection::Active, ..options(ReportKind::Blocks) }),
        whole[whole.len() - 1..]
    );
    let recent = of(ReportOptions { blocks: BlockSelection::Recent, ..options(ReportKind::Blocks) });
    assert_eq!(recent, whole[whole.len() - recent.len()..]);
    assert!(recent.len() < whole.len());
    // The block began before that moment: if `since` cut its usage, it would begin with another hour.
    let since = of(ReportOptions { since: Some(at("2026-11-21T11:00:00Z")), ..options(ReportKind::Blocks) });
    assert!(since.is_empty(), "{since:?}");
}
