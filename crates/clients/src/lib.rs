//! What each agent writes: one file per agent, bytes in, [`Event`](agtop_model::Event)s out.
//!
//! A client declares where its files are ([`Client::stores`]), how to read them ([`Client::decoder`]) and which
//! processes belong to it ([`Client::recognise`]). This crate does not open files, read the environment or read a
//! clock: roots, bytes and process facts are arguments.

mod aider;
mod amp;
mod antigravity;
mod bounded;
mod checkpoint;
mod claude;
mod cline;
mod codebuff;
mod codex;
mod r#continue;
mod copilot;
mod cost;
mod crush;
mod cursor_agent;
mod danger;
mod decode;
mod droid;
mod env;
mod facts;
mod gemini;
mod goose;
mod grok;
mod hermes;
mod hooks;
mod interner;
mod kilo;
mod kimi;
mod knowledge;
#[cfg(test)]
mod large_document_tests;
mod list;
mod message_text;
#[cfg(test)]
mod message_text_tests;
mod openclaw;
mod opencode;
mod parse;
mod paths;
mod pi;
mod process_only;
mod program_name;
mod qwen;
#[cfg(test)]
mod refusal_tests;
mod signature;
mod store;
#[cfg(test)]
mod testing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, Process, Role};

pub use danger::danger;
pub use decode::{DecodeError, Decoder, Input, MAX_EVENTS, Source, SqlValue};
pub use env::Env;
pub use facts::ProcFacts;
pub use hooks::{
    HookCommand, HookDialect, HookEvent, HookMeaning, HookScope, HookStatus, PayloadOrigin, SettingsError,
    SettingsFile, UNCONFIRMED, minimal_payload,
};
pub use knowledge::{Knowledge, Known};
pub use process_only::{PROCESS_ONLY, ProcessOnly};
pub use signature::ProcessSignature;
pub use store::{Format, Presence, Store, Table, TableContent};

/// Every client whose files are read, in display order.
pub static CLIENTS: &[&dyn Client] = &[
    &claude::Claude,
    &codex::Codex,
    &gemini::Gemini,
    &opencode::OpenCode,
    &goose::Goose,
    &aider::Aider,
    &copilot::Copilot,
    &pi::Pi,
    &openclaw::OpenClaw,
    &amp::Amp,
    &crush::Crush,
    &qwen::Qwen,
    &kimi::Kimi,
    &cursor_agent::CursorAgent,
    &droid::Droid,
    &kilo::Kilo,
    &cline::CLINE,
    &cline::ROO,
    &cline::KILO_CODE,
    &codebuff::Codebuff,
    &hermes::Hermes,
    &r#continue::Continue,
    &grok::Grok,
    &antigravity::Antigravity,
];

/// Every client; those whose files are read come first.
pub fn clients() -> impl Iterator<Item = &'static dyn Client> {
    CLIENTS.iter().copied().chain(PROCESS_ONLY.iter().map(|client| client as &dyn Client))
}

/// The client with this id or alias.
pub fn client(name: &str) -> Option<&'static dyn Client> {
    clients().find(|client| client.info().id.as_str() == name || client.info().aliases.contains(&name))
}

/// The client and the role of a process: the client that has the name of the executable, else the first that recognises
/// the process.
///
/// A wrapper (`sudo`, `env`, `timeout`, `npx`, `uv run`, a shell) is not recognised, whatever it starts: its child is
/// classified by itself, and a wrapper that replaces itself has become that child.
pub fn recognise(process: &Process) -> Option<(ClientId, Role)> {
    let facts = ProcFacts::new(process);
    let is_named = |client: &&dyn Client| client.signature().is_named_by_file(&facts);
    let recognised = |client: &dyn Client| Some((client.info().id, client.recognise(&facts)?));
    let found = clients().filter(is_named).find_map(recognised).or_else(|| clients().find_map(recognised))?;
    (!facts.is_desktop_part()).then_some(found)
}

/// An agent program: where it writes, what it writes, and how its processes are recognised.
pub trait Client: Sync {
    /// Its names and capabilities.
    fn info(&self) -> &'static ClientInfo;

    /// The signature of its processes.
    fn signature(&self) -> &'static ProcessSignature;

    /// The role of a process, identified by its executable, script or package, never by words on its command line.
    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        self.signature().role(process)
    }

    /// The stores where its files may be, most trusted first. They need not exist.
    fn stores(&self, env: &Env) -> Vec<Store>;

    /// Files that list further stores. They need not exist.
    fn indexes(&self, _: &Env) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The stores in the text of one of its [`indexes`](Self::indexes).
    ///
    /// # Errors
    /// If the text is not such a list.
    fn listed_stores(&self, _index: &[u8]) -> Result<Vec<Store>, DecodeError> {
        Ok(Vec::new())
    }

    /// A decoder for one file of one of its stores.
    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder>;

    /// The client's name for a directory in the paths of its files; `None` if the client has no such name. The name
    /// depends on the directory alone, and the client may record nowhere which directory it is.
    fn project_name(&self, _directory: &Path) -> Option<Arc<str>> {
        None
    }

    /// The session id on the command line, as in `--resume ID`.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String>;

    /// The model on the command line, for clients that record it nowhere else.
    fn model_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    /// Whether transcripts show when a turn is over, and record a tool call before it has ended.
    fn records_turn_ends(&self) -> bool {
        true
    }

    /// The id of the session whose lock file this is: only the process that works on that session holds the file open.
    fn session_of_lock(&self, _: &Path) -> Option<String> {
        None
    }

    /// The client's hooks, if it has any.
    fn hooks(&self) -> Option<&'static dyn HookDialect> {
        None
    }
}

/// A client's names and what can be known about it.
#[derive(Debug)]
pub struct ClientInfo {
    /// Its id in `--client`, JSON and configuration.
    pub id: ClientId,
    /// Its display name.
    pub name: &'static str,
    /// Other names, including former ones.
    pub aliases: &'static [&'static str],
    /// Flags that let it act without permission. `--option value` is an option with that value, in any spelling.
    pub danger_flags: &'static [&'static str],
    /// What its files contain, by aspect.
    pub knowledge: Knowledge,
    /// What its files do not contain, for `agtop doctor`.
    pub blind_spots: &'static [&'static str],
}
