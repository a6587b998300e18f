use std::time::Duration;

use super::*;

/// A response in each quarter of an hour around a moment.
fn quarters_around(moment: &str) -> UsageTable {
    let first = at(moment).minus(Duration::from_hours(48));
    let rows = (0..4 * 96).map(|quarter| agtop_model::UsageRow {
        at: Some(first.plus(Duration::from_mins(15) * quarter)),
        ..row(0, None, "m", 1)
    });
    table(vec![session(CLAUDE, "a", None)], rows.collect())
}

/// Quarters of an hour on the days around a change of clocks.
fn lengths(zone: &str, moment: &str) -> Vec<(String, u64)> {
    let zone = TimeZone::get(zone).unwrap();
    let report = Report::build(&quarters_around(moment), &ReportOptions { zone, ..options(ReportKind::Daily) });
    let lines = labels(&report).into_iter().zip(report.lines.iter().map(|line| line.sums.turns));
    lines.skip(1).take(3).collect()
}

#[test]
fn a_day_has_as_many_hours_as_its_clocks_count() {
    let cases = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29", 92),
        ("Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25", 100),
        ("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08", 92),
        ("America/New_York", "2026-11-01T06:00:00Z", "2026-11-01", 100),
        ("Pacific/Auckland", "2026-09-26T14:00:00Z", "2026-09-27", 92),
        ("Pacific/Auckland", "2026-04-04T14:00:00Z", "2026-04-05", 100),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04", 94),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05", 98),
    ];
    for (zone, moment, day, quarters) in cases {
        let lengths = lengths(zone, moment);
        let found = lengths.iter().find(|(name, _)| name == day);
        assert_eq!(found, Some(&(day.to_owned(), quarters)), "{zone}: {lengths:?}");
        assert!(lengths.iter().filter(|(name, _)| name != day).all(|(_, n)| *n == 96), "{zone}: {lengths:?}");
    }
}

/// The line of one response in that zone.
fn line_of(kind: ReportKind, zone: &str, moment: &str) -> String {
    let zone = TimeZone::get(zone).unwrap();
    let one = table(vec![session(CLAUDE, "a", None)], vec![row(0, Some(moment), "m", 1)]);
    labels(&Report::build(&one, &ReportOptions { zone, ..options(kind) })).remove(0)
}

#[test]
fn a_year_ends_at_midnight_of_its_zone() {
    let moment = "2026-12-31T23:30:00Z";
    assert_eq!(line_of(ReportKind::Monthly, "UTC", moment), "2026-12");
    assert_eq!(line_of(ReportKind::Monthly, "Europe/Berlin", moment), "2027-01");
    assert_eq!(line_of(ReportKind::Daily, "America/New_York", "2027-01-01T04:59:59Z"), "2026-12-31");
}

#[test]
fn weeks_run_from_monday_to_sunday_across_years() {
    let week = |moment| line_of(ReportKind::Weekly, "Europe/Berlin", moment);
    assert_eq!(week("2026-12-27T22:59:59Z"), "2026-W52");
    assert_eq!(week("2026-12-27T23:00:00Z"), "2026-W53", "Monday has begun in Berlin");
    assert_eq!(week("2027-01-03T22:59:59Z"), "2026-W53");
    assert_eq!(week("2027-01-03T23:00:00Z"), "2027-W01");
}
