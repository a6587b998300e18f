//! Cursor, its CLI and its editor. Neither records tokens or costs: those are a gap, and nothing is guessed.
//!
//! The CLI keeps a database for each chat, `~/.cursor/chats/<md5 of the directory>/<uuid>/store.db`, next to it the
//! directory in `meta.json`, and a transcript, `~/.cursor/projects/<directory>/agent-transcripts/<uuid>/<uuid>.jsonl`.
//! The editor keeps all conversations in `User/globalStorage/state.vscdb`. These formats are undocumented and known
//! from reports of others: see `docs/formats/cursor-agent.md`.

mod chats;
mod id;
#[cfg(test)]
mod tests;
mod transcript;

use std::path::Path;
use std::sync::Arc;

use agtop_model::SessionKey;

use self::chats::{ChatDirectory, Rows, TrustedDirectory};
use self::id::ID;
use self::transcript::Transcript;
use crate::facts::is_uuid;
use crate::interner::Interner;
use crate::paths::md5_of;
use crate::signature::{MODEL_OPTIONS, ProcessSignature};
use crate::store::{file_name, file_stem, has_extension};
use crate::{
    Client, ClientInfo, Decoder, Env, Format, Knowledge, Presence, ProcFacts, Source, Store, Table, TableContent,
};

/// Cursor.
pub(crate) struct CursorAgent;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Cursor",
    aliases: &["cursor"],
    danger_flags: &["--force", "-f", "--yolo"],
    knowledge: Knowledge::NONE,
    blind_spots: &[
        "Tokens and costs are not on this machine: Cursor's own site shows them.",
        "The directory of a chat is a hash in its path: it is known if newer releases told it beside the chat, or if it \
         was trusted.",
        "Tools, sub-agents and questions for permission are not read.",
        "Conversations that the editor keeps in one piece larger than a megabyte are left out.",
    ],
};

// Its launcher replaces itself with a bundled Node.js, under the name that it was started with: `cursor-agent` or,
// since 2026, `agent`.
static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["cursor-agent"],
    installed_in: &[("cursor-agent", "node")],
    helper_subcommands: &[
        "login",
        "logout",
        "status",
        "whoami",
        "about",
        "update",
        "mcp",
        "models",
        "worker-server",
        "help",
    ],
    model: MODEL_OPTIONS,
    ..ProcessSignature::NONE
};

static CHAT_TABLES: &[Table] =
    &[Table { name: "meta", columns: &["key", "value"], filter: Some("key = '0'"), holds: TableContent::Records }];

/// The bounds let SQLite use the key's index: the table holds all messages.
static CONVERSATION_TABLES: &[Table] = &[Table {
    name: "cursorDiskKV",
    columns: &["key", "value"],
    filter: Some("key >= 'composerData:' AND key < 'composerData;' AND length(value) < 1000000"),
    holds: TableContent::Records,
}];

impl Client for CursorAgent {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let (data, presence) = match env.dir("CURSOR_DATA_DIR") {
            Some(data) => (data, Presence::Named),
            None => (env.home.join(".cursor"), Presence::Usual),
        };
        let store = |layout, below, depth, accepts, format| Store {
            presence,
            ..Store::usual(layout, data.join(below), depth, accepts, format)
        };
        let is_database = |path: &Path| file_name(path) == "store.db";
        let mut stores = vec![
            store("chats", "chats", 3, is_database as fn(&Path) -> bool, Format::Sqlite(CHAT_TABLES)),
            store("directories of chats", "chats", 3, is_chat_directory, Format::Document),
            store("transcripts", "projects", 4, is_transcript, Format::Lines),
            store("trusted directories", "projects", 2, is_trusted_directory, Format::Document),
        ];
        stores.extend(env.desktop_homes().map(|home| {
            let root = home.join("Cursor/User/globalStorage");
            let is_state = |path: &Path| path == Path::new("state.vscdb");
            Store::usual("conversations", root, 1, is_state, Format::Sqlite(CONVERSATION_TABLES))
        }));
        stores
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.format {
            Format::Sqlite(_) => Box::new(Rows {
                file: source.file(),
                chat: source.path.parent().map(file_name).filter(|id| is_uuid(id)).map(Into::into),
                project: source.relative.iter().next().and_then(|hash| hash.to_str()).map(Into::into),
            }),
            Format::Document if store.layout == "directories of chats" => {
                let chat = source.path.parent().map(file_name).unwrap_or_default();
                Box::new(ChatDirectory { file: source.file(), session: SessionKey::new(ID, chat) })
            }
            Format::Document => {
                let project = source.path.parent().map(file_name).unwrap_or_default();
                Box::new(TrustedDirectory { file: source.file(), project: project.into() })
            }
            Format::Lines => Box::new(Transcript {
                file: source.file(),
                session: SessionKey::new(ID, file_stem(source.path)),
                project: source.relative.iter().next().and_then(|name| name.to_str()).map(Into::into),
                names: Interner::default(),
                model: None,
                is_new: true,
            }),
        }
    }

    fn project_name(&self, directory: &Path) -> Option<Arc<str>> {
        md5_of(directory)
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let id = process.option(&["--resume"])?;
        is_uuid(id).then(|| id.to_owned())
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        SIGNATURE.model(process)
    }

    fn records_turn_ends(&self) -> bool {
        false
    }
}

/// `<directory>/agent-transcripts/<uuid>/<uuid>.jsonl`.
fn is_transcript(relative: &Path) -> bool {
    let above = relative.parent().and_then(Path::parent).map(file_name);
    above == Some("agent-transcripts") && has_extension(relative, "jsonl")
}

/// `<hash>/<uuid>/meta.json`.
fn is_chat_directory(relative: &Path) -> bool {
    file_name(relative) == "meta.json" && relative.parent().is_some_and(|chat| is_uuid(file_name(chat)))
}

/// `<directory>/.workspace-trusted`.
fn is_trusted_directory(relative: &Path) -> bool {
    file_name(relative) == ".workspace-trusted"
}
