//! Columns: which there are, which are shown, and how wide each is.

mod cells;
mod place;

use std::borrow::Cow;

use agtop_format::Content;
use agtop_model::{FIELDS, Field, FieldKind, SnapshotRow, field};
use jiff::tz::TimeZone;
use ratatui::text::Line;
use serde::Deserialize;

use crate::alerts::Thresholds;
use crate::look::Look;

pub(crate) use cells::{doing, standing, status_word};
pub(crate) use place::{LOGO_COLUMN, Placed, place};

/// What cells are drawn with.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'a> {
    pub(crate) look: &'a Look,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) content: Content,
    /// In which moments are shown.
    pub(crate) zone: &'a TimeZone,
}

/// At which side of its column a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A column that agtop draws in its own way, or with another width than its kind's.
struct Special {
    id: &'static str,
    title: &'static str,
    help: &'static str,
    /// Fewest and most columns of the terminal.
    width: (u16, u16),
    /// Who goes first when there is no room: the highest.
    rank: u8,
    side: Side,
    /// `None` draws the field of that id.
    cell: Option<fn(&Pen<'_>, &SnapshotRow<'_>, u16) -> Line<'static>>,
}

const fn special(id: &'static str, title: &'static str, width: (u16, u16), rank: u8) -> Special {
    Special { id, title, help: "", width, rank, side: Side::Left, cell: None }
}

static SPECIAL: &[Special] = &[
    Special { cell: Some(cells::status), ..special("status", "STATUS", (12, 12), 0) },
    Special { side: Side::Left, ..special("client", "AGENT", (8, 12), 1) },
    Special { cell: Some(cells::project), ..special("project", "PROJECT", (9, 18), 2) },
    Special { cell: Some(cells::cost), side: Side::Right, ..special("cost", "COST", (8, 8), 3) },
    Special { cell: Some(cells::context), ..special("context", "CTX", (10, 10), 4) },
    Special {
        help: "the tool that runs and what it works on, or the session's name",
        cell: Some(cells::doing_cell),
        ..special("doing", "DOING", (12, 90), 5)
    },
    Special { cell: Some(cells::cpu), side: Side::Right, ..special("cpu", "CPU", (5, 5), 6) },
    Special {
        help: "tokens of input and output per minute, over the last five minutes",
        cell: Some(cells::tokens_per_minute),
        side: Side::Right,
        ..special("tokens_rate", "TOK/M", (5, 5), 7)
    },
    Special { side: Side::Right, ..special("mem", "MEM", (5, 5), 8) },
    Special { side: Side::Right, ..special("tokens", "TOKENS", (6, 6), 9) },
    Special { side: Side::Right, cell: Some(cells::quiet), ..special("active", "QUIET", (7, 7), 10) },
    special("model", "MODEL", (14, 20), 11),
    Special { side: Side::Right, ..special("pid", "PID", (7, 7), 12) },
    Special {
        help: "processor use or disk traffic in the last snapshots, whichever is stronger",
        cell: Some(cells::activity),
        ..special("activity", "ACTIVITY", (8, 12), 13)
    },
    Special {
        help: "bytes read from disks per second",
        cell: Some(cells::read_rate),
        side: Side::Right,
        ..special("read_rate", "R/s", (5, 5), 14)
    },
    Special {
        help: "bytes written to disks per second",
        cell: Some(cells::write_rate),
        side: Side::Right,
        ..special("write_rate", "W/s", (5, 5), 15)
    },
    Special {
        help: "US dollars per hour, over the last five minutes",
        cell: Some(cells::usd_per_hour),
        side: Side::Right,
        ..special("cost_rate", "$/H", (7, 8), 16)
    },
    special("session", "SESSION", (9, 12), 6),
    special("title", "TITLE", (14, 90), 5),
    special("branch", "BRANCH", (10, 20), 17),
    special("cwd", "DIRECTORY", (16, 48), 18),
];

/// Columns whose amounts have a mark behind them where a subscription covers them, and how wide they are with it.
const MARKED: &[&str] = &["cost", "cost_rate"];
const MARKED_WIDTH: u16 = 13;

/// The columns of the agents view, unless the user chose others.
const AGENTS: &[&str] = &[
    "status",
    "client",
    "pid",
    "project",
    "doing",
    "model",
    "activity",
    "cpu",
    "mem",
    "read_rate",
    "write_rate",
    "tokens_rate",
    "tokens",
    "cost",
    "context",
    "active",
];

/// The columns of the sessions view, unless the user chose others.
const SESSIONS: &[&str] = &[
    "status",
    "client",
    "pid",
    "project",
    "session",
    "title",
    "model",
    "turns",
    "subagents",
    "tokens",
    "cost",
    "context",
    "active",
];

/// A column as a user names it: `cpu`, or `title:30` with a width.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ColumnChoice {
    /// The column.
    pub id: Cow<'static, str>,
    /// How wide it is; `None` leaves that to the room there is.
    pub width: Option<u16>,
}

impl std::fmt::Display for ColumnChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.width {
            Some(width) => write!(f, "{}:{width}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

impl TryFrom<String> for ColumnChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (id, width) = match text.split_once(':') {
            Some((id, width)) => {
                (id, Some(width.parse().map_err(|_| format!("'{width}' is not a width of a column"))?))
            }
            None => (&*text, None),
        };
        let known = ids().find(|known| *known == id).ok_or_else(|| format!("no column is called '{id}'"))?;
        Ok(Self { id: Cow::Borrowed(known), width })
    }
}

/// The usual columns of the agents view.
pub(crate) fn usual_of_agents() -> Vec<ColumnChoice> {
    chosen(AGENTS)
}

/// The usual columns of the sessions view.
pub(crate) fn usual_of_sessions() -> Vec<ColumnChoice> {
    chosen(SESSIONS)
}

fn chosen(ids: &'static [&'static str]) -> Vec<ColumnChoice> {
    ids.iter().map(|id| ColumnChoice { id: Cow::Borrowed(id), width: None }).collect()
}

/// Every column there is: agtop's own, then the fields of the model that are not among them.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    let others = FIELDS.iter().map(|field| field.id).filter(|id| SPECIAL.iter().all(|special| special.id != *id));
    SPECIAL.iter().map(|special| special.id).chain(others)
}

/// A column, ready to be placed.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    pub(crate) width: (u16, u16),
    /// Most columns of the terminal where others can use no more.
    pub(crate) spare: u16,
    pub(crate) rank: u8,
    pub(crate) side: Side,
    draw: Draw,
}

#[derive(Clone, Copy)]
enum Draw {
    Special(fn(&Pen<'_>, &SnapshotRow<'_>, u16) -> Line<'static>),
    Field(&'static Field),
}

impl Column {
    /// The column of that name.
    pub(crate) fn find(id: &str) -> Option<Self> {
        let known = field(id);
        if let Some(special) = SPECIAL.iter().find(|special| special.id == id) {
            let draw = special.cell.map(Draw::Special).or(known.map(Draw::Field))?;
            let help = known.map_or(special.help, |field| field.help);
            let (id, title) = (special.id, special.title);
            let (width, rank, side) = (special.width, special.rank, special.side);
            let spare = if MARKED.contains(&id) { MARKED_WIDTH } else { width.1 };
            return Some(Self { id, title, help, width, spare, rank, side, draw });
        }
        known.map(|field| Self {
            id: field.id,
            title: field.title,
            help: field.help,
            width: usual_width(field),
            spare: usual_width(field).1,
            rank: 20,
            side: if field.kind == FieldKind::Text { Side::Left } else { Side::Right },
            draw: Draw::Field(field),
        })
    }

    pub(crate) fn cell(&self, pen: &Pen<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
        match self.draw {
            Draw::Special(draw) => draw(pen, row, width),
            Draw::Field(field) => cells::field(pen, field, row, width),
        }
    }
}

/// As wide as values of that kind are, and the title at least.
fn usual_width(field: &Field) -> (u16, u16) {
    let title = u16::try_from(field.title.len()).unwrap_or(8);
    let (least, most) = match field.kind {
        FieldKind::Text => (8, 20),
        FieldKind::Count | FieldKind::Percent => (5, 5),
        FieldKind::Tokens | FieldKind::Bytes => (6, 6),
        FieldKind::Money => (8, 8),
        FieldKind::Span => (7, 7),
        FieldKind::Time => (16, 16),
    };
    (least.max(title), most.max(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_can_be_found_and_says_what_it_means() {
        for id in ids() {
            let column = Column::find(id).unwrap();
            assert!(!column.help.is_empty(), "{id}");
            assert!(column.width.0 <= column.width.1 && usize::from(column.width.0) >= column.title.len(), "{id}");
        }
    }

    #[test]
    fn the_columns_that_rust_agtop_showed_are_shown_and_the_others_can_be() {
        for id in ["pid", "cpu", "mem", "read_rate", "write_rate"] {
            assert!(AGENTS.contains(&id), "{id}");
        }
        for id in ["vsz", "disk_read", "disk_write"] {
            assert!(!AGENTS.contains(&id) && ids().any(|known| known == id), "{id}");
        }
    }

    #[test]
    fn a_choice_is_read_and_written_the_same() {
        for text in ["cpu", "title:30"] {
            assert_eq!(ColumnChoice::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        assert_eq!(ColumnChoice::try_from("speed".to_owned()).unwrap_err(), "no column is called 'speed'");
        assert!(ColumnChoice::try_from("cpu:x".to_owned()).is_err());
    }
}
