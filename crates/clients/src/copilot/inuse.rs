//! `session-state/<session>/inuse.<pid>.lock`: each live Copilot says which session it works on.
//!
//! The file holds the pid, too. It is there before `events.jsonl`, goes when the program ends, and stays after a kill.
//! Beside it lies `inuse.<pid>.hold`, empty, which the process holds open as long as it lives. (Seen with 1.0.102.)

use std::path::Path;

use agtop_model::{Event, EventKind, RunningProcess, SessionKey, SourcePosition, Timestamp};

use super::ID;
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source};

/// Whether a file is such an entry.
pub(super) fn is_entry(path: &Path) -> bool {
    pid_of(path, ".lock").is_some()
}

/// The session that a process works on which holds this file open.
pub(super) fn session_held(path: &Path) -> Option<String> {
    pid_of(path, ".hold")?;
    let session = file_name(path.parent()?);
    is_uuid(session).then(|| session.to_ascii_lowercase())
}

fn pid_of(path: &Path, extension: &str) -> Option<u32> {
    file_name(path).strip_prefix("inuse.")?.strip_suffix(extension)?.parse().ok()
}

/// Reads one entry.
pub(super) struct Entry {
    file: SourceFile,
    pid: Option<u32>,
    session: SessionKey,
    /// When it was written: no earlier than the process started.
    written: Timestamp,
}

impl Entry {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let session = SessionKey::new(ID, source.path.parent().map(file_name).unwrap_or_default());
        Self { file: source.file(), pid: pid_of(source.path, ".lock"), session, written: source.modified }
    }
}

impl Decoder for Entry {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let Input::Document(bytes) = input else {
            return Err(DecodeError::malformed("is not read as a whole"));
        };
        let written = std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
        let Some(pid) = self.pid.filter(|&pid| written == Some(pid)) else {
            return Err(DecodeError::malformed("does not hold the pid that its name says"));
        };
        let running = RunningProcess { pid, started: None, entered: Some(self.written), activity: None };
        Record::new(self.file, SourcePosition::Entry(0), None, out).emit(&self.session, EventKind::Running(running));
        Ok(())
    }
}
