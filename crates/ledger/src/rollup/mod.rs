//! The rollup: sums instead of responses, so that a start need not load each response.
//!
//! Adding up is safe for a response that only one record in one file has. All others (copies in resumed and forked
//! sessions, parts of coarser records and those records) are few and stay single, because which copy counts is for the
//! World to decide. An index says which file holds each response that went into a sum: when another copy of one of them
//! is read, that file's sums are dropped and its responses loaded instead. So sums and responses always give the same totals.
//!
//! The rollup is built from the summaries and holds nothing else. Files that were written since are listed by their
//! batch's number, and it is built again once they are many.

mod build;
mod cell;
mod key_index;
mod packed_cells;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use agtop_model::ClientId;
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};

use crate::codec::{BlobReader, BlobValue as _, DamagedBlob, blob_struct};
use crate::error::{LedgerError, LedgerErrorKind};
use crate::file_summary::{FileSummary, NameIndex};
use crate::record::{FileEntry, FileEntryId, FilePresence};
use crate::store::{Ledger, find_number, find_replaced, load};

pub use cell::RollupCell;
pub use key_index::{KeyDigest, MessageKeyIndex};
pub use packed_cells::PackedCells;

/// All files, as far as possible added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup {
    /// The last batch that is in it.
    pub generation: u64,
    /// Files that were not written since.
    pub files: Vec<FileRollup>,
    /// Files that were: they are to be loaded.
    pub changed: Vec<FileEntry>,
}

/// One file, as far as possible added up.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRollup {
    /// The file.
    pub entry: FileEntry,
    /// What cannot be added up. Names and sessions are all there; of their tool calls, those of sessions that call
    /// tools in other files, too; of responses, the single ones.
    pub unmerged: FileSummary,
    /// The sum of all other tool calls.
    pub tools: Vec<ToolCallCount>,
    /// The sum of all other responses.
    pub cells: Vec<RollupCell>,
}

/// How often a session called a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolCallCount {
    /// The session, as an index into the summary's.
    pub session: u32,
    /// The tool.
    pub tool: NameIndex,
    /// Calls.
    pub calls: u64,
}

blob_struct! {
    FileRollup { entry, unmerged, tools, cells }
    ToolCallCount { session, tool, calls }
}

/// The parts of a rollup in the database.
const INDEX_PART: &str = "roster";
const KEYS_PART: &str = "keys";

/// A rollup is built again once more files, or files with more responses, were written since: loading them takes
/// about a millisecond.
const MAX_CHANGED_FILES: usize = 64;
const MAX_CHANGED_RESPONSES: u64 = 10_000;

impl Ledger {
    /// The rollup, with what was written since; `None` if there is none that can be used.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn rollup(&self) -> Result<Option<Rollup>, LedgerError> {
        let mut files = Vec::new();
        let seen = self.for_each_file_rollup(|file| files.push(file))?;
        Ok(seen.map(|(generation, changed)| Rollup { generation, files, changed }))
    }

    /// Passes each file of the rollup to `visit`, and returns the rollup's generation and what was written since; `None` if
    /// there is no rollup that can be used. Homes may have millions of files: never more than one of them is held.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn for_each_file_rollup(
        &self,
        visit: impl FnMut(FileRollup),
    ) -> Result<Option<(u64, Vec<FileEntry>)>, LedgerError> {
        self.try_for_each_file_rollup(visit).map_err(|kind| self.fail(kind))
    }

    pub(crate) fn try_for_each_file_rollup(
        &self,
        mut visit: impl FnMut(FileRollup),
    ) -> Result<Option<(u64, Vec<FileEntry>)>, LedgerErrorKind> {
        // One view of the database for all questions.
        let _view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let Some(generation) = self.rollup_generation()? else { return Ok(None) };
        let changed = self.entries_since(generation)?;
        let ids: HashSet<FileEntryId> = changed.iter().map(|entry| entry.id).collect();
        let is_whole = self.part(INDEX_PART, |_, body| {
            let mut reader = BlobReader::of_newest(body, &self.clients).ok()?;
            let clients = Vec::<ClientId>::take(&mut reader).ok()?;
            // A program that knows fewer clients has left their files out.
            if !self.clients.iter().all(|client| clients.contains(client)) {
                return None;
            }
            let files = reader.count().ok()?;
            Some((0..files).try_for_each(|_| {
                let file = FileRollup::take(&mut reader)?;
                if !ids.contains(&file.entry.id) {
                    visit(file);
                }
                Ok::<(), DamagedBlob>(())
            }))
        })?;
        match is_whole {
            None => Ok(None),
            Some(Ok(())) => Ok(Some((generation, changed))),
            Some(Err(_)) => Err(LedgerErrorKind::Corrupt("what was added up is damaged".to_owned())),
        }
    }

    /// Whether there is a rollup, of whatever age.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn has_rollup(&self) -> Result<bool, LedgerError> {
        self.rollup_generation().map(|generation| generation.is_some()).map_err(|kind| self.fail(kind))
    }

    pub(crate) fn rollup_generation(&self) -> Result<Option<u64>, LedgerErrorKind> {
        let sql = "SELECT generation FROM image WHERE part = ?1";
        let generation: Option<i64> = self.database.query_row(sql, [INDEX_PART], |row| row.get(0)).optional()?;
        Ok(generation.map(i64::cast_unsigned))
    }

    /// Which files hold the responses that the rollup of this generation has added up.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn key_index(&self, rollup_generation: u64) -> Result<MessageKeyIndex, LedgerError> {
        let read = || -> Result<MessageKeyIndex, LedgerErrorKind> {
            let known = self.part(KEYS_PART, |generation, body| {
                (generation == rollup_generation).then(|| MessageKeyIndex::from_bytes(body.to_vec())).flatten()
            })?;
            // Another process has made a newer rollup. Then every response of every file is looked up: too many files
            // may be loaded for it, never too few.
            known.map_or_else(|| self.index_of_all_files(), Ok)
        };
        read().map_err(|kind| self.fail(kind))
    }

    /// The responses of a file of the rollup: its summary, and what is left of it if another process found
    /// it rewritten since. `generation` is the rollup's.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn expand(&self, file: FileEntryId, generation: u64) -> Result<Vec<FileSummary>, LedgerError> {
        let read = || -> Result<Vec<FileSummary>, LedgerErrorKind> {
            let mut summaries = Vec::new();
            summaries.extend(load(&self.database, &self.clients, file)?.map(|loaded| loaded.summary));
            let known = find_number(&self.database, &self.clients, file)?;
            if let Some(FileEntry { client, path, .. }) = known.filter(|entry| entry.state != FilePresence::Replaced)
                && let Some((left, written)) = find_replaced(&self.database, client, &path)?
                && written > generation
            {
                summaries.extend(load(&self.database, &self.clients, left)?.map(|loaded| loaded.summary));
            }
            Ok(summaries)
        };
        read().map_err(|kind| self.fail(kind))
    }

    /// Builds the rollup again if the one that was read, of this generation, is outdated, and says whether it was
    /// made. Takes about a tenth of a second for half a million responses, in which no other process can write.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read or written.
    pub fn refresh_rollup(&mut self, read: Option<u64>) -> Result<bool, LedgerError> {
        let is_due = match read {
            None => true,
            Some(_) => self.is_rollup_outdated().map_err(|kind| self.fail(kind))?,
        };
        if is_due {
            // What a damaged row lacks in the rollup would be noticed by no later run.
            self.check_before_writing()?;
            self.build_rollup()?;
        }
        Ok(is_due)
    }

    fn is_rollup_outdated(&self) -> Result<bool, LedgerErrorKind> {
        let Some(generation) = self.rollup_generation()? else { return Ok(true) };
        let changed = self.entries_since(generation)?;
        let responses: u64 = changed.iter().map(|file| file.responses).sum();
        Ok(changed.len() > MAX_CHANGED_FILES || responses > MAX_CHANGED_RESPONSES)
    }

    /// Builds the rollup again.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read or written.
    pub fn build_rollup(&mut self) -> Result<(), LedgerError> {
        let write = || -> Result<(), LedgerErrorKind> {
            let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
            let sql = "SELECT value FROM meta WHERE name = 'generation'";
            let generation: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
            let (roster, keys) = self.summed()?;
            for (part, body) in [(INDEX_PART, roster.as_slice()), (KEYS_PART, keys.as_bytes())] {
                let sql = "INSERT OR REPLACE INTO image (part, generation, body) VALUES (?1, ?2, ?3)";
                transaction.execute(sql, (part, generation, body))?;
            }
            Ok(transaction.commit()?)
        };
        write().map_err(|kind| self.fail(kind))
    }

    fn part<T>(&self, part: &str, read: impl FnOnce(u64, &[u8]) -> Option<T>) -> Result<Option<T>, LedgerErrorKind> {
        let mut statement = self.database.prepare_cached("SELECT generation, body FROM image WHERE part = ?1")?;
        let value = statement.query_row([part], |row| {
            let generation: i64 = row.get(0)?;
            Ok(read(generation.cast_unsigned(), row.get_ref(1)?.as_blob().unwrap_or_default()))
        });
        Ok(value.optional()?.flatten())
    }
}
