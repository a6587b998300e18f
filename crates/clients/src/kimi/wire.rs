use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{
    Event, EventKind, Lineage, MessageKey, ResponseCopy, SessionFacts, SessionKey, SourcePosition, Timestamp,
    TitleRank, ToolKey,
};
use memchr::memmem;

use super::events::{Envelope, Function, Line, Payload, TARGET, TokenUsage, is_command, message_text};
use super::id::ID;
use super::owner::{SessionOwner, child_id};
use crate::decode::{Record, SourceFile};
use crate::interner::Interner;
use crate::parse::short_text;
use crate::tool_arguments::ToolArguments;
use crate::{DecodeError, Decoder, Input, Source};

/// The tools that start a sub-agent; `Task` before 1.25.
const SUBAGENT_TOOLS: &[&str] = &["Agent", "Task"];

/// Maximum depth of wrapped messages: one level for each nested sub-agent.
const MAX_WRAPPING_DEPTH: usize = 8;

/// Reads `wire.jsonl`, of a session or of a sub-agent.
///
/// A sub-agent's messages are in its own file and again, wrapped, in its session's. Permission requests are not
/// wrapped: the session waits. From wrapped messages only responses are read, unless the sub-agent has no own file, as
/// in the first versions.
pub(super) struct WireLog {
    file: SourceFile,
    owner: SessionOwner,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Interner,
    /// The context window last emitted for each session, 0 if none was.
    emitted: HashMap<SessionKey, u64>,
    /// How often each call id was used.
    calls: HashMap<String, u32>,
}

/// The author of a message.
struct MessageAuthor {
    session: SessionKey,
    /// A sub-agent's own id.
    agent: Option<String>,
    lineage: Lineage,
    /// Whether it has its own file, whose messages are not emitted again.
    has_own_file: bool,
}

impl WireLog {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            owner: SessionOwner::of(source.relative),
            opened: None,
            modified: source.modified,
            names: Interner::default(),
            emitted: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if is_skipped(bytes) {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_slice(bytes)?;
        let Some(mut envelope) = line.message else {
            let is_head = line.kind.text() == Some("metadata");
            return if is_head { Ok(()) } else { Err(DecodeError::malformed("is neither a message nor the head")) };
        };
        let mut payload: Payload<'_> = serde_json::from_str(envelope.payload.get())?;
        let mut wrapping = None;
        let mut depth = 0;
        while &*envelope.kind == "SubagentEvent" {
            depth += 1;
            let event = payload.event.filter(|_| depth <= MAX_WRAPPING_DEPTH);
            let event = event.ok_or_else(|| DecodeError::malformed("wraps no message"))?;
            envelope = serde_json::from_str::<Envelope<'_>>(event.get())?;
            wrapping = Some(std::mem::replace(&mut payload, serde_json::from_str(envelope.payload.get())?));
        }
        self.opened = self.opened.or(line.timestamp.0);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        self.introduce_file(record);
        let author = self.author(wrapping.as_ref(), record);
        self.message(&envelope.kind, &payload, &author, record);
        Ok(())
    }

    fn introduce_file(&mut self, record: &mut Record<'_>) {
        if self.emitted.contains_key(&self.owner.session) {
            return;
        }
        self.emitted.insert(self.owner.session.clone(), 0);
        let facts = SessionFacts {
            parent: self.owner.parent.clone(),
            project: Some(Arc::clone(&self.owner.project)),
            ..SessionFacts::default()
        };
        record.emit(&self.owner.session, EventKind::Facts(Box::new(facts)));
    }

    /// The author of a message: the file's session, or the sub-agent of a wrapped message.
    fn author(&mut self, wrapping: Option<&Payload<'_>>, record: &mut Record<'_>) -> MessageAuthor {
        let Some(wrapping) = wrapping else {
            return MessageAuthor {
                session: self.owner.session.clone(),
                agent: self.owner.agent.clone(),
                lineage: if self.owner.agent.is_some() { Lineage::Sidechain } else { Lineage::Main },
                has_own_file: false,
            };
        };
        let own = wrapping.agent_id.text();
        let call = wrapping.parent_tool_call_id.text().or(wrapping.task_tool_call_id.text());
        let agent = own.or(call).unwrap_or("sub-agent").to_owned();
        let root = self.owner.parent.as_ref().unwrap_or(&self.owner.session).clone();
        let session = SessionKey::new(ID, child_id(&root.id, &agent));
        if !self.emitted.contains_key(&session) {
            self.emitted.insert(session.clone(), 0);
            let facts = SessionFacts {
                parent: Some(root),
                project: Some(Arc::clone(&self.owner.project)),
                origin: wrapping.subagent_type.text().map(short_text),
                ..SessionFacts::default()
            };
            record.emit(&session, EventKind::Facts(Box::new(facts)));
        }
        MessageAuthor { session, agent: Some(agent), lineage: Lineage::Embedded, has_own_file: own.is_some() }
    }

    fn message(&mut self, kind: &str, payload: &Payload<'_>, author: &MessageAuthor, record: &mut Record<'_>) {
        if kind == "StatusUpdate" {
            return self.status(payload, author, record);
        }
        if author.has_own_file {
            return;
        }
        let session = &author.session;
        match kind {
            "TurnBegin" | "SteerInput" => prompt(payload, author, record),
            "TurnEnd" | "StepInterrupted" => record.emit(session, EventKind::TurnEnded),
            "StepRetry" => {
                let reason = payload.error_type.text().unwrap_or("StepRetry");
                record.emit(session, EventKind::Error(short_text(reason)));
            }
            "CompactionEnd" => record.emit(session, EventKind::Compacted),
            "ToolCall" => self.tool_call(payload, session, record),
            "ToolResult" => self.tool_result(payload, session, record),
            "ApprovalRequest" => record.emit(session, EventKind::NeedsPermission),
            "QuestionRequest" => record.emit(session, EventKind::NeedsInput),
            // The waiting ends. The call in question may belong to another session, so the end of the request is
            // emitted instead.
            "ApprovalResponse" | "ApprovalRequestResolved" => {
                let request = payload.request_id.text().unwrap_or_default();
                let tool = ToolKey::new(ID, &format!("{}?{request}", session.id));
                record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
            }
            _ => {}
        }
    }

    fn status(&mut self, payload: &Payload<'_>, author: &MessageAuthor, record: &mut Record<'_>) {
        let context_used = Some(payload.context_tokens.0).filter(|&tokens| tokens > 0);
        let window = payload.max_context_tokens.0;
        let emitted = self.emitted.entry(author.session.clone()).or_default();
        let context_limit = (window != 0 && window != *emitted).then_some(window);
        *emitted = context_limit.unwrap_or(*emitted);
        let context_apart = context_used.filter(|_| payload.token_usage.is_none());
        if context_limit.is_some() || context_apart.is_some() {
            let facts = SessionFacts { context_limit, context_used: context_apart, ..SessionFacts::default() };
            record.emit(&author.session, EventKind::Facts(Box::new(facts)));
        }
        if let Some(usage) = payload.token_usage {
            let response = ResponseCopy {
                id: payload.message_id.text().map(Into::into),
                lineage: author.lineage,
                context_used,
                ..ResponseCopy::new(
                    step_key(payload, usage, author, record.at),
                    usage.usage(),
                    self.opened.unwrap_or(self.modified),
                )
            };
            record.emit(&author.session, EventKind::Response(Box::new(response)));
        }
    }

    fn tool_call(&mut self, payload: &Payload<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let (Some(id), Some(function)) = (payload.id.text(), &payload.function) else { return };
        let Some(name) = function.name.text() else { return };
        let count = self.calls.entry(call_name(session, id)).or_default();
        *count += 1;
        let tool = call_key(session, id, *count);
        start(tool, name, function, &mut self.names, session, record);
    }

    fn tool_result(&mut self, payload: &Payload<'_>, session: &SessionKey, record: &mut Record<'_>) {
        let Some(id) = payload.tool_call_id.text() else { return };
        let count = self.calls.get(&call_name(session, id)).copied().unwrap_or(1);
        let outcome = if payload.return_value.is_some_and(|value| value.is_error) { Err(()) } else { Ok(()) };
        record.emit(session, EventKind::ToolEnded { tool: call_key(session, id, count), outcome });
    }
}

impl Decoder for WireLog {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (bytes, offset) = input.line()?;
        self.line(bytes, offset, out)
    }
}

/// Emits the start of a call and of the sub-agent that it may start.
pub(super) fn start(
    tool: ToolKey,
    name: &str,
    function: &Function<'_>,
    names: &mut Interner,
    session: &SessionKey,
    record: &mut Record<'_>,
) {
    let arguments = ToolArguments::of_text(function.arguments.text());
    let target = arguments.target(TARGET);
    record.emit(session, EventKind::ToolStarted { tool, name: names.get(name), target: target.clone() });
    if SUBAGENT_TOOLS.contains(&name) {
        let kind = arguments.subagent_type.text().or(arguments.subagent_name.text()).unwrap_or("coder");
        record.emit(session, EventKind::SubagentStarted { tool, name: short_text(kind), task: target });
    }
}

/// A model numbers its calls and restarts after a compaction, so an id may occur again within a session.
pub(super) fn call_key(session: &SessionKey, id: &str, count: u32) -> ToolKey {
    ToolKey::new(ID, &format!("{}#{count}", call_name(session, id)))
}

fn call_name(session: &SessionKey, id: &str) -> String {
    format!("{}/{id}", session.id)
}

/// Handles a prompt. A sub-agent's prompts come from its session, not from the user.
fn prompt(payload: &Payload<'_>, author: &MessageAuthor, record: &mut Record<'_>) {
    if author.agent.is_some() {
        return;
    }
    let words = payload.user_input.and_then(message_text);
    record.prompt(&author.session, words.as_deref());
    if let Some(text) = words {
        let rank = if is_command(&text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
        record.title(&author.session, rank, &text);
    }
}

/// The key of a step's response.
///
/// Server ids are missing with some providers and not unique with others. A fork copies lines verbatim, times included,
/// so time, id and counts identify a session's response. The two copies of a sub-agent's response have different times,
/// but both name the sub-agent.
fn step_key(payload: &Payload<'_>, step: TokenUsage, author: &MessageAuthor, at: Option<Timestamp>) -> MessageKey {
    let usage = step.usage();
    let counts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.output, payload.context_tokens.0];
    let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
    let id = payload.message_id.text().unwrap_or_default().as_bytes();
    if let Some(agent) = &author.agent {
        return MessageKey::by_content(ID, &[b"agent", agent.as_bytes(), id, &counts]);
    }
    let at = at.map_or(0, Timestamp::as_millis).to_le_bytes();
    MessageKey::by_content(ID, &[b"step", &at, id, &counts])
}

/// Messages that agtop skips; most of them are text of the model.
const SKIPPED_TYPES: &[&[u8]] = &[
    b"ContentPart",
    b"ToolCallPart",
    b"StepBegin",
    b"HookTriggered",
    b"HookResolved",
    b"HookRequest",
    b"MCPLoadingBegin",
    b"MCPLoadingEnd",
    b"Notification",
    b"PlanDisplay",
    b"BtwBegin",
    b"BtwEnd",
    b"ToolCallRequest",
];

/// Whether agtop skips a line, by its beginning, which has the type; for a wrapped message the type follows a few ids.
/// Lines that are not spelled as Python does are parsed.
fn is_skipped(line: &[u8]) -> bool {
    const START: &[u8] = b"{\"timestamp\": ";
    const MESSAGE: &[u8] = b", \"message\": {\"type\": \"";
    const EVENT: &[u8] = b", \"event\": {\"type\": \"";
    if !line.starts_with(START) {
        return false;
    }
    let head = line.get(..400).unwrap_or(line);
    let kind_after = |needle: &[u8]| memmem::find(head, needle).and_then(|at| head.get(at + needle.len()..));
    let is_skipped = |rest: &[u8]| {
        SKIPPED_TYPES.iter().any(|kind| rest.strip_prefix(*kind).is_some_and(|rest| rest.starts_with(b"\"")))
    };
    match kind_after(MESSAGE) {
        Some(rest) if rest.starts_with(b"SubagentEvent\"") => kind_after(EVENT).is_some_and(is_skipped),
        Some(rest) => is_skipped(rest),
        None => false,
    }
}
