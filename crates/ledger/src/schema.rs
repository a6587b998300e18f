//! The tables, and how older ones become these.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::LedgerErrorKind;

/// Says in the file's header whose database it is: `agtp`.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"agtp");

/// What leads to each schema from the one before it. Never change an entry that was released: add one.
const MIGRATIONS: &[(u32, &str)] =
    &[(1, include_str!("schema/1.sql")), (2, include_str!("schema/2.sql")), (3, include_str!("schema/3.sql"))];

/// Whose database it is, and how old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    application: i32,
    version: u32,
    is_empty: bool,
}

impl Header {
    fn of(database: &Connection) -> Result<Self, LedgerErrorKind> {
        // One statement sees one state: another process may be making the tables.
        let sql = "SELECT (SELECT application_id FROM pragma_application_id), \
                   (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)";
        let header = database.query_row(sql, [], |row| {
            let (application, version): (i32, i32) = (row.get(0)?, row.get(1)?);
            let tables: u32 = row.get(2)?;
            Ok(Self { application, version: version.cast_unsigned(), is_empty: tables == 0 })
        })?;
        Ok(header)
    }

    /// # Errors
    ///
    /// Where it is nothing that this program may touch.
    fn check(self) -> Result<Self, LedgerErrorKind> {
        let known = newest();
        let is_new = self.is_empty && self.application == 0 && self.version == 0;
        if self.application != APPLICATION_ID && !is_new {
            return Err(LedgerErrorKind::Foreign);
        }
        if self.version > known {
            return Err(LedgerErrorKind::Newer { found: self.version, known });
        }
        Ok(self)
    }
}

fn newest() -> u32 {
    MIGRATIONS.last().map_or(0, |(version, _)| *version)
}

/// Checks that it is a ledger of a known schema that needs no migration.
pub(crate) fn check(database: &Connection) -> Result<(), LedgerErrorKind> {
    if Header::of(database)?.check()?.version < newest() {
        return Err(LedgerErrorKind::ReadOnly);
    }
    check_tables(database)
}

/// Brings the database to the newest schema, in one transaction: another process may be doing the same.
pub(crate) fn migrate(database: &mut Connection) -> Result<(), LedgerErrorKind> {
    if Header::of(database)?.check()?.version < newest() {
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let header = Header::of(&transaction)?.check()?;
        for (version, steps) in MIGRATIONS.iter().filter(|(version, _)| *version > header.version) {
            transaction.execute_batch(steps)?;
            transaction.pragma_update(None, "user_version", version)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    check_tables(database)
}

/// A ledger that lacks what its schema has is broken.
fn check_tables(database: &Connection) -> Result<(), LedgerErrorKind> {
    let all = "SELECT 1 FROM meta, files, memories, image, limits, tags LIMIT 0";
    match database.prepare(all) {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(failure, Some(detail))) if failure.code == rusqlite::ErrorCode::Unknown => {
            Err(LedgerErrorKind::Corrupt(detail))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_in_order_without_a_gap() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, (1..=newest()).collect::<Vec<_>>());
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        let first = Header::of(&database).unwrap();
        migrate(&mut database).unwrap();
        assert_eq!(Header::of(&database).unwrap(), first);
        assert_eq!(first, Header { application: APPLICATION_ID, version: newest(), is_empty: false });
    }

    #[test]
    fn a_newer_schema_and_another_programs_tables_are_refused() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        database.pragma_update(None, "user_version", newest() + 1).unwrap();
        assert!(matches!(migrate(&mut database), Err(LedgerErrorKind::Newer { found: 4, known: 3 })));
        let mut other = Connection::open_in_memory().unwrap();
        other.execute_batch("CREATE TABLE mail (body TEXT)").unwrap();
        assert!(matches!(migrate(&mut other), Err(LedgerErrorKind::Foreign)));
        assert!(matches!(check(&other), Err(LedgerErrorKind::Foreign)));
    }

    #[test]
    fn a_ledger_without_a_table_is_broken() {
        let mut database = Connection::open_in_memory().unwrap();
        migrate(&mut database).unwrap();
        database.execute_batch("DROP TABLE limits").unwrap();
        assert!(matches!(migrate(&mut database), Err(LedgerErrorKind::Corrupt(_))));
    }
}
