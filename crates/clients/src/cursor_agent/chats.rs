//! The chats of the CLI and the conversations of the editor: their names, models and directories.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionFacts, SessionKey, SourcePosition, TitleRank};
use serde::Deserialize;

use super::id::ID;
use crate::decode::{Record, SourceFile};
use crate::parse::{LooseText, LooseTime};
use crate::paths::{directory, md5_of};
use crate::{DecodeError, Decoder, Input};

/// Reads the file that newer releases keep next to a chat's database: the chat's directory.
pub(super) struct ChatDirectory {
    pub(super) file: SourceFile,
    pub(super) session: SessionKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChatMetadata<'a> {
    #[serde(borrow, default)]
    cwd: LooseText<'a>,
    #[serde(default)]
    created_at_ms: LooseTime,
}

impl Decoder for ChatDirectory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let told: ChatMetadata<'_> = serde_json::from_slice(input.document()?)?;
        let started = told.created_at_ms.0;
        let cwd = told.cwd.text().and_then(directory);
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), started, out);
        record.facts(&self.session, SessionFacts { cwd, started, ..SessionFacts::default() });
        Ok(())
    }
}

/// Reads the file that is written when the user trusts a directory. It has the path, while chats have only a hash, and
/// transcripts a name that several directories may share.
pub(super) struct TrustedDirectory {
    pub(super) file: SourceFile,
    /// The name of the directory in the paths of transcripts.
    pub(super) project: Arc<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrustedWorkspace<'a> {
    #[serde(borrow, default)]
    workspace_path: LooseText<'a>,
}

impl Decoder for TrustedDirectory {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let told: TrustedWorkspace<'_> = serde_json::from_slice(input.document()?)?;
        let Some(path) = told.workspace_path.text() else { return Ok(()) };
        let Some(root) = directory(path) else { return Ok(()) };
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), None, out);
        let mut emit = |project, root: PathBuf| {
            record.emit(&SessionKey::new(ID, ""), EventKind::ProjectRoot { project, root });
        };
        if let Some(hash) = md5_of(&root) {
            emit(hash, root.clone());
        }
        emit(Arc::clone(&self.project), root);
        Ok(())
    }
}

/// Reads a chat's database, or the editor's.
pub(super) struct Rows {
    pub(super) file: SourceFile,
    /// The chat in whose directory the database lies.
    pub(super) chat: Option<Arc<str>>,
    /// The hash of the chat's directory.
    pub(super) project: Option<Arc<str>>,
}

/// The description of a chat of the CLI or the editor.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    #[serde(borrow, default)]
    name: LooseText<'a>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(borrow, default)]
    last_used_model: LooseText<'a>,
    #[serde(borrow, default)]
    status: LooseText<'a>,
}

impl Rows {
    fn chat(&self, id: &Arc<str>, hex: &[u8], record: &mut Record<'_>) -> Result<(), DecodeError> {
        let json = unhexed(hex).ok_or_else(|| DecodeError::malformed("a description that is not hexadecimal"))?;
        let description: Description<'_> = serde_json::from_slice(&json)?;
        let model = description.last_used_model.text().map(Into::into);
        let facts = SessionFacts { model, project: self.project.clone(), ..SessionFacts::default() };
        describe(&SessionKey::new(ID, Arc::clone(id)), &description, facts, record);
        Ok(())
    }

    fn conversation(key: &str, json: &[u8], record: &mut Record<'_>) -> Result<(), DecodeError> {
        let Some(id) = key.strip_prefix("composerData:") else { return Ok(()) };
        let description: Description<'_> = serde_json::from_slice(json)?;
        let session = SessionKey::new(ID, id);
        let facts = SessionFacts { origin: Some("editor".into()), ..SessionFacts::default() };
        describe(&session, &description, facts, record);
        if matches!(description.status.text(), Some("completed" | "aborted")) {
            record.emit(&session, EventKind::TurnEnded);
        }
        Ok(())
    }
}

fn describe(session: &SessionKey, description: &Description<'_>, facts: SessionFacts, record: &mut Record<'_>) {
    record.at = description.created_at.0;
    record.facts(session, SessionFacts { started: description.created_at.0, ..facts });
    if let Some(name) = description.name.text().filter(|&name| name != DEFAULT_TITLE) {
        record.title(session, TitleRank::Generated, name);
    }
}

/// The title of a chat before it has a name.
const DEFAULT_TITLE: &str = "New Agent";

impl Decoder for Rows {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let (table, rowid, cells) = input.row()?;
        let &[key, value] = cells else {
            return Err(DecodeError::malformed("a row of other columns than were asked for"));
        };
        let Some(value) = value.bytes() else { return Ok(()) };
        let record = &mut Record::new(self.file, SourcePosition::Row { table, rowid }, None, out);
        match (key.text(), &self.chat) {
            (Some("0"), Some(id)) => self.chat(id, value, record),
            (Some(key), _) => Self::conversation(key, value, record),
            (None, _) => Ok(()),
        }
    }
}

/// Decodes hexadecimal digits.
pub(super) fn unhexed(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
