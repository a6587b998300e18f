//! From records to events: what the database and the old files have in common.

use std::sync::Arc;

use agtop_model::{
    CoarserRecords, EventKind, InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, SessionFacts, SessionKey,
    Timestamp, Title, TitleRank, ToolKey, Turn, Untrusted, Usage, UsageExtent,
};

use super::records::{
    Failure, Message, Part, PartKind, Reasoning, Speaker, Times, Tokens, ToolInput, ToolStatus, stop_reason,
};
use crate::cost::embedded_cost;
use crate::decode::Record;
use crate::names::Names;
use crate::parse::shortened;

/// Titles and targets are cut to so many characters.
const MOST_CHARS: usize = 120;

/// Sessions are called like that until a model has thought of a name.
const UNNAMED: &[&str] = &["New session - ", "Child session - "];

/// The errors of a message that the user stopped, on disk and in what is pushed: nothing failed. The second is OpenCode 2's.
pub(crate) const STOPPED: &[&str] = &["MessageAbortedError", "aborted"];

/// The tools that start a sub-agent: OpenCode's, and OpenCode 2's.
const SUBAGENT_TOOLS: &[&str] = &["task", "subagent"];

/// What has to be known about a session to tell of its messages.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) key: SessionKey,
    pub(super) lineage: Lineage,
    pub(super) started: Option<Timestamp>,
    pub(super) reasoning: Reasoning,
}

/// What has to be known about a message to tell of it and its parts.
pub(super) struct Reply<'a> {
    pub(super) session: &'a Known,
    /// Which response it is, the same for all copies.
    pub(super) message: MessageKey,
    pub(super) model: Option<Arc<str>>,
    pub(super) provider: &'a str,
    /// Whether OpenCode is done with it: nothing in it runs any more.
    pub(super) is_over: bool,
    /// What the model was asked for.
    pub(super) purpose: Purpose,
    /// What a person said with it. Parts of what a person said are no prose of the agent's.
    pub(super) words: Option<Untrusted>,
    /// When it was written, for parts that do not say.
    pub(super) at: Option<Timestamp>,
    /// When the file or session that holds it was begun.
    pub(super) opened: Timestamp,
}

/// What a message says that it used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) tokens: Option<Tokens>,
    pub(super) cost: Option<f64>,
}

impl Reply<'_> {
    /// The response of this reply. None if it is a placeholder that used nothing.
    pub(super) fn response(&self, id: &str, spent: Spent, is_placeholder: bool) -> Option<Turn> {
        let tokens = spent.tokens.map(|tokens| tokens.usage(self.session.reasoning, self.provider));
        let usage = tokens.unwrap_or_default();
        (!usage.is_zero() || !is_placeholder).then(|| Turn {
            usage,
            embedded_cost: self.cost(spent.cost),
            ..self.turn(self.message, id)
        })
    }

    fn cost(&self, usd: Option<f64>) -> Option<PicoUsd> {
        embedded_cost(self.session.key.client, self.provider, usd)
    }

    /// A response of this reply, still without its numbers. A summary fills no context: it is off the main line.
    fn turn(&self, message: MessageKey, id: &str) -> Turn {
        Turn {
            message,
            id: Some(id.into()),
            part_of: CoarserRecords::none(),
            geo: InferenceGeo::Global,
            purpose: self.purpose,
            requests: 1,
            model: self.model.clone(),
            usage: Usage::default(),
            tier: agtop_model::ServiceTier::Standard,
            extent: UsageExtent::Response,
            embedded_cost: None,
            stop: None,
            lineage: if self.purpose == Purpose::Compaction { Lineage::Sidechain } else { self.session.lineage },
            opened: self.opened,
            context_used: None,
        }
    }
}

/// Tells of a session.
pub(super) fn tell_session(key: &SessionKey, facts: SessionFacts, title: Option<&str>, record: &mut Record<'_>) {
    record.emit(key, EventKind::Facts(Box::new(facts)));
    if let Some(title) = title.filter(|title| !UNNAMED.iter().any(|unnamed| title.starts_with(unnamed))) {
        let text = shortened(title, MOST_CHARS).into();
        record.emit(key, EventKind::Title(Title { rank: TitleRank::Generated, text }));
    }
}

/// Tells of a message, its parts aside. In a sub-agent's session it is no person who asks.
pub(super) fn tell_message(id: &str, message: &Message<'_>, reply: &Reply<'_>, record: &mut Record<'_>) {
    let session = &reply.session.key;
    match message.role {
        Speaker::User if reply.session.lineage == Lineage::Main => {
            record.prompt(session, reply.words.as_ref().map(Untrusted::raw));
        }
        Speaker::Assistant => {
            if let Some(turn) = answer(id, message, reply) {
                record.emit(session, EventKind::Turn(Box::new(turn)));
            }
            if reply.is_over && reply.purpose == Purpose::Compaction {
                record.emit(session, EventKind::Compacted);
            }
            if let Some(error) = &message.error {
                tell_failure(error, session, record);
            }
        }
        Speaker::User | Speaker::Other => {}
    }
}

/// Tells that an answer failed, or was stopped.
pub(super) fn tell_failure(error: &Failure<'_>, session: &SessionKey, record: &mut Record<'_>) {
    let name = error.name.text().unwrap_or("unknown");
    let is_stop = STOPPED.contains(&name);
    let kind = if is_stop { EventKind::TurnEnded } else { EventKind::Error(shortened(name, MOST_CHARS).into()) };
    record.emit(session, kind);
}

/// The response that a message records. Until its first step is done a message is a placeholder full of zeros, and it
/// stays one if it is killed or fails.
fn answer(id: &str, message: &Message<'_>, reply: &Reply<'_>) -> Option<Turn> {
    let is_placeholder = message.time.completed.0.is_none() || message.error.is_some();
    let spent = Spent { tokens: message.tokens, cost: message.cost };
    let turn = reply.response(id, spent, is_placeholder)?;
    Some(Turn { stop: message.finish.as_deref().map(stop_reason), ..turn })
}

/// A part, kept until its message is known.
#[derive(Debug)]
pub(super) struct HeldPart {
    id: Box<str>,
    at: Option<Timestamp>,
    what: What,
}

#[derive(Debug)]
enum What {
    Said(Untrusted),
    Step(Step),
    Tool(ToolCall),
}

#[derive(Debug)]
struct Step {
    tokens: Tokens,
    cost: Option<f64>,
    stop: Option<agtop_model::StopReason>,
}

/// A tool call as either generation of OpenCode writes it.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) input: Option<&'a ToolInput<'a>>,
    pub(super) status: ToolStatus,
    pub(super) time: Option<Times>,
    pub(super) is_refused: bool,
}

#[derive(Debug)]
struct ToolCall {
    name: Arc<str>,
    /// The kind of sub-agent it starts.
    subagent: Option<Untrusted>,
    target: Option<Untrusted>,
    status: ToolStatus,
    begun: Option<Timestamp>,
    ended: Option<Timestamp>,
    is_refused: bool,
}

impl HeldPart {
    /// What is worth keeping of a part; `None` if that is nothing.
    pub(super) fn new(part: &Part<'_>, id: &str, at: Option<Timestamp>, names: &mut Names) -> Option<Self> {
        let what = match part.kind {
            PartKind::StepFinish => {
                What::Step(Step { tokens: part.tokens?, cost: part.cost, stop: part.reason.text().map(stop_reason) })
            }
            PartKind::Tool => {
                let state = part.state.as_ref()?;
                let call = Call {
                    name: part.tool.text()?,
                    input: state.input.as_ref(),
                    status: state.status,
                    time: state.time,
                    is_refused: state.is_refused(),
                };
                What::Tool(ToolCall::new(&call, names))
            }
            PartKind::Text if part.synthetic == Some(true) => return None,
            PartKind::Text => What::Said(shortened(part.text.text()?, MOST_CHARS).into()),
            PartKind::Other => return None,
        };
        Some(Self { id: id.into(), at, what })
    }

    /// A text of the agent's.
    pub(super) fn words_of(text: &str, at: Option<Timestamp>) -> Self {
        Self { id: Box::default(), at, what: What::Said(shortened(text, MOST_CHARS).into()) }
    }

    /// A tool call.
    pub(super) fn call(id: &str, call: &Call<'_>, at: Option<Timestamp>, names: &mut Names) -> Self {
        Self { id: id.into(), at, what: What::Tool(ToolCall::new(call, names)) }
    }

    /// What it says, if it is text.
    pub(super) fn words(&self) -> Option<&Untrusted> {
        match &self.what {
            What::Said(text) => Some(text),
            What::Step(_) | What::Tool(_) => None,
        }
    }

    /// Whether it is a tool call that the user refused: the turn ends with its message, whatever that was finished by.
    pub(super) fn is_refused(&self) -> bool {
        matches!(&self.what, What::Tool(call) if call.is_refused)
    }

    /// Tells of the part as one of `reply`, in a record of its own place.
    pub(super) fn tell(self, reply: &Reply<'_>, record: &mut Record<'_>) {
        let record = &mut record.at_time(self.at.or(reply.at));
        match self.what {
            What::Said(text) if reply.words.is_none() => record.said(&reply.session.key, || Some(text.raw())),
            What::Said(_) => {}
            What::Step(step) => {
                let turn = Turn {
                    part_of: CoarserRecords::one(reply.message),
                    usage: step.tokens.usage(reply.session.reasoning, reply.provider),
                    embedded_cost: reply.cost(step.cost),
                    stop: step.stop,
                    ..reply.turn(MessageKey::global(reply.session.key.client, &self.id), &self.id)
                };
                record.emit(&reply.session.key, EventKind::Turn(Box::new(turn)));
            }
            What::Tool(call) => call.tell(ToolKey::new(reply.session.key.client, &self.id), reply, record),
        }
    }
}

impl ToolCall {
    fn new(call: &Call<'_>, names: &mut Names) -> Self {
        let Call { name, input, status, time, is_refused } = *call;
        let subagent = SUBAGENT_TOOLS.contains(&name).then(|| input.map_or("task", |input| input.subagent()));
        let target = input.and_then(|input| if subagent.is_some() { input.task() } else { input.target() });
        let short = |text: &str| Untrusted::from(shortened(text, MOST_CHARS));
        Self {
            name: names.get(name),
            subagent: subagent.map(short),
            target: target.map(short),
            status,
            begun: time.and_then(|time| time.created.0),
            ended: time.and_then(|time| time.completed.0),
            is_refused,
        }
    }

    /// A call that looks open in a message that is over was cut off with it.
    fn tell(self, tool: ToolKey, reply: &Reply<'_>, record: &mut Record<'_>) {
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
