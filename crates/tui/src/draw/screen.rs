use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::App;
use crate::bars;
use crate::dashboard;
use crate::look::{Charset, in_ascii};
use crate::view_id::ViewId;
use crate::views::{draw_text, draw_usage};

/// The fewest columns and rows on which anything of use can be shown.
const MIN_SCREEN: (u16, u16) = (20, 5);

/// Draws the clock into a buffer that holds the rest of the screen.
pub(super) fn draw_clock(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.width >= MIN_SCREEN.0 && area.height >= MIN_SCREEN.1 {
        bars::draw_clock(app.render(), &app.data, app.zones(area).header, buffer);
    }
}

/// Draws the screen into a buffer; returns where the cursor is, if there is one.
pub(super) fn draw_into(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let look = &app.look;
    buffer.set_style(area, look.background());
    if area.width < MIN_SCREEN.0 || area.height < MIN_SCREEN.1 {
        buffer.set_stringn(area.x, area.y, "too small", usize::from(area.width), look.background());
        return None;
    }
    let zones = app.zones(area);
    bars::draw_header(app.render(), &app.data, zones.header, buffer);
    bars::draw_alerts(look, &app.alerts.shown, zones.strip, buffer);
    if let (Some(area), Some(snapshot)) = (zones.dashboard, app.snapshot()) {
        dashboard::draw(app.render(), snapshot, &app.dashboard, area, buffer);
    }
    bars::draw_tabs(look, app.layout.view, &app.lists, zones.tabs, buffer);
    draw_view(app, zones.main, buffer);
    if let Some(area) = zones.panel {
        app.panel().draw(area, buffer);
    }
    if let Some(area) = zones.second_panel {
        app.panel().draw_second(area, buffer);
    }
    app.popup().draw(area, buffer);
    let cursor = app.footer().draw(zones.footer, buffer);
    if look.charset == Charset::Ascii {
        in_ascii(buffer);
    }
    cursor
}

fn draw_view(app: &App, area: Rect, buffer: &mut Buffer) {
    match app.layout.view {
        ViewId::Agents | ViewId::Sessions => {
            if let Some(table) = app.table() {
                table.draw(area, buffer);
            }
        }
        ViewId::Rates | ViewId::Quota => {
            draw_text(&app.look, app.text_lines(area.width).as_deref(), app.scroll, area, buffer);
        }
        ViewId::Usage if app.data.snapshot.is_some() => draw_usage(&app.look, &app.usage, area, buffer),
        ViewId::Usage => {}
    }
}
