use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ClientId, CoarserRecords, Event, EventKind, FileId, MessageKey, Provenance, RateLimitReading, ResolvedTime,
    Response, ResponseCopy, RunningProcess, RunningTotal, SessionKey, TimeBounds, TimeSource, Timestamp, ToolKey,
    ToolTime, Untrusted, note_rate_limit,
};
use foldhash::fast::RandomState;

use super::aggregate_cache::AggregateCache;
use super::audit::Audit;
use super::hashed::{HashedMap, HashedSet};
use super::index::SessionIdx;
use super::names::Names;
use super::pricing_context::PricingContext;
use super::recent_activity::RecentActivity;
use super::responses::{ReadCopy, ResponseBook};
use super::session::{Recency, SessionState};
use super::summary_cache::SummaryCache;
use super::tool_times::{SessionToolTimes, ToolTimes};
use crate::limits::{CLOCK_SLACK, RECENT_WINDOW};

/// Everything that files and hooks reported, folded together.
///
/// The fold is a join: applying an event again, or events of different files in another order, gives the same totals.
#[derive(Debug)]
pub struct World {
    pub(super) pricing: PricingContext,
    /// Times after this are a broken clock's.
    pub(super) latest: Timestamp,
    pub(super) index: HashMap<SessionKey, SessionIdx, RandomState>,
    pub(super) sessions: Vec<SessionState>,
    /// The session of the last event: the next one mostly has the same.
    pub(super) last_session: Option<(SessionKey, SessionIdx)>,
    pub(super) responses: ResponseBook,
    pub(super) aggregates: AggregateCache,
    /// The last readings of running totals.
    pub(super) running_totals: HashedMap<MessageKey, RunningTotal>,
    pub(super) models: Names,
    pub(super) projects: HashMap<(ClientId, Arc<str>), PathBuf>,
    pub(super) limits: Vec<RateLimitReading>,
    /// Context windows that clients' configurations define, by model.
    pub(super) windows: HashMap<(ClientId, Arc<str>), u64>,
    /// What vendors' own files say about live processes; each file describes one.
    pub(super) running: HashMap<FileId, (SessionKey, RunningProcess)>,
    /// How often these files were read again or deleted.
    pub(super) running_changes: u64,
    pub(super) audit: Option<Audit>,
    /// The client of each file that was read, and how many responses it reports, repetitions included.
    pub(super) copies: HashMap<FileId, (ClientId, u64), RandomState>,
    pub(super) activity: RecentActivity,
    pub(super) tool_times: ToolTimes,
    pub(super) session_tool_times: SessionToolTimes,
    /// Ended calls that hooks have reported, and transcripts have not yet.
    pub(super) answered_by_hooks: HashedSet<ToolKey>,
    pub(super) tags: HashMap<SessionKey, Untrusted>,
    /// Whether anything has changed since the last summary.
    pub(super) has_changed: bool,
    /// Whether a session, or the parent of one, was added since then.
    pub(super) has_new_relations: bool,
    pub(super) summary: SummaryCache,
}

/// Models with a configured context window, at most.
const MAX_WINDOWS: usize = 10_000;

impl World {
    /// An empty World at this time.
    pub fn new(now: Timestamp, pricing: PricingContext) -> Self {
        Self {
            pricing,
            latest: now.plus(CLOCK_SLACK),
            index: HashMap::default(),
            sessions: Vec::new(),
            last_session: None,
            responses: ResponseBook::default(),
            aggregates: AggregateCache::default(),
            running_totals: HashedMap::default(),
            models: Names::default(),
            projects: HashMap::new(),
            limits: Vec::new(),
            windows: HashMap::new(),
            running: HashMap::new(),
            running_changes: 0,
            audit: None,
            copies: HashMap::default(),
            activity: RecentActivity::new(now),
            tool_times: ToolTimes::default(),
            session_tool_times: SessionToolTimes::default(),
            answered_by_hooks: HashedSet::default(),
            tags: HashMap::new(),
            has_changed: true,
            has_new_relations: true,
            summary: SummaryCache::default(),
        }
    }

    /// An empty World that also keeps every copy of every response, to explain the sessions whose id begins with
    /// `session`.
    pub fn audited(now: Timestamp, pricing: PricingContext, session: &str) -> Self {
        Self { audit: Some(Audit::of(session)), ..Self::new(now, pricing) }
    }

    /// Sets the present time.
    pub fn advance(&mut self, now: Timestamp) {
        self.latest = now.plus(CLOCK_SLACK);
    }

    /// Folds one event in. `modified` is when its file was last written: the time of an event whose own is missing or not
    /// credible.
    pub fn apply(&mut self, event: Event, modified: Timestamp) {
        let bounds = TimeBounds { modified, latest: self.latest };
        let at = bounds.credible(event.at);
        self.has_changed = true;
        match event.kind {
            EventKind::ProjectRoot { project, root } => {
                self.projects.insert((event.session.client, project), root);
            }
            EventKind::ModelWindow { model, tokens } => self.note_window((event.session.client, model), tokens),
            EventKind::RateLimit(limit) => {
                let reading = RateLimitReading { client: event.session.client, at: at.unwrap_or(modified), limit };
                note_rate_limit(&mut self.limits, reading);
            }
            EventKind::Running(running) => {
                self.running.insert(event.source.file, (event.session, running));
                self.running_changes += 1;
            }
            EventKind::Response(copy) => self.note_response(&event.session, event.source, (event.at, modified), &copy),
            EventKind::Facts(facts) => {
                if let Some(parent) = &facts.parent {
                    self.session(parent);
                }
                let session = self.session(&event.session);
                let state = &mut self.sessions[session.at()];
                self.has_new_relations |=
                    facts.parent.as_ref().is_some_and(|parent| !state.has_parent_by(event.source.file, parent));
                state.note_facts((event.source.file, modified), (event.at, self.latest), &facts);
            }
            kind => {
                let session = self.session(&event.session);
                if matches!(kind, EventKind::ToolStarted { .. }) {
                    self.note_call(session);
                }
                self.note_failure(at, session, &kind);
                self.activity.note(at, session, event.source.file, &kind);
                let recency = self.recency(at);
                let (file, time) = ((event.source.file, modified), (event.at, self.latest));
                let call = if let EventKind::ToolEnded { tool, .. } = &kind { Some(*tool) } else { None };
                if let Some(ended) = self.sessions[session.at()].note(file, time, kind, recency)
                    && !call.is_some_and(|call| self.answered_by_hooks.remove(&call))
                {
                    self.time_call(&event.session, at, (&Arc::from(ended.tool.raw()), ended.took));
                }
            }
        }
    }

    /// Sessions of this client are summed up again, since the part of their context that is used changes.
    fn note_window(&mut self, model: (ClientId, Arc<str>), tokens: u64) {
        if self.windows.len() >= MAX_WINDOWS && !self.windows.contains_key(&model) {
            return;
        }
        let client = model.0;
        if self.windows.insert(model, tokens) != Some(tokens) {
            self.sessions.iter_mut().filter(|session| session.key.client == client).for_each(|s| s.is_stale = true);
        }
    }

    fn note_response(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (stated, modified): (Option<Timestamp>, Timestamp),
        copy: &ResponseCopy,
    ) {
        if let Some(total) = copy.running_total() {
            return self.note_running_total(key, source, (stated, modified), (copy, total));
        }
        let session = self.session(key);
        let time = self.sessions[session.at()].time_of((source.file, modified), (stated, self.latest));
        let when = time.resolve(self.latest, modified);
        self.note_response_at(key, source, (when, modified), copy);
    }

    fn note_response_at(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (when, modified): (ResolvedTime, Timestamp),
        copy: &ResponseCopy,
    ) {
        let session = self.session(key);
        let model = copy.model.as_ref().map(|name| self.models.intern(name));
        let recency = self.recency(Some(when.at));
        self.sessions[session.at()].note_response((source.file, modified), (when, recency), copy, model);
        self.copies.entry(source.file).or_insert((key.client, 0)).1 += 1;
        if let Some(audit) = &mut self.audit {
            audit.note(key, source, when, copy);
        }
        let response = Response::of(copy, model);
        self.add_copy(ReadCopy { session, when, message: copy.message, part_of: &copy.part_of, response });
    }

    /// The growth of a running total happened when the total was read, except for its first reading.
    fn note_running_total(
        &mut self,
        key: &SessionKey,
        source: Provenance,
        (stated, modified): (Option<Timestamp>, Timestamp),
        (copy, total): (&ResponseCopy, RunningTotal),
    ) {
        let before = self.running_totals.insert(total.message, total);
        let Some(step) = total.step(key.client, before.as_ref()) else { return };
        let RunningTotal { message, usage, embedded_cost } = step;
        let step =
            ResponseCopy { message, usage, embedded_cost, part_of: CoarserRecords::one(total.message), ..copy.clone() };
        if before.is_none() {
            return self.note_response(key, source, (stated, modified), &step);
        }
        let when = ResolvedTime { source: TimeSource::PreviousRecord, at: modified };
        self.note_response_at(key, source, (when, modified), &step);
    }

    pub(super) fn add_copy(&mut self, copy: ReadCopy<'_>) {
        // What is known was noted when it was read first. A database reports all of it again with each change.
        for key in std::iter::once(copy.message).chain(copy.part_of.iter()) {
            if !self.responses.knows(key) {
                self.aggregates.note_key(key);
            }
        }
        let added = self.responses.add(copy, &self.sessions, &self.models);
        for stale in added.stale.into_iter().flatten().chain(added.superseded) {
            self.sessions[stale.at()].is_stale = true;
        }
        if added.is_new {
            self.activity.note_response(copy.when.at, copy.session, added.response);
        }
        let has_moved = added.stale[1].is_some();
        if let Some(owner) = self.responses.owner(added.response).filter(|_| added.is_new || has_moved) {
            self.sessions[owner.at()].add_response(added.response);
        }
    }

    fn recency(&self, at: Option<Timestamp>) -> Recency {
        let oldest = self.latest.minus(CLOCK_SLACK + RECENT_WINDOW);
        if at.is_some_and(|at| at >= oldest) { Recency::Recent } else { Recency::Old }
    }

    /// Gives back the memory that lists have in reserve for more. To be called once the history is loaded: from then on
    /// little is added.
    pub(crate) fn shrink(&mut self) {
        self.sessions.shrink_to_fit();
        self.sessions.iter_mut().for_each(SessionState::shrink);
        self.responses.shrink();
        self.index.shrink_to_fit();
    }

    /// Prepares for reading a file again: removes what has no id and would count twice. Responses stay: they have ids, and
    /// usage that was seen was used.
    pub fn reset_file(&mut self, file: FileId) {
        self.running_changes += u64::from(self.running.remove(&file).is_some());
        self.copies.remove(&file);
        self.activity.reset_file(file);
        self.has_changed = true;
        for session in &mut self.sessions {
            session.reset_file(file);
        }
    }

    /// Notes that a file was deleted. What it reported stays, except what it said about live processes.
    pub fn note_deleted(&mut self, file: FileId) {
        let was_running = self.running.remove(&file).is_some();
        self.running_changes += u64::from(was_running);
        self.has_changed |= was_running;
    }

    /// Notes that a file was moved: removes what it reported about sessions, because the file at the new path reports it.
    pub fn note_moved(&mut self, file: FileId) {
        self.note_deleted(file);
        self.has_changed = true;
        for session in &mut self.sessions {
            session.drop_file(file);
        }
    }

    /// Notes a tool call. If calls of the session are known as counts, only the calls themselves show whether this is one
    /// of them, so those counts must be expanded.
    pub(super) fn note_call(&mut self, session: SessionIdx) {
        let Self { aggregates, sessions, .. } = self;
        sessions[session.at()].tallies().for_each(|entry| aggregates.request_expansion(entry));
    }

    /// Notes a failure in a transcript, which hooks may have reported before.
    fn note_failure(&mut self, at: Option<Timestamp>, session: SessionIdx, kind: &EventKind) {
        if let (EventKind::Error(_), Some(at)) = (kind, at) {
            self.sessions[session.at()].failures.record(at);
            self.activity.forget_pushed_failure(session, at);
        }
    }

    /// Notes how long a tool call took that ended at this time.
    pub(crate) fn time_call(
        &mut self,
        session: &SessionKey,
        at: Option<Timestamp>,
        (tool, span): (&Arc<str>, Duration),
    ) {
        self.tool_times.note(session.client, tool, span);
        // Old sessions are many, and the durations of their tools are not shown.
        if at.is_some_and(|at| at >= self.latest.minus(CLOCK_SLACK + RECENT_WINDOW)) {
            self.session_tool_times.note(session, tool, span);
        }
    }

    /// How long the last calls of each tool took.
    pub(crate) fn tool_times(&self) -> Vec<ToolTime> {
        self.tool_times.all()
    }

    /// The same for each session alone.
    pub(crate) fn session_tool_times(&mut self) -> Arc<BTreeMap<SessionKey, Arc<[ToolTime]>>> {
        self.session_tool_times.all()
    }

    /// Records in a client's files, as they are now, that repeat a response.
    pub fn duplicates(&self, client: ClientId) -> u64 {
        let copies = self.copies.values().filter(|(of, _)| *of == client).map(|(_, copies)| copies);
        copies.sum::<u64>().saturating_sub(self.responses.count(client))
    }

    /// How many sessions of a client there are, with subagents.
    pub fn session_count(&self, client: ClientId) -> u64 {
        self.sessions.iter().filter(|session| session.key.client == client && session.has_files()).count() as u64
    }

    /// What vendors' own files say about live processes.
    pub(crate) fn running(&self) -> impl Iterator<Item = &(SessionKey, RunningProcess)> {
        self.running.values()
    }

    /// A number that changes whenever [`Self::running`] does.
    pub(crate) fn running_changes(&self) -> u64 {
        self.running_changes
    }

    /// The client's sessions that one of the files reports for which `is_one` holds.
    pub(crate) fn sessions_of_files(&self, client: ClientId, is_one: impl Fn(FileId) -> bool) -> Vec<SessionKey> {
        let of_client = self.sessions.iter().filter(|session| session.key.client == client);
        of_client.filter(|session| session.files().any(&is_one)).map(|session| session.key.clone()).collect()
    }

    /// The copies that are kept to explain sessions, if this World is audited.
    pub fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    /// The session of this key, which is added if it is new.
    pub(super) fn session(&mut self, key: &SessionKey) -> SessionIdx {
        if let Some((recent, idx)) = &self.last_session
            && recent.client == key.client
            && (Arc::ptr_eq(&recent.id, &key.id) || recent.id == key.id)
        {
            return *idx;
        }
        let known = self.index.get(key).copied();
        let idx = known.unwrap_or_else(|| {
            let idx = SessionIdx::new(self.sessions.len());
            self.sessions.push(SessionState::new(key.clone()));
            self.index.insert(key.clone(), idx);
            self.has_new_relations = true;
            idx
        });
        self.last_session = Some((key.clone(), idx));
        idx
    }
}
