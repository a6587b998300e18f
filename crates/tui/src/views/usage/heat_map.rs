//! The cost of each day: a column for each week, a row for each weekday.

use agtop_format::money;
use agtop_model::{PicoUsd, Spend};
use agtop_report::monday_of;
use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::look::{Look, Tone};
use crate::widgets::{Side, cols, heading, put};

/// A heading, the months, seven weekdays, and what the shades mean.
pub(super) const HEAT_MAP_ROWS: u16 = 10;

/// Shades of days: without use, and in the four quarters of days with use, by their cost. One day of $1,420 does not
/// change what the others look like.
const SHADES: [&str; 5] = ["··", "░░", "▒▒", "▓▓", "██"];
/// A day with usage and without a known price.
const UNKNOWN_DAY: &str = "??";
const WEEKDAY_LABELS: [&str; 7] = ["Mon", "   ", "Wed", "   ", "Fri", "   ", "Sun"];
/// Columns of a day.
const DAY_COLUMNS: u16 = 2;
/// Columns of the names of weekdays.
const LABEL_COLUMNS: u16 = 5;
/// Most weeks that are shown: a year.
const MAX_WEEKS: usize = 53;
/// Fewest weeks that are shown.
const MIN_WEEKS: usize = 26;

/// Draws the days up to today, or else up to the last one with use.
pub(super) fn draw_heat(look: &Look, days: &[(Date, Spend)], today: Option<Date>, area: Rect, buffer: &mut Buffer) {
    let Some(((first, _), (newest, _))) = days.first().zip(days.last()) else { return };
    let last = today.map_or(*newest, |today| today.max(*newest));
    let room = usize::from(area.width.saturating_sub(LABEL_COLUMNS) / DAY_COLUMNS).min(MAX_WEEKS);
    let week_count = last.since(*first).map_or(0, |span| span.get_days()) / 7 + 1;
    let weeks = room.min(usize::try_from(week_count).unwrap_or(0).max(MIN_WEEKS));
    let mondays: Vec<Date> = (0..weeks).rev().filter_map(|back| weeks_before(monday_of(last), back)).collect();
    let scale = CostScale::of(days);
    heading(buffer, area, look, "Cost of each day", "");
    let mut rows = area.rows().skip(1);
    if let Some(row) = rows.next() {
        draw_months(look, &mondays, row, buffer);
    }
    for (weekday, (name, row)) in (0_i64..).zip(WEEKDAY_LABELS.into_iter().zip(rows.by_ref())) {
        let mut spans = vec![look.span(format!("{name}  "), Tone::Dim)];
        let dates = mondays.iter().map(|monday| monday.checked_add(jiff::Span::new().days(weekday)).ok());
        spans.extend(dates.map(|date| match date.filter(|date| *date <= last) {
            Some(date) => shade(look, days, date, &scale),
            None => Span::raw("  "),
        }));
        put(buffer, row, &Line::from(spans), Side::Left);
    }
    if let Some(row) = rows.next() {
        put(buffer, row, &legend(look, &scale), Side::Left);
    }
}

fn weeks_before(monday: Date, weeks: usize) -> Option<Date> {
    let days = 7 * i64::try_from(weeks).ok()?;
    monday.checked_sub(jiff::Span::new().days(days)).ok()
}

/// Draws the name of each month above the week in which it begins.
fn draw_months(look: &Look, mondays: &[Date], row: Rect, buffer: &mut Buffer) {
    let mut free = row.x;
    for (at, monday) in mondays.iter().enumerate() {
        let sunday = monday.checked_add(jiff::Span::new().days(6)).unwrap_or(*monday);
        let x = row.x + LABEL_COLUMNS + cols(at) * DAY_COLUMNS;
        if sunday.day() <= 7 && x >= free {
            let name = sunday.strftime("%b").to_string();
            buffer.set_stringn(x, row.y, &name, usize::from(row.right().saturating_sub(x)), look.style(Tone::Dim));
            free = x + cols(name.len()) + 1;
        }
    }
}

/// The costs that separate the shades: the quarters of the days with use.
struct CostScale {
    bounds: [Spend; 3],
    most: Spend,
}

impl CostScale {
    fn of(days: &[(Date, Spend)]) -> Self {
        let all = || days.iter().map(|(_, spend)| *spend);
        let mut used: Vec<Spend> = all().filter(|spend| spend.amount > PicoUsd::ZERO).collect();
        used.sort_by_key(|spend| spend.amount);
        let at_share = |quarter: usize| used.get((used.len() * quarter / 4).min(used.len().saturating_sub(1)));
        let bounds = [1, 2, 3].map(|quarter| at_share(quarter).copied().unwrap_or_default());
        Self { bounds, most: all().max_by_key(Spend::known).unwrap_or_default() }
    }

    fn level(&self, cost: PicoUsd) -> usize {
        if cost <= PicoUsd::ZERO { 0 } else { 1 + self.bounds.iter().filter(|bound| cost >= bound.amount).count() }
    }
}

fn shade(look: &Look, days: &[(Date, Spend)], date: Date, scale: &CostScale) -> Span<'static> {
    let spent = days.binary_search_by_key(&date, |(day, _)| *day).ok().and_then(|at| days.get(at));
    let spent = spent.map(|(_, spend)| *spend).unwrap_or_default();
    if spent.known().is_none() && !spent.is_empty() {
        return look.span(UNKNOWN_DAY, Tone::Dim);
    }
    span_of(look, scale.level(spent.amount))
}

fn span_of(look: &Look, level: usize) -> Span<'static> {
    let tone = if level == 0 { Tone::Faint } else { Tone::Accent };
    look.span(SHADES.get(level).copied().unwrap_or("██"), tone)
}

fn legend(look: &Look, scale: &CostScale) -> Line<'static> {
    let up_to = |spend: &Spend| format!("up to {}", money::parts(spend));
    let [low, middle, high] = &scale.bounds;
    let texts = ["none".to_owned(), up_to(low), up_to(middle), up_to(high), up_to(&scale.most)];
    let mut spans = vec![Span::raw(" ".repeat(usize::from(LABEL_COLUMNS)))];
    for (level, text) in texts.into_iter().enumerate() {
        spans.push(span_of(look, level));
        spans.push(look.span(format!(" {text}   "), Tone::Dim));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(costs: &[f64]) -> Vec<(Date, Spend)> {
        let date = |at: usize| {
            jiff::civil::date(2026, 3, 1).checked_add(jiff::Span::new().days(i64::try_from(at).unwrap())).unwrap()
        };
        let spend = |cost: f64| Spend { amount: PicoUsd::from_usd(cost).unwrap(), ..Spend::default() };
        costs.iter().enumerate().map(|(at, cost)| (date(at), spend(*cost))).collect()
    }

    /// A scale by the highest cost showed all other days as one shade.
    #[test]
    fn one_expensive_day_does_not_flatten_the_others() {
        let days = days(&[1420.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]);
        let scale = CostScale::of(&days);
        let levels: Vec<usize> = days.iter().map(|(_, spend)| scale.level(spend.amount)).collect();
        assert_eq!(levels, [4, 1, 2, 2, 3, 3, 4, 0]);
    }

    #[test]
    fn a_scale_of_no_days_or_of_equal_ones_has_levels() {
        assert_eq!(CostScale::of(&[]).level(PicoUsd::ZERO), 0);
        let same = days(&[2.0, 2.0]);
        assert_eq!(CostScale::of(&same).level(same[0].1.amount), 4);
    }
}
