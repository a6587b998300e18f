//! `session-state/<session>/inuse.<pid>.lock`: each running Copilot writes which session it works on.
//!
//! The file also holds the pid. It exists before `events.jsonl`, is removed when the program ends and remains after a
//! kill. Next to it is an empty file `inuse.<pid>.hold`, which the process holds open while it runs. (Seen with
//! 1.0.102.)

use std::path::Path;

use agtop_model::{Event, EventKind, RunningProcess, SessionKey, SourcePosition, Timestamp};

use super::id::ID;
use crate::decode::{Record, SourceFile};
use crate::facts::is_uuid;
use crate::store::file_name;
use crate::{DecodeError, Decoder, Input, Source};

/// Whether a file is a lock file.
pub(super) fn is_lock_file(path: &Path) -> bool {
    pid_of(path, ".lock").is_some()
}

/// The session whose process holds this file open.
pub(super) fn session_of_hold(path: &Path) -> Option<String> {
    pid_of(path, ".hold")?;
    let session = file_name(path.parent()?);
    is_uuid(session).then(|| session.to_ascii_lowercase())
}

fn pid_of(path: &Path, extension: &str) -> Option<u32> {
    file_name(path).strip_prefix("inuse.")?.strip_suffix(extension)?.parse().ok()
}

/// Reads one lock file.
pub(super) struct LockFile {
    file: SourceFile,
    pid: Option<u32>,
    session: SessionKey,
    /// When the file was written: not before the process started.
    written: Timestamp,
}

impl LockFile {
    pub(super) fn new(source: &Source<'_>) -> Self {
        let session = SessionKey::new(ID, source.path.parent().map(file_name).unwrap_or_default());
        Self { file: source.file(), pid: pid_of(source.path, ".lock"), session, written: source.modified }
    }
}

impl Decoder for LockFile {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let written = std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
        let Some(pid) = self.pid.filter(|&pid| written == Some(pid)) else {
            return Err(DecodeError::malformed("does not hold the pid that its name says"));
        };
        let running = RunningProcess { pid, started: None, entered: Some(self.written), activity: None };
        Record::new(self.file, SourcePosition::Entry(0), None, out).emit(&self.session, EventKind::Running(running));
        Ok(())
    }
}
