//! Looking after the ledger: is it sound, how large is it, and what shall be forgotten.

use std::path::PathBuf;

use agtop_model::{ClientId, SessionKey, Timestamp};

use crate::error::{Fault, LedgerError};
use crate::private::{COMPANIONS, beside};
use crate::record::{FileEntry, State};
use crate::store::Ledger;
use crate::tags;

/// What a check of the whole ledger found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Files of clients that this program knows.
    pub files: u64,
    /// Their responses.
    pub turns: u64,
    /// What is wrong, a line each.
    pub faults: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// How much there is in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Files that are still there.
    pub live: u64,
    /// Files that are gone.
    pub gone: u64,
    /// Files whose earlier content told what the present one does not.
    pub replaced: u64,
    /// Responses, copies included.
    pub turns: u64,
    /// Responses of which no transcript is left.
    pub archived_turns: u64,
    /// Readings of allowances.
    pub limits: u64,
    /// Bytes on disk, with the log.
    pub bytes: u64,
}

/// Which files to forget: those to which everything that is named applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Of this client.
    pub client: Option<ClientId>,
    /// In this directory, or this very file.
    pub below: Option<PathBuf>,
    /// In which nothing happened at or after this moment.
    pub before: Option<Timestamp>,
}

impl Selector {
    fn selects(&self, file: &FileEntry) -> bool {
        self.client.is_none_or(|client| client == file.client)
            && self.below.as_ref().is_none_or(|below| file.path.starts_with(below))
            && self.before.is_none_or(|before| file.last_active.unwrap_or(file.stamp.file.modified) < before)
    }
}

impl Ledger {
    /// Checks everything: the database itself, every memory, and that counts agree.
    ///
    /// # Errors
    ///
    /// Where the database cannot even be read.
    pub fn verify(&self) -> Result<Report, LedgerError> {
        self.try_verify().map_err(|fault| self.fail(fault))
    }

    fn try_verify(&self) -> Result<Report, Fault> {
        let mut report = Report::default();
        let mut check = self.database.prepare("PRAGMA integrity_check(20)")?;
        let lines = check.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        report.faults.extend(lines.into_iter().filter(|line| line != "ok"));
        self.each_decoded(|entry, memory| {
            report.files += 1;
            report.turns += entry.turns;
            let path = entry.path.display();
            match memory {
                Err(damaged) => report.faults.push(format!("{path}: what it told is {damaged}")),
                Ok(memory) if memory.turns.len() as u64 != entry.turns => {
                    report.faults.push(format!("{path}: {} responses, not {}", memory.turns.len(), entry.turns));
                }
                Ok(_) => {}
            }
        })?;
        self.each_warm_now(|file| {
            let summed: u64 = file.cells.iter().map(|cell| cell.turns).sum();
            let (all, path) = (summed + file.rest.turns.len() as u64, file.entry.path.display());
            if all != file.entry.turns {
                report.faults.push(format!("{path}: {all} responses in its sums, not {}", file.entry.turns));
            }
        })?;
        let orphans = [
            ("files without a memory", "SELECT count(*) FROM files WHERE id NOT IN (SELECT file FROM memories)"),
            ("memories without a file", "SELECT count(*) FROM memories WHERE file NOT IN (SELECT id FROM files)"),
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
    pub fn stats(&self) -> Result<Stats, LedgerError> {
        let mut stats = Stats::default();
        for file in self.entries()? {
            match file.state {
                State::Live => stats.live += 1,
                State::Gone => stats.gone += 1,
                State::Replaced => stats.replaced += 1,
            }
            stats.turns += file.turns;
            stats.archived_turns += if file.state.is_archived() { file.turns } else { 0 };
        }
        stats.limits = self.count("SELECT count(*) FROM limits").map_err(|fault| self.fail(fault))?;
        let size = |suffix| beside(&self.path, suffix).metadata().map_or(0, |metadata| metadata.len());
        stats.bytes = COMPANIONS.into_iter().map(size).sum();
        Ok(stats)
    }

    /// Forgets files with all they told, and returns how many. What is still on disk is read again the next time; what
    /// is not is lost for good.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn forget(&mut self, selector: &Selector) -> Result<u64, LedgerError> {
        let chosen: Vec<FileEntry> = self.entries()?.into_iter().filter(|file| selector.selects(file)).collect();
        let sessions = self.sessions_of(&chosen)?;
        self.delete(&chosen, &sessions).map_err(|fault| self.fail(fault))
    }

    /// Notes how the files that are written down from now on are understood. What an earlier reader wrote and can be
    /// read again is forgotten; what a later one wrote stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn read_by(&mut self, reader: u32) -> Result<(), LedgerError> {
        let sql = "SELECT max(value) FROM meta WHERE name = 'reader'";
        let known: Result<Option<u32>, _> = self.database.query_row(sql, [], |row| row.get(0));
        let known = known.map_err(|error| self.fail(error))?;
        if known.is_some_and(|known| known >= reader) {
            return Ok(());
        }
        if known.is_some() {
            self.forget_live()?;
        }
        let sql = "INSERT INTO meta (name, value) VALUES ('reader', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1";
        self.database.execute(sql, [reader]).map(drop).map_err(|error| self.fail(error))
    }

    /// Forgets what can be read again: all files that are still there. What is left of others stays.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn forget_live(&mut self) -> Result<u64, LedgerError> {
        let live: Vec<FileEntry> =
            self.entries()?.into_iter().filter(|file| file.state == State::Live && file.path.exists()).collect();
        self.delete(&live, &[]).map_err(|fault| self.fail(fault))
    }

    /// Forgets what was added up: the next reader looks at what each file told.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub fn forget_image(&mut self) -> Result<(), LedgerError> {
        self.database.execute("DELETE FROM image", []).map(drop).map_err(|error| self.fail(error))
    }

    /// The sessions of which files tell.
    fn sessions_of(&self, files: &[FileEntry]) -> Result<Vec<SessionKey>, LedgerError> {
        let mut sessions = Vec::new();
        for file in files {
            let memory = self.recall(file.id)?.map(|recalled| recalled.memory);
            sessions.extend(memory.into_iter().flat_map(|memory| memory.sessions).map(|session| session.key));
        }
        Ok(sessions)
    }

    /// Deletes files, and what these sessions are called.
    fn delete(&mut self, files: &[FileEntry], sessions: &[SessionKey]) -> Result<u64, Fault> {
        if files.is_empty() {
            return Ok(0);
        }
        // What is forgotten must not lie in free pages.
        self.database.execute_batch("PRAGMA secure_delete = ON")?;
        let transaction = self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for file in files {
            // Told again in the meantime, it is not what was chosen.
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
        match self.database.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(Fault::from) {
            Ok(()) | Err(Fault::Busy) => Ok(files.len() as u64),
            Err(fault) => Err(fault),
        }
    }

    fn count(&self, sql: &str) -> Result<u64, Fault> {
        let count: i64 = self.database.query_row(sql, [], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }
}
