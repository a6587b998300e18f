use std::sync::{Arc, LazyLock};
use std::time::Duration;

use agtop_ledger::FileEntryId;
use agtop_model::{
    ActivityKind, EventKind, FileId, FileSession, RecordTime, ResolvedTime, SessionFacts, SessionKey, Timestamp,
    ToolCount, ToolKey, Turn, Untrusted,
};

use super::activity_log::{Story, activity_kind, ending};
use super::aggregate_cache::Summed;
use super::hashed::{HashedMap, HashedSet};
use super::pushed_failures::Failures;
use super::turns::{NameIdx, TurnIdx};

/// What is known about one session, apart from its responses.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) key: SessionKey,
    /// When it last pushed something.
    pub(super) alive: Option<Timestamp>,
    /// How full its context is, pushed besides its files, and when.
    pub(super) pushed_context: Option<(Timestamp, u64)>,
    /// The size of its context window, pushed besides its files.
    pub(super) pushed_limit: Option<u64>,
    /// Failed requests that were pushed besides its files.
    pub(super) failures: Failures,
    /// Whether the sums in the last snapshot no longer hold.
    pub(super) is_stale: bool,
    in_flight: HashedMap<ToolKey, OpenCall>,
    calls: HashedSet<ToolKey>,
    /// Those of which it is known how long they took: a database that is read again reports each again.
    timed: HashedSet<ToolKey>,
    tools: Vec<(Arc<str>, u64)>,
    ordinal: u32,
    files: Vec<SessionFile>,
    /// Several files merged, or one in which something has no time.
    merged: Option<Box<FileSession<NameIdx>>>,
    /// Its responses, and some that were once taken for its own.
    turns: Vec<TurnIdx>,
    /// Responses that are its own, added up.
    pub(super) sums: Vec<Summed>,
    /// Tool calls that are its own, added up, with the file that told them.
    tallies: Vec<(FileEntryId, Arc<str>, u64)>,
    /// What lately happened, if anything.
    story: Option<Box<Story>>,
}

/// A call that has not ended.
#[derive(Debug)]
struct OpenCall {
    /// Which of the session's calls it is.
    ordinal: u32,
    file: FileId,
    flight: Flight,
}

/// One file's account of a session.
#[derive(Debug)]
struct SessionFile {
    file: FileId,
    role: FileRole,
    /// When the file was last written: the time of what has none.
    modified: Timestamp,
    told: FileSession<NameIdx>,
}

/// What a file's account of a session is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileRole {
    /// The file says so, or nothing else does.
    Current,
    /// The file once said so. It counts only where no file says anything of the session now.
    Leftover,
}

/// What has started and not ended.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) name: Untrusted,
    pub(super) target: Option<Untrusted>,
    pub(super) since: Option<Timestamp>,
    pub(super) is_subagent: bool,
}

/// A tool call that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) tool: Untrusted,
    pub(super) took: Duration,
}

/// Whether something is news or history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It happened within the last day.
    Lately,
    /// It happened before that, or nobody knows when.
    LongAgo,
}

impl SessionState {
    pub(super) fn new(key: SessionKey) -> Self {
        Self {
            key,
            alive: None,
            pushed_context: None,
            pushed_limit: None,
            failures: Failures::default(),
            is_stale: true,
            in_flight: HashedMap::default(),
            calls: HashedSet::default(),
            timed: HashedSet::default(),
            tools: Vec::new(),
            ordinal: 0,
            files: Vec::new(),
            merged: None,
            turns: Vec::new(),
            sums: Vec::new(),
            tallies: Vec::new(),
            story: None,
        }
    }

    /// Takes what a file once told of it. What the file tells from now on adds to that.
    pub(super) fn load(&mut self, file: FileId, modified: Timestamp, role: FileRole, told: FileSession<NameIdx>) {
        self.is_stale = true;
        let known = self.files.iter_mut().find(|known| (known.file, known.role) == (file, role));
        match known {
            Some(known) => known.told = told,
            None => self.files.push(SessionFile { file, role, modified, told }),
        }
    }

    /// The time of a record of this file, which states `stated`. Times after `latest` are a broken clock's.
    pub(super) fn time_of(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
    ) -> RecordTime {
        self.told_by(file, modified).time_of(stated, latest)
    }

    /// Notes facts, from a record that states this time. Times after `latest` are a broken clock's.
    pub(super) fn note_facts(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
        facts: &SessionFacts,
    ) {
        let own = self.key.clone();
        self.told_by(file, modified).note_facts(&own, stated, facts, latest);
    }

    /// How full the context is, told apart from files.
    pub(super) fn note_context(&mut self, at: Timestamp, used: u64, limit: Option<u64>) {
        self.pushed_limit = limit.or(self.pushed_limit);
        self.pushed_context = self.pushed_context.max(Some((at, used)));
        self.is_stale = true;
    }

    pub(super) fn note_turn(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (when, told): (ResolvedTime, Told),
        turn: &Turn,
        model: Option<NameIdx>,
    ) {
        let is_newest = self.told_by(file, modified).note_response(when, turn, model);
        if is_newest && told == Told::Lately {
            let story = self.story.get_or_insert_default();
            story.note_context(when.at, turn.context_used.unwrap_or_else(|| turn.usage.prompt()));
            if let Some(ending) = ending(turn.stop) {
                story.note(Some(when.at), ending);
            }
        }
    }

    /// Notes what happened; returns the tool call that ended by it, with how long it took.
    pub(super) fn note(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
        kind: EventKind,
        told: Told,
    ) -> Option<Ended> {
        let at = self.told_by(file, modified).note(stated, &kind, latest);
        if told == Told::Lately
            && let Some(kind) = self.activity_kind(&kind)
        {
            self.story.get_or_insert_default().note(at, kind);
        }
        let has_failed = matches!(kind, EventKind::Error(_) | EventKind::ToolEnded { outcome: Err(()), .. });
        if let (true, Told::Lately, Some(at)) = (has_failed, told, at) {
            self.story.get_or_insert_default().note_failure(at);
        }
        match kind {
            EventKind::ToolStarted { tool, name, target } => {
                self.count_call(tool, &name);
                self.start(
                    (file, tool),
                    Flight { name: Untrusted::new(&*name), target, since: at, is_subagent: false },
                );
            }
            EventKind::SubagentStarted { tool, name, task } => {
                self.start((file, tool), Flight { name, target: task, since: at, is_subagent: true });
            }
            EventKind::ToolEnded { tool, .. } | EventKind::SubagentEnded { tool } => {
                let OpenCall { flight, .. } = self.in_flight.remove(&tool)?;
                let took = at?.since(flight.since?);
                let is_news = !flight.is_subagent && self.timed.insert(tool);
                return is_news.then_some(Ended { tool: flight.name, took });
            }
            EventKind::TurnEnded | EventKind::Ended => self.in_flight.clear(),
            _ => {}
        }
        None
    }

    /// What this is to somebody who follows the session. The answer of a tool names the tool by its call.
    fn activity_kind(&self, kind: &EventKind) -> Option<ActivityKind> {
        match kind {
            EventKind::ToolEnded { tool, outcome } => {
                let OpenCall { flight, .. } = self.in_flight.get(tool)?;
                Some(ActivityKind::Returned { tool: flight.name.clone(), outcome: *outcome })
            }
            kind => activity_kind(kind),
        }
    }

    /// Copies of a transcript tell the same call again.
    pub(super) fn count_call(&mut self, tool: ToolKey, name: &Arc<str>) {
        if !self.calls.insert(tool) {
            return;
        }
        match self.tools.iter_mut().find(|(known, _)| known == name) {
            Some((_, calls)) => *calls += 1,
            None => self.tools.push((Arc::clone(name), 1)),
        }
    }

    /// Counts a tool's calls, which one file alone tells.
    pub(super) fn tally(&mut self, entry: FileEntryId, name: &Arc<str>, calls: u64) {
        self.tallies.push((entry, Arc::clone(name), calls));
    }

    /// The files whose tool calls are added up, some of them more than once.
    pub(super) fn tallies(&self) -> impl Iterator<Item = FileEntryId> {
        self.tallies.iter().map(|(entry, ..)| *entry)
    }

    /// Takes back what a file's sums came to.
    pub(super) fn withdraw(&mut self, entry: FileEntryId) {
        self.is_stale = true;
        self.sums.retain(|summed| summed.entry != entry);
        self.tallies.retain(|(told, ..)| *told != entry);
    }

    /// Whether this call was made and has ended.
    pub(super) fn has_answered(&self, call: ToolKey) -> bool {
        self.calls.contains(&call) && !self.in_flight.contains_key(&call)
    }

    /// A response that is its own.
    pub(super) fn own(&mut self, turn: TurnIdx) {
        self.turns.push(turn);
    }

    /// Its responses, and some that were once taken for its own.
    pub(super) fn turns(&self) -> &[TurnIdx] {
        &self.turns
    }

    /// What lately happened.
    pub(super) fn story(&self) -> Option<&Story> {
        self.story.as_deref()
    }

    fn start(&mut self, (file, tool): (FileId, ToolKey), flight: Flight) {
        self.ordinal += 1;
        self.in_flight.insert(tool, OpenCall { ordinal: self.ordinal, file, flight });
    }

    /// Takes back what the file told, because it is about to be read again.
    pub(super) fn forget_file(&mut self, file: FileId) {
        let Some(at) = self.files.iter().position(|known| known.file == file && known.role == FileRole::Current) else {
            return;
        };
        let SessionFile { modified, told, .. } = self.files.remove(at);
        self.load(file, modified, FileRole::Leftover, told.leftover());
        self.in_flight.retain(|_, call| call.file != file);
        self.is_stale = true;
    }

    /// Drops what the file told: another one tells it.
    pub(super) fn drop_file(&mut self, file: FileId) {
        let before = self.files.len();
        self.files.retain(|known| known.file != file);
        self.is_stale |= self.files.len() != before;
    }

    /// Brings what [`Self::told`] gives up to date.
    pub(super) fn merge_files(&mut self) {
        let own: Vec<&SessionFile> = self.told_files().collect();
        self.merged = match own.as_slice() {
            [one] if !one.told.is_undated => None,
            own => {
                let begun = self.dated_start();
                let settled = |file: &&SessionFile| {
                    let mut told = file.told.clone();
                    told.fill_missing_times(begun.unwrap_or(file.modified));
                    told
                };
                let settled: Vec<FileSession<NameIdx>> = own.iter().map(settled).collect();
                Some(Box::new(FileSession::merge_all(&settled.iter().collect::<Vec<_>>())))
            }
        };
    }

    /// All its files merged, as of the last [`Self::merge_files`].
    pub(super) fn told(&self) -> &FileSession<NameIdx> {
        static NOTHING: LazyLock<FileSession<NameIdx>> = LazyLock::new(FileSession::default);
        let one = || self.told_files().next().map(|file| &file.told);
        self.merged.as_deref().or_else(one).unwrap_or(&NOTHING)
    }

    /// The sessions that its files name as the one that sent it off.
    pub(super) fn parents(&self) -> impl Iterator<Item = &SessionKey> {
        self.told_files().filter_map(|file| file.told.facts.parent.as_ref())
    }

    /// The files that count: those that tell of it, or if there are none, those that once did.
    fn told_files(&self) -> impl Iterator<Item = &SessionFile> {
        let role = self.files.iter().map(|file| file.role).min();
        self.files.iter().filter(move |file| Some(file.role) == role)
    }

    /// When something last happened.
    pub(super) fn last_active(&self) -> Option<Timestamp> {
        self.told().last
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.told().first
    }

    /// When it began, by what its files say and not by when they were written: the time of what has none of its own.
    pub(super) fn dated_start(&self) -> Option<Timestamp> {
        self.told_files().filter_map(|file| file.told.first).min()
    }

    /// Whether any file tells of it; a session may be known by its sub-agents alone. What a file once told counts as long
    /// as some of its responses are known by nothing else.
    pub(super) fn has_files(&self) -> bool {
        let tells = self.files.iter().any(|file| file.role == FileRole::Current);
        let has_responses = !self.turns.is_empty() || !self.sums.is_empty();
        tells || (has_responses && !self.files.is_empty())
    }

    /// The files that tell of it.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.told_files().map(|file| file.file)
    }

    pub(super) fn file_count(&self) -> u32 {
        u32::try_from(self.told_files().count()).unwrap_or(u32::MAX)
    }

    /// What has not ended, in the order in which it started, with the call that did it.
    pub(super) fn in_flight(&self) -> Vec<(ToolKey, &Flight)> {
        let mut open: Vec<(&ToolKey, &OpenCall)> = self.in_flight.iter().collect();
        open.sort_unstable_by_key(|(_, call)| call.ordinal);
        open.into_iter().map(|(key, call)| (*key, &call.flight)).collect()
    }

    /// Tools by the number of calls, each call once.
    pub(super) fn tool_counts(&self) -> Vec<ToolCount> {
        let mut counts: Vec<(&Arc<str>, u64)> = self.tools.iter().map(|(name, calls)| (name, *calls)).collect();
        for (_, name, calls) in &self.tallies {
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += calls,
                None => counts.push((name, *calls)),
            }
        }
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts.into_iter().map(|(name, calls)| ToolCount { name: name.as_ref().into(), calls }).collect()
    }

    /// What this file tells of it, which was last written then.
    fn told_by(&mut self, file: FileId, modified: Timestamp) -> &mut FileSession<NameIdx> {
        self.is_stale = true;
        let is_it = |known: &SessionFile| known.file == file && known.role == FileRole::Current;
        let at = self.files.iter().rposition(is_it).unwrap_or_else(|| {
            self.files.push(SessionFile { file, role: FileRole::Current, modified, told: FileSession::default() });
            self.files.len() - 1
        });
        self.files[at].modified = modified;
        &mut self.files[at].told
    }
}
