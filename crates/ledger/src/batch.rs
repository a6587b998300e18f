//! Writes to the ledger: any number of files in one transaction, which is kept as a whole or not at all.

use std::path::Path;

use agtop_model::{ClientId, RateLimitReading, Timestamp};
use rusqlite::{Transaction, TransactionBehavior, named_params};

use crate::error::{LedgerError, LedgerErrorKind};
use crate::file_summary::FileSummary;
use crate::merge;
use crate::rate_limits;
use crate::record::{FileEntry, FileEntryId, FileHead, FilePresence, FileRecord, FileStamp, ReadPosition};
use crate::running_totals;
use crate::store::{Ledger, find, find_replaced, load, log_column};
use crate::tags::{self, SessionTag};

/// Changes that are written together. Dropping it without [`Self::commit`] undoes them.
#[derive(Debug)]
pub struct WriteBatch<'a> {
    transaction: Transaction<'a>,
    clients: &'a [ClientId],
    path: &'a Path,
    generation: u64,
}

/// What a batch did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It replaces what the ledger had of the file.
    Kept,
    /// The ledger had a newer record; what only this one has is kept beside it.
    Outdated,
}

impl Ledger {
    /// Begins a batch. Waits for other processes' batches, but not for readers.
    ///
    /// # Errors
    ///
    /// Where the ledger is read-only or held for too long.
    pub fn batch(&mut self) -> Result<WriteBatch<'_>, LedgerError> {
        let Self { database, path, clients, .. } = self;
        let begun = database.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let sql = "UPDATE meta SET value = value + 1 WHERE name = 'generation' RETURNING value";
            let generation: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
            Ok((transaction, generation.cast_unsigned()))
        });
        let (transaction, generation) = begun.map_err(|error| LedgerErrorKind::from(error).at(path))?;
        Ok(WriteBatch { transaction, clients, path, generation })
    }
}

impl WriteBatch<'_> {
    /// Writes the record of a file. What an earlier record has and this one lacks is kept apart, as
    /// [`FilePresence::Replaced`].
    ///
    /// # Errors
    ///
    /// Where the database cannot be written. The batch can no longer be relied on: drop it.
    pub fn put(&mut self, record: &FileRecord) -> Result<PutOutcome, LedgerError> {
        self.try_put(record).map_err(|kind| kind.at(self.path))
    }

    fn try_put(&mut self, record: &FileRecord) -> Result<PutOutcome, LedgerErrorKind> {
        let Some(known) = find(&self.transaction, self.clients, record.client, &record.path)? else {
            let series = running_totals::with_steps(&FileSummary::default(), record);
            self.write(None, &Row::of(record, FilePresence::Live), series.as_ref().unwrap_or(&record.summary))?;
            return Ok(PutOutcome::Kept);
        };
        let old = load(&self.transaction, self.clients, known.id)?.map(|loaded| loaded.summary);
        let old = old.unwrap_or_default();
        if !merge::supersedes(record, &known) {
            if let Some(left) = merge::leftover(&record.summary, &old) {
                self.keep_leftover(record, &left)?;
            }
            return Ok(PutOutcome::Outdated);
        }
        let series = running_totals::with_steps(&old, record);
        let summary = series.as_ref().unwrap_or(&record.summary);
        if let Some(left) = merge::leftover(&old, summary) {
            self.keep_leftover(record, &left)?;
        }
        self.write(Some(known.id), &Row::of(record, FilePresence::Live), summary)?;
        Ok(PutOutcome::Kept)
    }

    /// Marks a file as gone. Its record stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn mark_gone(&mut self, file: &FileEntry) -> Result<(), LedgerError> {
        let sql = "UPDATE files SET state = 1, generation = ?2 WHERE id = ?1 AND state = 0";
        self.execute(sql, (file.id.0, self.generation.cast_signed()))
    }

    /// Records a file's new path. If the ledger has a file at that path already, the old one is marked as gone.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn mark_moved(&mut self, file: &FileEntry, to: &Path) -> Result<(), LedgerError> {
        let found = find(&self.transaction, self.clients, file.client, to).map_err(|kind| kind.at(self.path))?;
        if found.is_some() {
            return self.mark_gone(file);
        }
        let sql = "UPDATE files SET path = ?3, state = 0, generation = ?2 WHERE id = ?1 AND state < 2";
        self.execute(sql, (file.id.0, self.generation.cast_signed(), agtop_os::path_to_bytes(to)))
    }

    /// Records that files were there, unchanged, at this time.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn mark_seen(&mut self, files: &[FileEntryId], now: Timestamp) -> Result<(), LedgerError> {
        for file in files {
            self.execute("UPDATE files SET seen = ?2 WHERE id = ?1", (file.0, now.as_millis()))?;
        }
        Ok(())
    }

    /// Adds readings of allowances to their series. Readings that are there already, or that repeat the one before
    /// them, change nothing.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn append_limits(&mut self, readings: &[RateLimitReading]) -> Result<(), LedgerError> {
        let appended = readings.iter().try_for_each(|reading| rate_limits::append(&self.transaction, reading));
        appended.map_err(|error| self.fail(error))
    }

    /// Writes tags; of each session the latest counts.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn put_tags(&mut self, tags: &[SessionTag]) -> Result<(), LedgerError> {
        let put = tags.iter().try_for_each(|tag| tags::put(&self.transaction, tag));
        put.map_err(|error| self.fail(error))
    }

    /// Commits the batch.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written: then nothing of the batch is kept.
    pub fn commit(self) -> Result<(), LedgerError> {
        let Self { transaction, path, .. } = self;
        transaction.commit().map_err(|error| LedgerErrorKind::from(error).at(path))
    }

    /// Keeps what only one summary of a file has, together with what was left of it before.
    fn keep_leftover(&mut self, record: &FileRecord, left: &FileSummary) -> Result<(), LedgerErrorKind> {
        let known = find_replaced(&self.transaction, record.client, &record.path)?.map(|(id, _)| id);
        let row = Row { checkpoint: None, ..Row::of(record, FilePresence::Replaced) };
        let before = known.map(|known| load(&self.transaction, self.clients, known)).transpose()?.flatten();
        let mut joined = before.map(|loaded| loaded.summary).unwrap_or_default();
        merge::join(&mut joined, left);
        self.write(known, &row, &joined)
    }

    /// Writes a new file, or the one of that number.
    fn write(&self, id: Option<FileEntryId>, row: &Row<'_>, summary: &FileSummary) -> Result<(), LedgerErrorKind> {
        let file = &row.stamp.file;
        let parameters = named_params! {
            ":id": id.map(|id| id.0),
            ":client": row.client.as_str(),
            ":path": agtop_os::path_to_bytes(row.path),
            ":state": row.state.number(),
            ":device": file.device.cast_signed(),
            ":inode": file.inode.cast_signed(),
            ":size": file.size.cast_signed(),
            ":modified": file.modified.as_millis(),
            ":log": log_column(row.stamp),
            ":head_length": row.head.length,
            ":head_hash": row.head.hash.cast_signed(),
            ":offset": row.position.offset.cast_signed(),
            ":fragment": row.position.fragment.map(u64::cast_signed),
            ":seen": row.seen.as_millis(),
            ":last_active": summary.last_active(file.modified).map(Timestamp::as_millis),
            ":turns": i64::try_from(summary.responses.len()).unwrap_or(i64::MAX),
            ":generation": self.generation.cast_signed(),
        };
        let id: i64 = self.transaction.prepare_cached(WRITE_FILE)?.query_row(parameters, |row| row.get(0))?;
        self.transaction.prepare_cached(WRITE_MEMORY)?.execute((id, row.checkpoint, summary.encode()))?;
        Ok(())
    }

    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), LedgerError> {
        let executed = self.transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters));
        executed.map(drop).map_err(|error| self.fail(error))
    }

    fn fail(&self, error: rusqlite::Error) -> LedgerError {
        LedgerErrorKind::from(error).at(self.path)
    }
}

const WRITE_FILE: &str = "\
INSERT INTO files (id, client, path, state, device, inode, size, modified, log, head_length, head_hash, \
     offset, fragment, seen, last_active, turns, generation) \
VALUES (:id, :client, :path, :state, :device, :inode, :size, :modified, :log, :head_length, :head_hash, \
     :offset, :fragment, :seen, :last_active, :turns, :generation) \
ON CONFLICT (id) DO UPDATE SET (state, device, inode, size, modified, log, head_length, head_hash, \
     offset, fragment, seen, last_active, turns, generation) = \
     (:state, :device, :inode, :size, :modified, :log, :head_length, :head_hash, \
     :offset, :fragment, :seen, :last_active, :turns, :generation) \
RETURNING id";
const WRITE_MEMORY: &str = "INSERT INTO memories (file, checkpoint, memory) VALUES (?1, ?2, ?3) \
ON CONFLICT (file) DO UPDATE SET checkpoint = excluded.checkpoint, memory = excluded.memory";

/// The columns of a row of `files` that do not follow from the summary.
struct Row<'a> {
    client: ClientId,
    path: &'a Path,
    state: FilePresence,
    stamp: &'a FileStamp,
    head: FileHead,
    position: ReadPosition,
    seen: Timestamp,
    checkpoint: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    fn of(record: &'a FileRecord, state: FilePresence) -> Self {
        Self {
            client: record.client,
            path: &record.path,
            state,
            stamp: &record.stamp,
            head: record.head,
            position: record.position,
            seen: record.seen,
            checkpoint: record.checkpoint.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{opened, record, summary};

    #[test]
    fn a_full_disk_is_an_error_and_loses_only_the_batch() {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        let mut batch = ledger.batch().unwrap();
        batch.put(&record("/a", summary("a", [1]))).unwrap();
        batch.commit().unwrap();
        ledger.database.pragma_update_and_check(None, "max_page_count", 20, |_| Ok(())).unwrap();
        let mut batch = ledger.batch().unwrap();
        let full = (0..1000).find_map(|n| batch.put(&record(&format!("/{n}"), summary("n", 0..200))).err());
        assert!(matches!(full.unwrap().kind, LedgerErrorKind::Full));
        drop(batch);
        assert_eq!(ledger.entries().unwrap().len(), 1);
        assert!(ledger.verify().unwrap().is_clean());
    }
}
