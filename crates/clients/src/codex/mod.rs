//! Codex: one rollout a thread, with running totals or, from 0.147 on, a record per response.

mod counting;
mod gist;
mod heritage;
mod loose;
mod meta;
mod names;
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
mod tools;
mod usage;
mod wire;

use std::path::{Path, PathBuf};

use agtop_model::ClientId;

use self::rollout::Rollout;
use self::titles::{Index, State, THREADS};
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Codex.
pub(crate) struct Codex;

const CLIENT: ClientId = ClientId::new("codex");

static INFO: ClientInfo = ClientInfo {
    id: CLIENT,
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

/// Layouts.
const SESSIONS: &str = "sessions";
const ARCHIVED: &str = "archived_sessions";
const INDEX: &str = "session_index";
const STATE: &str = "state";

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["codex", "openai-codex", "codex-tui", "codex-exec"],
    commands: &["codex"],
    packages: &["@openai/codex"],
    parts: &[
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
    tools: &["apply_patch", "applypatch"],
    // It serves sessions to editors and desktop programs.
    hosts: &["app-server"],
    // Servers for editors and other agents, and chores.
    chores: &[
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
    valued: &[
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
            depth: 5, // YYYY/MM/DD, and one to spare
            accepts: is_rollout,
            format: Format::Lines,
            presence,
        };
        let of_home = homes.iter().flat_map(|home| {
            [
                lines(home.join(SESSIONS), SESSIONS, presence),
                lines(home.join(ARCHIVED), ARCHIVED, Presence::Usual),
                Store { depth: 1, accepts: is_index, ..lines(home.clone(), INDEX, Presence::Usual) },
            ]
        });
        let of_state = states.into_iter().map(|root| Store {
            depth: 1,
            accepts: is_state,
            format: Format::Sqlite(THREADS),
            ..lines(root, STATE, Presence::Usual)
        });
        of_home.chain(of_state).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            INDEX => Box::new(Index { file: source.file() }),
            STATE => Box::new(State { file: source.file() }),
            _ => Box::new(Rollout::new(source)),
        }
    }

    /// A fork is a session of its own, whose id nothing on the command line tells.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.is(process).then_some(())?;
        let mut words = process.words(SIGNATURE.valued).skip_while(|&word| word != "resume");
        words.next()?;
        words.next().filter(|id| is_uuid(id)).map(Into::into)
    }

    /// `thread-writer-locks/<thread>.lock`, which the native program locks from the thread's beginning on, before there
    /// is a rollout. It may stay behind when the program ends: only holding it open means anything. An app server holds
    /// one for each open thread. (Seen with 0.169.)
    fn session_of_lock(&self, path: &Path) -> Option<String> {
        let thread = file_name(path).strip_suffix(".lock").filter(|thread| is_uuid(thread))?;
        (file_name(path.parent()?) == "thread-writer-locks").then(|| thread.to_ascii_lowercase())
    }
}

/// Any JSONL below a store of sessions: old versions and other front ends name them as they like.
fn is_rollout(path: &Path) -> bool {
    let name = file_name(path);
    has_extension(path, "jsonl")
        || name.strip_suffix(".zst").is_some_and(|name| has_extension(Path::new(name), "jsonl"))
}

fn is_index(path: &Path) -> bool {
    file_name(path) == "session_index.jsonl"
}

/// `state_5.sqlite`; the number is the version of its schema.
fn is_state(path: &Path) -> bool {
    let number = file_name(path).strip_prefix("state_").and_then(|rest| rest.strip_suffix(".sqlite"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
