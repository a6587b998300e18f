//! Reads `opencode.db`.

use std::collections::{BTreeMap, HashMap, HashSet};

use agtop_model::{
    ClientId, Event, EventKind, Lineage, MessageKey, Purpose, SessionFacts, SessionKey, SourcePosition, Timestamp,
};

use super::emit::{PendingPart, ResponseContext, SessionContext, emit_message, emit_session};
use super::opencode2_message::{OpenCode2Message, RowKind};
use super::records::{
    Message, MessageRole, ModelRef, ReasoningCount, Tokens, WORK_AND_TEXT_PARTS, WORK_PARTS, part, purpose,
};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::{json, model_name};
use crate::{DecodeError, Decoder, Input, Source, SqlValue};

/// The columns of `session`.
pub(super) const SESSION_COLUMNS: &[&str] =
    &["id", "parent_id", "directory", "title", "version", "agent", "model", "time_created", "fork_session_id"];
/// The columns of `part`.
pub(super) const PART_COLUMNS: &[&str] = &["id", "message_id", "time_created", "data"];
/// The columns of `message`.
pub(super) const MESSAGE_COLUMNS: &[&str] = &["id", "session_id", "time_created", "data"];
/// The columns of `session_message`.
pub(super) const SESSION_MESSAGE_COLUMNS: &[&str] = &["id", "session_id", "type", "time_created", "data"];

/// Decodes sessions, then parts, then messages. A part is emitted with its message, which names the model.
pub(super) struct Database {
    client: ClientId,
    /// How the release that wrote a session counts reasoning.
    reasoning_of: fn(Option<&str>) -> ReasoningCount,
    file: SourceFile,
    modified: Timestamp,
    names: Interner,
    sessions: HashMap<Box<str>, SessionContext>,
    /// Parts by message and row id.
    parts: HashMap<Box<str>, BTreeMap<i64, PendingPart>>,
    /// The first response with each content: forking a session copies its messages with new ids and the same times.
    answers: HashMap<MessageKey, (MessageKey, SessionKey)>,
    forks: HashSet<SessionKey>,
    /// Messages of OpenCode 1. OpenCode 2 has them again, and only their responses are emitted again.
    migrated: HashSet<MessageKey>,
}

/// The content that identifies a response and all its copies, which may have other ids.
struct Content<'a> {
    created: Timestamp,
    completed: Timestamp,
    tokens: Tokens,
    model: &'a str,
}

impl Database {
    pub(super) fn new(client: ClientId, reasoning_of: fn(Option<&str>) -> ReasoningCount, source: &Source<'_>) -> Self {
        Self {
            client,
            reasoning_of,
            file: source.file(),
            modified: source.modified,
            names: Interner::default(),
            sessions: HashMap::new(),
            parts: HashMap::new(),
            answers: HashMap::new(),
            forks: HashSet::new(),
            migrated: HashSet::new(),
        }
    }

    fn session(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, parent, directory, title, version, agent, model, created, forked] = cells else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let key = SessionKey::new(self.client, id);
        let started = created.integer().map(Timestamp::from_seconds_or_millis);
        let parent = parent.text().map(|parent| SessionKey::new(self.client, parent));
        let known = SessionContext {
            key: key.clone(),
            lineage: if parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            started,
            reasoning: (self.reasoning_of)(version.text()),
        };
        self.sessions.insert(id.into(), known);
        let facts = SessionFacts {
            origin: agent.text().filter(|_| parent.is_some()).map(Into::into),
            parent,
            forked_from: forked.text().map(|original| SessionKey::new(self.client, original)),
            started,
            cwd: directory.text().map(Into::into),
            version: version.text().map(Into::into),
            model: model.bytes().and_then(|json| self.chosen_model(json)),
            ..SessionFacts::default()
        };
        record.at = started;
        emit_session(&key, facts, title.text(), &mut record);
        Ok(())
    }

    /// The model that a session is set to. A damaged value must not lose the session.
    fn chosen_model(&mut self, json: &[u8]) -> Option<std::sync::Arc<str>> {
        let choice: ModelRef<'_> = serde_json::from_slice(json).ok()?;
        Some(self.names.get(&choice.name()?))
    }

    fn part(&mut self, rowid: i64, cells: &[SqlValue<'_>]) -> Result<(), DecodeError> {
        let &[id, message, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(message)) = (id.text(), message.text()) else {
            return Err(DecodeError::malformed("a part without id or message"));
        };
        let at = created.integer().map(Timestamp::from_seconds_or_millis);
        let kinds = if at.is_some_and(|at| at >= self.file.text_since) { WORK_AND_TEXT_PARTS } else { WORK_PARTS };
        let Some(part) = part(data.bytes().unwrap_or_default(), kinds)? else { return Ok(()) };
        if let Some(held) = PendingPart::new(&part, id, at, &mut self.names) {
            if let Some(siblings) = self.parts.get_mut(message) {
                siblings.insert(rowid, held);
            } else {
                self.parts.insert(message.into(), BTreeMap::from([(rowid, held)]));
            }
        }
        Ok(())
    }

    fn message(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, session, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(session)) = (id.text(), session.text()) else {
            return Err(DecodeError::malformed("a message without id or session"));
        };
        let session = self.session_context(session);
        let created = created.integer().map(Timestamp::from_seconds_or_millis);
        let mut reply = self.reply(id, &session, created);
        self.migrated.insert(reply.message);
        let parts = self.parts.remove(id).unwrap_or_default();
        let is_refused = parts.values().any(PendingPart::is_refused);
        let json = data.bytes().unwrap_or_default();
        let message: Message<'_> = match serde_json::from_slice(json) {
            Ok(message) => message,
            Err(error) => {
                self.emit_parts(parts, &reply, record.out); // the parts are valid even if their message is damaged
                return Err(error.into());
            }
        };
        reply.provider = message.provider();
        reply.model = message.model.as_deref().map(|model| self.names.get(&model_name(reply.provider, model)));
        reply.is_over = message.time.completed.0.is_some();
        reply.purpose = purpose(json);
        reply.at = message.time.completed.0.or(message.time.created.0).or(created);
        record.at = reply.at;
        let content = || {
            let (created, completed) = (message.time.created.0?, message.time.completed.0?);
            let model = message.model.as_deref().unwrap_or_default();
            Some(Content { created, completed, tokens: message.tokens?, model })
        };
        if let Some(original) = content().and_then(|content| self.original(&content, &reply, &mut record)) {
            reply.message = original;
        } else {
            if message.role == MessageRole::User {
                reply.words = parts.values().find_map(PendingPart::words).cloned();
            }
            self.emit_parts(parts, &reply, record.out);
        }
        emit_message(id, &message, &reply, &mut record);
        if is_refused && reply.is_over {
            record.emit(&session.key, EventKind::TurnEnded);
        }
        Ok(())
    }

    /// Emits a message of OpenCode 2. A fork's copies have their own ids and otherwise the original's content.
    fn opencode2_message(&mut self, cells: &[SqlValue<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, session, kind, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(session)) = (id.text(), session.text()) else {
            return Err(DecodeError::malformed("a message without id or session"));
        };
        let kind = RowKind::of(kind.text());
        if kind == RowKind::Other {
            return Ok(());
        }
        let message: OpenCode2Message<'_> = json(data.bytes().unwrap_or_default())?;
        let session = self.session_context(session);
        let created = message.time.created.0.or_else(|| created.integer().map(Timestamp::from_seconds_or_millis));
        let mut reply = self.reply(id, &session, created);
        let is_migrated = self.migrated.contains(&reply.message);
        let model = message.model.as_ref();
        reply.provider = model.map_or("", ModelRef::provider);
        reply.model = model.and_then(ModelRef::name).map(|name| self.names.get(&name));
        reply.is_over = message.is_over();
        reply.purpose = kind.purpose();
        reply.at = message.time.completed.0.or(created);
        record.at = reply.at;
        let content = || {
            let completed = message.time.completed.0.or(created)?;
            let model = model.and_then(|model| model.id.text()).unwrap_or_default();
            Some(Content { created: created?, completed, tokens: message.tokens?, model })
        };
        if let Some(original) = content().and_then(|content| self.original(&content, &reply, &mut record)) {
            reply.message = original;
        } else if kind == RowKind::Assistant && !is_migrated {
            message.emit_content(id, &reply, &mut self.names, &mut record);
        }
        if let Some(response) = message.response(id, &reply) {
            record.emit(&session.key, EventKind::Response(Box::new(response)));
        }
        if !is_migrated {
            message.emit(kind, &reply, &mut record);
        }
        Ok(())
    }

    /// What is known of a session; only its id if it has no row.
    fn session_context(&self, session: &str) -> SessionContext {
        self.sessions.get(session).cloned().unwrap_or_else(|| SessionContext {
            key: SessionKey::new(self.client, session),
            lineage: Lineage::Main,
            started: None,
            reasoning: ReasoningCount::default(),
        })
    }

    /// A message with nothing but its row.
    fn reply<'r>(&self, id: &str, session: &'r SessionContext, created: Option<Timestamp>) -> ResponseContext<'r> {
        ResponseContext {
            session,
            message: MessageKey::global(self.client, id),
            model: None,
            provider: "",
            is_over: false,
            purpose: Purpose::Answer,
            words: None,
            at: created,
            opened: session.started.or(created).unwrap_or(self.modified),
        }
    }

    /// The response that this one is a copy of; emits the fork of its session. Rows come in the order in which they
    /// were written, so the first response with a content is the original. Its parts stand for those of the copies.
    fn original(
        &mut self,
        content: &Content<'_>,
        copy: &ResponseContext<'_>,
        record: &mut Record<'_>,
    ) -> Option<MessageKey> {
        let Content { created, completed, tokens, model } = *content;
        if tokens.usage(copy.session.reasoning, "").is_zero() {
            return None;
        }
        let counts = [tokens.input, tokens.output, tokens.reasoning, tokens.cache.read, tokens.cache.write];
        let numbers = [created, completed].map(Timestamp::as_millis).map(i64::to_le_bytes);
        let counts = counts.map(|count| count.0.to_le_bytes());
        let mut parts: Vec<&[u8]> = numbers.iter().chain(&counts).map(<[u8; 8]>::as_slice).collect();
        parts.push(model.as_bytes());
        let content = MessageKey::by_content(self.client, &parts);
        let session = &copy.session.key;
        let (first, home) = self.answers.entry(content).or_insert_with(|| (copy.message, session.clone()));
        if *first == copy.message {
            return None;
        }
        if home != session && self.forks.insert(session.clone()) {
            let facts = SessionFacts { forked_from: Some(home.clone()), ..SessionFacts::default() };
            record.emit(session, EventKind::Facts(Box::new(facts)));
        }
        Some(*first)
    }

    fn emit_parts(&self, parts: BTreeMap<i64, PendingPart>, reply: &ResponseContext<'_>, out: &mut Vec<Event>) {
        for (rowid, part) in parts {
            part.emit(reply, &mut Record::new(self.file, SourcePosition::Row { table: "part", rowid }, reply.at, out));
        }
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (table, rowid, cells) = input.row()?;
        let record = Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match table {
            "session" | "session_v2" => self.session(cells, record),
            "part" => self.part(rowid, cells),
            "message" => self.message(cells, record),
            "session_message" => self.opencode2_message(cells, record),
            _ => Ok(()),
        }
    }
}

fn other_columns() -> DecodeError {
    DecodeError::malformed("a row of other columns than were asked for")
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_opencode2;
