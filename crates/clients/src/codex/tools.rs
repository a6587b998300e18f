//! Tool calls: what they are called, what they work on, and when they are really over.

use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{EventKind, ToolKey, Untrusted};

use super::CLIENT;
use super::gist::Gist;
use super::loose::filled;
use super::names::Names;
use super::payload::{Arguments, Call, Command, Output, Words};
use crate::parse::{Str, shortened};

/// Characters of a target that are kept.
const TARGET: usize = 120;

/// The calls of one thread that an answer alone does not end.
///
/// `exec_command` answers after some seconds even if its command goes on ("running with session ID 7"). The call is
/// over when a `write_stdin` to that session reports the exit, or when the command's own item is completed.
#[derive(Debug, Default)]
pub(super) struct Tools {
    names: Names,
    /// Calls whose command goes on, by the session that it can be written to under.
    running: HashMap<u64, ToolKey>,
    /// Calls of `write_stdin` without an answer yet, and the session they write to.
    writing: HashMap<ToolKey, u64>,
    /// Calls that send a sub-agent off, without an answer yet: its kind, and what it is asked.
    sending: HashMap<ToolKey, (Untrusted, Option<Untrusted>)>,
    /// Whether the model has called a tool since the last response that was counted.
    pub(super) called: bool,
}

impl Tools {
    /// Whether no call waits for anything.
    pub(super) fn are_quiet(&self) -> bool {
        self.running.is_empty() && self.writing.is_empty() && self.sending.is_empty()
    }

    /// A call begins. `None` if it has no id by which its end could be told.
    pub(super) fn started(&mut self, call: &Call<'_>) -> Option<(ToolKey, EventKind)> {
        let id = filled(call.key.as_ref()).or_else(|| filled(call.id.as_ref()))?;
        let tool = ToolKey::new(CLIENT, id);
        let kind = filled(call.kind.as_ref()).unwrap_or_default();
        let name = filled(call.name.as_ref()).unwrap_or_else(|| kind.strip_suffix("_call").unwrap_or(kind));
        let parsed = call.arguments.as_ref().and_then(|json| serde_json::from_str::<Arguments<'_>>(&json.0).ok());
        let arguments = parsed.as_ref().or(call.action.as_ref());
        if name == "write_stdin"
            && let Some(session) = arguments.and_then(|arguments| arguments.session_id)
        {
            self.writing.insert(tool, session);
        }
        if name == "spawn_agent" {
            let kind = arguments.and_then(|arguments| filled(arguments.agent_type.as_ref())).unwrap_or("subagent");
            let task = arguments.and_then(|arguments| short(filled(arguments.message.as_ref())?));
            self.sending.insert(tool, (Untrusted::new(shortened(kind, TARGET)), task));
        }
        let target = arguments.and_then(target).or_else(|| call.input.as_ref().and_then(custom_target));
        Some((tool, EventKind::ToolStarted { tool, name: self.name(name), target }))
    }

    /// The calls that an answer ends, and the sub-agents that begin or end with it.
    pub(super) fn answered(&mut self, output: &Output<'_>) -> Vec<EventKind> {
        let Some(id) = output.call.filled() else { return Vec::new() };
        let (tool, gist) = (ToolKey::new(CLIENT, id), output.gist);
        let sent = self.sending.remove(&tool).and_then(|(name, task)| {
            let agent = agent(output.news.sent_off.as_deref()?);
            Some(EventKind::SubagentStarted { tool: agent, name, task })
        });
        let resting = output.news.resting.iter().map(|thread| EventKind::SubagentEnded { tool: agent(thread) });
        let mut told = self.command_answered(tool, gist);
        told.extend(sent);
        told.extend(resting);
        told
    }

    fn command_answered(&mut self, tool: ToolKey, gist: Gist) -> Vec<EventKind> {
        match (self.writing.remove(&tool), gist.running) {
            (None, Some(session)) => {
                self.running.insert(session, tool);
                Vec::new()
            }
            (Some(session), None) => {
                let command = self.running.remove(&session).map(|command| ended(command, gist));
                command.into_iter().chain([ended(tool, gist)]).collect()
            }
            (Some(_), Some(_)) | (None, None) => vec![ended(tool, gist)],
        }
    }

    /// The call that ends because its command did.
    pub(super) fn command_ended(&mut self, command: &Command<'_>) -> Option<EventKind> {
        let tool = ToolKey::new(CLIENT, filled(command.id.as_ref())?);
        let (&session, _) = self.running.iter().find(|(_, running)| **running == tool)?;
        self.running.remove(&session);
        Some(ended(tool, Gist { exit_code: command.exit_code, ..Gist::default() }))
    }

    /// The turn is over, and every call with it.
    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.writing.clear();
        self.sending.clear();
        self.called = false;
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        self.names.get(name)
    }
}

/// A sub-agent's work lasts longer than the call that sent it off: it is known by its thread.
fn agent(thread: &str) -> ToolKey {
    ToolKey::new(CLIENT, thread)
}

fn ended(tool: ToolKey, gist: Gist) -> EventKind {
    EventKind::ToolEnded { tool, outcome: gist.outcome() }
}

/// What a call with arguments works on: its command, file or question.
fn target(arguments: &Arguments<'_>) -> Option<Untrusted> {
    let texts = [&arguments.cmd, &arguments.path, &arguments.query];
    if let Some(text) = texts.into_iter().find_map(|text| filled(text.as_ref())) {
        return short(text);
    }
    match arguments.command.as_ref()? {
        Words::One(text) => short(&text.0),
        Words::Many(words) => match words.as_slice() {
            // `bash -lc "the command"`
            [_, option, command] if option.0.starts_with('-') => short(&command.0),
            words => short(&words.iter().map(|word| &*word.0).collect::<Vec<_>>().join(" ")),
        },
    }
}

/// What a custom tool works on: the first file of a patch, else its input's first line.
fn custom_target(input: &Str<'_>) -> Option<Untrusted> {
    let file = input.0.lines().take(8).find_map(|line| {
        ["*** Add File: ", "*** Update File: ", "*** Delete File: "].iter().find_map(|label| line.strip_prefix(label))
    });
    short(file.or_else(|| input.0.lines().next())?)
}

fn short(text: &str) -> Option<Untrusted> {
    let text = shortened(text, TARGET);
    (!text.is_empty()).then(|| Untrusted::new(text))
}
