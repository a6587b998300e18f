use agtop_model::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::frame::draw_panel;
use super::grid::grid;
use super::panels::{PanelInput, content};
use super::preset::DashboardState;
use crate::look::Tone;
use crate::render_context::RenderContext;
use crate::widgets::{Side, put};

/// Draws the panels that are shown, and says how many of them find no room.
pub(crate) fn draw(
    render: RenderContext<'_>,
    snapshot: &Snapshot,
    state: &DashboardState,
    area: Rect,
    buffer: &mut Buffer,
) {
    let places = grid(area, state.shown().len());
    for (panel, place) in state.shown().iter().zip(&places) {
        let input = PanelInput { render, snapshot, columns: place.width.saturating_sub(4) };
        draw_panel(render.look, *panel, &content(*panel, &input), *place, buffer);
    }
    let hidden = state.shown().len() - places.len();
    if hidden > 0 && area.height > 0 {
        let text = format!(" +{hidden} panels: hide others by their digits ");
        let row = Rect { y: area.bottom() - 1, height: 1, width: area.width.saturating_sub(2), ..area };
        put(buffer, row, &Line::from(render.look.span(text, Tone::Dim)), Side::Right);
    }
}
