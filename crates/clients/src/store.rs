use std::path::{Path, PathBuf};

/// A directory where a client keeps files of one kind.
#[derive(Clone, Debug)]
pub struct Store {
    /// The directory to search. It may be a symbolic link; links below it are not followed.
    pub root: PathBuf,
    /// The kind of the store, in the client's own words: `projects`, `archived_sessions`, …
    pub layout: &'static str,
    /// The maximum depth of files below `root`: 1 for files in `root` itself.
    pub depth: usize,
    /// Whether a file belongs to this store, by its path relative to `root`.
    pub accepts: fn(&Path) -> bool,
    /// How files are read.
    pub format: Format,
    /// Whether the store must exist.
    pub presence: Presence,
}

impl Store {
    /// A store in the client's default directory.
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
    /// Line by line; lines are only appended. Files that end in `.zst` are decompressed.
    Lines,
    /// As a whole; rewritten as a whole.
    Document,
    /// An SQLite database: rows of these tables, in this order.
    Sqlite(&'static [Table]),
}

/// The rows and columns of a table that are read. Missing tables are skipped and missing columns are NULL: schemas
/// change with every release.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns, in the order in which the decoder receives them.
    pub columns: &'static [&'static str],
    /// An SQL condition that leaves out rows that agtop does not use, over columns that every schema has.
    pub filter: Option<&'static str>,
    /// What the table is read for.
    pub holds: TableContent,
}

/// What a table is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableContent {
    /// Records. A database with none of the tables that hold records has an unknown layout.
    Records,
    /// Data that belongs to records: parts, names, directories.
    Context,
}

/// Whether a store must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The client's default directory: it exists only if the client is installed.
    Usual,
    /// The user configured it: it is an error if it is missing.
    Named,
    /// A list of the client names it: it is an error if it has no files.
    Listed,
}

/// Whether the file has this extension, ignoring case.
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
