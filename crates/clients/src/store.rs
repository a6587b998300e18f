use std::path::{Path, PathBuf};

/// A place where a client keeps files of one kind.
#[derive(Clone, Debug)]
pub struct Store {
    /// The directory to search. It may be a symbolic link; nothing below it is followed through one.
    pub root: PathBuf,
    /// What kind of place this is, in the client's own words: `projects`, `archived_sessions`, …
    pub layout: &'static str,
    /// How many directory levels below `root` files may lie: 1 is `root` itself.
    pub depth: usize,
    /// Whether a file belongs to this store, judged by its path relative to `root`.
    pub accepts: fn(&Path) -> bool,
    /// How files are read.
    pub format: Format,
    /// Whether somebody said that it is there.
    pub presence: Presence,
}

impl Store {
    /// A place where the client puts its files unless it is told otherwise.
    pub(crate) fn usual(
        layout: &'static str,
        root: PathBuf,
        depth: usize,
        accepts: fn(&Path) -> bool,
        format: Format,
    ) -> Self {
        Self { root, layout, depth, accepts, format, presence: Presence::Usual }
    }
}

/// How the files of a store are read.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// Line by line; lines are only ever appended. Files that end in `.zst` are decompressed.
    Lines,
    /// As a whole; rewritten as a whole.
    Document,
    /// An SQLite database, as rows of these tables, read in this order.
    Sqlite(&'static [Table]),
}

/// Which rows and columns of a table are read. Tables and columns that a database lacks are read as NULL or not at
/// all: schemas change with every release.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns, in the order in which the decoder gets them.
    pub columns: &'static [&'static str],
    /// An SQL condition that leaves out rows without interest, over columns that every schema has.
    pub filter: Option<&'static str>,
    /// What it is read for.
    pub holds: Holds,
}

/// What a table is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The records themselves. A database with none of the tables that hold them has a layout that is not known.
    Records,
    /// What belongs to records: parts, names, directories.
    Context,
}

/// Whether a store has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is where the client would put it, if it is installed.
    Usual,
    /// The user named it: it is an error if it is missing.
    Named,
    /// A list that the client keeps names it: it is an error if there are no files in it.
    Listed,
}

/// The file's extension is this one, whatever its case.
pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

/// The file's name; empty if it has none.
pub(crate) fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The file's name without its last extension; empty if it has none.
pub(crate) fn file_stem(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
}
