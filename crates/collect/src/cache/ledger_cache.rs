//! What is remembered from run to run: the ledger's side of collecting.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::{Format, clients};
use agtop_ledger::{
    FileEntry, FileEntryId, FileHead, FileIdentity, FileIssue, FileIssues, FilePresence, FileRecord, FileRollup,
    FileStamp, FileSummary, FileSummaryBuilder, Ledger, LedgerDamage, LedgerError, LedgerOptions, MessageKeyIndex,
    RateLimitReading, ReadPosition, SessionSummary, SessionTag, TimeBounds,
};
use agtop_model::{ClientId, Event, FileId, Issue, IssueKind, Timestamp};
use foldhash::fast::RandomState;
use tracing::debug;

use crate::state::{CLOCK_SLACK, MOST_TAGS, NEWS};
use crate::transcripts::discover::{Candidate, FileState, Place};
use crate::transcripts::moved::FoundNames;
use crate::transcripts::reader::Told;

/// How the ledger is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remembering {
    /// Not at all.
    #[default]
    Nothing,
    /// What is in it is not read again, and what is read is written into it.
    Everything(PathBuf),
    /// Files that are gone are remembered; all others are read anew, and nothing is written.
    TheGone(PathBuf),
}

/// The ledger, and what is to be written into it.
#[derive(Default)]
pub(crate) struct Remembrance {
    ledger: Option<Ledger>,
    writes: bool,
    is_recalled: bool,
    /// Whether nothing was in the ledger when it was opened.
    was_empty: bool,
    /// The generation of the image from which sums were handed on.
    image: Option<u64>,
    /// What to tell of it, in one line each.
    notices: Vec<String>,
    /// What is missing from the figures because of it.
    faults: Vec<Issue>,
    /// How much in it cannot be read any more.
    damaged: usize,
    waiting: Vec<FileRecord>,
    waiting_turns: usize,
    /// Events of files that have grown since they were written down.
    grown: HashMap<FileId, Grown>,
    /// What sessions were called.
    tags: Vec<SessionTag>,
    written_at: Option<Instant>,
}

/// What a file told since it was written down.
struct Grown {
    account: Account,
    more: More,
}

/// How a file was when it was read, and how far that was.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) client: ClientId,
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
    pub(crate) head: FileHead,
    pub(crate) reach: ReadPosition,
    /// What it takes to go on from there.
    pub(crate) checkpoint: Option<Vec<u8>>,
    pub(crate) clock: TimeBounds,
    pub(crate) seen: Timestamp,
}

/// What a reader has to tell the ledger of a file.
pub(crate) enum Notes {
    /// All of it, from its beginning on.
    Whole(Box<FileSummaryBuilder>),
    /// What was appended.
    More(More),
}

/// What a reader has to tell of the rest of a file.
#[derive(Default)]
pub(crate) struct More {
    events: Vec<Event>,
    issues: FileIssues,
}

impl Notes {
    /// Notes events, in the file's order.
    pub(crate) fn note(&mut self, events: &[Event], clock: TimeBounds) {
        match self {
            Self::Whole(recorder) => events.iter().for_each(|event| recorder.note(event, clock)),
            Self::More(more) => more.events.extend_from_slice(events),
        }
    }

    /// Notes records that could not be used.
    pub(crate) fn note_issues(&mut self, told: &Told) {
        let mut issues = FileIssues { total: told.more_issues, kept: Vec::new() };
        for Issue { place, kind, detail, .. } in &told.issues {
            issues.note(FileIssue { place: place.map(Into::into), kind: *kind, detail: detail.as_str().into() });
        }
        match self {
            Self::Whole(recorder) => recorder.note_issues(issues),
            Self::More(more) => more.issues.extend(issues),
        }
    }
}

/// A file of which the ledger tells.
pub(crate) struct Recollection<'a> {
    pub(crate) client: ClientId,
    pub(crate) path: &'a Path,
    /// When it was last written.
    pub(crate) modified: Timestamp,
    pub(crate) worth: Worth,
    pub(crate) told: Recounted<'a>,
    /// How to go on with the file, if it may only have grown.
    pub(crate) resumption: Option<Resumption>,
}

/// What it takes to go on with a file where an earlier run stopped.
pub(crate) struct Resumption {
    /// Which of the candidates it is.
    pub(crate) candidate: usize,
    /// How it began.
    pub(crate) head: FileHead,
    pub(crate) reach: ReadPosition,
    pub(crate) checkpoint: Vec<u8>,
}

/// What the ledger tells of a file.
pub(crate) enum Recounted<'a> {
    /// Every response.
    Whole(&'a FileSummary),
    /// Sums, as far as possible.
    Summed(&'a FileRollup),
}

/// A file of which the ledger tells, as the collector numbers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cached {
    pub(crate) file: FileId,
    /// When it was last written.
    pub(crate) modified: Timestamp,
    pub(crate) worth: Worth,
}

/// What a memory is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// The file, which is this candidate, is as it was: it need not be read.
    Settled { candidate: usize, state: FileState },
    /// The file is gone: this is all there is.
    Gone,
    /// The file has grown, and is gone on with.
    Grown,
    /// The file will be read, and may not tell all of this again.
    Usage,
    /// The file tells other things now, or another file tells the same: of this, responses count.
    Leftover,
}

impl Worth {
    /// Whether this is the file's account: then what has no id counts as well, and its trouble is told. Where the file is
    /// read, it tells both again.
    pub(crate) const fn is_current(self) -> bool {
        !matches!(self, Self::Usage | Self::Leftover)
    }
}

/// What somebody wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// What was used, and what goes on.
    Present,
    /// What was used.
    Usage,
}

/// How finely what is remembered is recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Response by response.
    Responses,
    /// Added up, as far as possible.
    Sums,
}

/// What is asked of the ledger.
pub(crate) struct Question<'a> {
    pub(crate) places: &'a [Arc<Place>],
    pub(crate) candidates: &'a [Candidate],
    pub(crate) interest: Interest,
    pub(crate) detail: Detail,
    pub(crate) now: Timestamp,
}

/// How the decoders understand files: rises when one learns to see more, so that what was written before is read anew.
const READER: u32 = 4;
/// The live loop writes this often.
const BEAT: Duration = Duration::from_secs(5);
/// A scan writes when this many responses wait, so that they do not fill the memory.
const MOST_WAITING: usize = 20_000;

impl Remembrance {
    /// Opens the ledger. Whatever is wrong with it is a notice: the view goes on.
    pub(crate) fn open(how: &Remembering, now: Timestamp) -> Self {
        let (path, writes) = match how {
            Remembering::Nothing => return Self::default(),
            Remembering::Everything(path) => (path, true),
            Remembering::TheGone(path) => (path, false),
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
                    this.fault(broken, detail.to_owned());
                }
                this.notices.extend(opened.notice.map(|notice| notice.to_string()));
                this.writes &= opened.ledger.access() == agtop_ledger::LedgerAccess::Write;
                // Where it cannot be told, it is not: what is there will be added up, or say what is wrong.
                this.was_empty = opened.ledger.is_empty().unwrap_or(false);
                this.ledger = Some(opened.ledger);
                this.check_reader();
            }
            Err(error) => this.give_up(&error),
        }
        this
    }

    /// What to tell of the ledger, once.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// The newest reading of every allowance: some are told to a status line alone.
    pub(crate) fn newest_limits(&self) -> Vec<RateLimitReading> {
        let newest = self.ledger.as_ref().map(Ledger::newest_limits);
        // A ledger that cannot be read says so where it matters.
        newest.and_then(Result::ok).unwrap_or_default()
    }

    /// What sessions were called before.
    pub(crate) fn tags(&mut self) -> Vec<SessionTag> {
        let tags = self.ledger.as_ref().map(|ledger| ledger.tags(MOST_TAGS));
        tags.transpose().map_err(|error| self.give_up(&error)).ok().flatten().unwrap_or_default()
    }

    /// Takes what sessions were newly called.
    pub(crate) fn note_tags(&mut self, tags: Vec<SessionTag>) {
        self.tags.extend(tags);
    }

    /// Whether what is read shall be written down.
    pub(crate) fn writes(&self) -> bool {
        self.writes && self.ledger.is_some()
    }

    fn check_reader(&mut self) {
        if let Some(ledger) = self.ledger.as_mut().filter(|_| self.writes)
            && let Err(error) = ledger.set_reader_version(READER)
        {
            self.give_up(&error);
        }
    }

    /// What is missing from the figures because of the ledger, since this was asked last.
    pub(crate) fn take_faults(&mut self) -> Vec<Issue> {
        std::mem::take(&mut self.faults)
    }

    fn fault(&mut self, path: PathBuf, detail: String) {
        self.faults.push(Issue { path, place: None, kind: IssueKind::Database, detail });
    }

    /// Tells of what the ledger has found to be damaged in itself.
    fn note_damage(&mut self) {
        let damage = self.ledger.as_ref().map(Ledger::take_damage).unwrap_or_default();
        if let Some(first) = damage.first() {
            self.damaged += damage.len();
            let more = if damage.len() > 1 { format!(", and {} more", damage.len() - 1) } else { String::new() };
            let (path, detail) = (first.path.display(), &first.detail);
            self.notices.push(format!("the ledger is damaged, figures may be missing: {path}: {detail}{more}"));
        }
        for LedgerDamage { path, detail } in damage {
            self.fault(path, detail);
        }
    }

    fn give_up(&mut self, error: &LedgerError) {
        self.note_damage();
        self.fault(error.path.clone(), error.kind.to_string());
        tracing::warn!(%error, "ledger: not used any more");
        self.notices.push(format!("{error}; this run remembers nothing"));
        self.ledger = None;
        self.waiting.clear();
        self.grown.clear();
        self.tags.clear();
    }

    /// Hands on what is remembered of files that need not be read: those that have not changed, and those that are gone
    /// from where one of these places looks. Only the first call does.
    pub(crate) fn recall(&mut self, question: &Question<'_>, mut hand_on: impl FnMut(Recollection<'_>)) {
        if std::mem::replace(&mut self.is_recalled, true) {
            return;
        }
        let Some(ledger) = &self.ledger else { return };
        let checked = ledger.check_files();
        if let Err(error) = checked {
            return self.give_up(&error);
        }
        let (judge, mut gone) = (Judge::of(question, self.writes), Vec::new());
        match judge.recall(ledger, &mut gone, &mut hand_on) {
            Ok(image) => {
                self.image = image;
                self.archive(&gone);
            }
            Err(error) => self.give_up(&error),
        }
        self.note_damage();
    }

    /// Which files hold the responses that were handed on as sums.
    pub(crate) fn keys(&mut self) -> Option<MessageKeyIndex> {
        let keys = self.ledger.as_ref()?.key_index(self.image?);
        keys.map_err(|error| self.give_up(&error)).ok()
    }

    /// The responses behind a file's sums; nothing if the ledger cannot tell any more.
    pub(crate) fn thaw(&mut self, file: FileEntryId) -> Vec<FileSummary> {
        let (Some(ledger), Some(image)) = (&self.ledger, self.image) else { return Vec::new() };
        let thawed = ledger.expand(file, image);
        if thawed.as_ref().is_ok_and(Vec::is_empty) {
            // Asked for by itself, it says why.
            let _ = ledger.load(file);
            self.note_damage();
        }
        thawed.map_err(|error| self.give_up(&error)).unwrap_or_default()
    }

    /// Adds up what is remembered, if what was added up before is of no use any more. A ledger that was empty is added
    /// up by the next run: who reads everything for the first time has waited long enough.
    pub(crate) fn add_up(&mut self) {
        let may_add_up = self.writes && !self.was_empty && self.damaged == 0;
        let Some(ledger) = self.ledger.as_mut().filter(|_| may_add_up) else { return };
        let renewed = ledger.refresh_rollup(self.image).map(drop);
        self.note_damage();
        // Sums without what is damaged would hide that from those who read them.
        let forgotten = self.ledger.as_mut().filter(|_| self.damaged > 0).map_or(Ok(()), Ledger::drop_rollup);
        if let Err(error) = renewed.and(forgotten) {
            self.give_up(&error);
        }
    }

    fn archive(&mut self, gone: &[FileEntry]) {
        if gone.is_empty() || !self.writes {
            return;
        }
        let Some(ledger) = &mut self.ledger else { return };
        let archived = ledger.batch().and_then(|mut batch| {
            gone.iter().try_for_each(|entry| batch.mark_gone(entry))?;
            batch.commit()
        });
        if let Err(error) = archived {
            self.give_up(&error);
        }
    }

    /// Takes what a reader has to tell of a file.
    pub(crate) fn note(&mut self, file: FileId, account: Account, notes: Notes) {
        match notes {
            Notes::Whole(recorder) => {
                self.grown.remove(&file);
                let memory = recorder.finish();
                self.waiting_turns += memory.responses.len() + 1;
                self.waiting.push(account.record(memory));
                if self.waiting_turns >= MOST_WAITING {
                    self.write();
                }
            }
            Notes::More(More { events, issues }) => {
                let new = || Grown { account: account.clone(), more: More::default() };
                let grown = self.grown.entry(file).or_insert_with(new);
                grown.account = account;
                grown.more.events.extend(events);
                grown.more.issues.extend(issues);
            }
        }
    }

    /// Whether it is time to write.
    pub(crate) fn is_due(&self) -> bool {
        let has_any = !self.waiting.is_empty() || !self.grown.is_empty() || !self.tags.is_empty();
        has_any && self.written_at.is_none_or(|at| at.elapsed() >= BEAT)
    }

    /// Writes down what waits, as one batch.
    pub(crate) fn write(&mut self) {
        self.written_at = Some(Instant::now());
        self.waiting_turns = 0;
        let mut records = std::mem::take(&mut self.waiting);
        let grown = std::mem::take(&mut self.grown);
        let tags = std::mem::take(&mut self.tags);
        let Some(ledger) = self.ledger.as_mut().filter(|_| self.writes) else { return };
        if records.is_empty() && grown.is_empty() && tags.is_empty() {
            return;
        }
        debug!(files = records.len(), grown = grown.len(), tags = tags.len(), "ledger: writes");
        let written = grown.into_values().try_for_each(|grown| {
            records.extend(grown.record(ledger)?);
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
            self.give_up(&error);
        }
    }
}

/// Says what memories are worth, with the files that there are.
struct Judge<'a> {
    question: &'a Question<'a>,
    writes: bool,
    /// Candidates by their paths: some homes have millions.
    there: HashMap<(ClientId, &'a OsStr), usize, RandomState>,
    names: FoundNames<'a>,
}

impl<'a> Judge<'a> {
    fn of(question: &'a Question<'a>, writes: bool) -> Self {
        let key = |candidate: &'a Candidate| (candidate.place.client.info().id, candidate.path.as_os_str());
        let there = question.candidates.iter().map(key).zip(0..).collect();
        Self { question, writes, there, names: FoundNames::of(question.candidates) }
    }

    /// Nothing where the file is read and tells all of it again, or where nobody looked for it.
    fn worth(&self, entry: &FileEntry, memory: &FileSummary) -> Option<Worth> {
        let is_looked_at = || {
            let places = &mut self.question.places.iter();
            places.any(|place| place.client.info().id == entry.client && entry.path.starts_with(&place.root))
        };
        match (entry.state, self.candidate(entry)) {
            (FilePresence::Replaced, _) => is_looked_at().then_some(Worth::Leftover),
            (FilePresence::Live | FilePresence::Gone, None) => is_looked_at().then(|| {
                let sessions = memory.sessions.iter().map(|session| &session.key);
                let has_moved = self.names.holds((entry.client, &entry.path), sessions);
                if has_moved { Worth::Leftover } else { Worth::Gone }
            }),
            (FilePresence::Live | FilePresence::Gone, Some((at, candidate))) => {
                let state = candidate.state();
                if entry.stamp != stamp(&state) {
                    debug!(path = ?entry.path, "ledger: not enough, the file has changed since");
                    return Some(Worth::Usage);
                }
                let is_of_interest =
                    self.question.interest == Interest::Present && is_present(&memory.sessions, self.question.now);
                // What the clock of an earlier run could not believe, this one may.
                let latest = self.question.now.plus(CLOCK_SLACK);
                let is_doubtful = memory.earliest_future_time.is_some_and(|doubted| doubted <= latest);
                if self.writes && !is_of_interest && !is_doubtful {
                    return Some(Worth::Settled { candidate: at, state });
                }
                debug!(
                    path = ?entry.path, is_of_interest, is_doubtful, writes = self.writes,
                    "ledger: not enough, the file tells of the present or of times to come, or is to be read in any case"
                );
                // How a running total came about, the file does not tell.
                let is_series = memory.responses.iter().any(|turn| turn.running_total().is_some());
                is_series.then_some(Worth::Usage)
            }
        }
    }

    /// Hands on what the ledger tells, and notes what is gone. Returns the generation of the image, if that was used.
    fn recall(
        &self,
        ledger: &Ledger,
        gone: &mut Vec<FileEntry>,
        hand_on: &mut impl FnMut(Recollection<'_>),
    ) -> Result<Option<u64>, LedgerError> {
        let mut tell = |entry: &FileEntry, memory: &FileSummary, told: Recounted<'_>| {
            let Some(worth) = self.worth(entry, memory) else { return };
            let candidate = self.candidate(entry);
            if entry.state == FilePresence::Live && candidate.is_none() {
                gone.push(entry.clone());
            }
            let resumption = self.resumption(entry, worth, || ledger.checkpoint(entry.id));
            let modified = candidate.map_or(entry.stamp.file.modified, |(_, candidate)| candidate.identity.modified);
            hand_on(Recollection { client: entry.client, path: &entry.path, modified, worth, told, resumption });
        };
        let image = match self.question.detail {
            Detail::Sums => {
                ledger.for_each_file_rollup(|file| tell(&file.entry, &file.unmerged, Recounted::Summed(&file)))?
            }
            Detail::Responses => None,
        };
        let Some((generation, changed)) = image else {
            ledger.for_each_summary(|entry, memory| {
                if let Some(memory) = memory {
                    tell(&entry, &memory, Recounted::Whole(&memory));
                }
            })?;
            return Ok(None);
        };
        for entry in &changed {
            if let Some(recalled) = ledger.load(entry.id)? {
                tell(entry, &recalled.summary, Recounted::Whole(&recalled.summary));
            }
        }
        Ok(Some(generation))
    }

    fn candidate(&self, entry: &FileEntry) -> Option<(usize, &Candidate)> {
        let at = *self.there.get(&(entry.client, entry.path.as_os_str()))?;
        Some((at, self.question.candidates.get(at)?))
    }

    /// How to go on with a file that has grown. What goes on now is not remembered: who asks for that reads it whole.
    fn resumption(
        &self,
        entry: &FileEntry,
        worth: Worth,
        checkpoint: impl FnOnce() -> Result<Option<Vec<u8>>, LedgerError>,
    ) -> Option<Resumption> {
        let (at, candidate) = self.candidate(entry).filter(|_| worth == Worth::Usage)?;
        let (before, now) = (&entry.stamp.file, &candidate.identity);
        let may_have_grown = matches!(candidate.place.store.format, Format::Lines)
            && (before.device, before.inode) == (now.device, now.inode)
            && (1..=now.size).contains(&entry.position.offset)
            && before.size <= now.size;
        if self.question.interest != Interest::Usage || !self.writes || !may_have_grown {
            return None;
        }
        // Without a checkpoint, for whatever reason, the file is read from its beginning.
        let checkpoint = checkpoint().ok()??;
        Some(Resumption { candidate: at, head: entry.head, reach: entry.position, checkpoint })
    }
}

/// Whether something of what the file tells is about the present: what is in flight, what was said, how fast it went. That
/// is written nowhere, so the file must be read.
fn is_present(sessions: &[SessionSummary], now: Timestamp) -> bool {
    sessions.iter().any(|session| {
        let quiet = session.state.last.map(|last| now.since(last));
        quiet.is_some_and(|quiet| quiet <= NEWS)
    })
}

impl Account {
    fn record(&self, memory: FileSummary) -> FileRecord {
        FileRecord {
            client: self.client,
            path: self.path.clone(),
            stamp: stamp(&self.state),
            head: self.head,
            position: self.reach,
            checkpoint: self.checkpoint.clone(),
            seen: self.seen,
            summary: memory,
        }
    }
}

impl Grown {
    /// The whole of what the file told; `None` if the ledger does not know how it began: then it is read anew one day.
    fn record(self, ledger: &Ledger) -> Result<Option<FileRecord>, LedgerError> {
        let Some(entry) = ledger.entry(self.account.client, &self.account.path)? else { return Ok(None) };
        let Some(recalled) = ledger.load(entry.id)? else { return Ok(None) };
        let mut recorder = FileSummaryBuilder::resume(recalled.summary);
        for event in &self.more.events {
            recorder.note(event, self.account.clock);
        }
        recorder.note_issues(self.more.issues);
        Ok(Some(self.account.record(recorder.finish())))
    }
}

fn stamp((file, log): &FileState) -> FileStamp {
    let identity = |of: &agtop_os::FileIdentity| FileIdentity {
        device: of.device,
        inode: of.inode,
        size: of.size,
        modified: of.modified,
    };
    FileStamp { file: identity(file), log: log.as_ref().map(identity) }
}
