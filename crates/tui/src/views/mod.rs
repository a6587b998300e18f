//! The views that are no list of agents or sessions.

mod dashboard;
mod quota;
mod rates;
mod timings;
mod usage;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(crate) use dashboard::draw as dashboard;
pub(crate) use usage::{draw as usage, rows as usage_rows};

use crate::app::{App, ViewId};
use crate::columns::Side;
use crate::look::Ink;
use crate::widgets::put;

/// The first line to which a view that is read can be scrolled at most.
pub(crate) fn last_scroll(app: &App) -> usize {
    let rows = usize::from(crate::layout::zones(app, app.size.area()).main.height);
    let lines = match app.view {
        ViewId::Rates => rates::lines(app, app.size.columns).len(),
        ViewId::Quota => quota::lines(app, app.size.columns).len(),
        ViewId::Agents | ViewId::Sessions | ViewId::Usage => 0,
    };
    lines.saturating_sub(rows)
}

pub(crate) fn rates(app: &App, area: Rect, buffer: &mut Buffer) {
    read(app, area, &rates::lines(app, area.width), buffer);
}

pub(crate) fn quota(app: &App, area: Rect, buffer: &mut Buffer) {
    read(app, area, &quota::lines(app, area.width), buffer);
}

fn read(app: &App, area: Rect, lines: &[Line<'_>], buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    if app.snapshot.is_none() {
        put(buffer, Rect { height: 1, ..inner }, &waiting(app), Side::Left);
    }
    for (row, line) in inner.rows().zip(lines.iter().skip(app.scroll)) {
        put(buffer, row, line, Side::Left);
    }
}

fn waiting(app: &App) -> Line<'static> {
    Line::from(app.look.span("looking for agents", Ink::Dim))
}
