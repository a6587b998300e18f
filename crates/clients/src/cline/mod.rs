//! Cline, and what was made from it: Roo Code and the extension of Kilo Code. All three live in VS Code and its like, and
//! keep a task as `globalStorage/<extension>/tasks/<id>/ui_messages.json`, rewritten as a whole. Cline's CLI, and its
//! extension since 4.1, keep sessions of another kind below `~/.cline/data`.
//!
//! All of it after the three programs' sources, see `docs/formats/cline.md`.

mod history;
mod session;
mod task;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, Timestamp};

use crate::signature::{MODEL, ProcessSignature};
use crate::store::{file_name, file_stem};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

use self::history::History;
use self::session::{Manifest, Messages};
use self::task::{Prompts, Task};

/// An extension of this family.
pub(crate) struct Extension {
    info: &'static ClientInfo,
    /// Its id in the marketplace, which names its directory.
    directory: &'static str,
    /// Its command-line program.
    signature: &'static ProcessSignature,
    /// What its tasks' counts of prompts mean.
    prompts: Prompts,
}

/// Cline.
pub(crate) static CLINE: Extension = Extension {
    info: &ClientInfo { danger_flags: &["--yolo", "-y"], ..info("cline", "Cline") },
    directory: "saoudrizwan.claude-dev",
    signature: &ProcessSignature {
        programs: &["cline"],
        commands: &["cline"],
        packages: &["cline"],
        parts: &["cline-core", "cline-host"],
        chores: &["auth", "config", "history", "update", "version", "help"],
        // The process behind all of Cline's programs is started with it.
        serving: &["--cline-hub-daemon"],
        model: MODEL,
        ..ProcessSignature::NONE
    },
    // Its adapters of these providers pass on the whole prompt, with the cached part beside it.
    prompts: Prompts::Fresh { whole_with: &["openai", "litellm", "fireworks", "qwen", "xai", "zai"] },
};

/// Roo Code.
pub(crate) static ROO: Extension = Extension {
    info: &info("roo", "Roo Code"),
    directory: "rooveterinaryinc.roo-cline",
    signature: &ProcessSignature::NONE,
    // 3.29.5 of 2025-11-01.
    prompts: Prompts::Whole { since: Timestamp::from_millis(1_761_955_200_000) },
};

/// The extension of Kilo Code; its CLI is [another program](crate::kilo).
pub(crate) static KILO_CODE: Extension = Extension {
    info: &info("kilo-code", "Kilo Code"),
    directory: "kilocode.kilo-code",
    signature: &ProcessSignature::NONE,
    // 4.119.0 of 2025-11-12.
    prompts: Prompts::Whole { since: Timestamp::from_millis(1_762_905_600_000) },
};

const fn info(id: &'static str, name: &'static str) -> ClientInfo {
    ClientInfo {
        id: ClientId::new(id),
        name,
        aliases: &[],
        danger_flags: &[],
        knowledge: Knowledge {
            tokens: Known::Yes,
            cost: Known::Yes,
            cache: Known::Yes,
            context: Known::Partly("the last prompt; the window is not told"),
            tools: Known::Partly("how they ended is not told"),
            subagents: Known::Yes,
            permission: Known::Yes,
            ..Knowledge::NONE
        },
        blind_spots: &[
            "Models are named by Cline alone; costs are those that the extension computed.",
            "An extension has no process of its own: its tasks are joined with none.",
            "Requests of before November 2025 with Anthropic's models count their prompts otherwise, and are told by their date.",
        ],
    }
}

/// Where Cline keeps what its programs share: `$CLINE_DATA_DIR`, `$CLINE_DIR/data`, `~/.cline/data`.
fn shared_data(env: &Env) -> PathBuf {
    let named = env.dir("CLINE_DATA_DIR").or_else(|| env.dir("CLINE_DIR").map(|home| home.join("data")));
    named.unwrap_or_else(|| env.home.join(".cline/data"))
}

const TASKS: &str = "tasks";
const HISTORY: &str = "history of tasks";
const SESSIONS: &str = "sessions";
const MANIFESTS: &str = "descriptions of sessions";

/// What lies in an extension's storage: tasks, and a list that tells where they work.
fn storage(data: &Path) -> [Store; 3] {
    let store = |layout, below: &str, depth, accepts: fn(&Path) -> bool| {
        Store::usual(layout, data.join(below), depth, accepts, Format::Document)
    };
    [
        store(HISTORY, "state", 1, |path| path == Path::new("taskHistory.json")),
        store(HISTORY, "tasks", 2, |path| file_name(path) == "history_item.json"),
        store(TASKS, "tasks", 2, |path| file_name(path) == "ui_messages.json"),
    ]
}

/// The sessions of Cline's CLI, and of its extension since 4.1.
fn sessions(env: &Env, data: &Path) -> [Store; 2] {
    let named = env.dir("CLINE_SESSION_DATA_DIR");
    let presence = if named.is_some() { Presence::Named } else { Presence::Usual };
    let root = named.unwrap_or_else(|| data.join("sessions"));
    let store = |layout, accepts: fn(&Path) -> bool| Store {
        presence,
        ..Store::usual(layout, root.clone(), 2, accepts, Format::Document)
    };
    [store(MANIFESTS, is_manifest), store(SESSIONS, |path| file_name(path).ends_with(MESSAGES))]
}

/// `<id>/<id>.json`.
fn is_manifest(relative: &Path) -> bool {
    let folder = relative.parent().map(file_name);
    folder.is_some_and(|id| !id.is_empty() && file_name(relative).strip_suffix(".json") == Some(id))
}

/// What follows the name of whoever speaks in a session's file of messages.
const MESSAGES: &str = ".messages.json";

impl Client for Extension {
    fn info(&self) -> &'static ClientInfo {
        self.info
    }

    fn signature(&self) -> &'static ProcessSignature {
        self.signature
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let storages = env.extension_storages(self.directory);
        let mut stores: Vec<Store> = storages.iter().flat_map(|data| storage(data)).collect();
        if self.info.id == CLINE.info.id {
            let data = shared_data(env);
            stores.extend(storage(&data));
            stores.extend(sessions(env, &data));
        }
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let (client, folder) = (self.info.id, source.path.parent().map(file_name).unwrap_or_default());
        match store.layout {
            HISTORY => Box::new(History::new(client, source.file())),
            MANIFESTS => Box::new(Manifest::new(client, source.file(), folder)),
            SESSIONS => {
                let speaker = file_name(source.path).strip_suffix(MESSAGES).unwrap_or(file_stem(source.path));
                Box::new(Messages::new(client, source, folder, speaker))
            }
            _ => Box::new(Task::new(client, source, folder, self.prompts)),
        }
    }

    fn session_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        self.signature.model(process)
    }
}
