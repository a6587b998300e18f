//! `opencode.db`.

use std::collections::{BTreeMap, HashMap, HashSet};

use agtop_model::{ClientId, Event, EventKind, Lineage, MessageKey, Place, SessionFacts, SessionKey, Timestamp};
use serde::Deserialize;

use super::records::{Message, Reasoning, Speaker, WORK, WORK_AND_TEXT, part};
use super::telling::{HeldPart, Known, Reply, tell_message, tell_session};
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::{Loose, model_name};
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
        }
    }

    fn session(&mut self, cells: &[Cell<'_>], mut record: Record<'_>) -> Result<(), DecodeError> {
        let &[id, parent, directory, title, version, agent, model, created] = cells else {
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
        let session = self.sessions.get(session).cloned().unwrap_or_else(|| Known {
            key: SessionKey::new(self.client, session),
            lineage: Lineage::Main,
            started: None,
            reasoning: Reasoning::default(),
        });
        let created = created.integer().map(Timestamp::from_seconds_or_millis);
        let mut reply = Reply {
            session: &session,
            message: MessageKey::global(self.client, id),
            model: None,
            provider: "",
            is_over: false,
            words: None,
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
        if let Some((original, home)) = self.original(&message, &reply) {
            reply.message = original;
            if home != session.key && self.forks.insert(session.key.clone()) {
                let facts = SessionFacts { forked_from: Some(home), ..SessionFacts::default() };
                record.emit(&session.key, EventKind::Facts(Box::new(facts)));
            }
        } else {
            if message.role == Speaker::User {
                reply.words = parts.values().find_map(HeldPart::words).cloned();
            }
            self.tell_parts(parts, &reply, record.out);
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
        let content = MessageKey::by_content(self.client, &parts);
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
mod tests;
