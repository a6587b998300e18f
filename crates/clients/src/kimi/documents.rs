//! The small files around a session's log: which directories there are, what a session is called, what a sub-agent is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{Event, EventKind, IssueKind, SessionFacts, SessionKey, SourcePosition, Title, TitleRank};
use serde::Deserialize;

use super::{ID, KEPT, Owner};
use crate::decode::{Record, SourceFile};
use crate::list::List;
use crate::parse::{Loose, Moment, shortened};
use crate::paths::md5_of;
use crate::{DecodeError, Decoder, Input, Source};

/// Longer is no path on any platform (Linux allows 4,096 bytes, Windows 32,767 characters).
const LONGEST_PATH: usize = 32_767;

/// What a directory on this machine is marked with; others are reached through SSH.
const LOCAL: &str = "local";

fn document(input: Input<'_>) -> Result<&[u8], DecodeError> {
    match input {
        Input::Document(bytes) => Ok(bytes),
        _ => Err(DecodeError::malformed("is not read as a whole")),
    }
}

/// Reads `kimi.json`: the directories whose hashes name the folders of their sessions.
pub(super) struct Directories {
    file: SourceFile,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    work_dirs: List<'a>,
}

#[derive(Deserialize)]
struct WorkDir<'a> {
    #[serde(borrow)]
    path: Loose<'a>,
    #[serde(borrow, default)]
    kaos: Loose<'a>,
}

impl Directories {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file() }
    }
}

impl Decoder for Directories {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let metadata: Metadata<'_> = serde_json::from_slice(document(input)?)?;
        let told = metadata.work_dirs.each("directories", |entry, work_dir: WorkDir<'_>| {
            let is_local = work_dir.kaos.text().is_none_or(|kaos| kaos == LOCAL);
            let path = work_dir.path.text().filter(|path| path.len() <= LONGEST_PATH && !path.contains('\0'));
            if let (true, Some(path)) = (is_local, path) {
                let Some(project) = md5_of(Path::new(path)) else { return };
                let kind = EventKind::ProjectRoot { project, root: PathBuf::from(path) };
                Record::new(self.file, SourcePosition::Entry(entry), None, out).emit(&SessionKey::new(ID, ""), kind);
            }
        });
        // A damaged one concerns nothing but itself.
        told.or_else(|error| if error.kind == IssueKind::TooLarge { Err(error) } else { Ok(()) })
    }
}

/// Reads `state.json` for a session's title.
pub(super) struct State {
    file: SourceFile,
    owner: Owner,
}

#[derive(Deserialize)]
struct SessionState<'a> {
    #[serde(borrow, default)]
    custom_title: Loose<'a>,
    #[serde(default)]
    title_generated: bool,
}

impl State {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), owner: Owner::of(source.relative) }
    }
}

impl Decoder for State {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let state: SessionState<'_> = serde_json::from_slice(document(input)?)?;
        if let Some(title) = state.custom_title.text() {
            let rank = if state.title_generated { TitleRank::Generated } else { TitleRank::Given };
            let title = Title { rank, text: shortened(title, KEPT).into() };
            Record::new(self.file, SourcePosition::Entry(0), None, out)
                .emit(&self.owner.session, EventKind::Title(title));
        }
        Ok(())
    }
}

/// Reads a sub-agent's `meta.json`.
pub(super) struct Subagent {
    file: SourceFile,
    owner: Owner,
}

#[derive(Deserialize)]
struct Instance<'a> {
    #[serde(borrow, default)]
    subagent_type: Loose<'a>,
    #[serde(borrow, default)]
    description: Loose<'a>,
    #[serde(borrow, default)]
    status: Loose<'a>,
    #[serde(default)]
    created_at: Moment,
    #[serde(default)]
    updated_at: Moment,
}

impl Subagent {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), owner: Owner::of(source.relative) }
    }
}

impl Decoder for Subagent {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let instance: Instance<'_> = serde_json::from_slice(document(input)?)?;
        let record = &mut Record::new(self.file, SourcePosition::Entry(0), instance.updated_at.0, out);
        let session = &self.owner.session;
        let facts = SessionFacts {
            parent: self.owner.parent.clone(),
            started: instance.created_at.0,
            project: Some(Arc::clone(&self.owner.project)),
            origin: instance.subagent_type.text().map(|kind| shortened(kind, KEPT).into()),
            ..SessionFacts::default()
        };
        record.emit(session, EventKind::Facts(Box::new(facts)));
        if let Some(description) = instance.description.text() {
            let title = Title { rank: TitleRank::Generated, text: shortened(description, KEPT).into() };
            record.emit(session, EventKind::Title(title));
        }
        if matches!(instance.status.text(), Some("completed" | "failed" | "killed")) {
            record.emit(session, EventKind::TurnEnded);
        }
        Ok(())
    }
}
