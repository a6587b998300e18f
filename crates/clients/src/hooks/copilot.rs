//! Copilot CLI's hooks: it reads every `*.json` in a directory, so agtop has its own file.
//!
//! Source: docs.github.com/en/copilot/reference/copilot-cli-reference/cli-hooks-reference. Payloads of events with
//! names in upper camel case contain the name.

use std::fmt::Write as _;

use super::dedicated_file::{DedicatedFile, literal};
use super::payload::{Events, HookMeaning, PayloadFormat};
use super::{HookCommand, HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::copilot::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of Copilot CLI.
pub(crate) struct CopilotHooks;

/// `permissionRequest` is left out: it fires before Copilot knows whether it will ask the user.
const EVENTS: Events = &[
    ("PreToolUse", HookMeaning::ToolStarts),
    ("PostToolUse", HookMeaning::ToolEnds),
    ("PostToolUseFailure", HookMeaning::ToolFails),
    ("Notification", HookMeaning::Notifies),
    ("UserPromptSubmit", HookMeaning::Prompts),
    ("SessionStart", HookMeaning::SessionStarts),
    ("SessionEnd", HookMeaning::SessionEnds),
    ("Stop", HookMeaning::TurnEnds),
    ("SubagentStop", HookMeaning::SubagentEnds),
    ("ErrorOccurred", HookMeaning::Fails),
    ("PreCompact", HookMeaning::Compacted),
];

static SETTINGS_FORMAT: DedicatedFile = DedicatedFile { text, before: "\"bash\": ", read: HookCommand::of_shell };

const PAYLOAD_FORMAT: PayloadFormat = PayloadFormat::new(ID, EVENTS);

/// The call operator `&` makes PowerShell run a quoted path.
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
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            HookScope::User => env.dir("COPILOT_HOME").unwrap_or_else(|| env.home.join(".copilot")).join("hooks"),
            HookScope::Project(directory) => directory.join(".github/hooks"),
            HookScope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("agtop.json"), &SETTINGS_FORMAT)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &[
            "hooks of the user's own directory are described by third parties alone; those of a project are confirmed",
            "its hooks do not say which call of a tool they mean: tools are timed by transcripts",
        ]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
