use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    EventKind, FileId, InFlight, Lineage, Phase, SessionFacts, SessionKey, StopReason, Timestamp, Title, TitleRank,
    ToolCount, ToolKey, Turn, Untrusted,
};

use super::hashed::HashedMap;
use super::turns::NameIdx;

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
    /// Whether the sums in the last snapshot no longer hold.
    pub(super) is_stale: bool,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    in_flight: HashedMap<ToolKey, (u32, InFlight)>,
    calls: HashedMap<ToolKey, Arc<str>>,
    ordinal: u32,
    files: Vec<(FileId, Counts)>,
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
            is_stale: true,
            first: None,
            last: None,
            in_flight: HashedMap::default(),
            calls: HashedMap::default(),
            ordinal: 0,
            files: Vec::new(),
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

    pub(super) fn note_turn(&mut self, file: FileId, at: Timestamp, turn: &Turn, model: Option<NameIdx>) {
        self.touch(file, Some(at));
        let context_used = turn.context_used.unwrap_or_else(|| turn.usage.prompt());
        self.largest_prompt = self.largest_prompt.max(context_used);
        let is_own = turn.lineage == Lineage::Main || self.parent.is_some();
        if is_own && self.last_turn.is_none_or(|last| last.at <= at) {
            let stop = turn.stop.or(self.last_turn.filter(|last| last.at == at).and_then(|last| last.stop));
            self.last_turn = Some(LastTurn { at, model, context_used, stop });
            let is_done = matches!(stop, Some(StopReason::EndTurn | StopReason::StopSequence));
            self.phase = if is_done { Phase::Finished } else { Phase::Open };
        }
    }

    pub(super) fn note(&mut self, file: FileId, at: Option<Timestamp>, kind: EventKind) {
        self.touch(file, at);
        self.phase = phase_after(self.phase, &kind);
        match kind {
            EventKind::Title(title) => self.note_title(title),
            EventKind::Prompt => self.counts(file).prompts += 1,
            EventKind::ToolStarted { tool, name, target } => {
                let started = InFlight { name: name.as_ref().into(), target, since: at, is_subagent: false };
                self.calls.insert(tool, name);
                self.start(tool, started);
            }
            EventKind::SubagentStarted { tool, name, task } => {
                self.start(tool, InFlight { name, target: task, since: at, is_subagent: true });
            }
            EventKind::ToolEnded { tool, .. } | EventKind::SubagentEnded { tool } => {
                self.in_flight.remove(&tool);
            }
            EventKind::Compacted => self.counts(file).compactions += 1,
            EventKind::TurnEnded | EventKind::Ended => self.in_flight.clear(),
            EventKind::Error(_) => self.counts(file).errors += 1,
            EventKind::Waiting
            | EventKind::Facts(_)
            | EventKind::Turn(_)
            | EventKind::RateLimit(_)
            | EventKind::Running(_)
            | EventKind::ProjectRoot { .. } => {}
        }
    }

    fn start(&mut self, tool: ToolKey, started: InFlight) {
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

    /// What has not ended, in the order in which it started.
    pub(super) fn in_flight(&self) -> Vec<InFlight> {
        let mut open: Vec<&(u32, InFlight)> = self.in_flight.values().collect();
        open.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        open.into_iter().map(|(_, flight)| flight.clone()).collect()
    }

    /// Tools by the number of calls, each call once.
    pub(super) fn tool_counts(&self) -> Vec<ToolCount> {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for name in self.calls.values() {
            *counts.entry(name).or_default() += 1;
        }
        let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
        counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts.into_iter().map(|(name, calls)| ToolCount { name: name.into(), calls }).collect()
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

/// Where a conversation stands once this has happened.
fn phase_after(before: Phase, kind: &EventKind) -> Phase {
    match kind {
        EventKind::Prompt | EventKind::ToolStarted { .. } | EventKind::SubagentStarted { .. } => Phase::Open,
        EventKind::Waiting => Phase::Waiting,
        EventKind::Error(_) => Phase::Failed,
        EventKind::TurnEnded => Phase::Finished,
        EventKind::Ended => Phase::Ended,
        EventKind::ToolEnded { .. } | EventKind::SubagentEnded { .. } if before != Phase::Finished => Phase::Open,
        _ => before,
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
