//! Opening the ledger, whatever lies there.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use agtop_model::{ClientId, Timestamp};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Fault, LedgerError};
use crate::paths;
use crate::private::{self, COMPANIONS, beside};
use crate::schema;
use crate::store::{Access, Ledger};

/// What to open, and how.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The ledger's file.
    pub path: &'a Path,
    /// The clients that this program knows. What others told stays in the ledger and is passed over.
    pub clients: &'a [ClientId],
    /// The moment: names a broken ledger that is set aside.
    pub now: Timestamp,
    /// How long to wait for another process.
    pub patience: Duration,
}

impl Opening<'_> {
    /// How long to wait for another process, usually: a batch takes milliseconds.
    pub const PATIENCE: Duration = Duration::from_secs(2);
}

/// An open ledger, and what its person should know of it.
#[derive(Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// One line, if something was out of the ordinary.
    pub notice: Option<Notice>,
}

/// What is out of the ordinary about a ledger that was opened nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It was broken. It lies elsewhere now, and a new one was begun.
    SetAside {
        /// Where it lies.
        to: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// It can be read only.
    ReadOnly {
        /// Where it lies.
        path: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { to, detail } => {
                write!(f, "the ledger was broken ({detail}): it was set aside as {} and begun anew", to.display())
            }
            Self::ReadOnly { path } => {
                write!(f, "the ledger {} is read-only: nothing new is remembered", path.display())
            }
        }
    }
}

/// Values larger than this are not read: nothing that this crate writes is near it.
const LARGEST_VALUE: i32 = 512 * 1024 * 1024;

impl Ledger {
    /// Opens the ledger, or begins one. A broken one is set aside, never overwritten; one that cannot be written to is
    /// opened to be read.
    ///
    /// # Errors
    ///
    /// Where there is nothing to be had: made by a newer agtop, another program's, a link, held by another process for
    /// too long, or a directory that can neither be read nor made.
    pub fn open(opening: &Opening<'_>) -> Result<Opened, LedgerError> {
        let path = private::settle(opening.path).map_err(|fault| fault.at(opening.path))?;
        let at = |fault: Fault| fault.at(&path);
        match connect(&path, opening) {
            Err(Fault::Corrupt(detail)) => {
                let to = set_aside(&path, opening.now).map_err(|error| at(error.into()))?;
                let ledger = connect(&path, opening).map_err(at)?;
                Ok(Opened { ledger, notice: Some(Notice::SetAside { to, detail }) })
            }
            Ok(ledger) => {
                let notice = (ledger.access == Access::Read).then(|| Notice::ReadOnly { path: path.clone() });
                Ok(Opened { ledger, notice })
            }
            Err(fault) => Err(at(fault)),
        }
    }

    /// Broken ledgers that were set aside before and are still there: what they alone knew is missing.
    pub fn broken_ones(&self) -> Vec<PathBuf> {
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
    pub fn replace(self, now: Timestamp, detail: &str) -> Result<Opened, LedgerError> {
        let Self { database, path, clients, patience, .. } = self;
        drop(database);
        let to = set_aside(&path, now).map_err(|error| Fault::from(error).at(&path))?;
        let opened = Self::open(&Opening { path: &path, clients: &clients, now, patience })?;
        Ok(Opened { notice: Some(Notice::SetAside { to, detail: detail.to_owned() }), ..opened })
    }
}

fn connect(path: &Path, opening: &Opening<'_>) -> Result<Ledger, Fault> {
    let (database, access) = match private::claim(path) {
        Ok(()) => to_write(path, opening.patience).or_else(|fault| match fault {
            Fault::ReadOnly => to_read(path, opening.patience),
            other => Err(other),
        })?,
        Err(error) if is_refusal(&error) && path.is_file() => to_read(path, opening.patience)?,
        Err(error) => return Err(error.into()),
    };
    Ok(Ledger {
        database,
        path: path.to_owned(),
        clients: opening.clients.to_vec(),
        patience: opening.patience,
        access,
        damage: RefCell::default(),
    })
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

fn to_write(path: &Path, patience: Duration) -> Result<(Connection, Access), Fault> {
    // Never create here: the file is there, with its owner's rights alone.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | common_flags();
    let mut database = Connection::open_with_flags(path, flags)?;
    prepare(&database, patience)?;
    if database.is_readonly("main")? {
        return Err(Fault::ReadOnly);
    }
    // Holds for a new ledger: blobs are large, and each page of one is a read of its own.
    database.execute_batch("PRAGMA page_size = 16384")?;
    begin_log(&database, patience)?;
    database.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")?;
    schema::migrate(&mut database)?;
    Ok((database, Access::Write))
}

fn to_read(path: &Path, patience: Duration) -> Result<(Connection, Access), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | common_flags();
    let usable = |database: Connection| -> Result<Connection, Fault> {
        prepare(&database, patience)?;
        schema::check(&database)?;
        Ok(database)
    };
    let first = Connection::open_with_flags(path, flags).map_err(Fault::from).and_then(usable);
    let database = first.or_else(|fault| {
        // A log needs a writable directory to be read through; a ledger without one can be read as it lies.
        let has_log = beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0);
        if has_log || !is_about_the_directory(&fault) {
            return Err(fault);
        }
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(immutable_uri(path), flags).map_err(Fault::from).and_then(usable)
    })?;
    Ok((database, Access::Read))
}

fn common_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_EXRESCODE
}

fn is_about_the_directory(fault: &Fault) -> bool {
    match fault {
        Fault::ReadOnly => true,
        Fault::Database(error) => error.sqlite_error_code() == Some(ErrorCode::CannotOpen),
        _ => false,
    }
}

fn prepare(database: &Connection, patience: Duration) -> Result<(), Fault> {
    database.busy_timeout(patience)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, LARGEST_VALUE)?;
    // No file is mapped into memory: one that another process truncates would end this one.
    // What a statement may have to take back is a few pages: in a file, writing them down takes longer than the statement.
    database.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// How long to wait before the log is asked for again.
const PAUSE: Duration = Duration::from_millis(5);

/// Switches to a write-ahead log, so that readers never wait. SQLite does not wait by itself for another process that
/// is doing the same.
fn begin_log(database: &Connection, patience: Duration) -> Result<(), Fault> {
    let mut left = patience;
    loop {
        let mode = database.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode.map_err(Fault::from) {
            Err(Fault::Busy) if !left.is_zero() => {
                std::thread::sleep(PAUSE);
                left = left.saturating_sub(PAUSE);
            }
            Err(fault) => return Err(fault),
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
    for &byte in &*paths::to_bytes(path) {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri + "?immutable=1"
}
