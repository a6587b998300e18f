use std::time::Duration;

use super::*;

/// Blocks and gaps of responses of a hundred tokens at these times.
fn blocks_of(times: &[&str], now: &str) -> Report {
    let rows = times.iter().map(|time| row(0, Some(time), "m", 100)).collect();
    let used = table(vec![session(CLAUDE, "a", None)], rows);
    Report::build(&used, &Options { now: at(now), ..options(Kind::Blocks) })
}

/// Each block's beginning, end and tokens; a gap has none.
fn shown(report: &Report) -> Vec<String> {
    let show = |line: &Line| match &line.keys[0] {
        Key::Block(block) => {
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
fn a_block_begins_with_the_hour_of_its_first_use() {
    let report = blocks_of(&["2026-11-20T08:59:59Z", "2026-11-20T12:10:00Z"], LATER);
    assert_eq!(shown(&report), ["08:00:00-13:00:00 200"]);
}

#[test]
fn five_hours_after_its_beginning_a_block_still_holds_and_then_no_more() {
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
fn the_order_of_rows_means_nothing() {
    let times = ["2026-11-20T12:00:00Z", "2026-11-20T00:10:00Z", "2026-11-20T05:10:01Z"];
    let turned: Vec<&str> = times.iter().rev().copied().collect();
    assert_eq!(shown(&blocks_of(&times, LATER)), shown(&blocks_of(&turned, LATER)));
}

fn outlook(report: &Report) -> Option<Outlook> {
    report.current.as_ref().and_then(|line| line.outlook().copied())
}

#[test]
fn the_active_block_tells_its_pace_and_where_it_leads() {
    let report = blocks_of(&["2026-11-21T10:30:00Z", "2026-11-21T11:30:00Z"], "2026-11-21T12:00:00Z");
    let outlook = outlook(&report).unwrap();
    assert_eq!(outlook.left, Duration::from_hours(3));
    let burn = outlook.burn.unwrap();
    assert!((burn.tokens_per_minute - 200.0 / 60.0).abs() < 1e-9);
    assert!((burn.fresh_tokens_per_minute - 60.0 / 60.0).abs() < 1e-9);
    assert_eq!(burn.cost_per_hour, Some(PicoUsd::new(10_000_000_000)));
    assert_eq!(outlook.tokens, Some(200 + 600));
    assert_eq!(outlook.cost, Some(PicoUsd::new(40_000_000_000)));
}

#[test]
fn one_moment_of_use_has_no_pace() {
    let outlook = outlook(&blocks_of(&["2026-11-21T10:30:00Z"], "2026-11-21T12:00:00Z")).unwrap();
    assert_eq!((outlook.burn, outlook.tokens, outlook.cost), (None, None, None));
}

#[test]
fn a_block_is_active_until_its_end() {
    let is_active = |now| outlook(&blocks_of(&["2026-11-21T10:30:00Z"], now)).is_some();
    assert!(is_active("2026-11-21T14:59:59Z"));
    assert!(!is_active("2026-11-21T15:00:00Z"));
}

#[test]
fn a_limit_is_a_number_or_the_largest_block_that_is_over() {
    let times = ["2026-11-20T00:10:00Z", "2026-11-20T00:20:00Z", "2026-11-21T10:30:00Z"];
    let limit = |token_limit| {
        let rows = times.iter().map(|time| row(0, Some(time), "m", 100)).collect();
        let used = table(vec![session(CLAUDE, "a", None)], rows);
        let options = Options { token_limit, now: at("2026-11-21T11:00:00Z"), ..options(Kind::Blocks) };
        Report::build(&used, &options).token_limit
    };
    assert_eq!(limit(Some(TokenLimit::Largest)), Some(200));
    assert_eq!(limit(Some(TokenLimit::Tokens(7))), Some(7));
    assert_eq!(limit(None), None);
}

#[test]
fn only_the_blocks_asked_for_are_shown_and_a_span_cuts_none() {
    let of = |options: Options| shown(&Report::build(&rich(), &options));
    let whole = of(options(Kind::Blocks));
    assert_eq!(whole[0], "unknown");
    assert_eq!(of(Options { blocks: Which::Active, ..options(Kind::Blocks) }), whole[whole.len() - 1..]);
    let recent = of(Options { blocks: Which::Recent, ..options(Kind::Blocks) });
    assert_eq!(recent, whole[whole.len() - recent.len()..]);
    assert!(recent.len() < whole.len());
    // The block began before that, and its first hour would be another if usage were cut.
    let since = of(Options { since: Some(at("2026-11-21T11:00:00Z")), ..options(Kind::Blocks) });
    assert!(since.is_empty(), "{since:?}");
}
