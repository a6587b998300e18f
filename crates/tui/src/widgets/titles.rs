//! Titles of tabs in a row, on a horizontal line.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::line::{Side, put};
use super::scale::cols;
use crate::look::{Look, Tone};

/// The columns of each title in a row.
pub(crate) fn title_places(area: Rect, titles: &[String]) -> Vec<Range<u16>> {
    let mut x = area.x + 1;
    titles
        .iter()
        .map(|title| {
            let start = x;
            let end = start + cols(agtop_format::text::width(title));
            x = end + 3;
            start..end
        })
        .collect()
}

/// Draws titles on a horizontal line, the one at `selected` highlighted. A title that does not fit is left out.
pub(crate) fn draw_titles(look: &Look, titles: &[String], selected: Option<usize>, area: Rect, buffer: &mut Buffer) {
    let rule = "─".repeat(usize::from(area.width));
    put(buffer, area, &Line::from(look.span(rule, Tone::Faint)), Side::Left);
    for (at, (place, title)) in title_places(area, titles).into_iter().zip(titles).enumerate() {
        let style = if Some(at) == selected {
            look.bold(Tone::Accent).add_modifier(Modifier::UNDERLINED)
        } else {
            look.style(Tone::Dim)
        };
        if place.end < area.right() {
            // A blank on either side separates the title from the line.
            for x in [place.start.saturating_sub(1), place.end] {
                buffer.set_stringn(x, area.y, " ", 1, look.background());
            }
            buffer.set_stringn(place.start, area.y, title, usize::from(area.width), style);
        }
    }
}
