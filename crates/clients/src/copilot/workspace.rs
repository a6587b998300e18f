//! Files that describe conversations: the CLI's `workspace.yaml`, VS Code's `workspace.json`.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;

use super::id::{ID, session_id};
use crate::decode::{Record, SourceFile};
use crate::parse::{LooseText, rfc3339};
use crate::paths::local_path;
use crate::{DecodeError, Decoder, Input, Source};

/// Reads `workspace.yaml`, which has the name and the directory of a session.
pub(super) struct Description {
    file: SourceFile,
    session: SessionKey,
}

impl Description {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), session: SessionKey::new(ID, session_id(source.path)) }
    }
}

impl Decoder for Description {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed("is not UTF-8"))?;
        let value = |wanted: &str| text.lines().find_map(|line| scalar(line, wanted)).filter(|value| !value.is_empty());
        let facts = SessionFacts {
            started: value("created_at").as_deref().and_then(rfc3339),
            cwd: value("cwd").map(|cwd| PathBuf::from(cwd.into_owned())),
            branch: value("branch").as_deref().map(Into::into),
            origin: value("client_name").as_deref().map(Into::into),
            ..SessionFacts::default()
        };
        // Without a network the name is the literal first prompt, and nothing in the file says so: it is kept private.
        let rank = match value("user_named").as_deref() {
            Some("true") => TitleRank::Given,
            _ => TitleRank::FirstPrompt,
        };
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        if facts != SessionFacts::default() {
            record.emit(&self.session, EventKind::Facts(Box::new(facts)));
        }
        if let Some(name) = value("name").or_else(|| value("summary")) {
            record.title(&self.session, rank, &name);
        }
        Ok(())
    }
}

/// The value of a line `key: value` with that key: plain, or quoted in either of YAML's ways. Values of several lines
/// are not read.
fn scalar<'t>(line: &'t str, wanted: &str) -> Option<Cow<'t, str>> {
    let value = line.strip_prefix(wanted)?.strip_prefix(": ")?.trim();
    match value.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(value).ok().map(Cow::Owned),
        b'\'' => Some(Cow::Owned(value.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))),
        b'|' | b'>' | b'&' | b'*' | b'[' | b'{' => None,
        _ if matches!(value, "null" | "~") => None,
        _ => Some(Cow::Borrowed(value)),
    }
}

/// Reads `workspace.json`, which has the directory of a VS Code workspace.
pub(super) struct Folder {
    file: SourceFile,
    project: Arc<str>,
}

#[derive(Deserialize)]
struct FolderFile<'a> {
    #[serde(borrow, default)]
    folder: LooseText<'a>,
}

impl Folder {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), project: project_of(source) }
    }
}

impl Decoder for Folder {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let file: FolderFile<'_> = serde_json::from_slice(bytes)?;
        // Workspaces of several folders, and those on other machines, have no directory here.
        if let Some(root) = file.folder.text().and_then(local_path) {
            let known = EventKind::ProjectRoot { project: Arc::clone(&self.project), root };
            Record::new(self.file, SourcePosition::Entry(0), None, out).emit(&SessionKey::new(ID, ""), known);
        }
        Ok(())
    }
}

/// The workspace of a file below `workspaceStorage`: the hash that is the name of its directory.
pub(super) fn project_of(source: &Source<'_>) -> Arc<str> {
    source.relative.iter().next().unwrap_or_default().to_string_lossy().into()
}
