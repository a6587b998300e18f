//! The choice of columns: in the panel, or in a window where there is no panel.

mod draw;
mod grid;

pub(crate) use draw::{ColumnConfig, area};
pub(crate) use grid::{column_at, configurable};
