//! Gemini CLI's hooks: `settings.json`.
//!
//! Source: google-gemini/gemini-cli, docs/hooks/reference.md.

use super::grouped_format::{ExtraField, GroupedFormat};
use super::payload::{Events, HookMeaning, PayloadFormat};
use super::{HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::gemini::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of Gemini CLI.
pub(crate) struct GeminiHooks;

/// The events of the model are left out: they fire for every chunk of a response, and transcripts have the same data.
/// `PreCompress` is left out because version 0.61 fires it before every request, even if nothing is summarised.
const EVENTS: Events = &[
    ("BeforeTool", HookMeaning::ToolStarts),
    ("AfterTool", HookMeaning::ToolEnds),
    ("BeforeAgent", HookMeaning::Prompts),
    ("AfterAgent", HookMeaning::TurnEnds),
    ("Notification", HookMeaning::Notifies),
    ("SessionStart", HookMeaning::SessionStarts),
    ("SessionEnd", HookMeaning::SessionEnds),
];

/// The timeout is in milliseconds.
static SETTINGS_FORMAT: GroupedFormat = GroupedFormat {
    client: ID,
    events: EVENTS,
    extras: &[("name", ExtraField::Text("agtop")), ("timeout", ExtraField::Number(5000))],
    switch: None,
};

const PAYLOAD_FORMAT: PayloadFormat = PayloadFormat::new(ID, EVENTS);

impl HookDialect for GeminiHooks {
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            HookScope::User => env.dir("GEMINI_CLI_HOME").unwrap_or_else(|| env.home.clone()),
            HookScope::Project(directory) => directory.to_owned(),
            HookScope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join(".gemini/settings.json"), &SETTINGS_FORMAT)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &[
            "Gemini CLI waits for its hooks: some milliseconds for each event",
            "its hooks do not say which call of a tool they mean: tools are timed by transcripts",
        ]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
