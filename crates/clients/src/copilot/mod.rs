//! GitHub Copilot: its CLI, and its chat in VS Code.
//!
//! The CLI keeps a session in `<home>/session-state/<uuid>/` as `events.jsonl` and `workspace.yaml` (late in 2025:
//! `session-state/<uuid>.jsonl`; before that `history-session-state/`). Layouts: GitHub's documentation and change log,
//! and live runs of 1.0.20, 1.0.60 and 1.0.102. VS Code's files: see [`vscode`].

mod counting;
mod decoder;
mod inuse;
mod otel;
mod runs;
mod span;
mod vscode;
mod wire;
mod workspace;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use agtop_model::{ClientId, ProcessRole};

use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_name, file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// GitHub Copilot.
pub(crate) struct Copilot;

const ID: ClientId = ClientId::new("copilot");

/// Titles and targets are not worth keeping whole.
const TITLE_LENGTH: usize = 120;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "GitHub Copilot",
    aliases: &[],
    danger_flags: &["--allow-all-tools", "--allow-all", "--yolo"],
    knowledge: Knowledge {
        tokens: Known::Partly("of the CLI alone"),
        cost: Known::Partly("of the CLI alone"),
        cache: Known::Partly("of the CLI alone"),
        context: Known::Partly("of the CLI alone"),
        tools: Known::Partly("of the CLI alone"),
        subagents: Known::Yes,
        permission: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "a response cut off in mid-stream was billed, but reaches no transcript",
        "releases before 1.0.102 tell input and cache only when they end: until then, or if they are killed, counts are \
         output alone",
        "premium requests and AI credits are not dollars: costs are list prices of the tokens",
        "VS Code's chat files hold no tokens",
        "which questions of plan mode and of MCP servers are open is never on disk",
    ],
};

const HISTORY: &str = "history-session-state";
const SESSIONS: &str = "session-state";
const DESCRIPTIONS: &str = "session descriptions";
const LIVE: &str = "live sessions";
const OTEL: &str = "OpenTelemetry";
const CHATS: &str = "VS Code chats";
const CHAT_LOGS: &str = "VS Code chat logs";

/// The name of the main thread of 1.0.102 is `MainThread`, so that the executable has to tell.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["copilot"],
    commands: &["copilot"],
    packages: &["@github/copilot"],
    parts: LANGUAGE_SERVERS,
    // They open an app, sign in or manage, and work on nothing. (`copilot --help` of 1.0.102.)
    chores: &[
        "app",
        "login",
        "logout",
        "help",
        "config",
        "update",
        "version",
        "sessions",
        "memories",
        "plugin",
        "mcp",
        "skill",
        "instruction",
        "lsp",
        "sandbox",
        "completion",
    ],
    // What a program asks of itself while it starts, and what serves a host that shows its sessions itself.
    serving: &["--binary-version", "--headless", "--server"],
    // Before a command.
    valued: &["-p", "--prompt", "-i", "--interactive", "-n", "--name", "-C", "-r", "--resume", "--session-id"],
    is_namesake: is_of_aws,
    ..ProcessSignature::NONE
};

/// Programs that serve completions to editors.
const LANGUAGE_SERVERS: &[&str] = &["copilot-language-server", "copilot-agent", "copilot-node-server"];

/// Commands of AWS's container tool, which has the same name.
const AWS_COMMANDS: &[&str] = &["svc", "env", "job", "task", "secret", "storage", "pipeline", "deploy", "run", "docs"];

fn is_of_aws(process: &ProcFacts<'_>) -> bool {
    SIGNATURE.subcommand(process).is_some_and(|word| AWS_COMMANDS.contains(&word))
}

impl Client for Copilot {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::CopilotHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        let is_server = LANGUAGE_SERVERS.iter().any(|name| process.is_node_command(name))
            || process.script_in_package("@github/copilot-language-server");
        if is_server { Some(ProcessRole::Helper) } else { SIGNATURE.role(process) }
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (home, presence) = match env.dir("COPILOT_HOME") {
            Some(home) => (home, Presence::Named),
            None => (env.home.join(".copilot"), Presence::Usual),
        };
        let sessions = home.join("session-state");
        let mut stores = vec![
            Store { presence, ..lines(sessions.clone(), SESSIONS, 2, is_events) },
            document(sessions.clone(), DESCRIPTIONS, 2, is_description),
            document(sessions, LIVE, 2, inuse::is_entry),
            lines(home.join("history-session-state"), HISTORY, 2, is_lines),
            lines(home.join("otel"), OTEL, 2, is_lines),
        ];
        let exporter = env.dir("COPILOT_OTEL_FILE_EXPORTER_PATH");
        // A relative path is relative to wherever Copilot was started.
        if let Some(directory) = exporter.as_deref().filter(|path| path.is_absolute()).and_then(Path::parent) {
            let store = lines(directory.to_owned(), OTEL, 1, is_telemetry);
            stores.push(Store { presence: Presence::Named, ..store });
        }
        for storage in workspace_storages(env) {
            stores.push(document(storage.clone(), CHATS, 3, is_chat));
            stores.push(lines(storage, CHAT_LOGS, 4, is_chat_log));
        }
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            DESCRIPTIONS => Box::new(workspace::Description::new(source)),
            LIVE => Box::new(inuse::Entry::new(source)),
            OTEL => Box::new(otel::Spans::new(source)),
            CHATS if file_name(source.path) == WORKSPACE => Box::new(workspace::Folder::new(source)),
            CHAT_LOGS if is_in(source.relative, TRANSCRIPTS) => {
                Box::new(decoder::Events::of_workspace(source, workspace::project_of(source)))
            }
            CHATS | CHAT_LOGS => Box::new(vscode::Chat::new(source)),
            _ => Box::new(decoder::Events::new(source)),
        }
    }

    /// `--resume` also takes the beginning of an id, or a name: those say nothing certain.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--resume", "-r", "--session-id"])?;
        is_uuid(id).then(|| id.to_ascii_lowercase())
    }

    fn session_of_lock(&self, path: &Path) -> Option<String> {
        inuse::session_held(path)
    }
}

fn lines(root: PathBuf, layout: &'static str, depth: usize, accepts: fn(&Path) -> bool) -> Store {
    Store { root, layout, depth, accepts, format: Format::Lines, presence: Presence::Usual }
}

fn document(root: PathBuf, layout: &'static str, depth: usize, accepts: fn(&Path) -> bool) -> Store {
    Store { root, layout, depth, accepts, format: Format::Document, presence: Presence::Usual }
}

/// `<uuid>/events.jsonl`, or `<uuid>.jsonl`.
fn is_events(path: &Path) -> bool {
    file_name(path) == "events.jsonl" || (path.iter().count() == 1 && is_lines(path))
}

fn is_description(path: &Path) -> bool {
    file_name(path) == "workspace.yaml"
}

fn is_lines(path: &Path) -> bool {
    has_extension(path, "jsonl")
}

/// A file beside the one that is exported to: which name that one has is not known here.
fn is_telemetry(path: &Path) -> bool {
    is_lines(path) || (has_extension(path, "json") || has_extension(path, "log")) && file_name(path).contains("otel")
}

/// Says what directory a VS Code workspace is of.
const WORKSPACE: &str = "workspace.json";

/// Where the chat extension itself keeps its sessions since VS Code 1.137, as events like the CLI's. (Seen by others:
/// vshulcz/deja-vu issue 3637.)
const TRANSCRIPTS: &str = "transcripts";

fn is_chat(path: &Path) -> bool {
    file_name(path) == WORKSPACE || (is_in(path, "chatSessions") && has_extension(path, "json"))
}

fn is_chat_log(path: &Path) -> bool {
    (is_in(path, "chatSessions") || is_in(path, TRANSCRIPTS)) && is_lines(path)
}

/// Whether the file's directory has that name.
fn is_in(path: &Path, directory: &str) -> bool {
    path.parent().is_some_and(|parent| file_name(parent) == directory)
}

/// Where VS Code, its preview and its free build keep what belongs to a workspace, on Linux, macOS and Windows.
fn workspace_storages(env: &Env) -> Vec<PathBuf> {
    const PRODUCTS: [&str; 3] = ["Code", "Code - Insiders", "VSCodium"];
    let of_product = |home: &PathBuf| PRODUCTS.map(|product| home.join(product).join("User/workspaceStorage"));
    env.desktop_homes().iter().flat_map(of_product).collect()
}

/// The session that a file is of: its directory's name, or for files from 2025 its own; those of the first releases
/// have something before and after the id.
fn session_id(path: &Path) -> &str {
    let name = match file_name(path) {
        "events.jsonl" | "workspace.yaml" => path.parent().map(file_name).unwrap_or_default(),
        _ => file_stem(path),
    };
    name.split('_').find(|part| is_uuid(part)).unwrap_or(name)
}
