//! Columns: which there are, which are shown, and how wide each is.

mod cells;
mod choice;
mod column;
mod content;
mod drawn;
mod place;

pub(crate) use cells::{doing, status_span};
pub use choice::ColumnChoice;
pub(crate) use choice::{default_agent_columns, default_session_columns};
pub(crate) use column::{Column, ids};
pub(crate) use content::CellContent;
pub(crate) use place::{LOGO_COLUMN, PlacedColumn, place};
