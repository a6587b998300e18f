//! What each agent writes: one file per agent, bytes in, [`Event`](agtop_model::Event)s out.
//!
//! A client says where its files lie ([`Client::stores`]), how to read them ([`Client::decoder`]) and which processes
//! are it ([`Client::recognise`]). Nothing here opens a file, asks the environment or reads a clock: roots, bytes and
//! process facts come as arguments.

mod aider;
mod amp;
mod antigravity;
mod bounded;
mod called;
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
mod kilo;
mod kimi;
mod knowledge;
#[cfg(test)]
mod large_documents;
mod list;
mod names;
mod openclaw;
mod opencode;
mod parse;
mod paths;
mod pi;
mod process_only;
mod qwen;
#[cfg(test)]
mod refused;
mod signature;
mod speech;
mod store;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod testing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, Process, ProcessRole};

pub use danger::danger;
pub use decode::{Cell, DecodeError, Decoder, Input, MAX_EVENTS, Source};
pub use env::Env;
pub use facts::ProcFacts;
pub use hooks::{
    HookCommand, HookDialect, Meaning, Scope, SettingsError, SettingsFile, Stamp, Status, Told, UNCONFIRMED, essence,
};
pub use knowledge::{Knowledge, Known};
pub use process_only::{PROCESS_ONLY, ProcessOnly};
pub use signature::ProcessSignature;
pub use store::{Format, Holds, Presence, Store, Table};

/// Every client whose files are read, in the order in which they are listed.
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

/// Every client, those first whose files are read.
pub fn clients() -> impl Iterator<Item = &'static dyn Client> {
    CLIENTS.iter().copied().chain(PROCESS_ONLY.iter().map(|client| client as &dyn Client))
}

/// The client of that name, or with that other name.
pub fn client(name: &str) -> Option<&'static dyn Client> {
    clients().find(|client| client.info().id.as_str() == name || client.info().aliases.contains(&name))
}

/// What the process is to any client: the one by whose name its executable goes, else the first that recognises it.
///
/// A wrapper (`sudo`, `env`, `timeout`, `npx`, `uv run`, a shell) is nothing, whatever it starts: its child is looked at
/// by itself, and one that replaces itself has become that child.
pub fn recognise(process: &Process) -> Option<(ClientId, ProcessRole)> {
    let facts = ProcFacts::new(process);
    let is_named = |client: &&dyn Client| client.signature().is_named_by_file(&facts);
    let recognised = |client: &dyn Client| Some((client.info().id, client.recognise(&facts)?));
    let found = clients().filter(is_named).find_map(recognised).or_else(|| clients().find_map(recognised))?;
    (!facts.is_desktop_part()).then_some(found)
}

/// An agent program: where it writes, what it writes, and how its processes look.
pub trait Client: Sync {
    /// Its names and capabilities.
    fn info(&self) -> &'static ClientInfo;

    /// What its processes look like.
    fn signature(&self) -> &'static ProcessSignature;

    /// What this process is to the client, judged by what it *is* (executable, script, package), never by a word
    /// somewhere on its command line.
    fn recognise(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        self.signature().role(process)
    }

    /// The places where its files may lie, most trusted first. Need not exist.
    fn stores(&self, env: &Env) -> Vec<Store>;

    /// Files that list further places, of clients that keep such a list. Need not exist.
    fn indexes(&self, _: &Env) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The places that the text of one of its [`indexes`](Self::indexes) lists.
    ///
    /// # Errors
    /// If it is no such list.
    fn listed_stores(&self, _index: &[u8]) -> Result<Vec<Store>, DecodeError> {
        Ok(Vec::new())
    }

    /// A decoder for one file of one of its stores.
    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder>;

    /// What it calls a directory in the paths of its files, of clients that make a name of the directory alone and may
    /// write down nowhere which it was.
    fn project_name(&self, _directory: &Path) -> Option<Arc<str>> {
        None
    }

    /// The id of the session that the command line names, as in `--resume ID`.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String>;

    /// The model that the command line names, of clients of which nothing else tells it.
    fn model_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    /// Whether transcripts tell when a turn is over, and tools before they have answered.
    fn tells_turn_ends(&self) -> bool {
        true
    }

    /// The id of the session whose lock this file is: a process that holds it open works on that session, and no other
    /// process does.
    fn session_of_lock(&self, _: &Path) -> Option<String> {
        None
    }

    /// How it is made to tell agtop of its doings the moment they happen, of clients that can.
    fn hooks(&self) -> Option<&'static dyn HookDialect> {
        None
    }
}

/// What a client is called and what can be known about it.
#[derive(Debug)]
pub struct ClientInfo {
    /// Its name in `--client`, JSON and configuration.
    pub id: ClientId,
    /// Its name for people.
    pub name: &'static str,
    /// Other names that it goes by, or went by.
    pub aliases: &'static [&'static str],
    /// Flags that let it act without asking. `--option value` is an option with that value, however the two are joined.
    pub danger_flags: &'static [&'static str],
    /// What its files tell, aspect by aspect.
    pub knowledge: Knowledge,
    /// What its files do not tell, for `agtop doctor`.
    pub blind_spots: &'static [&'static str],
}
