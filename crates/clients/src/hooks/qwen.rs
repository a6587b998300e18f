//! Qwen Code's hooks: `settings.json`, in Claude Code's form.
//!
//! Source: QwenLM/qwen-code, docs/users/features/hooks.md.

use agtop_model::ClientId;

use super::grouped::{Extra, Grouped};
use super::payload::{Events, Meaning, Reading};
use super::{HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("qwen");

/// How Qwen Code is hooked.
pub(crate) struct QwenHooks;

const EVENTS: Events = &[
    ("PreToolUse", Meaning::ToolStarts),
    ("PostToolUse", Meaning::ToolEnds),
    ("PostToolUseFailure", Meaning::ToolFails),
    ("PermissionRequest", Meaning::Waits),
    ("Notification", Meaning::Notifies),
    ("UserPromptSubmit", Meaning::Prompts),
    ("SessionStart", Meaning::SessionStarts),
    ("SessionEnd", Meaning::SessionEnds),
    ("Stop", Meaning::TurnEnds),
    ("StopFailure", Meaning::TurnFails),
    ("SubagentStart", Meaning::SubagentStarts),
    ("SubagentStop", Meaning::SubagentEnds),
    ("PreCompact", Meaning::CompactionStarts),
    ("PostCompact", Meaning::Compacted),
];

/// The description has milliseconds for the time limit, the examples of the next one seconds: as either it is enough.
static FORM: Grouped = Grouped {
    client: ID,
    events: EVENTS,
    extras: &[("name", Extra::Text("agtop")), ("timeout", Extra::Number(5000)), ("async", Extra::Flag(true))],
    switch: Some("disableAllHooks"),
};

const READING: Reading = Reading { senders: &["task", "agent"], ..Reading::new(ID, EVENTS) };

impl HookDialect for QwenHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            Scope::User => env.dir("QWEN_HOME").unwrap_or_else(|| env.home.join(".qwen")),
            Scope::Project(directory) => directory.join(".qwen"),
            Scope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("settings.json"), &FORM)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["the unit of the time limit is not confirmed: the two descriptions differ"]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
