//! The ledger as this run uses it: opened, loaded, written, and given up when it fails.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agtop_clients::clients;
use agtop_ledger::{
    FileEntry, FileEntryId, FilePresence, FileRecord, FileStamp, FileSummary, FileSummaryBuilder, IdleDirectories,
    Ledger, LedgerAccess, LedgerDamage, LedgerError, LedgerOptions, MessageKeyIndex, SessionTag,
};
use agtop_model::{ClientId, FileId, Issue, IssueKind, RateLimitReading, Timestamp};
use tracing::debug;

use super::cached_file::CachedFile;
use super::policy::{CachePolicy, CacheQuery};
use crate::limits::MAX_TAGS;
use crate::transcripts::idle_directories::COMPLETE_LOOK_INTERVAL;
use crate::transcripts::pending_writes::{AppendedRecords, FileMeta, PendingWrites};
use crate::transcripts::stores::FoundFile;

/// How the ledger is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LedgerMode {
    /// Not at all.
    #[default]
    Off,
    /// What is in this ledger is not read again from files, and what is read is written into it.
    ReadWrite(PathBuf),
    /// Only deleted files are loaded from this ledger. All others are read again, and nothing is written.
    DeletedFilesOnly(PathBuf),
}

/// The ledger, and what waits to be written into it.
#[derive(Default)]
pub(crate) struct LedgerCache {
    ledger: Option<Ledger>,
    writes: bool,
    is_loaded: bool,
    /// The generation of the sums that were loaded.
    generation: Option<u64>,
    /// Messages for the user, of one line each.
    notices: Vec<String>,
    /// Faults that can make figures incomplete.
    faults: Vec<Issue>,
    /// How many damaged parts were found.
    damaged: usize,
    pending: Vec<FileRecord>,
    pending_responses: usize,
    /// Files that have grown since their record was written.
    appended: HashMap<FileId, AppendedFile>,
    tags: Vec<SessionTag>,
    /// The directories that a complete look has found idle.
    idle: Option<IdleDirectories>,
    written_at: Option<Instant>,
}

/// What was appended to a file since its record was written.
struct AppendedFile {
    meta: FileMeta,
    records: AppendedRecords,
}

impl AppendedFile {
    /// The record of the whole file; `None` if the ledger does not hold its beginning: then a later run reads the file
    /// again.
    fn record(self, ledger: &Ledger) -> Result<Option<FileRecord>, LedgerError> {
        let Some(entry) = ledger.entry(self.meta.client, &self.meta.path)? else { return Ok(None) };
        let Some(recalled) = ledger.load(entry.id)? else { return Ok(None) };
        let mut recorder = FileSummaryBuilder::resume(recalled.summary);
        for event in &self.records.events {
            recorder.note(event, self.meta.clock);
        }
        recorder.note_issues(self.records.issues);
        Ok(Some(self.meta.record(recorder.finish())))
    }
}

/// The version of the decoders. It is increased when one learns to decode more; then all files are read again.
const DECODER_VERSION: u32 = 4;
/// A live view writes this often.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);
/// A scan writes when this many responses are pending, so that they do not fill the memory.
const MAX_PENDING_RESPONSES: usize = 8_000;

impl LedgerCache {
    /// Opens the ledger. If that fails, a notice says so, and the run continues without it.
    pub(crate) fn open(mode: &LedgerMode, now: Timestamp) -> Self {
        let (path, writes) = match mode {
            LedgerMode::Off => return Self::default(),
            LedgerMode::ReadWrite(path) => (path, true),
            LedgerMode::DeletedFilesOnly(path) => (path, false),
        };
        let mut this = Self { writes, ..Self::default() };
        if !writes && !path.exists() {
            return this;
        }
        let ids: Vec<ClientId> = clients().map(|client| client.info().id).collect();
        let opening = LedgerOptions { path, clients: &ids, now, busy_timeout: LedgerOptions::BUSY_TIMEOUT };
        match Ledger::open(&opening) {
            Ok(opened) => {
                debug!(?path, access = ?opened.ledger.access(), "ledger: opened");
                for broken in opened.ledger.set_aside_copies() {
                    let detail =
                        "a broken ledger that was set aside: what it alone knew is missing until it is deleted";
                    this.note_fault(broken, detail.to_owned());
                }
                this.notices.extend(opened.notice.map(|notice| notice.to_string()));
                this.writes &= opened.ledger.access() == LedgerAccess::Write;
                this.ledger = Some(opened.ledger);
                this.check_decoder_version();
            }
            Err(error) => this.give_up(&error),
        }
        this
    }

    /// Messages about the ledger for the user, each once.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// The newest reading of every rate limit. Some limits are reported to a status line alone.
    pub(crate) fn newest_limits(&self) -> Vec<RateLimitReading> {
        let newest = self.ledger.as_ref().map(Ledger::newest_limits);
        // A ledger that cannot be read is reported when usage is loaded.
        newest.and_then(Result::ok).unwrap_or_default()
    }

    /// The tags of sessions.
    pub(crate) fn tags(&mut self) -> Vec<SessionTag> {
        let tags = self.ledger.as_ref().map(|ledger| ledger.tags(MAX_TAGS));
        tags.transpose().map_err(|error| self.give_up(&error)).ok().flatten().unwrap_or_default()
    }

    /// Takes new tags, to be written.
    pub(crate) fn note_tags(&mut self, tags: Vec<SessionTag>) {
        self.tags.extend(tags);
    }

    /// Whether this run writes into the ledger.
    pub(crate) fn writes(&self) -> bool {
        self.writes && self.ledger.is_some()
    }

    fn check_decoder_version(&mut self) {
        if let Some(ledger) = self.ledger.as_mut().filter(|_| self.writes)
            && let Err(error) = ledger.set_reader_version(DECODER_VERSION)
        {
            self.give_up(&error);
        }
    }

    /// The faults that were found since the last call.
    pub(crate) fn take_faults(&mut self) -> Vec<Issue> {
        std::mem::take(&mut self.faults)
    }

    fn note_fault(&mut self, path: PathBuf, detail: String) {
        self.faults.push(Issue { path, place: None, kind: IssueKind::Database, detail });
    }

    /// Reports the damage that the ledger has found in itself.
    fn note_damage(&mut self) {
        let damage = self.ledger.as_ref().map(Ledger::take_damage).unwrap_or_default();
        if let Some(first) = damage.first() {
            self.damaged += damage.len();
            let more = if damage.len() > 1 { format!(", and {} more", damage.len() - 1) } else { String::new() };
            let (path, detail) = (first.path.display(), &first.detail);
            self.notices.push(format!("the ledger is damaged, figures may be missing: {path}: {detail}{more}"));
        }
        for LedgerDamage { path, detail } in damage {
            self.note_fault(path, detail);
        }
    }

    /// Does without the ledger from now on.
    fn give_up(&mut self, error: &LedgerError) {
        self.stop_writing(error);
        self.ledger = None;
    }

    /// Writes nothing from now on. What the ledger holds of deleted files, and the responses behind sums, can still be read.
    fn stop_writing(&mut self, error: &LedgerError) {
        self.note_damage();
        self.note_fault(error.path.clone(), error.kind.to_string());
        tracing::warn!(%error, "ledger: not written any more");
        self.notices.push(format!("{error}; this run remembers nothing"));
        self.writes = false;
        self.pending.clear();
        self.appended.clear();
        self.tags.clear();
    }

    /// Passes each file to `take` if the ledger holds data of it that this run can use: files that have not changed,
    /// and files that have disappeared from a store that it searches. Only the first call does anything.
    pub(crate) fn load(&mut self, query: &CacheQuery<'_>, take: impl FnMut(CachedFile<'_>)) {
        if std::mem::replace(&mut self.is_loaded, true) {
            return;
        }
        let Some(ledger) = &self.ledger else { return };
        let checked = ledger.check_before_reading();
        if let Err(error) = checked {
            return self.give_up(&error);
        }
        match CachePolicy::new(query, self.writes).load(ledger, take) {
            Ok(loaded) => {
                self.generation = loaded.generation;
                self.archive(&loaded.missing);
            }
            Err(error) => self.give_up(&error),
        }
        self.note_damage();
    }

    /// Whether this run writes into the ledger, and the ledger has no sums yet.
    pub(crate) fn lacks_rollup(&self) -> bool {
        let ledger = self.ledger.as_ref().filter(|_| self.writes && !self.is_loaded);
        // A ledger that cannot be read is reported when it is loaded.
        ledger.is_some_and(|ledger| ledger.has_rollup().is_ok_and(|has_one| !has_one))
    }

    /// Says of a file whether the ledger keeps it as it is now.
    pub(crate) fn stored_files(&self) -> impl Fn(&FoundFile) -> bool + use<> {
        let entries = self.ledger.as_ref().and_then(|ledger| ledger.entries().ok()).unwrap_or_default();
        let live = entries.into_iter().filter(|entry| entry.state == FilePresence::Live);
        let mut stamps: HashMap<ClientId, HashMap<PathBuf, FileStamp>> = HashMap::new();
        for entry in live {
            stamps.entry(entry.client).or_default().insert(entry.path, entry.stamp);
        }
        move |file| {
            let of_client = stamps.get(&file.store.client.info().id);
            let stamp = of_client.and_then(|stamps| stamps.get(&file.path));
            stamp.is_some_and(|stamp| *stamp == file.state().stamp())
        }
    }

    /// The directories that were idle when all files were last looked at; `None` if that was too long ago, or if this run
    /// has loaded the ledger already or does not write into it.
    pub(crate) fn idle_directories(&self, now: Timestamp) -> Option<IdleDirectories> {
        let ledger = self.ledger.as_ref().filter(|_| self.writes && !self.is_loaded)?;
        // A ledger that cannot be read is reported when it is loaded.
        let idle = ledger.idle_directories().ok().flatten()?;
        let is_fresh = |at: Timestamp| at <= now && now.since(at) < COMPLETE_LOOK_INTERVAL;
        idle.looked_at.is_some_and(is_fresh).then_some(idle)
    }

    /// Takes the directories that are idle, to be written with the sums.
    pub(crate) fn note_idle_directories(&mut self, idle: IdleDirectories) {
        self.idle = Some(idle);
    }

    /// Which files hold the responses that were loaded as sums.
    pub(crate) fn keys(&mut self) -> Option<MessageKeyIndex> {
        let keys = self.ledger.as_ref()?.key_index(self.generation?);
        keys.map_err(|error| self.give_up(&error)).ok()
    }

    /// The responses behind a file's sums; nothing if the ledger can no longer read them.
    pub(crate) fn expand(&mut self, file: FileEntryId) -> Vec<FileSummary> {
        let (Some(ledger), Some(generation)) = (&self.ledger, self.generation) else { return Vec::new() };
        let expanded = ledger.expand(file, generation);
        if expanded.as_ref().is_ok_and(Vec::is_empty) {
            // Reading the file's own record makes the ledger note why.
            let _ = ledger.load(file);
            self.note_damage();
        }
        expanded.map_err(|error| self.give_up(&error)).unwrap_or_default()
    }

    /// Renews the sums if they are out of date.
    pub(crate) fn renew_aggregates(&mut self) {
        let may_renew = self.writes && self.damaged == 0;
        let Some(ledger) = self.ledger.as_mut().filter(|_| may_renew) else { return };
        // If this fails, the ledger counts as not empty: adding it up reports the failure.
        if ledger.is_empty().unwrap_or(false) {
            return;
        }
        let renewed = ledger.refresh_rollup(self.generation).map(drop);
        let renewed = renewed.and_then(|()| self.idle.take().map_or(Ok(()), |idle| ledger.keep_idle_directories(idle)));
        self.note_damage();
        // Sums that lack the damaged parts would hide the damage from later runs.
        let forgotten = self.ledger.as_mut().filter(|_| self.damaged > 0).map_or(Ok(()), Ledger::drop_rollup);
        if let Err(error) = renewed.and(forgotten) {
            self.stop_writing(&error);
        }
    }

    /// Moves what was written into the database itself. Otherwise each later run would read the log of writes again.
    pub(crate) fn checkpoint(&mut self) {
        let Some(ledger) = self.ledger.as_ref().filter(|_| self.writes) else { return };
        if let Err(error) = ledger.checkpoint_log() {
            debug!(%error, "ledger: the log of writes stays, a later run will move it");
        }
    }

    fn archive(&mut self, missing: &[FileEntry]) {
        if missing.is_empty() || !self.writes {
            return;
        }
        let Some(ledger) = &mut self.ledger else { return };
        let archived = ledger.batch().and_then(|mut batch| {
            missing.iter().try_for_each(|entry| batch.mark_gone(entry))?;
            batch.commit()
        });
        if let Err(error) = archived {
            self.stop_writing(&error);
        }
    }

    /// Takes what a reader found in a file, to be written.
    pub(crate) fn note(&mut self, file: FileId, meta: FileMeta, writes: PendingWrites) {
        match writes {
            PendingWrites::Whole(recorder) => {
                self.appended.remove(&file);
                let summary = recorder.finish();
                self.pending_responses += summary.responses.len() + 1;
                self.pending.push(meta.record(summary));
                if self.pending_responses >= MAX_PENDING_RESPONSES {
                    self.write();
                }
            }
            PendingWrites::Appended(AppendedRecords { events, issues }) => {
                let new = || AppendedFile { meta: meta.clone(), records: AppendedRecords::default() };
                let appended = self.appended.entry(file).or_insert_with(new);
                appended.meta = meta;
                appended.records.events.extend(events);
                appended.records.issues.extend(issues);
            }
        }
    }

    /// Whether something is pending and the last write was long enough ago.
    pub(crate) fn is_write_due(&self) -> bool {
        let has_any = !self.pending.is_empty() || !self.appended.is_empty() || !self.tags.is_empty();
        has_any && self.written_at.is_none_or(|at| at.elapsed() >= WRITE_INTERVAL)
    }

    /// Writes everything that is pending, as one batch.
    pub(crate) fn write(&mut self) {
        self.written_at = Some(Instant::now());
        self.pending_responses = 0;
        let mut records = std::mem::take(&mut self.pending);
        let appended = std::mem::take(&mut self.appended);
        let tags = std::mem::take(&mut self.tags);
        let Some(ledger) = self.ledger.as_mut().filter(|_| self.writes) else { return };
        if records.is_empty() && appended.is_empty() && tags.is_empty() {
            return;
        }
        if let Err(error) = ledger.check_before_writing() {
            return self.stop_writing(&error);
        }
        debug!(files = records.len(), grown = appended.len(), tags = tags.len(), "ledger: writes");
        let written = appended.into_values().try_for_each(|file| {
            records.extend(file.record(ledger)?);
            Ok(())
        });
        let written = written.and_then(|()| {
            let mut batch = ledger.batch()?;
            for record in &records {
                batch.put(record)?;
                batch.append_limits(&record.summary.limits)?;
            }
            batch.put_tags(&tags)?;
            batch.commit()
        });
        if let Err(error) = written {
            self.stop_writing(&error);
        }
        self.note_damage();
        self.release_memory();
    }

    /// Gives back the memory that the ledger keeps pages in.
    pub(crate) fn release_memory(&self) {
        if let Some(ledger) = &self.ledger {
            ledger.release_memory();
        }
    }
}
