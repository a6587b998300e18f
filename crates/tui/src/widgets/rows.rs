use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{bar, put};
use crate::columns::Side;
use crate::look::{Ink, Look};

/// A heading with a dim line to the end of its row: `CPU ────────`.
pub(crate) fn heading(buffer: &mut Buffer, area: Rect, look: &Look, title: &str, value: &str) {
    let used =
        agtop_format::text::width(title) + agtop_format::text::width(value) + if value.is_empty() { 2 } else { 3 };
    let rest = usize::from(area.width).saturating_sub(used);
    let gap = if value.is_empty() { "" } else { " " };
    let line = Line::from(vec![
        look.span(title.to_owned(), Ink::Accent),
        look.span(format!("{gap}{value} "), Ink::Text),
        look.span("─".repeat(rest), Ink::Faint),
    ]);
    put(buffer, Rect { height: 1, ..area }, &line, Side::Left);
}

/// A bar with a label before it and a value behind it.
pub(crate) struct Gauge<'a> {
    pub(crate) label: &'a str,
    pub(crate) label_width: usize,
    pub(crate) share: f64,
    pub(crate) bar_width: usize,
    pub(crate) ink: Ink,
    pub(crate) value: Vec<Span<'a>>,
}

pub(crate) fn gauge<'a>(look: &Look, gauge: Gauge<'a>) -> Line<'a> {
    let label = agtop_format::text::truncate(gauge.label, gauge.label_width).into_owned();
    let mut spans = vec![look.span(agtop_format::text::left(&label, gauge.label_width), Ink::Text), Span::raw(" ")];
    spans.extend(bar(look, gauge.share, gauge.bar_width, gauge.ink));
    spans.push(Span::raw(" "));
    spans.extend(gauge.value);
    Line::from(spans)
}

/// Draws names and what they stand for, one pair a row.
pub(crate) fn pairs(buffer: &mut Buffer, area: Rect, look: &Look, name_width: u16, pairs: &[(String, Line<'_>)]) {
    for (row, (name, value)) in area.rows().zip(pairs) {
        let name_area = Rect { width: name_width.min(row.width), ..row };
        put(buffer, name_area, &Line::from(look.span(name.clone(), Ink::Dim)), Side::Left);
        let shift = (name_width + 1).min(row.width);
        put(buffer, Rect { x: row.x + shift, width: row.width - shift, ..row }, value, Side::Left);
    }
}
