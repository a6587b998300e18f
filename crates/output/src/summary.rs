//! The summary above a table, and the footer below it.

use std::collections::HashSet;
use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{PicoUsd, Snapshot, SnapshotRow, Spend, Status, Usage};

use crate::View;
use crate::cell::{Cell, billed, cost, status_word};
use crate::parts::write_parts;
use crate::tone::Tone;

/// The total of rows, each session counted once.
#[derive(Default)]
pub(crate) struct RowTotals {
    pub(crate) usage: Usage,
    pub(crate) spend: Spend,
}

impl RowTotals {
    pub(crate) fn of(rows: &[SnapshotRow<'_>], view: &View) -> Self {
        let mut sum = Self::default();
        let mut seen = HashSet::new();
        for session in rows.iter().filter_map(|row| row.session).filter(|session| seen.insert(&session.key)) {
            sum.usage += session.usage;
            sum.spend += billed(view.plan, session.client(), session.spend);
        }
        sum
    }

    /// Tokens and money.
    pub(crate) fn parts(&self) -> [Cell; 2] {
        [Cell::new(units::tokens(self.usage.total()), Tone::Text), Cell::new(cost(Some(&self.spend)), Tone::Text)]
    }
}

/// The number of rows in each status, those that wait for the user first.
fn by_status(rows: &[SnapshotRow<'_>], view: &View) -> Vec<Cell> {
    // As in tables: the words of the screen on a terminal, those of JSON in a pipe.
    let word = |status: Status| if view.width.is_some() { status_word(status) } else { status.as_str() };
    let count = |status: Status| rows.iter().filter(|row| row.status() == status).count();
    let counted = Status::ALL.into_iter().map(|status| (status, count(status))).filter(|(_, n)| *n > 0);
    counted.map(|(status, n)| Cell::new(format!("{} {n} {}", status.glyph(), word(status)), Tone::of(status))).collect()
}

/// The agents in one line: number by status, tokens, cost, processor and memory.
pub(crate) fn overview(rows: &[SnapshotRow<'_>], sum: &RowTotals, view: &View) -> Vec<Cell> {
    let mut parts = by_status(rows, view);
    if rows.is_empty() {
        return parts;
    }
    parts.extend(sum.parts());
    let agents = || rows.iter().filter_map(|row| row.agent);
    let cpu: Vec<f64> = agents().filter_map(|agent| agent.cpu_percent.ok()).filter(|cpu| cpu.is_finite()).collect();
    if !cpu.is_empty() {
        parts.push(Cell::new(format!("cpu {}", units::percent(cpu.iter().sum())), Tone::Text));
    }
    let memory: Vec<u64> = agents().filter_map(|agent| agent.process.rss.ok()).collect();
    if !memory.is_empty() {
        let memory = memory.iter().fold(0_u64, |sum, &rss| sum.saturating_add(rss));
        parts.push(Cell::new(format!("mem {}", units::bytes(memory)), Tone::Text));
    }
    parts
}

/// `1 agent`, `2 agents`.
pub(crate) fn count_of(n: usize, what: &str) -> String {
    units::counted(n as u64, what)
}

/// Writes the source of the prices, notes about cost, and the number of lost records.
pub(crate) fn write_footer(snapshot: &Snapshot, sum: &RowTotals, view: &View, out: &mut dyn Write) -> Result<()> {
    write_parts(&cost_notes(&snapshot.prices, &sum.spend, sum.spend.covered), view, out)?;
    match snapshot.health.losses() {
        0 => Ok(()),
        n => {
            let lost = format!("× {} could not be read: agtop doctor", units::counted(n, "record"));
            write_parts(&[Cell::new(lost, Tone::Bad)], view, out)
        }
    }
}

/// The source of the prices, and notes about the cost of a total; a subscription covers `covered` of it.
pub(crate) fn cost_notes(prices: &str, spend: &Spend, covered: PicoUsd) -> Vec<Cell> {
    let mut notes = vec![
        Cell::new(format!("prices as of {prices}"), Tone::Dim),
        Cell::new("$ is what the API would charge, not a bill", Tone::Dim),
    ];
    if covered > PicoUsd::ZERO {
        let covered = format!("{} of it is covered by a subscription", units::money(covered));
        notes.push(Cell::new(covered, Tone::Dim));
    }
    if spend.unknown_turns > 0 {
        let tokens = units::tokens(spend.unknown_tokens);
        notes.push(Cell::new(format!("+ and ? leave out {tokens} of models without a known price"), Tone::Dim));
    }
    notes
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_model::BillingPlan;
    use agtop_query::select;

    use super::*;
    use crate::testing::view;

    fn footer(snapshot: &Snapshot, view: &View) -> String {
        let mut out = Vec::new();
        write_footer(snapshot, &RowTotals::of(&select::sessions(snapshot, &view.selection), view), view, &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_covered_cost_is_noted() {
        let with = |plan| footer(&testing::rich(), &View { plan, ..view() });
        assert!(!with(BillingPlan::Retail).contains("subscription"));
        assert!(with(BillingPlan::Max).contains("$4.21 of it is covered by a subscription"));
        assert!(with(BillingPlan::Included).contains("$4.40 of it is covered by a subscription"));
    }

    #[test]
    fn issues_beyond_the_listed_ones_count_as_lost_and_harmless_ones_do_not() {
        assert_eq!(testing::rich().health.losses(), 3);
        assert_eq!(testing::empty().health.losses(), 0);
    }

    #[test]
    fn a_session_of_two_agents_counts_once() {
        let mut snapshot = testing::rich();
        let twice: Vec<_> = snapshot.agents.iter().chain(snapshot.agents.iter()).cloned().collect();
        let once = RowTotals::of(&select::agents(&snapshot, &view().selection), &view());
        snapshot.agents = twice.into();
        assert_eq!(RowTotals::of(&select::agents(&snapshot, &view().selection), &view()).usage, once.usage);
    }
}
