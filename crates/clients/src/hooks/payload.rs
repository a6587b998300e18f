//! Payloads of all clients: JSON objects that name the event and the session.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, Event, EventKind, Provenance, SessionFacts, SessionKey, Timestamp, ToolKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DecodeError;
use crate::parse::{Count, LooseText, LooseTime, shortened};
use crate::question_tools::is_question_tool;

/// Maximum length of a session id, in bytes; most are UUIDs.
const MAX_SESSION_ID_BYTES: usize = 128;
/// Maximum length of the names of tools, events and kinds of agents, in characters.
const MAX_NAME_CHARS: usize = 120;
/// Maximum length of a tool call's id, in bytes: most have some 30, those of Gemini's tools contain the tool's name.
const MAX_CALL_ID_BYTES: usize = 512;
/// Maximum difference between a payload's own time and when it was sent, in milliseconds: beyond it, one clock is
/// wrong.
const MAX_CLOCK_SKEW_MS: u64 = 60_000;

/// A client's events, in the order in which they are installed, with their meaning.
pub(super) type Events = &'static [(&'static str, HookMeaning)];

/// When and where a payload arrived.
#[derive(Clone, Copy, Debug)]
pub struct PayloadOrigin {
    /// When it was sent, for payloads without a time.
    pub at: Timestamp,
    /// The provenance of its events.
    pub source: Provenance,
}

/// The meaning of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HookMeaning {
    /// A session started, or was resumed.
    SessionStarts,
    /// A session ended.
    SessionEnds,
    /// The user sent a prompt.
    Prompts,
    /// A tool is about to run.
    ToolStarts,
    /// A tool has answered.
    ToolEnds,
    /// A tool has failed, or was not allowed to run.
    ToolFails,
    /// The agent waits until the user allows a tool.
    RequestsPermission,
    /// The agent, or a server that it uses, asks the user a question.
    RequestsInput,
    /// The user has answered a question.
    InputGiven,
    /// A notification: a wait, or nothing, depending on its kind.
    Notifies,
    /// The turn is over.
    TurnEnds,
    /// The turn is over because a request failed.
    TurnFails,
    /// A request failed.
    Fails,
    /// A sub-agent started.
    SubagentStarts,
    /// A sub-agent ended.
    SubagentEnds,
    /// The context is about to be summarised.
    CompactionStarts,
    /// The context was summarised.
    Compacted,
    /// The session works in another directory.
    Moves,
    /// How full the context is; nothing else has happened.
    Measures,
    /// None of these: the session is alive.
    Other,
}

impl HookMeaning {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionStarts => "session_starts",
            Self::SessionEnds => "session_ends",
            Self::Prompts => "prompts",
            Self::ToolStarts => "tool_starts",
            Self::ToolEnds => "tool_ends",
            Self::ToolFails => "tool_fails",
            Self::RequestsPermission | Self::RequestsInput => "waits",
            Self::Notifies => "notifies",
            Self::TurnEnds => "turn_ends",
            Self::TurnFails => "turn_fails",
            Self::Fails => "fails",
            Self::SubagentStarts => "subagent_starts",
            Self::SubagentEnds => "subagent_ends",
            Self::CompactionStarts => "compaction_starts",
            Self::Compacted => "compacted",
            Self::Moves => "moves",
            Self::Measures => "measures",
            // An answer has no name of its own: JSON is older than this meaning.
            Self::InputGiven | Self::Other => "other",
        }
    }
}

/// A decoded payload.
#[derive(Clone, Debug)]
pub struct HookEvent {
    /// The client's own name of the event.
    pub hook: Arc<str>,
    /// What it means.
    pub meaning: HookMeaning,
    /// The session or sub-agent in which it happened.
    pub session: SessionKey,
    /// When.
    pub at: Timestamp,
    /// The name of the tool.
    pub tool: Option<Arc<str>>,
    /// How long the tool ran, by the client's own clock, without the time to start hooks.
    pub took: Option<Duration>,
    /// The events of the payload. Clients that do not name the call of a tool yield none for its start and end:
    /// transcripts have those, and a call must not count twice.
    pub events: Vec<Event>,
}

/// How a client's payloads are decoded.
pub(super) struct PayloadFormat {
    /// The client.
    pub(super) client: ClientId,
    /// Its events.
    pub(super) events: Events,
    /// The session id of a sub-agent, from its parent's and its own.
    pub(super) child: fn(&str, &str) -> String,
    /// Tools that start sub-agents.
    pub(super) subagent_tools: &'static [&'static str],
    /// Errors that mean that the user stopped the turn.
    pub(super) stopped: &'static [&'static str],
}

impl PayloadFormat {
    /// The defaults for a client: a sub-agent's session id is its parent's and its own.
    pub(super) const fn new(client: ClientId, events: Events) -> Self {
        Self { client, events, child: |session, agent| format!("{session}/{agent}"), subagent_tools: &[], stopped: &[] }
    }
}

/// The fields that agtop uses. A field of another type counts as missing.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    hook_event_name: LooseText<'a>,
    /// The event in the payload of Codex's `notify`.
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
    #[serde(borrow, default)]
    session_id: LooseText<'a>,
    /// The session in Copilot's notifications.
    #[serde(borrow, default, rename = "sessionId")]
    camel_session_id: LooseText<'a>,
    /// The session in the payload of Codex's `notify`.
    #[serde(borrow, default, rename = "thread-id")]
    thread_id: LooseText<'a>,
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    #[serde(borrow, default)]
    new_cwd: LooseText<'a>,
    #[serde(borrow, default)]
    model: LooseText<'a>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    agent_id: LooseText<'a>,
    #[serde(borrow, default)]
    agent_type: LooseText<'a>,
    #[serde(borrow, default)]
    tool_name: LooseText<'a>,
    #[serde(borrow, default)]
    tool_use_id: LooseText<'a>,
    #[serde(borrow, default)]
    tool_input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_response: Option<&'a RawValue>,
    /// Milliseconds (Claude Code from 2.1.119 on).
    #[serde(borrow, default)]
    duration_ms: Option<&'a RawValue>,
    /// Only in payloads of `agtop statusline`.
    #[serde(borrow, default)]
    context_window: Option<&'a RawValue>,
    #[serde(borrow, default)]
    notification_type: LooseText<'a>,
    /// Only in Gemini's notifications.
    #[serde(borrow, default)]
    details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: LooseText<'a>,
    #[serde(borrow, default)]
    source: LooseText<'a>,
}

/// How full the context window is, in tokens, as `agtop statusline` reports it.
#[derive(Deserialize)]
struct ContextWindow {
    size: Count,
    used: Count,
}

/// The part of a tool's input that names the kind of sub-agent.
#[derive(Default, Deserialize)]
struct SubagentInput<'a> {
    #[serde(borrow, default)]
    subagent_type: LooseText<'a>,
}

/// The part of a Gemini notification that names what the user is asked: `edit`, `exec`, `ask_user`, …
#[derive(Default, Deserialize)]
struct ConfirmationDetails<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: LooseText<'a>,
}

/// The part of a tool's result that shows how it ended.
#[derive(Default, Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    status: LooseText<'a>,
}

impl Payload<'_> {
    /// Whether the tool has only started a sub-agent, which continues in the background.
    fn is_launch(&self) -> bool {
        let answer = self.tool_response.and_then(|answer| serde_json::from_str::<Answer<'_>>(answer.get()).ok());
        answer.unwrap_or_default().status.text() == Some("async_launched")
    }

    /// Whether a request for a permission is a question: some clients report the calls of tools that ask the user in the
    /// same way as other calls.
    fn is_question(&self) -> bool {
        let details =
            self.details.and_then(|details| serde_json::from_str::<ConfirmationDetails<'_>>(details.get()).ok());
        let details = details.unwrap_or_default();
        [self.tool_name.text(), details.kind.text()].into_iter().flatten().any(is_question_tool)
    }

    fn session(&self) -> Option<&str> {
        self.session_id.text().or(self.camel_session_id.text()).or(self.thread_id.text())
    }

    fn time(&self) -> Option<Timestamp> {
        serde_json::from_str::<LooseTime>(self.timestamp?.get()).ok()?.0
    }

    fn took(&self) -> Option<Duration> {
        let millis: Count = serde_json::from_str(self.duration_ms?.get()).ok()?;
        Some(Duration::from_millis(millis.0))
    }

    fn context(&self) -> Option<EventKind> {
        let window: ContextWindow = serde_json::from_str(self.context_window?.get()).ok()?;
        let (limit, used) = (Some(window.size.0), Some(window.used.0));
        Some(facts(SessionFacts { context_limit: limit, context_used: used, ..SessionFacts::default() }))
    }

    fn event(&self) -> Option<&str> {
        self.hook_event_name.text().or(self.kind.text())
    }
}

impl PayloadFormat {
    /// Decodes a payload.
    pub(super) fn read(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        let wire: Payload<'_> = serde_json::from_slice(payload)?;
        let id = wire.session().ok_or_else(|| DecodeError::malformed("names no session"))?;
        if id.len() > MAX_SESSION_ID_BYTES {
            return Err(DecodeError::out_of_range("the session's id is too long"));
        }
        let hook = wire.event().ok_or_else(|| DecodeError::malformed("names no event"))?;
        let known = self.events.iter().find(|(name, _)| *name == hook);
        let context = wire.context();
        let unlisted = if context.is_some() { HookMeaning::Measures } else { HookMeaning::Other };
        let meaning = match known.map_or(unlisted, |(_, meaning)| *meaning) {
            HookMeaning::Fails | HookMeaning::TurnFails if self.is_stop(&wire) => HookMeaning::TurnEnds,
            HookMeaning::RequestsPermission if wire.is_question() => HookMeaning::RequestsInput,
            meaning => meaning,
        };
        let parent = SessionKey::new(self.client, id);
        let agent = wire.agent_id.text().filter(|agent| agent.len() <= MAX_SESSION_ID_BYTES);
        let session = match agent {
            Some(agent) => SessionKey::new(self.client, (self.child)(id, agent)),
            None => parent.clone(),
        };
        let own = wire.time().filter(|own| own.as_millis().abs_diff(stamp.at.as_millis()) <= MAX_CLOCK_SKEW_MS);
        let at = own.unwrap_or(stamp.at);
        let tool = wire.tool_name.text().map(|name| shortened(name, MAX_NAME_CHARS).into());
        let kinds = self.kinds(&wire, meaning, &parent, tool.as_ref());
        let event = |kind| Event { at: Some(at), session: session.clone(), source: stamp.source, kind };
        let events = kinds.into_iter().chain(context).map(event).collect();
        let hook = shortened(hook, MAX_NAME_CHARS).into();
        Ok(HookEvent { hook, meaning, session, at, tool, took: wire.took(), events })
    }

    fn kinds(
        &self,
        wire: &Payload<'_>,
        meaning: HookMeaning,
        parent: &SessionKey,
        tool: Option<&Arc<str>>,
    ) -> Vec<EventKind> {
        let call =
            wire.tool_use_id.text().filter(|id| id.len() <= MAX_CALL_ID_BYTES).map(|id| ToolKey::new(self.client, id));
        let ended = |outcome| call.map(|tool| EventKind::ToolEnded { tool, outcome }).into_iter().collect();
        match meaning {
            HookMeaning::SessionStarts => vec![facts(SessionFacts {
                cwd: wire.cwd.text().map(PathBuf::from),
                model: wire.model.text().map(|model| shortened(model, MAX_NAME_CHARS).into()),
                ..SessionFacts::default()
            })],
            HookMeaning::Moves => {
                vec![facts(SessionFacts { cwd: wire.new_cwd.text().map(PathBuf::from), ..SessionFacts::default() })]
            }
            HookMeaning::SubagentStarts if wire.agent_id.text().is_some() => vec![facts(SessionFacts {
                parent: Some(parent.clone()),
                origin: wire.agent_type.text().map(|kind| shortened(kind, MAX_NAME_CHARS).into()),
                ..SessionFacts::default()
            })],
            HookMeaning::ToolStarts => {
                call.zip(tool).map_or_else(Vec::new, |(call, name)| self.start(wire, call, name))
            }
            HookMeaning::ToolEnds if wire.is_launch() => Vec::new(),
            HookMeaning::ToolEnds => ended(Ok(())),
            HookMeaning::ToolFails => ended(Err(())),
            HookMeaning::SessionEnds => vec![EventKind::Ended],
            HookMeaning::Prompts => {
                if is_user_prompt(wire) {
                    vec![EventKind::Prompt { words: None }]
                } else {
                    Vec::new()
                }
            }
            HookMeaning::RequestsPermission => vec![EventKind::NeedsPermission],
            HookMeaning::RequestsInput => vec![EventKind::NeedsInput],
            HookMeaning::Notifies => notification_event(wire).into_iter().collect(),
            HookMeaning::TurnEnds => vec![EventKind::TurnEnded],
            // A client that does not name the sub-agent only says that one has ended: the session continues.
            HookMeaning::SubagentEnds => wire.agent_id.text().map(|_| EventKind::TurnEnded).into_iter().collect(),
            HookMeaning::TurnFails => vec![failure(wire), EventKind::TurnEnded],
            HookMeaning::Fails => vec![failure(wire)],
            HookMeaning::Compacted => vec![EventKind::Compacted],
            HookMeaning::SubagentStarts
            | HookMeaning::CompactionStarts
            | HookMeaning::InputGiven
            | HookMeaning::Measures
            | HookMeaning::Other => Vec::new(),
        }
    }

    /// Whether the error only means that the user stopped the turn.
    fn is_stop(&self, wire: &Payload<'_>) -> bool {
        wire.error.text().is_some_and(|error| self.stopped.contains(&error))
    }

    fn start(&self, wire: &Payload<'_>, tool: ToolKey, name: &Arc<str>) -> Vec<EventKind> {
        let started = EventKind::ToolStarted { tool, name: Arc::clone(name), target: None };
        if !self.subagent_tools.contains(&&**name) {
            return vec![started];
        }
        let input: SubagentInput<'_> =
            wire.tool_input.and_then(|input| serde_json::from_str(input.get()).ok()).unwrap_or_default();
        let kind = shortened(input.subagent_type.text().unwrap_or("general-purpose"), MAX_NAME_CHARS).into();
        vec![started, EventKind::SubagentStarted { tool, name: kind, task: None }]
    }
}

fn facts(facts: SessionFacts) -> EventKind {
    EventKind::Facts(Box::new(facts))
}

/// Whether the user sent the prompt: timers, loops and the system send prompts too. Clients without a source have only
/// prompts of the user.
fn is_user_prompt(wire: &Payload<'_>) -> bool {
    wire.source.text().is_none_or(|source| matches!(source, "user" | "sdk"))
}

/// The event of a notification, for all clients: their kinds do not overlap.
fn notification_event(wire: &Payload<'_>) -> Option<EventKind> {
    match wire.notification_type.text()? {
        "elicitation_dialog" => Some(EventKind::NeedsInput),
        "ToolPermission" if wire.is_question() => Some(EventKind::NeedsInput),
        "permission_prompt" | "ToolPermission" => Some(EventKind::NeedsPermission),
        "idle_prompt" => Some(EventKind::TurnEnded),
        _ => None,
    }
}

/// The kind of failure, such as `rate_limit`. A longer text may quote the conversation.
fn failure(wire: &Payload<'_>) -> EventKind {
    let is_word =
        |text: &&str| text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    EventKind::Error(wire.error.text().filter(is_word).unwrap_or("unknown").into())
}
