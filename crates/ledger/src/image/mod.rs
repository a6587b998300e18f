//! The ledger at a glance: sums instead of responses, so that a start need not look at each of them.
//!
//! Adding up is safe for a response that only one record in one file tells of. All others (copies in resumed and forked
//! sessions, parts of coarser records and those records) are few and stay single, because which copy counts is for the
//! World to decide. An index says which file holds each response that went into a sum: when news arrive of one of them,
//! that file's sums are given up and its responses taken instead. So sums and responses always give the same totals.
//!
//! The image is made from the memories and holds nothing else. Files that were written since are listed by their
//! batch's number, and it is made anew once they are many.

mod build;
mod cell;
mod keys;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use agtop_model::ClientId;
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior};

use crate::codec::{Damaged, Reader, Wire as _, Writer, wire};
use crate::error::{Fault, LedgerError};
use crate::memory::{Memory, Name};
use crate::record::{EntryId, FileEntry, State};
use crate::store::{Ledger, find_number, find_replaced, recall};

pub use cell::Cell;
pub use keys::KeyIndex;

/// What all files told, as far as possible added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// The last batch that is in it.
    pub generation: u64,
    /// Files that were not written since.
    pub files: Vec<WarmFile>,
    /// Files that were: they are to be recalled.
    pub changed: Vec<FileEntry>,
}

/// What one file told, as far as possible added up.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmFile {
    /// The file.
    pub entry: FileEntry,
    /// What cannot be added up. Names and sessions are all there; of their tool calls, those of sessions that call
    /// tools in other files, too; of responses, the single ones.
    pub rest: Memory,
    /// The sum of all other tool calls.
    pub tools: Vec<Tally>,
    /// The sum of all other responses.
    pub cells: Vec<Cell>,
}

/// How often a session called a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The session, as an index into the memory's.
    pub session: u32,
    /// The tool.
    pub tool: Name,
    /// Calls.
    pub calls: u64,
}

/// The image as it is stored. An older program may know fewer clients: then files are missing from what it made.
#[derive(Debug, Default, PartialEq)]
struct Roster {
    clients: Vec<ClientId>,
    files: Vec<WarmFile>,
}

wire! {
    Roster { clients, files }
    WarmFile { entry, rest, tools, cells }
    Tally { session, tool, calls }
}

/// The parts of an image in the database.
const ROSTER: &str = "roster";
const KEYS: &str = "keys";

/// An image is made anew once so many files, or files with so many responses, were written since: recalling them takes
/// about a millisecond.
const MOST_FILES: usize = 64;
const MOST_TURNS: u64 = 10_000;

impl Ledger {
    /// The image, with what was written since; `None` if there is none that can be used.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn image(&self) -> Result<Option<Image>, LedgerError> {
        let mut files = Vec::new();
        let seen = self.each_warm(|file| files.push(file))?;
        Ok(seen.map(|(generation, changed)| Image { generation, files, changed }))
    }

    /// Hands each file of the image to `visit`, and returns the image's generation and what was written since; `None` if
    /// there is no image that can be used. Homes may have millions of files: never more than one of them is held.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn each_warm(&self, visit: impl FnMut(WarmFile)) -> Result<Option<(u64, Vec<FileEntry>)>, LedgerError> {
        self.each_warm_now(visit).map_err(|fault| self.fail(fault))
    }

    pub(crate) fn each_warm_now(
        &self,
        mut visit: impl FnMut(WarmFile),
    ) -> Result<Option<(u64, Vec<FileEntry>)>, Fault> {
        // One view of the database for all questions.
        let _view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let Some(generation) = self.image_generation()? else { return Ok(None) };
        let changed = self.entries_since(generation)?;
        let ids: HashSet<EntryId> = changed.iter().map(|entry| entry.id).collect();
        let is_whole = self.part(ROSTER, |_, body| {
            let mut reader = Reader::of_newest(body, &self.clients).ok()?;
            let clients = Vec::<ClientId>::take(&mut reader).ok()?;
            // A program that knows fewer clients has left their files out.
            if !self.clients.iter().all(|client| clients.contains(client)) {
                return None;
            }
            let files = reader.count().ok()?;
            Some((0..files).try_for_each(|_| {
                let file = WarmFile::take(&mut reader)?;
                if !ids.contains(&file.entry.id) {
                    visit(file);
                }
                Ok::<(), Damaged>(())
            }))
        })?;
        match is_whole {
            None => Ok(None),
            Some(Ok(())) => Ok(Some((generation, changed))),
            Some(Err(_)) => Err(Fault::Corrupt("what was added up is damaged".to_owned())),
        }
    }

    fn image_generation(&self) -> Result<Option<u64>, Fault> {
        let sql = "SELECT generation FROM image WHERE part = ?1";
        let generation: Option<i64> = self.database.query_row(sql, [ROSTER], |row| row.get(0)).optional()?;
        Ok(generation.map(i64::cast_unsigned))
    }

    /// Which files hold the responses that the image of this generation has added up.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn keys(&self, image: u64) -> Result<KeyIndex, LedgerError> {
        let read = || -> Result<KeyIndex, Fault> {
            let known = self.part(KEYS, |generation, body| {
                (generation == image).then(|| KeyIndex::from_bytes(body.to_vec())).flatten()
            })?;
            // Another process has made a newer image. Then every response of every file is looked up: too many files
            // may be recalled for it, never too few.
            known.map_or_else(|| self.all_keys(), Ok)
        };
        read().map_err(|fault| self.fail(fault))
    }

    /// What a file of the image told, response by response: its memory, and what is left of it if another process found
    /// it rewritten since. `generation` is the image's.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn thaw(&self, file: EntryId, generation: u64) -> Result<Vec<Memory>, LedgerError> {
        let read = || -> Result<Vec<Memory>, Fault> {
            let mut memories = Vec::new();
            memories.extend(recall(&self.database, &self.clients, file)?.map(|recalled| recalled.memory));
            let known = find_number(&self.database, &self.clients, file)?;
            if let Some(FileEntry { client, path, .. }) = known.filter(|entry| entry.state != State::Replaced)
                && let Some((left, written)) = find_replaced(&self.database, client, &path)?
                && written > generation
            {
                memories.extend(recall(&self.database, &self.clients, left)?.map(|recalled| recalled.memory));
            }
            Ok(memories)
        };
        read().map_err(|fault| self.fail(fault))
    }

    /// Makes the image anew if the one that was read, of this generation, is no longer of much use, and says whether it was
    /// made. Takes about a tenth of a second for half a million responses, in which no other process can write.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read or written.
    pub fn renew_image(&mut self, read: Option<u64>) -> Result<bool, LedgerError> {
        let is_due = match read {
            None => true,
            Some(_) => self.is_image_old().map_err(|fault| self.fail(fault))?,
        };
        if is_due {
            self.make_image()?;
        }
        Ok(is_due)
    }

    fn is_image_old(&self) -> Result<bool, Fault> {
        let Some(generation) = self.image_generation()? else { return Ok(true) };
        let changed = self.entries_since(generation)?;
        let turns: u64 = changed.iter().map(|file| file.turns).sum();
        Ok(changed.len() > MOST_FILES || turns > MOST_TURNS)
    }

    /// Makes the image anew.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read or written.
    pub fn make_image(&mut self) -> Result<(), LedgerError> {
        let write = || -> Result<(), Fault> {
            let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
            let sql = "SELECT value FROM meta WHERE name = 'generation'";
            let generation: i64 = transaction.query_row(sql, [], |row| row.get(0))?;
            let (files, keys) = self.summed()?;
            let roster = Writer::blob(&Roster { clients: self.clients.clone(), files });
            for (part, body) in [(ROSTER, roster.as_slice()), (KEYS, keys.as_bytes())] {
                let sql = "INSERT OR REPLACE INTO image (part, generation, body) VALUES (?1, ?2, ?3)";
                transaction.execute(sql, (part, generation, body))?;
            }
            Ok(transaction.commit()?)
        };
        write().map_err(|fault| self.fail(fault))
    }

    fn part<T>(&self, part: &str, read: impl FnOnce(u64, &[u8]) -> Option<T>) -> Result<Option<T>, Fault> {
        let mut statement = self.database.prepare_cached("SELECT generation, body FROM image WHERE part = ?1")?;
        let value = statement.query_row([part], |row| {
            let generation: i64 = row.get(0)?;
            Ok(read(generation.cast_unsigned(), row.get_ref(1)?.as_blob().unwrap_or_default()))
        });
        Ok(value.optional()?.flatten())
    }
}
