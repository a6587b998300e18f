//! Windows over the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::line::harmless;
use crate::look::{Look, Tone};

/// An area of this size, or less where the screen is smaller, in the middle of the screen.
pub(crate) fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let width = without_sliver(width, screen.width);
    let height = height.min(screen.height.saturating_sub(2));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}

/// A width that leaves either nothing beside a window or enough to be recognised.
const fn without_sliver(width: u16, screen: u16) -> u16 {
    const MIN_REST: u16 = 28;
    if width + MIN_REST > screen { screen } else { width }
}

/// Draws an empty window with a title; returns the area inside.
pub(crate) fn window(look: &Look, area: Rect, title: Line<'static>, buffer: &mut Buffer) -> Rect {
    Clear.render(area, buffer);
    buffer.set_style(area, look.background());
    let mut spans = vec![Span::raw(" ")];
    spans.extend(title.spans);
    spans.push(Span::raw(" "));
    let title = Line::from(spans);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(look.style(Tone::Faint))
        .title(harmless(&title).into_owned());
    let inner = block.inner(area);
    block.render(area, buffer);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}
