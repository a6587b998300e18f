use std::sync::LazyLock;

use agtop_model::Day;

use crate::sheet::Sheet;

/// The origin of a price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListOrigin {
    /// Its publisher.
    pub name: &'static str,
    /// The version of the package that it comes from.
    pub version: &'static str,
    /// The day on which it was fetched, `YYYY-MM-DD`.
    pub date: &'static str,
    /// The SHA-256 of the published list, in hexadecimal.
    pub sha256: &'static str,
    /// The number of models.
    pub entries: usize,
}

/// The generated table, after a comment with its [`ListOrigin`].
const LITELLM_TSV: &str = include_str!("litellm.tsv");

/// The hand-kept table of models that the list has dropped.
const RETIRED_TSV: &str = include_str!("retired.tsv");

/// The generated table of earlier rates, after a comment with the lists that it was made of.
const HISTORY_TSV: &str = include_str!("history.tsv");

static BUNDLED_ORIGIN: LazyLock<ListOrigin> = LazyLock::new(|| read(LITELLM_TSV));

/// The origin of the bundled list.
pub(crate) fn bundled() -> &'static ListOrigin {
    &BUNDLED_ORIGIN
}

/// The bundled list.
pub(crate) fn table() -> Sheet<'static> {
    Sheet::of_file(LITELLM_TSV)
}

/// Models that the list once had; the note of each row has the source and day of its price.
pub(crate) fn retired() -> Sheet<'static> {
    Sheet::of_file(RETIRED_TSV)
}

/// Earlier rates; the note of each row is the first day with other rates.
pub(crate) fn history() -> Sheet<'static> {
    Sheet::of_file(HISTORY_TSV)
}

/// A list that was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListVersion {
    /// The day of publication.
    pub(crate) day: Day,
    /// The version of the package.
    pub(crate) version: &'static str,
}

/// The lists that the history was made of, oldest first, the bundled one last: `# list DAY VERSION SHA256`.
pub(crate) fn list_versions() -> impl DoubleEndedIterator<Item = ListVersion> {
    let values = facts(HISTORY_TSV).filter(|(name, _)| *name == "list").map(|(_, value)| value);
    let issue = |value: &'static str| {
        let (day, rest) = value.split_once(' ')?;
        let (version, _) = rest.split_once(' ')?;
        Some(ListVersion { day: day.parse().ok()?, version })
    };
    values.filter_map(issue).collect::<Vec<_>>().into_iter()
}

/// The facts in the comment before a table: `# name value`.
fn facts(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().map_while(|line| line.strip_prefix("# ")).filter_map(|line| line.split_once(' '))
}

fn read(table: &'static str) -> ListOrigin {
    let fact = |name| facts(table).find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    ListOrigin {
        name: fact("name"),
        version: fact("version"),
        date: fact("date"),
        sha256: fact("sha256"),
        entries: fact("entries").parse().unwrap_or(0),
    }
}
