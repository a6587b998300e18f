//! Copilot CLI's hooks: every `*.json` in a directory counts, so agtop has a file of its own.
//!
//! Source: docs.github.com/en/copilot/reference/copilot-cli-reference/cli-hooks-reference. Events named in upper camel
//! case have payloads that name the event.

use std::fmt::Write as _;

use agtop_model::ClientId;

use super::own::{Own, literal};
use super::payload::{Events, Meaning, Reading};
use super::{HookCommand, HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("copilot");

/// How Copilot CLI is hooked.
pub(crate) struct CopilotHooks;

/// `permissionRequest` is not among them: it fires before Copilot knows whether it will ask its person.
const EVENTS: Events = &[
    ("PreToolUse", Meaning::ToolStarts),
    ("PostToolUse", Meaning::ToolEnds),
    ("PostToolUseFailure", Meaning::ToolFails),
    ("Notification", Meaning::Notifies),
    ("UserPromptSubmit", Meaning::Prompts),
    ("SessionStart", Meaning::SessionStarts),
    ("SessionEnd", Meaning::SessionEnds),
    ("Stop", Meaning::TurnEnds),
    ("SubagentStop", Meaning::SubagentEnds),
    ("ErrorOccurred", Meaning::Fails),
    ("PreCompact", Meaning::Compacted),
];

static FORM: Own = Own { text, before: "\"bash\": ", read: HookCommand::of_shell };

const READING: Reading = Reading::new(ID, EVENTS);

/// The call operator makes PowerShell run a quoted path.
fn text(command: &HookCommand) -> String {
    let line = command.shell(ID);
    let (bash, powershell) = (literal(&line), literal(&format!("& {line}")));
    let mut text = String::from("{\n  \"version\": 1,\n  \"hooks\": {");
    for (at, (event, _)) in EVENTS.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "{comma}\n    \"{event}\": [\n      {{\n        \"type\": \"command\",\n        \"bash\": {bash},\n        \
             \"powershell\": {powershell},\n        \"timeoutSec\": 5\n      }}\n    ]"
        );
    }
    text + "\n  }\n}\n"
}

impl HookDialect for CopilotHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            Scope::User => env.dir("COPILOT_HOME").unwrap_or_else(|| env.home.join(".copilot")).join("hooks"),
            Scope::Project(directory) => directory.join(".github/hooks"),
            Scope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("agtop.json"), &FORM)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &[
            "hooks of the user's own directory are described by third parties alone; those of a project are confirmed",
            "its hooks do not say which call of a tool they mean: tools are timed by transcripts",
        ]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
