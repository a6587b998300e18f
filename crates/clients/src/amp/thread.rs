//! A thread's document.
//!
//! A request is recorded twice: by the message that it produced, and by a ledger. Only the ledger has requests without
//! a message, such as titles, and the usage of messages that were edited away. The ledger does not count cached tokens:
//! they come from the message. The ledger's entries are parts of a message's own usage. This usage is the coarse
//! record, so it counts only if no entry refers to it.

use std::collections::{HashMap, HashSet};

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, ToolKey, Usage,
};

use super::id::ID;
use super::wire::{Block, LedgerEntry, Message, MessageState, MessageUsage, Thread, ToolProgress};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::short_text;
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads one thread.
pub(super) struct ThreadDocument {
    file: SourceFile,
    /// From the file name, for a thread without an id.
    session: SessionKey,
    opened: Timestamp,
    names: Interner,
}

impl ThreadDocument {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, file_stem(source.path)),
            opened: source.modified,
            names: Interner::default(),
        }
    }

    fn thread(&mut self, thread: &Thread<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if let Some(id) = thread.id.text() {
            self.session = SessionKey::new(ID, id);
        }
        self.opened = thread.created.0.unwrap_or(self.opened);
        // Messages and entries refer to each other, so both lists are kept; the length of each is bounded.
        let (mut messages, mut entries) = (Vec::new(), Vec::new());
        let messages_verdict = thread.messages.each("messages", |_, message: Message<'_>| messages.push(message));
        let ledger = thread.usage_ledger.as_ref().map(|ledger| ledger.events).unwrap_or_default();
        let entries_verdict = ledger.each("ledger entries", |_, entry: LedgerEntry<'_>| {
            if entry.tokens.is_some_and(|tokens| !tokens.usage().is_zero()) {
                entries.push(entry);
            }
        });
        let origins = origins(&messages, &entries);
        let mut record = Record::new(self.file, SourcePosition::Entry(0), thread.created.0, out);
        self.introduce(thread, &mut record);
        // Ledger entries are emitted first, so that running tools and waits come from the messages.
        let mut dated: HashMap<usize, Option<Timestamp>> = HashMap::new();
        for (entry, origin) in entries.iter().zip(origins) {
            let is_first = origin.is_some_and(|origin| dated.insert(origin, entry.timestamp.0).is_none());
            self.entry(entry, origin.and_then(|origin| messages.get(origin)), is_first, &mut record);
        }
        for ((at, message), place) in messages.iter().enumerate().zip(0..) {
            let own = message.usage.as_ref().and_then(|usage| usage.timestamp.0).or(message.sent().0);
            record.at = own.or(dated.get(&at).copied().flatten());
            record.source.place = SourcePosition::Entry(place);
            let is_matchable = message.id().is_some();
            if entries.is_empty() || is_matchable {
                self.answer(message, &mut record);
            }
            self.message(message, &mut record);
        }
        messages_verdict.and(entries_verdict)
    }

    /// Emits a request of the ledger. The first request of a message gets the message's cached tokens.
    fn entry(
        &mut self,
        entry: &LedgerEntry<'_>,
        origin: Option<&Message<'_>>,
        is_first: bool,
        record: &mut Record<'_>,
    ) {
        let Some(tokens) = entry.tokens else { return };
        let answer = origin.and_then(|message| message.usage.as_ref());
        let key = entry_key(&self.session, entry, &tokens.usage());
        let mut usage = tokens.usage();
        usage += answer.filter(|_| is_first).map(MessageUsage::cached).unwrap_or_default();
        record.at = entry.timestamp.0;
        let model = entry.model.text().or(answer.and_then(|answer| answer.model.text()));
        let response = ResponseCopy {
            id: entry.id.text().map(Into::into),
            part_of: origin.and_then(Message::id).map(|id| self.key(id)).into(),
            model: model.map(|model| self.names.get(model)),
            stop: origin.and_then(|message| message.state.as_ref()).and_then(MessageState::stop),
            // A request without a message does not fill the conversation's context.
            lineage: if origin.is_some() { Lineage::Main } else { Lineage::Sidechain },
            ..ResponseCopy::new(key, usage, self.opened)
        };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }

    /// Emits the usage that a message itself records.
    fn answer(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let Some(answer) = message.usage.as_ref().filter(|answer| !answer.usage().is_zero()) else { return };
        let usage = answer.usage();
        let key = message.id().map_or_else(|| answer_key(&self.session, answer, &usage), |id| self.key(id));
        let response = ResponseCopy {
            id: message.id().map(Into::into),
            model: answer.model.text().map(|model| self.names.get(model)),
            stop: message.state.as_ref().and_then(MessageState::stop),
            ..ResponseCopy::new(key, usage, self.opened)
        };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }

    /// Message ids are unique only within their thread.
    fn key(&self, id: &str) -> MessageKey {
        MessageKey::in_session(&self.session, id)
    }

    /// Emits what a message records besides its usage.
    fn message(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let blocks = message.blocks();
        match message.role.text() {
            Some("user") => self.user_message(&blocks, record),
            Some("assistant") => {
                record.agent_text(&self.session, || blocks.iter().rev().find_map(|block| block.text.text()));
                for block in &blocks {
                    self.tool_call(block, record);
                }
                if message.state.as_ref().is_some_and(MessageState::is_over) {
                    record.emit(&self.session, EventKind::TurnEnded);
                }
            }
            _ => {}
        }
    }

    /// Handles a message with the role `user`: a prompt, or tool results.
    fn user_message(&self, blocks: &[Block<'_>], record: &mut Record<'_>) {
        let mut has_answers = false;
        for block in blocks.iter().filter(|block| block.kind.text() == Some("tool_result")) {
            has_answers = true;
            let Some(tool) = block.call.text().map(|id| ToolKey::new(ID, id)) else { continue };
            match block.progress() {
                ToolProgress::Running => {}
                ToolProgress::Blocked => record.emit(&self.session, EventKind::NeedsPermission),
                ToolProgress::Ended(outcome) => record.emit(&self.session, EventKind::ToolEnded { tool, outcome }),
            }
        }
        if has_answers {
            return;
        }
        let words = blocks.iter().find_map(|block| block.text.text());
        record.prompt(&self.session, words);
        record.title(&self.session, TitleRank::FirstPrompt, words.unwrap_or_default());
    }

    fn tool_call(&mut self, block: &Block<'_>, record: &mut Record<'_>) {
        if block.kind.text() != Some("tool_use") {
            return;
        }
        let (Some(id), Some(name)) = (block.id.text(), block.name.text()) else { return };
        let target = block.target();
        let tool = ToolKey::new(ID, id);
        record.emit(&self.session, EventKind::ToolStarted { tool, name: self.names.get(name), target });
    }

    fn introduce(&self, thread: &Thread<'_>, record: &mut Record<'_>) {
        let tree = thread.tree();
        let facts = SessionFacts {
            started: thread.created.0,
            cwd: tree.directory(),
            branch: tree.branch().map(short_text),
            ..SessionFacts::default()
        };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        if let Some(title) = thread.title.text() {
            record.title(&self.session, TitleRank::Generated, title);
        }
    }
}

impl Decoder for ThreadDocument {
    /// The valid parts of a document are emitted even if other parts are damaged.
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let thread: Thread<'_> = serde_json::from_slice(bytes)?;
        self.thread(&thread, out)
    }
}

/// For each ledger entry the index of the message that it produced: the message that the entry names, else an unnamed
/// one with the same model and token counts.
fn origins<'t>(messages: &'t [Message<'t>], entries: &'t [LedgerEntry<'t>]) -> Vec<Option<usize>> {
    let by_id: HashMap<&str, usize> =
        messages.iter().enumerate().filter_map(|(at, message)| Some((message.id()?, at))).collect();
    let named = |entry: &LedgerEntry<'_>| by_id.get(entry.message()?).copied();
    let all_named: HashSet<usize> = entries.iter().filter_map(named).collect();
    let mut alike: HashMap<(&str, u64, u64), Vec<usize>> = HashMap::new();
    for (at, message) in messages.iter().enumerate().rev().filter(|(at, _)| !all_named.contains(at)) {
        if let (Some(_), Some(answer)) = (message.id(), &message.usage) {
            let model = answer.model.text().unwrap_or_default();
            alike.entry((model, answer.input_tokens.0, answer.output_tokens.0)).or_default().push(at);
        }
    }
    let find = |entry: &'t LedgerEntry<'t>| {
        if entry.message().is_some() {
            return named(entry);
        }
        let tokens = entry.tokens?;
        alike.get_mut(&(entry.model.text().unwrap_or_default(), tokens.input.0, tokens.output.0))?.pop()
    };
    entries.iter().map(find).collect()
}

/// Entries have ids, and a copied thread keeps them: together with the time they are unique.
fn entry_key(session: &SessionKey, entry: &LedgerEntry<'_>, usage: &Usage) -> MessageKey {
    match entry.id.text() {
        Some(id) => MessageKey::by_content(ID, &[b"ledger", id.as_bytes(), &millis(entry.timestamp.0)]),
        None => nameless(session, entry.timestamp.0, entry.model.text(), usage),
    }
}

fn answer_key(session: &SessionKey, answer: &MessageUsage<'_>, usage: &Usage) -> MessageKey {
    nameless(session, answer.timestamp.0, answer.model.text(), usage)
}

/// A record without an id is identified by its content.
fn nameless(session: &SessionKey, at: Option<Timestamp>, model: Option<&str>, usage: &Usage) -> MessageKey {
    let counts = [usage.input, usage.output, usage.cache_read, usage.cache_write_5m].map(u64::to_le_bytes);
    let mut parts: Vec<&[u8]> = vec![session.id.as_bytes(), model.unwrap_or_default().as_bytes()];
    let at = millis(at);
    parts.push(&at);
    parts.extend(counts.iter().map(<[u8; 8]>::as_slice));
    MessageKey::by_content(ID, &parts)
}

fn millis(at: Option<Timestamp>) -> [u8; 8] {
    at.map_or(0, Timestamp::as_millis).to_le_bytes()
}
