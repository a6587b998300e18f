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

/// Fewest rows of a screen with a dashboard.
pub(crate) const MIN_ROWS_FOR_DASHBOARD: u16 = 20;
/// Fewest rows of the list below a dashboard, with its heading.
const MIN_LIST_ROWS: u16 = 5;

/// The rows that parts of the screen need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContentRows {
    pub(crate) alerts: u16,
    /// The lines of the list, with its heading, if the view has one.
    pub(crate) list: Option<u16>,
    /// The dashboard, at least and at most.
    pub(crate) dashboard: (u16, u16),
}

/// What the division of the screen depends on besides its area.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayoutInput {
    pub(crate) rows: ContentRows,
    pub(crate) mode: LayoutMode,
    /// Whether there is a panel with details of the chosen row.
    pub(crate) has_panel: bool,
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
        let strip = from_top(&mut rest, input.rows.alerts);
        let footer = from_bottom(&mut rest, 1);
        let dashboard = (input.mode == LayoutMode::Dashboard && area.height >= MIN_ROWS_FOR_DASHBOARD).then(|| {
            let rows = dashboard_rows(rest.height.saturating_sub(1), input.rows);
            from_top(&mut rest, rows)
        });
        let tabs = from_top(&mut rest, 1);
        let mut zones = Self { header, strip, dashboard, tabs, main: rest, panel: None, second_panel: None, footer };
        if input.has_panel {
            zones.add_panels(area, input.rows.list.unwrap_or_default());
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

/// The rows of the dashboard, of those that it shares with the list: what the list does not need, but not so few that no
/// panel is readable while the list has more than a third.
fn dashboard_rows(shared: u16, rows: ContentRows) -> u16 {
    let (least, most) = rows.dashboard;
    let of_list = rows.list.unwrap_or(u16::MAX).max(MIN_LIST_ROWS);
    let left_by_list = shared.saturating_sub(of_list);
    let without_a_third = shared.saturating_sub((shared / 3).max(MIN_LIST_ROWS));
    left_by_list.max(least.min(without_a_third)).max(without_a_third.min(most)).min(most)
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
