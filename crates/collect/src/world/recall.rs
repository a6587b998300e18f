use std::sync::Arc;

use agtop_ledger::{LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory};
use agtop_model::{FileId, MessageKey, Place, Provenance, SessionKey, Turn};

use super::session::Recalled;
use super::turns::{Copied, NameIdx};
use super::{SessionIdx, World};
use crate::remember::Worth;

impl World {
    /// Folds in what a file once told, as if it had been read. Of a file that will be read, what is joined by an id is
    /// taken alone.
    pub(crate) fn recall(&mut self, file: FileId, memory: &Memory, worth: Worth) {
        self.recall_sessions(file, memory, worth);
    }

    /// [`Self::recall`], which also says which sessions the file told of.
    pub(super) fn recall_sessions(&mut self, file: FileId, memory: &Memory, worth: Worth) -> Vec<SessionIdx> {
        self.has_news = true;
        self.has_kin = true;
        let models = self.names(memory);
        let told = memory.sessions.iter();
        let sessions: Vec<SessionIdx> =
            told.map(|session| self.recall_session(file, session, (memory, worth), &models)).collect();
        self.recall_turns(file, memory, (&sessions, &models), |_, _| true);
        for LimitReading { client, at, limit } in &memory.limits {
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
        file: FileId,
        memory: &Memory,
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        let models = self.names(memory);
        let mut sessions = Vec::with_capacity(memory.sessions.len());
        for told in &memory.sessions {
            let session = self.session(&told.key);
            self.recall_calls(session, told, memory);
            sessions.push(session);
        }
        self.recall_turns(file, memory, (&sessions, &models), is_wanted);
    }

    /// The memory's names as the World's.
    pub(super) fn names(&mut self, memory: &Memory) -> Vec<NameIdx> {
        memory.names.iter().map(|name| self.models.intern(name)).collect()
    }

    fn recall_turns(
        &mut self,
        file: FileId,
        memory: &Memory,
        (sessions, models): (&[SessionIdx], &[NameIdx]),
        is_wanted: impl Fn(&Self, MessageKey) -> bool,
    ) {
        for (at, turn) in memory.turns.iter().enumerate() {
            if !is_wanted(self, turn.message) {
                continue;
            }
            let (Some(&session), Some(told)) =
                (sessions.get(turn.session as usize), memory.sessions.get(turn.session as usize))
            else {
                continue;
            };
            let place = Place::Entry(u32::try_from(at).unwrap_or(u32::MAX));
            self.recall_turn(&told.key, session, Provenance { file, place }, turn, named(turn.model, models));
        }
    }

    /// Takes a remembered reading of an allowance, unless files told as much: they tell more of it.
    pub(crate) fn recall_limit(&mut self, LimitReading { client, at, limit }: LimitReading) {
        let known = self.limits.get(&(client, Arc::clone(&limit.limit)));
        if known.is_none_or(|(known, _)| *known < at) {
            self.note_limit(client, at, limit);
        }
    }

    fn recall_session(
        &mut self,
        file: FileId,
        told: &SessionMemory,
        (memory, worth): (&Memory, Worth),
        models: &[NameIdx],
    ) -> SessionIdx {
        if let Some(parent) = &told.facts.parent {
            self.session(parent);
        }
        let session = self.session(&told.key);
        let last_model = told.last_turn.and_then(|last| named(last.model, models));
        let latest = self.latest;
        self.sessions[session.at()].recall(file, Recalled { told, worth, last_model, latest });
        self.recall_calls(session, told, memory);
        session
    }

    fn recall_calls(&mut self, session: SessionIdx, told: &SessionMemory, memory: &Memory) {
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
        key: &SessionKey,
        session: SessionIdx,
        source: Provenance,
        turn: &TurnMemory,
        model: Option<NameIdx>,
    ) {
        let told = Turn {
            message: turn.message,
            id: None,
            part_of: turn.part_of.clone(),
            model: None,
            usage: turn.usage,
            tier: turn.tier,
            geo: turn.geo,
            purpose: turn.purpose,
            extent: turn.extent,
            embedded_cost: turn.embedded_cost,
            stop: turn.stop,
            lineage: turn.lineage,
            opened: turn.opened,
            context_used: turn.context_used,
        };
        if let Some(total) = told.running_total() {
            // Of two accounts of one file the one that had come further was the later.
            let known = self.totals.entry(total.message).or_insert(total);
            if known.usage.total() < total.usage.total() {
                *known = total;
            }
            return;
        }
        if let Some(audit) = &mut self.audit {
            let model = model.and_then(|model| self.models.get(model)).cloned();
            audit.note(key, source, turn.at, &Turn { model, ..told.clone() });
        }
        self.join(Copied { session, file: source.file, at: turn.at, turn: &told, model });
    }
}

/// A name of a memory, of whose names these are the World's.
pub(super) fn named(name: Option<Name>, models: &[NameIdx]) -> Option<NameIdx> {
    name.and_then(|name| models.get(name.0 as usize)).copied()
}
