//! Reads from the ledger.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use agtop_model::{ClientId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, named_params};

use crate::codec::{BlobReader, BlobWriter, DamagedBlob};
use crate::error::{LedgerError, LedgerErrorKind};
use crate::file_summary::FileSummary;
use crate::record::{FileEntry, FileEntryId, FileHead, FileIdentity, FilePresence, FileStamp, ReadPosition};

/// The store of file summaries. One per thread; any number of processes.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) database: Connection,
    pub(crate) path: PathBuf,
    pub(crate) clients: Vec<ClientId>,
    pub(crate) busy_timeout: Duration,
    pub(crate) access: LedgerAccess,
    /// Damage that reading has found and [`Self::take_damage`] has not returned yet.
    pub(crate) damage: RefCell<Vec<LedgerDamage>>,
    /// Whether the whole table of files was checked.
    pub(crate) is_checked: Cell<bool>,
}

/// Something in the ledger that cannot be read any more, of a file that cannot be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDamage {
    /// The transcript file.
    pub path: PathBuf,
    /// What is wrong.
    pub detail: String,
}

/// A larger table of files is not checked against its index: the check takes about a millisecond per thousand files.
const MAX_CHECKED_FILES: i64 = 20_000;

/// No more notes of damage than this are kept.
const MAX_DAMAGE_NOTES: usize = 200;

/// What may be done with a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerAccess {
    /// It is read and written.
    Write,
    /// It is read only.
    Read,
}

/// The stored state of a file, enough to continue reading it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedFile {
    /// Its summary.
    pub summary: FileSummary,
    /// The decoder's state.
    pub checkpoint: Option<Vec<u8>>,
}

/// The columns of [`entry`], in its order.
pub(crate) const FILE_COLUMNS: &str = "id, client, path, state, device, inode, size, modified, log, head_length, head_hash, \
     offset, fragment, seen, last_active, turns, generation";

impl Ledger {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What may be done with it.
    pub const fn access(&self) -> LedgerAccess {
        self.access
    }

    /// Every file that is known, in the order in which they became known.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn entries(&self) -> Result<Vec<FileEntry>, LedgerError> {
        self.entries_since(0).map_err(|kind| self.fail(kind))
    }

    /// What is known of a file, unless it is gone and something else took its place.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn entry(&self, client: ClientId, path: &Path) -> Result<Option<FileEntry>, LedgerError> {
        find(&self.database, &self.clients, client, path).map_err(|kind| self.fail(kind))
    }

    /// A file's summary and checkpoint; `None` if the file is unknown or its record is damaged: then it
    /// must be read again.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn load(&self, file: FileEntryId) -> Result<Option<LoadedFile>, LedgerError> {
        let loaded = load(&self.database, &self.clients, file).map_err(|kind| self.fail(kind))?;
        if loaded.is_none() {
            let known = find_number(&self.database, &self.clients, file).map_err(|kind| self.fail(kind))?;
            if let Some(entry) = &known {
                self.note_damage(entry);
            }
        }
        Ok(loaded)
    }

    /// The damage that was found since the last call.
    pub fn take_damage(&self) -> Vec<LedgerDamage> {
        self.damage.take()
    }

    /// A file that is still there can be read again: nothing of it is lost.
    fn note_damage(&self, entry: &FileEntry) {
        if entry.state == FilePresence::Replaced || !entry.path.exists() {
            self.note(entry.path.clone(), "what the ledger kept of it is damaged".to_owned());
        }
    }

    fn note(&self, path: PathBuf, detail: String) {
        let mut damage = self.damage.borrow_mut();
        let found = LedgerDamage { path, detail };
        if damage.len() < MAX_DAMAGE_NOTES && !damage.contains(&found) {
            damage.push(found);
        }
    }

    /// The decoder's state after a file, where it could be kept.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn checkpoint(&self, file: FileEntryId) -> Result<Option<Vec<u8>>, LedgerError> {
        let sql = "SELECT checkpoint FROM memories WHERE file = ?1";
        let found = self
            .database
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([file.0], |row| row.get::<_, Option<Vec<u8>>>(0)).optional());
        found.map(Option::flatten).map_err(|error| self.fail(error))
    }

    /// Passes every file with its summary to `visit`, one by one; `None` where the summary is damaged.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn for_each_summary(&self, mut visit: impl FnMut(FileEntry, Option<FileSummary>)) -> Result<(), LedgerError> {
        let visited = self.for_each_decoded(|entry, summary| {
            let summary = summary.ok();
            if summary.as_ref().is_some_and(|summary| summary.responses.len() as u64 != entry.responses) {
                self.note_damage(&entry);
            }
            visit(entry, summary);
        });
        visited.map_err(|kind| self.fail(kind))
    }

    /// Passes every sound summary with activity since then to `visit`, with the time when its file was last
    /// written.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn for_each_summary_since(
        &self,
        since: Timestamp,
        mut visit: impl FnMut(FileSummary, Timestamp),
    ) -> Result<(), LedgerError> {
        let mut read = || {
            let sql = "SELECT memory, modified FROM files JOIN memories ON file = id WHERE last_active >= ?1";
            let mut statement = self.database.prepare_cached(sql)?;
            let mut rows = statement.query([since.as_millis()])?;
            while let Some(row) = rows.next()? {
                let blob = row.get_ref(0)?.as_blob().unwrap_or_default();
                // Damaged summaries, and those of unknown clients, are skipped.
                if let Ok(summary) = FileSummary::decode(blob, &self.clients) {
                    visit(summary, time(row, 1)?);
                }
            }
            Ok(())
        };
        read().map_err(|kind: LedgerErrorKind| self.fail(kind))
    }

    /// Whether it holds no file.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn is_empty(&self) -> Result<bool, LedgerError> {
        let any = self.database.query_row("SELECT 1 FROM files LIMIT 1", [], |_| Ok(())).optional();
        any.map(|any| any.is_none()).map_err(|error| self.fail(error))
    }

    /// When a file was last seen; `None` if the ledger is empty.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn written_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let latest = self.database.query_row("SELECT max(seen) FROM files", [], |row| row.get::<_, Option<i64>>(0));
        latest.map(|at| at.map(Timestamp::from_millis)).map_err(|error| self.fail(error))
    }

    /// Looks for damage, as a flipped bit leaves it, in what a run reads of the table of files: if there is a rollup, which
    /// has a checksum, that is the files that were written since. [`Self::take_damage`] returns what is found.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn check_before_reading(&self) -> Result<(), LedgerError> {
        let check = || {
            // One view of the database for all questions: another process may write in between.
            let _view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
            match self.rollup_generation()? {
                Some(generation) => self.check_rows_since(generation),
                None => self.check_all_rows(),
            }
        };
        check().map_err(|kind| self.fail(kind))
    }

    /// Looks for rows that cannot be decoded or contradict their index, once: a batch finds files by it.
    /// [`Self::take_damage`] returns what is found.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn check_before_writing(&self) -> Result<(), LedgerError> {
        if self.is_checked.get() { Ok(()) } else { self.check_all_rows().map_err(|kind| self.fail(kind)) }
    }

    /// Two scans and a look-up of each of these rows take a tenth of the time of SQLite's own check, which looks all of them
    /// up in all indexes.
    fn check_rows_since(&self, generation: u64) -> Result<(), LedgerErrorKind> {
        let scan = |from: &str| {
            let sql = format!("SELECT count(*), total(generation), total(id) FROM files {from}");
            let mut statement = self.database.prepare_cached(&sql)?;
            statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?, row.get::<_, f64>(2)?)))
        };
        if scan("NOT INDEXED")? != scan("INDEXED BY files_generation")? {
            self.note(self.path.clone(), "its table of files is damaged: an index differs from it".to_owned());
        }
        let generation = generation.cast_signed();
        let sql = "SELECT count(*) FROM files AS changed WHERE generation > ?1 AND NOT EXISTS (\
                   SELECT 1 FROM files INDEXED BY files_place WHERE path = changed.path AND client = changed.client \
                   AND (state = 2) = (changed.state = 2) AND id = changed.id)";
        let lost: i64 = self.database.prepare_cached(sql)?.query_row([generation], |row| row.get(0))?;
        if lost > 0 {
            self.note(self.path.clone(), format!("its table of files is damaged: an index lacks {lost} of them"));
        }
        self.note_unknown_rows(generation)
    }

    fn check_all_rows(&self) -> Result<(), LedgerErrorKind> {
        self.is_checked.set(true);
        let files: i64 = self.database.query_row("SELECT count(*) FROM files", [], |row| row.get(0))?;
        if files <= MAX_CHECKED_FILES {
            let sql = "SELECT integrity_check FROM pragma_integrity_check(\"files\")";
            let mut check = self.database.prepare_cached(sql)?;
            let first = check.query_row([], |row| row.get::<_, String>(0)).optional()?;
            if let Some(fault) = first.filter(|line| line != "ok") {
                self.note(self.path.clone(), format!("its table of files is damaged: {fault}"));
            }
        }
        self.note_unknown_rows(i64::MIN)
    }

    /// Notes rows of a later batch than `generation` that do not say which client's they are.
    fn note_unknown_rows(&self, generation: i64) -> Result<(), LedgerErrorKind> {
        let mut statement =
            self.database.prepare_cached("SELECT path, client, state FROM files WHERE generation > ?1")?;
        let mut rows = statement.query([generation])?;
        while let Some(row) = rows.next()? {
            let (client, state) = (row.get_ref(1)?.as_str().unwrap_or_default(), row.get(2)?);
            let path =
                || Ok::<_, LedgerErrorKind>(agtop_os::path_from_bytes(row.get_ref(0)?.as_blob().unwrap_or_default()));
            if FilePresence::of_number(state).is_none() || !self.clients.iter().any(|known| known.as_str() == client) {
                self.note(path()?, format!("what the ledger kept of it is of an agent unknown here: {client}"));
            }
        }
        Ok(())
    }

    /// Passes every file with its summary to `visit`, one by one, and notes damage.
    pub(crate) fn for_each_decoded(
        &self,
        mut visit: impl FnMut(FileEntry, Result<FileSummary, DamagedBlob>),
    ) -> Result<(), LedgerErrorKind> {
        let sql = format!("SELECT {FILE_COLUMNS}, memory FROM files LEFT JOIN memories ON file = id ORDER BY id");
        let mut statement = self.database.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(entry) = entry(row, &self.clients)? else { continue };
            let blob = row.get_ref("memory")?.as_blob().unwrap_or_default();
            let summary = FileSummary::decode(blob, &self.clients);
            // What is sound and not understood is of a client that is unknown here.
            if summary.is_err() && BlobReader::of(blob, &self.clients).is_err() {
                self.note_damage(&entry);
            }
            visit(entry, summary);
        }
        Ok(())
    }

    /// Files that a batch later than `generation` wrote.
    pub(crate) fn entries_since(&self, generation: u64) -> Result<Vec<FileEntry>, LedgerErrorKind> {
        let sql = format!("SELECT {FILE_COLUMNS} FROM files WHERE generation > ?1 ORDER BY id");
        let mut statement = self.database.prepare_cached(&sql)?;
        let mut rows = statement.query([generation.cast_signed()])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.extend(entry(row, &self.clients)?);
        }
        Ok(entries)
    }

    pub(crate) fn fail(&self, kind: impl Into<LedgerErrorKind>) -> LedgerError {
        kind.into().at(&self.path)
    }
}

pub(crate) fn find(
    database: &Connection,
    clients: &[ClientId],
    client: ClientId,
    path: &Path,
) -> Result<Option<FileEntry>, LedgerErrorKind> {
    let sql = format!("SELECT {FILE_COLUMNS} FROM files WHERE path = :path AND client = :client AND (state = 2) = 0");
    let mut statement = database.prepare_cached(&sql)?;
    let parameters = named_params! { ":path": agtop_os::path_to_bytes(path), ":client": client.as_str() };
    let mut rows = statement.query(parameters)?;
    rows.next()?.map_or(Ok(None), |row| entry(row, clients))
}

pub(crate) fn find_number(
    database: &Connection,
    clients: &[ClientId],
    file: FileEntryId,
) -> Result<Option<FileEntry>, LedgerErrorKind> {
    let mut statement = database.prepare_cached(&format!("SELECT {FILE_COLUMNS} FROM files WHERE id = ?1"))?;
    let mut rows = statement.query([file.0])?;
    rows.next()?.map_or(Ok(None), |row| entry(row, clients))
}

/// What is left of a file's earlier content, and the number of the batch that wrote it.
pub(crate) fn find_replaced(
    database: &Connection,
    client: ClientId,
    path: &Path,
) -> Result<Option<(FileEntryId, u64)>, LedgerErrorKind> {
    let sql = "SELECT id, generation FROM files WHERE path = ?1 AND client = ?2 AND (state = 2) = 1";
    let mut statement = database.prepare_cached(sql)?;
    let found = statement.query_row((agtop_os::path_to_bytes(path), client.as_str()), |row| {
        Ok((FileEntryId(row.get(0)?), row.get(1).map(i64::cast_unsigned)?))
    });
    Ok(found.optional()?)
}

pub(crate) fn load(
    database: &Connection,
    clients: &[ClientId],
    file: FileEntryId,
) -> Result<Option<LoadedFile>, LedgerErrorKind> {
    let mut statement = database.prepare_cached("SELECT checkpoint, memory FROM memories WHERE file = ?1")?;
    let loaded = statement.query_row([file.0], |row| {
        let summary = FileSummary::decode(row.get_ref(1)?.as_blob().unwrap_or_default(), clients);
        Ok(summary.ok().map(|summary| (summary, row.get(0))))
    });
    let Some((summary, checkpoint)) = loaded.optional()?.flatten() else { return Ok(None) };
    Ok(Some(LoadedFile { summary, checkpoint: checkpoint? }))
}

/// The file of a row; `None` if its client is unknown to this program or it was not written by this crate.
pub(crate) fn entry(row: &Row<'_>, clients: &[ClientId]) -> Result<Option<FileEntry>, LedgerErrorKind> {
    let name = row.get_ref(1)?.as_str().unwrap_or_default();
    let Some(client) = clients.iter().copied().find(|client| client.as_str() == name) else { return Ok(None) };
    let Some(state) = FilePresence::of_number(row.get(3)?) else { return Ok(None) };
    let unsigned = |column| row.get(column).map(i64::cast_unsigned);
    let file = FileIdentity { device: unsigned(4)?, inode: unsigned(5)?, size: unsigned(6)?, modified: time(row, 7)? };
    let log = row.get_ref(8)?.as_blob_or_null().unwrap_or_default();
    let last_active: Option<i64> = row.get(14)?;
    let fragment: Option<i64> = row.get(12)?;
    Ok(Some(FileEntry {
        id: FileEntryId(row.get(0)?),
        client,
        path: agtop_os::path_from_bytes(row.get_ref(2)?.as_blob().unwrap_or_default()),
        state,
        stamp: FileStamp { file, log: log.and_then(|log| BlobReader::value(log, &[]).ok()) },
        head: FileHead { length: row.get(9)?, hash: unsigned(10)? },
        position: ReadPosition { offset: unsigned(11)?, fragment: fragment.map(i64::cast_unsigned) },
        seen: time(row, 13)?,
        last_active: last_active.map(Timestamp::from_millis),
        responses: unsigned(15)?,
        generation: unsigned(16)?,
    }))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}

/// The log's identity as the column that [`entry`] reads.
pub(crate) fn log_column(stamp: &FileStamp) -> Option<Vec<u8>> {
    stamp.log.as_ref().map(BlobWriter::blob)
}
