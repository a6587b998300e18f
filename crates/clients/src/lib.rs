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
mod client;
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
mod question_tools;
mod qwen;
#[cfg(test)]
mod refusal_tests;
mod signature;
mod store;
#[cfg(test)]
mod testing;
mod tool_arguments;

use agtop_model::{ClientId, Process, ProcessRole};

pub use client::{Client, ClientInfo};
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
pub use question_tools::is_question_tool;
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
pub fn recognise(process: &Process) -> Option<(ClientId, ProcessRole)> {
    let facts = ProcFacts::new(process);
    let is_named = |client: &&dyn Client| client.signature().is_named_by_file(&facts);
    let recognised = |client: &dyn Client| Some((client.info().id, client.recognise(&facts)?));
    let found = clients().filter(is_named).find_map(recognised).or_else(|| clients().find_map(recognised))?;
    (!facts.is_desktop_part()).then_some(found)
}
