//! What agents write: finding their files, following them, and reading them into events.

pub(crate) mod directories;
pub(crate) mod discover;
pub(crate) mod document;
pub(crate) mod expansion;
pub(crate) mod file_table;
pub(crate) mod health;
pub(crate) mod lines;
pub(crate) mod moved;
pub(crate) mod project_names;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod schedule;
pub(crate) mod sqlite;
pub(crate) mod watcher;

pub use file_table::Files;
pub use scan::Progress;
