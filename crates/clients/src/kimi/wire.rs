use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{
    CoarserRecords, Event, EventKind, InferenceGeo, Lineage, MessageKey, Purpose, ServiceTier, SessionFacts,
    SessionKey, SourcePosition, Timestamp, Title, TitleRank, ToolKey, Turn, Untrusted, UsageExtent,
};
use memchr::memmem;

use super::events::{Arguments, Envelope, Function, Line, Payload, TokenUsage, is_command, spoken};
use super::{ID, KEPT, Owner, child_id};
use crate::decode::{Record, SourceFile};
use crate::names::Names;
use crate::parse::shortened;
use crate::{DecodeError, Decoder, Input, Source};

/// The tools that send off a sub-agent: `Task` before 1.25.
const SUBAGENT_TOOLS: &[&str] = &["Agent", "Task"];

/// Sub-agents of sub-agents are as many wrappings; nobody sends them this deep.
const MOST_WRAPPINGS: usize = 8;

/// Reads `wire.jsonl`, of a session or of a sub-agent.
///
/// A sub-agent's messages are in its own file and again, wrapped, in its session's; requests for approval are not
/// wrapped: the session waits. Of the wrapped ones only responses are read, unless the sub-agent has no file of its
/// own, as in the first versions.
pub(super) struct WireLog {
    file: SourceFile,
    owner: Owner,
    opened: Option<Timestamp>,
    modified: Timestamp,
    names: Names,
    /// The context window last told of each session, 0 where none was.
    told: HashMap<SessionKey, u64>,
    /// How often each call's id was used.
    calls: HashMap<String, u32>,
}

/// Who says a message.
struct Speaker {
    session: SessionKey,
    /// A sub-agent's own id.
    agent: Option<String>,
    lineage: Lineage,
    /// What its own file tells is not told again.
    has_own_file: bool,
}

impl WireLog {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self {
            file: source.file(),
            owner: Owner::of(source.relative),
            opened: None,
            modified: source.modified,
            names: Names::default(),
            told: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    fn line(&mut self, bytes: &[u8], offset: u64, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        if says_nothing(bytes) {
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
            let event = payload.event.filter(|_| depth <= MOST_WRAPPINGS);
            let event = event.ok_or_else(|| DecodeError::malformed("wraps no message"))?;
            envelope = serde_json::from_str::<Envelope<'_>>(event.get())?;
            wrapping = Some(std::mem::replace(&mut payload, serde_json::from_str(envelope.payload.get())?));
        }
        self.opened = self.opened.or(line.timestamp.0);
        let record = &mut Record::new(self.file, SourcePosition::Byte(offset), line.timestamp.0, out);
        self.introduce_file(record);
        let speaker = self.speaker(wrapping.as_ref(), record);
        self.message(&envelope.kind, &payload, &speaker, record);
        Ok(())
    }

    fn introduce_file(&mut self, record: &mut Record<'_>) {
        if self.told.contains_key(&self.owner.session) {
            return;
        }
        self.told.insert(self.owner.session.clone(), 0);
        let facts = SessionFacts {
            parent: self.owner.parent.clone(),
            project: Some(Arc::clone(&self.owner.project)),
            ..SessionFacts::default()
        };
        record.emit(&self.owner.session, EventKind::Facts(Box::new(facts)));
    }

    /// Whose message it is: the file's, or that of the sub-agent that it is wrapped for.
    fn speaker(&mut self, wrapping: Option<&Payload<'_>>, record: &mut Record<'_>) -> Speaker {
        let Some(wrapping) = wrapping else {
            return Speaker {
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
        if !self.told.contains_key(&session) {
            self.told.insert(session.clone(), 0);
            let facts = SessionFacts {
                parent: Some(root),
                project: Some(Arc::clone(&self.owner.project)),
                origin: wrapping.subagent_type.text().map(|kind| shortened(kind, KEPT).into()),
                ..SessionFacts::default()
            };
            record.emit(&session, EventKind::Facts(Box::new(facts)));
        }
        Speaker { session, agent: Some(agent), lineage: Lineage::Embedded, has_own_file: own.is_some() }
    }

    fn message(&mut self, kind: &str, payload: &Payload<'_>, speaker: &Speaker, record: &mut Record<'_>) {
        if kind == "StatusUpdate" {
            return self.status(payload, speaker, record);
        }
        if speaker.has_own_file {
            return;
        }
        let session = &speaker.session;
        match kind {
            "TurnBegin" | "SteerInput" => prompt(payload, speaker, record),
            "TurnEnd" | "StepInterrupted" => record.emit(session, EventKind::TurnEnded),
            "StepRetry" => {
                let reason = payload.error_type.text().unwrap_or("StepRetry");
                record.emit(session, EventKind::Error(shortened(reason, KEPT).into()));
            }
            "CompactionEnd" => record.emit(session, EventKind::Compacted),
            "ToolCall" => self.tool_call(payload, session, record),
            "ToolResult" => self.tool_result(payload, session, record),
            "ApprovalRequest" | "QuestionRequest" => record.emit(session, EventKind::Waiting),
            // What waited goes on. The call that it was about may be another session's; so the request itself is what
            // ends.
            "ApprovalResponse" | "ApprovalRequestResolved" => {
                let request = payload.request_id.text().unwrap_or_default();
                let tool = ToolKey::new(ID, &format!("{}?{request}", session.id));
                record.emit(session, EventKind::ToolEnded { tool, outcome: Ok(()) });
            }
            _ => {}
        }
    }

    fn status(&mut self, payload: &Payload<'_>, speaker: &Speaker, record: &mut Record<'_>) {
        let context_used = Some(payload.context_tokens.0).filter(|&tokens| tokens > 0);
        let window = payload.max_context_tokens.0;
        let told = self.told.entry(speaker.session.clone()).or_default();
        let context_limit = (window != 0 && window != *told).then_some(window);
        *told = context_limit.unwrap_or(*told);
        let context_apart = context_used.filter(|_| payload.token_usage.is_none());
        if context_limit.is_some() || context_apart.is_some() {
            let facts = SessionFacts { context_limit, context_used: context_apart, ..SessionFacts::default() };
            record.emit(&speaker.session, EventKind::Facts(Box::new(facts)));
        }
        if let Some(usage) = payload.token_usage {
            let turn = Turn {
                message: step_key(payload, usage, speaker, record.at),
                id: payload.message_id.text().map(Into::into),
                part_of: CoarserRecords::none(),
                geo: InferenceGeo::Global,
                purpose: Purpose::Answer,
                requests: 1,
                model: None,
                usage: usage.usage(),
                tier: ServiceTier::Standard,
                extent: UsageExtent::Response,
                embedded_cost: None,
                stop: None,
                lineage: speaker.lineage,
                opened: self.opened.unwrap_or(self.modified),
                context_used,
            };
            record.emit(&speaker.session, EventKind::Turn(Box::new(turn)));
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
        match input {
            Input::Line { bytes, offset } => self.line(bytes, offset, out),
            _ => Err(DecodeError::malformed("is not read line by line")),
        }
    }
}

/// Emits the start of a call, and that of the sub-agent it may send off.
pub(super) fn start(
    tool: ToolKey,
    name: &str,
    function: &Function<'_>,
    names: &mut Names,
    session: &SessionKey,
    record: &mut Record<'_>,
) {
    let arguments = Arguments::of(function);
    let target = arguments.target().map(|target| Untrusted::from(shortened(target, KEPT)));
    record.emit(session, EventKind::ToolStarted { tool, name: names.get(name), target: target.clone() });
    if SUBAGENT_TOOLS.contains(&name) {
        let kind = arguments.subagent_type.text().or(arguments.subagent_name.text()).unwrap_or("coder");
        record.emit(session, EventKind::SubagentStarted { tool, name: shortened(kind, KEPT).into(), task: target });
    }
}

/// A model numbers its calls, and begins anew after a compaction: an id may come again within a session.
pub(super) fn call_key(session: &SessionKey, id: &str, count: u32) -> ToolKey {
    ToolKey::new(ID, &format!("{}#{count}", call_name(session, id)))
}

fn call_name(session: &SessionKey, id: &str) -> String {
    format!("{}/{id}", session.id)
}

/// A sub-agent is asked by its session, not by the person.
fn prompt(payload: &Payload<'_>, speaker: &Speaker, record: &mut Record<'_>) {
    if speaker.agent.is_some() {
        return;
    }
    let words = payload.user_input.and_then(spoken);
    record.prompt(&speaker.session, words.as_deref());
    if let Some(text) = words {
        let rank = if is_command(&text) { TitleRank::FirstCommand } else { TitleRank::FirstPrompt };
        let title = Title { rank, text: shortened(&text, KEPT).into() };
        record.emit(&speaker.session, EventKind::Title(title));
    }
}

/// Which response a step is.
///
/// Servers' ids are missing with some providers and not unique with others. A fork copies lines verbatim, times
/// included, so that time, id and counts tell a session's response. A sub-agent's two copies are written at two times,
/// but say for which sub-agent.
fn step_key(payload: &Payload<'_>, step: TokenUsage, speaker: &Speaker, at: Option<Timestamp>) -> MessageKey {
    let usage = step.usage();
    let counts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.output, payload.context_tokens.0];
    let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
    let id = payload.message_id.text().unwrap_or_default().as_bytes();
    if let Some(agent) = &speaker.agent {
        return MessageKey::by_content(ID, &[b"agent", agent.as_bytes(), id, &counts]);
    }
    let at = at.map_or(0, Timestamp::as_millis).to_le_bytes();
    MessageKey::by_content(ID, &[b"step", &at, id, &counts])
}

/// Messages that tell nothing, most of them what the model says.
const SKIPPED: &[&[u8]] = &[
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

/// Judges a line by its beginning, where the type is; that of a wrapped message comes after a few ids. Lines in another
/// spelling than Python's are parsed.
fn says_nothing(line: &[u8]) -> bool {
    const START: &[u8] = b"{\"timestamp\": ";
    const MESSAGE: &[u8] = b", \"message\": {\"type\": \"";
    const EVENT: &[u8] = b", \"event\": {\"type\": \"";
    if !line.starts_with(START) {
        return false;
    }
    let head = line.get(..400).unwrap_or(line);
    let kind_after = |needle: &[u8]| memmem::find(head, needle).and_then(|at| head.get(at + needle.len()..));
    let is_skipped =
        |rest: &[u8]| SKIPPED.iter().any(|kind| rest.strip_prefix(*kind).is_some_and(|rest| rest.starts_with(b"\"")));
    match kind_after(MESSAGE) {
        Some(rest) if rest.starts_with(b"SubagentEvent\"") => kind_after(EVENT).is_some_and(is_skipped),
        Some(rest) => is_skipped(rest),
        None => false,
    }
}
