//! `sessions/<pid>.json`: each running Claude Code writes which session it works on and what it is doing.
//!
//! It is written on each change, removed on exit and left behind by a kill (seen with 2.1.197 and 2.1.332, which stays
//! busy while a sub-agent works in the background).

use agtop_model::{Event, EventKind, RunningProcess, SessionKey, SourcePosition, VendorActivity};
use serde::Deserialize;

use super::id::ID;
use crate::decode::{Record, SourceFile};
use crate::parse::{LooseTime, Str};
use crate::{DecodeError, Decoder, Input, Source};

/// The file's content.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LiveSession<'a> {
    pid: u32,
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(default)]
    started_at: LooseTime,
    /// Field 22 of `/proc/<pid>/stat` on Linux; a date as `ps` prints it elsewhere.
    #[serde(borrow, default)]
    proc_start: Option<Str<'a>>,
    #[serde(borrow, default)]
    status: Option<Str<'a>>,
    /// `permission prompt`, `input needed`, and values of later versions.
    #[serde(borrow, default)]
    waiting_for: Option<Str<'a>>,
}

/// Reads one registry file.
pub(super) struct RegistryFile {
    file: SourceFile,
}

impl RegistryFile {
    pub(super) fn new(source: &Source<'_>) -> Self {
        Self { file: source.file() }
    }
}

impl Decoder for RegistryFile {
    fn feed(&mut self, input: Input<'_>, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let bytes = input.document()?;
        let wire: LiveSession<'_> = serde_json::from_slice(bytes)?;
        let running = RunningProcess {
            pid: wire.pid,
            started: wire.proc_start.as_deref().and_then(|ticks| ticks.parse().ok()),
            entered: wire.started_at.0,
            activity: wire.status.as_deref().and_then(|status| activity(status, wire.waiting_for.as_deref())),
        };
        let session = SessionKey::new(ID, &*wire.session_id);
        Record::new(self.file, SourcePosition::Entry(0), None, out).emit(&session, EventKind::Running(running));
        Ok(())
    }
}

fn activity(status: &str, waiting_for: Option<&str>) -> Option<VendorActivity> {
    match status {
        "busy" => Some(VendorActivity::Busy),
        "idle" => Some(VendorActivity::Idle),
        "waiting" => Some(match waiting_for {
            Some("permission prompt") => VendorActivity::NeedsPermission,
            // A question or a plan.
            Some("input needed") => VendorActivity::NeedsInput,
            _ => VendorActivity::AwaitsUser,
        }),
        "shell" => Some(VendorActivity::Background),
        _ => None,
    }
}
