//! What agents write: finding their files, following them, and reading them into events.

pub(crate) mod cursor;
pub(crate) mod decoded_batch;
pub(crate) mod directories;
pub(crate) mod discover;
pub(crate) mod document;
pub(crate) mod expansion;
pub(crate) mod file_table;
pub(crate) mod health;
pub(crate) mod idle_directories;
pub(crate) mod lines;
pub(crate) mod moved;
pub(crate) mod pending_writes;
pub(crate) mod progress;
pub(crate) mod project_names;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod schedule;
pub(crate) mod sqlite;
pub(crate) mod store_log;
pub(crate) mod stores;
pub(crate) mod watcher;

pub use file_table::FileTable;
pub use progress::ScanProgress;
