//! The division of the screen: a pure function of sizes.

use ratatui::layout::Rect;

use super::mode::LayoutMode;

/// The most columns and rows that agtop uses. Even a wall of displays with a small font has fewer.
pub(crate) const MAX_COLUMNS: u16 = 1000;
pub(crate) const MAX_ROWS: u16 = 400;

/// The size of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

impl Size {
    /// The part of a terminal that is used.
    pub(crate) fn used(columns: u16, rows: u16) -> Self {
        Self { columns: columns.min(MAX_COLUMNS), rows: rows.min(MAX_ROWS) }
    }

    pub(crate) const fn area(self) -> Rect {
        Rect { x: 0, y: 0, width: self.columns, height: self.rows }
    }
}

/// Fewest columns of a screen whose panel is beside the list instead of below it.
const MIN_COLUMNS_FOR_SIDE_PANEL: u16 = 200;
/// Fewest rows of a second panel, below the list.
const MIN_SECOND_PANEL_ROWS: u16 = 8;

/// What the division of the screen depends on besides its area.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayoutInput {
    /// Rows that the alerts take.
    pub(crate) alert_rows: u16,
    pub(crate) mode: LayoutMode,
    /// Whether there is a panel with details of the chosen row.
    pub(crate) has_panel: bool,
    /// The lines of the list, with its heading; what they leave below them can be used otherwise.
    pub(crate) list_rows: u16,
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
    /// A second panel below the list, while the first one is beside it.
    pub(crate) second_panel: Option<Rect>,
    pub(crate) footer: Rect,
}

impl Zones {
    /// Divides an area.
    pub(crate) fn divide(area: Rect, input: LayoutInput) -> Self {
        let mut rest = area;
        let header = from_top(&mut rest, header_rows(area));
        let strip = from_top(&mut rest, input.alert_rows);
        let footer = from_bottom(&mut rest, 1);
        let dashboard = (input.mode == LayoutMode::Dashboard && area.height >= 20)
            .then(|| from_top(&mut rest, (area.height * 2 / 5).clamp(8, 30)));
        let tabs = from_top(&mut rest, 1);
        let mut zones = Self { header, strip, dashboard, tabs, main: rest, panel: None, second_panel: None, footer };
        if input.has_panel {
            zones.add_panels(area, input.list_rows);
        }
        zones
    }

    fn add_panels(&mut self, area: Rect, list_rows: u16) {
        if area.width < MIN_COLUMNS_FOR_SIDE_PANEL {
            self.panel = Some(from_bottom(&mut self.main, (area.height * 3 / 10).clamp(6, 14)));
            return;
        }
        self.panel = Some(from_right(&mut self.main, (area.width * 3 / 10).min(100)));
        let spare = self.main.height.saturating_sub(list_rows.saturating_add(1));
        if spare >= MIN_SECOND_PANEL_ROWS {
            self.second_panel = Some(from_bottom(&mut self.main, spare));
        }
    }
}

/// The header has one row on wide and on low screens, and two on others.
const fn header_rows(area: Rect) -> u16 {
    if area.width >= 240 || area.height < 12 { 1 } else { 2 }
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

fn from_right(rest: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(rest.width);
    rest.width -= columns;
    Rect { x: rest.x + rest.width, width: columns, ..*rest }
}
