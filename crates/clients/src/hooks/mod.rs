//! What agents push: which settings make a client call `agtop hook`, and what the payloads of such calls tell.
//!
//! A client's dialect is mostly data: the files and their form, and a table of its events with what each means. The
//! forms ([`Form`]) take the text of a settings file and give the text that it shall become; reading and writing files
//! is for others to do.

mod claude;
mod codex;
mod command;
mod copilot;
mod essence;
mod gemini;
mod grouped;
mod notify;
mod opencode;
mod own;
mod payload;
mod qwen;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use agtop_model::{Provenance, Timestamp};
use thiserror::Error;

use crate::{DecodeError, Env};

pub(crate) use claude::ClaudeHooks;
pub(crate) use codex::CodexHooks;
pub use command::HookCommand;
pub(crate) use copilot::CopilotHooks;
pub use essence::essence;
pub(crate) use gemini::GeminiHooks;
pub(crate) use opencode::OpenCodeHooks;
pub use payload::{Meaning, Told};
pub(crate) use qwen::QwenHooks;

/// Clients that are said to have hooks, of which no primary source has confirmed the form: agtop installs nothing
/// there.
pub static UNCONFIRMED: &[(&str, &str)] = &[
    ("cursor-agent", "hooks.json is described by third parties alone, and names of events differ between them"),
    ("amp", "no description of hooks has been found"),
    ("goose", "no description of hooks has been found"),
];

/// How a client is made to tell agtop of its doings, and what it tells.
pub trait HookDialect: Sync {
    /// The files that must name agtop for that scope, and their forms. Need not exist. None: the client has no such
    /// scope.
    fn files(&self, env: &Env, scope: Scope<'_>) -> Vec<SettingsFile>;

    /// What a user has to know or do besides, and what is not confirmed, for `agtop doctor`.
    fn notes(&self) -> &'static [&'static str] {
        &[]
    }

    /// What a payload tells. Usage is never among it: that comes from transcripts, once.
    ///
    /// # Errors
    /// If it is no JSON object, or names no session. Errors never quote it.
    fn decode(&self, payload: &[u8], stamp: Stamp) -> Result<Told, DecodeError>;
}

/// For whom hooks are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The user, wherever they work.
    User,
    /// All who work in this directory: a file that is shared through version control.
    Project(&'a Path),
    /// The user in this directory.
    Local(&'a Path),
}

/// When and where a payload arrived.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// When it was sent, for payloads that do not tell.
    pub at: Timestamp,
    /// Where its events are said to come from.
    pub source: Provenance,
}

/// A settings file of a client, which names agtop, or shall.
#[derive(Clone)]
pub struct SettingsFile {
    /// Where it is.
    pub path: PathBuf,
    form: &'static dyn Form,
}

/// How a settings file names the programs that its client calls.
pub(crate) trait Form: Sync {
    /// The text with agtop named once, with this command. Everything else stays as it is.
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError>;

    /// The text without agtop. Empty: the file held nothing else.
    fn without(&self, text: &str) -> Result<String, SettingsError>;

    /// The program that the text names as agtop.
    fn found(&self, text: &str) -> Result<Option<HookCommand>, SettingsError>;

    /// Whether the text forbids what [`Self::with`] would do, or makes it idle, and why.
    fn obstacle(&self, _text: &str) -> Result<Option<&'static str>, SettingsError> {
        Ok(None)
    }
}

impl SettingsFile {
    pub(crate) fn new(path: PathBuf, form: &'static dyn Form) -> Self {
        Self { path, form }
    }

    /// The text that the file shall have; `text` is what it has, empty if it does not exist. Doing it twice changes
    /// nothing more; an entry of agtop's with another path is brought up to date.
    ///
    /// # Errors
    /// If the text is not what the client would accept: it is not for agtop to mend.
    pub fn install(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        self.form.with(text, command)
    }

    /// The text without agtop's entries; empty if the file holds nothing else, and may go.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub fn uninstall(&self, text: &str) -> Result<String, SettingsError> {
        let Some(command) = self.form.found(text)? else { return Ok(text.to_owned()) };
        if self.form.with("", &command)? == text { Ok(String::new()) } else { self.form.without(text) }
    }

    /// Whether `text` is what installing made of `before`, and nobody has changed it since: then `before` is what
    /// uninstalling gives back, byte for byte.
    pub fn is_install_of(&self, before: &str, text: &str) -> bool {
        let installed = self.form.found(text).ok().flatten().and_then(|command| self.form.with(before, &command).ok());
        installed.is_some_and(|installed| installed == text)
    }

    /// How things stand.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub fn status(&self, text: &str, command: &HookCommand) -> Result<Status, SettingsError> {
        if text.trim().is_empty() {
            return Ok(Status::Absent);
        }
        let found = self.form.found(text)?;
        if let Some(why) = self.form.obstacle(text)? {
            return Ok(Status::Hindered(why));
        }
        Ok(match found {
            None => Status::Absent,
            Some(_) if self.form.with(text, command)? == text => Status::Installed,
            Some(_) => Status::Outdated,
        })
    }
}

/// Whether a settings file names agtop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does not.
    Absent,
    /// It does, as this agtop would.
    Installed,
    /// It names another path, or not for every event.
    Outdated,
    /// It stands in the way itself.
    Hindered(&'static str),
}

/// Why a settings file is left alone. Says nothing of its content but where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {what}")]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl SettingsError {
    /// Trouble at this byte of a text.
    fn at(text: &str, offset: usize, what: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: last.chars().count() + 1, what: what.into() }
    }
}
