//! Codex: one rollout per thread, with running totals or, from 0.147 on, one record per response.

mod counting;
pub(crate) mod id;
mod lineage;
mod loose;
mod meta;
mod payload;
mod prompt;
mod recorded;
mod rollout;
mod subagents;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_resumed;
mod titles;
mod tool_result;
mod tools;
mod usage;
mod wire;

use std::path::{Path, PathBuf};

use self::id::ID;
use self::rollout::Rollout;
use self::titles::{StateDatabase, THREADS_TABLES, ThreadIndex};
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Codex.
pub(crate) struct Codex;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Codex",
    aliases: &["openai-codex"],
    danger_flags: &[
        "--dangerously-bypass-approvals-and-sandbox",
        "--yolo",
        "--sandbox danger-full-access",
        "-s danger-full-access",
        "--ask-for-approval never",
        "-a never",
        "--config sandbox_mode=danger-full-access",
        "-c sandbox_mode=danger-full-access",
        "--config approval_policy=never",
        "-c approval_policy=never",
    ],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        limits: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "a response that was cut off in mid-stream is billed, and never written down",
        "title generation in the TUI runs in a hidden thread that is never written down",
        "waiting for an approval leaves no mark: it looks like a tool call that takes long",
        "versions before 0.147 write usage only after a response's tools have ended",
        "files from before September 2025 hold no usage at all",
    ],
};

/// Layout names.
const SESSIONS_LAYOUT: &str = "sessions";
const ARCHIVED_LAYOUT: &str = "archived_sessions";
const INDEX_LAYOUT: &str = "session_index";
const STATE_LAYOUT: &str = "state";

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["codex", "openai-codex", "codex-tui", "codex-exec"],
    node_commands: &["codex"],
    npm_packages: &["@openai/codex"],
    helper_prefixes: &[
        "codex-linux-sandbox",
        "codex-windows-s",
        "codex-code-mode",
        "codex-exec-serv",
        "codex-execve",
        "codex-command-r",
        "codex-app-serve",
        "codex-mcp-serve",
        "codex-responses",
    ],
    tool_names: &["apply_patch", "applypatch"],
    // The app server serves sessions to editors and desktop programs.
    host_subcommands: &["app-server"],
    // Servers for editors and other agents, and commands without a conversation.
    helper_subcommands: &[
        "mcp-server",
        "exec-server",
        "mcp",
        "sandbox",
        "debug",
        "proto",
        "login",
        "logout",
        "completion",
        "apply",
        "features",
        "update",
        "doctor",
        "responses-api-proxy",
        "stdio-to-uds",
        "agents",
        "plugin",
        "remote-control",
        "a",
        "queue",
        "archive",
        "unarchive",
        "delete",
        "migrate-rollouts",
        "migrate-nfs-db",
        "cloud",
        "help",
    ],
    valued_options: &[
        "-c",
        "--config",
        "-m",
        "--model",
        "-p",
        "--profile",
        "-s",
        "--sandbox",
        "-a",
        "--ask-for-approval",
        "-C",
        "--cd",
        "-i",
        "--image",
        "--add-dir",
        "--enable",
        "--disable",
        "--local-provider",
        "--remote",
        "--remote-auth-token-env",
        "--color",
        "-o",
        "--output-last-message",
        "--output-schema",
    ],
    ..ProcessSignature::NONE
};

impl Client for Codex {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::CodexHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = env.dirs("CODEX_HOME");
        let presence = if named.is_empty() { Presence::Usual } else { Presence::Named };
        let homes = if named.is_empty() { vec![env.home.join(".codex")] } else { named };
        let database = env.dir("CODEX_SQLITE_HOME");
        let states: Vec<PathBuf> = database.map_or_else(|| homes.clone(), |database| vec![database]);
        let lines = |root: PathBuf, layout, presence| Store {
            root,
            layout,
            depth: 5, // YYYY/MM/DD, and one spare level
            accepts: is_rollout,
            format: Format::Lines,
            presence,
        };
        let of_home = homes.iter().flat_map(|home| {
            [
                lines(home.join(SESSIONS_LAYOUT), SESSIONS_LAYOUT, presence),
                lines(home.join(ARCHIVED_LAYOUT), ARCHIVED_LAYOUT, Presence::Usual),
                Store { depth: 1, accepts: is_index, ..lines(home.clone(), INDEX_LAYOUT, Presence::Usual) },
            ]
        });
        let of_state = states.into_iter().map(|root| Store {
            depth: 1,
            accepts: is_state,
            format: Format::Sqlite(THREADS_TABLES),
            ..lines(root, STATE_LAYOUT, Presence::Usual)
        });
        of_home.chain(of_state).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            INDEX_LAYOUT => Box::new(ThreadIndex { file: source.file() }),
            STATE_LAYOUT => Box::new(StateDatabase { file: source.file() }),
            _ => Box::new(Rollout::new(source)),
        }
    }

    /// A fork gets a new session id that is not on the command line.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.is(process).then_some(())?;
        let mut words = process.words(SIGNATURE.valued_options).skip_while(|&word| word != "resume");
        words.next()?;
        words.next().filter(|id| is_uuid(id)).map(Into::into)
    }

    /// `thread-writer-locks/<thread>.lock`: the native program locks it when the thread starts, before there is a
    /// rollout. The file may remain after the program ends, so only an open handle counts. An app server holds one lock
    /// for each open thread. (Seen with 0.169.)
    fn session_of_lock(&self, path: &Path) -> Option<String> {
        let thread = file_name(path).strip_suffix(".lock").filter(|thread| is_uuid(thread))?;
        (file_name(path.parent()?) == "thread-writer-locks").then(|| thread.to_ascii_lowercase())
    }
}

/// Any JSONL file below a session store: old versions and other front ends use other names.
fn is_rollout(path: &Path) -> bool {
    let name = file_name(path);
    has_extension(path, "jsonl")
        || name.strip_suffix(".zst").is_some_and(|name| has_extension(Path::new(name), "jsonl"))
}

fn is_index(path: &Path) -> bool {
    file_name(path) == "session_index.jsonl"
}

/// `state_5.sqlite`; the number is the schema version.
fn is_state(path: &Path) -> bool {
    let number = file_name(path).strip_prefix("state_").and_then(|rest| rest.strip_suffix(".sqlite"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
