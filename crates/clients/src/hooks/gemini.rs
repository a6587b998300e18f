//! Gemini CLI's hooks: `settings.json`.
//!
//! Source: google-gemini/gemini-cli, docs/hooks/reference.md.

use agtop_model::ClientId;

use super::grouped::{Extra, Grouped};
use super::payload::{Events, Meaning, Reading};
use super::{HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("gemini");

/// How Gemini CLI is hooked.
pub(crate) struct GeminiHooks;

/// Not the model's own events: they fire for every chunk of a response, and tell nothing that transcripts do not. Nor
/// `PreCompress`, which version 0.61 fires before every request, whether anything is summarised or not.
const EVENTS: Events = &[
    ("BeforeTool", Meaning::ToolStarts),
    ("AfterTool", Meaning::ToolEnds),
    ("BeforeAgent", Meaning::Prompts),
    ("AfterAgent", Meaning::TurnEnds),
    ("Notification", Meaning::Notifies),
    ("SessionStart", Meaning::SessionStarts),
    ("SessionEnd", Meaning::SessionEnds),
];

/// Milliseconds are the unit of the time limit.
static FORM: Grouped = Grouped {
    client: ID,
    events: EVENTS,
    extras: &[("name", Extra::Text("agtop")), ("timeout", Extra::Number(5000))],
    switch: None,
};

const READING: Reading = Reading::new(ID, EVENTS);

impl HookDialect for GeminiHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            Scope::User => env.dir("GEMINI_CLI_HOME").unwrap_or_else(|| env.home.clone()),
            Scope::Project(directory) => directory.to_owned(),
            Scope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join(".gemini/settings.json"), &FORM)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &[
            "Gemini CLI waits for its hooks: some milliseconds for each event",
            "its hooks do not say which call of a tool they mean: tools are timed by transcripts",
        ]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
