//! Maintains the ledger: verifies it, measures it and deletes files from it.

use std::path::PathBuf;
use std::time::Duration;

use agtop_model::{ClientId, SessionKey, Timestamp};

use crate::error::{LedgerError, LedgerErrorKind};
use crate::private::{COMPANIONS, beside};
use crate::record::{FileEntry, FilePresence};
use crate::store::Ledger;
use crate::tags;

/// What a check of the whole ledger found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files of clients that this program knows.
    pub files: u64,
    /// Their responses.
    pub responses: u64,
    /// What is wrong, a line each.
    pub faults: Vec<String>,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// How much there is in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Files that are still there.
    pub live: u64,
    /// Files that are gone.
    pub gone: u64,
    /// Files whose earlier content has responses that the present one lacks.
    pub replaced: u64,
    /// Responses, copies included.
    pub responses: u64,
    /// Responses that no transcript contains any more.
    pub archived_responses: u64,
    /// Readings of rate limits.
    pub limits: u64,
    /// Bytes on disk, with the log.
    pub bytes: u64,
}

/// Which files to forget: those to which everything that is named applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSelector {
    /// Of this client.
    pub client: Option<ClientId>,
    /// In this directory, or this very file.
    pub below: Option<PathBuf>,
    /// In which nothing happened at or after this moment.
    pub before: Option<Timestamp>,
}

impl FileSelector {
    fn selects(&self, file: &FileEntry) -> bool {
        self.client.is_none_or(|client| client == file.client)
            && self.below.as_ref().is_none_or(|below| file.path.starts_with(below))
            && self.before.is_none_or(|before| file.last_active.unwrap_or(file.stamp.file.modified) < before)
    }
}

impl Ledger {
    /// Checks everything: the database itself, every summary, and that counts agree.
    ///
    /// # Errors
    ///
    /// Where the database cannot even be read.
    pub fn verify(&self) -> Result<VerifyReport, LedgerError> {
        self.try_verify().map_err(|kind| self.fail(kind))
    }

    fn try_verify(&self) -> Result<VerifyReport, LedgerErrorKind> {
        let mut report = VerifyReport::default();
        let mut check = self.database.prepare("PRAGMA integrity_check(20)")?;
        let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        report.faults.extend(lines.into_iter().filter(|line| line != "ok"));
        self.for_each_decoded(|entry, summary| {
            report.files += 1;
            report.responses += entry.responses;
            let path = entry.path.display();
            match summary {
                Err(damaged) => report.faults.push(format!("{path}: its summary is {damaged}")),
                Ok(summary) if summary.responses.len() as u64 != entry.responses => {
                    report.faults.push(format!(
                        "{path}: {} responses, not {}",
                        summary.responses.len(),
                        entry.responses
                    ));
                }
                Ok(_) => {}
            }
        })?;
        self.try_for_each_file_rollup(|file| {
            let summed: u64 = file.cells.iter().map(|cell| cell.responses).sum();
            let (all, path) = (summed + file.unmerged.responses.len() as u64, file.entry.path.display());
            if all != file.entry.responses {
                report.faults.push(format!("{path}: {all} responses in its sums, not {}", file.entry.responses));
            }
        })?;
        let orphans = [
            ("files without a summary", "SELECT count(*) FROM files WHERE id NOT IN (SELECT file FROM memories)"),
            ("summaries without a file", "SELECT count(*) FROM memories WHERE file NOT IN (SELECT id FROM files)"),
        ];
        for (what, sql) in orphans {
            let count: u64 = self.count(sql)?;
            if count > 0 {
                report.faults.push(format!("{count} {what}"));
            }
        }
        Ok(report)
    }

    /// How much there is.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub fn stats(&self) -> Result<LedgerStats, LedgerError> {
        let mut stats = LedgerStats::default();
        for file in self.entries()? {
            match file.state {
                FilePresence::Live => stats.live += 1,
                FilePresence::Gone => stats.gone += 1,
                FilePresence::Replaced => stats.replaced += 1,
            }
            stats.responses += file.responses;
            stats.archived_responses += if file.state.is_only_copy() { file.responses } else { 0 };
        }
        stats.limits = self.count("SELECT count(*) FROM limits").map_err(|kind| self.fail(kind))?;
        let size = |suffix| beside(&self.path, suffix).metadata().map_or(0, |metadata| metadata.len());
        stats.bytes = COMPANIONS.into_iter().map(size).sum();
        Ok(stats)
    }

    /// Deletes files with their summaries, and returns how many. Files that are still on disk are read again the next
    /// time; the others are lost.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn forget(&mut self, selector: &FileSelector) -> Result<u64, LedgerError> {
        let chosen: Vec<FileEntry> = self.entries()?.into_iter().filter(|file| selector.selects(file)).collect();
        let sessions = self.sessions_of(&chosen)?;
        self.delete(&chosen, &sessions).map_err(|kind| self.fail(kind))
    }

    /// Records the version of the reader that writes from now on. What an earlier version wrote and can be read again
    /// is deleted; what a later one wrote stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn set_reader_version(&mut self, reader: u32) -> Result<(), LedgerError> {
        let sql = "SELECT max(value) FROM meta WHERE name = 'reader'";
        let known: Result<Option<u32>, _> = self.database.query_row(sql, [], |row| row.get(0));
        let known = known.map_err(|error| self.fail(error))?;
        if known.is_some_and(|known| known >= reader) {
            return Ok(());
        }
        if known.is_some() {
            self.forget_present()?;
        }
        let sql = "INSERT INTO meta (name, value) VALUES ('reader', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1";
        self.database.execute(sql, [reader]).map(drop).map_err(|error| self.fail(error))
    }

    /// Forgets what can be read again: all files that are still there. What is left of others stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn forget_present(&mut self) -> Result<u64, LedgerError> {
        let live: Vec<FileEntry> =
            self.entries()?.into_iter().filter(|file| file.state == FilePresence::Live && file.path.exists()).collect();
        self.delete(&live, &[]).map_err(|kind| self.fail(kind))
    }

    /// Moves the log of writes into the database and empties it. The first connection of a later process would read all
    /// of it. While another process uses the ledger, the log stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn checkpoint_log(&self) -> Result<(), LedgerError> {
        let checkpoint = || {
            self.database.busy_timeout(Duration::ZERO)?;
            self.database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
            self.database.busy_timeout(self.busy_timeout)
        };
        match checkpoint().map_err(LedgerErrorKind::from) {
            Ok(()) | Err(LedgerErrorKind::Busy) => Ok(()),
            Err(kind) => Err(self.fail(kind)),
        }
    }

    /// Gives back the memory that SQLite keeps pages of the database in; it reads them again if they are needed.
    pub fn release_memory(&self) {
        // It cannot fail, except on a connection that the next statement will find broken.
        drop(self.database.execute_batch("PRAGMA shrink_memory"));
    }

    /// Deletes the rollup: the next reader loads the summary of each file.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn drop_rollup(&mut self) -> Result<(), LedgerError> {
        self.database.execute("DELETE FROM image", []).map(drop).map_err(|error| self.fail(error))
    }

    /// The sessions that files record.
    fn sessions_of(&self, files: &[FileEntry]) -> Result<Vec<SessionKey>, LedgerError> {
        let mut sessions = Vec::new();
        for file in files {
            let summary = self.load(file.id)?.map(|loaded| loaded.summary);
            sessions.extend(summary.into_iter().flat_map(|summary| summary.sessions).map(|session| session.key));
        }
        Ok(sessions)
    }

    /// Deletes files, and what these sessions are called.
    fn delete(&mut self, files: &[FileEntry], sessions: &[SessionKey]) -> Result<u64, LedgerErrorKind> {
        if files.is_empty() {
            return Ok(0);
        }
        // What is forgotten must not lie in free pages.
        self.database.execute_batch("PRAGMA secure_delete = ON")?;
        let transaction = self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for file in files {
            // A file that was written again in the meantime is not the one that was chosen.
            let sql = "DELETE FROM files WHERE id = ?1 AND generation = ?2";
            transaction.prepare_cached(sql)?.execute((file.id.0, file.generation.cast_signed()))?;
        }
        for session in sessions {
            tags::forget(&transaction, session)?;
        }
        transaction.execute("DELETE FROM image", [])?;
        transaction.commit()?;
        self.database.execute_batch("PRAGMA secure_delete = OFF")?;
        // Readers hold this up; then the space is used again by and by.
        match self.database.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(LedgerErrorKind::from) {
            Ok(()) | Err(LedgerErrorKind::Busy) => Ok(files.len() as u64),
            Err(kind) => Err(kind),
        }
    }

    fn count(&self, sql: &str) -> Result<u64, LedgerErrorKind> {
        let count: i64 = self.database.query_row(sql, [], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }
}
