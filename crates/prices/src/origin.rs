use std::sync::LazyLock;

use crate::day::Day;
use crate::sheet::Sheet;

/// Where a price list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whose list it is.
    pub name: &'static str,
    /// The version of the package it was taken from.
    pub version: &'static str,
    /// The day it was fetched, `YYYY-MM-DD`.
    pub date: &'static str,
    /// The SHA-256 of the list as it was published, in hexadecimal.
    pub sha256: &'static str,
    /// How many models it has.
    pub entries: usize,
}

/// The generated table, a comment with its [`Origin`] before it.
const TABLE: &str = include_str!("litellm.tsv");

/// The hand-kept table of models that the list has dropped.
const RETIRED: &str = include_str!("retired.tsv");

/// The generated table of what the list said earlier, a comment with the lists that it was made of before it.
const HISTORY: &str = include_str!("history.tsv");

static ORIGIN: LazyLock<Origin> = LazyLock::new(|| read(TABLE));

/// Where the bundled list comes from.
pub(crate) fn bundled() -> &'static Origin {
    &ORIGIN
}

/// The bundled list.
pub(crate) fn table() -> Sheet<'static> {
    Sheet::of_file(TABLE)
}

/// Models that the list once had; the note of each row tells when and where its price was taken from.
pub(crate) fn retired() -> Sheet<'static> {
    Sheet::of_file(RETIRED)
}

/// What the list said earlier; the note of each row is the first day on which it said something else.
pub(crate) fn history() -> Sheet<'static> {
    Sheet::of_file(HISTORY)
}

/// A list that was published once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// The day on which it was.
    pub(crate) day: Day,
    /// The version of the package it came in.
    pub(crate) version: &'static str,
}

/// The lists that the history was made of, oldest first, the bundled one last: `# list DAY VERSION SHA256`.
pub(crate) fn issues() -> impl DoubleEndedIterator<Item = Issue> {
    let values = facts(HISTORY).filter(|(name, _)| *name == "list").map(|(_, value)| value);
    let issue = |value: &'static str| {
        let (day, rest) = value.split_once(' ')?;
        let (version, _) = rest.split_once(' ')?;
        Some(Issue { day: day.parse().ok()?, version })
    };
    values.filter_map(issue).collect::<Vec<_>>().into_iter()
}

/// The facts in the comment before a table: `# name value`.
fn facts(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().map_while(|line| line.strip_prefix("# ")).filter_map(|line| line.split_once(' '))
}

fn read(table: &'static str) -> Origin {
    let fact = |name| facts(table).find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    Origin {
        name: fact("name"),
        version: fact("version"),
        date: fact("date"),
        sha256: fact("sha256"),
        entries: fact("entries").parse().unwrap_or(0),
    }
}
