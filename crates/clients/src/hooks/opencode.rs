//! OpenCode's hooks: a plugin, a JavaScript file in the plugin directory.
//!
//! Source: opencode.ai/docs/plugins. The plugin passes on names and ids only, no message text.

use super::dedicated_file::{DedicatedFile, literal};
use super::payload::{Events, HookMeaning, PayloadFormat};
use super::{HookCommand, HookDialect, HookEvent, HookScope, PayloadOrigin, SettingsFile};
use crate::opencode::STOP_ERRORS;
use crate::opencode::id::ID;
use crate::{DecodeError, Env};

/// The hook dialect of OpenCode.
pub(crate) struct OpenCodeHooks;

const EVENTS: Events = &[
    ("tool.execute.before", HookMeaning::ToolStarts),
    ("tool.execute.after", HookMeaning::ToolEnds),
    ("permission.asked", HookMeaning::RequestsPermission),
    ("permission.updated", HookMeaning::RequestsPermission),
    ("question.asked", HookMeaning::RequestsInput),
    ("session.created", HookMeaning::SessionStarts),
    ("session.idle", HookMeaning::TurnEnds),
    ("session.error", HookMeaning::Fails),
    ("session.compacted", HookMeaning::Compacted),
    ("session.deleted", HookMeaning::SessionEnds),
];

static SETTINGS_FORMAT: DedicatedFile =
    DedicatedFile { text, before: "const agtop = ", read: |path| HookCommand::of_list([path, "hook"].into_iter()) };

const PAYLOAD_FORMAT: PayloadFormat = PayloadFormat { stopped: STOP_ERRORS, ..PayloadFormat::new(ID, EVENTS) };

const PLUGIN: &str = include_str!("opencode.js");

fn text(command: &HookCommand) -> String {
    PLUGIN.replace("\"AGTOP\"", &literal(command.program()))
}

impl HookDialect for OpenCodeHooks {
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            HookScope::User => env.config_home().join("opencode"),
            HookScope::Project(directory) => directory.join(".opencode"),
            HookScope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("plugins/agtop.js"), &SETTINGS_FORMAT)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["tools are timed by the database: it numbers their calls otherwise than the plugin is told"]
    }

    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError> {
        PAYLOAD_FORMAT.read(payload, stamp)
    }
}
