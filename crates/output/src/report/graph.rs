use std::collections::BTreeMap;
use std::io::{Result, Write};

use agtop_format::units;
use agtop_report::{LineKey, PeriodUnit, Report, ReportKind, ReportPeriod};
use agtop_report::{day_of, monday_of};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::cell::{Cell, cost};
use crate::parts::write_parts;
use crate::report::format::{ReportContext, ReportFormat, ReportFormatInfo};
use crate::report::text::{BarMeasure, heading};
use crate::summary::{cost_notes, count_of};
use crate::tone::Tone;

/// Days as a calendar: one column for each week, one row for each day of the week, darker for more usage.
pub(super) struct Graph;

/// The weeks of a year; earlier ones are not shown.
const MAX_WEEKS: usize = 53;
/// Columns before the first week, and of each week.
const WEEKDAY_COLUMNS: usize = 4;
const WEEK_COLUMNS: usize = 2;
/// From no usage to the most expensive quarter of days.
const SHADES: [&str; 5] = ["·", "░", "▒", "▓", "█"];
const WEEKDAYS: [&str; 7] = ["Mon", "", "Wed", "", "Fri", "", "Sun"];

static INFO: ReportFormatInfo = ReportFormatInfo {
    id: "graph",
    short: None,
    help: Some("With daily: print a calendar, with darker days for more usage"),
    only_kind: Some(ReportKind::Daily),
};

impl ReportFormat for Graph {
    fn info(&self) -> &'static ReportFormatInfo {
        &INFO
    }

    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        write_parts(&heading(report, context), context.view, out)?;
        let days = Days::of(report);
        let room = context.view.width.unwrap_or(usize::MAX).saturating_sub(WEEKDAY_COLUMNS) / WEEK_COLUMNS;
        if let Some(weeks) = days.weeks(room.clamp(1, MAX_WEEKS)) {
            writeln!(out, "{:WEEKDAY_COLUMNS$}{}", "", months(&weeks).trim_end())?;
            for (place, name) in WEEKDAYS.iter().enumerate() {
                write!(out, "{name:WEEKDAY_COLUMNS$}")?;
                days.write_row(&weeks, place, context, out)?;
            }
        }
        write_parts(&days.legend(report), context.view, out)?;
        write_parts(&cost_notes(context.prices, &report.totals.spend, report.totals.covered), context.view, out)
    }
}

/// The total of each day.
struct Days {
    measure: BarMeasure,
    values: BTreeMap<Date, f64>,
    /// Where the second, third and fourth quarter of the days with usage begin.
    quarters: [f64; 3],
    last: Option<Date>,
}

impl Days {
    fn of(report: &Report) -> Self {
        let measure = BarMeasure::of(&report.lines);
        let mut values: BTreeMap<Date, f64> = BTreeMap::new();
        for line in &report.lines {
            if let Some(LineKey::Period(Some(ReportPeriod { first, unit: PeriodUnit::Day }))) = line.keys.first() {
                *values.entry(*first).or_default() += measure.of_sums(&line.sums);
            }
        }
        let mut used: Vec<f64> = values.values().copied().filter(|value| *value > 0.0).collect();
        used.sort_by(f64::total_cmp);
        let quarter = |n: usize| used.get(used.len() * n / 4).copied().unwrap_or(f64::INFINITY);
        let last = values.keys().next_back().copied().max(day_of(report.now, &report.zone));
        Self { measure, values, quarters: [quarter(1), quarter(2), quarter(3)], last }
    }

    /// The Mondays of the last weeks, at most `limit`; `None` if no day has usage.
    fn weeks(&self, limit: usize) -> Option<Vec<Date>> {
        let first = monday_of(*self.values.keys().next()?);
        let mut monday = monday_of(self.last?);
        let mut weeks = Vec::new();
        while monday >= first && weeks.len() < limit {
            weeks.push(monday);
            monday = monday.checked_sub(1.week()).ok()?;
        }
        weeks.reverse();
        Some(weeks)
    }

    fn shade(&self, day: Date) -> &'static str {
        let value = self.values.get(&day).copied().unwrap_or(0.0);
        let level = if value > 0.0 { 1 + self.quarters.iter().filter(|&&begin| value >= begin).count() } else { 0 };
        SHADES.get(level).copied().unwrap_or("")
    }

    /// Writes the same day of each week.
    fn write_row(&self, weeks: &[Date], place: usize, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let first = self.values.keys().next();
        for (at, monday) in weeks.iter().enumerate() {
            let day = i64::try_from(place).ok().and_then(|place| monday.checked_add(place.days()).ok());
            let inside = day.filter(|day| first.is_some_and(|first| first <= day) && Some(*day) <= self.last);
            let shade = inside.map_or(" ", |day| self.shade(day));
            let cell = Cell::new(shade, if shade == SHADES[0] { Tone::Dim } else { Tone::Good });
            cell.write(&context.view.charset.text(shade), context.view.colour, out)?;
            out.write_all(if at + 1 < weeks.len() { b" " } else { b"\n" })?;
        }
        Ok(())
    }

    fn legend(&self, report: &Report) -> Vec<Cell> {
        let by = match self.measure {
            BarMeasure::Cost => "by cost",
            BarMeasure::Tokens | BarMeasure::Calls => "by tokens",
        };
        let used = self.values.values().filter(|value| **value > 0.0).count();
        let mut parts = vec![
            Cell::new(format!("less {} more, {by}", SHADES.join(" ")), Tone::Text),
            Cell::new(format!("{} of use", count_of(used, "day")), Tone::Text),
            Cell::new(units::tokens(report.totals.usage.total()), Tone::Text),
            Cell::new(cost(Some(&report.totals.spend)), Tone::Strong),
        ];
        let busiest = self.values.iter().max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, value)| **value > 0.0);
        parts.extend(busiest.map(|(day, _)| Cell::new(format!("most on {day}"), Tone::Text)));
        parts
    }
}

/// The names of months above the weeks in which they begin, as far as they fit.
fn months(weeks: &[Date]) -> String {
    let mut line = String::new();
    let mut before = None;
    for (at, monday) in weeks.iter().enumerate() {
        let sunday = monday.checked_add(6.days()).unwrap_or(*monday);
        let is_new = before.is_some_and(|month| month != sunday.month()) || at == 0;
        before = Some(sunday.month());
        if is_new && line.len() <= at * WEEK_COLUMNS {
            line.push_str(&" ".repeat(at * WEEK_COLUMNS - line.len()));
            line.push_str(&sunday.strftime("%b ").to_string());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_named_above_the_week_in_which_it_begins() {
        let first: Date = "2026-08-31".parse().unwrap();
        let weeks: Vec<Date> = (0..10_i64).map(|n| first.checked_add(n.weeks()).unwrap()).collect();
        assert_eq!(months(&weeks), "Sep     Oct     Nov ");
    }
}
