use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::look::{Look, Tone};
use crate::widgets::{Side, put};

/// Draws the lines of a view that is scrolled and not selected from; `None` before the first snapshot.
pub(crate) fn draw_text(look: &Look, lines: Option<&[Line<'_>]>, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let Some(lines) = lines else {
        let waiting = Line::from(look.span("looking for agents", Tone::Dim));
        put(buffer, Rect { height: 1, ..inner }, &waiting, Side::Left);
        return;
    };
    for (row, line) in inner.rows().zip(lines.iter().skip(scroll)) {
        put(buffer, row, line, Side::Left);
    }
}
