//! Where things are on the screen: known to what draws and to what the mouse points at.

use ratatui::layout::Rect;

use crate::app::{App, Arranged, ViewId};
use crate::draw;

/// No more columns and rows than these are used: a wall of screens in the smallest letters has fewer.
pub(crate) const MOST_COLUMNS: u16 = 1000;
pub(crate) const MOST_ROWS: u16 = 400;

/// The size of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

impl Size {
    /// The part of a terminal that is used.
    pub(crate) fn used(columns: u16, rows: u16) -> Self {
        Self { columns: columns.min(MOST_COLUMNS), rows: rows.min(MOST_ROWS) }
    }

    pub(crate) const fn area(self) -> Rect {
        Rect { x: 0, y: 0, width: self.columns, height: self.rows }
    }
}

/// The parts of the screen, from top to bottom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zones {
    pub(crate) header: Rect,
    pub(crate) strip: Rect,
    pub(crate) dashboard: Option<Rect>,
    pub(crate) tabs: Rect,
    pub(crate) main: Rect,
    pub(crate) panel: Option<Rect>,
    pub(crate) footer: Rect,
}

/// Divides the screen.
pub(crate) fn zones(app: &App, area: Rect) -> Zones {
    let mut rest = area;
    let header = from_top(&mut rest, draw::header_rows(app, area));
    let strip = from_top(&mut rest, draw::strip_rows(app, area));
    let footer = from_bottom(&mut rest, 1);
    let has_list = matches!(app.view, ViewId::Agents | ViewId::Sessions);
    let dashboard = (app.arranged == Arranged::Dashboard && area.height >= 20)
        .then(|| from_top(&mut rest, (area.height * 2 / 5).clamp(8, 22)));
    let tabs = from_top(&mut rest, 1);
    let panel = (has_list && app.shows_panel()).then(|| from_bottom(&mut rest, (area.height * 3 / 10).clamp(6, 14)));
    Zones { header, strip, dashboard, tabs, main: rest, panel, footer }
}

fn from_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    rest.y += rows;
    rest.height -= rows;
    taken
}

fn from_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect { y: rest.y + rest.height, height: rows, ..*rest }
}
