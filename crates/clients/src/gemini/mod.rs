//! Gemini CLI: chats below `~/.gemini/tmp/<project>/chats`, and the directory of each project. The first releases kept
//! chats in `~/.gemini/sessions`, according to some documents.

mod chat;
mod conversation;
pub(crate) mod id;
mod projects;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use std::sync::Arc;

use self::id::ID;
use crate::facts::is_uuid;
use crate::paths::sha256_of;
use crate::signature::ProcessSignature;
use crate::store::{file_name, file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Gemini CLI.
pub(crate) struct Gemini;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Gemini CLI",
    aliases: &[],
    danger_flags: &["--yolo", "-y", "--approval-mode yolo"],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Partly("once they have ended"),
        subagents: Known::Yes,
        permission: Known::Partly("older releases alone write it down"),
        ..Knowledge::NONE
    },
    blind_spots: &[
        "a tool that runs or waits for approval is not on disk: it appears when it has ended",
        "a response cut off in mid-stream is not recorded, though its prompt was billed",
        "the two requests of /compress are not recorded",
        "neither the git branch nor the client's version is recorded",
        "prompts of a .json chat that was resumed as .jsonl are counted in both files; usage is not",
        "chats below tmp/<sha256> do not record their directory: it is known of those that agents work in now",
    ],
};

/// The program restarts itself with a larger heap: wrapper and child both match, and the collector keeps the child.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["gemini"],
    node_commands: &["gemini"],
    npm_packages: &["@google/gemini-cli"],
    script_ends: &["/gemini-cli/bundle/gemini.js"],
    // They configure something and exit, or serve models.
    helper_subcommands: &["mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"],
    valued_options: &[
        "-m",
        "--model",
        "-p",
        "--prompt",
        "-i",
        "--prompt-interactive",
        "-r",
        "--resume",
        "-e",
        "--extensions",
        "-w",
        "--worktree",
        "--policy",
        "--admin-policy",
        "--include-directories",
        "--allowed-mcp-server-names",
        "--allowed-tools",
    ],
    ..ProcessSignature::NONE
};

impl Client for Gemini {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::GeminiHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (home, presence) = match env.dir("GEMINI_CLI_HOME") {
            Some(home) => (home, Presence::Named),
            None => (env.home.clone(), Presence::Usual),
        };
        let root = home.join(".gemini");
        // If it is missing in a configured home, the user has just not chatted yet.
        let below_tmp = |layout, depth, accepts, format| Store {
            root: root.join("tmp"),
            layout,
            depth,
            accepts,
            format,
            presence: Presence::Usual,
        };
        vec![
            Store {
                root: root.clone(),
                layout: "projects",
                depth: 1,
                accepts: is_registry,
                format: Format::Document,
                presence,
            },
            below_tmp("project_root", 2, is_project_root as fn(&Path) -> bool, Format::Document),
            below_tmp("chats", 4, is_log, Format::Lines),
            below_tmp("chats", 4, is_document, Format::Document),
            Store::usual("old chats", root.join("sessions"), 1, is_old_chat, Format::Document),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            "projects" => Box::new(projects::Registry::new(source)),
            "project_root" => Box::new(projects::Root::new(source)),
            _ => Box::new(chat::Chat::new(source)),
        }
    }

    fn project_name(&self, directory: &Path) -> Option<Arc<str>> {
        sha256_of(directory)
    }

    /// Responses have no stop reason, and tools are written when they have answered.
    fn records_turn_ends(&self) -> bool {
        false
    }

    /// `latest` and list numbers do not identify a session.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["-r", "--resume", "--session-id"])?;
        is_uuid(id).then(|| id.to_owned())
    }
}

fn is_registry(relative: &Path) -> bool {
    relative == Path::new("projects.json")
}

fn is_project_root(relative: &Path) -> bool {
    relative.components().count() == 2 && file_name(relative) == projects::ROOT_FILE
}

fn is_log(relative: &Path) -> bool {
    is_chat(relative, "jsonl")
}

fn is_document(relative: &Path) -> bool {
    is_chat(relative, "json")
}

/// `<id>.json`.
fn is_old_chat(relative: &Path) -> bool {
    has_extension(relative, "json") && relative.components().count() == 1 && is_uuid(file_stem(relative))
}

/// `<project>/chats/session-….EXT`, or a sub-agent's `<project>/chats/<parent>/<id>.EXT`. Files that were set aside or
/// are still being written have a marker in their name.
fn is_chat(relative: &Path, extension: &str) -> bool {
    let name = file_name(relative);
    let is_in_place = match relative.iter().collect::<Vec<_>>().as_slice() {
        [_, chats, _] => *chats == "chats" && name.starts_with("session-"),
        [_, chats, _, _] => *chats == "chats",
        _ => false,
    };
    is_in_place && has_extension(relative, extension) && !name.contains(".unreadable-") && !name.contains(".tmp-")
}
