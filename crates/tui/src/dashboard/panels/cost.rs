use std::collections::BTreeMap;

use agtop_format::{money, text, units};
use agtop_model::{PicoUsd, Spend};
use jiff::civil::Date;
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::{spent_today, today};
use crate::look::Tone;
use crate::widgets::{Chart, Gradient};

/// Most days of the chart.
const MAX_DAYS: usize = 60;
/// Columns of an amount.
const AMOUNT_COLUMNS: usize = 12;

/// The cost of today and per hour, of the last days as a chart, and of today by model.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let date = today(input.snapshot, input.render.zone);
    let spent = spent_today(input.snapshot, &date);
    let hour = input.snapshot.rates.five_minutes().spend_per_hour().unwrap_or_default();
    let days = days(input, &date);
    let top = days.iter().copied().fold(0.0, f64::max);
    let count = days.len();
    // Each day is as wide as there is room for, so that the days fill the panel.
    let width = (Chart::points_in(input.columns) / count.max(1)).max(1);
    let values = days.iter().flat_map(|cost| std::iter::repeat_n(*cost, width)).collect();
    PanelContent {
        value: vec![
            look.span(money::parts(&spent), Tone::Strong),
            look.span(" today  ", Tone::Dim),
            look.span(money::parts_per_hour(&hour), Tone::Text),
        ],
        note: format!("max {}  {count} days", PicoUsd::from_usd(top).map_or_else(String::new, units::money)),
        chart: Some(Chart { values, top, gradient: Gradient::Amount }),
        lines: models(input, &date),
        ..PanelContent::default()
    }
}

/// The cost of each of the last days in dollars, days without use included.
fn days(input: &PanelInput<'_>, today: &str) -> Vec<f64> {
    let mut costs: BTreeMap<Date, f64> = BTreeMap::new();
    for day in &input.snapshot.totals.by_day {
        if let Ok(date) = day.day.parse::<Date>() {
            *costs.entry(date).or_default() += day.spend.spend.known().map_or(0.0, PicoUsd::as_usd);
        }
    }
    let (Ok(end), Some(first)) = (today.parse::<Date>(), costs.keys().next().copied()) else { return Vec::new() };
    let most = Chart::points_in(input.columns).min(MAX_DAYS);
    let mut days: Vec<f64> = std::iter::successors(Some(end), |date| date.yesterday().ok())
        .take_while(|date| *date >= first)
        .take(most)
        .map(|date| costs.get(&date).copied().unwrap_or(0.0))
        .collect();
    days.reverse();
    days
}

/// What each model cost today, the most expensive first.
fn models(input: &PanelInput<'_>, today: &str) -> Vec<Line<'static>> {
    let look = input.render.look;
    let mut costs: BTreeMap<String, Spend> = BTreeMap::new();
    for day in input.snapshot.totals.by_day.iter().rev().take_while(|day| day.day == today || day.day == "unknown") {
        if day.day == today {
            let name = day.spend.model.as_deref().unwrap_or("unknown");
            let name = agtop_model::Untrusted::from(name).for_terminal().into_owned();
            *costs.entry(name).or_default() += day.spend.spend;
        }
    }
    let mut costs: Vec<(String, Spend)> = costs.into_iter().collect();
    costs.sort_by_key(|(_, spend)| std::cmp::Reverse(spend.known()));
    let room = usize::from(input.columns).saturating_sub(AMOUNT_COLUMNS + 1);
    let line = |(name, spend): (String, Spend)| {
        let amount = money::spend(&spend);
        Line::from(vec![
            look.span(text::left(&text::truncate(&name, room), room), Tone::Text),
            look.span(format!(" {amount:>AMOUNT_COLUMNS$}"), Tone::Text),
        ])
    };
    costs.into_iter().map(line).collect()
}
