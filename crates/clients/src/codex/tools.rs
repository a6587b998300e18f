//! Tool calls: their names, what they work on, and when they end.

use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{EventKind, ToolKey, Untrusted};

use super::id::ID;
use super::loose::filled;
use super::payload::{Arguments, Call, Command, Output, Words};
use super::tool_result::ToolResultSummary;
use crate::interner::Interner;
use crate::parse::{MAX_TEXT_CHARS, Str, short_text, shortened};

/// The calls of one thread that do not end with their result.
///
/// `exec_command` returns after some seconds even if its command continues ("running with session ID 7"). The call ends
/// when a `write_stdin` to that session reports the exit, or when the command's own item is completed.
#[derive(Debug, Default)]
pub(super) struct Tools {
    names: Interner,
    /// Calls whose command continues, by its session number.
    running: HashMap<u64, ToolKey>,
    /// Unanswered calls of `write_stdin`, and the session that they write to.
    writing: HashMap<ToolKey, u64>,
    /// Unanswered calls that start a sub-agent: its kind and its task.
    sending: HashMap<ToolKey, (Untrusted, Option<Untrusted>)>,
    /// Whether the model has called a tool since the last counted response.
    pub(super) called: bool,
}

impl Tools {
    /// Whether no call is pending.
    pub(super) fn are_idle(&self) -> bool {
        self.running.is_empty() && self.writing.is_empty() && self.sending.is_empty()
    }

    /// Handles the start of a call. `None` if the call has no id to match its end.
    pub(super) fn started(&mut self, call: &Call<'_>) -> Option<(ToolKey, EventKind)> {
        let id = filled(call.key.as_ref()).or_else(|| filled(call.id.as_ref()))?;
        let tool = ToolKey::new(ID, id);
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
            self.sending.insert(tool, (short_text(kind), task));
        }
        let target = arguments.and_then(target).or_else(|| call.input.as_ref().and_then(custom_target));
        Some((tool, EventKind::ToolStarted { tool, name: self.name(name), target }))
    }

    /// The calls that a result ends, and the sub-agents that start or end with it.
    pub(super) fn answered(&mut self, output: &Output<'_>) -> Vec<EventKind> {
        let Some(id) = output.call.filled() else { return Vec::new() };
        let (tool, summary) = (ToolKey::new(ID, id), output.summary);
        let sent = self.sending.remove(&tool).and_then(|(name, task)| {
            let agent = agent(output.subagents.started_thread.as_deref()?);
            Some(EventKind::SubagentStarted { tool: agent, name, task })
        });
        let finished_threads =
            output.subagents.finished_threads.iter().map(|thread| EventKind::SubagentEnded { tool: agent(thread) });
        let mut decoded = self.command_answered(tool, summary);
        decoded.extend(sent);
        decoded.extend(finished_threads);
        decoded
    }

    fn command_answered(&mut self, tool: ToolKey, summary: ToolResultSummary) -> Vec<EventKind> {
        match (self.writing.remove(&tool), summary.running) {
            (None, Some(session)) => {
                self.running.insert(session, tool);
                Vec::new()
            }
            (Some(session), None) => {
                let command = self.running.remove(&session).map(|command| ended(command, summary));
                command.into_iter().chain([ended(tool, summary)]).collect()
            }
            (Some(_), Some(_)) | (None, None) => vec![ended(tool, summary)],
        }
    }

    /// Ends the call whose command has ended.
    pub(super) fn command_ended(&mut self, command: &Command<'_>) -> Option<EventKind> {
        let tool = ToolKey::new(ID, filled(command.id.as_ref())?);
        let (&session, _) = self.running.iter().find(|(_, running)| **running == tool)?;
        self.running.remove(&session);
        Some(ended(tool, ToolResultSummary { exit_code: command.exit_code, ..ToolResultSummary::default() }))
    }

    /// Ends the turn and every call in it.
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

/// A sub-agent runs longer than the call that started it: it is identified by its thread.
fn agent(thread: &str) -> ToolKey {
    ToolKey::new(ID, thread)
}

fn ended(tool: ToolKey, summary: ToolResultSummary) -> EventKind {
    EventKind::ToolEnded { tool, outcome: summary.outcome() }
}

/// What a call works on: its command, file or query.
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

/// What a custom tool works on: the first file of a patch, else the first line of its input.
fn custom_target(input: &Str<'_>) -> Option<Untrusted> {
    let file = input.0.lines().take(8).find_map(|line| {
        ["*** Add File: ", "*** Update File: ", "*** Delete File: "].iter().find_map(|label| line.strip_prefix(label))
    });
    short(file.or_else(|| input.0.lines().next())?)
}

fn short(text: &str) -> Option<Untrusted> {
    let text = shortened(text, MAX_TEXT_CHARS);
    (!text.is_empty()).then(|| Untrusted::new(text))
}
