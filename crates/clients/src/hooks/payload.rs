//! What payloads have in common: all known ones are objects that name the event and the session.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, Event, EventKind, SessionFacts, SessionKey, Timestamp, ToolKey};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Stamp;
use crate::DecodeError;
use crate::parse::{Count, Loose, Moment, shortened};

/// Session ids are UUIDs or about as long; what is longer is none.
const LONGEST_SESSION: usize = 128;
/// Names of tools, events, kinds of agents.
const LONGEST_NAME: usize = 120;
/// Ids of tool calls are some 30 characters; those of Gemini's tools hold the tool's name, too.
const LONGEST_ID: usize = 512;
/// A payload's own time counts if it is no further than this from when it was sent: else a clock is wrong.
const SKEW_MS: u64 = 60_000;

/// A client's events, in the order in which they are installed, and what each means.
pub(super) type Events = &'static [(&'static str, Meaning)];

/// What an event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A session began, or was resumed.
    SessionStarts,
    /// A session ended.
    SessionEnds,
    /// The person asked something.
    Prompts,
    /// A tool is about to run.
    ToolStarts,
    /// A tool has answered.
    ToolEnds,
    /// A tool has failed, or was not allowed to run.
    ToolFails,
    /// The agent waits for its person.
    Waits,
    /// Something the person should notice: a wait, or nothing, depending on its kind.
    Notifies,
    /// The turn is over.
    TurnEnds,
    /// The turn is over, for a request failed.
    TurnFails,
    /// A request failed.
    Fails,
    /// A sub-agent set off.
    SubagentStarts,
    /// A sub-agent came back.
    SubagentEnds,
    /// The context is about to be summarised.
    CompactionStarts,
    /// The context was summarised.
    Compacted,
    /// The session works in another directory.
    Moves,
    /// How full the context is; nothing has happened.
    Measures,
    /// None of these: the session is alive, and that is all.
    Other,
}

impl Meaning {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionStarts => "session_starts",
            Self::SessionEnds => "session_ends",
            Self::Prompts => "prompts",
            Self::ToolStarts => "tool_starts",
            Self::ToolEnds => "tool_ends",
            Self::ToolFails => "tool_fails",
            Self::Waits => "waits",
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
            Self::Other => "other",
        }
    }
}

/// What a payload tells.
#[derive(Clone, Debug)]
pub struct Told {
    /// The client's own name of the event.
    pub hook: Arc<str>,
    /// What it means.
    pub meaning: Meaning,
    /// The session, or sub-agent, it happened in.
    pub session: SessionKey,
    /// When.
    pub at: Timestamp,
    /// The name of the tool it is about.
    pub tool: Option<Arc<str>>,
    /// How long that ran, by the client's own clock, which does not count what starting hooks takes.
    pub took: Option<Duration>,
    /// The same as events. Clients that do not say which call of a tool they mean give none for its start and end:
    /// transcripts tell those, and a call must not be counted twice.
    pub events: Vec<Event>,
}

/// How a client's payloads are read.
pub(super) struct Reading {
    /// Whose they are.
    pub(super) client: ClientId,
    /// Its events.
    pub(super) events: Events,
    /// The session id of a sub-agent, from its parent's and its own.
    pub(super) child: fn(&str, &str) -> String,
    /// Tools that send sub-agents off.
    pub(super) senders: &'static [&'static str],
    /// Failures by which it tells that the user stopped the turn: nothing failed.
    pub(super) stopped: &'static [&'static str],
}

impl Reading {
    /// Of that client, with nothing that is its own: a sub-agent's session id is that of its parent and its own.
    pub(super) const fn new(client: ClientId, events: Events) -> Self {
        Self { client, events, child: |session, agent| format!("{session}/{agent}"), senders: &[], stopped: &[] }
    }
}

/// The fields that matter. What is of another type than it should be counts as missing.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    hook_event_name: Loose<'a>,
    /// Codex' `notify` calls the event so.
    #[serde(borrow, default, rename = "type")]
    kind: Loose<'a>,
    #[serde(borrow, default)]
    session_id: Loose<'a>,
    /// Copilot's notifications call the session so.
    #[serde(borrow, default, rename = "sessionId")]
    camel_session_id: Loose<'a>,
    /// Codex' `notify` calls the session so.
    #[serde(borrow, default, rename = "thread-id")]
    thread_id: Loose<'a>,
    #[serde(borrow, default)]
    cwd: Loose<'a>,
    #[serde(borrow, default)]
    new_cwd: Loose<'a>,
    #[serde(borrow, default)]
    model: Loose<'a>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    agent_id: Loose<'a>,
    #[serde(borrow, default)]
    agent_type: Loose<'a>,
    #[serde(borrow, default)]
    tool_name: Loose<'a>,
    #[serde(borrow, default)]
    tool_use_id: Loose<'a>,
    #[serde(borrow, default)]
    tool_input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_response: Option<&'a RawValue>,
    /// Milliseconds (Claude Code from 2.1.119 on).
    #[serde(borrow, default)]
    duration_ms: Option<&'a RawValue>,
    /// `agtop statusline` tells of it, which no hook does.
    #[serde(borrow, default)]
    context_window: Option<&'a RawValue>,
    #[serde(borrow, default)]
    notification_type: Loose<'a>,
    #[serde(borrow, default)]
    error: Loose<'a>,
    #[serde(borrow, default)]
    source: Loose<'a>,
}

/// How full a context window is, as `agtop statusline` says it, in tokens.
#[derive(Deserialize)]
struct ContextWindow {
    size: Count,
    used: Count,
}

/// What of a tool's input says which kind of sub-agent is sent.
#[derive(Default, Deserialize)]
struct Errand<'a> {
    #[serde(borrow, default)]
    subagent_type: Loose<'a>,
}

/// What a tool answered, as far as it says how it ended.
#[derive(Default, Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    status: Loose<'a>,
}

impl Payload<'_> {
    /// Whether the tool has only sent a sub-agent off, which goes on in the background.
    fn is_launch(&self) -> bool {
        let answer = self.tool_response.and_then(|answer| serde_json::from_str::<Answer<'_>>(answer.get()).ok());
        answer.unwrap_or_default().status.text() == Some("async_launched")
    }

    fn session(&self) -> Option<&str> {
        self.session_id.text().or(self.camel_session_id.text()).or(self.thread_id.text())
    }

    fn time(&self) -> Option<Timestamp> {
        serde_json::from_str::<Moment>(self.timestamp?.get()).ok()?.0
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

impl Reading {
    /// Reads a payload.
    pub(super) fn read(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        let wire: Payload<'_> = serde_json::from_slice(payload)?;
        let id = wire.session().ok_or_else(|| DecodeError::malformed("names no session"))?;
        if id.len() > LONGEST_SESSION {
            return Err(DecodeError::out_of_range("the session's id is too long"));
        }
        let hook = wire.event().ok_or_else(|| DecodeError::malformed("names no event"))?;
        let known = self.events.iter().find(|(name, _)| *name == hook);
        let context = wire.context();
        let unlisted = if context.is_some() { Meaning::Measures } else { Meaning::Other };
        let meaning = match known.map_or(unlisted, |(_, meaning)| *meaning) {
            Meaning::Fails | Meaning::TurnFails if self.is_stop(&wire) => Meaning::TurnEnds,
            meaning => meaning,
        };
        let parent = SessionKey::new(self.client, id);
        let agent = wire.agent_id.text().filter(|agent| agent.len() <= LONGEST_SESSION);
        let session = match agent {
            Some(agent) => SessionKey::new(self.client, (self.child)(id, agent)),
            None => parent.clone(),
        };
        let own = wire.time().filter(|own| own.as_millis().abs_diff(stamp.at.as_millis()) <= SKEW_MS);
        let at = own.unwrap_or(stamp.at);
        let tool = wire.tool_name.text().map(|name| shortened(name, LONGEST_NAME).into());
        let kinds = self.kinds(&wire, meaning, &parent, tool.as_ref());
        let event = |kind| Event { at: Some(at), session: session.clone(), source: stamp.source, kind };
        let events = kinds.into_iter().chain(context).map(event).collect();
        let hook = shortened(hook, LONGEST_NAME).into();
        Ok(Told { hook, meaning, session, at, tool, took: wire.took(), events })
    }

    fn kinds(
        &self,
        wire: &Payload<'_>,
        meaning: Meaning,
        parent: &SessionKey,
        tool: Option<&Arc<str>>,
    ) -> Vec<EventKind> {
        let call = wire.tool_use_id.text().filter(|id| id.len() <= LONGEST_ID).map(|id| ToolKey::new(self.client, id));
        let ended = |outcome| call.map(|tool| EventKind::ToolEnded { tool, outcome }).into_iter().collect();
        match meaning {
            Meaning::SessionStarts => vec![facts(SessionFacts {
                cwd: wire.cwd.text().map(PathBuf::from),
                model: wire.model.text().map(|model| shortened(model, LONGEST_NAME).into()),
                ..SessionFacts::default()
            })],
            Meaning::Moves => {
                vec![facts(SessionFacts { cwd: wire.new_cwd.text().map(PathBuf::from), ..SessionFacts::default() })]
            }
            Meaning::SubagentStarts if wire.agent_id.text().is_some() => vec![facts(SessionFacts {
                parent: Some(parent.clone()),
                origin: wire.agent_type.text().map(|kind| shortened(kind, LONGEST_NAME).into()),
                ..SessionFacts::default()
            })],
            Meaning::ToolStarts => call.zip(tool).map_or_else(Vec::new, |(call, name)| self.start(wire, call, name)),
            Meaning::ToolEnds if wire.is_launch() => Vec::new(),
            Meaning::ToolEnds => ended(Ok(())),
            Meaning::ToolFails => ended(Err(())),
            Meaning::SessionEnds => vec![EventKind::Ended],
            Meaning::Prompts => {
                if is_person(wire) {
                    vec![EventKind::Prompt { words: None }]
                } else {
                    Vec::new()
                }
            }
            Meaning::Waits => vec![EventKind::Waiting],
            Meaning::Notifies => notice(wire).into_iter().collect(),
            Meaning::TurnEnds => vec![EventKind::TurnEnded],
            // A client that does not name the sub-agent says no more than that one is back: the session goes on.
            Meaning::SubagentEnds => wire.agent_id.text().map(|_| EventKind::TurnEnded).into_iter().collect(),
            Meaning::TurnFails => vec![failure(wire), EventKind::TurnEnded],
            Meaning::Fails => vec![failure(wire)],
            Meaning::Compacted => vec![EventKind::Compacted],
            Meaning::SubagentStarts | Meaning::CompactionStarts | Meaning::Measures | Meaning::Other => Vec::new(),
        }
    }

    /// Whether the failure is none: the user stopped the turn.
    fn is_stop(&self, wire: &Payload<'_>) -> bool {
        wire.error.text().is_some_and(|error| self.stopped.contains(&error))
    }

    fn start(&self, wire: &Payload<'_>, tool: ToolKey, name: &Arc<str>) -> Vec<EventKind> {
        let started = EventKind::ToolStarted { tool, name: Arc::clone(name), target: None };
        if !self.senders.contains(&&**name) {
            return vec![started];
        }
        let errand: Errand<'_> =
            wire.tool_input.and_then(|input| serde_json::from_str(input.get()).ok()).unwrap_or_default();
        let kind = shortened(errand.subagent_type.text().unwrap_or("general-purpose"), LONGEST_NAME).into();
        vec![started, EventKind::SubagentStarted { tool, name: kind, task: None }]
    }
}

fn facts(facts: SessionFacts) -> EventKind {
    EventKind::Facts(Box::new(facts))
}

/// Prompts that clocks, loops and the system make are none. Clients that do not tell have no others.
fn is_person(wire: &Payload<'_>) -> bool {
    wire.source.text().is_none_or(|source| matches!(source, "user" | "sdk"))
}

/// Notifications of all clients: their kinds do not clash.
fn notice(wire: &Payload<'_>) -> Option<EventKind> {
    match wire.notification_type.text()? {
        "permission_prompt" | "elicitation_dialog" | "ToolPermission" => Some(EventKind::Waiting),
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
