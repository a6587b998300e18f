//! GitHub Copilot: its CLI, and its chat in VS Code.
//!
//! The CLI keeps a session in `<home>/session-state/<uuid>/` as `events.jsonl` and `workspace.yaml` (late 2025:
//! `session-state/<uuid>.jsonl`; before that `history-session-state/`). Sources for layouts: GitHub's documentation and
//! change log, and live runs of 1.0.20, 1.0.60 and 1.0.102. For VS Code's files see [`vscode`].

mod counting;
mod decoder;
pub(crate) mod id;
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

use agtop_model::ProcessRole;

use self::id::ID;
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_name, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// GitHub Copilot.
pub(crate) struct Copilot;

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
        "releases before 1.0.102 record input and cache only when they end: until then, or if they are killed, counts are \
         output alone",
        "premium requests and AI credits are not dollars: costs are list prices of the tokens",
        "VS Code's chat files hold no tokens",
        "which questions of plan mode and of MCP servers are open is never on disk",
    ],
};

const HISTORY_LAYOUT: &str = "history-session-state";
const SESSIONS_LAYOUT: &str = "session-state";
const DESCRIPTIONS_LAYOUT: &str = "session descriptions";
const LIVE_LAYOUT: &str = "live sessions";
const OTEL_LAYOUT: &str = "OpenTelemetry";
const CHATS_LAYOUT: &str = "VS Code chats";
const CHAT_LOGS_LAYOUT: &str = "VS Code chat logs";

/// The main thread of 1.0.102 is named `MainThread`, so the executable identifies the program.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["copilot"],
    node_commands: &["copilot"],
    npm_packages: &["@github/copilot"],
    helper_prefixes: LANGUAGE_SERVERS,
    // They open an app, sign in or manage settings, and have no session. (`copilot --help` of 1.0.102.)
    helper_subcommands: &[
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
    // Flags with which the program starts itself, or serves a host that shows its sessions itself.
    server_flags: &["--binary-version", "--headless", "--server"],
    // Options before a subcommand.
    valued_options: &["-p", "--prompt", "-i", "--interactive", "-n", "--name", "-C", "-r", "--resume", "--session-id"],
    is_other_product: is_of_aws,
    ..ProcessSignature::NONE
};

/// Programs that provide completions to editors.
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
            Store { presence, ..lines(sessions.clone(), SESSIONS_LAYOUT, 2, is_events) },
            document(sessions.clone(), DESCRIPTIONS_LAYOUT, 2, is_description),
            document(sessions, LIVE_LAYOUT, 2, inuse::is_lock_file),
            lines(home.join("history-session-state"), HISTORY_LAYOUT, 2, is_lines),
            lines(home.join("otel"), OTEL_LAYOUT, 2, is_lines),
        ];
        let exporter = env.dir("COPILOT_OTEL_FILE_EXPORTER_PATH");
        // A relative path is relative to the unknown directory in which Copilot was started.
        if let Some(directory) = exporter.as_deref().filter(|path| path.is_absolute()).and_then(Path::parent) {
            let store = lines(directory.to_owned(), OTEL_LAYOUT, 1, is_telemetry);
            stores.push(Store { presence: Presence::Named, ..store });
        }
        for storage in workspace_storages(env) {
            stores.push(document(storage.clone(), CHATS_LAYOUT, 3, is_chat));
            stores.push(lines(storage, CHAT_LOGS_LAYOUT, 4, is_chat_log));
        }
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            DESCRIPTIONS_LAYOUT => Box::new(workspace::Description::new(source)),
            LIVE_LAYOUT => Box::new(inuse::LockFile::new(source)),
            OTEL_LAYOUT => Box::new(otel::Spans::new(source)),
            CHATS_LAYOUT if file_name(source.path) == WORKSPACE_FILE => Box::new(workspace::Folder::new(source)),
            CHAT_LOGS_LAYOUT if is_in(source.relative, TRANSCRIPTS_DIRECTORY) => {
                Box::new(decoder::SessionEvents::of_workspace(source, workspace::project_of(source)))
            }
            CHATS_LAYOUT | CHAT_LOGS_LAYOUT => Box::new(vscode::Chat::new(source)),
            _ => Box::new(decoder::SessionEvents::new(source)),
        }
    }

    /// `--resume` also accepts the beginning of an id, or a name: these do not identify a session.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--resume", "-r", "--session-id"])?;
        is_uuid(id).then(|| id.to_ascii_lowercase())
    }

    fn session_of_lock(&self, path: &Path) -> Option<String> {
        inuse::session_of_hold(path)
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

/// A file in the export directory: the name of the exported file is unknown.
fn is_telemetry(path: &Path) -> bool {
    is_lines(path) || (has_extension(path, "json") || has_extension(path, "log")) && file_name(path).contains("otel")
}

/// The file that names the directory of a VS Code workspace.
const WORKSPACE_FILE: &str = "workspace.json";

/// Where the chat extension itself keeps its sessions since VS Code 1.137, as events like the CLI's. (Reported in
/// vshulcz/deja-vu issue 3637.)
const TRANSCRIPTS_DIRECTORY: &str = "transcripts";

fn is_chat(path: &Path) -> bool {
    file_name(path) == WORKSPACE_FILE || (is_in(path, "chatSessions") && has_extension(path, "json"))
}

fn is_chat_log(path: &Path) -> bool {
    (is_in(path, "chatSessions") || is_in(path, TRANSCRIPTS_DIRECTORY)) && is_lines(path)
}

/// Whether the file's directory has that name.
fn is_in(path: &Path, directory: &str) -> bool {
    path.parent().is_some_and(|parent| file_name(parent) == directory)
}

/// Where VS Code, its preview and its free build keep workspace data, on Linux, macOS and Windows.
fn workspace_storages(env: &Env) -> Vec<PathBuf> {
    const PRODUCTS: [&str; 3] = ["Code", "Code - Insiders", "VSCodium"];
    let of_product = |home: &PathBuf| PRODUCTS.map(|product| home.join(product).join("User/workspaceStorage"));
    env.desktop_homes().iter().flat_map(of_product).collect()
}
