//! Bars, lines of blocks, and text that fits.

mod graph;
mod rows;

use std::borrow::Cow;

use agtop_format::sink::plain;
use agtop_format::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(crate) use graph::{graph, spark};
pub(crate) use rows::{Gauge, gauge, heading, pairs};

use crate::columns::Side;
use crate::look::{Ink, Look};

/// A number of pieces: what is negative or no number is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, which is right here")]
pub(crate) fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// A length on the screen.
pub(crate) fn cols(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// How many of `steps` a share from 0 to 1 fills; a share above nothing fills one at least.
pub(crate) fn steps(share: f64, steps: usize) -> usize {
    if share.is_nan() || share <= 0.0 {
        return 0;
    }
    let filled = usize::try_from(whole((share.min(1.0) * steps as f64).round())).unwrap_or(steps);
    filled.clamp(usize::from(steps > 0), steps)
}

/// A bar of that many columns, filled to `share`. The empty part is another line, so that the end can be seen without
/// colours.
pub(crate) fn bar(look: &Look, share: f64, columns: usize, ink: Ink) -> Vec<Span<'static>> {
    let filled = steps(share, columns);
    vec![Span::styled("━".repeat(filled), look.fill(ink)), look.span("─".repeat(columns - filled), Ink::Faint)]
}

/// The line without what a terminal acts on, whoever wrote it. Cells hold what they are given, tags and all.
pub(crate) fn harmless<'a>(line: &'a Line<'_>) -> Cow<'a, Line<'a>> {
    if line.spans.iter().all(|span| matches!(plain(&span.content), Cow::Borrowed(_))) {
        return Cow::Borrowed(line);
    }
    let spans = line.spans.iter().map(|span| Span::styled(plain(&span.content), span.style));
    Cow::Owned(Line::from(spans.collect::<Vec<_>>()).style(line.style))
}

/// Draws a line in an area one row high, cut with `…` where it does not fit.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, line: &Line<'_>, side: Side) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let line = &harmless(line);
    let (room, width) = (usize::from(area.width), line.width());
    if width <= room {
        let x = if side == Side::Right { area.x + cols(room - width) } else { area.x };
        buffer.set_line(x, area.y, line, area.width);
        return;
    }
    let mut x = area.x;
    for span in &line.spans {
        let left = usize::from(area.right().saturating_sub(x));
        // The last character of the room is kept for the sign that something is missing.
        let is_cut = span.width() > left || (span.width() == left && !is_last(line, span));
        let shown = if is_cut { text::truncate(&span.content, left.max(1)) } else { span.content.as_ref().into() };
        let shown = if is_cut && !shown.ends_with('…') { ellipsis(&shown, left) } else { shown.into_owned() };
        let (end, _) = buffer.set_stringn(x, area.y, shown, left, span.style);
        x = end;
        if is_cut {
            return;
        }
    }
}

fn is_last(line: &Line<'_>, span: &Span<'_>) -> bool {
    line.spans.last().is_some_and(|last| std::ptr::eq(last, span))
}

fn ellipsis(cut: &str, room: usize) -> String {
    let longer = format!("{cut}  ");
    text::truncate(&longer, room).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{Charset, Depth, theme};

    fn look() -> Look {
        Look { theme: theme("dark").unwrap(), depth: Depth::None, charset: Charset::Unicode }
    }

    fn drawn(line: &Line<'_>, width: u16, side: Side) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        put(&mut buffer, Rect::new(0, 0, width, 1), line, side);
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_sign_of_it() {
        let line = Line::from(vec![Span::raw("abc"), Span::raw("def")]);
        assert_eq!(drawn(&line, 6, Side::Left), "abcdef");
        assert_eq!(drawn(&line, 5, Side::Left), "abcd…");
        assert_eq!(drawn(&line, 3, Side::Left), "ab…");
        assert_eq!(drawn(&line, 8, Side::Right), "  abcdef");
    }

    #[test]
    fn a_bar_shows_that_there_is_something_and_never_more_than_all() {
        let filled = |share| bar(&look(), share, 10, Ink::Good)[0].width();
        let cases = [(0.0, 0), (0.001, 1), (0.5, 5), (1.0, 10), (7.0, 10), (-1.0, 0), (f64::NAN, 0)];
        for (share, expected) in cases {
            assert_eq!(filled(share), expected, "{share}");
        }
    }
}
