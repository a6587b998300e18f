//! `opencode.db`.

use std::collections::{BTreeMap, HashMap, HashSet};

use agtop_model::{Event, EventKind, FileId, Lineage, MessageKey, Place, SessionFacts, SessionKey, Timestamp};
use serde::Deserialize;

use super::ID;
use super::records::{Message, Reasoning, part};
use super::telling::{HeldPart, Known, Reply, tell_message, tell_session};
use crate::decode::Record;
use crate::parse::{Loose, Names, model_name};
use crate::{Cell, DecodeError, Decoder, Input, Source};

/// The columns of `session`.
pub(super) const SESSION: &[&str] =
    &["id", "parent_id", "directory", "title", "version", "agent", "model", "time_created"];
/// The columns of `part`.
pub(super) const PART: &[&str] = &["id", "message_id", "time_created", "data"];
/// The columns of `message`.
pub(super) const MESSAGE: &[&str] = &["id", "session_id", "time_created", "data"];

/// Decodes sessions, then parts, then messages. A part is told when its message comes, which names the model.
pub(super) struct Database {
    file: FileId,
    modified: Timestamp,
    names: Names,
    sessions: HashMap<Box<str>, Known>,
    /// Parts by message and rowid.
    parts: HashMap<Box<str>, BTreeMap<i64, HeldPart>>,
    /// The first answer of each content: forking a session copies its messages under new ids, times and all.
    answers: HashMap<MessageKey, (MessageKey, SessionKey)>,
    forks: HashSet<SessionKey>,
}

impl Database {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file,
            modified: source.modified,
            names: Names::default(),
            sessions: HashMap::new(),
            parts: HashMap::new(),
            answers: HashMap::new(),
            forks: HashSet::new(),
        }
    }

    fn session(&mut self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, parent, directory, title, version, agent, model, created] = cells else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let key = SessionKey::new(ID, id);
        let started = created.integer().map(Timestamp::from_seconds_or_millis);
        let parent = parent.text().map(|parent| SessionKey::new(ID, parent));
        let known = Known {
            key: key.clone(),
            lineage: if parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            started,
            reasoning: Reasoning::of_release(version.text()),
        };
        self.sessions.insert(id.into(), known);
        let facts = SessionFacts {
            origin: agent.text().filter(|_| parent.is_some()).map(Into::into),
            parent,
            started,
            cwd: directory.text().map(Into::into),
            version: version.text().map(Into::into),
            model: model.bytes().and_then(|json| self.chosen_model(json)),
            ..SessionFacts::default()
        };
        record.at = started;
        tell_session(&key, facts, title.text(), &mut record);
        Ok(())
    }

    /// The model that a session is set to. A choice that cannot be read is no reason to lose the session.
    fn chosen_model(&mut self, json: &[u8]) -> Option<std::sync::Arc<str>> {
        #[derive(Deserialize)]
        struct Choice<'a> {
            #[serde(borrow, default)]
            id: Loose<'a>,
            #[serde(borrow, default, rename = "providerID")]
            provider: Loose<'a>,
        }
        let choice: Choice<'_> = serde_json::from_slice(json).ok()?;
        let model = choice.id.text()?;
        Some(self.names.get(&model_name(choice.provider.text().unwrap_or_default(), model)))
    }

    fn part(&mut self, rowid: i64, cells: &[Cell<'_>]) -> Result<(), DecodeError> {
        let &[id, message, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(message)) = (id.text(), message.text()) else {
            return Err(DecodeError::malformed("a part without id or message"));
        };
        let Some(part) = part(data.bytes().unwrap_or_default())? else { return Ok(()) };
        let at = created.integer().map(Timestamp::from_seconds_or_millis);
        if let Some(held) = HeldPart::new(&part, id, at, &mut self.names) {
            if let Some(siblings) = self.parts.get_mut(message) {
                siblings.insert(rowid, held);
            } else {
                self.parts.insert(message.into(), BTreeMap::from([(rowid, held)]));
            }
        }
        Ok(())
    }

    fn message(&mut self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, session, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(session)) = (id.text(), session.text()) else {
            return Err(DecodeError::malformed("a message without id or session"));
        };
        let session = self.sessions.get(session).cloned().unwrap_or_else(|| Known {
            key: SessionKey::new(ID, session),
            lineage: Lineage::Main,
            started: None,
            reasoning: Reasoning::default(),
        });
        let created = created.integer().map(Timestamp::from_seconds_or_millis);
        let mut reply = Reply {
            session: &session,
            message: MessageKey::global(ID, id),
            model: None,
            provider: "",
            is_over: false,
            at: created,
            opened: session.started.or(created).unwrap_or(self.modified),
        };
        let parts = self.parts.remove(id).unwrap_or_default();
        let json = data.bytes().unwrap_or_default();
        let message: Message<'_> = match serde_json::from_slice(json) {
            Ok(message) => message,
            Err(error) => {
                self.tell_parts(parts, &reply, record.out); // they are sound, whatever befell their message
                return Err(error.into());
            }
        };
        reply.provider = message.provider();
        reply.model = message.model.as_deref().map(|model| self.names.get(&model_name(reply.provider, model)));
        reply.is_over = message.time.completed.0.is_some();
        reply.at = message.time.completed.0.or(message.time.created.0).or(created);
        record.at = reply.at;
        match self.original(&message, &reply) {
            Some((original, home)) => {
                reply.message = original;
                if home != session.key && self.forks.insert(session.key.clone()) {
                    let facts = SessionFacts { forked_from: Some(home), ..SessionFacts::default() };
                    record.emit(&session.key, EventKind::Facts(Box::new(facts)));
                }
            }
            None => self.tell_parts(parts, &reply, record.out),
        }
        tell_message(id, &message, json, &reply, &mut record);
        Ok(())
    }

    /// The answer that this one is a copy of, and its session. Rows come in the order in which they were written, so
    /// the first of a content is the original. Its parts stand for those of the copies.
    fn original(&mut self, message: &Message<'_>, reply: &Reply<'_>) -> Option<(MessageKey, SessionKey)> {
        let (created, completed) = (message.time.created.0?, message.time.completed.0?);
        let tokens = message.tokens.filter(|tokens| !tokens.usage(reply.session.reasoning, "").is_zero())?;
        let counts = [tokens.input, tokens.output, tokens.reasoning, tokens.cache.read, tokens.cache.write];
        let numbers = [created, completed].map(Timestamp::as_millis).map(i64::to_le_bytes);
        let counts = counts.map(|count| count.0.to_le_bytes());
        let mut parts: Vec<&[u8]> = numbers.iter().chain(&counts).map(<[u8; 8]>::as_slice).collect();
        parts.push(message.model.as_deref().unwrap_or_default().as_bytes());
        let content = MessageKey::by_content(ID, &parts);
        let (first, home) = self.answers.entry(content).or_insert_with(|| (reply.message, reply.session.key.clone()));
        (*first != reply.message).then(|| (*first, home.clone()))
    }

    fn tell_parts(&self, parts: BTreeMap<i64, HeldPart>, reply: &Reply<'_>, out: &mut Vec<Event>) {
        for (rowid, part) in parts {
            part.tell(reply, self.file, Place::Row { table: "part", rowid }, out);
        }
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Row { table, rowid, cells } = input else {
            return Err(DecodeError::malformed("a database that is read as text"));
        };
        let record = Record::new(self.file, Place::Row { table, rowid }, None, out);
        match table {
            "session" => self.session(cells, record),
            "part" => self.part(rowid, cells),
            "message" => self.message(cells, record),
            _ => Ok(()),
        }
    }
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}

#[cfg(test)]
mod tests {
    use agtop_model::{PicoUsd, StopReason, Turn};
    use proptest::prelude::*;

    use super::super::OpenCode;
    use super::*;
    use crate::testing::{Tally, decode_rows, fixture_rows, home, open};

    const PATH: &str = "/home/u/.local/share/opencode/opencode.db";

    fn rows() -> Vec<(&'static str, i64, Vec<Cell<'static>>)> {
        fixture_rows(&OpenCode, PATH, include_str!("../../../../fixtures/opencode/1.18.33/rows.json"))
    }

    fn events() -> Vec<Event> {
        decode_rows(&OpenCode, PATH, &rows())
    }

    fn turn(events: &[Event], id: &str) -> Option<Turn> {
        events.iter().find_map(|event| match &event.kind {
            EventKind::Turn(turn) if turn.id.as_deref() == Some(id) => Some((**turn).clone()),
            _ => None,
        })
    }

    fn kinds<'a>(events: &'a [Event], session: &str) -> Vec<&'a EventKind> {
        events.iter().filter(|event| &*event.session.id == session).map(|event| &event.kind).collect()
    }

    #[test]
    fn each_response_counts_once_by_its_steps() {
        let events = events();
        let tally = Tally::of(&events);
        let main = tally.by_session()["ses_main"];
        assert_eq!((main.input, main.cache_read, main.output, main.reasoning), (100, 900, 60, 20));
        assert_eq!(tally.by_session()["ses_child"].total(), 77);
        let step = turn(&events, "prt_2").unwrap();
        assert_eq!(step.model.as_deref(), Some("big-one"));
        assert_eq!(step.part_of, Some(MessageKey::global(ID, "msg_2")));
        assert_eq!(step.embedded_cost, PicoUsd::from_usd(0.25));
        assert_eq!(step.stop, Some(StopReason::ToolUse));
    }

    #[test]
    fn reading_the_database_again_changes_nothing() {
        let (_, mut decoder) = open(&OpenCode, &home(), PATH);
        let mut events = Vec::new();
        let mut once = None;
        for _ in 0..3 {
            for (table, rowid, cells) in rows() {
                decoder.feed(Input::Row { table, rowid, cells: &cells }, &mut events).unwrap();
            }
            let usage = Tally::of(&events).usage();
            assert_eq!(*once.get_or_insert(usage), usage);
        }
    }

    #[test]
    fn a_placeholder_is_no_response_yet() {
        assert!(turn(&events(), "msg_3").is_none());
    }

    #[test]
    fn a_forks_copies_count_for_the_original_alone() {
        let events = events();
        assert!(!Tally::of(&events).by_session().contains_key("ses_fork"));
        let fork = kinds(&events, "ses_fork").into_iter().find_map(|kind| match kind {
            EventKind::Facts(facts) => facts.forked_from.clone(),
            _ => None,
        });
        assert_eq!(fork, Some(SessionKey::new(ID, "ses_main")));
    }

    #[test]
    fn a_child_session_is_a_sidechain_of_its_parent_where_no_person_speaks() {
        let events = events();
        assert_eq!(turn(&events, "prt_4").unwrap().lineage, Lineage::Sidechain);
        assert_eq!(turn(&events, "prt_2").unwrap().lineage, Lineage::Main);
        let child = kinds(&events, "ses_child");
        let EventKind::Facts(facts) = child[0] else { panic!("{child:?}") };
        assert_eq!(facts.parent, Some(SessionKey::new(ID, "ses_main")));
        assert_eq!(facts.origin.as_ref().unwrap().raw(), "general");
        assert!(!child.iter().any(|kind| matches!(kind, EventKind::Prompt)));
    }

    #[test]
    fn facts_name_directory_version_model_and_start() {
        let events = events();
        let main = kinds(&events, "ses_main");
        let EventKind::Facts(facts) = main[0] else { panic!("{main:?}") };
        assert_eq!(facts.cwd.as_deref(), Some(std::path::Path::new("/work/größe app")));
        assert_eq!(facts.version.as_ref().unwrap().raw(), "1.18.33");
        assert_eq!(facts.model.as_deref(), Some("big-one"));
        assert_eq!(facts.started, Some(Timestamp::from_millis(1_795_250_000_000)));
        assert!(matches!(main[1], EventKind::Title(title) if title.text.raw() == "Sort the shelves"));
    }

    #[test]
    fn a_session_without_a_name_of_its_own_has_none() {
        assert!(!kinds(&events(), "ses_fork").iter().any(|kind| matches!(kind, EventKind::Title(_))));
    }

    #[test]
    fn a_task_is_a_sub_agent_in_flight() {
        let events = events();
        let main = kinds(&events, "ses_main");
        let started = main.iter().find_map(|kind| match kind {
            EventKind::SubagentStarted { name, task, .. } => Some((name.raw(), task.as_ref().unwrap().raw())),
            _ => None,
        });
        assert_eq!(started, Some(("general", "count the books")));
        assert!(!main.iter().any(|kind| matches!(kind, EventKind::SubagentEnded { .. })));
    }

    #[test]
    fn a_tool_starts_and_ends_when_its_state_says() {
        let events = events();
        let times: Vec<_> = events
            .iter()
            .filter(|event| {
                &*event.session.id == "ses_main"
                    && matches!(
                        event.kind,
                        EventKind::ToolStarted { .. } | EventKind::ToolEnded { outcome: Ok(()), .. }
                    )
            })
            .map(|event| event.at.unwrap().as_millis())
            .collect();
        assert_eq!(times, [1_795_250_002_000, 1_795_250_002_500]);
    }

    #[test]
    fn stopping_an_answer_is_no_error_and_ends_its_tools() {
        let events = events();
        let odd = kinds(&events, "ses_odd");
        assert!(odd.iter().any(|kind| matches!(kind, EventKind::ToolEnded { outcome: Err(()), .. })));
        assert!(odd.iter().any(|kind| matches!(kind, EventKind::TurnEnded)));
        let errors: Vec<_> = odd
            .iter()
            .filter_map(|kind| match kind {
                EventKind::Error(name) => Some(name.raw()),
                _ => None,
            })
            .collect();
        assert_eq!(errors, ["APIError"]);
    }

    #[test]
    fn copilots_units_are_not_taken_for_dollars() {
        let turn = turn(&events(), "msg_copilot").unwrap();
        assert_eq!(turn.embedded_cost, None);
        assert_eq!(turn.stop, Some(StopReason::MaxTokens));
    }

    #[test]
    fn a_local_provider_shows_in_the_models_name() {
        assert_eq!(turn(&events(), "msg_local").unwrap().model.as_deref(), Some("ollama/qwen3:8b"));
    }

    #[test]
    fn a_summary_that_made_room_is_a_compaction() {
        assert_eq!(events().iter().filter(|event| matches!(event.kind, EventKind::Compacted)).count(), 1);
    }

    #[test]
    fn no_words_of_a_conversation_get_out() {
        assert!(!format!("{:?}", events()).contains("secret words"));
    }

    #[test]
    fn a_broken_message_is_an_error_and_its_steps_count_without_a_model() {
        let (_, mut decoder) = open(&OpenCode, &home(), PATH);
        let (mut events, mut errors) = (Vec::new(), 0);
        for (table, rowid, mut cells) in rows() {
            if cells[0].text() == Some("msg_2") {
                cells[3] = Cell::Bytes(br#"{"role":"assistant","tokens":{"input":-5}}"#);
            }
            errors += usize::from(decoder.feed(Input::Row { table, rowid, cells: &cells }, &mut events).is_err());
        }
        assert_eq!(errors, 1);
        let step = turn(&events, "prt_2").unwrap();
        assert_eq!((step.model, step.usage.output), (None, 60));
    }

    #[test]
    fn columns_that_an_older_schema_lacks_are_no_trouble() {
        let rows = [(
            "session",
            1,
            vec![
                Cell::Bytes(b"ses_x"),
                Cell::Null,
                Cell::Null,
                Cell::Null,
                Cell::Null,
                Cell::Null,
                Cell::Null,
                Cell::Null,
            ],
        )];
        assert_eq!(decode_rows(&OpenCode, PATH, &rows).len(), 1);
    }

    fn any_cell() -> impl Strategy<Value = Cell<'static>> {
        let texts: [&'static [u8]; 6] = [
            b"",
            b"\xff\xfe",
            b"msg_1",
            b"{\"type\":\"tool\",\"tool\":\"task\",\"state\":{\"status\":\"running\",\"input\":{\"command\":[1]}}}",
            b"{\"type\":\"step-finish\",\"tokens\":{\"input\":1e999}}",
            b"{\"role\":\"assistant\",\"time\":{\"created\":-1,\"completed\":9e18},\"tokens\":{\"output\":1}}",
        ];
        prop_oneof![
            Just(Cell::Null),
            any::<i64>().prop_map(Cell::Integer),
            any::<f64>().prop_map(Cell::Real),
            proptest::sample::select(texts.to_vec()).prop_map(Cell::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn arbitrary_rows_never_panic(
            rows in proptest::collection::vec(
                (0_usize..4, any::<i64>(), proptest::collection::vec(any_cell(), 0..9)),
                0..20,
            )
        ) {
            let (_, mut decoder) = open(&OpenCode, &home(), PATH);
            for (table, rowid, cells) in rows {
                let table = ["session", "part", "message", "todo"][table];
                let _ = decoder.feed(Input::Row { table, rowid, cells: &cells }, &mut Vec::new());
            }
        }
    }
}
