//! Amp: one document per thread, rewritten as a whole.
//!
//! `<data>/amp/threads/T-<uuid>.json`. Amp is closed source: layout and meaning come from the readers in ccusage and
//! tokscale, and nothing was checked against a live program.

mod id;
mod thread;
mod wire;

#[cfg(test)]
mod tests;

use std::path::Path;

use agtop_model::ProcessRole;

use self::id::ID;
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, ProcFacts, Source, Store};

/// Amp.
pub(crate) struct Amp;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Amp",
    aliases: &[],
    danger_flags: &["--dangerously-allow-all"], // unconfirmed
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        permission: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Since spring 2026 Amp keeps threads on its servers alone: of those only processes are seen. `amp threads list` shows \
         them, `amp threads export` what they used.",
        "Amp writes down credits, which are no dollars: its costs are computed from tokens.",
        "A title or a sub-agent's request is known by its line in the ledger alone, which counts no cached tokens.",
    ],
};

/// Subcommands of `amp threads` that continue a thread. All others are helper processes.
const CONTINUE_SUBCOMMANDS: &[&str] = &["continue", "c"];

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["amp"],
    node_commands: &["amp"],
    npm_packages: &["@sourcegraph/amp"],
    // They have no conversation.
    helper_subcommands: &[
        "login",
        "logout",
        "mcp",
        "tools",
        "tool",
        "permissions",
        "update",
        "usage",
        "doctor",
        "skill",
        "help",
        "version",
    ],
    valued_options: &[
        "-x",
        "--execute",
        "-m",
        "--mode",
        "-l",
        "--label",
        "--settings-file",
        "--mcp-config",
        "--log-level",
        "--log-file",
        "--visibility",
    ],
    is_other_product: is_editor,
    ..ProcessSignature::NONE
};

/// Names of the `threads` subcommand; only [`CONTINUE_SUBCOMMANDS`] makes it an agent.
const THREADS_SUBCOMMANDS: &[&str] = &["threads", "thread", "t"];

/// A text editor has the same name. It is started with files, and Cargo installs it.
fn is_editor(process: &ProcFacts<'_>) -> bool {
    SIGNATURE.subcommand(process).is_some_and(|word| word.contains(['.', '/', '\\'])) || is_built_by_cargo(process)
}

impl Client for Amp {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        let is_about_threads = || SIGNATURE.subcommand(process).is_some_and(|word| THREADS_SUBCOMMANDS.contains(&word));
        match SIGNATURE.role(process)? {
            ProcessRole::Agent
                if is_about_threads() && !process.args().any(|arg| CONTINUE_SUBCOMMANDS.contains(&arg)) =>
            {
                Some(ProcessRole::Helper)
            }
            role => Some(role),
        }
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let accepts = |path: &Path| is_thread(file_stem(path)) && has_extension(path, "json");
        let store = |layout, root| Store::usual(layout, root, 1, accepts, Format::Document);
        // Amp was an editor extension first, with threads of the same format.
        let old = env.extension_storages("sourcegraph.amp").into_iter().map(|storage| storage.join("threads3"));
        let old = old.map(|root| store("threads of the extension", root));
        std::iter::once(store("threads", env.data_home().join("amp/threads"))).chain(old).collect()
    }

    fn decoder(&self, _store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(thread::ThreadDocument::new(source))
    }

    /// `amp threads continue` takes an id or the URL of the thread's page.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let mut rest = process.args().skip_while(|arg| !CONTINUE_SUBCOMMANDS.contains(arg)).skip(1);
        let id = rest.find(|arg| !arg.starts_with('-'))?.rsplit('/').next()?;
        (is_thread(id) && id.get(2..).is_some_and(is_uuid)).then(|| id.to_owned())
    }
}

fn is_built_by_cargo(process: &ProcFacts<'_>) -> bool {
    process.exe().is_some_and(|exe| exe.parent().is_some_and(|directory| directory.ends_with(".cargo/bin")))
}

fn is_thread(name: &str) -> bool {
    name.starts_with("T-")
}
