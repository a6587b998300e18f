//! Codex's hooks: `hooks.json` in Claude Code's format, and for older versions `notify` in `config.toml`.
//!
//! Sources: developers.openai.com/codex/hooks, and openai/codex, codex-rs/hooks/schema/generated.

use super::grouped_format::{ExtraField, GroupedFormat};
use super::notify_format::NotifyFormat;
use super::payload::{Events, HookMeaning, PayloadFormat};
use super::{HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::codex::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of Codex.
pub(crate) struct CodexHooks;

/// The last one comes from `notify`: its payload is `{"type": "agent-turn-complete", "thread-id": …}`.
const ALL_EVENTS: Events = &[
    ("PreToolUse", HookMeaning::ToolStarts),
    ("PostToolUse", HookMeaning::ToolEnds),
    ("PermissionRequest", HookMeaning::RequestsPermission),
    ("UserPromptSubmit", HookMeaning::Prompts),
    ("SessionStart", HookMeaning::SessionStarts),
    ("Stop", HookMeaning::TurnEnds),
    ("SubagentStart", HookMeaning::SubagentStarts),
    ("SubagentStop", HookMeaning::SubagentEnds),
    ("PreCompact", HookMeaning::CompactionStarts),
    ("PostCompact", HookMeaning::Compacted),
    ("agent-turn-complete", HookMeaning::TurnEnds),
];

/// The events in `hooks.json`.
const EVENTS: Events = ALL_EVENTS.split_at(ALL_EVENTS.len() - 1).0;

static SETTINGS_FORMAT: GroupedFormat =
    GroupedFormat { client: ID, events: EVENTS, extras: &[("timeout", ExtraField::Number(5))], switch: None };

static NOTIFY: NotifyFormat = NotifyFormat { client: ID };

/// Sub-agents are separate threads with ids like any other thread.
const PAYLOAD_FORMAT: PayloadFormat =
    PayloadFormat { child: |_, agent| agent.to_owned(), ..PayloadFormat::new(ID, ALL_EVENTS) };

impl HookDialect for CodexHooks {
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        match scope {
            HookScope::User => {
                let home = env.dir("CODEX_HOME").unwrap_or_else(|| env.home.join(".codex"));
                let hooks = SettingsFile::new(home.join("hooks.json"), &SETTINGS_FORMAT);
                vec![hooks, SettingsFile::new(home.join("config.toml"), &NOTIFY)]
            }
            HookScope::Project(directory) => {
                vec![SettingsFile::new(directory.join(".codex/hooks.json"), &SETTINGS_FORMAT)]
            }
            HookScope::Local(_) => Vec::new(),
        }
    }

    fn notes(&self) -> &'static [&'static str] {
        &["Codex runs new hooks only after you have trusted them: /hooks in Codex"]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
