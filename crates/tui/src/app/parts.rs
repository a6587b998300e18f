//! The parts of the state that drawing and input handling use.

use agtop_model::{Agent, Session, Snapshot, SnapshotRow};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::App;
use crate::bars::{Footer, alert_rows};
use crate::column_config::{ColumnConfig, configurable};
use crate::columns::{Column, ColumnChoice};
use crate::dashboard::grid_rows;
use crate::details::RowDetails;
use crate::layout::{ContentRows, Zones};
use crate::logos::Logos;
use crate::look::Charset;
use crate::panel::InfoPanel;
use crate::popup::{Help, Overlay, Popup};
use crate::render_context::RenderContext;
use crate::view_id::ViewId;
use crate::views::{ListItem, ListSettings, ListTable, QuotaView, RowList, rates_lines};
use crate::widgets::cols;

/// Columns in which the value of a column is shown while columns are chosen.
const MAX_PREVIEW_COLUMNS: u16 = 24;

impl App {
    /// Whether something covers the view.
    pub(crate) const fn is_covered(&self) -> bool {
        self.overlay.is_some()
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.data.snapshot.as_deref()
    }

    /// The logos before agents' names, if any can be drawn.
    pub(crate) fn logos(&self) -> Option<&Logos> {
        self.data.logos.as_deref().filter(|_| self.look.charset == Charset::Unicode)
    }

    pub(crate) fn zones(&self, area: Rect) -> Zones {
        let list_rows = self.list().map(|list| cols(list.items.len()).saturating_add(1));
        let dashboard_rows = grid_rows(self.dashboard.shown().len(), area.width);
        self.layout.zones(
            area,
            ContentRows { alerts: alert_rows(&self.alerts.shown, area), list: list_rows, dashboard: dashboard_rows },
        )
    }

    /// The list of the view, if it has one.
    pub(crate) const fn list(&self) -> Option<&RowList> {
        self.lists.of(self.layout.view)
    }

    pub(crate) const fn list_mut(&mut self) -> Option<&mut RowList> {
        self.lists.of_mut(self.layout.view)
    }

    /// The agent and the session of the chosen line.
    pub(crate) fn chosen(&self) -> Option<SnapshotRow<'_>> {
        self.list()?.chosen()?.row(self.snapshot()?)
    }

    pub(crate) fn chosen_agent(&self) -> Option<&Agent> {
        self.chosen()?.agent
    }

    pub(crate) fn chosen_session(&self) -> Option<&Session> {
        self.chosen()?.session
    }

    /// What decides which rows of the view are shown, and in which order.
    pub(crate) const fn settings(&self) -> &ListSettings {
        self.lists.settings(self.layout.view)
    }

    pub(crate) const fn settings_mut(&mut self) -> &mut ListSettings {
        self.lists.settings_mut(self.layout.view)
    }

    /// The columns of the view.
    pub(crate) fn columns(&self) -> &[ColumnChoice] {
        if self.layout.view == ViewId::Sessions { &self.options.session_columns } else { &self.options.columns }
    }

    pub(crate) fn columns_mut(&mut self) -> &mut Vec<ColumnChoice> {
        if self.layout.view == ViewId::Sessions { &mut self.options.session_columns } else { &mut self.options.columns }
    }

    pub(crate) const fn render(&self) -> RenderContext<'_> {
        RenderContext {
            look: &self.look,
            thresholds: &self.options.thresholds,
            content: self.options.content,
            zone: &self.options.zone,
            clock: self.options.clock,
        }
    }

    /// The details of the chosen row.
    pub(crate) fn details(&self) -> Option<RowDetails<'_>> {
        Some(RowDetails { render: self.render(), row: self.chosen()?, snapshot: self.snapshot()? })
    }

    pub(crate) fn table(&self) -> Option<ListTable<'_>> {
        Some(ListTable {
            render: self.render(),
            view: self.layout.view,
            lists: &self.lists,
            list: self.list()?,
            columns: self.columns(),
            snapshot: self.snapshot(),
            logos: self.logos(),
        })
    }

    /// The lines of a view of text; `None` before the first snapshot.
    pub(crate) fn text_lines(&self, width: u16) -> Option<Vec<Line<'static>>> {
        let (render, snapshot) = (self.render(), self.snapshot()?);
        Some(match self.layout.view {
            ViewId::Rates => rates_lines(render, snapshot, width),
            ViewId::Quota => QuotaView { render, snapshot, history: &self.data.quotas, width }.lines(),
            ViewId::Agents | ViewId::Sessions | ViewId::Usage => Vec::new(),
        })
    }

    /// The columns while the user chooses among them.
    fn column_config(&self) -> Option<ColumnConfig<'_>> {
        let Some(Overlay::Configure { index }) = self.overlay else { return None };
        let main = self.zones(self.layout.size.area()).main;
        let placed = self.table().map_or_else(Vec::new, |table| table.columns_in(main));
        let preview = configurable(self.columns()).get(index).and_then(|id| self.preview(id));
        Some(ColumnConfig { look: &self.look, view: self.layout.view, choices: self.columns(), placed, preview, index })
    }

    /// What the chosen row has in a column.
    fn preview(&self, column: &str) -> Option<String> {
        let cell = Column::find(column)?.cell(&self.render(), &self.chosen()?, MAX_PREVIEW_COLUMNS);
        Some(cell.to_string())
    }

    /// The index of the column chosen in the panel, while columns are chosen there.
    pub(crate) fn column_chosen_in_panel(&self) -> Option<usize> {
        self.column_config().filter(|_| self.layout.shows_panel()).map(|config| config.index)
    }

    pub(crate) fn panel(&self) -> InfoPanel<'_> {
        let group = match self.list().and_then(RowList::chosen) {
            Some(ListItem::Group(group)) => Some(group),
            _ => None,
        };
        InfoPanel {
            render: self.render(),
            tab: self.layout.tab,
            details: self.details(),
            group,
            columns: self.columns(),
            column_config: self.column_config(),
            keys: self.options.keys,
            interval: self.options.interval,
            logos: self.logos(),
        }
    }

    pub(crate) fn popup(&self) -> Popup<'_> {
        Popup {
            render: self.render(),
            overlay: self.overlay.as_ref(),
            details: self.details(),
            help: Help {
                view: self.layout.view,
                keys: self.options.keys,
                columns: self.list().map(|_| self.columns()),
                prices: self.snapshot().map(|snapshot| &snapshot.prices),
                version: self.options.version,
            },
            column_window: self.column_config().filter(|_| !self.layout.shows_panel()),
        }
    }

    pub(crate) fn footer(&self) -> Footer<'_> {
        Footer {
            look: &self.look,
            data: &self.data,
            view: self.layout.view,
            mode: self.layout.mode,
            columns: self.layout.size.columns,
            overlay: self.overlay.as_ref(),
            prompt: self.prompts.open.as_ref(),
            filter_error: self.settings().filter.error.as_ref(),
            status: self.status.as_ref(),
            found: self.prompts.open.as_ref().and_then(|_| self.popup().found()),
            themes: &self.options.themes,
        }
    }
}
