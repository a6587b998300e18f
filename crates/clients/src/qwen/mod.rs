//! Qwen Code: chats below `~/.qwen/projects/<cwd>/chats`, and transcripts of background sub-agents next to them.
//!
//! Sources for layouts and rules: `packages/core/src` of QwenLM/qwen-code (`chatRecordingService`, `sessionService`,
//! `agent-transcript`) and live runs of 0.15.10.

mod chat;
pub(crate) mod id;
mod legacy;
mod pairing;
mod skip;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use std::sync::Arc;

use self::id::ID;
use crate::facts::is_uuid;
use crate::paths::sha256_of;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Qwen Code.
pub(crate) struct Qwen;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Qwen Code",
    aliases: &[],
    danger_flags: &["--yolo", "-y", "--approval-mode yolo"],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "a response cut off in mid-stream or a failed attempt is not recorded, though its prompt was billed",
        "suggestions of the next prompt and other requests of its own are not recorded",
        "a background sub-agent appears twice: with its usage, and with its tools; no record links the two",
        "the tools of a sub-agent that ran in the foreground are not recorded",
        "chats of the first versions (.json) name neither directory, branch nor version",
    ],
};

/// The program restarts itself with a larger heap: wrapper and child both match, and the collector keeps the child.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["qwen"],
    node_commands: &["qwen"],
    npm_packages: &["@qwen-code/qwen-code"],
    // They configure something and exit, or only pass messages on.
    helper_subcommands: &["mcp", "extensions", "auth", "hooks", "hook", "channel", "review"],
    valued_options: &["-m", "--model", "-p", "--prompt", "-i", "--prompt-interactive", "-r", "--resume"],
    ..ProcessSignature::NONE
};

impl Client for Qwen {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::QwenHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = env.dir("QWEN_RUNTIME_DIR").or_else(|| env.dir("QWEN_HOME"));
        let (root, presence) = match named {
            Some(root) => (root, Presence::Named),
            None => (env.home.join(".qwen"), Presence::Usual),
        };
        // If it is missing in a configured directory, the layout was just not used there.
        let below = |folder, layout, depth, accepts, format| Store {
            root: root.join(folder),
            layout,
            depth,
            accepts,
            format,
            presence: Presence::Usual,
        };
        vec![
            Store { presence, ..below("projects", "chats", 4, is_transcript as fn(&Path) -> bool, Format::Lines) },
            below("tmp", "old chats", 3, is_old_chat, Format::Document),
        ]
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Document => Box::new(legacy::OldChat::new(source)),
            _ => Box::new(chat::Chat::new(source)),
        }
    }

    fn project_name(&self, directory: &Path) -> Option<Arc<str>> {
        sha256_of(directory)
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--resume", "-r", "--session-id"])?;
        is_uuid(id).then(|| id.to_ascii_lowercase())
    }
}

/// `<cwd>/chats/<session>.jsonl`, or a sub-agent's `<cwd>/subagents/<session>/agent-<id>.jsonl`.
fn is_transcript(relative: &Path) -> bool {
    let is_in_place = match relative.iter().collect::<Vec<_>>().as_slice() {
        [_, chats, _] => *chats == "chats",
        [_, subagents, _, _] => *subagents == "subagents" && file_name(relative).starts_with("agent-"),
        _ => false,
    };
    is_in_place && has_extension(relative, "jsonl")
}

/// `<hash>/chats/session-….json`: not confirmed with files of that age; other formats are skipped.
fn is_old_chat(relative: &Path) -> bool {
    let is_in_place = matches!(relative.iter().collect::<Vec<_>>().as_slice(), [_, chats, _] if *chats == "chats");
    is_in_place && has_extension(relative, "json") && file_name(relative).starts_with("session-")
}
