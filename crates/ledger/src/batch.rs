//! Writing to the ledger: any number of files in one transaction, which is kept as a whole or not at all.

use std::path::Path;

use agtop_model::{ClientId, Timestamp};
use rusqlite::{Transaction, TransactionBehavior, named_params};

use crate::error::{Fault, LedgerError};
use crate::limits;
use crate::memory::{LimitReading, Memory};
use crate::record::{EntryId, FileEntry, FileRecord, Head, Reach, Stamp, State};
use crate::series;
use crate::store::{Ledger, find, find_replaced, log_column, recall};
use crate::tags::{self, Tag};
use crate::{merge, paths};

/// Changes that are written together. Dropped without [`Self::commit`], it was never there.
#[derive(Debug)]
pub struct Batch<'a> {
    transaction: Transaction<'a>,
    clients: &'a [ClientId],
    path: &'a Path,
    generation: u64,
}

/// What has become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is what the ledger knows of the file now.
    Kept,
    /// The ledger knew better; what only the record told is kept beside it.
    Outdated,
}

impl Ledger {
    /// Begins a batch. Waits for other processes' batches, but not for readers.
    ///
    /// # Errors
    ///
    /// Where the ledger is read-only or held for too long.
    pub fn batch(&mut self) -> Result<Batch<'_>, LedgerError> {
        let Self { database, path, clients, .. } = self;
        let begun = database.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let sql = "UPDATE meta SET value = value + 1 WHERE name = 'generation' RETURNING value";
            let generation: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
            Ok((transaction, generation.cast_unsigned()))
        });
        let (transaction, generation) = begun.map_err(|error| Fault::from(error).at(path))?;
        Ok(Batch { transaction, clients, path, generation })
    }
}

impl Batch<'_> {
    /// Writes down what is known of a file. What an earlier record of it told and this one does not is kept apart, as
    /// [`State::Replaced`].
    ///
    /// # Errors
    ///
    /// Where the database cannot be written. The batch can no longer be relied on: drop it.
    pub fn put(&mut self, record: &FileRecord) -> Result<Put, LedgerError> {
        self.try_put(record).map_err(|fault| fault.at(self.path))
    }

    fn try_put(&mut self, record: &FileRecord) -> Result<Put, Fault> {
        let Some(known) = find(&self.transaction, self.clients, record.client, &record.path)? else {
            let series = series::continued(&Memory::default(), record);
            self.write(None, &Row::of(record, State::Live), series.as_ref().unwrap_or(&record.memory))?;
            return Ok(Put::Kept);
        };
        let old = recall(&self.transaction, self.clients, known.id)?.map(|recalled| recalled.memory);
        let old = old.unwrap_or_default();
        if !merge::supersedes(record, &known) {
            if let Some(left) = merge::leftover(&record.memory, &old) {
                self.archive_leftover(record, &left)?;
            }
            return Ok(Put::Outdated);
        }
        let series = series::continued(&old, record);
        let memory = series.as_ref().unwrap_or(&record.memory);
        if let Some(left) = merge::leftover(&old, memory) {
            self.archive_leftover(record, &left)?;
        }
        self.write(Some(known.id), &Row::of(record, State::Live), memory)?;
        Ok(Put::Kept)
    }

    /// Notes that a file is gone. What it told stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn archive(&mut self, file: &FileEntry) -> Result<(), LedgerError> {
        let sql = "UPDATE files SET state = 1, generation = ?2 WHERE id = ?1 AND state = 0";
        self.execute(sql, (file.id.0, self.generation.cast_signed()))
    }

    /// Notes that a file lies elsewhere now. If the ledger knows one there already, the old one is gone.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn moved(&mut self, file: &FileEntry, to: &Path) -> Result<(), LedgerError> {
        let found = find(&self.transaction, self.clients, file.client, to).map_err(|fault| fault.at(self.path))?;
        if found.is_some() {
            return self.archive(file);
        }
        let sql = "UPDATE files SET path = ?3, state = 0, generation = ?2 WHERE id = ?1 AND state < 2";
        self.execute(sql, (file.id.0, self.generation.cast_signed(), paths::to_bytes(to)))
    }

    /// Notes that files were there, unchanged, at this moment.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn touch(&mut self, files: &[EntryId], now: Timestamp) -> Result<(), LedgerError> {
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
    pub fn append_limits(&mut self, readings: &[LimitReading]) -> Result<(), LedgerError> {
        let appended = readings.iter().try_for_each(|reading| limits::append(&self.transaction, reading));
        appended.map_err(|error| self.fail(error))
    }

    /// Keeps what sessions are called; of each session the latest word counts.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn put_tags(&mut self, tags: &[Tag]) -> Result<(), LedgerError> {
        let put = tags.iter().try_for_each(|tag| tags::put(&self.transaction, tag));
        put.map_err(|error| self.fail(error))
    }

    /// Makes the batch last.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written: then nothing of the batch is kept.
    pub fn commit(self) -> Result<(), LedgerError> {
        let Self { transaction, path, .. } = self;
        transaction.commit().map_err(|error| Fault::from(error).at(path))
    }

    /// Keeps what only one account of a file tells, together with what was left of it before.
    fn archive_leftover(&mut self, record: &FileRecord, left: &Memory) -> Result<(), Fault> {
        let known = find_replaced(&self.transaction, record.client, &record.path)?.map(|(id, _)| id);
        let row = Row { checkpoint: None, ..Row::of(record, State::Replaced) };
        let before = known.map(|known| recall(&self.transaction, self.clients, known)).transpose()?.flatten();
        let mut joined = before.map(|recalled| recalled.memory).unwrap_or_default();
        merge::join(&mut joined, left);
        self.write(known, &row, &joined)
    }

    /// Writes a new file, or the one of that number.
    fn write(&self, id: Option<EntryId>, row: &Row<'_>, memory: &Memory) -> Result<(), Fault> {
        let file = &row.stamp.file;
        let parameters = named_params! {
            ":id": id.map(|id| id.0),
            ":client": row.client.as_str(),
            ":path": paths::to_bytes(row.path),
            ":state": row.state.number(),
            ":device": file.device.cast_signed(),
            ":inode": file.inode.cast_signed(),
            ":size": file.size.cast_signed(),
            ":modified": file.modified.as_millis(),
            ":log": log_column(row.stamp),
            ":head_length": row.head.length,
            ":head_hash": row.head.hash.cast_signed(),
            ":offset": row.reach.offset.cast_signed(),
            ":fragment": row.reach.fragment.map(u64::cast_signed),
            ":seen": row.seen.as_millis(),
            ":last_active": memory.last_active(file.modified).map(Timestamp::as_millis),
            ":turns": i64::try_from(memory.turns.len()).unwrap_or(i64::MAX),
            ":generation": self.generation.cast_signed(),
        };
        let id: i64 = self.transaction.prepare_cached(WRITE_FILE)?.query_row(parameters, |row| row.get(0))?;
        self.transaction.prepare_cached(WRITE_MEMORY)?.execute((id, row.checkpoint, memory.encode()))?;
        Ok(())
    }

    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), LedgerError> {
        let executed = self.transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters));
        executed.map(drop).map_err(|error| self.fail(error))
    }

    fn fail(&self, error: rusqlite::Error) -> LedgerError {
        Fault::from(error).at(self.path)
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

/// What a row of `files` says besides what follows from the memory.
struct Row<'a> {
    client: ClientId,
    path: &'a Path,
    state: State,
    stamp: &'a Stamp,
    head: Head,
    reach: Reach,
    seen: Timestamp,
    checkpoint: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    fn of(record: &'a FileRecord, state: State) -> Self {
        Self {
            client: record.client,
            path: &record.path,
            state,
            stamp: &record.stamp,
            head: record.head,
            reach: record.reach,
            seen: record.seen,
            checkpoint: record.checkpoint.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{memory, opened, record};

    #[test]
    fn a_full_disk_is_an_error_and_loses_only_the_batch() {
        let home = tempfile::tempdir().unwrap();
        let mut ledger = opened(&home.path().join("ledger.db"));
        let mut batch = ledger.batch().unwrap();
        batch.put(&record("/a", memory("a", [1]))).unwrap();
        batch.commit().unwrap();
        ledger.database.pragma_update_and_check(None, "max_page_count", 20, |_| Ok(())).unwrap();
        let mut batch = ledger.batch().unwrap();
        let full = (0..1000).find_map(|n| batch.put(&record(&format!("/{n}"), memory("n", 0..200))).err());
        assert!(matches!(full.unwrap().fault, Fault::Full));
        drop(batch);
        assert_eq!(ledger.entries().unwrap().len(), 1);
        assert!(ledger.verify().unwrap().is_clean());
    }
}
