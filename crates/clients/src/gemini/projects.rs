//! Maps the short name of a project to its directory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Event, EventKind, SessionKey, SourcePosition};
use serde::Deserialize;

use super::id::ID;
use crate::bounded;
use crate::decode::{Record, SourceFile};
use crate::parse::Str;
use crate::paths::MAX_PATH_BYTES;
use crate::{DecodeError, Decoder, Input, Source};

/// The file next to a project's chats that holds only the path of its directory.
pub(super) const ROOT_FILE: &str = ".project_root";

/// Reads a `.project_root` file.
pub(super) struct Root {
    file: SourceFile,
    project: Arc<str>,
}

impl Root {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file(), project: project_of(source) }
    }
}

impl Decoder for Root {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Ok(()) };
        let path = std::str::from_utf8(bytes).map_err(|_| DecodeError::malformed("is not UTF-8"))?.trim();
        let root = directory(path).ok_or_else(|| DecodeError::malformed("is not a path"))?;
        emit(
            self.file,
            SourcePosition::Byte(0),
            EventKind::ProjectRoot { project: Arc::clone(&self.project), root },
            out,
        );
        Ok(())
    }
}

/// Reads `projects.json`, the short names of all projects.
pub(super) struct Registry {
    file: SourceFile,
}

impl Registry {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file() }
    }
}

#[derive(Deserialize)]
struct Projects<'a> {
    #[serde(default, borrow, deserialize_with = "bounded::map")]
    projects: BTreeMap<Str<'a>, Str<'a>>,
}

impl Decoder for Registry {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else { return Ok(()) };
        let registry: Projects<'_> = serde_json::from_slice(bytes)?;
        for (place, (path, name)) in (0..).map(SourcePosition::Entry).zip(&registry.projects) {
            if let Some(root) = directory(&path.0) {
                emit(self.file, place, EventKind::ProjectRoot { project: (*name.0).into(), root }, out);
            }
        }
        Ok(())
    }
}

fn emit(file: SourceFile, place: SourcePosition, kind: EventKind, out: &mut Vec<Event>) {
    Record::new(file, place, None, out).emit(&SessionKey::new(ID, ""), kind);
}

fn directory(path: &str) -> Option<PathBuf> {
    let is_path = !path.is_empty() && path.len() <= MAX_PATH_BYTES && !path.contains(char::is_control);
    is_path.then(|| PathBuf::from(path))
}

/// The directory below `tmp` that holds the file: a short name, or in older versions the SHA-256 of the path.
pub(super) fn project_of(source: &Source<'_>) -> Arc<str> {
    source.relative.iter().next().unwrap_or_default().to_string_lossy().into()
}
