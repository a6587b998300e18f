//! Kimi CLI: sessions below `~/.kimi/sessions/<md5 of the directory>/<session>`, each with the log of the messages
//! between its engine and its user interface.
//!
//! Sources for layouts and rules: `src/kimi_cli` of kimi-cli 1.52.0 (`wire/types.py`, `wire/file.py`, `metadata.py`,
//! `session.py`, `subagents/`). Its successor, Kimi Code, has the same command and other files: see [`code`].

mod code;
mod context;
mod documents;
mod events;
mod id;
mod owner;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use std::sync::Arc;

use self::id::ID;
use crate::facts::is_uuid;
use crate::paths::md5_of;
use crate::signature::ProcessSignature;
use crate::store::{file_name, file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Kimi CLI.
pub(crate) struct Kimi;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Kimi CLI",
    aliases: &[],
    // Spellings of one flag in 1.52.0; `--afk`, and Kimi Code's `--auto`, allow everything too.
    danger_flags: &["--yolo", "--yes", "-y", "--auto-approve", "--afk", "--auto"],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Partly("of Kimi Code, which names the model"),
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        permission: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Kimi CLI names the model in its configuration alone, which is not read, so costs are unknown; Kimi Code names it",
        "summaries of /compact and side questions of /btw are billed, but Kimi CLI does not record them",
        "a fork copies its source's prompts and responses: responses count once, for either of the two",
        "its process title hides the command line: neither a session's id nor a flag is seen of a running one",
        "sessions of the first versions (<session>.jsonl) record no usage",
        "neither the git branch nor the client's version is recorded",
    ],
};

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["kimi", "kimi-cli"],
    titles: &["Kimi Code", "kimi-code-worker", "kimi-code"],
    node_commands: &["kimi", "kimi-cli"],
    npm_packages: &["@moonshot-ai/kimi-code"],
    python_commands: &["kimi", "kimi-cli", "kimi_cli"],
    // A shell command that runs in the background.
    helper_prefixes: &["kimi-code-bg-worker"],
    // They show or configure something, or host a user interface for others.
    helper_subcommands: &[
        "info",
        "export",
        "mcp",
        "plugin",
        "vis",
        "web",
        "login",
        "logout",
        "term",
        "__background-task-worker",
        "provider",
        "session",
        "fork",
        "doctor",
        "migrate",
        "upgrade",
        "update",
        "install-desktop",
    ],
    // `-m` is the model option, and Python's option for a module.
    valued_options: &[
        "-m",
        "--model",
        "-w",
        "--work-dir",
        "--add-dir",
        "-p",
        "--prompt",
        "-c",
        "--command",
        "-S",
        "-r",
        "--session",
        "--resume",
        "--config",
        "--config-file",
        "--agent",
        "--agent-file",
        "--output-format",
        "--skills-dir",
    ],
    ..ProcessSignature::NONE
};

impl Client for Kimi {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (root, presence) = match env.dir("KIMI_SHARE_DIR") {
            Some(root) => (root, Presence::Named),
            None => (env.home.join(".kimi"), Presence::Usual),
        };
        // If it is missing in a configured directory, the user has just not worked there yet.
        let sessions = |layout, accepts, format| Store {
            root: root.join("sessions"),
            layout,
            depth: 5,
            accepts,
            format,
            presence: Presence::Usual,
        };
        let (code_root, code_presence) = match env.dir("KIMI_CODE_HOME") {
            Some(root) => (root, Presence::Named),
            None => (env.home.join(".kimi-code"), Presence::Usual),
        };
        let code = |layout, accepts, format| Store {
            presence: code_presence,
            ..Store::usual(layout, code_root.join("sessions"), 5, accepts, format)
        };
        vec![
            Store {
                root: root.clone(),
                layout: "directories",
                depth: 1,
                accepts: |relative| relative == Path::new("kimi.json"),
                format: Format::Document,
                presence,
            },
            sessions("sessions", is_wire as fn(&Path) -> bool, Format::Lines),
            sessions("old sessions", is_old_session, Format::Lines),
            sessions("session states", is_state, Format::Document),
            sessions("sub-agents", is_subagent, Format::Document),
            code("Kimi Code's sessions", code::is_wire as fn(&Path) -> bool, Format::Lines),
            code("Kimi Code's states", code::is_state, Format::Document),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            "directories" => Box::new(documents::Directories::new(source)),
            "session states" => Box::new(documents::State::new(source)),
            "sub-agents" => Box::new(documents::Subagent::new(source)),
            "Kimi Code's sessions" => Box::new(code::CodeLog::new(source)),
            "Kimi Code's states" => Box::new(code::CodeState::new(source)),
            "old sessions" => Box::new(context::OldSession::new(source)),
            _ => Box::new(wire::WireLog::new(source)),
        }
    }

    fn project_name(&self, directory: &Path) -> Option<Arc<str>> {
        md5_of(directory)
    }

    /// Session ids are UUIDs, after `session_` in Kimi Code, unless an editor set them; without an id the option shows
    /// a list.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--session", "--resume", "-S", "-r"])?;
        is_uuid(id.strip_prefix("session_").unwrap_or(id)).then(|| id.to_owned())
    }
}

fn is_wire(relative: &Path) -> bool {
    match relative.components().count() {
        3 => file_name(relative) == "wire.jsonl",
        5 => is_below_subagents(relative) && file_name(relative) == "wire.jsonl",
        _ => false,
    }
}

fn is_old_session(relative: &Path) -> bool {
    relative.components().count() == 2 && has_extension(relative, "jsonl") && is_uuid(file_stem(relative))
}

fn is_state(relative: &Path) -> bool {
    relative.components().count() == 3 && file_name(relative) == "state.json"
}

fn is_subagent(relative: &Path) -> bool {
    relative.components().count() == 5 && is_below_subagents(relative) && file_name(relative) == "meta.json"
}

fn is_below_subagents(relative: &Path) -> bool {
    relative.iter().nth(2).is_some_and(|part| part == "subagents")
}
