//! The dashboard: framed panels above the list, each of which a digit shows and hides.

mod draw;
mod frame;
mod grid;
mod panel_id;
mod panels;
mod preset;

pub(crate) use draw::draw;
pub(crate) use grid::grid_rows;
pub(crate) use panel_id::DashboardPanel;
pub(crate) use preset::DashboardState;
pub use preset::{DASHBOARD_PRESETS, DashboardPreset};
