//! Opens the ledger: creates, migrates or sets aside a broken one.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use agtop_model::{ClientId, Timestamp};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{LedgerError, LedgerErrorKind};
use crate::private::{self, COMPANIONS, beside};
use crate::schema;
use crate::store::{Ledger, LedgerAccess};

/// What to open, and how.
#[derive(Clone, Copy, Debug)]
pub struct LedgerOptions<'a> {
    /// The ledger's file.
    pub path: &'a Path,
    /// The clients that this program knows. Records of others stay in the ledger and are skipped.
    pub clients: &'a [ClientId],
    /// The current time: part of the name of a broken ledger that is set aside.
    pub now: Timestamp,
    /// How long to wait for another process.
    pub busy_timeout: Duration,
}

impl LedgerOptions<'_> {
    /// The usual wait for another process: a batch takes milliseconds.
    pub const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
}

/// An open ledger, and what the user should know about it.
#[derive(Debug)]
pub struct OpenedLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// One line, if something was out of the ordinary.
    pub notice: Option<OpenNotice>,
}

/// What is unusual about a ledger that was opened nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenNotice {
    /// It was broken. It was renamed, and a new one was created.
    SetAside {
        /// The path.
        to: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// It can be read only.
    ReadOnly {
        /// The path.
        path: PathBuf,
    },
}

impl fmt::Display for OpenNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { to, detail } => {
                write!(
                    f,
                    "the ledger was broken ({detail}): it was set aside as {} and a new one was created",
                    to.display()
                )
            }
            Self::ReadOnly { path } => {
                write!(f, "the ledger {} is read-only: nothing new is remembered", path.display())
            }
        }
    }
}

/// SQLite refuses values larger than this, in bytes. All values that this crate writes are far smaller.
const MAX_VALUE_BYTES: i32 = 512 * 1024 * 1024;

impl Ledger {
    /// Opens the ledger, or begins one. A broken one is set aside, never overwritten; one that cannot be written to is
    /// opened to be read.
    ///
    /// # Errors
    ///
    /// Where no ledger can be opened: made by a newer agtop, another program's, a link, held by another process for
    /// too long, or a directory that can neither be read nor made.
    pub fn open(options: &LedgerOptions<'_>) -> Result<OpenedLedger, LedgerError> {
        let path = private::resolve_path(options.path).map_err(|kind| kind.at(options.path))?;
        let at = |kind: LedgerErrorKind| kind.at(&path);
        match connect(&path, options) {
            Err(LedgerErrorKind::Corrupt(detail)) => {
                let to = set_aside(&path, options.now).map_err(|error| at(error.into()))?;
                let ledger = connect(&path, options).map_err(at)?;
                Ok(OpenedLedger { ledger, notice: Some(OpenNotice::SetAside { to, detail }) })
            }
            Ok(ledger) => {
                let notice = (ledger.access == LedgerAccess::Read).then(|| OpenNotice::ReadOnly { path: path.clone() });
                Ok(OpenedLedger { ledger, notice })
            }
            Err(kind) => Err(at(kind)),
        }
    }

    /// Broken ledgers that were set aside and are still there: what only they recorded is missing.
    pub fn set_aside_copies(&self) -> Vec<PathBuf> {
        let Some((directory, name)) = self.path.parent().zip(self.path.file_name()) else { return Vec::new() };
        let prefix = format!("{}.corrupt-", name.to_string_lossy());
        let is_one = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy());
            name.is_some_and(|name| name.starts_with(&prefix) && !name.ends_with("-wal") && !name.ends_with("-shm"))
        };
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_one).collect();
        paths.sort();
        paths
    }

    /// Sets this ledger aside, because it has turned out to be broken, and begins a new one.
    ///
    /// # Errors
    ///
    /// Where it cannot be moved, or where [`Self::open`] fails.
    pub fn replace(self, now: Timestamp, detail: &str) -> Result<OpenedLedger, LedgerError> {
        let Self { database, path, clients, busy_timeout, .. } = self;
        drop(database);
        let to = set_aside(&path, now).map_err(|error| LedgerErrorKind::from(error).at(&path))?;
        let opened = Self::open(&LedgerOptions { path: &path, clients: &clients, now, busy_timeout })?;
        Ok(OpenedLedger { notice: Some(OpenNotice::SetAside { to, detail: detail.to_owned() }), ..opened })
    }
}

fn connect(path: &Path, options: &LedgerOptions<'_>) -> Result<Ledger, LedgerErrorKind> {
    let (database, access) = match private::claim(path) {
        Ok(()) => to_write(path, options.busy_timeout).or_else(|kind| match kind {
            LedgerErrorKind::ReadOnly => to_read(path, options.busy_timeout),
            other => Err(other),
        })?,
        Err(error) if is_refusal(&error) && path.is_file() => to_read(path, options.busy_timeout)?,
        Err(error) => return Err(error.into()),
    };
    Ok(Ledger {
        database,
        path: path.to_owned(),
        clients: options.clients.to_vec(),
        busy_timeout: options.busy_timeout,
        access,
        damage: RefCell::default(),
        is_checked: Cell::default(),
    })
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn to_write(path: &Path, busy_timeout: Duration) -> Result<(Connection, LedgerAccess), LedgerErrorKind> {
    // Never create here: the file is there, with its owner's rights alone.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | common_flags();
    let mut database = Connection::open_with_flags(path, flags)?;
    prepare(&database, busy_timeout)?;
    if database.is_readonly("main")? {
        return Err(LedgerErrorKind::ReadOnly);
    }
    // Holds for a new ledger: blobs are large, and each page of one is a read of its own.
    database.execute_batch("PRAGMA page_size = 16384")?;
    begin_log(&database, busy_timeout)?;
    database.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")?;
    schema::migrate(&mut database)?;
    Ok((database, LedgerAccess::Write))
}

fn to_read(path: &Path, busy_timeout: Duration) -> Result<(Connection, LedgerAccess), LedgerErrorKind> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | common_flags();
    let usable = |database: Connection| -> Result<Connection, LedgerErrorKind> {
        prepare(&database, busy_timeout)?;
        schema::check(&database)?;
        Ok(database)
    };
    let first = Connection::open_with_flags(path, flags).map_err(LedgerErrorKind::from).and_then(usable);
    let database = first.or_else(|kind| {
        // A log needs a writable directory to be read through; a ledger without one can be read without one.
        let has_log = beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0);
        if has_log || !is_about_the_directory(&kind) {
            return Err(kind);
        }
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(immutable_uri(path), flags).map_err(LedgerErrorKind::from).and_then(usable)
    })?;
    Ok((database, LedgerAccess::Read))
}

fn common_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_EXRESCODE
}

fn is_about_the_directory(kind: &LedgerErrorKind) -> bool {
    match kind {
        LedgerErrorKind::ReadOnly => true,
        LedgerErrorKind::Database(error) => error.sqlite_error_code() == Some(ErrorCode::CannotOpen),
        _ => false,
    }
}

fn prepare(database: &Connection, busy_timeout: Duration) -> Result<(), LedgerErrorKind> {
    database.busy_timeout(busy_timeout)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    // No file is mapped into memory: one that another process truncates would end this one.
    // What a statement may have to take back is a few pages: in a file, writing them down takes longer than the statement.
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// How long to wait before the write-ahead log is requested again.
const WAL_RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// Switches to a write-ahead log, so that readers never wait. SQLite does not wait by itself for another process that
/// is doing the same.
fn begin_log(database: &Connection, busy_timeout: Duration) -> Result<(), LedgerErrorKind> {
    let mut left = busy_timeout;
    loop {
        let mode = database.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode.map_err(LedgerErrorKind::from) {
            Err(LedgerErrorKind::Busy) if !left.is_zero() => {
                std::thread::sleep(WAL_RETRY_INTERVAL);
                left = left.saturating_sub(WAL_RETRY_INTERVAL);
            }
            Err(kind) => return Err(kind),
            // Other modes are what file systems without shared memory get: slower, and as safe.
            Ok(_) => return Ok(()),
        }
    }
}

/// Moves a broken ledger and its log out of the way.
fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let stamp = stamp.strftime("%Y%m%dT%H%M%SZ");
    let names = (0_u32..).map(|again| match again {
        0 => beside(path, &format!(".corrupt-{stamp}")),
        again => beside(path, &format!(".corrupt-{stamp}.{again}")),
    });
    let free = names.take(100).find(|name| name.symlink_metadata().is_err());
    let to = free.ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
    for suffix in COMPANIONS {
        match fs::rename(beside(path, suffix), beside(&to, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(to)
}

/// `file:` URI of a path, with what has a meaning in URIs escaped.
fn immutable_uri(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from("file:");
    for &byte in &*agtop_os::path_to_bytes(path) {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri + "?immutable=1"
}
