use std::collections::BTreeMap;
use std::io::{Result, Write};

use agtop_format::units;
use agtop_report::{Key, Period, Report, Unit};
use agtop_report::{day_of, monday_of};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::cell::{Cell, cost, write_parts};
use crate::notes::{about_money, number};
use crate::report::text::{Measure, heading};
use crate::report::{Format, Page};
use crate::tone::Tone;

/// Days as a calendar: a column a week, a row a day of the week, darker where more was used.
pub(super) struct Graph;

/// More weeks than a year has are not shown.
const MOST_WEEKS: usize = 53;
/// Columns before the first week, and of each week.
const MARGIN: usize = 4;
const WEEK: usize = 2;
/// From nothing to the dearest quarter of days.
const SHADES: [&str; 5] = ["·", "░", "▒", "▓", "█"];
const WEEKDAYS: [&str; 7] = ["Mon", "", "Wed", "", "Fri", "", "Sun"];

impl Format for Graph {
    fn id(&self) -> &'static str {
        "graph"
    }

    fn write(&self, report: &Report, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        write_parts(&heading(report), page.view, out)?;
        let days = Days::of(report);
        let room = page.view.width.unwrap_or(usize::MAX).saturating_sub(MARGIN) / WEEK;
        if let Some(weeks) = days.weeks(room.clamp(1, MOST_WEEKS)) {
            writeln!(out, "{:MARGIN$}{}", "", months(&weeks).trim_end())?;
            for (place, name) in WEEKDAYS.iter().enumerate() {
                write!(out, "{name:MARGIN$}")?;
                days.write_row(&weeks, place, page, out)?;
            }
        }
        write_parts(&days.legend(report), page.view, out)?;
        write_parts(&about_money(page.prices, &report.totals.spend, report.totals.covered), page.view, out)
    }
}

/// What each day came to.
struct Days {
    measure: Measure,
    values: BTreeMap<Date, f64>,
    /// Where the second, third and fourth quarter of used days begin.
    quarters: [f64; 3],
    last: Option<Date>,
}

impl Days {
    fn of(report: &Report) -> Self {
        let measure = Measure::of(&report.lines);
        let mut values: BTreeMap<Date, f64> = BTreeMap::new();
        for line in &report.lines {
            if let Some(Key::Period(Some(Period { first, unit: Unit::Day }))) = line.keys.first() {
                *values.entry(*first).or_default() += measure.of_sums(&line.sums);
            }
        }
        let mut used: Vec<f64> = values.values().copied().filter(|value| *value > 0.0).collect();
        used.sort_by(f64::total_cmp);
        let quarter = |n: usize| used.get(used.len() * n / 4).copied().unwrap_or(f64::INFINITY);
        let last = values.keys().next_back().copied().max(day_of(report.now, &report.zone));
        Self { measure, values, quarters: [quarter(1), quarter(2), quarter(3)], last }
    }

    /// The Mondays of the last weeks, at most so many; `None` where no day was used.
    fn weeks(&self, most: usize) -> Option<Vec<Date>> {
        let first = monday_of(*self.values.keys().next()?);
        let mut monday = monday_of(self.last?);
        let mut weeks = Vec::new();
        while monday >= first && weeks.len() < most {
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

    /// One day of each week.
    fn write_row(&self, weeks: &[Date], place: usize, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let first = self.values.keys().next();
        for (at, monday) in weeks.iter().enumerate() {
            let day = i64::try_from(place).ok().and_then(|place| monday.checked_add(place.days()).ok());
            let inside = day.filter(|day| first.is_some_and(|first| first <= day) && Some(*day) <= self.last);
            let shade = inside.map_or(" ", |day| self.shade(day));
            let cell = Cell::new(shade, if shade == SHADES[0] { Tone::Dim } else { Tone::Good });
            cell.write(shade, page.view.colour, out)?;
            out.write_all(if at + 1 < weeks.len() { b" " } else { b"\n" })?;
        }
        Ok(())
    }

    fn legend(&self, report: &Report) -> Vec<Cell> {
        let by = match self.measure {
            Measure::Cost => "by cost",
            Measure::Tokens | Measure::Calls => "by tokens",
        };
        let used = self.values.values().filter(|value| **value > 0.0).count();
        let mut parts = vec![
            Cell::new(format!("less {} more, {by}", SHADES.join(" ")), Tone::Text),
            Cell::new(format!("{} of use", number(used, "day")), Tone::Text),
            Cell::new(format!("{} tokens", units::count(report.totals.usage.total())), Tone::Text),
            Cell::new(cost(Some(&report.totals.spend)), Tone::Strong),
        ];
        let busiest = self.values.iter().max_by(|a, b| a.1.total_cmp(b.1)).filter(|(_, value)| **value > 0.0);
        parts.extend(busiest.map(|(day, _)| Cell::new(format!("most on {day}"), Tone::Text)));
        parts
    }
}

/// The names of months above the weeks in which they begin, where there is room for them.
fn months(weeks: &[Date]) -> String {
    let mut line = String::new();
    let mut before = None;
    for (at, monday) in weeks.iter().enumerate() {
        let sunday = monday.checked_add(6.days()).unwrap_or(*monday);
        let is_new = before.is_some_and(|month| month != sunday.month()) || at == 0;
        before = Some(sunday.month());
        if is_new && line.len() <= at * WEEK {
            line.push_str(&" ".repeat(at * WEEK - line.len()));
            line.push_str(&sunday.strftime("%b ").to_string());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_stand_above_the_weeks_in_which_they_begin() {
        let first: Date = "2026-08-31".parse().unwrap();
        let weeks: Vec<Date> = (0..10_i64).map(|n| first.checked_add(n.weeks()).unwrap()).collect();
        assert_eq!(months(&weeks), "Sep     Oct     Nov ");
    }
}
