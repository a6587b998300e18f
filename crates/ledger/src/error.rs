use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the ledger could not be used. The view goes on without it: one line says so.
#[derive(Debug, Error)]
#[error("the ledger {} {kind}", path.display())]
pub struct LedgerError {
    /// The ledger's file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: LedgerErrorKind,
}

/// What is wrong with a ledger.
#[derive(Debug, Error)]
pub enum LedgerErrorKind {
    /// A newer agtop made it. It is not touched.
    #[error("was made by a newer agtop (schema {found}, this one knows {known}): it is left alone")]
    Newer {
        /// Its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// It is another program's database. It is not touched.
    #[error("is another program's database: it is left alone")]
    Foreign,
    /// Its location is not safe.
    #[error("is {0}: it is not opened")]
    Unsafe(&'static str),
    /// It cannot be written to: the file, its directory or the file system is read-only.
    #[error("cannot be written to")]
    ReadOnly,
    /// Another process held it for too long.
    #[error("is held by another process")]
    Busy,
    /// There is no room left.
    #[error("has no room left on its disk")]
    Full,
    /// It is broken; [`Ledger::replace`](crate::Ledger::replace) sets it aside.
    #[error("is broken ({0})")]
    Corrupt(String),
    /// The system refused.
    #[error("cannot be used: {0}")]
    Io(#[from] io::Error),
    /// The database refused for another reason.
    #[error("cannot be used: {0}")]
    Database(#[source] rusqlite::Error),
}

impl LedgerErrorKind {
    pub(crate) fn at(self, path: &Path) -> LedgerError {
        LedgerError { path: path.to_owned(), kind: self }
    }
}

impl From<rusqlite::Error> for LedgerErrorKind {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Database(error),
        }
    }
}
