//! Folds a file's events into its memory, as the World folds them into sessions.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{
    ClientId, Event, EventKind, Lineage, MessageKey, Phase, SessionFacts, SessionKey, StopReason, Timestamp, Title,
    ToolKey, Turn,
};
use foldhash::fast::RandomState;

use crate::memory::{LastTurn, LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory};

/// Writes down what one file tells, event by event, in the file's order.
#[derive(Debug, Default)]
pub struct Recorder {
    memory: Memory,
    sessions: HashMap<SessionKey, u32, RandomState>,
    /// The session of the last event: events come in runs.
    recent: Option<(SessionKey, u32)>,
    names: HashMap<Arc<str>, Name, RandomState>,
    turns: HashMap<(u32, MessageKey), usize, RandomState>,
    calls: HashMap<(u32, ToolKey), usize, RandomState>,
}

/// What a file's events lack.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When the file was last written: the time of what says none.
    pub modified: Timestamp,
    /// Times after this are a broken clock's.
    pub latest: Timestamp,
}

impl Clock {
    fn believed(self, at: Option<Timestamp>) -> Option<Timestamp> {
        at.filter(|&at| Timestamp::EARLIEST <= at && at <= self.latest)
    }
}

impl Recorder {
    /// Goes on where the reading of a file that has grown since stopped.
    pub fn over(memory: Memory) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let sessions = memory.sessions.iter().enumerate();
        let calls = sessions.clone().flat_map(|(session, state)| {
            state.calls.iter().enumerate().map(move |(at, (tool, _))| ((number(session), *tool), at))
        });
        Self {
            sessions: sessions.clone().map(|(at, session)| (session.key.clone(), number(at))).collect(),
            recent: None,
            names: memory.names.iter().enumerate().map(|(at, name)| (Arc::clone(name), Name(number(at)))).collect(),
            turns: memory.turns.iter().enumerate().map(|(at, turn)| ((turn.session, turn.message), at)).collect(),
            calls: calls.collect(),
            memory,
        }
    }

    /// What was written down so far.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What was written down.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// Writes one event down.
    pub fn note(&mut self, event: &Event, clock: Clock) {
        let at = clock.believed(event.at);
        let client = event.session.client;
        match &event.kind {
            EventKind::ProjectRoot { project, root } => self.note_root(client, project, root),
            EventKind::RateLimit(limit) => {
                let at = at.unwrap_or(clock.modified);
                self.note_limit(LimitReading { client, at, limit: limit.clone() });
            }
            // About the present alone.
            EventKind::Running(_) => {}
            EventKind::Turn(turn) => self.note_turn(&event.session, at, clock.modified, turn),
            EventKind::Facts(facts) => {
                let session = self.session_at(&event.session, at);
                note_facts(session, facts, at, clock);
            }
            kind => self.note_rest(&event.session, at, kind),
        }
    }

    fn note_rest(&mut self, key: &SessionKey, at: Option<Timestamp>, kind: &EventKind) {
        if let EventKind::ToolStarted { tool, name, .. } = kind {
            self.note_call(key, *tool, name);
        }
        let session = self.session_at(key, at);
        session.phase = session.phase.after(kind);
        match kind {
            EventKind::Title(title) => note_title(&mut session.title, title),
            EventKind::Prompt { .. } => session.prompts += 1,
            EventKind::Compacted => session.compactions += 1,
            EventKind::Error(_) => session.errors += 1,
            _ => {}
        }
    }

    fn note_call(&mut self, key: &SessionKey, tool: ToolKey, name: &Arc<str>) {
        let name = self.name(name);
        let idx = self.session(key);
        let Some(session) = self.memory.sessions.get_mut(idx as usize) else { return };
        let place = *self.calls.entry((idx, tool)).or_insert(session.calls.len());
        match session.calls.get_mut(place) {
            Some(call) => call.1 = name,
            None => session.calls.push((tool, name)),
        }
    }

    fn note_turn(&mut self, key: &SessionKey, at: Option<Timestamp>, modified: Timestamp, turn: &Turn) {
        let model = turn.model.as_ref().map(|name| self.name(name));
        let idx = self.session(key);
        let known = self.memory.sessions.get(idx as usize).and_then(|session| session.last);
        let at = at.or(known).unwrap_or(modified);
        note_answer(self.session_at(key, Some(at)), at, turn, model);
        let copy = TurnMemory {
            session: idx,
            message: turn.message,
            part_of: turn.part_of.clone(),
            at,
            model,
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
        let place = *self.turns.entry((idx, turn.message)).or_insert(self.memory.turns.len());
        match self.memory.turns.get_mut(place) {
            Some(kept) => kept.absorb(&copy),
            None => self.memory.turns.push(copy),
        }
    }

    fn note_limit(&mut self, reading: LimitReading) {
        let is_same =
            |known: &&mut LimitReading| known.client == reading.client && known.limit.limit == reading.limit.limit;
        match self.memory.limits.iter_mut().find(is_same) {
            Some(known) if known.at <= reading.at => *known = reading,
            Some(_) => {}
            None => self.memory.limits.push(reading),
        }
    }

    fn note_root(&mut self, client: ClientId, project: &Arc<str>, root: &PathBuf) {
        let is_same = |known: &&mut ProjectRoot| known.client == client && known.project == *project;
        match self.memory.roots.iter_mut().find(is_same) {
            Some(known) => known.root.clone_from(root),
            None => self.memory.roots.push(ProjectRoot { client, project: Arc::clone(project), root: root.clone() }),
        }
    }

    fn name(&mut self, name: &Arc<str>) -> Name {
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        let new = Name(u32::try_from(self.memory.names.len()).unwrap_or(u32::MAX));
        self.memory.names.push(Arc::clone(name));
        self.names.insert(Arc::clone(name), new);
        new
    }

    fn session(&mut self, key: &SessionKey) -> u32 {
        if let Some((recent, idx)) = &self.recent
            && recent == key
        {
            return *idx;
        }
        let next = u32::try_from(self.memory.sessions.len()).unwrap_or(u32::MAX);
        let idx = *self.sessions.entry(key.clone()).or_insert(next);
        if idx == next {
            self.memory.sessions.push(SessionMemory::new(key.clone()));
        }
        self.recent = Some((key.clone(), idx));
        idx
    }

    /// The session, in which something happened.
    fn session_at(&mut self, key: &SessionKey, at: Option<Timestamp>) -> &mut SessionMemory {
        let idx = self.session(key) as usize;
        let session = &mut self.memory.sessions[idx];
        session.first = earliest(session.first, at);
        session.last = session.last.max(at);
        session
    }
}

fn note_facts(session: &mut SessionMemory, told: &SessionFacts, at: Option<Timestamp>, clock: Clock) {
    let facts = &mut session.facts;
    update(&mut facts.parent, told.parent.as_ref().filter(|parent| **parent != session.key));
    update(&mut facts.forked_from, told.forked_from.as_ref());
    update(&mut facts.cwd, told.cwd.as_ref());
    update(&mut facts.project, told.project.as_ref());
    update(&mut facts.branch, told.branch.as_ref());
    update(&mut facts.version, told.version.as_ref());
    update(&mut facts.model, told.model.as_ref());
    update(&mut facts.context_limit, told.context_limit.as_ref());
    update(&mut facts.origin, told.origin.as_ref());
    facts.started = earliest(facts.started, clock.believed(told.started));
    session.first = earliest(session.first, facts.started);
    if told.context_used.is_some() {
        facts.context_used = told.context_used;
        session.context_at = at.or(session.last);
    }
}

fn update<T: Clone>(known: &mut Option<T>, told: Option<&T>) {
    if let Some(told) = told {
        *known = Some(told.clone());
    }
}

fn note_answer(session: &mut SessionMemory, at: Timestamp, turn: &Turn, model: Option<Name>) {
    let context_used = turn.context_used.unwrap_or_else(|| turn.usage.prompt());
    session.largest_prompt = session.largest_prompt.max(context_used);
    let is_own = turn.lineage == Lineage::Main || session.facts.parent.is_some();
    if is_own && session.last_turn.is_none_or(|last| last.at <= at) {
        let stop = turn.stop.or(session.last_turn.filter(|last| last.at == at).and_then(|last| last.stop));
        session.last_turn = Some(LastTurn { at, model, context_used, stop });
        let is_done = matches!(stop, Some(StopReason::EndTurn | StopReason::StopSequence));
        session.phase = if is_done { Phase::Finished } else { Phase::Open };
    }
}

/// A better name replaces a worse one, and among equals the last counts. What a person said is never a name here.
fn note_title(known: &mut Option<Title>, told: &Title) {
    let is_worse = known.as_ref().is_some_and(|known| known.rank > told.rank);
    if !told.rank.is_message_text() && !told.text.is_empty() && !is_worse {
        *known = Some(told.clone());
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{
        CoarserRecords, Extent, FileId, InferenceGeo, PicoUsd, Place, Provenance, Purpose, RateLimit, Tier, TitleRank,
        Usage,
    };

    use super::*;
    use crate::testing::{CLIENT, key, minute};

    fn event(session: &str, at: i64, kind: EventKind) -> Event {
        let source = Provenance { file: FileId(0), place: Place::Byte(0) };
        Event { at: Some(minute(at)), session: SessionKey::new(CLIENT, session), source, kind }
    }

    fn answer(message: u64, output: u64) -> EventKind {
        EventKind::Turn(Box::new(Turn {
            message: key(message),
            id: None,
            part_of: CoarserRecords::none(),
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            model: Some("m".into()),
            usage: Usage { input: 10, output, ..Usage::default() },
            tier: Tier::Standard,
            extent: Extent::Response,
            embedded_cost: None,
            stop: None,
            lineage: Lineage::Main,
            opened: minute(0),
            context_used: None,
        }))
    }

    fn recorded(events: &[Event]) -> Memory {
        let mut recorder = Recorder::default();
        let clock = Clock { modified: minute(0), latest: minute(100_000) };
        for event in events {
            recorder.note(event, clock);
        }
        recorder.into_memory()
    }

    #[test]
    fn a_streamed_response_is_one_turn_with_its_last_usage_and_first_time() {
        let memory =
            recorded(&[event("s", 1, answer(7, 1)), event("s", 2, answer(7, 90)), event("s", 3, answer(7, 4))]);
        assert_eq!(memory.turns.len(), 1);
        assert_eq!((memory.turns[0].usage.output, memory.turns[0].at), (90, minute(1)));
    }

    #[test]
    fn the_same_response_of_two_sessions_stays_two_copies_for_the_world_to_join() {
        let memory = recorded(&[event("a", 1, answer(7, 5)), event("b", 1, answer(7, 5))]);
        assert_eq!(memory.turns.iter().map(|turn| turn.session).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn what_a_person_said_is_no_title() {
        let title = |rank, text: &str| EventKind::Title(Title { rank, text: text.into() });
        let memory = recorded(&[
            event("s", 1, title(TitleRank::Summary, "About it")),
            event("s", 2, title(TitleRank::LastPrompt, "my secret words")),
            event("s", 3, title(TitleRank::FirstPrompt, "more of them")),
        ]);
        assert_eq!(memory.sessions[0].title.as_ref().map(|title| title.text.raw()), Some("About it"));
        assert!(!String::from_utf8_lossy(&memory.encode()).contains("secret"));
    }

    #[test]
    fn what_tools_errors_and_people_said_is_not_kept() {
        let started = EventKind::ToolStarted {
            tool: ToolKey::new(CLIENT, "t"),
            name: "Bash".into(),
            target: Some("rm secret".into()),
        };
        let memory = recorded(&[
            event("s", 1, started.clone()),
            event("s", 1, started),
            event("s", 2, EventKind::Error("secret trouble".into())),
            event("s", 2, EventKind::Prompt { words: Some("tell me a secret".into()) }),
            event("s", 2, EventKind::Said("the secret is".into())),
        ]);
        assert_eq!((memory.sessions[0].calls.len(), memory.sessions[0].errors), (1, 1));
        assert_eq!((memory.sessions[0].phase, memory.sessions[0].prompts), (Phase::Open, 1));
        assert!(!String::from_utf8_lossy(&memory.encode()).contains("secret"));
    }

    #[test]
    fn times_of_a_broken_clock_are_not_believed() {
        let mut early = event("s", 1, answer(1, 1));
        early.at = Some(Timestamp::from_millis(5));
        let memory = recorded(&[event("s", 3, EventKind::Prompt { words: None }), early]);
        assert_eq!(memory.turns[0].at, minute(3), "the last time that the session told");
    }

    #[test]
    fn the_newest_reading_of_an_allowance_is_kept() {
        let limit = |plan: &str| {
            let limit = RateLimit { limit: "codex".into(), plan: Some(plan.into()), windows: Vec::new() };
            EventKind::RateLimit(limit)
        };
        let memory = recorded(&[event("s", 5, limit("new")), event("s", 2, limit("old"))]);
        assert_eq!(memory.limits.len(), 1);
        assert_eq!(memory.limits[0].at, minute(5));
        assert!(memory.sessions.is_empty(), "allowances are the account's");
    }

    #[test]
    fn going_on_with_a_memory_is_like_never_having_stopped() {
        let tool =
            |id: &str| EventKind::ToolStarted { tool: ToolKey::new(CLIENT, id), name: "Read".into(), target: None };
        let events = [
            event("a", 1, EventKind::Prompt { words: None }),
            event("a", 2, answer(1, 5)),
            event("a", 2, tool("x")),
            event("b", 3, answer(1, 9)),
            event("a", 4, answer(1, 50)),
            event("a", 4, tool("x")),
            event("b", 5, answer(2, 1)),
        ];
        let clock = Clock { modified: minute(0), latest: minute(100_000) };
        for cut in 0..events.len() {
            let mut recorder = Recorder::over(recorded(&events[..cut]));
            for event in &events[cut..] {
                recorder.note(event, clock);
            }
            assert_eq!(recorder.into_memory(), recorded(&events), "cut at {cut}");
        }
    }

    #[test]
    fn joining_copies_does_not_depend_on_their_order() {
        let turn = |output, cost: Option<i64>, at| TurnMemory {
            usage: Usage { output, ..Usage::default() },
            embedded_cost: cost.map(PicoUsd::new),
            at: minute(at),
            ..crate::testing::turn(1)
        };
        let copies = [turn(5, None, 3), turn(9, Some(2), 4), turn(1, Some(7), 1)];
        let join = |order: [usize; 3]| {
            let mut joined = copies[order[0]].clone();
            joined.absorb(&copies[order[1]]);
            joined.absorb(&copies[order[2]]);
            joined
        };
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(join(order), join([0, 1, 2]));
        }
    }
}
