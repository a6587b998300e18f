use agtop_model::{CostBasis, Spend, Usage};
use proptest::prelude::*;

use super::*;

/// Rows of five sessions within two months, some without a time, a model or a price.
fn rows() -> impl Strategy<Value = Vec<agtop_model::UsageRow>> {
    let one = (0..6_u32, proptest::option::of(0..5_000_000_i64), 0..4_usize, 0..50_000_u64, 0..3_u8);
    let row = |(session, minute, model, tokens, basis): (u32, Option<i64>, usize, u64, u8)| {
        let cost = match basis {
            0 => Cost { amount: Some(PicoUsd::new(7).times(tokens)), basis: CostBasis::Api },
            1 => Cost { amount: Some(PicoUsd::new(11).times(tokens)), basis: CostBasis::Embedded },
            _ => Cost::UNKNOWN,
        };
        let model = ["", "claude-opus-4-7", "gpt-5-codex", "m"][model];
        let at = minute.map(|second| Timestamp::from_millis(1_795_264_200_000 - second * 1000));
        agtop_model::UsageRow { at, ..row_with_cost(session, None, model, (tokens, cost)) }
    };
    proptest::collection::vec(one.prop_map(row), 0..60)
}

fn options_of_all_kinds() -> impl Strategy<Value = ReportOptions> {
    let dimension = proptest::sample::select(Dimension::GROUPS.to_vec());
    let kind =
        proptest::sample::select(ReportKind::ALL.to_vec()).prop_filter("calls", |kind| *kind != ReportKind::Tool);
    let order = proptest::sample::select(vec![LineOrder::Usual, LineOrder::Ascending, LineOrder::Descending]);
    let zone = proptest::sample::select(vec!["UTC", "Australia/Lord_Howe", "America/New_York"]);
    (kind, proptest::collection::vec(dimension, 0..3), order, proptest::option::of(0..9_usize), zone).prop_map(
        |(kind, group_by, order, limit, zone)| ReportOptions {
            group_by: if kind.is_grouped() { group_by } else { Vec::new() },
            order,
            limit,
            detail: LineDetail::ByModel,
            zone: TimeZone::get(zone).unwrap(),
            ..options(kind)
        },
    )
}

fn used() -> impl Strategy<Value = UsageTable> {
    rows().prop_map(|rows| {
        let places = [("claude", "/a/x"), ("claude", "/b/x"), ("codex", "/a/x"), ("codex", "/c")];
        let sessions = places.iter().enumerate().map(|(n, (client, cwd))| {
            let client = if *client == "claude" { CLAUDE } else { CODEX };
            session(client, &format!("s{n}"), Some(cwd))
        });
        table(sessions.collect(), rows)
    })
}

type Figures = (Usage, Spend, u64);

fn sum<'s>(all: impl Iterator<Item = &'s UsageSums>) -> Figures {
    all.fold(Figures::default(), |mut sum, sums| {
        sum.0 += sums.usage;
        sum.1 += sums.spend;
        sum.2 += sums.turns;
        sum
    })
}

proptest! {
    #[test]
    fn the_lines_of_every_report_add_up_to_the_table(table in used(), options in options_of_all_kinds()) {
        let mut wanted = Figures::default();
        for row in &table.rows {
            wanted.0 += row.usage;
            wanted.1 += row.spend;
            wanted.2 += row.turns;
        }
        let report = Report::build(&table, &options);
        let lines = report.lines.iter().map(|line| &line.sums);
        prop_assert_eq!(sum(lines.chain(report.omitted.iter().map(|rest| &rest.sums))), wanted);
        prop_assert_eq!(sum(std::iter::once(&report.totals)), wanted);
        for line in report.lines.iter().filter(|line| !line.by_model.is_empty()) {
            prop_assert_eq!(sum(line.by_model.iter().map(|part| &part.sums)), sum(std::iter::once(&line.sums)));
        }
    }

    #[test]
    fn every_row_is_in_exactly_one_block_of_five_hours(table in used()) {
        let report = Report::build(&table, &options(ReportKind::Blocks));
        let blocks: Vec<_> = report.lines.iter().filter_map(|line| match &line.keys[0] {
            LineKey::Block(block) if !block.is_gap() => Some((block, &line.sums)),
            _ => None,
        }).collect();
        for (block, sums) in &blocks {
            let (first, last) = (sums.first.unwrap(), sums.last.unwrap());
            prop_assert!(block.start <= first && last <= block.end);
            prop_assert!(first.since(block.start).as_secs() < 3600);
        }
        prop_assert!(blocks.windows(2).all(|pair| pair[0].1.last < pair[1].1.first));
    }
}
