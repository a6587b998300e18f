//! What each agent writes: one file per agent, bytes in, [`Event`](agtop_model::Event)s out.
//!
//! A client says where its files lie ([`Client::stores`]), how to read them ([`Client::decoder`]) and which processes
//! are it ([`Client::recognise`]). Nothing here opens a file, asks the environment or reads a clock: roots, bytes and
//! process facts come as arguments.

mod aider;
mod amp;
mod claude;
mod codex;
mod copilot;
mod crush;
mod danger;
mod decode;
mod env;
mod facts;
mod gemini;
mod goose;
mod kimi;
mod names;
mod openclaw;
mod opencode;
mod parse;
mod pi;
mod qwen;
mod store;
#[cfg(test)]
mod testing;

use agtop_model::{ClientId, Process, Role};

pub use danger::danger;
pub use decode::{Cell, DecodeError, Decoder, Input, Source};
pub use env::Env;
pub use facts::ProcFacts;
pub use store::{Format, Presence, Store, Table};

/// Every client, in the order in which they are listed.
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
];

/// The client of that name.
pub fn client(id: &str) -> Option<&'static dyn Client> {
    CLIENTS.iter().copied().find(|client| client.info().id.as_str() == id)
}

/// What the process is to any client: the first that recognises it wins.
///
/// A wrapper (`sudo`, `env`, `timeout`, `npx`, `uv run`, a shell) is nothing, whatever it starts: its child is looked at
/// by itself, and one that replaces itself has become that child.
pub fn recognise(process: &Process) -> Option<(ClientId, Role)> {
    let facts = ProcFacts::new(process);
    let found = CLIENTS.iter().find_map(|client| Some((client.info().id, client.recognise(&facts)?)))?;
    (!facts.is_desktop_part()).then_some(found)
}

/// An agent program: where it writes, what it writes, and how its processes look.
pub trait Client: Sync {
    /// Its names and capabilities.
    fn info(&self) -> &'static ClientInfo;

    /// What this process is to the client, judged by what it *is* (executable, script, package), never by a word
    /// somewhere on its command line.
    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role>;

    /// The places where its files may lie, most trusted first. Need not exist.
    fn stores(&self, env: &Env) -> Vec<Store>;

    /// A decoder for one file of one of its stores.
    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder>;

    /// The id of the session that the command line names, as in `--resume ID`.
    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String>;
}

/// What a client is called and what can be known about it.
#[derive(Debug)]
pub struct ClientInfo {
    /// Its name in `--client`, JSON and configuration.
    pub id: ClientId,
    /// Its name for people.
    pub name: &'static str,
    /// Flags that let it act without asking. `--option value` is an option with that value, however the two are joined.
    pub danger_flags: &'static [&'static str],
    /// What its files do not tell, for `agtop doctor`.
    pub blind_spots: &'static [&'static str],
}
