use ratatui::layout::Rect;

use super::mode::{LayoutMode, PanelMode};
use super::zones::{ContentRows, LayoutInput, Size, Zones};
use crate::panel::PanelTab;
use crate::view_id::ViewId;

/// Fewest rows of a screen on which the panel is shown by default.
const MIN_ROWS_FOR_AUTO_PANEL: u16 = 30;
/// Fewest rows of a screen on which the panel can be opened.
const MIN_ROWS_FOR_PANEL: u16 = 16;

/// Which parts of the screen the user has chosen, and how large the screen is.
#[derive(Clone, Debug)]
pub(crate) struct LayoutState {
    pub(crate) size: Size,
    pub(crate) view: ViewId,
    pub(crate) mode: LayoutMode,
    pub(crate) panel: PanelMode,
    pub(crate) tab: PanelTab,
}

impl LayoutState {
    pub(crate) const fn new(view: ViewId, mode: LayoutMode) -> Self {
        let size = Size { columns: 80, rows: 24 };
        Self { size, view, mode, panel: PanelMode::Auto, tab: PanelTab::Info }
    }

    /// Whether the panel is shown below views that have one.
    pub(crate) fn shows_panel(&self) -> bool {
        match self.panel {
            PanelMode::Auto => self.size.rows >= MIN_ROWS_FOR_AUTO_PANEL && self.mode == LayoutMode::Classic,
            PanelMode::Open => self.size.rows >= MIN_ROWS_FOR_PANEL,
            PanelMode::Closed => false,
        }
    }

    /// Divides an area among parts that need these rows.
    pub(crate) fn zones(&self, area: Rect, rows: ContentRows) -> Zones {
        let has_panel = rows.list.is_some() && self.shows_panel();
        Zones::divide(area, LayoutInput { rows, mode: self.mode, has_panel })
    }

    pub(crate) fn toggle_panel(&mut self) {
        self.panel = if self.shows_panel() { PanelMode::Closed } else { PanelMode::Open };
    }

    pub(crate) fn toggle_dashboard(&mut self) {
        self.mode = match self.mode {
            LayoutMode::Classic => LayoutMode::Dashboard,
            LayoutMode::Dashboard => LayoutMode::Classic,
        };
    }

    /// Goes `by` tabs further, or opens the panel where it is closed.
    pub(crate) fn step_tab(&mut self, by: isize) {
        if self.shows_panel() {
            self.tab = self.tab.step(by);
        } else {
            self.panel = PanelMode::Open;
        }
    }
}
