//! Loading the ledger's data into the World.

use std::sync::Arc;

use agtop_ledger::{FileSummary, NameIndex, ProjectRoot, ResponseRecord, SessionSummary};
use agtop_model::{
    MessageKey, Provenance, RateLimitReading, ResolvedTime, Response, SessionKey, SourcePosition, Turn,
    note_coarse_rate_limit, note_rate_limit,
};

use super::index::SessionIdx;
use super::names::NameIdx;
use super::session::FileRole;
use super::turns::ReadCopy;
use super::world::World;
use crate::cache::cached_file::CachedFileRef;

impl World {
    /// Folds in what the ledger holds of a file, as if the file had been read. If the file will be read again, only what
    /// has an id is loaded.
    pub(crate) fn load(&mut self, cached: CachedFileRef, memory: &FileSummary) {
        self.load_sessions(cached, memory);
    }

    /// The same as [`Self::load`]. Returns the sessions that the file reports.
    pub(super) fn load_sessions(&mut self, cached: CachedFileRef, memory: &FileSummary) -> Vec<SessionIdx> {
        self.has_changed = true;
        self.has_new_relations = true;
        let models = self.names(memory);
        let of_memory = memory.sessions.iter();
        let sessions: Vec<SessionIdx> =
            of_memory.map(|session| self.load_session(cached, session, memory, &models)).collect();
        self.load_turns(cached, memory, (&sessions, &models), |_, _| true);
        for reading in &memory.limits {
            note_rate_limit(&mut self.limits, reading.clone());
        }
        for ProjectRoot { client, project, root } in &memory.roots {
            self.projects.insert((*client, Arc::clone(project)), root.clone());
        }
        sessions
    }

    /// Folds in the responses that `is_wanted` accepts, and all tool calls.
    pub(super) fn load_responses(
        &mut self,
        cached: CachedFileRef,
        memory: &FileSummary,
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        let models = self.names(memory);
        let mut sessions = Vec::with_capacity(memory.sessions.len());
        for cached_session in &memory.sessions {
            let session = self.session(&cached_session.key);
            if cached.verdict.is_current() {
                self.load_calls(session, cached_session, memory);
            }
            sessions.push(session);
        }
        self.load_turns(cached, memory, (&sessions, &models), is_wanted);
    }

    /// The names of the memory as names of the World.
    pub(super) fn names(&mut self, memory: &FileSummary) -> Vec<NameIdx> {
        memory.names.iter().map(|name| self.models.intern(name)).collect()
    }

    fn load_turns(
        &mut self,
        CachedFileRef { file, modified, .. }: CachedFileRef,
        memory: &FileSummary,
        (sessions, models): (&[SessionIdx], &[NameIdx]),
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        for (at, turn) in memory.responses.iter().enumerate() {
            if !is_wanted(self, turn.message) {
                continue;
            }
            let (Some(&session), Some(cached_session)) =
                (sessions.get(turn.session as usize), memory.sessions.get(turn.session as usize))
            else {
                continue;
            };
            let place = SourcePosition::Entry(u32::try_from(at).unwrap_or(u32::MAX));
            let when = turn.time.resolve(self.latest, modified);
            self.load_turn((&cached_session.key, session), Provenance { file, place }, when, (turn, models));
        }
    }

    /// Folds in a reading of a rate limit, unless files report one that is as new: theirs has more details.
    pub(crate) fn load_limit(&mut self, reading: RateLimitReading) {
        note_coarse_rate_limit(&mut self.limits, reading);
    }

    fn load_session(
        &mut self,
        CachedFileRef { file, modified, verdict }: CachedFileRef,
        cached_session: &SessionSummary,
        memory: &FileSummary,
        models: &[NameIdx],
    ) -> SessionIdx {
        if let Some(parent) = &cached_session.state.facts.parent {
            self.session(parent);
        }
        let session = self.session(&cached_session.key);
        let of_file = cached_session.state.clone().named(|model| named(Some(model), models));
        let state = &mut self.sessions[session.at()];
        if verdict.is_current() {
            state.load(file, modified, FileRole::Current, of_file);
            self.load_calls(session, cached_session, memory);
        } else {
            state.load(file, modified, FileRole::Former, of_file.leftover());
        }
        session
    }

    fn load_calls(&mut self, session: SessionIdx, cached_session: &SessionSummary, memory: &FileSummary) {
        if cached_session.calls.is_empty() {
            return;
        }
        self.note_call(session);
        let state = &mut self.sessions[session.at()];
        for (tool, name) in cached_session.calls.iter().filter_map(|(tool, name)| Some((*tool, memory.name(*name)?))) {
            state.count_call(tool, name);
        }
    }

    fn load_turn(
        &mut self,
        (key, session): (&SessionKey, SessionIdx),
        source: Provenance,
        when: ResolvedTime,
        (turn, models): (&ResponseRecord, &[NameIdx]),
    ) {
        if let Some(total) = turn.running_total() {
            // If there are two readings of one total, the greater one is the later.
            let known = self.running_totals.entry(total.message).or_insert(total);
            if known.usage.total() < total.usage.total() {
                *known = total;
            }
            return;
        }
        let response = turn.counted.named(|model| named(Some(model), models));
        if let Some(audit) = &mut self.audit {
            let model = response.model().and_then(|model| self.models.get(model)).cloned();
            audit.note(key, source, when, &turn_of(turn, model));
        }
        self.add_copy(ReadCopy { session, when, message: turn.message, part_of: &turn.part_of, response });
    }
}

/// The response as its file would report it.
fn turn_of(turn: &ResponseRecord, model: Option<Arc<str>>) -> Turn {
    let Response {
        usage,
        tier,
        geo,
        purpose,
        extent,
        requests,
        embedded_cost,
        stop,
        context_used,
        lineage,
        opened,
        ..
    } = turn.counted;
    Turn {
        message: turn.message,
        id: None,
        part_of: turn.part_of.clone(),
        model,
        usage,
        tier,
        geo,
        purpose,
        requests,
        extent,
        embedded_cost,
        stop,
        lineage,
        opened,
        context_used,
    }
}

/// A name of a memory as a name of the World; `models` are those of the memory, in its order.
pub(super) fn named(name: Option<NameIndex>, models: &[NameIdx]) -> Option<NameIdx> {
    name.and_then(|name| models.get(name.0 as usize)).copied()
}
