use unicode_width::UnicodeWidthStr;

use super::*;

const WIDTHS: [(&str, Option<usize>); 4] = [("60", Some(60)), ("80", Some(80)), ("140", Some(140)), ("pipe", None)];

#[test]
fn a_table_fits_every_terminal() {
    for kind in ReportKind::ALL {
        let report = Report::build(&rich(), &options(kind));
        for (name, width) in WIDTHS {
            let shown = written(&report, "text", width);
            assert!(shown.lines().all(|line| width.is_none_or(|width| line.width() <= width)), "{shown}");
            if ["daily", "session", "blocks"].contains(&kind.as_str()) {
                insta::assert_snapshot!(format!("report_{}_{name}", kind.as_str()), shown);
            }
        }
        insta::assert_snapshot!(format!("report_{}_pipe", kind.as_str()), written(&report, "text", None));
    }
}

#[test]
fn a_line_can_be_broken_down_and_a_table_can_be_compact() {
    let by_model = ReportOptions { detail: LineDetail::ByModel, ..options(ReportKind::Weekly) };
    let report = Report::build(&rich(), &by_model);
    for format in ["text", "csv", "markdown"] {
        insta::assert_snapshot!(format!("report_breakdown_{format}"), written(&report, format, None));
    }
    let view = crate::testing::view();
    let context = ReportContext { columns: ReportColumns::Few, ..context(&view) };
    let mut out = Vec::new();
    report_format("text").unwrap().write(&report, &context, &mut out).unwrap();
    insta::assert_snapshot!("report_compact", String::from_utf8(out).unwrap());
}

#[test]
fn json_and_csv_have_every_sum() {
    for kind in [ReportKind::Daily, ReportKind::Session, ReportKind::Blocks] {
        let report = Report::build(&rich(), &options(kind));
        insta::assert_snapshot!(format!("report_{}_csv", kind.as_str()), written(&report, "csv", None));
    }
    let report = Report::build(&rich(), &ReportOptions { limit: Some(1), ..options(ReportKind::Daily) });
    insta::assert_snapshot!("report_json", written(&report, "json", None));
}

#[test]
fn a_calendar_is_darker_on_days_with_more_usage() {
    let report = Report::build(&rich(), &options(ReportKind::Daily));
    for (name, width) in WIDTHS {
        let shown = written(&report, "graph", width);
        assert!(shown.lines().all(|line| width.is_none_or(|width| line.width() <= width)), "{shown}");
        insta::assert_snapshot!(format!("report_graph_{name}"), shown);
    }
}

#[test]
fn an_empty_report_is_written_in_every_format() {
    let empty = UsageTable::default();
    for kind in ReportKind::ALL {
        let report = Report::build(&empty, &options(kind));
        for format in REPORT_FORMATS {
            let shown = written(&report, format.id(), Some(80));
            assert!(!shown.contains('$') || !shown.contains("$0"), "nothing is not free: {shown}");
            assert!(shown.ends_with('\n'));
        }
    }
    insta::assert_snapshot!("report_empty", written(&Report::build(&empty, &options(ReportKind::Daily)), "text", None));
}

#[test]
fn one_cell_is_a_table_without_bars() {
    let one = table(vec![session(CLAUDE, "a", None)], vec![row(0, Some(NOW), "m", 1)]);
    let shown = written(&Report::build(&one, &options(ReportKind::Daily)), "text", None);
    assert!(!shown.contains('█') && shown.contains("<$0.01"), "{shown}");
}

#[test]
fn no_format_writes_control_characters_or_formulas() {
    for kind in ReportKind::ALL {
        let asked = ReportOptions { detail: LineDetail::ByModel, group_by: vec![Dimension::Branch], ..options(kind) };
        let report = Report::build(&hostile(), &asked);
        for format in REPORT_FORMATS {
            for width in [None, Some(80), Some(1), Some(0)] {
                let shown = written(&report, format.id(), width);
                let bad = |c: &char| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c);
                let is_json = format.id() == "json";
                let found: Vec<char> = shown.chars().filter(bad).collect();
                assert!(found.iter().all(|c| is_json && !c.is_ascii_control()), "{}: {found:?}", format.id());
                assert!(format.id() != "csv" || !shown.contains(",=") && !shown.contains("\n="), "{shown}");
            }
        }
    }
}

#[test]
fn every_format_has_its_own_name() {
    for one in REPORT_FORMATS {
        assert_eq!(REPORT_FORMATS.iter().filter(|other| other.id() == one.id()).count(), 1);
        assert!(report_format(one.id()).is_some());
    }
}
