//! The small files next to a session's log: directories, session titles and sub-agents.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{Event, EventKind, IssueKind, SessionFacts, SessionKey, SourcePosition, Title, TitleRank};
use serde::Deserialize;

use super::id::ID;
use super::owner::SessionOwner;
use crate::decode::{Record, SourceFile};
use crate::list::LazyList;
use crate::parse::{LooseText, LooseTime, short_text};
use crate::paths::{MAX_PATH_BYTES, md5_of};
use crate::{DecodeError, Decoder, Input, Source};

/// Marks a directory on this machine; others are reached through SSH.
const LOCAL_MARKER: &str = "local";

/// Reads `kimi.json`: the directories whose hashes are the names of session folders.
pub(super) struct Directories {
    file: SourceFile,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    work_dirs: LazyList<'a>,
}

#[derive(Deserialize)]
struct WorkDir<'a> {
    #[serde(borrow)]
    path: LooseText<'a>,
    #[serde(borrow, default)]
    kaos: LooseText<'a>,
}

impl Directories {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file() }
    }
}

impl Decoder for Directories {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let metadata: Metadata<'_> = serde_json::from_slice(input.document()?)?;
        let told = metadata.work_dirs.each("directories", |entry, work_dir: WorkDir<'_>| {
            let is_local = work_dir.kaos.text().is_none_or(|kaos| kaos == LOCAL_MARKER);
            let path = work_dir.path.text().filter(|path| path.len() <= MAX_PATH_BYTES && !path.contains('\0'));
            if let (true, Some(path)) = (is_local, path) {
                let Some(project) = md5_of(Path::new(path)) else { return };
                let kind = EventKind::ProjectRoot { project, root: PathBuf::from(path) };
                Record::new(self.file, SourcePosition::Entry(entry), None, out).emit(&SessionKey::new(ID, ""), kind);
            }
        });
        // A damaged entry affects only itself.
        told.or_else(|error| if error.kind == IssueKind::TooLarge { Err(error) } else { Ok(()) })
    }
}

/// Reads a session's title from `state.json`.
pub(super) struct State {
    file: SourceFile,
    owner: SessionOwner,
}

#[derive(Deserialize)]
struct SessionState<'a> {
    #[serde(borrow, default)]
    custom_title: LooseText<'a>,
    #[serde(default)]
    title_generated: bool,
}

impl State {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), owner: SessionOwner::of(source.relative) }
    }
}

impl Decoder for State {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let state: SessionState<'_> = serde_json::from_slice(input.document()?)?;
        if let Some(title) = state.custom_title.text() {
            let rank = if state.title_generated { TitleRank::Generated } else { TitleRank::Given };
            let title = Title { rank, text: short_text(title) };
            Record::new(self.file, SourcePosition::Entry(0), None, out)
                .emit(&self.owner.session, EventKind::Title(title));
        }
        Ok(())
    }
}

/// Reads a sub-agent's `meta.json`.
pub(super) struct Subagent {
    file: SourceFile,
    owner: SessionOwner,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow, default)]
    subagent_type: LooseText<'a>,
    #[serde(borrow, default)]
    description: LooseText<'a>,
    #[serde(borrow, default)]
    status: LooseText<'a>,
    #[serde(default)]
    created_at: LooseTime,
    #[serde(default)]
    updated_at: LooseTime,
}

impl Subagent {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), owner: SessionOwner::of(source.relative) }
    }
}

impl Decoder for Subagent {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let instance: Instance<'_> = serde_json::from_slice(input.document()?)?;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), instance.updated_at.0, out);
        let session = &self.owner.session;
        let facts = SessionFacts {
            parent: self.owner.parent.clone(),
            started: instance.created_at.0,
            project: Some(Arc::clone(&self.owner.project)),
            origin: instance.subagent_type.text().map(short_text),
            ..SessionFacts::default()
        };
        record.emit(session, EventKind::Facts(Box::new(facts)));
        if let Some(description) = instance.description.text() {
            record.title(session, TitleRank::Generated, description);
        }
        if matches!(instance.status.text(), Some("completed" | "failed" | "killed")) {
            record.emit(session, EventKind::TurnEnded);
        }
        Ok(())
    }
}
