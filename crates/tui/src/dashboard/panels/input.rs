use agtop_format::units;
use agtop_model::{HistoryPoint, Snapshot};

use crate::render_context::RenderContext;
use crate::widgets::Chart;

/// What a panel is made of.
pub(in crate::dashboard) struct PanelInput<'a> {
    pub(in crate::dashboard) render: RenderContext<'a>,
    pub(in crate::dashboard) snapshot: &'a Snapshot,
    /// Columns inside of the frame.
    pub(in crate::dashboard) columns: u16,
}

impl PanelInput<'_> {
    /// The points of the history that a chart has room for, with how long ago the first of them was.
    pub(super) fn history(&self, get: fn(&HistoryPoint) -> f64) -> (Vec<f64>, String) {
        let points = self.snapshot.history.points();
        let skipped = points.len().saturating_sub(Chart::points_in(self.columns));
        let shown: Vec<&HistoryPoint> = points.skip(skipped).collect();
        let span = shown.first().map_or_else(String::new, |first| units::span(self.snapshot.now.since(first.at)));
        (shown.into_iter().map(get).collect(), span)
    }
}
