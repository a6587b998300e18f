//! Lines of text in areas of the screen.

use std::borrow::Cow;

use agtop_format::sink::plain;
use agtop_format::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::scale::cols;

/// The end of its area at which a line is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// The line without characters that a terminal acts on; a buffer would pass them on.
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
        // The last column is kept for the ellipsis.
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

    fn drawn(line: &Line<'_>, width: u16, side: Side) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        put(&mut buffer, Rect::new(0, 0, width, 1), line, side);
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn a_line_that_does_not_fit_ends_with_an_ellipsis() {
        let line = Line::from(vec![Span::raw("abc"), Span::raw("def")]);
        assert_eq!(drawn(&line, 6, Side::Left), "abcdef");
        assert_eq!(drawn(&line, 5, Side::Left), "abcd…");
        assert_eq!(drawn(&line, 3, Side::Left), "ab…");
        assert_eq!(drawn(&line, 8, Side::Right), "  abcdef");
    }
}
