//! The entries of a session, in the format that Pi and `OpenClaw` share.

use std::sync::Arc;

use agtop_model::{
    ClientId, Event, EventKind, Lineage, MessageKey, Purpose, ResponseCopy, SessionFacts, SessionKey, SourcePosition,
    Timestamp, TitleRank, ToolKey,
};

use super::wire::{Block, Message, ResponseEnd, SessionEntry, Tokens};
use crate::cost::embedded_cost;
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::interner::Interner;
use crate::parse::{LooseText, model_name, short_text};
use crate::{DecodeError, Decoder, Input, Source};

/// Beginnings of lines that agtop skips. Extensions may write megabytes into them.
const SKIPPED_PREFIXES: &[&[u8]] = &[
    b"{\"type\":\"custom\"",
    b"{\"type\":\"custom_message\"",
    b"{\"type\":\"label\"",
    b"{\"type\":\"thinking_level_change\"",
    b"{\"type\":\"context_transform\"",
    b"{\"type\":\"ephemeral\"",
];

/// Values of `model` that are not models: `OpenClaw` marks its own messages with them.
const NON_MODEL_NAMES: &[&str] = &["delivery-mirror", "gateway-injected"];

/// Reads one session's file.
pub(crate) struct SessionEntries {
    client: ClientId,
    file: SourceFile,
    /// From the file name until the header is read.
    session: SessionKey,
    /// When the session started. A fork is younger than what it copied, so the copies belong to the original.
    opened: Option<Timestamp>,
    modified: Timestamp,
    /// The current model, which also writes the summaries.
    model: Option<Arc<str>>,
    names: Interner,
}

impl SessionEntries {
    /// A decoder for a file of `client` with session `id` in its name.
    pub(crate) fn new(client: ClientId, id: &str, source: &Source<'_>) -> Self {
        Self {
            client,
            file: source.file(),
            session: SessionKey::new(client, id),
            opened: None,
            modified: source.modified,
            model: None,
            names: Interner::default(),
        }
    }

    fn header(&mut self, entry: &SessionEntry<'_>, record: &mut Record<'_>) {
        if let Some(id) = entry.id.text() {
            self.session = SessionKey::new(self.client, id);
        }
        self.opened = entry.timestamp.0.or(self.opened);
        let original = entry.parent_session.text().or(entry.branched_from.text());
        let facts = SessionFacts {
            forked_from: original.map(|original| SessionKey::new(self.client, session_id(original))),
            started: entry.timestamp.0,
            cwd: entry.cwd.text().map(Into::into),
            model: self.chosen_model(entry),
            ..SessionFacts::default()
        };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
    }

    /// The model that a header or a change of model sets.
    fn chosen_model(&mut self, entry: &SessionEntry<'_>) -> Option<Arc<str>> {
        let model = self.named(&entry.provider, &entry.model_id)?;
        self.model = Some(Arc::clone(&model));
        Some(model)
    }

    fn named(&mut self, provider: &LooseText<'_>, model: &LooseText<'_>) -> Option<Arc<str>> {
        model.text().map(|model| self.names.get(&model_name(provider.text().unwrap_or_default(), model)))
    }

    fn message(&mut self, entry: &SessionEntry<'_>, message: &Message<'_>, record: &mut Record<'_>) {
        match message.role.text() {
            Some("user") => self.prompt(message, record),
            Some("assistant") => self.answer(entry, message, record),
            Some("toolResult") => {
                if let Some(id) = message.tool_call_id.text() {
                    let outcome = if message.is_error == Some(true) { Err(()) } else { Ok(()) };
                    record.emit(&self.session, EventKind::ToolEnded { tool: ToolKey::new(self.client, id), outcome });
                }
            }
            // A command that the user ran: the session is active, but no model called a tool.
            Some("bashExecution") => record.emit(&self.session, EventKind::Facts(Box::default())),
            _ => {}
        }
    }

    fn prompt(&self, message: &Message<'_>, record: &mut Record<'_>) {
        let blocks = message.blocks();
        let words = blocks.iter().find_map(|block| block.text.text());
        record.prompt(&self.session, words);
        record.title(&self.session, TitleRank::FirstPrompt, words.unwrap_or_default());
    }

    fn answer(&mut self, entry: &SessionEntry<'_>, message: &Message<'_>, record: &mut Record<'_>) {
        if message.model.text().is_some_and(|model| NON_MODEL_NAMES.contains(&model)) {
            return;
        }
        record.agent_text(&self.session, || {
            message.blocks().iter().rev().find_map(|block| block.text.text().map(str::to_owned))
        });
        let ending = ResponseEnd::of(message.stop_reason.text().unwrap_or_default());
        let is_cut = !matches!(ending, ResponseEnd::Stopped(_));
        let model = self.named(&message.provider, &message.model);
        self.model.clone_from(&model);
        if let Some(tokens) = message.usage.filter(|tokens| !is_cut || !tokens.usage().is_zero()) {
            let key = self.key(entry, message, &tokens);
            let response =
                ResponseCopy { stop: Some(ending.stop_reason()), model, ..self.response(entry, key, &tokens) };
            record.emit(&self.session, EventKind::Response(Box::new(response)));
        }
        match ending {
            ResponseEnd::Stopped(_) => {
                for block in message.blocks() {
                    self.tool_call(&block, record);
                }
            }
            ResponseEnd::Aborted => record.emit(&self.session, EventKind::TurnEnded),
            ResponseEnd::Failed => {
                let reason = message.error.text().unwrap_or("error");
                record.emit(&self.session, EventKind::Error(short_text(reason)));
            }
        }
    }

    /// Emits a summary of the conversation so far, or of a branch that was left. It is a response like others; releases
    /// before 2026-11 did not record its usage.
    fn summary(&mut self, entry: &SessionEntry<'_>, record: &mut Record<'_>) {
        let Some(tokens) = entry.usage.filter(|tokens| !tokens.usage().is_zero()) else { return };
        let key = self.key(entry, &Message::default(), &tokens);
        let model = self.named(&entry.provider, &entry.model).or_else(|| self.model.clone());
        // Off the main line, because its prompt is not what is in the context now.
        let lineage = Lineage::Sidechain;
        let response =
            ResponseCopy { purpose: Purpose::Compaction, lineage, model, ..self.response(entry, key, &tokens) };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }

    fn response(&self, entry: &SessionEntry<'_>, key: MessageKey, tokens: &Tokens<'_>) -> ResponseCopy {
        ResponseCopy {
            id: entry.id.text().map(Into::into),
            embedded_cost: embedded_cost(self.client, "", tokens.cost()),
            ..ResponseCopy::new(key, tokens.usage(), self.opened.unwrap_or(self.modified))
        }
    }

    /// Forks copy entries with their ids and times. Ids are short, so only both together are unique. Format 1 had no
    /// ids, and its forks wrote new times: there the message's own time, its model and all counts identify it.
    fn key(&self, entry: &SessionEntry<'_>, message: &Message<'_>, tokens: &Tokens<'_>) -> MessageKey {
        let millis = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_millis).to_le_bytes();
        if let Some(id) = entry.id.text() {
            return MessageKey::by_content(self.client, &[id.as_bytes(), &millis(entry.timestamp.0)]);
        }
        let usage = tokens.usage();
        let counts = [usage.input, usage.cache_read, usage.cache_write(), usage.output].map(u64::to_le_bytes);
        let at = millis(message.timestamp.0.or(entry.timestamp.0));
        let mut parts: Vec<&[u8]> = vec![b"no id", &at, message.model.text().unwrap_or_default().as_bytes()];
        parts.extend(counts.iter().map(<[u8; 8]>::as_slice));
        MessageKey::by_content(self.client, &parts)
    }

    fn tool_call(&mut self, block: &Block<'_>, record: &mut Record<'_>) {
        if block.kind.text() != Some("toolCall") {
            return;
        }
        let (Some(id), Some(name)) = (block.id.text(), block.name.text()) else { return };
        let target = block.target();
        let tool = ToolKey::new(self.client, id);
        record.emit(&self.session, EventKind::ToolStarted { tool, name: self.names.get(name), target });
    }
}

impl Decoder for SessionEntries {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        if SKIPPED_PREFIXES.iter().any(|beginning| bytes.starts_with(beginning)) {
            return Ok(());
        }
        let entry: SessionEntry<'_> = serde_json::from_slice(bytes)?;
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), entry.timestamp.0, out);
        if entry.kind.text() != Some("session") {
            self.opened = self.opened.or(entry.timestamp.0);
        }
        match (entry.kind.text(), &entry.message) {
            (Some("session"), _) => self.header(&entry, record),
            (Some("message"), Some(message)) => self.message(&entry, message, record),
            (Some("compaction"), _) => {
                self.summary(&entry, record);
                record.emit(&self.session, EventKind::Compacted);
            }
            (Some("branch_summary"), _) => self.summary(&entry, record),
            (Some("model_change"), _) => {
                let facts = SessionFacts { model: self.chosen_model(&entry), ..SessionFacts::default() };
                record.emit(&self.session, EventKind::Facts(Box::new(facts)));
            }
            (Some("session_info"), _) => {
                if let Some(name) = entry.name.text() {
                    record.title(&self.session, TitleRank::Given, name);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The file name of a Unix or Windows path, without its extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split_once(".jsonl").map_or(name, |(stem, _)| stem)
}

/// The session id in a path, or the text itself.
fn session_id(path: &str) -> &str {
    let stem = stem(path);
    id_in_name(stem).unwrap_or(stem)
}

/// The session id in a file name without extension: `<time>_<id>`.
pub(super) fn id_in_name(stem: &str) -> Option<&str> {
    stem.rsplit_once('_').map(|(_, id)| id).filter(|id| is_uuid(id))
}
