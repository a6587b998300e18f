//! Where things are on the screen.

mod mode;
mod state;
mod zones;

pub(crate) use mode::LayoutMode;
pub(crate) use state::LayoutState;
pub(crate) use zones::{ContentRows, MAX_COLUMNS, MAX_ROWS, MIN_ROWS_FOR_DASHBOARD, Size, Zones};
