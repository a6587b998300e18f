use std::collections::HashSet;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, StopReason,
    Timestamp, Title, TitleRank, ToolKey, Usage,
};
use memchr::memmem;

use super::conversation::Conversation;
use super::id::ID;
use super::projects::project_of;
use super::wire::{Header, LineKind, Message, Rewind, TARGET, Tokens, ToolCall, Update, kind_of, message_text};
use crate::decode::{Record, SourceFile};
use crate::facts::response_key;
use crate::list::LazyList;
use crate::parse::{MAX_TEXT_CHARS, Str, short_text, shortened};
use crate::store::file_stem;
use crate::tool_arguments::ToolArguments;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads a chat: a `.jsonl` by line, or a `.json` as a whole.
///
/// A message is written again when it gains tokens and tool calls, by checkpoints, and by the file of a resumed chat:
/// it is emitted again, because responses and tool calls have ids. Events without an id (prompts, errors) are emitted
/// once per file. Usage is never taken back: `$rewindTo` undoes a conversation, not its cost.
pub(super) struct Chat {
    file: SourceFile,
    /// The name or hash of the project directory.
    project: Option<Arc<str>>,
    session: SessionKey,
    parent: Option<SessionKey>,
    lineage: Lineage,
    /// When the chat started; until a record says so, when its file was last written.
    opened: Timestamp,
    is_announced: bool,
    conversation: Conversation,
    emitted: HashSet<MessageKey>,
    is_titled: bool,
    names: HashSet<Arc<str>>,
    is_gemma: bool,
}

/// Beginnings of messages with the role `user` that Gemini CLI itself writes.
const GENERATED_TEXT_PREFIXES: &[&str] = &[
    "<session_context>",
    "<state_snapshot>",
    "<summary>",
    "<hook_context>",
    "This is the Gemini CLI. We are setting up the context",
    "System: ",
];

/// The info message after the user interrupts.
const CANCELLED_MESSAGE: &str = "Request cancelled.";

/// Context windows in tokens, of Gemini and of Gemma 4.
const GEMINI_WINDOW_TOKENS: u64 = 1_048_576;
const GEMMA_WINDOW_TOKENS: u64 = 256_000;

impl Chat {
    pub(super) fn new(source: &Source<'_>) -> Self {
        // The first releases kept all chats in one directory.
        let is_below_project = source.relative.components().count() > 1;
        let mut below_project = source.relative.iter().skip(2);
        let parent = match (below_project.next(), below_project.next()) {
            (Some(parent), Some(_)) => Some(SessionKey::new(ID, parent.to_string_lossy())),
            _ => None,
        };
        Self {
            file: source.file(),
            project: is_below_project.then(|| project_of(source)),
            session: SessionKey::new(ID, file_stem(source.path)),
            lineage: if parent.is_some() { Lineage::Sidechain } else { Lineage::Main },
            parent,
            opened: source.modified,
            is_announced: false,
            conversation: Conversation::default(),
            emitted: HashSet::new(),
            is_titled: false,
            names: HashSet::new(),
            is_gemma: false,
        }
    }

    fn line(&mut self, line: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if is_skipped(line) {
            return Ok(());
        }
        let mut record = Record::new(self.file, SourcePosition::Byte(offset), None, out);
        match kind_of(line)? {
            LineKind::Message => {
                let message = serde_json::from_slice(line)?;
                self.announce(&mut record, &message);
                self.message(&message, &mut record);
                Ok(())
            }
            LineKind::Update => {
                let update: Update<'_> = serde_json::from_slice(line)?;
                self.update(update.set, &mut record)
            }
            LineKind::Rewind => {
                let rewind: Rewind<'_> = serde_json::from_slice(line)?;
                self.conversation.rewind_to(message_key(&rewind.to));
                Ok(())
            }
            LineKind::Header => {
                let header: Header<'_> = serde_json::from_slice(line)?;
                if header.session_id.is_none() && header.messages.is_none() {
                    return Err(DecodeError::malformed("is neither a message nor about the chat"));
                }
                // A later start of the program writes a header to the same file and checkpoints again from the
                // beginning.
                self.conversation = Conversation::default();
                self.header(header, &mut record)
            }
        }
    }

    fn document(&mut self, text: &[u8], out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let mut record = Record::new(self.file, SourcePosition::Byte(0), None, out);
        let is_list = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let header = if is_list {
            Header { messages: Some(serde_json::from_slice(text)?), ..Header::default() }
        } else {
            serde_json::from_slice(text)?
        };
        self.header(header, &mut record)
    }

    fn header(&mut self, header: Header<'_>, record: &mut Record<'_>) -> Result<(), DecodeError> {
        record.at = header.start_time.0;
        if let (None, Some(hash)) = (&self.project, header.project_hash.as_ref().and_then(Str::filled)) {
            self.project = Some(hash.into());
        }
        if let Some(started) = header.start_time.0 {
            self.opened = if self.is_announced { self.opened.min(started) } else { started };
        }
        self.rename(header.session_id.as_ref());
        self.emit_facts(header.start_time.0, record);
        self.update(header, record)
    }

    /// Handles the content of `$set`. Each message of a checkpoint is a separate record: the valid ones are emitted,
    /// and the error reports the others. Feeding it again is safe, because nothing in it counts twice.
    fn update(&mut self, update: Header<'_>, record: &mut Record<'_>) -> Result<(), DecodeError> {
        self.rename(update.session_id.as_ref());
        if update.kind.is_some_and(|kind| kind.0 == "subagent") {
            self.lineage = Lineage::Sidechain;
        }
        record.at = update.last_updated.0.or(record.at);
        if let Some(text) =
            update.summary.as_ref().map(|summary| shortened(&summary.0, MAX_TEXT_CHARS)).filter(|s| !s.is_empty())
        {
            let title = Title { rank: TitleRank::Generated, text: text.into() };
            record.emit(&self.session, EventKind::Title(title));
        }
        update.messages.map_or(Ok(()), |messages| self.checkpoint(messages, record))
    }

    fn checkpoint(&mut self, messages: LazyList<'_>, record: &mut Record<'_>) -> Result<(), DecodeError> {
        let written = record.at;
        let first = record.out.len();
        let before = std::mem::take(&mut self.conversation);
        let verdict = messages.each("messages", |_, message: Message<'_>| {
            self.announce(record, &message);
            self.message(&message, record);
        });
        record.at = written;
        if verdict.is_ok() && self.conversation.lacks_responses_of(&before) {
            let last = record.out.len();
            record.emit(&self.session, EventKind::Compacted);
            // The messages describe the state after the compaction.
            if record.out.len() > last {
                record.out[first..].rotate_right(1);
            }
        }
        verdict
    }

    fn rename(&mut self, id: Option<&Str<'_>>) {
        if let Some(id) = id.map(|id| &*id.0).filter(|id| !id.is_empty() && **id != *self.session.id) {
            self.session = SessionKey::new(ID, id);
        }
    }

    /// Introduces a chat without a header by its first message.
    fn announce(&mut self, record: &mut Record<'_>, message: &Message<'_>) {
        if !self.is_announced {
            record.at = message.timestamp.0;
            self.opened = message.timestamp.0.unwrap_or(self.opened);
            self.emit_facts(None, record);
        }
    }

    fn emit_facts(&mut self, started: Option<Timestamp>, record: &mut Record<'_>) {
        self.is_announced = true;
        let facts = SessionFacts {
            parent: self.parent.clone(),
            started,
            project: self.project.clone(),
            ..SessionFacts::default()
        };
        record.emit(&self.session, EventKind::Facts(Box::new(facts)));
    }

    fn message(&mut self, message: &Message<'_>, record: &mut Record<'_>) {
        record.at = message.timestamp.0;
        let key = message_key(&message.id);
        self.conversation.note(key, message.is_response());
        match &*message.kind.0 {
            "gemini" => {
                record.agent_text(&self.session, || message_text(message.content));
                if let Some(tokens) = message.tokens {
                    self.response(message, tokens, record);
                }
                for call in message.tool_calls.iter().flatten() {
                    self.tool(call, record);
                }
                if message.is_refused() {
                    record.emit(&self.session, EventKind::TurnEnded);
                }
            }
            "user" if !self.emitted.contains(&key) => {
                if let Some(text) = message_text(message.content) {
                    self.emitted.insert(key);
                    self.prompt(&text, record);
                }
            }
            "error" if self.emitted.insert(key) => {
                let text = message_text(message.content).unwrap_or_default();
                record.emit(&self.session, EventKind::Error(short_text(&text)));
            }
            "info"
                if message_text(message.content).is_some_and(|text| text == CANCELLED_MESSAGE)
                    && self.emitted.insert(key) =>
            {
                record.emit(&self.session, EventKind::TurnEnded);
            }
            _ => {}
        }
    }

    /// Handles a prompt. In a sub-agent's chat the parent wrote it, not the user.
    fn prompt(&mut self, text: &str, record: &mut Record<'_>) {
        let text = text.trim();
        if GENERATED_TEXT_PREFIXES.iter().any(|start| text.starts_with(start)) {
            return;
        }
        if self.lineage == Lineage::Main {
            record.prompt(&self.session, Some(text));
        }
        if !self.is_titled && !text.is_empty() {
            let rank = if is_command(text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
            self.is_titled = rank == TitleRank::FirstPrompt;
            record.title(&self.session, rank, text);
        }
    }

    fn response(&mut self, message: &Message<'_>, tokens: Tokens, record: &mut Record<'_>) {
        let model = message.model.as_ref().map(|model| &*model.0).filter(|model| !model.is_empty());
        if let Some(model) = model {
            self.note_window(model, record);
        }
        let id = &*message.id.0;
        let has_tools = message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        let response = ResponseCopy {
            id: Some(id.into()),
            model: model.map(|model| self.intern(model)),
            // Without tool calls it is unknown whether the turn is over: a running tool is not on disk.
            stop: has_tools.then_some(StopReason::ToolUse),
            lineage: self.lineage,
            context_used: Some(tokens.input.0),
            ..ResponseCopy::new(response_key(&self.session, id), tokens.usage(), self.opened)
        };
        record.emit(&self.session, EventKind::Response(Box::new(response)));
    }

    /// Emits the context window of Gemma, which runs in the same program and whose window price tables do not have.
    fn note_window(&mut self, model: &str, record: &mut Record<'_>) {
        let is_gemma = model.starts_with("gemma-4");
        if is_gemma != self.is_gemma {
            self.is_gemma = is_gemma;
            let limit = if is_gemma { GEMMA_WINDOW_TOKENS } else { GEMINI_WINDOW_TOKENS };
            let facts = SessionFacts { context_limit: Some(limit), ..SessionFacts::default() };
            record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        }
    }

    fn tool(&mut self, call: &ToolCall<'_>, record: &mut Record<'_>) {
        let tool = ToolKey::new(ID, &call.id.0);
        let arguments = ToolArguments::of(call.args);
        let target = arguments.target(TARGET);
        let name = self.intern(&call.name.0);
        record.emit(&self.session, EventKind::ToolStarted { tool, name, target: target.clone() });
        let is_subagent = call.agent_id.is_some();
        if is_subagent {
            let name = short_text(arguments.agent_name.text().unwrap_or("subagent"));
            record.emit(&self.session, EventKind::SubagentStarted { tool, name, task: target });
        }
        let outcome = match call.status.as_ref().map(|status| &*status.0) {
            Some("success") => Ok(()),
            Some("error" | "cancelled") => Err(()),
            Some("awaiting_approval") => return record.emit(&self.session, EventKind::NeedsPermission),
            _ => return,
        };
        record.at = call.timestamp.0.or(record.at);
        if is_subagent {
            record.emit(&self.session, EventKind::SubagentEnded { tool });
        }
        record.emit(&self.session, EventKind::ToolEnded { tool, outcome });
    }

    fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}

impl Decoder for Chat {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            Input::Document(text) => self.document(text, out),
            Input::Row { .. } => Ok(()),
        }
    }
}

impl Message<'_> {
    fn is_response(&self) -> bool {
        self.kind.0 == "gemini" && self.tokens.is_some()
    }

    /// Whether the user refused or cancelled all tool calls: then the model is not asked again, and the turn is over.
    /// (`allToolsCancelled` in `useGeminiStream.ts`; only newer releases record that the request was cancelled.)
    fn is_refused(&self) -> bool {
        let mut statuses = self.tool_calls.iter().flatten().map(|call| call.status.as_ref()).peekable();
        statuses.peek().is_some() && statuses.all(|status| status.is_some_and(|status| &*status.0 == "cancelled"))
    }
}

impl Tokens {
    fn usage(self) -> Usage {
        Usage {
            input: self.input.0.saturating_sub(self.cached.0).saturating_add(self.tool.0),
            cache_read: self.cached.0,
            output: self.output.0.saturating_add(self.thoughts.0),
            reasoning: self.thoughts.0,
            ..Usage::default()
        }
    }
}

/// The key of a message within its file, independent of the session id.
fn message_key(id: &Str<'_>) -> MessageKey {
    MessageKey::global(ID, &id.0)
}

/// `/compress` or `/chat save x`, but not `/home/u/notes.md says …`.
fn is_command(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.strip_prefix('/').is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// Whether a line is of a frequent kind that agtop skips, by its beginning alone: the time of the last change, which
/// the message before it has too, and tool results, which the message of the call repeats.
fn is_skipped(line: &[u8]) -> bool {
    const LAST_UPDATED: &[u8] = b"{\"$set\":{\"lastUpdated\":\"";
    const TOOL_RESULT: &[u8] = b"\"type\":\"user\",\"content\":[{\"functionResponse\":";
    let is_touch = || line.starts_with(LAST_UPDATED) && line.len() < LAST_UPDATED.len() + 40 && !line.contains(&b',');
    let is_answer =
        || line.starts_with(b"{\"id\":") && memmem::find(line.get(..256).unwrap_or(line), TOOL_RESULT).is_some();
    is_touch() || is_answer()
}
