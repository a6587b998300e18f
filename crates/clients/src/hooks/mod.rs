//! Hooks: the settings that make a client call `agtop hook`, and the meaning of its payloads.
//!
//! A client's dialect is mostly data: the settings files and their format, and a table of its events with their
//! meaning. A format ([`SettingsFormat`]) takes the text of a settings file and returns the changed text; the callers read and
//! write files.

mod claude;
mod codex;
mod command;
mod copilot;
mod dedicated_file;
mod gemini;
mod grouped_format;
mod minimal_payload;
mod notify_format;
mod opencode;
mod payload;
mod qwen;
mod shared_events;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{DecodeError, Env};

pub(crate) use claude::ClaudeHooks;
pub(crate) use codex::CodexHooks;
pub use command::HookCommand;
pub(crate) use copilot::CopilotHooks;
pub(crate) use gemini::GeminiHooks;
pub use minimal_payload::minimal_payload;
pub(crate) use opencode::OpenCodeHooks;
pub use payload::{HookEvent, HookMeaning, PayloadOrigin};
pub(crate) use qwen::QwenHooks;

/// Clients that reportedly have hooks whose format no primary source confirms: agtop does not install hooks there.
pub static UNCONFIRMED: &[(&str, &str)] = &[
    ("cursor-agent", "hooks.json is described by third parties alone, and names of events differ between them"),
    ("amp", "no description of hooks has been found"),
    ("goose", "no description of hooks has been found"),
];

/// The hooks of a client: its settings files, and the meaning of its payloads.
pub trait HookDialect: Sync {
    /// The files that must name agtop for the scope, with their formats. They need not exist. Empty if the client does
    /// not have the scope.
    fn files(&self, env: &Env, scope: HookScope<'_>) -> Vec<SettingsFile>;

    /// What a user must know or do in addition, and what is unconfirmed, for `agtop doctor`.
    fn notes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Decodes a payload. It never yields usage: that comes from transcripts, once.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object, or names no session. Errors never quote it.
    fn decode(&self, payload: &[u8], stamp: PayloadOrigin) -> Result<HookEvent, DecodeError>;
}

/// Whom hooks are installed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookScope<'a> {
    /// The user, in all directories.
    User,
    /// Everyone who works in this directory: a file under version control.
    Project(&'a Path),
    /// The user, in this directory.
    Local(&'a Path),
}

/// A settings file of a client that names agtop, or can.
#[derive(Clone)]
pub struct SettingsFile {
    /// Its path.
    pub path: PathBuf,
    form: &'static dyn SettingsFormat,
}

/// The format of a settings file that names programs.
pub(crate) trait SettingsFormat: Sync {
    /// The text with agtop named once, with this command. Everything else is unchanged.
    fn with(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError>;

    /// The text without agtop. Empty if the file contained nothing else.
    fn without(&self, text: &str) -> Result<String, SettingsError>;

    /// The command that calls agtop in the text.
    fn found(&self, text: &str) -> Result<Option<HookCommand>, SettingsError>;

    /// Whether the text prevents what [`Self::with`] does, or makes it ineffective, and why.
    fn obstacle(&self, _text: &str) -> Result<Option<&'static str>, SettingsError> {
        Ok(None)
    }
}

impl SettingsFile {
    pub(crate) fn new(path: PathBuf, form: &'static dyn SettingsFormat) -> Self {
        Self { path, form }
    }

    /// The text of the file with agtop installed; `text` is its current text, empty if it does not exist. Installing
    /// twice changes nothing more; an entry of agtop with another path is updated.
    ///
    /// # Errors
    ///
    /// If the client would not accept the text: agtop does not repair it.
    pub fn install(&self, text: &str, command: &HookCommand) -> Result<String, SettingsError> {
        self.form.with(text, command)
    }

    /// The text without agtop's entries; empty if the file contains nothing else and may be removed.
    ///
    /// # Errors
    ///
    /// As [`Self::install`].
    pub fn uninstall(&self, text: &str) -> Result<String, SettingsError> {
        let Some(command) = self.form.found(text)? else { return Ok(text.to_owned()) };
        if self.form.with("", &command)? == text { Ok(String::new()) } else { self.form.without(text) }
    }

    /// Whether `text` is the result of installing into `before`, unchanged since: then uninstalling restores `before`
    /// byte for byte.
    pub fn is_install_of(&self, before: &str, text: &str) -> bool {
        let installed = self.form.found(text).ok().flatten().and_then(|command| self.form.with(before, &command).ok());
        installed.is_some_and(|installed| installed == text)
    }

    /// The state of the file.
    ///
    /// # Errors
    ///
    /// As [`Self::install`].
    pub fn status(&self, text: &str, command: &HookCommand) -> Result<HookStatus, SettingsError> {
        if text.trim().is_empty() {
            return Ok(HookStatus::Absent);
        }
        let found = self.form.found(text)?;
        if let Some(why) = self.form.obstacle(text)? {
            return Ok(HookStatus::Hindered(why));
        }
        Ok(match found {
            None => HookStatus::Absent,
            Some(_) if self.form.with(text, command)? == text => HookStatus::Installed,
            Some(_) => HookStatus::Outdated,
        })
    }
}

/// Whether a settings file names agtop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookStatus {
    /// No.
    Absent,
    /// Yes, with this command for every event.
    Installed,
    /// With another path, or not for every event.
    Outdated,
    /// A setting in the file prevents it, for this reason.
    Hindered(&'static str),
}

/// Why a settings file is not changed. Quotes nothing of the file, only the position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {what}")]
pub struct SettingsError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

impl SettingsError {
    /// An error at this byte of a text.
    fn at(text: &str, offset: usize, what: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let last = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: last.chars().count() + 1, what: what.into() }
    }
}
