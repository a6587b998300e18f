use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_clients::{Cell, Holds, Table};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

/// How long to wait for a writer.
const BUSY: Duration = Duration::from_millis(500);
/// Values larger than this are not read: nothing that agtop needs is near it.
const LARGEST_VALUE: i32 = 32 * 1024 * 1024;

/// Why a database could not be read.
#[derive(Debug, Error)]
pub(crate) enum SqliteError {
    #[error("cannot be opened: {0}")]
    Open(#[source] rusqlite::Error),
    #[error("has none of the tables that are known to hold records: {}", .0.join(", "))]
    UnknownLayout(Vec<&'static str>),
    #[error("table {table} cannot be read: {source}")]
    Read { table: &'static str, source: rusqlite::Error },
}

/// Calls `visit` for every row of the tables, in their order: table, rowid, cells. Reads through the write-ahead log,
/// never writes; tables and columns that the database lacks are no error. One that has tables, and none of those with
/// records, is: its client has changed their names.
pub(crate) fn each_row(
    path: &Path,
    tables: &'static [Table],
    mut visit: impl FnMut(&'static Table, i64, &[Cell<'_>]),
) -> Result<(), SqliteError> {
    let database = open(path)?;
    let mut lacking = Vec::new();
    for table in tables {
        let read = read_table(&database, table, &mut visit);
        let presence = read.map_err(|source| SqliteError::Read { table: table.name, source })?;
        if presence == Presence::Missing && table.holds == Holds::Records {
            lacking.push(table.name);
        }
    }
    let expected = tables.iter().filter(|table| table.holds == Holds::Records).count();
    let is_unknown = expected > 0 && lacking.len() == expected && has_tables(&database)?;
    if is_unknown { Err(SqliteError::UnknownLayout(lacking)) } else { Ok(()) }
}

/// A database in which nothing was ever put is no trouble.
fn has_tables(database: &Connection) -> Result<bool, SqliteError> {
    let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    database.prepare(query).and_then(|mut statement| statement.exists([])).map_err(SqliteError::Open)
}

/// Whether a database has a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    There,
    Missing,
}

fn open(path: &Path) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usable = |database: Connection| -> rusqlite::Result<Connection> {
        database.busy_timeout(BUSY)?;
        database.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST_VALUE)?;
        database.execute_batch(
            "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; SELECT 1 FROM sqlite_master LIMIT 1;",
        )?;
        Ok(database)
    };
    let first = Connection::open_with_flags(path, flags).and_then(usable);
    first.or_else(|error| {
        // A log needs a writable directory to be read through; a database without one can be read as it lies. One that
        // is being written cannot.
        let has_log = log_of(path).metadata().is_ok_and(|log| log.len() > 0);
        if has_log || !is_about_the_directory(&error) {
            return Err(SqliteError::Open(error));
        }
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(immutable_uri(path), flags).and_then(usable).map_err(|_| SqliteError::Open(error))
    })
}

fn is_about_the_directory(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// The write-ahead log beside a database.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// `file:` URI of a path, with what has a meaning in URIs escaped.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            '%' => uri.push_str("%25"),
            _ => uri.push(character),
        }
    }
    uri + "?immutable=1"
}

fn read_table(
    database: &Connection,
    table: &'static Table,
    visit: &mut impl FnMut(&'static Table, i64, &[Cell<'_>]),
) -> rusqlite::Result<Presence> {
    let present = columns(database, table.name)?;
    if present.is_empty() {
        return Ok(Presence::Missing);
    }
    let mut statement = database.prepare(&query(table, &present))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rowid = row.get_ref(0)?.as_i64().unwrap_or(0);
        let cells: rusqlite::Result<Vec<Cell<'_>>> =
            (1..=table.columns.len()).map(|at| row.get_ref(at).map(cell)).collect();
        visit(table, rowid, &cells?);
    }
    Ok(Presence::There)
}

/// The columns a real table has; none if it is not there, or is a view that computes who knows what.
fn columns(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(
        "SELECT c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name = ?1",
    )?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// The names come from our own tables of columns, never from a file.
fn query(table: &Table, present: &[String]) -> String {
    let column = |name: &&'static str| {
        if present.iter().any(|known| known == name) { format!("\"{name}\"") } else { "NULL".to_owned() }
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let filter = table.filter.map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    format!("SELECT rowid, {} FROM \"{}\"{filter} ORDER BY rowid", columns.join(", "), table.name)
}

fn cell(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(n) => Cell::Integer(n),
        ValueRef::Real(n) => Cell::Real(n),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::Bytes(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLES: &[Table] = &[
        Table { name: "missing", columns: &["id"], filter: None, holds: Holds::Context },
        Table { name: "message", columns: &["id", "brand_new", "n"], filter: Some("n > 1"), holds: Holds::Records },
        Table { name: "a_view", columns: &["id"], filter: None, holds: Holds::Context },
    ];

    fn rows(path: &Path) -> Vec<String> {
        let mut seen = Vec::new();
        each_row(path, TABLES, |table, rowid, cells| seen.push(format!("{} {rowid} {cells:?}", table.name))).unwrap();
        seen
    }

    #[test]
    fn missing_tables_and_columns_and_views_are_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("odd ?#%.db");
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE message(id TEXT, n); INSERT INTO message VALUES ('a', 1), ('b', 2.5); CREATE VIEW a_view AS SELECT 1 AS id;")
            .unwrap();
        assert_eq!(rows(&path), ["message 2 [Bytes([98]), Null, Real(2.5)]"]);
    }

    /// OpenCode 2 put its messages into tables of another name: agtop found the database, read nothing, and said that
    /// all was well.
    #[test]
    fn a_database_whose_tables_have_other_names_is_trouble_and_an_empty_one_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("next.db");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "user_version", 3).unwrap();
        assert_eq!(rows(&path).len(), 0);
        database.execute_batch("CREATE TABLE missing(id TEXT); CREATE TABLE message_v3(id TEXT);").unwrap();
        let error = each_row(&path, TABLES, |_, _, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "has none of the tables that are known to hold records: message");
    }

    #[test]
    fn rows_that_are_only_in_the_write_ahead_log_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("live.db");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "journal_mode", "WAL").unwrap();
        database.execute_batch("CREATE TABLE message(id TEXT, n); INSERT INTO message VALUES ('a', 7);").unwrap();
        assert!(log_of(&path).metadata().unwrap().len() > 0);
        assert_eq!(rows(&path).len(), 1);
    }

    #[test]
    fn what_is_no_database_is_an_error_with_a_reason() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("not.db");
        std::fs::write(&path, "x".repeat(5000)).unwrap();
        let error = each_row(&path, TABLES, |_, _, _| {}).unwrap_err();
        assert!(error.to_string().contains("not a database"), "{error}");
    }
}
