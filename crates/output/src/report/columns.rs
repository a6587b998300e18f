//! The columns that tables, Markdown and CSV share.

use agtop_format::units;
use agtop_model::{Session, Untrusted};
use agtop_report::{BlockState, Detail, Dimension, Key, Line, Report, Sums};
use jiff::tz::TimeZone;

use crate::cell::cost;
use crate::csv::dollars;
use crate::json::wire;

/// A column that says what a line is of.
pub(super) struct Head {
    /// Its name in CSV.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// The fewest columns in which it still says something, and when it goes (see [`Column`](crate::table::Column)).
    pub(super) room: (usize, u8),
    /// What it says to people, as it came.
    pub(super) get: fn(&Key, &TimeZone) -> Untrusted,
    /// What it says in CSV, where that is something else.
    exact: Option<fn(&Key) -> Option<String>>,
}

/// A column that says what was used.
pub(super) struct Figure {
    /// Its name in CSV.
    pub(super) id: &'static str,
    /// Its heading in tables; `None` where only CSV has it.
    pub(super) title: Option<&'static str>,
    /// When room is short, columns of a higher rank go first; those of rank 0 stay in the shortest tables.
    pub(super) rank: u8,
    /// What it is of.
    pub(super) part: Part,
    /// The figure for people.
    pub(super) text: fn(&Sums) -> String,
    /// The figure in full, in base units.
    pub(super) exact: fn(&Sums) -> String,
}

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Responses: all reports but those of tools have them.
    Usage,
    /// Calls of tools.
    Calls,
    /// Conversations: each line of a report of them has one.
    Sessions,
}

const fn label(id: &'static str, title: &'static str, least: usize) -> Head {
    Head { id, title, room: (least, 0), get: Key::label, exact: None }
}

const DAY: &[Head] = &[label("day", "DAY", 10)];
const WEEK: &[Head] = &[
    label("week", "WEEK", 8),
    Head {
        id: "monday",
        title: "MONDAY",
        room: (10, 3),
        get: |key, _| match key {
            Key::Period(Some(period)) => period.first.to_string().into(),
            _ => "".into(),
        },
        exact: None,
    },
];
const MONTH: &[Head] = &[label("month", "MONTH", 7)];
const MODEL: &[Head] = &[label("model", "MODEL", 12)];
const CLIENT: &[Head] = &[label("client", "AGENT", 7)];
const BRANCH: &[Head] = &[label("branch", "BRANCH", 6)];
const TAG: &[Head] = &[label("tag", "TAG", 6)];
const TOOL: &[Head] = &[label("tool", "TOOL", 6)];
const PROJECT: &[Head] = &[label("project", "PROJECT", 8)];
const SESSION: &[Head] = &[
    label("session", "SESSION", 8),
    Head {
        id: "client",
        title: "AGENT",
        room: (7, 2),
        get: |key, _| of_session(key, |session| Some(session.client().as_str().into())),
        exact: None,
    },
    Head {
        id: "project",
        title: "PROJECT",
        room: (8, 1),
        get: |key, _| of_session(key, |session| session.project.clone()),
        exact: None,
    },
    Head {
        id: "last",
        title: "LAST",
        room: (16, 4),
        get: |key, zone| of_session(key, |session| Some(units::moment(session.last_active?, zone).into())),
        exact: Some(|key| match key {
            Key::Session(Some(session)) => session.last_active.and_then(wire::rfc3339),
            _ => None,
        }),
    },
];
const BLOCK: &[Head] = &[
    Head {
        id: "block",
        title: "BLOCK",
        room: (16, 0),
        get: Key::label,
        exact: Some(|key| match key {
            Key::Block(block) => wire::rfc3339(block.start),
            _ => None,
        }),
    },
    Head {
        id: "state",
        title: "STATE",
        room: (11, 0),
        get: |key, _| match key {
            Key::Block(block) => match &block.state {
                BlockState::Over => "over".into(),
                BlockState::Gap => format!("gap {}", units::span(block.end.since(block.start))).into(),
                BlockState::Active(outlook) => format!("{} left", units::span(outlook.left)).into(),
            },
            _ => "".into(),
        },
        exact: Some(|key| match key {
            Key::Block(block) => Some(block.state.as_str().to_owned()),
            _ => None,
        }),
    },
];

/// Nothing where the session or what is asked of it is not known.
fn of_session(key: &Key, get: impl Fn(&Session) -> Option<Untrusted>) -> Untrusted {
    let known = match key {
        Key::Session(Some(session)) => get(session),
        _ => None,
    };
    known.unwrap_or_else(|| "".into())
}

/// The columns of one of a line's keys.
pub(super) const fn heads(dimension: Dimension) -> &'static [Head] {
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

/// A figure of so many tokens or other pieces.
macro_rules! pieces {
    ($id:literal, $title:expr, $rank:literal, $part:expr, $of:expr) => {
        Figure {
            id: $id,
            title: $title,
            rank: $rank,
            part: $part,
            text: |sums| units::count($of(sums)),
            exact: |sums| $of(sums).to_string(),
        }
    };
}

/// What was used, in the order of columns.
pub(super) const FIGURES: &[Figure] = &[
    pieces!("input", Some("INPUT"), 3, Part::Usage, |sums: &Sums| sums.usage.input),
    pieces!("output", Some("OUTPUT"), 3, Part::Usage, |sums: &Sums| sums.usage.output),
    pieces!("reasoning", None, 0, Part::Usage, |sums: &Sums| sums.usage.reasoning),
    pieces!("cache_write_5m", None, 0, Part::Usage, |sums: &Sums| sums.usage.cache_write_5m),
    pieces!("cache_write_1h", None, 0, Part::Usage, |sums: &Sums| sums.usage.cache_write_1h),
    Figure {
        id: "cache_write",
        title: Some("CACHE WR"),
        rank: 3,
        part: Part::Usage,
        text: |sums| units::count(sums.usage.cache_write()),
        exact: |sums| sums.usage.cache_write().to_string(),
    },
    pieces!("cache_read", Some("CACHE RD"), 3, Part::Usage, |sums: &Sums| sums.usage.cache_read),
    pieces!("tokens", Some("TOKENS"), 0, Part::Usage, |sums: &Sums| sums.usage.total()),
    pieces!("turns", Some("TURNS"), 5, Part::Usage, |sums: &Sums| sums.turns),
    pieces!("calls", Some("CALLS"), 0, Part::Calls, |sums: &Sums| sums.calls),
    pieces!("sessions", Some("SESSIONS"), 6, Part::Sessions, |sums: &Sums| sums.sessions as u64),
    Figure {
        id: "cost",
        title: Some("COST"),
        rank: 0,
        part: Part::Usage,
        text: |sums| cost(Some(&sums.spend)),
        exact: |sums| sums.spend.known().map(dollars).unwrap_or_default(),
    },
    Figure {
        id: "basis",
        title: None,
        rank: 0,
        part: Part::Usage,
        text: |sums| sums.spend.basis().as_str().to_owned(),
        exact: |sums| if sums.turns > 0 { sums.spend.basis().as_str().to_owned() } else { String::new() },
    },
    pieces!("unpriced_tokens", None, 0, Part::Usage, |sums: &Sums| sums.spend.unknown_tokens),
    Figure {
        id: "covered",
        title: None,
        rank: 0,
        part: Part::Usage,
        text: |sums| units::money(sums.covered),
        exact: |sums| dollars(sums.covered),
    },
];

impl Figure {
    /// Whether reports of that kind have it.
    pub(super) fn is_in(&self, report: &Report) -> bool {
        let counts_calls = report.dimensions.contains(&Dimension::Tool);
        match self.part {
            Part::Usage => !counts_calls,
            Part::Calls => counts_calls,
            Part::Sessions => !report.dimensions.contains(&Dimension::Session),
        }
    }
}

/// The columns that say what lines are of, each with the place of its key. A session's columns name its client and
/// project already.
pub(super) fn heads_of(report: &Report) -> Vec<(usize, &'static Head)> {
    let mut all: Vec<(usize, &'static Head)> = Vec::new();
    for (place, dimension) in report.dimensions.iter().enumerate() {
        for head in heads(*dimension) {
            if all.iter().all(|(_, known)| known.id != head.id) {
                all.push((place, head));
            }
        }
    }
    all
}

/// Whether a column names each line's models.
pub(super) fn names_models(report: &Report) -> bool {
    let has_them = |dimension: &Dimension| matches!(dimension, Dimension::Model | Dimension::Tool);
    report.detail() == Detail::Whole && !report.dimensions.iter().any(has_them)
}

/// The text of the column for this line.
pub(super) fn head_text(line: &Line, (place, head): (usize, &Head), zone: &TimeZone) -> Untrusted {
    line.keys.get(place).map_or_else(|| "".into(), |key| (head.get)(key, zone))
}

/// The text of the column for this line in CSV: moments in RFC 3339 (UTC), and nothing where nothing is known.
pub(super) fn exact_head_text(line: &Line, (place, head): (usize, &Head), zone: &TimeZone) -> Untrusted {
    let key = line.keys.get(place);
    match head.exact {
        Some(exact) => key.and_then(exact).unwrap_or_default().into(),
        None => head_text(line, (place, head), zone),
    }
}

/// Names of all models in a row, as they came.
pub(super) fn models(sums: &Sums) -> Untrusted {
    sums.models.join(", ").into()
}

/// More models than this are only counted.
const MOST_MODELS: usize = 3;

/// Names of the dearest models in a row, as they came.
pub(super) fn main_models(sums: &Sums) -> Untrusted {
    let shown: Vec<&str> = sums.models.iter().take(MOST_MODELS).map(|model| &**model).collect();
    match sums.models.len().saturating_sub(MOST_MODELS) {
        0 => shown.join(", ").into(),
        more => format!("{} +{more}", shown.join(", ")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_names_of_their_own() {
        let names =
            |dimension: Dimension| heads(dimension).iter().map(|head| head.id).chain(FIGURES.iter().map(|f| f.id));
        for dimension in Dimension::GROUPS.into_iter().chain([Dimension::Tool, Dimension::Block]) {
            let all: Vec<_> = names(dimension).collect();
            assert!(all.iter().all(|name| all.iter().filter(|other| *other == name).count() == 1), "{all:?}");
        }
    }
}
