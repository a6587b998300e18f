use std::io;

use rusqlite::Connection;

use crate::Home;

/// A new database in WAL mode, as agents keep theirs. While the connection lives, so does its `-wal` file; closing it
/// folds the log into the database, which leaves the same bytes each time.
pub(crate) fn create(home: &Home, relative: &str, schema: &str) -> io::Result<Connection> {
    let connection = Connection::open(home.prepare(relative)?).map_err(io::Error::other)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(io::Error::other)?;
    connection.execute_batch(schema).map_err(io::Error::other)?;
    Ok(connection)
}

/// Many rows at once.
pub(crate) fn begin(connection: &Connection) -> io::Result<()> {
    connection.execute_batch("BEGIN").map_err(io::Error::other)
}

/// The end of [`begin`].
pub(crate) fn commit(connection: &Connection) -> io::Result<()> {
    connection.execute_batch("COMMIT").map_err(io::Error::other)
}

/// A number for a column: `SQLite`'s integers are signed.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Adds a row.
pub(crate) fn insert(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> io::Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(io::Error::other)?;
    statement.execute(values).map(drop).map_err(io::Error::other)
}
