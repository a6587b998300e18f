use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_clients::{SqlValue, Table, TableContent};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use thiserror::Error;

/// How long to wait for a lock that a writer holds.
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);
/// Rows with a larger value are skipped; no value that agtop needs is nearly as large.
pub(crate) const MAX_VALUE_BYTES: i32 = 32 * 1024 * 1024;

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

/// What [`each_row`] finds.
pub(crate) enum SqliteItem<'a> {
    /// A row with its cells.
    Row(&'static Table, i64, &'a [SqlValue<'a>]),
    /// A row that was skipped because one of its values is too large.
    TooLarge(&'static Table, i64),
    /// A table, or the whole database, from which no more can be read.
    Broken(SqliteError),
}

/// Whether a database has a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TablePresence {
    There,
    Missing,
}

/// Calls `visit` for every row of the tables, in their order. Reads through the write-ahead log, and never writes. A
/// missing table or column is no error; but a database that has tables and none of those with records is one, since its
/// client must have renamed them. An oversized value loses its row, a broken table the rest of its rows, and no more.
pub(crate) fn each_row(path: &Path, tables: &'static [Table], mut visit: impl FnMut(SqliteItem<'_>)) {
    let database = match open(path) {
        Ok(database) => database,
        Err(error) => return visit(SqliteItem::Broken(error)),
    };
    let mut lacking = Vec::new();
    for table in tables {
        match read_table(&database, table, &mut visit) {
            Ok(TablePresence::There) => {}
            Ok(TablePresence::Missing) => lacking.extend((table.holds == TableContent::Records).then_some(table.name)),
            Err(source) => visit(SqliteItem::Broken(SqliteError::Read { table: table.name, source })),
        }
    }
    let expected = tables.iter().filter(|table| table.holds == TableContent::Records).count();
    if expected > 0 && lacking.len() == expected {
        match has_tables(&database) {
            Ok(true) => visit(SqliteItem::Broken(SqliteError::UnknownLayout(lacking))),
            Ok(false) => {}
            Err(error) => visit(SqliteItem::Broken(error)),
        }
    }
}

/// Whether the database has any table. One in which nothing was stored yet is no issue.
fn has_tables(database: &Connection) -> Result<bool, SqliteError> {
    let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    database.prepare(query).and_then(|mut statement| statement.exists([])).map_err(SqliteError::Open)
}

fn open(path: &Path) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usable = |database: Connection| -> rusqlite::Result<Connection> {
        database.busy_timeout(BUSY_TIMEOUT)?;
        database.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
        database.execute_batch(
            "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; SELECT 1 FROM sqlite_master LIMIT 1;",
        )?;
        Ok(database)
    };
    let first = Connection::open_with_flags(path, flags).and_then(usable);
    first.or_else(|error| {
        // SQLite needs a writable directory to read through a write-ahead log. A database without a log can be read as
        // immutable, but not one that is being written.
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

/// The `file:` URI of a path, with the characters escaped that have a meaning in URIs.
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
    visit: &mut impl FnMut(SqliteItem<'_>),
) -> rusqlite::Result<TablePresence> {
    let present = columns(database, table.name)?;
    if present.is_empty() {
        return Ok(TablePresence::Missing);
    }
    // The first rowid that was not read yet.
    let mut from = Some(i64::MIN);
    while let Some(first) = from {
        let mut next = first;
        let read = read_rows(database, (table, &present), first, &mut |rowid, cells| {
            visit(SqliteItem::Row(table, rowid, cells));
            next = rowid.saturating_add(1);
        });
        from = match read {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::TooBig) => {
                let Some(rowid) = next_row(database, table, next)? else { return Err(error) };
                visit(SqliteItem::TooLarge(table, rowid));
                rowid.checked_add(1)
            }
            other => return other.map(|()| TablePresence::There),
        };
    }
    Ok(TablePresence::There)
}

fn read_rows(
    database: &Connection,
    (table, present): (&'static Table, &[String]),
    first: i64,
    visit: &mut impl FnMut(i64, &[SqlValue<'_>]),
) -> rusqlite::Result<()> {
    let mut statement = database.prepare(&query(table, present))?;
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        let rowid = row.get_ref(0)?.as_i64().unwrap_or(0);
        let cells: rusqlite::Result<Vec<SqlValue<'_>>> =
            (1..=table.columns.len()).map(|at| row.get_ref(at).map(cell)).collect();
        visit(rowid, &cells?);
    }
    Ok(())
}

/// The row at which reading stopped. Only the table's filter reads any of its values.
fn next_row(database: &Connection, table: &Table, first: i64) -> rusqlite::Result<Option<i64>> {
    let sql = format!("SELECT rowid FROM \"{}\" WHERE {} ORDER BY rowid LIMIT 1", table.name, filter(table));
    database.query_row(&sql, [first], |row| row.get(0)).optional()
}

/// The columns of a table; none if it does not exist or is a view, whose query could take any time.
fn columns(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(
        "SELECT c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name = ?1",
    )?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// The query for the wanted columns. All names come from agtop's own tables of columns, never from a file.
fn query(table: &Table, present: &[String]) -> String {
    let column = |name: &&'static str| {
        if present.iter().any(|known| known == name) { format!("\"{name}\"") } else { "NULL".to_owned() }
    };
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    let columns = columns.join(", ");
    format!("SELECT rowid, {columns} FROM \"{}\" WHERE {} ORDER BY rowid", table.name, filter(table))
}

/// The condition for wanted rows, from a rowid on.
fn filter(table: &Table) -> String {
    table.filter.map_or_else(|| "rowid >= ?1".to_owned(), |filter| format!("rowid >= ?1 AND ({filter})"))
}

fn cell(value: ValueRef<'_>) -> SqlValue<'_> {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(n) => SqlValue::Integer(n),
        ValueRef::Real(n) => SqlValue::Real(n),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => SqlValue::Bytes(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLES: &[Table] = &[
        Table { name: "missing", columns: &["id"], filter: None, holds: TableContent::Context },
        Table {
            name: "message",
            columns: &["id", "brand_new", "n"],
            filter: Some("n > 1"),
            holds: TableContent::Records,
        },
        Table { name: "a_view", columns: &["id"], filter: None, holds: TableContent::Context },
    ];

    fn rows(path: &Path) -> Vec<String> {
        let mut seen = Vec::new();
        each_row(path, TABLES, |item| {
            seen.push(match item {
                SqliteItem::Row(table, rowid, cells) => format!("{} {rowid} {cells:?}", table.name),
                SqliteItem::TooLarge(table, rowid) => format!("{} {rowid} is too large", table.name),
                SqliteItem::Broken(error) => error.to_string(),
            });
        });
        seen
    }

    #[test]
    fn missing_tables_and_columns_and_views_are_not_errors() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("odd ?#%.db");
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE message(id TEXT, n); INSERT INTO message VALUES ('a', 1), ('b', 2.5); CREATE VIEW a_view AS SELECT 1 AS id;")
            .unwrap();
        assert_eq!(rows(&path), ["message 2 [Bytes([98]), Null, Real(2.5)]"]);
    }

    /// OpenCode 2 renamed its tables of messages: agtop found the database, read nothing, and reported no issue.
    #[test]
    fn a_database_with_renamed_tables_is_an_issue_and_an_empty_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("next.db");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "user_version", 3).unwrap();
        assert_eq!(rows(&path).len(), 0);
        database.execute_batch("CREATE TABLE missing(id TEXT); CREATE TABLE message_v3(id TEXT);").unwrap();
        assert_eq!(rows(&path), ["has none of the tables that are known to hold records: message"]);
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
    fn a_file_that_is_not_a_database_gives_an_error_with_its_reason() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("not.db");
        std::fs::write(&path, "x".repeat(5000)).unwrap();
        assert!(rows(&path)[0].contains("not a database"), "{:?}", rows(&path));
    }

    /// A value over the limit once ended the reading of its table, and of all tables after it.
    #[test]
    fn a_value_over_the_limit_loses_only_its_row() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("large.db");
        let database = Connection::open(&path).unwrap();
        database.execute_batch("CREATE TABLE message(id TEXT, n); CREATE TABLE missing(id TEXT);").unwrap();
        let insert = "INSERT INTO message VALUES (zeroblob(?1), 7)";
        for length in [1, MAX_VALUE_BYTES + 1, 1, MAX_VALUE_BYTES + 1] {
            database.execute(insert, [length]).unwrap();
        }
        let row = |rowid| format!("message {rowid} [Bytes([0]), Null, Integer(7)]");
        let lost = |rowid| format!("message {rowid} is too large");
        assert_eq!(rows(&path), [row(1), lost(2), row(3), lost(4)]);
    }

    /// A table that could not be read once ended the reading of all tables after it.
    #[test]
    fn a_broken_table_does_not_affect_the_others() {
        static BROKEN: &[Table] = &[
            Table {
                name: "message",
                columns: &["id"],
                filter: Some("json_extract(id, '$.x') = 1"),
                holds: TableContent::Records,
            },
            Table { name: "part", columns: &["id"], filter: None, holds: TableContent::Records },
        ];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("broken.db");
        let database = Connection::open(&path).unwrap();
        database.execute_batch("CREATE TABLE message(id); INSERT INTO message VALUES ('{'); CREATE TABLE part(id); INSERT INTO part VALUES (1);").unwrap();
        let mut seen = Vec::new();
        each_row(&path, BROKEN, |item| {
            seen.push(match item {
                SqliteItem::Row(table, ..) | SqliteItem::TooLarge(table, _) => table.name.to_owned(),
                SqliteItem::Broken(error) => error.to_string(),
            });
        });
        assert!(seen[0].starts_with("table message cannot be read: ") && seen[1] == "part", "{seen:?}");
    }
}
