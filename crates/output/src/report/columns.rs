//! The columns that tables, Markdown and CSV share.

use agtop_format::units;
use agtop_model::{Session, Untrusted};
use agtop_report::{BlockState, Dimension, LineDetail, LineKey, Report, ReportLine, UsageSums};
use jiff::tz::TimeZone;

use crate::cell::cost;
use crate::json::wire;
use crate::table::ColumnRoom;

/// A column of one of a line's keys.
pub(super) struct KeyColumn {
    /// Its name in CSV.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// Minimum width and rank.
    pub(super) room: ColumnRoom,
    /// Its text in tables, with the characters of the source.
    pub(super) get: fn(&LineKey, &TimeZone) -> Untrusted,
    /// Its text in CSV, if that differs.
    exact: Option<fn(&LineKey) -> Option<String>>,
}

/// A column of one of a line's sums.
pub(super) struct SumColumn {
    /// Its name in CSV.
    pub(super) id: &'static str,
    /// Its heading in tables; `None` if only CSV has it.
    pub(super) title: Option<&'static str>,
    /// In a narrow terminal, columns of a higher rank are dropped first; rank 0 is also in compact tables.
    pub(super) rank: u8,
    /// What it counts.
    pub(super) kind: SumKind,
    /// The sum with its unit.
    pub(super) text: fn(&UsageSums) -> String,
    /// The exact sum, in base units.
    pub(super) exact: fn(&UsageSums) -> String,
}

/// What a sum counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SumKind {
    /// Responses; in all reports but those of tools.
    Usage,
    /// Tool calls; only in reports of tools.
    Calls,
    /// Sessions; not in reports of sessions, where each line has one.
    Sessions,
}

const fn label_column(id: &'static str, title: &'static str, min_width: usize) -> KeyColumn {
    KeyColumn { id, title, room: ColumnRoom::new(min_width, 0), get: LineKey::label, exact: None }
}

const DAY: &[KeyColumn] = &[label_column("day", "DAY", 10)];
const WEEK: &[KeyColumn] = &[
    label_column("week", "WEEK", 8),
    KeyColumn {
        id: "monday",
        title: "MONDAY",
        room: ColumnRoom::new(10, 3),
        get: |key, _| match key {
            LineKey::Period(Some(period)) => period.first.to_string().into(),
            _ => "".into(),
        },
        exact: None,
    },
];
const MONTH: &[KeyColumn] = &[label_column("month", "MONTH", 7)];
const MODEL: &[KeyColumn] = &[label_column("model", "MODEL", 12)];
const CLIENT: &[KeyColumn] = &[label_column("client", "AGENT", 7)];
const BRANCH: &[KeyColumn] = &[label_column("branch", "BRANCH", 6)];
const TAG: &[KeyColumn] = &[label_column("tag", "TAG", 6)];
const TOOL: &[KeyColumn] = &[label_column("tool", "TOOL", 6)];
const PROJECT: &[KeyColumn] = &[label_column("project", "PROJECT", 8)];
const SESSION: &[KeyColumn] = &[
    label_column("session", "SESSION", 8),
    KeyColumn {
        id: "client",
        title: "AGENT",
        room: ColumnRoom::new(7, 2),
        get: |key, _| of_session(key, |session| Some(session.client().as_str().into())),
        exact: None,
    },
    KeyColumn {
        id: "project",
        title: "PROJECT",
        room: ColumnRoom::new(8, 1),
        get: |key, _| of_session(key, |session| session.project.clone()),
        exact: None,
    },
    KeyColumn {
        id: "last",
        title: "LAST",
        room: ColumnRoom::new(16, 4),
        get: |key, zone| of_session(key, |session| Some(units::moment(session.last_active?, zone).into())),
        exact: Some(|key| match key {
            LineKey::Session(Some(session)) => session.last_active.and_then(wire::rfc3339),
            _ => None,
        }),
    },
];
const BLOCK: &[KeyColumn] = &[
    KeyColumn {
        id: "block",
        title: "BLOCK",
        room: ColumnRoom::new(16, 0),
        get: LineKey::label,
        exact: Some(|key| match key {
            LineKey::Block(block) => wire::rfc3339(block.start),
            _ => None,
        }),
    },
    KeyColumn {
        id: "state",
        title: "STATE",
        room: ColumnRoom::new(11, 0),
        get: |key, _| match key {
            LineKey::Block(block) => match &block.state {
                BlockState::Over => "over".into(),
                BlockState::Gap => format!("gap {}", units::span(block.end.since(block.start))).into(),
                BlockState::Active(projection) => format!("{} left", units::span(projection.left)).into(),
            },
            _ => "".into(),
        },
        exact: Some(|key| match key {
            LineKey::Block(block) => Some(block.state.as_str().to_owned()),
            _ => None,
        }),
    },
];

/// A text of the session; empty if the session or its value is not known.
fn of_session(key: &LineKey, get: impl Fn(&Session) -> Option<Untrusted>) -> Untrusted {
    let known = match key {
        LineKey::Session(Some(session)) => get(session),
        _ => None,
    };
    known.unwrap_or_else(|| "".into())
}

/// The columns of a dimension.
pub(super) const fn columns_of(dimension: Dimension) -> &'static [KeyColumn] {
    match dimension {
        Dimension::Day => DAY,
        Dimension::Week => WEEK,
        Dimension::Month => MONTH,
        Dimension::Session => SESSION,
        Dimension::Project => PROJECT,
        Dimension::Model => MODEL,
        Dimension::Client => CLIENT,
        Dimension::Branch => BRANCH,
        Dimension::Tag => TAG,
        Dimension::Tool => TOOL,
        Dimension::Block => BLOCK,
    }
}

/// A column of a number of tokens, responses, calls or sessions.
macro_rules! count_column {
    ($id:literal, $title:expr, $rank:literal, $kind:expr, $of:expr) => {
        SumColumn {
            id: $id,
            title: $title,
            rank: $rank,
            kind: $kind,
            text: |sums| units::count($of(sums)),
            exact: |sums| $of(sums).to_string(),
        }
    };
}

/// The columns of sums, in their order.
pub(super) const SUM_COLUMNS: &[SumColumn] = &[
    count_column!("input", Some("INPUT"), 3, SumKind::Usage, |sums: &UsageSums| sums.usage.input),
    count_column!("output", Some("OUTPUT"), 3, SumKind::Usage, |sums: &UsageSums| sums.usage.output),
    count_column!("reasoning", None, 0, SumKind::Usage, |sums: &UsageSums| sums.usage.reasoning),
    count_column!("cache_write_5m", None, 0, SumKind::Usage, |sums: &UsageSums| sums.usage.cache_write_5m),
    count_column!("cache_write_1h", None, 0, SumKind::Usage, |sums: &UsageSums| sums.usage.cache_write_1h),
    SumColumn {
        id: "cache_write",
        title: Some("CACHE WR"),
        rank: 3,
        kind: SumKind::Usage,
        text: |sums| units::count(sums.usage.cache_write()),
        exact: |sums| sums.usage.cache_write().to_string(),
    },
    count_column!("cache_read", Some("CACHE RD"), 3, SumKind::Usage, |sums: &UsageSums| sums.usage.cache_read),
    count_column!("tokens", Some("TOKENS"), 0, SumKind::Usage, |sums: &UsageSums| sums.usage.total()),
    count_column!("turns", Some("TURNS"), 5, SumKind::Usage, |sums: &UsageSums| sums.turns),
    count_column!("calls", Some("CALLS"), 0, SumKind::Calls, |sums: &UsageSums| sums.calls),
    count_column!("sessions", Some("SESSIONS"), 6, SumKind::Sessions, |sums: &UsageSums| sums.sessions as u64),
    SumColumn {
        id: "cost",
        title: Some("COST"),
        rank: 0,
        kind: SumKind::Usage,
        text: |sums| cost(Some(&sums.spend)),
        exact: |sums| sums.spend.known().map(units::decimal).unwrap_or_default(),
    },
    SumColumn {
        id: "basis",
        title: None,
        rank: 0,
        kind: SumKind::Usage,
        text: |sums| sums.spend.basis().as_str().to_owned(),
        exact: |sums| if sums.turns > 0 { sums.spend.basis().as_str().to_owned() } else { String::new() },
    },
    count_column!("unpriced_tokens", None, 0, SumKind::Usage, |sums: &UsageSums| sums.spend.unknown_tokens),
    SumColumn {
        id: "covered",
        title: None,
        rank: 0,
        kind: SumKind::Usage,
        text: |sums| units::money(sums.covered),
        exact: |sums| units::decimal(sums.covered),
    },
];

impl SumColumn {
    /// Whether the report has it.
    pub(super) fn is_in(&self, report: &Report) -> bool {
        let counts_calls = report.dimensions.contains(&Dimension::Tool);
        match self.kind {
            SumKind::Usage => !counts_calls,
            SumKind::Calls => counts_calls,
            SumKind::Sessions => !report.dimensions.contains(&Dimension::Session),
        }
    }
}

/// The columns of the keys of lines, each with the index of its key. A column that another key has already, such as the
/// client of a session, is not repeated.
pub(super) fn key_columns(report: &Report) -> Vec<(usize, &'static KeyColumn)> {
    let mut all: Vec<(usize, &'static KeyColumn)> = Vec::new();
    for (index, dimension) in report.dimensions.iter().enumerate() {
        for column in columns_of(*dimension) {
            if all.iter().all(|(_, known)| known.id != column.id) {
                all.push((index, column));
            }
        }
    }
    all
}

/// Whether a column names each line's models.
pub(super) fn names_models(report: &Report) -> bool {
    let has_them = |dimension: &Dimension| matches!(dimension, Dimension::Model | Dimension::Tool);
    report.detail() == LineDetail::Whole && !report.dimensions.iter().any(has_them)
}

/// The text of the column for this line.
pub(super) fn key_text(line: &ReportLine, (index, column): (usize, &KeyColumn), zone: &TimeZone) -> Untrusted {
    line.keys.get(index).map_or_else(|| "".into(), |key| (column.get)(key, zone))
}

/// The text of the column for this line in CSV: moments in RFC 3339 (UTC), empty for an unknown key.
pub(super) fn exact_key_text(line: &ReportLine, (index, column): (usize, &KeyColumn), zone: &TimeZone) -> Untrusted {
    let key = line.keys.get(index);
    match column.exact {
        Some(exact) => key.and_then(exact).unwrap_or_default().into(),
        None => key_text(line, (index, column), zone),
    }
}

/// The names of all models, separated by commas.
pub(super) fn models(sums: &UsageSums) -> Untrusted {
    sums.models.join(", ").into()
}

/// Further models are only counted.
const MAX_NAMED_MODELS: usize = 3;

/// The names of the most expensive models, separated by commas, and the number of others.
pub(super) fn main_models(sums: &UsageSums) -> Untrusted {
    let shown: Vec<&str> = sums.models.iter().take(MAX_NAMED_MODELS).map(|model| &**model).collect();
    match sums.models.len().saturating_sub(MAX_NAMED_MODELS) {
        0 => shown.join(", ").into(),
        more => format!("{} +{more}", shown.join(", ")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_own_name() {
        let names = |dimension: Dimension| {
            columns_of(dimension).iter().map(|column| column.id).chain(SUM_COLUMNS.iter().map(|f| f.id))
        };
        for dimension in Dimension::GROUPS.into_iter().chain([Dimension::Tool, Dimension::Block]) {
            let all: Vec<_> = names(dimension).collect();
            assert!(all.iter().all(|name| all.iter().filter(|other| *other == name).count() == 1), "{all:?}");
        }
    }
}
