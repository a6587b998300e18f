//! `opencode.db`.

use std::collections::{BTreeMap, HashMap, HashSet};

use agtop_model::{
    ClientId, Event, EventKind, Lineage, MessageKey, Purpose, SessionFacts, SessionKey, SourcePosition, Timestamp,
};

use super::message_v2::{Kind, MessageV2};
use super::records::{Message, ModelRef, Reasoning, Speaker, Tokens, WORK, WORK_AND_TEXT, part, purpose};
use super::telling::{HeldPart, Known, Reply, tell_message, tell_session};
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::{json, model_name};
use crate::{Cell, DecodeError, Decoder, Input, Source};

/// The columns of `session`.
pub(super) const SESSION: &[&str] =
    &["id", "parent_id", "directory", "title", "version", "agent", "model", "time_created", "fork_session_id"];
/// The columns of `part`.
pub(super) const PART: &[&str] = &["id", "message_id", "time_created", "data"];
/// The columns of `message`.
pub(super) const MESSAGE: &[&str] = &["id", "session_id", "time_created", "data"];
/// The columns of `session_message`.
pub(super) const SESSION_MESSAGE: &[&str] = &["id", "session_id", "type", "time_created", "data"];

/// Decodes sessions, then parts, then messages. A part is told when its message comes, which names the model.
pub(super) struct Database {
    client: ClientId,
    /// What the release that wrote a session says of its counts.
    reasoning_of: fn(Option<&str>) -> Reasoning,
    file: SourceFile,
    modified: Timestamp,
    names: Names,
    sessions: HashMap<Box<str>, Known>,
    /// Parts by message and rowid.
    parts: HashMap<Box<str>, BTreeMap<i64, HeldPart>>,
    /// The first answer of each content: forking a session copies its messages under new ids, times and all.
    answers: HashMap<MessageKey, (MessageKey, SessionKey)>,
    forks: HashSet<SessionKey>,
    /// Messages of OpenCode 1: OpenCode 2 has them again, and of those only the response is told again.
    migrated: HashSet<MessageKey>,
}

/// What tells a response from others, whatever id a copy of it has.
struct Content<'a> {
    created: Timestamp,
    completed: Timestamp,
    tokens: Tokens,
    model: &'a str,
}

impl Database {
    pub(super) fn new(client: ClientId, reasoning_of: fn(Option<&str>) -> Reasoning, source: &Source<'_>) -> Self {
        Self {
            client,
            reasoning_of,
            file: source.file(),
            modified: source.modified,
            names: Names::default(),
            sessions: HashMap::new(),
            parts: HashMap::new(),
            answers: HashMap::new(),
            forks: HashSet::new(),
            migrated: HashSet::new(),
        }
    }

    fn session(&mut self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, parent, directory, title, version, agent, model, created, forked] = cells else {
            return Err(other_columns());
        };
        let id = id.text().ok_or_else(|| DecodeError::malformed("a session without id"))?;
        let key = SessionKey::new(self.client, id);
        let started = created.integer().map(Timestamp::from_seconds_or_millis);
        let parent = parent.text().map(|parent| SessionKey::new(self.client, parent));
        let known = Known {
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
        tell_session(&key, facts, title.text(), &mut record);
        Ok(())
    }

    /// The model that a session is set to. A choice that cannot be read is no reason to lose the session.
    fn chosen_model(&mut self, json: &[u8]) -> Option<std::sync::Arc<str>> {
        let choice: ModelRef<'_> = serde_json::from_slice(json).ok()?;
        Some(self.names.get(&choice.name()?))
    }

    fn part(&mut self, rowid: i64, cells: &[Cell<'_>]) -> Result<(), DecodeError> {
        let &[id, message, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(message)) = (id.text(), message.text()) else {
            return Err(DecodeError::malformed("a part without id or message"));
        };
        let at = created.integer().map(Timestamp::from_seconds_or_millis);
        let kinds = if at.is_some_and(|at| at >= self.file.prose_from) { WORK_AND_TEXT } else { WORK };
        let Some(part) = part(data.bytes().unwrap_or_default(), kinds)? else { return Ok(()) };
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
        let session = self.known(session);
        let created = created.integer().map(Timestamp::from_seconds_or_millis);
        let mut reply = self.reply(id, &session, created);
        self.migrated.insert(reply.message);
        let parts = self.parts.remove(id).unwrap_or_default();
        let is_refused = parts.values().any(HeldPart::is_refused);
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
            if message.role == Speaker::User {
                reply.words = parts.values().find_map(HeldPart::words).cloned();
            }
            self.tell_parts(parts, &reply, record.out);
        }
        tell_message(id, &message, &reply, &mut record);
        if is_refused && reply.is_over {
            record.emit(&session.key, EventKind::TurnEnded);
        }
        Ok(())
    }

    /// A message of OpenCode 2. A fork's copies have ids of their own, and all else of the original's.
    fn message_v2(&mut self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, session, kind, created, data] = cells else { return Err(other_columns()) };
        let (Some(id), Some(session)) = (id.text(), session.text()) else {
            return Err(DecodeError::malformed("a message without id or session"));
        };
        let kind = Kind::of(kind.text());
        if kind == Kind::Other {
            return Ok(());
        }
        let message: MessageV2<'_> = json(data.bytes().unwrap_or_default())?;
        let session = self.known(session);
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
        } else if kind == Kind::Assistant && !is_migrated {
            message.tell_content(id, &reply, &mut self.names, &mut record);
        }
        if let Some(turn) = message.response(id, &reply) {
            record.emit(&session.key, EventKind::Turn(Box::new(turn)));
        }
        if !is_migrated {
            message.tell(kind, &reply, &mut record);
        }
        Ok(())
    }

    /// What is known of a session; of one without a row no more than its name.
    fn known(&self, session: &str) -> Known {
        self.sessions.get(session).cloned().unwrap_or_else(|| Known {
            key: SessionKey::new(self.client, session),
            lineage: Lineage::Main,
            started: None,
            reasoning: Reasoning::default(),
        })
    }

    /// A message of which no more is known than its row.
    fn reply<'r>(&self, id: &str, session: &'r Known, created: Option<Timestamp>) -> Reply<'r> {
        Reply {
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

    /// The answer that this one is a copy of, whose session is told to be where it was forked from. Rows come in the
    /// order in which they were written, so the first of a content is the original. Its parts stand for those of the
    /// copies.
    fn original(&mut self, content: &Content<'_>, copy: &Reply<'_>, record: &mut Record<'_>) -> Option<MessageKey> {
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

    fn tell_parts(&self, parts: BTreeMap<i64, HeldPart>, reply: &Reply<'_>, out: &mut Vec<Event>) {
        for (rowid, part) in parts {
            part.tell(reply, &mut Record::new(self.file, SourcePosition::Row { table: "part", rowid }, reply.at, out));
        }
    }
}

impl Decoder for Database {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Row { table, rowid, cells } = input else {
            return Err(DecodeError::malformed("a database that is read as text"));
        };
        let record = Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match table {
            "session" | "session_v2" => self.session(cells, record),
            "part" => self.part(rowid, cells),
            "message" => self.message(cells, record),
            "session_message" => self.message_v2(cells, record),
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
mod tests_v2;
