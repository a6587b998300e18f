//! Claude Code's hooks: `settings.json`; the hooks of all scopes are combined.
//!
//! Source: code.claude.com/docs/en/hooks, as of version 2.1.

use super::grouped_format::{ExtraField, GroupedFormat};
use super::payload::{Events, HookMeaning, PayloadFormat};
use super::shared_events::SHARED_EVENTS;
use super::{HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::claude::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of Claude Code.
pub(crate) struct ClaudeHooks;

/// The events that only Claude Code has.
const OWN_EVENTS: [(&str, HookMeaning); 4] = [
    ("PermissionDenied", HookMeaning::ToolFails),
    ("CwdChanged", HookMeaning::Moves),
    ("Elicitation", HookMeaning::RequestsInput),
    ("ElicitationResult", HookMeaning::InputGiven),
];

const EVENTS: Events = &all_events();

const fn all_events() -> [(&'static str, HookMeaning); SHARED_EVENTS.len() + OWN_EVENTS.len()] {
    let mut events = [("", HookMeaning::Other); SHARED_EVENTS.len() + OWN_EVENTS.len()];
    let (shared, own) = events.split_at_mut(SHARED_EVENTS.len());
    shared.copy_from_slice(&SHARED_EVENTS);
    own.copy_from_slice(&OWN_EVENTS);
    events
}

/// The timeout is in seconds. The hook runs in the background, so that the agent never waits.
static SETTINGS_FORMAT: GroupedFormat = GroupedFormat {
    client: ID,
    events: EVENTS,
    extras: &[("timeout", ExtraField::Number(5)), ("async", ExtraField::Flag(true))],
    switch: Some("disableAllHooks"),
};

const PAYLOAD_FORMAT: PayloadFormat =
    PayloadFormat { subagent_tools: &["Task", "Agent"], ..PayloadFormat::new(ID, EVENTS) };

impl HookDialect for ClaudeHooks {
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        let path = match scope {
            HookScope::User => {
                let named = env.dirs("CLAUDE_CONFIG_DIR").into_iter().next();
                named.unwrap_or_else(|| env.home.join(".claude")).join("settings.json")
            }
            HookScope::Project(directory) => directory.join(".claude/settings.json"),
            HookScope::Local(directory) => directory.join(".claude/settings.local.json"),
        };
        vec![SettingsFile::new(path, &SETTINGS_FORMAT)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["versions before 2.1 do not know all events: /doctor in Claude Code says if one objects"]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
