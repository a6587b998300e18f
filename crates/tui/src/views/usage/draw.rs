use agtop_format::{money, text, units};
use agtop_model::{PicoUsd, Spend};
use agtop_report::monday_of;
use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::grouping::{UsageGrouping, UsageScope};
use super::state::UsageState;
use super::sum::UsageSum;
use crate::look::{Look, Tone};
use crate::widgets::{Side, bar, heading, put, steps};

/// Rows of the heat map, with its heading and a blank row above it.
const HEAT_MAP_ROWS: u16 = 9;

/// Rows of sums in an area. The rest is for headings, and for the heat map where there is room for it.
pub(crate) fn rows(area: Rect) -> u16 {
    area.height.saturating_sub(2 + heat_rows(area))
}

const fn heat_rows(area: Rect) -> u16 {
    if area.height >= 22 { HEAT_MAP_ROWS } else { 0 }
}

pub(crate) fn draw(look: &Look, usage: &UsageState, area: Rect, buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    put(buffer, Rect { height: 1, ..inner }, &trail(look, usage), Side::Left);
    put(buffer, Rect { y: inner.y + 1, height: 1, ..inner }, &headings(look, usage, inner.width), Side::Left);
    let list = Rect { y: inner.y + 2, height: rows(area).min(inner.height.saturating_sub(2)), ..inner };
    draw_sums(look, usage, list, area, buffer);
    if heat_rows(area) > 0 {
        let heat = Rect { y: area.bottom() - HEAT_MAP_ROWS + 1, height: HEAT_MAP_ROWS - 1, ..inner };
        draw_heat(look, &usage.days, heat, buffer);
    }
}

/// The groupings and the open groups.
fn trail(look: &Look, usage: &UsageState) -> Line<'static> {
    let mut spans = vec![look.span("by ", Tone::Dim)];
    for by in usage.choices() {
        let name = if by == UsageGrouping::Period { usage.period.name() } else { by.name() };
        let tone = if by == usage.by { Tone::Accent } else { Tone::Dim };
        spans.push(look.span(format!("{name}  "), tone));
    }
    for (within, _, _) in &usage.path {
        let name = match within {
            UsageScope::Period(period) => period.clone(),
            UsageScope::Model(model) => {
                let name = model.as_deref().unwrap_or("unknown");
                agtop_model::Untrusted::from(name).for_terminal().into_owned()
            }
            UsageScope::Client(client) => client.as_str().to_owned(),
            UsageScope::Project(project) => project.clone(),
        };
        spans.push(look.span(format!("  › {name}"), Tone::Text));
    }
    Line::from(spans)
}

/// Columns of the label.
fn label_width(width: u16) -> usize {
    if width >= 90 { 24 } else { 16 }
}

/// Columns of costs: more where a subscription covers a part, which is marked.
fn cost_width(sums: &[UsageSum], width: u16) -> usize {
    let is_covered = sums.iter().any(|sum| sum.spend.covered != PicoUsd::ZERO);
    match width {
        100.. if is_covered => 22,
        62.. if is_covered => 13,
        _ => 9,
    }
}

fn headings(look: &Look, usage: &UsageState, width: u16) -> Line<'static> {
    let text = format!(
        "{} {}{:>9}{:>9}{:>11}",
        text::left("", label_width(width)),
        text::right("COST", cost_width(&usage.sums, width)),
        "TOKENS",
        "OUTPUT",
        "RESPONSES"
    );
    Line::from(look.span(text, Tone::Dim))
}

fn draw_sums(look: &Look, usage: &UsageState, list: Rect, area: Rect, buffer: &mut Buffer) {
    let weight = weights(&usage.sums);
    let most = usage.sums.iter().map(weight).fold(0.0, f64::max);
    let room = LineWidths { width: list.width, cost: cost_width(&usage.sums, list.width) };
    let share = |sum: &UsageSum| if most > 0.0 { weight(sum) / most } else { 0.0 };
    for ((row, sum), at) in list.rows().zip(usage.sums.iter().skip(usage.offset)).zip(usage.offset..) {
        put(buffer, row, &sum_line(look, sum, share(sum), room), Side::Left);
        if at == usage.index {
            buffer.set_style(Rect { x: area.x, width: area.width, ..row }, look.selected());
        }
    }
    if usage.sums.is_empty() {
        put(buffer, list, &Line::from(look.span("no usage", Tone::Faint)), Side::Left);
    }
}

/// What bars compare: costs, or tokens where no price is known.
fn weights(sums: &[UsageSum]) -> fn(&UsageSum) -> f64 {
    if sums.iter().any(|sum| sum.spend.amount != PicoUsd::ZERO) {
        |sum| sum.spend.amount.as_usd()
    } else {
        |sum| sum.tokens as f64
    }
}

/// Columns of a line, and of its cost.
#[derive(Clone, Copy)]
struct LineWidths {
    width: u16,
    cost: usize,
}

fn sum_line(
    look: &Look,
    sum: &UsageSum,
    share: f64,
    LineWidths { width, cost: cost_width }: LineWidths,
) -> Line<'static> {
    let name = text::truncate(&sum.label, label_width(width)).into_owned();
    let cost = money::spend(&sum.spend);
    let mut spans: Vec<Span<'static>> = vec![
        look.span(format!("{} ", text::left(&name, label_width(width))), Tone::Text),
        look.span(text::right(&money::within(&cost, cost_width, &sum.spend), cost_width), Tone::Text),
        look.span(
            format!("{:>9}{:>9}{:>11}  ", units::count(sum.tokens), units::count(sum.output), sum.turns),
            Tone::Dim,
        ),
    ];
    let room = usize::from(width).saturating_sub(label_width(width) + 34 + cost_width).min(80);
    spans.extend(bar(look, share, room, Tone::Accent));
    Line::from(spans)
}

/// Shades of days, by the square root of the cost, so that one expensive day does not hide all others.
const SHADES: [&str; 5] = ["··", "░░", "▒▒", "▓▓", "██"];
/// A day with usage and without a known price.
const UNKNOWN_DAY: &str = "??";
const WEEKDAY_LABELS: [&str; 7] = ["Mon", "   ", "Wed", "   ", "Fri", "   ", "Sun"];

/// Draws the heat map: a column for each week, a row for each weekday, darker for a higher cost.
fn draw_heat(look: &Look, days: &[(Date, Spend)], area: Rect, buffer: &mut Buffer) {
    let Some((last, _)) = days.last() else { return };
    let first = days.first().map_or(*last, |(day, _)| *day);
    let week_count = last.since(first).map_or(0, |span| span.get_days()) / 7 + 1;
    let room = usize::from(area.width.saturating_sub(5) / 2).min(53);
    let weeks = room.min(usize::try_from(week_count).unwrap_or(0).max(26));
    let most_expensive =
        days.iter().map(|(_, spend)| spend).max_by_key(|spend| spend.known()).copied().unwrap_or_default();
    heading(buffer, area, look, "Daily cost,", &format!("up to {}", money::parts(&most_expensive)));
    let monday = monday_of(*last);
    for (weekday, (row, name)) in (0_i64..).zip(area.rows().skip(1).zip(WEEKDAY_LABELS)) {
        let mut spans = vec![look.span(format!("{name}  "), Tone::Dim)];
        for back in (0..weeks).rev() {
            let shift = weekday - 7 * i64::try_from(back).unwrap_or(0);
            let date = monday.checked_add(jiff::Span::new().days(shift)).unwrap_or(monday);
            spans.push(shade(look, days, date, *last, most_expensive.amount));
        }
        put(buffer, row, &Line::from(spans), Side::Left);
    }
}

fn shade(look: &Look, days: &[(Date, Spend)], date: Date, last: Date, most_expensive: PicoUsd) -> Span<'static> {
    if date > last {
        return Span::raw("  ");
    }
    let spent = days.binary_search_by_key(&date, |(day, _)| *day).ok().and_then(|at| days.get(at));
    let spent = spent.map(|(_, spend)| *spend).unwrap_or_default();
    if spent.known().is_none() && !spent.is_empty() {
        return look.span(UNKNOWN_DAY, Tone::Dim);
    }
    let share = spent.amount.as_usd() / most_expensive.as_usd().max(f64::MIN_POSITIVE);
    let level = steps(share.sqrt(), SHADES.len() - 1);
    let tone = if level == 0 { Tone::Faint } else { Tone::Accent };
    look.span(SHADES.get(level).copied().unwrap_or("██"), tone)
}
