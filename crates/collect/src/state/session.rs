use std::sync::{Arc, LazyLock};
use std::time::Duration;

use agtop_ledger::FileEntryId;
use agtop_model::{
    ActivityKind, EventKind, FileId, FileSession, RecordTime, ResolvedTime, ResponseCopy, SessionFacts, SessionKey,
    Timestamp, ToolCount, ToolKey, Untrusted,
};

use super::activity_log::{ActivityLog, activity_kind, ending};
use super::aggregate_list::AggregateList;
use super::hashed::{HashedMap, HashedSet};
use super::index::ResponseIdx;
use super::names::NameIdx;
use super::pushed_failures::PushedFailures;

/// The state of one session, apart from its responses.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) key: SessionKey,
    /// When hooks last reported it.
    pub(super) alive: Option<Timestamp>,
    /// The tokens in its context as hooks reported them, and when.
    pub(super) pushed_context: Option<(Timestamp, u64)>,
    /// The size of its context window in tokens, as hooks reported it.
    pub(super) pushed_limit: Option<u64>,
    /// Failed requests that only hooks reported.
    pub(super) failures: PushedFailures,
    /// Whether it has changed since the last summary.
    pub(super) is_stale: bool,
    /// Whether other files report it than at the last summary: that decides which of two parents it has, and whose it is.
    pub(super) has_other_files: bool,
    in_flight: HashedMap<ToolKey, OpenCall>,
    calls: HashedSet<ToolKey>,
    /// Calls whose duration is known: a database that is read again reports each again.
    timed: HashedSet<ToolKey>,
    tools: Vec<(Arc<str>, u64)>,
    ordinal: u32,
    files: Vec<SessionFile>,
    /// All files merged; `None` if there is one file, whose records all have a time.
    merged: Option<Box<FileSession<NameIdx>>>,
    /// Its responses, and some that another session owns by now.
    responses: Vec<ResponseIdx>,
    /// Its responses that are known as sums.
    pub(super) aggregates: AggregateList,
    /// Its tool calls that are known as counts, with the file that reports them.
    tallies: Vec<(FileEntryId, Arc<str>, u64)>,
    /// Its recent activities, if it has any.
    activity_log: Option<Box<ActivityLog>>,
}

/// A call that has not ended.
#[derive(Debug)]
struct OpenCall {
    /// The number of the call within the session.
    ordinal: u32,
    file: FileId,
    tool: OpenTool,
}

/// What one file reports about a session.
#[derive(Debug)]
struct SessionFile {
    file: FileId,
    role: FileRole,
    /// When the file was last written: the time of records without one.
    modified: Timestamp,
    session: FileSession<NameIdx>,
}

/// Whether a file still reports the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileRole {
    /// It does, or the file is deleted and nothing else does.
    Current,
    /// It once did. This counts only if no file reports the session now.
    Former,
}

/// A tool or subagent that has started and not ended.
#[derive(Clone, Debug)]
pub(super) struct OpenTool {
    pub(super) name: Untrusted,
    pub(super) target: Option<Untrusted>,
    pub(super) since: Option<Timestamp>,
    pub(super) is_subagent: bool,
}

/// A tool call that ended.
#[derive(Debug)]
pub(super) struct EndedCall {
    pub(super) tool: Untrusted,
    pub(super) took: Duration,
}

/// Whether an event is shown as activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recency {
    /// It happened within the last day.
    Recent,
    /// It happened earlier, or its time is unknown.
    Old,
}

impl SessionState {
    pub(super) fn new(key: SessionKey) -> Self {
        Self {
            key,
            alive: None,
            pushed_context: None,
            pushed_limit: None,
            failures: PushedFailures::default(),
            is_stale: true,
            has_other_files: true,
            in_flight: HashedMap::default(),
            calls: HashedSet::default(),
            timed: HashedSet::default(),
            tools: Vec::new(),
            ordinal: 0,
            files: Vec::new(),
            merged: None,
            responses: Vec::new(),
            aggregates: AggregateList::default(),
            tallies: Vec::new(),
            activity_log: None,
        }
    }

    /// Adds what the ledger holds of a file. Later events of the file are added to that.
    pub(super) fn load(&mut self, file: FileId, modified: Timestamp, role: FileRole, session: FileSession<NameIdx>) {
        self.is_stale = true;
        let known = self.files.iter_mut().find(|known| (known.file, known.role) == (file, role));
        if let Some(known) = known {
            known.session = session;
        } else {
            self.has_other_files = true;
            self.push_file(SessionFile { file, role, modified, session });
        }
    }

    /// Adds a file. Nearly all sessions have one, and there are thousands of them, so no more room is made. A session of
    /// many files has mostly the same facts from each.
    fn push_file(&mut self, mut file: SessionFile) {
        if let Some(before) = self.files.last().filter(|before| before.session.facts == file.session.facts) {
            file.session.facts = Arc::clone(&before.session.facts);
        }
        if self.files.is_empty() {
            self.files.reserve_exact(1);
        }
        self.files.push(file);
    }

    /// The time of a record of this file, which states `stated`. Times after `latest` are a broken clock's.
    pub(super) fn time_of(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
    ) -> RecordTime {
        self.of_file(file, modified).time_of(stated, latest)
    }

    /// Notes facts, from a record that states this time. Times after `latest` are a broken clock's.
    pub(super) fn note_facts(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
        facts: &SessionFacts,
    ) {
        let own = self.key.clone();
        self.of_file(file, modified).note_facts(&own, stated, facts, latest);
    }

    /// Notes the tokens in the context and its limit, as hooks report them.
    pub(super) fn note_context(&mut self, at: Timestamp, used: u64, limit: Option<u64>) {
        self.pushed_limit = limit.or(self.pushed_limit);
        self.pushed_context = self.pushed_context.max(Some((at, used)));
        self.is_stale = true;
    }

    pub(super) fn note_response(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (when, recency): (ResolvedTime, Recency),
        copy: &ResponseCopy,
        model: Option<NameIdx>,
    ) {
        let is_newest = self.of_file(file, modified).note_response(when, copy, model);
        if is_newest && recency == Recency::Recent {
            let log = self.activity_log.get_or_insert_default();
            log.note_context(when.at, copy.context_used.unwrap_or_else(|| copy.usage.prompt()));
            if let Some(ending) = ending(copy.stop) {
                log.note(Some(when.at), ending);
            }
        }
    }

    /// Notes an event. Returns the tool call that it ended, with its duration.
    pub(super) fn note(
        &mut self,
        (file, modified): (FileId, Timestamp),
        (stated, latest): (Option<Timestamp>, Timestamp),
        kind: EventKind,
        recency: Recency,
    ) -> Option<EndedCall> {
        let at = self.of_file(file, modified).note(stated, &kind, latest);
        if recency == Recency::Recent
            && let Some(kind) = self.activity_kind(&kind)
        {
            self.activity_log.get_or_insert_default().note(at, kind);
        }
        let has_failed = matches!(kind, EventKind::Error(_) | EventKind::ToolEnded { outcome: Err(()), .. });
        if let (true, Recency::Recent, Some(at)) = (has_failed, recency, at) {
            self.activity_log.get_or_insert_default().note_failure(at);
        }
        match kind {
            EventKind::ToolStarted { tool, name, target } => {
                self.count_call(tool, &name);
                self.start(
                    (file, tool),
                    OpenTool { name: Untrusted::new(&*name), target, since: at, is_subagent: false },
                );
            }
            EventKind::SubagentStarted { tool, name, task } => {
                self.start((file, tool), OpenTool { name, target: task, since: at, is_subagent: true });
            }
            EventKind::ToolEnded { tool, .. } | EventKind::SubagentEnded { tool } => {
                let OpenCall { tool: ended, .. } = self.in_flight.remove(&tool)?;
                let took = at?.since(ended.since?);
                let is_new = !ended.is_subagent && self.timed.insert(tool);
                return is_new.then_some(EndedCall { tool: ended.name, took });
            }
            EventKind::TurnEnded | EventKind::Ended => self.in_flight.clear(),
            _ => {}
        }
        None
    }

    /// The event as an activity, if it is one. The result of a tool call gets the name of the tool from the call.
    fn activity_kind(&self, kind: &EventKind) -> Option<ActivityKind> {
        match kind {
            EventKind::ToolEnded { tool, outcome } => {
                let OpenCall { tool, .. } = self.in_flight.get(tool)?;
                Some(ActivityKind::Returned { tool: tool.name.clone(), outcome: *outcome })
            }
            kind => activity_kind(kind),
        }
    }

    /// Counts a call. Copies of a transcript report the same call again.
    pub(super) fn count_call(&mut self, tool: ToolKey, name: &Arc<str>) {
        if !self.calls.insert(tool) {
            return;
        }
        match self.tools.iter_mut().find(|(known, _)| known == name) {
            Some((_, calls)) => *calls += 1,
            None => self.tools.push((Arc::clone(name), 1)),
        }
    }

    /// Adds a tool's calls that only one file reports.
    pub(super) fn tally(&mut self, entry: FileEntryId, name: &Arc<str>, calls: u64) {
        self.tallies.push((entry, Arc::clone(name), calls));
    }

    /// The files whose tool calls are known as counts, some of them repeatedly.
    pub(super) fn tallies(&self) -> impl Iterator<Item = FileEntryId> {
        self.tallies.iter().map(|(entry, ..)| *entry)
    }

    /// Removes the sums and counts of a file.
    pub(super) fn retract(&mut self, entry: FileEntryId) {
        self.is_stale = true;
        self.aggregates.retract(entry);
        self.tallies.retain(|(file, ..)| *file != entry);
    }

    /// Packs the sums, and gives back the memory that growing lists have in reserve.
    pub(super) fn shrink(&mut self) {
        self.files.shrink_to_fit();
        self.aggregates.pack();
        self.tallies.shrink_to_fit();
        self.responses.shrink_to_fit();
        self.tools.shrink_to_fit();
    }

    /// Whether this call was made and has ended.
    pub(super) fn has_answered(&self, call: ToolKey) -> bool {
        self.calls.contains(&call) && !self.in_flight.contains_key(&call)
    }

    /// Adds a response that it owns.
    pub(super) fn add_response(&mut self, response: ResponseIdx) {
        self.responses.push(response);
    }

    /// Its responses, and some that another session owns by now.
    pub(super) fn responses(&self) -> &[ResponseIdx] {
        &self.responses
    }

    /// Its recent activities.
    pub(super) fn activity_log(&self) -> Option<&ActivityLog> {
        self.activity_log.as_deref()
    }

    fn start(&mut self, (file, call): (FileId, ToolKey), tool: OpenTool) {
        self.ordinal += 1;
        self.in_flight.insert(call, OpenCall { ordinal: self.ordinal, file, tool });
    }

    /// Prepares for reading the file again: what it reported counts as its former content.
    pub(super) fn reset_file(&mut self, file: FileId) {
        let Some(at) = self.files.iter().position(|known| known.file == file && known.role == FileRole::Current) else {
            return;
        };
        self.has_other_files = true;
        let SessionFile { modified, session, .. } = self.files.remove(at);
        self.load(file, modified, FileRole::Former, session.leftover());
        self.in_flight.retain(|_, call| call.file != file);
        self.is_stale = true;
    }

    /// Removes what the file reported, because another file reports it now.
    pub(super) fn drop_file(&mut self, file: FileId) {
        let before = self.files.len();
        self.files.retain(|known| known.file != file);
        self.has_other_files |= self.files.len() != before;
        self.is_stale |= self.has_other_files;
    }

    /// Brings [`Self::merged`] up to date.
    pub(super) fn merge_files(&mut self) {
        let own: Vec<&SessionFile> = self.counted_files().collect();
        self.merged = match own.as_slice() {
            [one] if !one.session.is_undated => None,
            own => {
                let started = self.dated_start();
                let dated = |file: &&SessionFile| {
                    let mut session = file.session.clone();
                    session.fill_missing_times(started.unwrap_or(file.modified));
                    session
                };
                let dated: Vec<FileSession<NameIdx>> = own.iter().map(dated).collect();
                Some(Box::new(FileSession::merge_all(&dated.iter().collect::<Vec<_>>())))
            }
        };
    }

    /// All its files merged, as of the last [`Self::merge_files`].
    pub(super) fn merged(&self) -> &FileSession<NameIdx> {
        static NOTHING: LazyLock<FileSession<NameIdx>> = LazyLock::new(FileSession::default);
        let one = || self.counted_files().next().map(|file| &file.session);
        self.merged.as_deref().or_else(one).unwrap_or(&NOTHING)
    }

    /// The sessions that its files name as its parent.
    pub(super) fn parents(&self) -> impl Iterator<Item = &SessionKey> {
        self.counted_files().filter_map(|file| file.session.facts.parent.as_ref())
    }

    /// Whether this file already names the session's parent.
    pub(super) fn has_parent_by(&self, file: FileId, parent: &SessionKey) -> bool {
        let names = |known: &SessionFile| {
            (known.file, known.role) == (file, FileRole::Current) && known.session.facts.parent.as_ref() == Some(parent)
        };
        self.files.iter().any(names)
    }

    /// The files that count: those that report it; or if there are none, those that once did.
    fn counted_files(&self) -> impl Iterator<Item = &SessionFile> {
        let role = self.files.iter().map(|file| file.role).min();
        self.files.iter().filter(move |file| Some(file.role) == role)
    }

    /// When it was last active.
    pub(super) fn last_active(&self) -> Option<Timestamp> {
        self.merged().last
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.merged().first
    }

    /// When it began by the times in its files, not by when they were written: the time of records without one.
    pub(super) fn dated_start(&self) -> Option<Timestamp> {
        self.counted_files().filter_map(|file| file.session.first).min()
    }

    /// Whether a file reports it; a session may be known only through its subagents. A file that once reported it counts if
    /// some of its responses have no other source.
    pub(super) fn has_files(&self) -> bool {
        let has_current = self.files.iter().any(|file| file.role == FileRole::Current);
        let has_responses = !self.responses.is_empty() || !self.aggregates.is_empty();
        has_current || (has_responses && !self.files.is_empty())
    }

    /// The files that report it.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.counted_files().map(|file| file.file)
    }

    pub(super) fn file_count(&self) -> u32 {
        u32::try_from(self.counted_files().count()).unwrap_or(u32::MAX)
    }

    /// The tools and subagents that have not ended, in the order in which they started, each with its call.
    pub(super) fn in_flight(&self) -> Vec<(ToolKey, &OpenTool)> {
        let mut open: Vec<(&ToolKey, &OpenCall)> = self.in_flight.iter().collect();
        open.sort_unstable_by_key(|(_, call)| call.ordinal);
        open.into_iter().map(|(key, call)| (*key, &call.tool)).collect()
    }

    /// How often each tool was called, the most used tool first. Each call counts once.
    pub(super) fn tool_counts(&self) -> Vec<ToolCount> {
        let mut counts: Vec<(&Arc<str>, u64)> = self.tools.iter().map(|(name, calls)| (name, *calls)).collect();
        for (_, name, calls) in &self.tallies {
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += calls,
                None => counts.push((name, *calls)),
            }
        }
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts.into_iter().map(|(name, calls)| ToolCount { name: Untrusted::new(Arc::clone(name)), calls }).collect()
    }

    /// What this file reports about it. The file was last written at `modified`.
    fn of_file(&mut self, file: FileId, modified: Timestamp) -> &mut FileSession<NameIdx> {
        self.is_stale = true;
        let is_it = |known: &SessionFile| known.file == file && known.role == FileRole::Current;
        let at = self.files.iter().rposition(is_it).unwrap_or_else(|| {
            self.has_other_files = true;
            self.push_file(SessionFile { file, role: FileRole::Current, modified, session: FileSession::default() });
            self.files.len() - 1
        });
        self.files[at].modified = modified;
        &mut self.files[at].session
    }
}
