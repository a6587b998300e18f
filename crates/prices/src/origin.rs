use std::sync::LazyLock;

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

/// The facts in the comment before a table: `# name value`.
fn read(table: &'static str) -> Origin {
    let facts = || table.lines().map_while(|line| line.strip_prefix("# ")).filter_map(|line| line.split_once(' '));
    let fact = |name| facts().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    Origin {
        name: fact("name"),
        version: fact("version"),
        date: fact("date"),
        sha256: fact("sha256"),
        entries: fact("entries").parse().unwrap_or(0),
    }
}
