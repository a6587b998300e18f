//! From the state to a frame. Only what can be seen is formatted.

mod canvas;
mod footer;
mod header;
mod strip;
mod table;
mod tabs;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use canvas::Canvas;
pub(crate) use header::rows as header_rows;
pub(crate) use strip::{alert_at, rows as strip_rows};
pub(crate) use table::EDGE;
pub(crate) use tabs::{around as blanks_around, places as tab_places, view_titles};

use crate::app::{App, ViewId};
use crate::layout::zones;
use crate::look::{Charset, in_ascii};
use crate::{panel, popup, views};

/// Smaller than this, nothing of use can be shown.
const SMALLEST: (u16, u16) = (20, 5);

/// Draws the clock into the picture of a screen that only that has changed of.
fn draw_clock(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.width >= SMALLEST.0 && area.height >= SMALLEST.1 {
        header::draw_clock(app, zones(app, area).header, buffer);
    }
}

/// Draws the screen into a buffer; where the cursor is comes back, if there is one.
pub(crate) fn draw_into(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    buffer.set_style(area, app.look.ground());
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        buffer.set_stringn(area.x, area.y, "too small", usize::from(area.width), app.look.ground());
        return None;
    }
    let zones = zones(app, area);
    header::draw(app, zones.header, buffer);
    strip::draw(app, zones.strip, buffer);
    if let Some(area) = zones.dashboard {
        views::dashboard(app, area, buffer);
    }
    tabs::draw(app, zones.tabs, buffer);
    match app.view {
        ViewId::Agents | ViewId::Sessions => table::draw(app, zones.main, buffer),
        ViewId::Rates => views::rates(app, zones.main, buffer),
        ViewId::Usage => views::usage(app, zones.main, buffer),
        ViewId::Quota => views::quota(app, zones.main, buffer),
    }
    if let Some(area) = zones.panel {
        panel::draw(app, area, buffer);
    }
    popup::draw(app, area, buffer);
    let cursor = footer::draw(app, zones.footer, buffer);
    if app.look.charset == Charset::Ascii {
        in_ascii(buffer);
    }
    cursor
}

#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod tests;
