//! What the screen draws in its own way: cells of fields, and columns that no other output has.

use agtop_model::SnapshotRow;
use ratatui::text::Line;

use super::cells;
use crate::render_context::RenderContext;
use crate::widgets::Side;

/// Draws the cell of a row in a column of this width.
pub(super) type DrawCell = fn(&RenderContext<'_>, &SnapshotRow<'_>, u16) -> Line<'static>;

/// A field whose cells the screen draws in its own way.
pub(super) struct DrawnField {
    pub(super) id: &'static str,
    pub(super) side: Side,
    pub(super) draw: DrawCell,
}

pub(super) static DRAWN_FIELDS: &[DrawnField] = &[
    DrawnField { id: "status", side: Side::Left, draw: cells::status },
    DrawnField { id: "model", side: Side::Left, draw: cells::model },
    DrawnField { id: "session", side: Side::Left, draw: cells::session },
    DrawnField { id: "project", side: Side::Left, draw: cells::project },
    DrawnField { id: "cost", side: Side::Right, draw: cells::cost },
    DrawnField { id: "context", side: Side::Left, draw: cells::context },
    DrawnField { id: "tokens_rate", side: Side::Right, draw: cells::tokens_per_minute },
    DrawnField { id: "active", side: Side::Right, draw: cells::idle_time },
    DrawnField { id: "read_rate", side: Side::Right, draw: cells::read_rate },
    DrawnField { id: "write_rate", side: Side::Right, draw: cells::write_rate },
    DrawnField { id: "cost_rate", side: Side::Right, draw: cells::usd_per_hour },
];

/// A column without a field: a picture, or a line of several values.
pub(super) struct DrawnColumn {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) help: &'static str,
    /// The smallest and the usual width, in columns of the terminal.
    pub(super) width: (u16, u16),
    /// The greatest width; `u16::MAX` takes what is left of the row.
    pub(super) max_width: u16,
    pub(super) rank: u8,
    pub(super) draw: DrawCell,
}

pub(super) static DRAWN_COLUMNS: &[DrawnColumn] = &[
    DrawnColumn {
        id: "doing",
        title: "DOING",
        help: "the tool that runs and what it works on, or the session's name",
        width: (12, 60),
        max_width: u16::MAX,
        rank: 5,
        draw: cells::doing_cell,
    },
    DrawnColumn {
        id: "activity",
        title: "ACTIVITY",
        help: "processor use or disk traffic in the last snapshots, whichever is stronger",
        width: (8, 12),
        max_width: 12,
        rank: 15,
        draw: cells::activity,
    },
];
