//! From files and the ledger into the World.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::{CLIENTS, Source};
use agtop_ledger::file_digest;
use agtop_model::{FileId, SourceHealth, Timestamp};
use crossbeam_channel::Receiver;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::known_files::{Candidate, KnownFiles, ReadState};
use super::loaded_files::LoadedFiles;
use super::settings::{RunMode, Settings};
use crate::cache::cached_file::{CacheVerdict, CachedData, CachedFile, CachedFileRef, FoundPlace};
use crate::cache::ledger_cache::LedgerCache;
use crate::cache::policy::{CacheQuery, Detail, Interest, is_recent};
use crate::limits::RECENT_WINDOW;
use crate::state::World;
use crate::transcripts::cursor::{Cursor, Resumption};
use crate::transcripts::file_table::FileTable;
use crate::transcripts::health::HealthBook;
use crate::transcripts::idle_directories::{IdleDirectoryUse, LeftOutDirectory};
use crate::transcripts::moved::FoundNames;
use crate::transcripts::progress::ProgressMeter;
use crate::transcripts::project_names::ProjectNames;
use crate::transcripts::scan::{Chunk, FileContent, ReadJob, ReadOptions, Wanted, read_all};
use crate::transcripts::schedule::{Sweep, SweepRequest, SweepSchedule};
use crate::transcripts::stores::FoundFile;

/// Keeps the World in step with files and the ledger.
pub(super) struct Ingest {
    pub(super) files: FileTable,
    pub(super) health: HealthBook,
    pub(super) cache: LedgerCache,
    pub(super) interest: Interest,
    pub(super) detail: Detail,
    pub(super) meter: Arc<ProgressMeter>,
    /// The seed of a random order of reading; without one, files are read as they are found.
    pub(super) read_order: Option<u64>,
    known: KnownFiles,
    pub(super) schedule: SweepSchedule,
    project_names: ProjectNames,
}

/// What files are read with, and into.
pub(super) struct IngestContext<'a> {
    pub(super) settings: &'a Settings,
    pub(super) world: &'a mut World,
    pub(super) now: Timestamp,
}

/// Live agents write to files that were written to within this time.
const LIVE_FILE_WINDOW: Duration = Duration::from_hours(12);
/// Bytes that are read before the first snapshot, at most: a hundredth of a second's work.
const FIRST_PASS_BYTES: u64 = 16 * 1024 * 1024;

impl Ingest {
    pub(super) fn new(run_mode: RunMode, cache: LedgerCache) -> Self {
        let schedule = match run_mode {
            RunMode::Repeated => SweepSchedule::repeated(),
            RunMode::Once => SweepSchedule::default(),
        };
        Self {
            files: FileTable::default(),
            health: HealthBook::default(),
            cache,
            interest: Interest::Activity,
            detail: Detail::Aggregates,
            meter: Arc::default(),
            read_order: None,
            known: KnownFiles::default(),
            schedule,
            project_names: ProjectNames::default(),
        }
    }

    /// Makes the next sweep a full one.
    pub(super) fn request_full_sweep(&mut self) {
        self.schedule.request_full_sweep();
    }

    /// Waits until a file changes or one of `wakes` fires, at most for `timeout`.
    pub(super) fn wait(&mut self, timeout: Duration, wakes: [&Receiver<()>; 2]) {
        self.schedule.wait(timeout, wakes);
    }

    /// Reads the files that were written to most recently, as many as fit into the first pass.
    pub(super) fn read_recent(&mut self, context: &mut IngestContext<'_>) {
        let mut found = self.sweep(context).into_files();
        found.sort_by_key(|file| std::cmp::Reverse(file.identity.modified));
        let mut bytes_left = FIRST_PASS_BYTES;
        found.retain(|file| {
            let age = context.now.since(file.identity.modified);
            let fits = age <= LIVE_FILE_WINDOW && file.identity.size <= bytes_left;
            bytes_left -= if fits { file.identity.size } else { 0 };
            fits
        });
        self.read(found.into_iter().map(Candidate::new).collect(), context);
        self.request_full_sweep();
    }

    /// Reads what is new in files; the first time, loads what the ledger holds instead of reading it.
    pub(super) fn read_changes(&mut self, context: &mut IngestContext<'_>) {
        for event in self.project_names.take_new(&context.settings.env) {
            context.world.apply(event, context.now);
        }
        self.schedule.idle = self.idle_directory_use(context);
        let candidates = match self.sweep(context) {
            Sweep::Full(found) => {
                let left_out = self.end_idle_directory_use(context);
                self.forget_missing(&found, context.world);
                for reading in self.cache.newest_limits() {
                    context.world.load_limit(reading);
                }
                self.fill_ledger(&found, context);
                self.load((found, left_out), context)
            }
            Sweep::Changed(found) => found.into_iter().map(Candidate::new).collect(),
        };
        self.read(candidates, context);
        self.expand(context);
    }

    /// How well the sources could be read, the ledger among them.
    pub(super) fn health(&mut self, settings: &Settings, world: &World) -> SourceHealth {
        self.health.note_ledger(self.cache.take_faults());
        let sessions_of = |client| (world.session_count(client), world.duplicates(client));
        self.health.report(|client| settings.includes(client), sessions_of)
    }

    fn sweep(&mut self, context: &IngestContext<'_>) -> Sweep {
        let settings = context.settings;
        let clients = || CLIENTS.iter().copied().filter(|client| settings.includes(client.info().id)).collect();
        let (known, files) = (&self.known, &self.files);
        let is_known = |path: &Path| known.contains(path, files);
        let request = SweepRequest { clients: &clients, env: &settings.env, is_known: &is_known, now: context.now };
        self.schedule.sweep(&request, &mut self.health)
    }

    fn read(&mut self, mut candidates: Vec<Candidate>, context: &mut IngestContext<'_>) {
        if let Some(seed) = self.read_order {
            candidates
                .sort_by_key(|candidate| xxh3_64_with_seed(candidate.found.path.as_os_str().as_encoded_bytes(), seed));
        }
        let jobs: Vec<ReadJob> = candidates.into_iter().filter_map(|candidate| self.job(candidate, context)).collect();
        self.meter.start(jobs.len() as u64, jobs.iter().map(|job| job.bytes).sum());
        let mut cursors = HashMap::new();
        let keeps_cursors = context.settings.run_mode == RunMode::Repeated;
        read_all(jobs, read_options(self.interest, context), |chunk| {
            self.take(chunk, context.world, |file, cursor| {
                if keeps_cursors {
                    cursors.insert(file, cursor);
                }
            });
        });
        self.known.keep_cursors(cursors);
    }

    fn take(&mut self, chunk: Chunk, world: &mut World, keep: impl FnOnce(FileId, Box<Cursor>)) {
        let Chunk { client, modified, batch, end } = chunk;
        self.health.note_records(client, batch.records);
        for issue in batch.issues {
            self.health.note_issue(client, issue);
        }
        self.health.note_more_issues(client, batch.more_issues);
        for event in batch.events {
            world.apply(event, modified);
        }
        if let Some(end) = end {
            self.meter.finish_file(end.bytes);
            if let Some(summary) = end.content.as_ref().and_then(FileContent::summary) {
                let cached = CachedFileRef { file: end.file, modified, verdict: CacheVerdict::JustRead };
                world.load(cached, summary);
            }
            if let Some(FileContent { meta: Some(meta), writes, .. }) = end.content {
                self.cache.note(end.file, meta, writes);
            }
            if let Some(cursor) = end.cursor {
                keep(end.file, cursor);
            }
        }
    }

    /// The job of reading what is new in a file; `None` if nothing is.
    fn job(&mut self, Candidate { found, resume }: Candidate, context: &mut IngestContext<'_>) -> Option<ReadJob> {
        let ReadState { file, cursor } = match (resume, context.settings.run_mode) {
            (Some(resume), _) => resume,
            (None, RunMode::Once) => {
                let file = self.files.add(found.store.client.info().id, &found.path);
                ReadState { file, cursor: None }
            }
            (None, RunMode::Repeated) => self.known.next_read(&found, &mut self.files)?,
        };
        if cursor.is_none() {
            context.world.reset_file(file);
        }
        let state = found.state();
        let FoundFile { store, path, identity } = found;
        let bytes = identity.size.saturating_sub(cursor.as_ref().map_or(0, |cursor| cursor.offset));
        let record_at = self.cache.writes().then_some(context.now);
        let wanted = self.wanted(identity.modified, cursor.as_deref(), context);
        Some(ReadJob { file, store, path, modified: identity.modified, bytes, state, record_at, wanted, cursor })
    }

    /// The summary of a file is enough for sums, and for activity if the file is older than what counts as recent. Only
    /// events explain a session.
    fn wanted(&self, modified: Timestamp, cursor: Option<&Cursor>, context: &IngestContext<'_>) -> Wanted {
        if cursor.is_some() || context.world.audit().is_some() {
            return Wanted::Events;
        }
        let seen = context.now;
        match self.interest {
            Interest::Usage => Wanted::Summary { seen, suffices: |_, _| true },
            Interest::Activity if modified < seen.minus(RECENT_WINDOW) => {
                Wanted::Summary { seen, suffices: |summary, now| !is_recent(&summary.sessions, now) }
            }
            Interest::Activity => Wanted::Events,
        }
    }

    /// Loads what the ledger holds, and returns the files that must be read nevertheless.
    fn load(
        &mut self,
        (found, left_out): (Vec<FoundFile>, Vec<LeftOutDirectory>),
        context: &mut IngestContext<'_>,
    ) -> Vec<Candidate> {
        let Self { cache, schedule, files, known, health, interest, detail, .. } = self;
        let options = read_options(*interest, context);
        let IngestContext { settings, world, now } = context;
        let query = CacheQuery {
            stores: schedule.stores(),
            files: &found,
            left_out: &left_out,
            interest: *interest,
            detail: *detail,
            now: *now,
        };
        let mut loaded_of_left_out = LoadedFiles::of(&left_out);
        let mut is_unchanged = vec![false; found.len()];
        let mut resumed: HashMap<usize, ReadState> = HashMap::new();
        cache.load(&query, |cached| {
            let CachedFile { client, path, modified, mut verdict, data, resumption } = cached;
            // A file that was read in the first pass is not loaded, but what is left of its former content is.
            let is_former = verdict == CacheVerdict::Superseded;
            if !settings.includes(client) || (!is_former && known.contains(path, files)) {
                return;
            }
            let file = files.add(client, path);
            let cursor = resumption.as_ref().and_then(|resumption| {
                let found = found.get(resumption.index)?;
                Some((resumption.index, resume(found, file, resumption, options)?))
            });
            if let Some((index, cursor)) = cursor {
                verdict = CacheVerdict::Grown;
                resumed.insert(index, ReadState { file, cursor: Some(cursor) });
            }
            let cached = CachedFileRef { file, modified, verdict };
            match data {
                CachedData::Responses(summary) => world.load(cached, summary),
                CachedData::Aggregates(warm) => world.load_aggregates(cached, warm),
            }
            tracing::trace!(%client, ?path, ?verdict, "ledger: reports on a file");
            if verdict.is_current() {
                health.note_cached(client, path, data.issues());
            }
            let CacheVerdict::Unchanged { place, state } = verdict else { return };
            match place {
                FoundPlace::File(index) => is_unchanged[index] = true,
                FoundPlace::IdleDirectory(at) => loaded_of_left_out.note(at, file, file_digest(path, &state.stamp())),
            }
            if settings.run_mode == RunMode::Repeated {
                known.insert(path, file, state);
            }
        });
        let to_read = found.into_iter().zip(is_unchanged).enumerate().filter(|(_, (_, is_unchanged))| !is_unchanged);
        let to_read = to_read.map(|(index, (found, _))| Candidate { found, resume: resumed.remove(&index) });
        to_read.chain(loaded_of_left_out.lacking(&left_out, files).map(Candidate::new)).collect()
    }

    /// Replaces sums by responses where something was read that needs them.
    fn expand(&mut self, context: &mut IngestContext<'_>) {
        while context.world.may_need_expansion() {
            let mut lost = HashSet::new();
            for entry in context.world.take_files_to_expand(|| self.cache.keys()) {
                let summaries = self.cache.expand(entry);
                let file = context.world.expand(entry, &summaries);
                lost.extend(file.filter(|_| summaries.is_empty()));
            }
            self.read_lost(&lost, context);
        }
        context.world.end_expansion();
    }

    /// Reads the files whose responses the ledger can no longer read, if they still exist.
    fn read_lost(&mut self, lost: &HashSet<FileId>, context: &mut IngestContext<'_>) {
        if lost.is_empty() {
            return;
        }
        let paths: HashSet<PathBuf> = lost.iter().map(|&file| self.files.path(file)).collect();
        for &file in lost {
            context.world.reset_file(file);
        }
        self.known.remove(&paths, &self.files);
        self.schedule.idle = IdleDirectoryUse::None;
        self.request_full_sweep();
        let mut found = self.sweep(context).into_files();
        found.retain(|file| paths.contains(&file.path));
        self.read(found.into_iter().map(Candidate::new).collect(), context);
    }

    /// Gives back the memory that growing tables have in reserve, and what the ledger keeps pages in.
    pub(super) fn shrink(&mut self) {
        self.files.shrink();
        self.known.shrink();
        self.cache.release_memory();
    }

    /// Whether this run has read the file already.
    pub(super) fn is_known(&self, file: &FoundFile) -> bool {
        self.known.contains(&file.path, &self.files)
    }

    /// Notes the files that were deleted or moved.
    fn forget_missing(&mut self, found: &[FoundFile], world: &mut World) {
        let names = FoundNames::of(found);
        for (path, missing) in self.known.take_missing(found, &self.files) {
            let is_moved = self.files.client(missing).is_some_and(|client| {
                let sessions = world.sessions_of_files(client, |file| file == missing);
                names.is_moved((client, &path), &sessions)
            });
            if is_moved { world.note_moved(missing) } else { world.note_deleted(missing) }
        }
    }
}

/// A cursor where an earlier run stopped in a file, if reading can continue there.
fn resume(found: &FoundFile, file: FileId, resumption: &Resumption, options: ReadOptions<'_>) -> Option<Box<Cursor>> {
    let FoundFile { store, path, identity } = found;
    let relative = path.strip_prefix(&store.root).unwrap_or(path);
    let ReadOptions { zone, text_since } = options;
    let source = Source { file, path, relative, modified: identity.modified, text_since, zone };
    let decoder = store.client.decoder(&store.store, &source);
    Cursor::resumed(path, decoder, resumption).map(Box::new)
}

/// Message text is decoded only for a run that shows activity, and only that of the last day.
pub(super) fn read_options<'a>(interest: Interest, context: &IngestContext<'a>) -> ReadOptions<'a> {
    let text_since = match interest {
        Interest::Activity => context.now.minus(RECENT_WINDOW),
        Interest::Usage => Timestamp::from_millis(i64::MAX),
    };
    ReadOptions { zone: &context.settings.zone, text_since }
}
