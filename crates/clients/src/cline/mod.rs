//! Cline and its forks, Roo Code and the Kilo Code extension. All three run in VS Code and its variants, and keep a
//! task as `globalStorage/<extension>/tasks/<id>/ui_messages.json`, rewritten as a whole. Cline's CLI, and its
//! extension since 4.1, keep sessions in another format below `~/.cline/data`.
//!
//! Derived from the sources of the three programs, see `docs/formats/cline.md`.

mod history;
mod session;
mod task;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, Timestamp};

use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::{file_name, file_stem};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

use self::history::TaskHistory;
use self::session::{Manifest, Messages};
use self::task::{PromptCounting, Task};

/// An extension of the Cline family.
pub(crate) struct Extension {
    info: &'static ClientInfo,
    /// Its marketplace id, which is also the name of its directory.
    directory: &'static str,
    /// Its command-line program.
    signature: &'static ProcessSignature,
    /// What `tokensIn` of its tasks counts.
    prompts: PromptCounting,
}

/// Cline.
pub(crate) static CLINE: Extension = Extension {
    info: &ClientInfo { danger_flags: &["--yolo", "-y"], ..info("cline", "Cline") },
    directory: "saoudrizwan.claude-dev",
    signature: &ProcessSignature {
        programs: &["cline"],
        node_commands: &["cline"],
        npm_packages: &["cline"],
        helper_prefixes: &["cline-core", "cline-host"],
        helper_subcommands: &["auth", "config", "history", "update", "version", "help"],
        // The background process of all Cline programs is started with this flag.
        server_flags: &["--cline-hub-daemon"],
        model: MODEL_OPTIONS,
        ..ProcessSignature::NONE
    },
    // Cline's adapters for these providers report the whole prompt, and its cached part separately.
    prompts: PromptCounting::Fresh { whole_with: &["openai", "litellm", "fireworks", "qwen", "xai", "zai"] },
};

/// Roo Code.
pub(crate) static ROO: Extension = Extension {
    info: &info("roo", "Roo Code"),
    directory: "rooveterinaryinc.roo-cline",
    signature: &ProcessSignature::NONE,
    // 3.29.5 of 2025-11-01.
    prompts: PromptCounting::Whole { since: Timestamp::from_millis(1_761_955_200_000) },
};

/// The extension of Kilo Code; its CLI is [another program](crate::kilo).
pub(crate) static KILO_CODE: Extension = Extension {
    info: &info("kilo-code", "Kilo Code"),
    directory: "kilocode.kilo-code",
    signature: &ProcessSignature::NONE,
    // 4.119.0 of 2025-11-12.
    prompts: PromptCounting::Whole { since: Timestamp::from_millis(1_762_905_600_000) },
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

/// Where Cline's programs keep shared data: `$CLINE_DATA_DIR`, `$CLINE_DIR/data`, `~/.cline/data`.
fn shared_data(env: &Env) -> PathBuf {
    let named = env.dir("CLINE_DATA_DIR").or_else(|| env.dir("CLINE_DIR").map(|home| home.join("data")));
    named.unwrap_or_else(|| env.home.join(".cline/data"))
}

const TASKS_LAYOUT: &str = "tasks";
const HISTORY_LAYOUT: &str = "history of tasks";
const SESSIONS_LAYOUT: &str = "sessions";
const MANIFESTS_LAYOUT: &str = "descriptions of sessions";

/// The stores in an extension's storage: tasks, and a list of their directories.
fn task_stores(data: &Path) -> [Store; 3] {
    let store = |layout, below: &str, depth, accepts: fn(&Path) -> bool| {
        Store::usual(layout, data.join(below), depth, accepts, Format::Document)
    };
    [
        store(HISTORY_LAYOUT, "state", 1, |path| path == Path::new("taskHistory.json")),
        store(HISTORY_LAYOUT, "tasks", 2, |path| file_name(path) == "history_item.json"),
        store(TASKS_LAYOUT, "tasks", 2, |path| file_name(path) == "ui_messages.json"),
    ]
}

/// The sessions of Cline's CLI, and of its extension since 4.1.
fn session_stores(env: &Env, data: &Path) -> [Store; 2] {
    let named = env.dir("CLINE_SESSION_DATA_DIR");
    let presence = if named.is_some() { Presence::Named } else { Presence::Usual };
    let root = named.unwrap_or_else(|| data.join("sessions"));
    let store = |layout, accepts: fn(&Path) -> bool| Store {
        presence,
        ..Store::usual(layout, root.clone(), 2, accepts, Format::Document)
    };
    [store(MANIFESTS_LAYOUT, is_manifest), store(SESSIONS_LAYOUT, |path| file_name(path).ends_with(MESSAGES_SUFFIX))]
}

/// `<id>/<id>.json`.
fn is_manifest(relative: &Path) -> bool {
    let folder = relative.parent().map(file_name);
    folder.is_some_and(|id| !id.is_empty() && file_name(relative).strip_suffix(".json") == Some(id))
}

/// The suffix of a session's message files, after the name of the session or sub-agent.
const MESSAGES_SUFFIX: &str = ".messages.json";

impl Client for Extension {
    fn info(&self) -> &'static ClientInfo {
        self.info
    }

    fn signature(&self) -> &'static ProcessSignature {
        self.signature
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let storages = env.extension_storages(self.directory);
        let mut stores: Vec<Store> = storages.iter().flat_map(|data| task_stores(data)).collect();
        if self.info.id == CLINE.info.id {
            let data = shared_data(env);
            stores.extend(task_stores(&data));
            stores.extend(session_stores(env, &data));
        }
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        let (client, folder) = (self.info.id, source.path.parent().map(file_name).unwrap_or_default());
        match store.layout {
            HISTORY_LAYOUT => Box::new(TaskHistory::new(client, source.file())),
            MANIFESTS_LAYOUT => Box::new(Manifest::new(client, source.file(), folder)),
            SESSIONS_LAYOUT => {
                let speaker = file_name(source.path).strip_suffix(MESSAGES_SUFFIX).unwrap_or(file_stem(source.path));
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
