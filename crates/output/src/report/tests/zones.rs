use super::*;

#[test]
fn every_report_names_the_zone_in_which_days_begin() {
    let zone = TimeZone::get("Australia/Lord_Howe").unwrap();
    let report = Report::build(&rich(), &ReportOptions { zone, ..options(ReportKind::Weekly) });
    for format in ["text", "markdown"] {
        let shown = written(&report, format, None);
        assert!(shown.contains("Australia/Lord") && shown.contains("weeks begin on Monday"), "{shown}");
    }
    assert!(
        written(&report, "json", None).contains("\"time_zone\":\"Australia/Lord_Howe\",\"week_starts\":\"monday\"")
    );
}

#[test]
fn a_week_in_json_begins_and_ends_at_midnight_of_its_zone() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let used = table(vec![session(CLAUDE, "a", None)], vec![row(0, Some("2026-10-25T01:00:00Z"), "m", 1)]);
    let report = Report::build(&used, &ReportOptions { zone, ..options(ReportKind::Weekly) });
    let json: serde_json::Value = serde_json::from_str(&written(&report, "json", None)).unwrap();
    assert_eq!(json["rows"][0]["from"], "2026-10-18T22:00:00Z");
    assert_eq!(json["rows"][0]["to"], "2026-10-25T23:00:00Z");
}
