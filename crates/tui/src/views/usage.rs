use agtop_format::{money, text, units};
use agtop_model::{PicoUsd, Spend};
use jiff::civil::Date;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{App, By, Sum, Within};
use crate::columns::Side;
use crate::look::{Ink, Look};
use crate::widgets::{bar, heading, put};

/// Rows of the heat map, with its heading and a blank row above it.
const HEAT_ROWS: u16 = 9;

/// Rows of sums on an area: the rest is what they are, and the heat map where there is room for it.
pub(crate) fn rows(area: Rect) -> u16 {
    area.height.saturating_sub(2 + heat_rows(area))
}

const fn heat_rows(area: Rect) -> u16 {
    if area.height >= 22 { HEAT_ROWS } else { 0 }
}

pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if app.snapshot.is_none() {
        return;
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    put(buffer, Rect { height: 1, ..inner }, &trail(app), Side::Left);
    put(buffer, Rect { y: inner.y + 1, height: 1, ..inner }, &headings(app, inner.width), Side::Left);
    let list = Rect { y: inner.y + 2, height: rows(area).min(inner.height.saturating_sub(2)), ..inner };
    draw_sums(app, list, area, buffer);
    if heat_rows(area) > 0 {
        let heat = Rect { y: area.bottom() - HEAT_ROWS + 1, height: HEAT_ROWS - 1, ..inner };
        draw_heat(&app.look, &app.usage.days, heat, buffer);
    }
}

/// By what sums are, and what one has looked into.
fn trail(app: &App) -> Line<'static> {
    let look = &app.look;
    let mut spans = vec![look.span("by ", Ink::Dim)];
    for by in app.usage.choices() {
        let name = if by == By::Period { app.usage.period.name() } else { by.name() };
        let ink = if by == app.usage.by { Ink::Accent } else { Ink::Dim };
        spans.push(look.span(format!("{name}  "), ink));
    }
    for (within, _, _) in &app.usage.path {
        let name = match within {
            Within::Period(period) => period.clone(),
            Within::Model(model) => {
                let name = model.as_deref().unwrap_or("unknown");
                agtop_model::Untrusted::from(name).for_terminal().into_owned()
            }
            Within::Client(client) => client.as_str().to_owned(),
            Within::Project(project) => project.clone(),
        };
        spans.push(look.span(format!("  › {name}"), Ink::Text));
    }
    Line::from(spans)
}

/// Columns of the label.
fn label_width(width: u16) -> usize {
    if width >= 90 { 24 } else { 16 }
}

/// Columns of what was spent: more where a subscription covers something of it, and that is marked.
fn cost_width(sums: &[Sum], width: u16) -> usize {
    let is_covered = sums.iter().any(|sum| sum.spend.covered != PicoUsd::ZERO);
    match width {
        100.. if is_covered => 22,
        62.. if is_covered => 13,
        _ => 9,
    }
}

fn headings(app: &App, width: u16) -> Line<'static> {
    let text = format!(
        "{} {}{:>9}{:>9}{:>11}",
        text::left("", label_width(width)),
        text::right("COST", cost_width(&app.usage.sums, width)),
        "TOKENS",
        "OUTPUT",
        "RESPONSES"
    );
    Line::from(app.look.span(text, Ink::Dim))
}

fn draw_sums(app: &App, list: Rect, area: Rect, buffer: &mut Buffer) {
    let usage = &app.usage;
    let weight = weights(&usage.sums);
    let most = usage.sums.iter().map(weight).fold(0.0, f64::max);
    let room = Room { width: list.width, cost: cost_width(&usage.sums, list.width) };
    let share = |sum: &Sum| if most > 0.0 { weight(sum) / most } else { 0.0 };
    for ((row, sum), at) in list.rows().zip(usage.sums.iter().skip(usage.offset)).zip(usage.offset..) {
        put(buffer, row, &sum_line(&app.look, sum, share(sum), room), Side::Left);
        if at == usage.index {
            buffer.set_style(Rect { x: area.x, width: area.width, ..row }, app.look.selected());
        }
    }
    if usage.sums.is_empty() {
        put(buffer, list, &Line::from(app.look.span("nothing was used", Ink::Faint)), Side::Left);
    }
}

/// What bars compare: money, or tokens where no price is known at all.
fn weights(sums: &[Sum]) -> fn(&Sum) -> f64 {
    if sums.iter().any(|sum| sum.spend.amount != PicoUsd::ZERO) {
        |sum| sum.spend.amount.as_usd()
    } else {
        |sum| sum.tokens as f64
    }
}

/// Columns of a line, and those of them that what was spent has.
#[derive(Clone, Copy)]
struct Room {
    width: u16,
    cost: usize,
}

fn sum_line(look: &Look, sum: &Sum, share: f64, Room { width, cost: cost_width }: Room) -> Line<'static> {
    let name = text::truncate(&sum.label, label_width(width)).into_owned();
    let cost = money::spend(&sum.spend);
    let mut spans: Vec<Span<'static>> = vec![
        look.span(format!("{} ", text::left(&name, label_width(width))), Ink::Text),
        look.span(text::right(&money::within(&cost, cost_width, &sum.spend), cost_width), Ink::Text),
        look.span(
            format!("{:>9}{:>9}{:>11}  ", units::count(sum.tokens), units::count(sum.output), sum.turns),
            Ink::Dim,
        ),
    ];
    let room = usize::from(width).saturating_sub(label_width(width) + 34 + cost_width).min(80);
    spans.extend(bar(look, share, room, Ink::Accent));
    Line::from(spans)
}

/// Shades of a day, from nothing to the dearest day, by the root of what was spent: one dear day shall not hide all others.
const SHADES: [&str; 5] = ["··", "░░", "▒▒", "▓▓", "██"];
/// A day on which nothing that was used has a known price.
const UNKNOWN_DAY: &str = "??";
const DAYS: [&str; 7] = ["Mon", "   ", "Wed", "   ", "Fri", "   ", "Sun"];

/// A column a week, a row a day, the darker the dearer.
fn draw_heat(look: &Look, days: &[(Date, Spend)], area: Rect, buffer: &mut Buffer) {
    let Some((last, _)) = days.last() else { return };
    let first = days.first().map_or(*last, |(day, _)| *day);
    let told = last.since(first).map_or(0, |span| span.get_days()) / 7 + 1;
    let room = usize::from(area.width.saturating_sub(5) / 2).min(53);
    let weeks = room.min(usize::try_from(told).unwrap_or(0).max(26));
    let dearest = days.iter().map(|(_, spend)| spend).max_by_key(|spend| spend.known()).copied().unwrap_or_default();
    heading(buffer, area, look, "Daily cost,", &format!("up to {}", money::parts(&dearest)));
    let monday = last.checked_sub(jiff::Span::new().days(last.weekday().to_monday_zero_offset())).unwrap_or(*last);
    for (weekday, (row, name)) in (0_i64..).zip(area.rows().skip(1).zip(DAYS)) {
        let mut spans = vec![look.span(format!("{name}  "), Ink::Dim)];
        for back in (0..weeks).rev() {
            let shift = weekday - 7 * i64::try_from(back).unwrap_or(0);
            let date = monday.checked_add(jiff::Span::new().days(shift)).unwrap_or(monday);
            spans.push(shade(look, days, date, *last, dearest.amount));
        }
        put(buffer, row, &Line::from(spans), Side::Left);
    }
}

fn shade(look: &Look, days: &[(Date, Spend)], date: Date, last: Date, dearest: PicoUsd) -> Span<'static> {
    if date > last {
        return Span::raw("  ");
    }
    let spent = days.binary_search_by_key(&date, |(day, _)| *day).ok().and_then(|at| days.get(at));
    let spent = spent.map(|(_, spend)| *spend).unwrap_or_default();
    if spent.known().is_none() && !spent.is_empty() {
        return look.span(UNKNOWN_DAY, Ink::Dim);
    }
    let share = spent.amount.as_usd() / dearest.as_usd().max(f64::MIN_POSITIVE);
    let level = crate::widgets::steps(share.sqrt(), SHADES.len() - 1);
    let ink = if level == 0 { Ink::Faint } else { Ink::Accent };
    look.span(SHADES.get(level).copied().unwrap_or("██"), ink)
}
