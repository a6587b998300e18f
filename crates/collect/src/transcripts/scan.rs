use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use agtop_clients::{Format, Source};
use agtop_ledger::{FileHead, ReadPosition, TimeBounds};
use agtop_model::{ClientId, Event, EventKind, FileId, Issue, Timestamp};
use crossbeam_channel::Sender;
use jiff::tz::TimeZone;
use tracing::debug;

use crate::cache::ledger_cache::{Account, More, Notes};
use crate::state::CLOCK_SLACK;
use crate::transcripts::directories;
use crate::transcripts::discover::{FileState, Place};
use crate::transcripts::reader::{Cursor, Reader, Told};

/// How far a scan has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files read.
    pub files: u64,
    /// Files to read.
    pub files_total: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes to read.
    pub bytes_total: u64,
}

/// A file to be read.
pub(crate) struct Job {
    pub(crate) file: FileId,
    pub(crate) place: Arc<Place>,
    pub(crate) path: PathBuf,
    pub(crate) modified: Timestamp,
    /// Bytes that are new.
    pub(crate) bytes: u64,
    /// How the file was when it was found.
    pub(crate) state: FileState,
    /// The moment, if what the file tells shall be remembered.
    pub(crate) remembering: Option<Timestamp>,
    /// Where to go on; `None` is a file's beginning. There may be millions of files: a decoder is made when its file's
    /// turn comes.
    pub(crate) cursor: Option<Box<Cursor>>,
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner<'a> {
    /// Times that are written without a zone are of this one.
    pub(crate) zone: &'a TimeZone,
    /// What was said before this is not told.
    pub(crate) prose_from: Timestamp,
}

/// A portion of what a file told.
pub(crate) struct Portion {
    pub(crate) client: ClientId,
    pub(crate) modified: Timestamp,
    pub(crate) told: Told,
    /// Set with the file's last portion.
    pub(crate) end: Option<End>,
}

/// The end of a file.
pub(crate) struct End {
    pub(crate) file: FileId,
    pub(crate) bytes: u64,
    /// What to go on with when the file has grown; only files that are read line by line grow.
    pub(crate) cursor: Option<Box<Cursor>>,
    /// What to remember, if all that was read could be understood.
    pub(crate) notes: Option<(Account, Notes)>,
}

/// Reading uses this many threads at most: a monitor must not top `top`.
const MOST_THREADS: usize = 4;
/// Parcels that wait for the World, at most; readers wait when there are more.
const QUEUE: usize = 8;
/// Fewer bytes than this are read without other threads: starting them would take longer.
const SMALL: u64 = 256 * 1024;

/// Reads every job, giving `take` what they tell, in no particular order between files.
pub(crate) fn read_all(mut jobs: Vec<Job>, manner: Manner<'_>, mut take: impl FnMut(Portion)) {
    let bytes: u64 = jobs.iter().map(|job| job.bytes).sum();
    if bytes <= SMALL {
        for job in jobs {
            read(job, manner, &mut take);
        }
        return;
    }
    // The largest first, so that no thread is left alone with it at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.bytes));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let queue = Mutex::new(jobs.into_iter());
    let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                let mut parcel = Parcel { sender, portions: Vec::new(), events: 0 };
                while let Some(job) = next(queue) {
                    read(job, manner, &mut |portion| parcel.add(portion));
                }
                parcel.send();
            });
        }
        drop(sender);
        receiver.iter().flatten().for_each(take);
    });
}

/// Portions on their way from a reader to the World: handing over each by itself takes longer than reading a small file.
struct Parcel {
    sender: Sender<Vec<Portion>>,
    portions: Vec<Portion>,
    events: usize,
}

impl Parcel {
    /// A parcel is handed over with so many portions, or events in them.
    const PORTIONS: usize = 128;
    const EVENTS: usize = 1024;

    fn add(&mut self, portion: Portion) {
        self.events += portion.told.events.len();
        self.portions.push(portion);
        if self.portions.len() >= Self::PORTIONS || self.events >= Self::EVENTS {
            self.send();
        }
    }

    fn send(&mut self) {
        self.events = 0;
        // Sending fails only when the receiver has gone, and then nobody wants the rest.
        drop(self.sender.send(std::mem::take(&mut self.portions)));
    }
}

fn next(queue: &Mutex<std::vec::IntoIter<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn read(job: Job, manner: Manner<'_>, take: &mut impl FnMut(Portion)) {
    let Job { file, place, path, modified, bytes, state, remembering, cursor } = job;
    let Place { client, store, root } = &*place;
    let mut notes = remembering.map(|seen| {
        let notes = if cursor.is_none() { Notes::Whole(Box::default()) } else { Notes::More(More::default()) };
        (seen, notes)
    });
    let clock = |seen: Timestamp| TimeBounds { modified, latest: seen.plus(CLOCK_SLACK) };
    let mut cursor = cursor.unwrap_or_else(|| {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let Manner { zone, prose_from } = manner;
        let source = Source { file, path: &path, relative, modified, prose_from, zone };
        Box::new(Cursor::new(client.decoder(store, &source)))
    });
    let client = client.info().id;
    let from = cursor.offset;
    let (mut records, mut events, mut issues) = (0, 0, 0);
    let mut note = |told: &Told| {
        records += told.records;
        events += told.events.len();
        issues += told.issues.len();
        // What may be read the next time shall be tried again; and what a vendor says of live processes and its
        // configuration of models are about the present alone.
        let is_of_the_present =
            |event: &Event| matches!(event.kind, EventKind::Running(_) | EventKind::ModelWindow { .. });
        let may_pass = |issue: &Issue| issue.kind.may_pass();
        notes.take_if(|_| told.issues.iter().any(may_pass) || told.events.iter().any(is_of_the_present));
        if let Some((seen, notes)) = &mut notes {
            notes.note(&told.events, clock(*seen));
            notes.note_issues(told);
        }
    };
    let hand_on = |mut told: Told| {
        directories::resolve(&mut told.events);
        note(&told);
        take(Portion { client, modified, told, end: None });
    };
    let mut told = Reader::new(&path, store.format, hand_on).run(&mut cursor);
    directories::resolve(&mut told.events);
    note(&told);
    debug!(%client, ?path, from, to = cursor.offset, records, events, issues, "file: read");
    let account = |seen: Timestamp| Account {
        client,
        path: path.clone(),
        state,
        head: FileHead::of(&cursor.head),
        reach: ReadPosition { offset: cursor.offset, fragment: cursor.fragment.map(|length| length as u64) },
        checkpoint: cursor.checkpoint(),
        clock: clock(seen),
        seen,
    };
    let notes = notes.map(|(seen, notes)| (account(seen), notes));
    let cursor = matches!(store.format, Format::Lines).then_some(cursor);
    take(Portion { client, modified, told, end: Some(End { file, bytes, cursor, notes }) });
}

/// Counts progress across threads.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    files: AtomicU64,
    files_total: AtomicU64,
    bytes: AtomicU64,
    bytes_total: AtomicU64,
}

impl Meter {
    pub(crate) fn start(&self, jobs: &[Job]) {
        self.files.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.files_total.store(jobs.len() as u64, Ordering::Relaxed);
        self.bytes_total.store(jobs.iter().map(|job| job.bytes).sum(), Ordering::Relaxed);
    }

    pub(crate) fn finish(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            files: self.files.load(Ordering::Relaxed),
            files_total: self.files_total.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
        }
    }
}
