//! OpenCode's hooks: a plugin, which is a JavaScript file in a directory of such.
//!
//! Source: opencode.ai/docs/plugins. The plugin hands on names and ids alone, never what was said.

use agtop_model::ClientId;

use super::own::{Own, literal};
use super::payload::{Events, Meaning, Reading};
use super::{HookCommand, HookDialect, Scope, SettingsFile, Stamp, Told};
use crate::opencode::STOPPED;
use crate::{DecodeError, Env};

const ID: ClientId = ClientId::new("opencode");

/// How OpenCode is hooked.
pub(crate) struct OpenCodeHooks;

const EVENTS: Events = &[
    ("tool.execute.before", Meaning::ToolStarts),
    ("tool.execute.after", Meaning::ToolEnds),
    ("permission.asked", Meaning::Waits),
    ("permission.updated", Meaning::Waits),
    ("question.asked", Meaning::Waits),
    ("session.created", Meaning::SessionStarts),
    ("session.idle", Meaning::TurnEnds),
    ("session.error", Meaning::Fails),
    ("session.compacted", Meaning::Compacted),
    ("session.deleted", Meaning::SessionEnds),
];

static FORM: Own =
    Own { text, before: "const agtop = ", read: |path| HookCommand::of_list([path, "hook"].into_iter()) };

const READING: Reading = Reading { stopped: STOPPED, ..Reading::new(ID, EVENTS) };

const PLUGIN: &str = include_str!("opencode.js");

fn text(command: &HookCommand) -> String {
    PLUGIN.replace("\"AGTOP\"", &literal(command.program()))
}

impl HookDialect for OpenCodeHooks {
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile> {
        let directory = match scope {
            Scope::User => env.config_home().join("opencode"),
            Scope::Project(directory) => directory.join(".opencode"),
            Scope::Local(_) => return Vec::new(),
        };
        vec![SettingsFile::new(directory.join("plugins/agtop.js"), &FORM)]
    }

    fn notes(&self) -> &'static [&'static str] {
        &["tools are timed by the database: it numbers their calls otherwise than the plugin is told"]
    }

    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError> {
        READING.read(payload, stamp)
    }
}
