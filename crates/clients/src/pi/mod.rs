//! Pi, the coding agent of the pi-mono project.
//!
//! Sessions are trees of entries in append-only files: `<agent>/sessions/--<cwd>--/<time>_<id>.jsonl`. Source for
//! layout and meaning: pi-mono's `session-manager.ts` (format 3) and `docs/session.md` (format 1), checked against a
//! session of November 2025. `OpenClaw` embeds the same agent and writes the same entries, see [`entries`].

pub(crate) mod entries;
mod wire;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use agtop_model::ClientId;

use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Pi.
pub(crate) struct Pi;

const ID: ClientId = ClientId::new("pi");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Pi",
    aliases: &[],
    danger_flags: &[], // Pi never asks for permission, so no flag turns that off
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Releases of before the end of 2026 do not write down what summaries of compactions and left branches used.",
        "A session is first written with the first answer: until then a new one cannot be seen.",
        "Sub-agents that extensions start are sessions of their own, and nothing names their parent.",
        "Forks of before entries had ids, once migrated, count what they copied again.",
        "Sessions that --session-dir or a setting puts elsewhere are not looked for.",
    ],
};

/// The name is short: a script counts only with exactly this name, because `pi.py` is usually about the number.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["pi"],
    node_commands: &["pi"],
    // The names under its former and its current owner; the latter unconfirmed.
    npm_packages: &["@mariozechner/pi-coding-agent", "@earendil-works/pi-coding-agent"],
    // They have no conversation.
    helper_subcommands: &["install", "remove", "uninstall", "update", "list", "config"],
    // Options whose values could be mistaken for a subcommand.
    valued_options: &[
        "--mode",
        "--provider",
        "--model",
        "--models",
        "--api-key",
        "--system-prompt",
        "--append-system-prompt",
        "--session",
        "--session-dir",
        "--fork",
        "--tools",
        "--thinking",
        "--extension",
        "-e",
        "--skill",
        "--prompt-template",
        "--theme",
    ],
    is_other_product: is_about_a_number,
    ..ProcessSignature::NONE
};

/// Other programs with this name compute digits of the number, such as Debian's `pi 1000`.
fn is_about_a_number(process: &ProcFacts<'_>) -> bool {
    SIGNATURE.subcommand(process).is_some_and(|word| word.parse::<u64>().is_ok())
}

impl Client for Pi {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let sessions = env.dir("PI_CODING_AGENT_SESSION_DIR").map(|root| store(root, Presence::Named));
        let agent = env.dir("PI_CODING_AGENT_DIR").map(|agent| (agent, Presence::Named));
        let (agent, presence) = agent.unwrap_or_else(|| (env.home.join(".pi/agent"), Presence::Usual));
        sessions.into_iter().chain([store(agent.join("sessions"), presence)]).collect()
    }

    fn decoder(&self, _store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let stem = file_stem(source.path);
        Box::new(entries::SessionEntries::new(ID, entries::id_in_name(stem).unwrap_or(stem), source))
    }

    /// `--session` takes a file, an id or a part of an id; a part does not identify a session.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let named = process.option(&["--session"])?;
        let id = if is_uuid(named) { named } else { entries::id_in_name(entries::stem(named))? };
        Some(id.to_ascii_lowercase())
    }
}

/// Sessions are in one directory per work directory, or directly in a configured directory; extensions keep those of
/// their sub-agents deeper.
fn store(root: PathBuf, presence: Presence) -> Store {
    let accepts = |path: &Path| has_extension(path, "jsonl");
    Store { root, layout: "sessions", depth: 6, accepts, format: Format::Lines, presence }
}
