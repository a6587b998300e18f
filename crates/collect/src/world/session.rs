use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_ledger::{EntryId, SessionMemory};
use agtop_model::{
    Deed, EventKind, FileId, Lineage, Phase, SessionFacts, SessionKey, StopReason, Timestamp, Title, TitleRank,
    ToolCount, ToolKey, Turn, Untrusted,
};

use super::frozen::Summed;
use super::hashed::{HashedMap, HashedSet};
use super::story::{Story, deed, ending};
use super::turns::{NameIdx, TurnIdx};
use crate::remember::Worth;

/// What is known about one session, apart from its responses.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) key: SessionKey,
    pub(super) parent: Option<SessionKey>,
    pub(super) forked_from: Option<SessionKey>,
    pub(super) cwd: Option<PathBuf>,
    pub(super) project: Option<Arc<str>>,
    pub(super) branch: Option<Untrusted>,
    pub(super) version: Option<Untrusted>,
    pub(super) origin: Option<Untrusted>,
    pub(super) context_limit: Option<u64>,
    pub(super) title: Option<Title>,
    pub(super) last_turn: Option<LastTurn>,
    /// The model in use where no turn told yet.
    pub(super) stated_model: Option<Arc<str>>,
    /// Tokens in the context, told apart from turns, and when.
    pub(super) stated_context: Option<(Timestamp, u64)>,
    /// The largest prompt seen: a window cannot be smaller.
    pub(super) largest_prompt: u64,
    /// Where it stands.
    pub(super) phase: Phase,
    /// When it last pushed something.
    pub(super) alive: Option<Timestamp>,
    /// Whether the sums in the last snapshot no longer hold.
    pub(super) is_stale: bool,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    in_flight: HashedMap<ToolKey, (u32, Flight)>,
    calls: HashedSet<ToolKey>,
    tools: Vec<(Arc<str>, u64)>,
    ordinal: u32,
    files: Vec<(FileId, Counts)>,
    /// Its responses, and some that were once taken for its own.
    turns: Vec<TurnIdx>,
    /// Responses that are its own, added up.
    pub(super) sums: Vec<Summed>,
    /// Tool calls that are its own, added up, with the file that told them.
    tallies: Vec<(EntryId, Arc<str>, u64)>,
    /// What lately happened, if anything.
    story: Option<Box<Story>>,
}

/// The newest response on the main line.
#[derive(Clone, Copy, Debug)]
pub(super) struct LastTurn {
    pub(super) at: Timestamp,
    pub(super) model: Option<NameIdx>,
    pub(super) context_used: u64,
    pub(super) stop: Option<StopReason>,
}

/// What one file told about one session that has no id to join it by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) prompts: u64,
    pub(super) errors: u64,
    pub(super) compactions: u64,
}

/// What has started and not ended.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) name: Untrusted,
    pub(super) target: Option<Untrusted>,
    pub(super) since: Option<Timestamp>,
    pub(super) is_subagent: bool,
}

/// What a file once told of a session.
pub(super) struct Recalled<'a> {
    pub(super) told: &'a SessionMemory,
    pub(super) worth: Worth,
    pub(super) last_model: Option<NameIdx>,
    /// Times after this are a broken clock's.
    pub(super) latest: Timestamp,
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
            parent: None,
            forked_from: None,
            cwd: None,
            project: None,
            branch: None,
            version: None,
            origin: None,
            context_limit: None,
            title: None,
            last_turn: None,
            stated_model: None,
            stated_context: None,
            largest_prompt: 0,
            phase: Phase::Fresh,
            alive: None,
            is_stale: true,
            first: None,
            last: None,
            in_flight: HashedMap::default(),
            calls: HashedSet::default(),
            tools: Vec::new(),
            ordinal: 0,
            files: Vec::new(),
            turns: Vec::new(),
            sums: Vec::new(),
            tallies: Vec::new(),
            story: None,
        }
    }

    /// Takes what a file once told of it.
    pub(super) fn recall(&mut self, file: FileId, Recalled { told, worth, last_model, latest }: Recalled<'_>) {
        let is_newer = self.last <= told.last;
        self.note_facts(file, told.context_at.or(told.first), told.facts.clone(), latest);
        self.touch(file, told.first);
        self.touch(file, told.last);
        if let Some(title) = &told.title {
            self.note_title(title.clone());
        }
        if worth != Worth::Usage {
            let SessionMemory { prompts, errors, compactions, .. } = *told;
            *self.counts(file) = Counts { prompts, errors, compactions };
        }
        if is_newer {
            self.phase = told.phase;
        }
        self.largest_prompt = self.largest_prompt.max(told.largest_prompt);
        if let Some(last) = told.last_turn.filter(|new| self.last_turn.is_none_or(|known| known.at <= new.at)) {
            let agtop_ledger::LastTurn { at, context_used, stop, .. } = last;
            self.last_turn = Some(LastTurn { at, model: last_model, context_used, stop });
        }
    }

    pub(super) fn note_facts(&mut self, file: FileId, at: Option<Timestamp>, facts: SessionFacts, latest: Timestamp) {
        self.touch(file, at);
        self.parent = facts.parent.filter(|parent| *parent != self.key).or(self.parent.take());
        self.forked_from = facts.forked_from.or(self.forked_from.take());
        self.cwd = facts.cwd.or(self.cwd.take());
        self.project = facts.project.or(self.project.take());
        self.branch = facts.branch.or(self.branch.take());
        self.version = facts.version.or(self.version.take());
        self.origin = facts.origin.or(self.origin.take());
        self.context_limit = facts.context_limit.or(self.context_limit);
        self.stated_model = facts.model.or(self.stated_model.take());
        let started = facts.started.filter(|&started| Timestamp::EARLIEST <= started && started <= latest);
        self.first = earliest(self.first, started);
        if let Some(used) = facts.context_used {
            self.stated_context = Some((at.or(self.last).unwrap_or(Timestamp::EARLIEST), used));
        }
    }

    /// How full the context is, told apart from files.
    pub(super) fn note_context(&mut self, at: Timestamp, used: u64, limit: Option<u64>) {
        self.context_limit = limit.or(self.context_limit);
        self.stated_context = self.stated_context.max(Some((at, used)));
        self.is_stale = true;
    }

    pub(super) fn note_turn(&mut self, file: FileId, at: Timestamp, turn: &Turn, model: Option<NameIdx>, told: Told) {
        self.touch(file, Some(at));
        let context_used = turn.context_used.unwrap_or_else(|| turn.usage.prompt());
        self.largest_prompt = self.largest_prompt.max(context_used);
        let is_own = turn.lineage == Lineage::Main || self.parent.is_some();
        if is_own && self.last_turn.is_none_or(|last| last.at <= at) {
            let stop = turn.stop.or(self.last_turn.filter(|last| last.at == at).and_then(|last| last.stop));
            self.last_turn = Some(LastTurn { at, model, context_used, stop });
            if told == Told::Lately {
                let story = self.story.get_or_insert_default();
                story.note_context(at, context_used);
                if let Some(ending) = ending(turn.stop) {
                    story.note(Some(at), ending);
                }
            }
            let is_done = matches!(stop, Some(StopReason::EndTurn | StopReason::StopSequence));
            self.phase = if is_done { Phase::Finished } else { Phase::Open };
        }
    }

    /// Notes what happened; returns the tool call that ended by it, with how long it took.
    pub(super) fn note(&mut self, file: FileId, at: Option<Timestamp>, kind: EventKind, told: Told) -> Option<Ended> {
        self.touch(file, at);
        self.phase = self.phase.after(&kind);
        if told == Told::Lately
            && let Some(deed) = self.deed(&kind)
        {
            self.story.get_or_insert_default().note(at, deed);
        }
        match kind {
            EventKind::Title(title) => self.note_title(title),
            EventKind::Prompt { .. } => self.counts(file).prompts += 1,
            EventKind::ToolStarted { tool, name, target } => {
                self.count_call(tool, &name);
                self.start(tool, Flight { name: Untrusted::new(&*name), target, since: at, is_subagent: false });
            }
            EventKind::SubagentStarted { tool, name, task } => {
                self.start(tool, Flight { name, target: task, since: at, is_subagent: true });
            }
            EventKind::ToolEnded { tool, .. } | EventKind::SubagentEnded { tool } => {
                let (_, flight) = self.in_flight.remove(&tool)?;
                let took = at?.since(flight.since?);
                return (!flight.is_subagent).then_some(Ended { tool: flight.name, took });
            }
            EventKind::Compacted => self.counts(file).compactions += 1,
            EventKind::TurnEnded | EventKind::Ended => self.in_flight.clear(),
            EventKind::Error(_) => self.counts(file).errors += 1,
            EventKind::Waiting
            | EventKind::Said(_)
            | EventKind::Facts(_)
            | EventKind::Turn(_)
            | EventKind::RateLimit(_)
            | EventKind::Running(_)
            | EventKind::ProjectRoot { .. } => {}
        }
        None
    }

    /// What this is to somebody who follows the session. The answer of a tool names the tool by its call.
    fn deed(&self, kind: &EventKind) -> Option<Deed> {
        match kind {
            EventKind::ToolEnded { tool, outcome } => {
                let (_, flight) = self.in_flight.get(tool)?;
                Some(Deed::Returned { tool: flight.name.clone(), outcome: *outcome })
            }
            kind => deed(kind),
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
    pub(super) fn tally(&mut self, entry: EntryId, name: &Arc<str>, calls: u64) {
        self.tallies.push((entry, Arc::clone(name), calls));
    }

    /// The files whose tool calls are added up, some of them more than once.
    pub(super) fn tallies(&self) -> impl Iterator<Item = EntryId> {
        self.tallies.iter().map(|(entry, ..)| *entry)
    }

    /// Takes back what a file's sums came to.
    pub(super) fn withdraw(&mut self, entry: EntryId) {
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

    fn start(&mut self, tool: ToolKey, started: Flight) {
        self.ordinal += 1;
        self.in_flight.insert(tool, (self.ordinal, started));
    }

    /// A better name replaces a worse one; among equals the first prompt stays, and of all others the last counts.
    fn note_title(&mut self, title: Title) {
        let keeps = |known: &Title| match known.rank.cmp(&title.rank) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => matches!(title.rank, TitleRank::FirstPrompt | TitleRank::FirstCommand),
            std::cmp::Ordering::Less => false,
        };
        if !title.text.is_empty() && !self.title.as_ref().is_some_and(keeps) {
            self.title = Some(title);
        }
    }

    pub(super) fn forget_file(&mut self, file: FileId) {
        if let Some((_, counts)) = self.files.iter_mut().find(|(known, _)| *known == file) {
            *counts = Counts::default();
            self.in_flight.clear();
            self.is_stale = true;
        }
    }

    /// When something last happened.
    pub(super) fn last_active(&self) -> Option<Timestamp> {
        self.last
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.first
    }

    /// Whether any file tells of it; a session may be known by its sub-agents alone.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// The files that tell of it.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.files.iter().map(|(file, _)| *file)
    }

    pub(super) fn file_count(&self) -> u32 {
        u32::try_from(self.files.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn sum(&self, count: impl Fn(&Counts) -> u64) -> u64 {
        self.files.iter().map(|(_, counts)| count(counts)).sum()
    }

    /// What has not ended, in the order in which it started, with the call that did it.
    pub(super) fn in_flight(&self) -> Vec<(ToolKey, &Flight)> {
        let mut open: Vec<(u32, ToolKey, &Flight)> =
            self.in_flight.iter().map(|(call, (ordinal, flight))| (*ordinal, *call, flight)).collect();
        open.sort_unstable_by_key(|(ordinal, ..)| *ordinal);
        open.into_iter().map(|(_, call, flight)| (call, flight)).collect()
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

    fn touch(&mut self, file: FileId, at: Option<Timestamp>) {
        self.is_stale = true;
        self.counts(file);
        self.first = earliest(self.first, at);
        self.last = self.last.max(at);
    }

    fn counts(&mut self, file: FileId) -> &mut Counts {
        let at = self.files.iter().rposition(|(known, _)| *known == file).unwrap_or_else(|| {
            self.files.push((file, Counts::default()));
            self.files.len() - 1
        });
        &mut self.files[at].1
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
