use std::sync::Arc;

use agtop_ledger::{FileSummary, NameIndex, ProjectRoot, RateLimitReading, ResponseRecord, SessionSummary};
use agtop_model::{MessageKey, Provenance, ResolvedTime, Response, SessionKey, SourcePosition, Turn};

use super::session::FileRole;
use super::turns::{Copied, NameIdx};
use super::{SessionIdx, World};
use crate::cache::ledger_cache::Cached;

impl World {
    /// Folds in what a file once told, as if it had been read. Of a file that will be read, what is joined by an id is
    /// taken alone.
    pub(crate) fn recall(&mut self, cached: Cached, memory: &FileSummary) {
        self.recall_sessions(cached, memory);
    }

    /// [`Self::recall`], which also says which sessions the file told of.
    pub(super) fn recall_sessions(&mut self, cached: Cached, memory: &FileSummary) -> Vec<SessionIdx> {
        self.has_news = true;
        self.has_kin = true;
        let models = self.names(memory);
        let told = memory.sessions.iter();
        let sessions: Vec<SessionIdx> =
            told.map(|session| self.recall_session(cached, session, memory, &models)).collect();
        self.recall_turns(cached, memory, (&sessions, &models), |_, _| true);
        for RateLimitReading { client, at, limit } in &memory.limits {
            self.note_limit(*client, *at, limit.clone());
        }
        for ProjectRoot { client, project, root } in &memory.roots {
            self.projects.insert((*client, Arc::clone(project)), root.clone());
        }
        sessions
    }

    /// Folds in those responses that are wanted, and all tool calls.
    pub(super) fn recall_parts(
        &mut self,
        cached: Cached,
        memory: &FileSummary,
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        let models = self.names(memory);
        let mut sessions = Vec::with_capacity(memory.sessions.len());
        for told in &memory.sessions {
            let session = self.session(&told.key);
            if cached.worth.is_current() {
                self.recall_calls(session, told, memory);
            }
            sessions.push(session);
        }
        self.recall_turns(cached, memory, (&sessions, &models), is_wanted);
    }

    /// The memory's names as the World's.
    pub(super) fn names(&mut self, memory: &FileSummary) -> Vec<NameIdx> {
        memory.names.iter().map(|name| self.models.intern(name)).collect()
    }

    fn recall_turns(
        &mut self,
        Cached { file, modified, .. }: Cached,
        memory: &FileSummary,
        (sessions, models): (&[SessionIdx], &[NameIdx]),
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        for (at, turn) in memory.responses.iter().enumerate() {
            if !is_wanted(self, turn.message) {
                continue;
            }
            let (Some(&session), Some(told)) =
                (sessions.get(turn.session as usize), memory.sessions.get(turn.session as usize))
            else {
                continue;
            };
            let place = SourcePosition::Entry(u32::try_from(at).unwrap_or(u32::MAX));
            let when = turn.time.resolve(self.latest, modified);
            self.recall_turn((&told.key, session), Provenance { file, place }, when, (turn, models));
        }
    }

    /// Takes a remembered reading of an allowance, unless files told as much: they tell more of it.
    pub(crate) fn recall_limit(&mut self, RateLimitReading { client, at, limit }: RateLimitReading) {
        let known = self.limits.get(&(client, Arc::clone(&limit.limit)));
        if known.is_none_or(|(known, _)| *known < at) {
            self.note_limit(client, at, limit);
        }
    }

    fn recall_session(
        &mut self,
        Cached { file, modified, worth }: Cached,
        told: &SessionSummary,
        memory: &FileSummary,
        models: &[NameIdx],
    ) -> SessionIdx {
        if let Some(parent) = &told.state.facts.parent {
            self.session(parent);
        }
        let session = self.session(&told.key);
        let of_file = told.state.clone().named(|model| named(Some(model), models));
        let state = &mut self.sessions[session.at()];
        if worth.is_current() {
            state.load(file, modified, FileRole::Current, of_file);
            self.recall_calls(session, told, memory);
        } else {
            state.load(file, modified, FileRole::Leftover, of_file.leftover());
        }
        session
    }

    fn recall_calls(&mut self, session: SessionIdx, told: &SessionSummary, memory: &FileSummary) {
        if told.calls.is_empty() {
            return;
        }
        self.note_call(session);
        let state = &mut self.sessions[session.at()];
        for (tool, name) in told.calls.iter().filter_map(|(tool, name)| Some((*tool, memory.name(*name)?))) {
            state.count_call(tool, name);
        }
    }

    fn recall_turn(
        &mut self,
        (key, session): (&SessionKey, SessionIdx),
        source: Provenance,
        when: ResolvedTime,
        (turn, models): (&ResponseRecord, &[NameIdx]),
    ) {
        if let Some(total) = turn.running_total() {
            // Of two accounts of one file the one that had come further was the later.
            let known = self.totals.entry(total.message).or_insert(total);
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
        self.join(Copied { session, when, message: turn.message, part_of: &turn.part_of, response });
    }
}

/// The response as it would be read.
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

/// A name of a memory, of whose names these are the World's.
pub(super) fn named(name: Option<NameIndex>, models: &[NameIdx]) -> Option<NameIdx> {
    name.and_then(|name| models.get(name.0 as usize)).copied()
}
