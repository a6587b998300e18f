//! Codex' hooks: `hooks.json` in Claude Code's form, and for older versions `notify` in `config.toml`.
//!
//! Sources: developers.openai.com/codex/hooks, and openai/codex, codex-rs/hooks/schema/generated.

use agtop_model::ClientId;

use super::grouped::{Extra, Grouped};
use super::notify::Notify;
use super::payload::{Events, Meaning, Reading};
use super::{HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("codex");

/// How Codex is hooked.
pub(crate) struct CodexHooks;

/// The last is what `notify` tells: its payload is `{"type": "agent-turn-complete", "thread-id": …}`.
const TOLD: Events = &[
    ("PreToolUse", Meaning::ToolStarts),
    ("PostToolUse", Meaning::ToolEnds),
    ("PermissionRequest", Meaning::Waits),
    ("UserPromptSubmit", Meaning::Prompts),
    ("SessionStart", Meaning::SessionStarts),
    ("Stop", Meaning::TurnEnds),
    ("SubagentStart", Meaning::SubagentStarts),
    ("SubagentStop", Meaning::SubagentEnds),
    ("PreCompact", Meaning::CompactionStarts),
    ("PostCompact", Meaning::Compacted),
    ("agent-turn-complete", Meaning::TurnEnds),
];

/// Those that `hooks.json` knows.
const EVENTS: Events = TOLD.split_at(TOLD.len() - 1).0;

static FORM: Grouped = Grouped { client: ID, events: EVENTS, extras: &[("timeout", Extra::Number(5))], switch: None };

static NOTIFY: Notify = Notify { client: ID };

/// Sub-agents are threads of their own, with ids like any other.
const READING: Reading = Reading { child: |_, agent| agent.to_owned(), ..Reading::new(ID, TOLD) };

impl HookDialect for CodexHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        match scope {
            Scope::User => {
                let home = env.dir("CODEX_HOME").unwrap_or_else(|| env.home.join(".codex"));
                let hooks = SettingsFile::new(home.join("hooks.json"), &FORM);
                vec![hooks, SettingsFile::new(home.join("config.toml"), &NOTIFY)]
            }
            Scope::Project(directory) => vec![SettingsFile::new(directory.join(".codex/hooks.json"), &FORM)],
            Scope::Local(_) => Vec::new(),
        }
    }

    fn notes(&self) -> &'static [&'static str] {
        &["Codex runs new hooks only after you have trusted them: /hooks in Codex"]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
