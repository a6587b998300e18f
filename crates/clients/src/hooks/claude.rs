//! Claude Code's hooks: `settings.json`, where hooks of all scopes add up.
//!
//! Source: code.claude.com/docs/en/hooks, as of version 2.1.

use agtop_model::ClientId;

use super::grouped::{Extra, Grouped};
use super::payload::{Events, Meaning, Reading};
use super::{HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("claude");

/// How Claude Code is hooked.
pub(crate) struct ClaudeHooks;

const EVENTS: Events = &[
    ("PreToolUse", Meaning::ToolStarts),
    ("PostToolUse", Meaning::ToolEnds),
    ("PostToolUseFailure", Meaning::ToolFails),
    ("PermissionRequest", Meaning::Waits),
    ("PermissionDenied", Meaning::ToolFails),
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
    ("CwdChanged", Meaning::Moves),
    ("Elicitation", Meaning::Waits),
    ("ElicitationResult", Meaning::Other),
];

/// Seconds are the unit of the time limit. In the background, so that the agent never waits.
static FORM: Grouped = Grouped {
    client: ID,
    events: EVENTS,
    extras: &[("timeout", Extra::Number(5)), ("async", Extra::Flag(true))],
    switch: Some("disableAllHooks"),
};

const READING: Reading = Reading { senders: &["Task", "Agent"], ..Reading::new(ID, EVENTS) };

impl HookDialect for ClaudeHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        let path = match scope {
            Scope::User => {
                let named = env.dirs("CLAUDE_CONFIG_DIR").into_iter().next();
                named.unwrap_or_else(|| env.home.join(".claude")).join("settings.json")
            }
            Scope::Project(directory) => directory.join(".claude/settings.json"),
            Scope::Local(directory) => directory.join(".claude/settings.local.json"),
        };
        vec![SettingsFile::new(path, &FORM)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["versions before 2.1 do not know all events: /doctor in Claude Code says if one objects"]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
