use std::sync::Arc;

use agtop_ledger::{LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory};
use agtop_model::{FileId, Place, Provenance, SessionKey, Turn};

use super::session::Recalled;
use super::turns::{Copied, NameIdx};
use super::{SessionIdx, World};
use crate::remember::Worth;

impl World {
    /// Folds in what a file once told, as if it had been read. Of a file that will be read, what is joined by an id is
    /// taken alone.
    pub(crate) fn recall(&mut self, file: FileId, memory: &Memory, worth: Worth) {
        self.has_news = true;
        self.has_kin = true;
        let models: Vec<NameIdx> = memory.names.iter().map(|name| self.models.intern(name)).collect();
        let model = |name: Option<Name>| name.and_then(|name| models.get(name.0 as usize)).copied();
        let sessions: Vec<SessionIdx> =
            memory.sessions.iter().map(|session| self.recall_session(file, session, (memory, worth), model)).collect();
        for (at, turn) in memory.turns.iter().enumerate() {
            let (Some(&session), Some(told)) =
                (sessions.get(turn.session as usize), memory.sessions.get(turn.session as usize))
            else {
                continue;
            };
            let place = Place::Entry(u32::try_from(at).unwrap_or(u32::MAX));
            let source = Provenance { file, place };
            self.recall_turn(&told.key, session, source, turn, model(turn.model));
        }
        for LimitReading { client, at, limit } in &memory.limits {
            self.note_limit(*client, *at, limit.clone());
        }
        for ProjectRoot { client, project, root } in &memory.roots {
            self.projects.insert((*client, Arc::clone(project)), root.clone());
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
        model: impl Fn(Option<Name>) -> Option<NameIdx>,
    ) -> SessionIdx {
        if let Some(parent) = &told.facts.parent {
            self.session(parent);
        }
        let session = self.session(&told.key);
        let last_model = told.last_turn.and_then(|last| model(last.model));
        let calls = told.calls.iter().filter_map(|(tool, name)| Some((*tool, memory.name(*name)?)));
        let latest = self.latest;
        let state = &mut self.sessions[session.at()];
        state.recall(file, Recalled { told, worth, last_model, latest });
        for (tool, name) in calls {
            state.count_call(tool, name);
        }
        session
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
            part_of: turn.part_of,
            model: None,
            usage: turn.usage,
            tier: turn.tier,
            extent: turn.extent,
            embedded_cost: turn.embedded_cost,
            stop: turn.stop,
            lineage: turn.lineage,
            opened: turn.opened,
            context_used: turn.context_used,
        };
        if let Some(audit) = &mut self.audit {
            let model = model.and_then(|model| self.models.get(model)).cloned();
            audit.note(key, source, turn.at, &Turn { model, ..told.clone() });
        }
        self.join(Copied { session, file: source.file, at: turn.at, turn: &told, model });
    }
}
