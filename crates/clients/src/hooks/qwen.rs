//! Qwen Code's hooks: `settings.json`, in Claude Code's format.
//!
//! Source: QwenLM/qwen-code, docs/users/features/hooks.md.

use super::grouped_format::{ExtraField, GroupedFormat};
use super::payload::{Events, PayloadFormat};
use super::shared_events::SHARED_EVENTS;
use super::{HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::qwen::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of Qwen Code.
pub(crate) struct QwenHooks;

const EVENTS: Events = &SHARED_EVENTS;

/// The description gives the timeout in milliseconds, the examples in seconds: the value is long enough in both units.
static SETTINGS_FORMAT: GroupedFormat = GroupedFormat {
    client: ID,
    events: EVENTS,
    extras: &[
        ("name", ExtraField::Text("agtop")),
        ("timeout", ExtraField::Number(5000)),
        ("async", ExtraField::Flag(true)),
    ],
    switch: Some("disableAllHooks"),
};

const PAYLOAD_FORMAT: PayloadFormat =
    PayloadFormat { subagent_tools: &["task", "agent"], ..PayloadFormat::new(ID, EVENTS) };

impl HookDialect for QwenHooks {
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            HookScope::User => env.dir("QWEN_HOME").unwrap_or_else(|| env.home.join(".qwen")),
            HookScope::Project(directory) => directory.join(".qwen"),
            HookScope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("settings.json"), &SETTINGS_FORMAT)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["the unit of the time limit is not confirmed: the two descriptions differ"]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
