//! Reads many files on a few threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use agtop_clients::{Format, Source};
use agtop_ledger::{FileHead, FileSummary, ReadPosition};
use agtop_model::{ClientId, Event, EventKind, FileId, Issue, TimeBounds, Timestamp};
use crossbeam_channel::Sender;
use jiff::tz::TimeZone;
use tracing::debug;

use super::cursor::Cursor;
use super::decoded_batch::DecodedBatch;
use super::directories;
use super::pending_writes::{AppendedRecords, FileMeta, PendingWrites};
use super::reader::Reader;
use super::stores::{FileState, StoreRoot};
use crate::limits::CLOCK_SLACK;

/// A file to read.
pub(crate) struct ReadJob {
    pub(crate) file: FileId,
    pub(crate) store: Arc<StoreRoot>,
    pub(crate) path: PathBuf,
    pub(crate) modified: Timestamp,
    /// Bytes that are new.
    pub(crate) bytes: u64,
    /// The file's state when it was found.
    pub(crate) state: FileState,
    /// The present, if the ledger shall keep what the file reports.
    pub(crate) record_at: Option<Timestamp>,
    /// What the caller needs of it.
    pub(crate) wanted: Wanted,
    /// Where to continue; `None` is the file's beginning. There may be millions of jobs, so a decoder is made only when
    /// its job begins.
    pub(crate) cursor: Option<Box<Cursor>>,
}

/// What a read of a file passes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// Every event.
    Events,
    /// The summary of the whole file, as the ledger would keep it. A file whose summary leaves out something that counts
    /// passes on its events nevertheless.
    Summary {
        /// The present.
        seen: Timestamp,
        /// Whether this summary says enough at that moment.
        suffices: fn(&FileSummary, Timestamp) -> bool,
    },
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOptions<'a> {
    /// The zone of times that are written without one.
    pub(crate) zone: &'a TimeZone,
    /// Message text before this time is not decoded.
    pub(crate) text_since: Timestamp,
}

/// A part of what a file reports.
pub(crate) struct Chunk {
    pub(crate) client: ClientId,
    pub(crate) modified: Timestamp,
    pub(crate) batch: DecodedBatch,
    /// Present in the file's last chunk.
    pub(crate) end: Option<FileEnd>,
}

/// The end of a file.
pub(crate) struct FileEnd {
    pub(crate) file: FileId,
    pub(crate) bytes: u64,
    /// Where to continue when the file has grown; only files that are read line by line grow.
    pub(crate) cursor: Option<Box<Cursor>>,
    /// What was read, for the ledger and in place of events; `None` if neither needs it.
    pub(crate) content: Option<FileContent>,
}

/// What a read of a file left.
pub(crate) struct FileContent {
    /// What the ledger writes beside it; `None` if the ledger is not to keep it.
    pub(crate) meta: Option<FileMeta>,
    pub(crate) writes: PendingWrites,
    pub(crate) passed: Passed,
}

/// What a read passed on before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Every event.
    Events,
    /// The events that are about the present alone: the summary of the file stands for the others.
    PresentEvents,
}

impl FileContent {
    /// The summary that stands for the file's events, if they were not passed on.
    pub(crate) fn summary(&self) -> Option<&FileSummary> {
        match &self.writes {
            PendingWrites::Whole(builder) if self.passed == Passed::PresentEvents => Some(builder.summary()),
            _ => None,
        }
    }
}

/// Threads that read, at most: a monitor must not become the busiest program of the machine.
const MAX_READ_THREADS: usize = 4;
/// Batches that wait for the caller, at most; then the readers wait.
const MAX_QUEUED_BATCHES: usize = 8;
/// Fewer bytes are read on the caller's thread: starting threads would take longer.
const MIN_PARALLEL_BYTES: u64 = 256 * 1024;

/// Reads all files and passes their chunks to `take`, in order within a file, in any order between files.
pub(crate) fn read_all(mut jobs: Vec<ReadJob>, options: ReadOptions<'_>, mut take: impl FnMut(Chunk)) {
    let bytes: u64 = jobs.iter().map(|job| job.bytes).sum();
    if bytes <= MIN_PARALLEL_BYTES {
        for job in jobs {
            read(job, options, &mut take);
        }
        return;
    }
    // The largest come first, so that no thread is left alone with one at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.bytes));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_READ_THREADS);
    let queue = Mutex::new(jobs.into_iter());
    let (sender, receiver) = crossbeam_channel::bounded(MAX_QUEUED_BATCHES);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                let mut batch = ChunkBatch { sender, chunks: Vec::new(), events: 0 };
                while let Some(job) = next_job(queue) {
                    read(job, options, &mut |chunk| batch.add(chunk));
                }
                batch.send();
            });
        }
        drop(sender);
        receiver.iter().flatten().for_each(take);
    });
}

/// Chunks that a reader sends together: to send each alone would take longer than to read a small file.
struct ChunkBatch {
    sender: Sender<Vec<Chunk>>,
    chunks: Vec<Chunk>,
    events: usize,
}

impl ChunkBatch {
    /// A batch is sent when it has this many chunks, or events in them.
    const MAX_CHUNKS: usize = 128;
    const MAX_EVENTS: usize = 1024;

    fn add(&mut self, chunk: Chunk) {
        let summary = chunk.end.as_ref().and_then(|end| end.content.as_ref()?.summary());
        self.events += chunk.batch.events.len() + summary.map_or(0, |summary| summary.responses.len());
        self.chunks.push(chunk);
        if self.chunks.len() >= Self::MAX_CHUNKS || self.events >= Self::MAX_EVENTS {
            self.send();
        }
    }

    fn send(&mut self) {
        self.events = 0;
        // It fails only when the receiver was dropped, and then nobody needs the rest.
        drop(self.sender.send(std::mem::take(&mut self.chunks)));
    }
}

fn next_job(queue: &Mutex<std::vec::IntoIter<ReadJob>>) -> Option<ReadJob> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn read(mut job: ReadJob, options: ReadOptions<'_>, take: &mut impl FnMut(Chunk)) {
    if let Wanted::Summary { seen, suffices } = job.wanted
        && let Some(chunk) = read_summary(&job, options, (seen, suffices))
    {
        return take(chunk);
    }
    let (client, modified) = (job.store.client.info().id, job.modified);
    let mut notes = ReadNotes::new(job.record_at.map(|at| Recording::new(at, modified, job.cursor.as_deref())));
    let mut cursor = job.cursor.take().unwrap_or_else(|| Box::new(new_cursor(&job, options)));
    let from = cursor.offset;
    let hand_over = |mut batch: DecodedBatch| {
        notes.note(&mut batch);
        take(Chunk { client, modified, batch, end: None });
    };
    let mut batch = Reader::new(&job.path, job.store.store.format, hand_over).run(&mut cursor);
    notes.note(&mut batch);
    notes.log(&job, (from, cursor.offset));
    let content = notes.recording.take_if(|_| notes.is_recordable).map(|recording| FileContent {
        meta: Some(recording.meta(&job, &cursor)),
        writes: recording.writes,
        passed: Passed::Events,
    });
    let cursor = matches!(job.store.store.format, Format::Lines).then_some(cursor);
    take(Chunk { client, modified, batch, end: Some(FileEnd { file: job.file, bytes: job.bytes, cursor, content }) });
}

/// Reads a file from its beginning into its summary; `None` if the summary would leave out something that counts.
fn read_summary(
    job: &ReadJob,
    options: ReadOptions<'_>,
    (seen, suffices): (Timestamp, fn(&FileSummary, Timestamp) -> bool),
) -> Option<Chunk> {
    let (client, modified) = (job.store.client.info().id, job.modified);
    let mut notes = ReadNotes::new(Some(Recording::new(seen, modified, None)));
    let mut all = DecodedBatch::default();
    let mut cursor = new_cursor(job, options);
    let mut keep = |mut batch: DecodedBatch| {
        notes.note(&mut batch);
        all.events.extend(batch.events.into_iter().filter(is_of_the_present));
        all.records += batch.records;
        all.issues.append(&mut batch.issues);
        all.more_issues += batch.more_issues;
    };
    let last = Reader::new(&job.path, job.store.store.format, &mut keep).run(&mut cursor);
    keep(last);
    notes.log(job, (0, cursor.offset));
    let recording = notes.recording?;
    let meta = job.record_at.filter(|_| notes.is_recordable).map(|_| recording.meta(job, &cursor));
    let content = FileContent { meta, writes: recording.writes, passed: Passed::PresentEvents };
    let summary = content.summary()?;
    let has_running_total = summary.responses.iter().any(|response| response.running_total().is_some());
    if has_running_total || !suffices(summary, seen) {
        return None;
    }
    let end = FileEnd { file: job.file, bytes: job.bytes, cursor: None, content: Some(content) };
    Some(Chunk { client, modified, batch: all, end: Some(end) })
}

fn new_cursor(job: &ReadJob, ReadOptions { zone, text_since }: ReadOptions<'_>) -> Cursor {
    let StoreRoot { client, store, root } = &*job.store;
    let relative = job.path.strip_prefix(root).unwrap_or(&job.path);
    let source = Source { file: job.file, path: &job.path, relative, modified: job.modified, text_since, zone };
    Cursor::new(client.decoder(store, &source))
}

/// What one read of a file found, for the log and for the ledger.
struct ReadNotes {
    recording: Option<Recording>,
    /// Whether the ledger may keep the file.
    is_recordable: bool,
    records: u64,
    events: usize,
    issues: usize,
}

impl ReadNotes {
    fn new(recording: Option<Recording>) -> Self {
        Self { recording, is_recordable: true, records: 0, events: 0, issues: 0 }
    }

    fn note(&mut self, batch: &mut DecodedBatch) {
        directories::resolve(&mut batch.events);
        self.records += batch.records;
        self.events += batch.events.len();
        self.issues += batch.issues.len();
        self.is_recordable &= can_be_recorded(batch);
        if let Some(recording) = &mut self.recording {
            recording.note(batch);
        }
    }

    fn log(&self, job: &ReadJob, span: (u64, u64)) {
        let (Self { records, events, issues, .. }, (from, to)) = (self, span);
        let client = job.store.client.info().id;
        debug!(%client, path = ?job.path, from, to, records, events, issues, "file: read");
    }
}

/// Whether the ledger may keep a file that reports this. An issue that may pass must be tried again by the next run; and
/// a vendor's file of live processes or of model settings is about the present alone.
fn can_be_recorded(batch: &DecodedBatch) -> bool {
    let may_pass = |issue: &Issue| issue.kind.may_pass();
    !batch.issues.iter().any(may_pass) && !batch.events.iter().any(is_of_the_present)
}

/// Whether an event is about the present alone. A summary leaves it out.
fn is_of_the_present(event: &Event) -> bool {
    matches!(event.kind, EventKind::Running(_) | EventKind::ModelWindow { .. })
}

/// Collects what the ledger shall keep of a file.
struct Recording {
    seen: Timestamp,
    clock: TimeBounds,
    writes: PendingWrites,
}

impl Recording {
    fn new(seen: Timestamp, modified: Timestamp, cursor: Option<&Cursor>) -> Self {
        let writes = match cursor {
            None => PendingWrites::Whole(Box::default()),
            Some(_) => PendingWrites::Appended(AppendedRecords::default()),
        };
        Self { seen, clock: TimeBounds { modified, latest: seen.plus(CLOCK_SLACK) }, writes }
    }

    fn note(&mut self, batch: &DecodedBatch) {
        self.writes.note(&batch.events, self.clock);
        self.writes.note_issues(batch);
    }

    fn meta(&self, job: &ReadJob, cursor: &Cursor) -> FileMeta {
        FileMeta {
            client: job.store.client.info().id,
            path: job.path.clone(),
            state: job.state,
            head: FileHead::of(&cursor.head),
            position: ReadPosition { offset: cursor.offset, fragment: cursor.fragment.map(|length| length as u64) },
            checkpoint: cursor.checkpoint(),
            clock: self.clock,
            seen: self.seen,
        }
    }
}
