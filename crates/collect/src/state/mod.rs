//! What agtop knows: the only state that changes.

mod activity_log;
mod aggregate_cache;
mod audit;
mod calendar;
mod family;
mod hashed;
mod load;
mod pricing_context;
mod pushed_failures;
mod recent_activity;
mod session;
mod session_builder;
mod summary;
mod sums;
#[cfg(test)]
mod tests;
mod tool_times;
mod totals;
mod turns;
mod usage_table;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ClientId, CoarserRecords, Event, EventKind, FileId, MessageKey, Provenance, RateLimit, ResolvedTime, Response,
    RunningProcess, RunningTotal, SessionFacts, SessionKey, TimeSource, Timestamp, ToolKey, ToolTime, Turn, Untrusted,
};
use foldhash::fast::RandomState;

pub use audit::{Audit, Counted, Entry};
pub use pricing_context::{Lens, Scope};

use aggregate_cache::Frozen;
use hashed::{HashedMap, HashedSet};
use recent_activity::Lately;
use session::{SessionState, Told};
use summary::Memo;
use tool_times::{SessionToolTimes, ToolTimes};
use turns::{Copied, Names, TurnBook};

/// Everything that files told, folded together.
///
/// Folding is a join: applying an event again, or events of different files in another order, gives the same totals.
#[derive(Debug)]
pub struct World {
    lens: Lens,
    /// Times after this are a broken clock's.
    latest: Timestamp,
    index: HashMap<SessionKey, SessionIdx, RandomState>,
    sessions: Vec<SessionState>,
    /// The session of the last event: events come in runs.
    recent: Option<(SessionKey, SessionIdx)>,
    turns: TurnBook,
    frozen: Frozen,
    /// The last readings of running totals.
    totals: HashedMap<MessageKey, RunningTotal>,
    models: Names,
    projects: HashMap<(ClientId, Arc<str>), PathBuf>,
    limits: HashMap<(ClientId, Arc<str>), (Timestamp, RateLimit)>,
    /// Context windows that clients' configurations define, by model.
    windows: HashMap<(ClientId, Arc<str>), u64>,
    /// What vendors' own files say of live processes; each file says one thing.
    running: HashMap<FileId, (SessionKey, RunningProcess)>,
    audit: Option<Audit>,
    /// Whose the files are that were read, and how many responses each tells, repetitions included.
    copies: HashMap<FileId, (ClientId, u64), RandomState>,
    lately: Lately,
    tool_times: ToolTimes,
    session_tool_times: SessionToolTimes,
    /// Calls of whose end hooks have told, and transcripts have not yet.
    answered: HashedSet<ToolKey>,
    tags: HashMap<SessionKey, Untrusted>,
    /// Whether anything was told since the last snapshot.
    has_news: bool,
    /// Whether it was told who is whose sub-agent since then.
    has_kin: bool,
    memo: Memo,
}

/// Something of each of many sessions.
type BySession<T> = HashMap<SessionIdx, T, RandomState>;

/// A session, as an index into the World's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct SessionIdx(u32);

impl SessionIdx {
    fn at(self) -> usize {
        self.0 as usize
    }
}

/// Clocks of machines that share a home may differ by this much.
pub(crate) const CLOCK_SLACK: Duration = Duration::from_hours(24);
/// Calls of which transcripts never tell, at most.
const MOST_ANSWERED: usize = 10_000;
/// Models whose windows configurations define, at most.
const MAX_WINDOWS: usize = 10_000;
/// Sessions that have tags, at most.
pub(crate) const MOST_TAGS: usize = 100_000;
/// What happened longer ago than this is history.
pub(crate) const NEWS: Duration = Duration::from_hours(24);

impl World {
    /// A World that knows nothing yet, at this moment.
    pub fn new(now: Timestamp, lens: Lens) -> Self {
        Self {
            lens,
            latest: now.plus(CLOCK_SLACK),
            index: HashMap::default(),
            sessions: Vec::new(),
            recent: None,
            turns: TurnBook::default(),
            frozen: Frozen::default(),
            totals: HashedMap::default(),
            models: Names::default(),
            projects: HashMap::new(),
            limits: HashMap::new(),
            windows: HashMap::new(),
            running: HashMap::new(),
            audit: None,
            copies: HashMap::default(),
            lately: Lately::new(now),
            tool_times: ToolTimes::default(),
            session_tool_times: SessionToolTimes::default(),
            answered: HashedSet::default(),
            tags: HashMap::new(),
            has_news: true,
            has_kin: true,
            memo: Memo::default(),
        }
    }

    /// A World that also remembers every copy of every response of sessions whose id starts so, to explain them.
    pub fn audited(now: Timestamp, lens: Lens, session: &str) -> Self {
        Self { audit: Some(Audit::of(session)), ..Self::new(now, lens) }
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Timestamp) {
        self.latest = now.plus(CLOCK_SLACK);
    }

    /// Folds one event in. `modified` is when its file was last written: the time of events whose own is missing or
    /// cannot be.
    pub fn apply(&mut self, event: Event, modified: Timestamp) {
        let at = event.at.filter(|&at| self.is_plausible(at));
        self.has_news = true;
        match event.kind {
            EventKind::ProjectRoot { project, root } => {
                self.projects.insert((event.session.client, project), root);
            }
            EventKind::ModelWindow { model, tokens } => self.note_window((event.session.client, model), tokens),
            EventKind::RateLimit(limit) => self.note_limit(event.session.client, at.unwrap_or(modified), limit),
            EventKind::Running(running) => {
                self.running.insert(event.source.file, (event.session, running));
            }
            EventKind::Turn(turn) => self.note_turn(&event.session, event.source, (event.at, modified), &turn),
            EventKind::Facts(facts) => {
                if let Some(parent) = &facts.parent {
                    self.session(parent);
                    self.has_kin = true;
                }
                let session = self.session(&event.session);
                let state = &mut self.sessions[session.at()];
                state.note_facts((event.source.file, modified), (event.at, self.latest), &facts);
            }
            kind => {
                let session = self.session(&event.session);
                if matches!(kind, EventKind::ToolStarted { .. }) {
                    self.note_call(session);
                }
                self.note_failure(at, session, &kind);
                self.lately.note(at, session, event.source.file, &kind);
                let told = self.told(at);
                let (file, time) = ((event.source.file, modified), (event.at, self.latest));
                let call = if let EventKind::ToolEnded { tool, .. } = &kind { Some(*tool) } else { None };
                if let Some(ended) = self.sessions[session.at()].note(file, time, kind, told)
                    && !call.is_some_and(|call| self.answered.remove(&call))
                {
                    self.time_call(&event.session, at, (&Arc::from(ended.tool.raw()), ended.took));
                }
            }
        }
    }

    /// Sessions whose model it is are told again: their context is another part of the whole.
    fn note_window(&mut self, model: (ClientId, Arc<str>), tokens: u64) {
        if self.windows.len() >= MAX_WINDOWS && !self.windows.contains_key(&model) {
            return;
        }
        let client = model.0;
        if self.windows.insert(model, tokens) != Some(tokens) {
            self.sessions.iter_mut().filter(|session| session.key.client == client).for_each(|s| s.is_stale = true);
        }
    }

    fn note_turn(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (stated, modified): (Option<Timestamp>, Timestamp),
        turn: &Turn,
    ) {
        if let Some(total) = turn.running_total() {
            return self.note_total(key, source, (stated, modified), (turn, total));
        }
        let session = self.session(key);
        let time = self.sessions[session.at()].time_of((source.file, modified), (stated, self.latest));
        let when = time.resolve(self.latest, modified);
        self.note_turn_at(key, source, (when, modified), turn);
    }

    fn note_turn_at(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (when, modified): (ResolvedTime, Timestamp),
        turn: &Turn,
    ) {
        let session = self.session(key);
        let model = turn.model.as_ref().map(|name| self.models.intern(name));
        let told = self.told(Some(when.at));
        self.sessions[session.at()].note_turn((source.file, modified), (when, told), turn, model);
        self.copies.entry(source.file).or_insert((key.client, 0)).1 += 1;
        if let Some(audit) = &mut self.audit {
            audit.note(key, source, when, turn);
        }
        let response = Response::of(turn, model);
        self.join(Copied { session, when, message: turn.message, part_of: &turn.part_of, response });
    }

    /// What a running total has grown by happened when it was read, but for its first reading.
    fn note_total(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (stated, modified): (Option<Timestamp>, Timestamp),
        (turn, total): (&Turn, RunningTotal),
    ) {
        let before = self.totals.insert(total.message, total);
        let Some(step) = total.step(key.client, before.as_ref()) else { return };
        let RunningTotal { message, usage, embedded_cost } = step;
        let step = Turn { message, usage, embedded_cost, part_of: CoarserRecords::one(total.message), ..turn.clone() };
        if before.is_none() {
            return self.note_turn(key, source, (stated, modified), &step);
        }
        let when = ResolvedTime { source: TimeSource::PreviousRecord, at: modified };
        self.note_turn_at(key, source, (when, modified), &step);
    }

    fn join(&mut self, copy: Copied<'_>) {
        self.frozen.touch(copy.message);
        for coarse in copy.part_of.iter() {
            self.frozen.touch(coarse);
        }
        let joined = self.turns.join(copy, &self.sessions, &self.models);
        for stale in joined.stale.into_iter().flatten().chain(joined.superseded) {
            self.sessions[stale.at()].is_stale = true;
        }
        if joined.is_new {
            self.lately.note_turn(copy.when.at, copy.session, joined.turn);
        }
        let has_moved = joined.stale[1].is_some();
        if let Some(owner) = self.turns.owner(joined.turn).filter(|_| joined.is_new || has_moved) {
            self.sessions[owner.at()].own(joined.turn);
        }
    }

    fn told(&self, at: Option<Timestamp>) -> Told {
        let day_ago = self.latest.minus(CLOCK_SLACK).minus(NEWS);
        if at.is_some_and(|at| at >= day_ago) { Told::Lately } else { Told::LongAgo }
    }

    /// Takes back what cannot be joined because a file is about to be read anew: counts of what has no id. Responses
    /// stay: they have ids, and usage that was seen was used.
    pub fn forget_file(&mut self, file: FileId) {
        self.running.remove(&file);
        self.copies.remove(&file);
        self.lately.forget_file(file);
        self.has_news = true;
        for session in &mut self.sessions {
            session.forget_file(file);
        }
    }

    /// Takes note that a file is gone. What it told stays, but for what concerned the present.
    pub fn note_gone(&mut self, file: FileId) {
        self.has_news |= self.running.remove(&file).is_some();
    }

    /// Takes back all that a file told, because another file tells it now: it was moved.
    pub fn note_moved(&mut self, file: FileId) {
        self.note_gone(file);
        self.has_news = true;
        for session in &mut self.sessions {
            session.drop_file(file);
        }
    }

    /// A transcript reports a failure, which may have been pushed before.
    fn note_failure(&mut self, at: Option<Timestamp>, session: SessionIdx, kind: &EventKind) {
        if let (EventKind::Error(_), Some(at)) = (kind, at) {
            self.sessions[session.at()].failures.record(at);
            self.lately.forget_pushed_failure(session, at);
        }
    }

    /// Notes that a request failed, for this reason, besides what files say.
    pub(crate) fn note_pushed_failure(&mut self, session: &SessionKey, at: Timestamp, reason: &Untrusted) {
        let Some(&idx) = self.index.get(session).filter(|_| at <= self.latest) else { return };
        let state = &mut self.sessions[idx.at()];
        if state.failures.push(at, reason) {
            state.is_stale = true;
            self.has_news = true;
            self.lately.note_pushed_failure(idx, at);
        }
    }

    /// Notes that a session was alive.
    pub(crate) fn note_alive(&mut self, session: &SessionKey, at: Timestamp) {
        let Some(state) = self.index.get(session).map(|idx| &mut self.sessions[idx.at()]) else { return };
        if at <= self.latest && state.alive < Some(at) {
            state.alive = Some(at);
            state.is_stale = true;
            self.has_news = true;
        }
    }

    /// Notes that a call has ended; says whether that is news.
    pub(crate) fn note_answer(&mut self, session: &SessionKey, call: ToolKey) -> bool {
        let known = self.index.get(session).map(|idx| &self.sessions[idx.at()]);
        if known.is_some_and(|session| session.has_answered(call)) {
            return false;
        }
        if self.answered.len() >= MOST_ANSWERED {
            self.answered.clear();
        }
        self.answered.insert(call)
    }

    /// Notes how long a call of a tool took, which ended at that moment.
    pub(crate) fn time_call(
        &mut self,
        session: &SessionKey,
        at: Option<Timestamp>,
        (tool, span): (&Arc<str>, Duration),
    ) {
        self.tool_times.note(session.client, tool, span);
        // Sessions of long ago are many, and how long their tools took is history.
        if at.is_some_and(|at| at >= self.latest.minus(CLOCK_SLACK + NEWS)) {
            self.session_tool_times.note(session, tool, span);
        }
    }

    /// Notes how full a session's context is, by the word of its client at this moment.
    pub(crate) fn note_context(&mut self, session: &SessionKey, at: Timestamp, facts: &SessionFacts) {
        let Some(state) = self.index.get(session).map(|idx| &mut self.sessions[idx.at()]) else { return };
        if let Some(used) = facts.context_used.filter(|_| at <= self.latest) {
            state.note_context(at, used, facts.context_limit);
            self.has_news = true;
        }
    }

    /// Notes what the person calls a session; says whether that is news.
    pub(crate) fn tag(&mut self, session: &SessionKey, tag: &Untrusted) -> bool {
        if self.tags.get(session) == Some(tag) || (self.tags.len() >= MOST_TAGS && !self.tags.contains_key(session)) {
            return false;
        }
        if let Some(idx) = self.index.get(session) {
            self.sessions[idx.at()].is_stale = true;
        }
        self.has_news = true;
        self.tags.insert(session.clone(), tag.clone());
        true
    }

    /// How long the last calls of each tool took.
    pub(crate) fn tool_times(&self) -> Vec<ToolTime> {
        self.tool_times.all()
    }

    /// The same for each session alone.
    pub(crate) fn session_tool_times(&mut self) -> Arc<BTreeMap<SessionKey, Arc<[ToolTime]>>> {
        self.session_tool_times.all()
    }

    /// Records of a client's files that repeat a response, as they stand in the files now.
    pub fn duplicates(&self, client: ClientId) -> u64 {
        let told = self.copies.values().filter(|(of, _)| *of == client).map(|(_, copies)| copies);
        told.sum::<u64>().saturating_sub(self.turns.told(client))
    }

    /// Sessions by client, sub-agents included.
    pub fn session_count(&self, client: ClientId) -> u64 {
        self.sessions.iter().filter(|session| session.key.client == client && session.has_files()).count() as u64
    }

    /// What vendors' own files say of live processes.
    pub(crate) fn running(&self) -> impl Iterator<Item = &(SessionKey, RunningProcess)> {
        self.running.values()
    }

    /// The client's sessions of which one of these files tells.
    pub(crate) fn sessions_told_by(&self, client: ClientId, is_one: impl Fn(FileId) -> bool) -> Vec<SessionKey> {
        let of_client = self.sessions.iter().filter(|session| session.key.client == client);
        of_client.filter(|session| session.files().any(&is_one)).map(|session| session.key.clone()).collect()
    }

    /// What was remembered to explain a session.
    pub fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    fn is_plausible(&self, at: Timestamp) -> bool {
        Timestamp::EARLIEST <= at && at <= self.latest
    }

    fn note_limit(&mut self, client: ClientId, at: Timestamp, limit: RateLimit) {
        let newest = self.limits.entry((client, Arc::clone(&limit.limit))).or_insert_with(|| (at, limit.clone()));
        if newest.0 <= at {
            *newest = (at, limit);
        }
    }

    fn session(&mut self, key: &SessionKey) -> SessionIdx {
        if let Some((recent, idx)) = &self.recent
            && recent.client == key.client
            && (Arc::ptr_eq(&recent.id, &key.id) || recent.id == key.id)
        {
            return *idx;
        }
        let known = self.index.get(key).copied();
        let idx = known.unwrap_or_else(|| {
            let idx = SessionIdx(u32::try_from(self.sessions.len()).unwrap_or(u32::MAX));
            self.sessions.push(SessionState::new(key.clone()));
            self.index.insert(key.clone(), idx);
            self.has_kin = true;
            idx
        });
        self.recent = Some((key.clone(), idx));
        idx
    }
}
