//! What each panel shows.

mod activity;
mod agents;
mod cost;
mod machine;
mod ports;
mod projects;
mod quota;
mod tokens;

use std::sync::Arc;

use agtop_format::units;
use agtop_model::{Agent, HistoryPoint, Liveness, Snapshot};

use super::frame::PanelContent;
use super::panel_id::DashboardPanel;
use crate::render_context::RenderContext;

/// What a panel is made of.
pub(super) struct PanelInput<'a> {
    pub(super) render: RenderContext<'a>,
    pub(super) snapshot: &'a Snapshot,
    /// Columns inside of the frame.
    pub(super) columns: u16,
}

/// The content of a panel.
pub(super) fn content(panel: DashboardPanel, input: &PanelInput<'_>) -> PanelContent {
    match panel {
        DashboardPanel::Agents => agents::content(input),
        DashboardPanel::Machine => machine::content(input),
        DashboardPanel::Tokens => tokens::content(input),
        DashboardPanel::Cost => cost::content(input),
        DashboardPanel::Quota => quota::content(input),
        DashboardPanel::Projects => projects::content(input),
        DashboardPanel::Ports => ports::content(input),
        DashboardPanel::Activity => activity::content(input),
        DashboardPanel::Errors => activity::errors(input),
    }
}

impl PanelInput<'_> {
    fn live(&self) -> impl Iterator<Item = &Agent> {
        self.snapshot.agents.iter().map(Arc::as_ref).filter(|agent| agent.liveness == Liveness::Live)
    }

    /// The points of the history that a chart has room for, with how long ago the first of them was.
    fn history(&self, get: fn(&HistoryPoint) -> f64) -> (Vec<f64>, String) {
        let points = self.snapshot.history.points();
        let skipped = points.len().saturating_sub(crate::widgets::Chart::points_in(self.columns));
        let shown: Vec<&HistoryPoint> = points.skip(skipped).collect();
        let span = shown.first().map_or_else(String::new, |first| units::span(self.snapshot.now.since(first.at)));
        (shown.into_iter().map(get).collect(), span)
    }
}
