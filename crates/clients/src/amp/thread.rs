//! A thread's document.
//!
//! Requests are told twice: by the message that they brought forth, and by a ledger, which alone knows of requests
//! without a message, such as titles, and alone keeps what messages used that were edited away. The ledger counts no
//! cached tokens: those it takes from its message. A message's own usage is the coarse record of which the ledger's
//! entries are parts, so it counts only where no entry tells of it.

use std::collections::{HashMap, HashSet};

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, SessionFacts, SessionKey, SourcePosition, Timestamp, Title, TitleRank,
    ToolKey, Turn, Usage,
};

use super::ID;
use super::wire::{Block, Entry, Message, MessageUsage, Progress, State, Thread};
use crate::decode::{Record, SourceFile, response};
use crate::names::Names;
use crate::parse::shortened;
use crate::store::file_stem;
use crate::{DecodeError, Decoder, Input, Source};

/// Titles and targets are cut to so many characters.
const MOST_CHARS: usize = 120;

/// Reads one thread.
pub(super) struct Document {
    file: SourceFile,
    /// From the file's name, for a thread that does not say.
    session: SessionKey,
    opened: Timestamp,
    names: Names,
}

impl Document {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            session: SessionKey::new(ID, file_stem(source.path)),
            opened: source.modified,
            names: Names::default(),
        }
    }

    fn thread(&mut self, thread: &Thread<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if let Some(id) = thread.id.text() {
            self.session = SessionKey::new(ID, id);
        }
        self.opened = thread.created.0.unwrap_or(self.opened);
        // Messages and entries look for each other, so both are held: of either there are no more than a list has.
        let (mut messages, mut entries) = (Vec::new(), Vec::new());
        let messages_verdict = thread.messages.each("messages", |_, message: Message<'_>| messages.push(message));
        let ledger = thread.usage_ledger.as_ref().map(|ledger| ledger.events).unwrap_or_default();
        let entries_verdict = ledger.each("ledger entries", |_, entry: Entry<'_>| {
            if entry.tokens.is_some_and(|tokens| !tokens.usage().is_zero()) {
                entries.push(entry);
            }
        });
        let origins = origins(&messages, &entries);
        let mut record = Record::new(self.file, SourcePosition::Entry(0), thread.created.0, out);
        self.introduce(thread, &mut record);
        // The ledger comes first: what is in flight, and what is waited for, is for the messages to say.
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

    /// A request of the ledger. The first of a message takes its cached tokens.
    fn entry(&mut self, entry: &Entry<'_>, origin: Option<&Message<'_>>, is_first: bool, record: &mut Record<'_>) {
        let Some(tokens) = entry.tokens else { return };
        let answer = origin.and_then(|message| message.usage.as_ref());
        let key = entry_key(&self.session, entry, &tokens.usage());
        let mut usage = tokens.usage();
        usage += answer.filter(|_| is_first).map(MessageUsage::cached).unwrap_or_default();
        record.at = entry.timestamp.0;
        let model = entry.model.text().or(answer.and_then(|answer| answer.model.text()));
        let turn = Turn {
            id: entry.id.text().map(Into::into),
            part_of: origin.and_then(Message::id).map(|id| self.key(id)).into(),
            model: model.map(|model| self.names.get(model)),
            stop: origin.and_then(|message| message.state.as_ref()).and_then(State::stop),
            // What belongs to no message does not fill the conversation's context.
            lineage: if origin.is_some() { Lineage::Main } else { Lineage::Sidechain },
            ..response(key, usage, self.opened)
        };
        record.emit(&self.session, EventKind::Turn(Box::new(turn)));
    }

    /// What a message itself says that it used.
    fn answer(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let Some(answer) = message.usage.as_ref().filter(|answer| !answer.usage().is_zero()) else { return };
        let usage = answer.usage();
        let key = message.id().map_or_else(|| answer_key(&self.session, answer, &usage), |id| self.key(id));
        let turn = Turn {
            id: message.id().map(Into::into),
            model: answer.model.text().map(|model| self.names.get(model)),
            stop: message.state.as_ref().and_then(State::stop),
            ..response(key, usage, self.opened)
        };
        record.emit(&self.session, EventKind::Turn(Box::new(turn)));
    }

    /// Messages are numbered within their thread.
    fn key(&self, id: &str) -> MessageKey {
        MessageKey::in_session(&self.session, id)
    }

    /// What a message tells besides its usage.
    fn message(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        let blocks = message.blocks();
        match message.role.text() {
            Some("user") => self.said(&blocks, record),
            Some("assistant") => {
                record.said(&self.session, || blocks.iter().rev().find_map(|block| block.text.text()));
                for block in &blocks {
                    self.tool_call(block, record);
                }
                if message.state.as_ref().is_some_and(State::is_over) {
                    record.emit(&self.session, EventKind::TurnEnded);
                }
            }
            _ => {}
        }
    }

    /// What stands in the person's place: words, or answers of tools.
    fn said(&self, blocks: &[Block<'_>], record: &mut Record<'_>) {
        let mut has_answers = false;
        for block in blocks.iter().filter(|block| block.kind.text() == Some("tool_result")) {
            has_answers = true;
            let Some(tool) = block.call.text().map(|id| ToolKey::new(ID, id)) else { continue };
            match block.progress() {
                Progress::Running => {}
                Progress::Blocked => record.emit(&self.session, EventKind::Waiting),
                Progress::Ended(outcome) => record.emit(&self.session, EventKind::ToolEnded { tool, outcome }),
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
        let target = block.arguments().target().map(|target| shortened(target, MOST_CHARS).into());
        let tool = ToolKey::new(ID, id);
        record.emit(&self.session, EventKind::ToolStarted { tool, name: self.names.get(name), target });
    }

    fn introduce(&self, thread: &Thread<'_>, record: &mut Record<'_>) {
        let tree = thread.tree();
        let facts = SessionFacts {
            started: thread.created.0,
            cwd: tree.directory(),
            branch: tree.branch().map(|branch| shortened(branch, MOST_CHARS).into()),
            ..SessionFacts::default()
        };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        if let Some(title) = thread.title.text() {
            let title = Title { rank: TitleRank::Generated, text: shortened(title, MOST_CHARS).into() };
            record.emit(&self.session, EventKind::Title(title));
        }
    }
}

impl Decoder for Document {
    /// What is sound in a document is told even if some of it is not.
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else {
            return Err(DecodeError::malformed("is not read as a whole"));
        };
        let thread: Thread<'_> = serde_json::from_slice(bytes)?;
        self.thread(&thread, out)
    }
}

/// For each entry of the ledger the place of the message that it brought forth: the one it names, or else one that no
/// entry names and that says the same of model and tokens.
fn origins<'t>(messages: &'t [Message<'t>], entries: &'t [Entry<'t>]) -> Vec<Option<usize>> {
    let by_id: HashMap<&str, usize> =
        messages.iter().enumerate().filter_map(|(at, message)| Some((message.id()?, at))).collect();
    let named = |entry: &Entry<'_>| by_id.get(entry.message()?).copied();
    let all_named: HashSet<usize> = entries.iter().filter_map(named).collect();
    let mut alike: HashMap<(&str, u64, u64), Vec<usize>> = HashMap::new();
    for (at, message) in messages.iter().enumerate().rev().filter(|(at, _)| !all_named.contains(at)) {
        if let (Some(_), Some(answer)) = (message.id(), &message.usage) {
            let model = answer.model.text().unwrap_or_default();
            alike.entry((model, answer.input_tokens.0, answer.output_tokens.0)).or_default().push(at);
        }
    }
    let find = |entry: &'t Entry<'t>| {
        if entry.message().is_some() {
            return named(entry);
        }
        let tokens = entry.tokens?;
        alike.get_mut(&(entry.model.text().unwrap_or_default(), tokens.input.0, tokens.output.0))?.pop()
    };
    entries.iter().map(find).collect()
}

/// Entries have ids, and a thread that is copied keeps them: with their time they are unique.
fn entry_key(session: &SessionKey, entry: &Entry<'_>, usage: &Usage) -> MessageKey {
    match entry.id.text() {
        Some(id) => MessageKey::by_content(ID, &[b"ledger", id.as_bytes(), &millis(entry.timestamp.0)]),
        None => nameless(session, entry.timestamp.0, entry.model.text(), usage),
    }
}

fn answer_key(session: &SessionKey, answer: &MessageUsage<'_>, usage: &Usage) -> MessageKey {
    nameless(session, answer.timestamp.0, answer.model.text(), usage)
}

/// What has no id is told apart by what it says.
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
