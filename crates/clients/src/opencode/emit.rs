//! Emits events from records, for the database and the old files.

use std::sync::Arc;

use agtop_model::{
    CoarserRecords, EventKind, Lineage, MessageKey, PicoUsd, Purpose, ResponseCopy, SessionFacts, SessionKey,
    Timestamp, Title, TitleRank, ToolKey, Untrusted, Usage,
};

use super::records::{
    Failure, Message, MessageRole, Part, PartKind, ReasoningCount, Times, Tokens, ToolStatus, stop_reason,
};
use crate::cost::embedded_cost;
use crate::decode::Record;
use crate::interner::Interner;
use crate::parse::short_text;
use crate::tool_arguments::{Argument, ToolArguments};

/// Beginnings of titles of sessions that a model has not named yet.
const DEFAULT_TITLE_PREFIXES: &[&str] = &["New session - ", "Child session - "];

/// The errors of a message that the user stopped, on disk and in hook events. The second is OpenCode 2's.
pub(crate) const STOP_ERRORS: &[&str] = &["MessageAbortedError", "aborted"];

/// The tools that start a sub-agent, of OpenCode and of OpenCode 2.
const SUBAGENT_TOOLS: &[&str] = &["task", "subagent"];

/// What is known of a session when its messages are emitted.
#[derive(Clone, Debug)]
pub(super) struct SessionContext {
    pub(super) key: SessionKey,
    pub(super) lineage: Lineage,
    pub(super) started: Option<Timestamp>,
    pub(super) reasoning: ReasoningCount,
}

/// What is known of a message when it and its parts are emitted.
pub(super) struct ResponseContext<'a> {
    pub(super) session: &'a SessionContext,
    /// The key of the response, the same for all copies.
    pub(super) message: MessageKey,
    pub(super) model: Option<Arc<str>>,
    pub(super) provider: &'a str,
    /// Whether OpenCode has finished the message, so that nothing in it runs any more.
    pub(super) is_over: bool,
    /// What the model was asked for.
    pub(super) purpose: Purpose,
    /// The text of a user message. If it is set, the parts of the message are not text of the agent.
    pub(super) words: Option<Untrusted>,
    /// When it was written, for parts without a time.
    pub(super) at: Option<Timestamp>,
    /// When its file or session started.
    pub(super) opened: Timestamp,
}

/// The usage and cost that a message records.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReportedUsage {
    pub(super) tokens: Option<Tokens>,
    pub(super) cost: Option<f64>,
}

impl ResponseContext<'_> {
    /// The response of the message. `None` if it is a placeholder without usage.
    pub(super) fn response(&self, id: &str, spent: ReportedUsage, is_placeholder: bool) -> Option<ResponseCopy> {
        let tokens = spent.tokens.map(|tokens| tokens.usage(self.session.reasoning, self.provider));
        let usage = tokens.unwrap_or_default();
        (!usage.is_zero() || !is_placeholder).then(|| ResponseCopy {
            usage,
            embedded_cost: self.cost(spent.cost),
            ..self.response_copy(self.message, id)
        })
    }

    fn cost(&self, usd: Option<f64>) -> Option<PicoUsd> {
        embedded_cost(self.session.key.client, self.provider, usd)
    }

    /// A response of the message without its numbers. A summary does not fill the context, so it is off the main line.
    fn response_copy(&self, message: MessageKey, id: &str) -> ResponseCopy {
        ResponseCopy {
            id: Some(id.into()),
            purpose: self.purpose,
            model: self.model.clone(),
            lineage: if self.purpose == Purpose::Compaction { Lineage::Sidechain } else { self.session.lineage },
            ..ResponseCopy::new(message, Usage::default(), self.opened)
        }
    }
}

/// Emits the facts and the title of a session.
pub(super) fn emit_session(key: &SessionKey, facts: SessionFacts, title: Option<&str>, record: &mut Record<'_>) {
    record.emit(key, EventKind::Facts(Box::new(facts)));
    if let Some(title) = title.filter(|title| !DEFAULT_TITLE_PREFIXES.iter().any(|unnamed| title.starts_with(unnamed)))
    {
        let text = short_text(title);
        record.emit(key, EventKind::Title(Title { rank: TitleRank::Generated, text }));
    }
}

/// Emits a message without its parts. In a sub-agent's session the prompts are not the user's.
pub(super) fn emit_message(id: &str, message: &Message<'_>, reply: &ResponseContext<'_>, record: &mut Record<'_>) {
    let session = &reply.session.key;
    match message.role {
        MessageRole::User if reply.session.lineage == Lineage::Main => {
            record.prompt(session, reply.words.as_ref().map(Untrusted::raw));
        }
        MessageRole::Assistant => {
            if let Some(copy) = answer(id, message, reply) {
                record.emit(session, EventKind::Response(Box::new(copy)));
            }
            if reply.is_over && reply.purpose == Purpose::Compaction {
                record.emit(session, EventKind::Compacted);
            }
            if let Some(error) = &message.error {
                emit_failure(error, session, record);
            }
        }
        MessageRole::User | MessageRole::Other => {}
    }
}

/// Emits that a response failed or was stopped.
pub(super) fn emit_failure(error: &Failure<'_>, session: &SessionKey, record: &mut Record<'_>) {
    let name = error.name.text().unwrap_or("unknown");
    let is_stop = STOP_ERRORS.contains(&name);
    let kind = if is_stop { EventKind::TurnEnded } else { EventKind::Error(short_text(name)) };
    record.emit(session, kind);
}

/// The response of a message. Until its first step is done, a message is a placeholder full of zeros; it stays one if
/// it is killed or fails.
fn answer(id: &str, message: &Message<'_>, reply: &ResponseContext<'_>) -> Option<ResponseCopy> {
    let is_placeholder = message.time.completed.0.is_none() || message.error.is_some();
    let spent = ReportedUsage { tokens: message.tokens, cost: message.cost };
    let copy = reply.response(id, spent, is_placeholder)?;
    Some(ResponseCopy { stop: message.finish.as_deref().map(stop_reason), ..copy })
}

/// A part that waits for its message.
#[derive(Debug)]
pub(super) struct PendingPart {
    id: Box<str>,
    at: Option<Timestamp>,
    what: PartContent,
}

#[derive(Debug)]
enum PartContent {
    Text(Untrusted),
    Step(Step),
    Tool(ToolCall),
}

#[derive(Debug)]
struct Step {
    tokens: Tokens,
    cost: Option<f64>,
    stop: Option<agtop_model::StopReason>,
}

/// A tool call of either generation of OpenCode.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) input: Option<&'a ToolArguments<'a>>,
    pub(super) status: ToolStatus,
    pub(super) time: Option<Times>,
    pub(super) is_refused: bool,
}

#[derive(Debug)]
struct ToolCall {
    name: Arc<str>,
    /// The kind of sub-agent that it starts.
    subagent: Option<Untrusted>,
    target: Option<Untrusted>,
    status: ToolStatus,
    begun: Option<Timestamp>,
    ended: Option<Timestamp>,
    is_refused: bool,
}

impl PendingPart {
    /// The part as far as agtop uses it; `None` if it does not.
    pub(super) fn new(part: &Part<'_>, id: &str, at: Option<Timestamp>, names: &mut Interner) -> Option<Self> {
        let what = match part.kind {
            PartKind::StepFinish => PartContent::Step(Step {
                tokens: part.tokens?,
                cost: part.cost,
                stop: part.reason.text().map(stop_reason),
            }),
            PartKind::Tool => {
                let state = part.state.as_ref()?;
                let call = Call {
                    name: part.tool.text()?,
                    input: state.input.as_ref(),
                    status: state.status,
                    time: state.time,
                    is_refused: state.is_refused(),
                };
                PartContent::Tool(ToolCall::new(&call, names))
            }
            PartKind::Text if part.synthetic == Some(true) => return None,
            PartKind::Text => PartContent::Text(short_text(part.text.text()?)),
            PartKind::Other => return None,
        };
        Some(Self { id: id.into(), at, what })
    }

    /// A text of the agent.
    pub(super) fn text(text: &str, at: Option<Timestamp>) -> Self {
        Self { id: Box::default(), at, what: PartContent::Text(short_text(text)) }
    }

    /// A tool call.
    pub(super) fn call(id: &str, call: &Call<'_>, at: Option<Timestamp>, names: &mut Interner) -> Self {
        Self { id: id.into(), at, what: PartContent::Tool(ToolCall::new(call, names)) }
    }

    /// Its text, if it is a text.
    pub(super) fn words(&self) -> Option<&Untrusted> {
        match &self.what {
            PartContent::Text(text) => Some(text),
            PartContent::Step(_) | PartContent::Tool(_) => None,
        }
    }

    /// Whether it is a tool call that the user refused: the turn ends with its message.
    pub(super) fn is_refused(&self) -> bool {
        matches!(&self.what, PartContent::Tool(call) if call.is_refused)
    }

    /// Emits the part as one of `reply`, in a record with the part's own position.
    pub(super) fn emit(self, reply: &ResponseContext<'_>, record: &mut Record<'_>) {
        let record = &mut record.at_time(self.at.or(reply.at));
        match self.what {
            PartContent::Text(text) if reply.words.is_none() => {
                record.agent_text(&reply.session.key, || Some(text.raw()));
            }
            PartContent::Text(_) => {}
            PartContent::Step(step) => {
                let copy = ResponseCopy {
                    part_of: CoarserRecords::one(reply.message),
                    usage: step.tokens.usage(reply.session.reasoning, reply.provider),
                    embedded_cost: reply.cost(step.cost),
                    stop: step.stop,
                    ..reply.response_copy(MessageKey::global(reply.session.key.client, &self.id), &self.id)
                };
                record.emit(&reply.session.key, EventKind::Response(Box::new(copy)));
            }
            PartContent::Tool(call) => call.emit(ToolKey::new(reply.session.key.client, &self.id), reply, record),
        }
    }
}

/// The arguments that describe a call, in order of preference.
const TARGET: &[Argument] =
    &[Argument::FilePath, Argument::Command, Argument::Pattern, Argument::Path, Argument::Url, Argument::Description];

/// The arguments that describe the task of a sub-agent.
const TASK: &[Argument] = &[Argument::Description];

impl ToolCall {
    fn new(call: &Call<'_>, names: &mut Interner) -> Self {
        let Call { name, input, status, time, is_refused } = *call;
        let is_subagent = SUBAGENT_TOOLS.contains(&name);
        let kind = input.and_then(|input| input.subagent_type.text().or_else(|| input.agent.text()));
        let order = if is_subagent { TASK } else { TARGET };
        Self {
            name: names.get(name),
            subagent: is_subagent.then(|| short_text(kind.unwrap_or("task"))),
            target: input.and_then(|input| input.target(order)),
            status,
            begun: time.and_then(|time| time.created.0),
            ended: time.and_then(|time| time.completed.0),
            is_refused,
        }
    }

    /// Emits the call. A call that is open in a finished message was cut off with it.
    fn emit(self, tool: ToolKey, reply: &ResponseContext<'_>, record: &mut Record<'_>) {
        let session = &reply.session.key;
        let outcome = match self.status {
            ToolStatus::Completed => Some(Ok(())),
            ToolStatus::Error => Some(Err(())),
            ToolStatus::Open => reply.is_over.then_some(Err(())),
        };
        let is_subagent = self.subagent.is_some();
        record.at = self.begun.or(record.at);
        record.emit(
            session,
            match self.subagent {
                Some(name) => EventKind::SubagentStarted { tool, name, task: self.target },
                None => EventKind::ToolStarted { tool, name: self.name, target: self.target },
            },
        );
        let Some(outcome) = outcome else { return };
        record.at = self.ended.or(record.at);
        record.emit(
            session,
            if is_subagent { EventKind::SubagentEnded { tool } } else { EventKind::ToolEnded { tool, outcome } },
        );
    }
}
