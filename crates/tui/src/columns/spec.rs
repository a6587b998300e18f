use agtop_model::SnapshotRow;
use ratatui::text::Line;

use super::cells;
use crate::render_context::RenderContext;
use crate::widgets::Side;

/// A column with its own way of drawing, or with another width than that of its kind.
pub(super) struct ColumnSpec {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) help: &'static str,
    /// Fewest and most columns of the terminal.
    pub(super) width: (u16, u16),
    /// The column with the highest rank is dropped first where there is no room.
    pub(super) rank: u8,
    pub(super) side: Side,
    /// How a cell is drawn; `None` for the field of this id.
    pub(super) cell: Option<fn(&RenderContext<'_>, &SnapshotRow<'_>, u16) -> Line<'static>>,
}

const fn spec(id: &'static str, title: &'static str, width: (u16, u16), rank: u8) -> ColumnSpec {
    ColumnSpec { id, title, help: "", width, rank, side: Side::Left, cell: None }
}

pub(super) static COLUMN_SPECS: &[ColumnSpec] = &[
    ColumnSpec { cell: Some(cells::status), ..spec("status", "STATUS", (12, 12), 0) },
    ColumnSpec { side: Side::Left, ..spec("client", "AGENT", (8, 12), 1) },
    ColumnSpec { cell: Some(cells::project), ..spec("project", "PROJECT", (9, 18), 2) },
    ColumnSpec { cell: Some(cells::cost), side: Side::Right, ..spec("cost", "COST", (8, 8), 3) },
    ColumnSpec { cell: Some(cells::context), ..spec("context", "CTX", (10, 10), 4) },
    ColumnSpec {
        help: "the tool that runs and what it works on, or the session's name",
        cell: Some(cells::doing_cell),
        ..spec("doing", "DOING", (12, 90), 5)
    },
    ColumnSpec { side: Side::Right, ..spec("cpu", "CPU", (5, 5), 6) },
    ColumnSpec {
        help: "tokens of input and output per minute, over the last five minutes",
        cell: Some(cells::tokens_per_minute),
        side: Side::Right,
        ..spec("tokens_rate", "TOK/M", (5, 5), 7)
    },
    ColumnSpec { side: Side::Right, ..spec("mem", "MEM", (5, 5), 8) },
    ColumnSpec { side: Side::Right, ..spec("tokens", "TOKENS", (6, 6), 9) },
    ColumnSpec { side: Side::Right, cell: Some(cells::idle_time), ..spec("active", "IDLE", (7, 7), 10) },
    spec("model", "MODEL", (14, 20), 11),
    ColumnSpec { side: Side::Right, ..spec("pid", "PID", (7, 7), 12) },
    ColumnSpec {
        help: "processor use or disk traffic in the last snapshots, whichever is stronger",
        cell: Some(cells::activity),
        ..spec("activity", "ACTIVITY", (8, 12), 13)
    },
    ColumnSpec {
        help: "bytes read from disks per second",
        cell: Some(cells::read_rate),
        side: Side::Right,
        ..spec("read_rate", "R/s", (5, 5), 14)
    },
    ColumnSpec {
        help: "bytes written to disks per second",
        cell: Some(cells::write_rate),
        side: Side::Right,
        ..spec("write_rate", "W/s", (5, 5), 15)
    },
    ColumnSpec {
        help: "US dollars per hour, over the last five minutes",
        cell: Some(cells::usd_per_hour),
        side: Side::Right,
        ..spec("cost_rate", "$/H", (7, 8), 16)
    },
    spec("session", "SESSION", (9, 12), 6),
    spec("title", "TITLE", (14, 90), 5),
    spec("branch", "BRANCH", (10, 20), 17),
    spec("cwd", "DIRECTORY", (16, 48), 18),
];
