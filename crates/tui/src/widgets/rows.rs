//! Bars, headings and values, as parts of lines and as lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::line::{Side, put};
use super::scale::steps;
use crate::look::{Look, Tone};

/// A bar of this many columns, filled to `share`. The empty part has another character, so that the end is visible
/// without colours.
pub(crate) fn bar(look: &Look, share: f64, columns: usize, tone: Tone) -> Vec<Span<'static>> {
    let filled = steps(share, columns);
    vec![Span::styled("━".repeat(filled), look.fill(tone)), look.span("─".repeat(columns - filled), Tone::Faint)]
}

/// A right-aligned value. The blanks have no style, which would show as a bar in reverse video.
pub(crate) fn right_aligned(look: &Look, value: String, room: usize, tone: Tone) -> [Span<'static>; 2] {
    let blanks = room.saturating_sub(agtop_format::text::width(&value));
    [Span::raw(" ".repeat(blanks)), look.span(value, tone)]
}

/// A heading with a dim line to the end of its row: `CPU ────────`.
pub(crate) fn heading(buffer: &mut Buffer, area: Rect, look: &Look, title: &str, value: &str) {
    let used =
        agtop_format::text::width(title) + agtop_format::text::width(value) + if value.is_empty() { 2 } else { 3 };
    let rest = usize::from(area.width).saturating_sub(used);
    let gap = if value.is_empty() { "" } else { " " };
    let line = Line::from(vec![
        look.span(title.to_owned(), Tone::Accent),
        look.span(format!("{gap}{value} "), Tone::Text),
        look.span("─".repeat(rest), Tone::Faint),
    ]);
    put(buffer, Rect { height: 1, ..area }, &line, Side::Left);
}

/// A bar between a label and a value.
pub(crate) struct Gauge<'a> {
    pub(crate) label: &'a str,
    pub(crate) label_width: usize,
    pub(crate) share: f64,
    pub(crate) bar_width: usize,
    pub(crate) tone: Tone,
    pub(crate) value: Vec<Span<'static>>,
}

pub(crate) fn gauge(look: &Look, gauge: Gauge<'_>) -> Line<'static> {
    let label = agtop_format::text::truncate(gauge.label, gauge.label_width).into_owned();
    let mut spans = vec![look.span(agtop_format::text::left(&label, gauge.label_width), Tone::Text), Span::raw(" ")];
    spans.extend(bar(look, gauge.share, gauge.bar_width, gauge.tone));
    spans.push(Span::raw(" "));
    spans.extend(gauge.value);
    Line::from(spans)
}

/// Draws names and values, one pair in each row.
pub(crate) fn pairs(buffer: &mut Buffer, area: Rect, look: &Look, name_width: u16, pairs: &[(String, Line<'_>)]) {
    for (row, (name, value)) in area.rows().zip(pairs) {
        let name_area = Rect { width: name_width.min(row.width), ..row };
        put(buffer, name_area, &Line::from(look.span(name.clone(), Tone::Dim)), Side::Left);
        let shift = (name_width + 1).min(row.width);
        put(buffer, Rect { x: row.x + shift, width: row.width - shift, ..row }, value, Side::Left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{Charset, ColorDepth, theme};

    fn look() -> Look {
        Look { theme: theme("dark").unwrap(), depth: ColorDepth::None, charset: Charset::Unicode }
    }

    #[test]
    fn a_bar_shows_at_least_one_column_and_at_most_all() {
        let filled = |share| bar(&look(), share, 10, Tone::Good)[0].width();
        let cases = [(0.0, 0), (0.001, 1), (0.5, 5), (1.0, 10), (7.0, 10), (-1.0, 0), (f64::NAN, 0)];
        for (share, expected) in cases {
            assert_eq!(filled(share), expected, "{share}");
        }
    }
}
