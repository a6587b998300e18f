//! What a read of one file leaves to be written into the ledger.

use std::path::PathBuf;

use agtop_ledger::{FileHead, FileIssue, FileIssues, FileRecord, FileSummary, FileSummaryBuilder, ReadPosition};
use agtop_model::{ClientId, Event, Issue, TimeBounds, Timestamp};

use super::decoded_batch::DecodedBatch;
use super::stores::FileState;

/// A file as it was when it was read, and how far the read went.
#[derive(Clone)]
pub(crate) struct FileMeta {
    pub(crate) client: ClientId,
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
    pub(crate) head: FileHead,
    pub(crate) position: ReadPosition,
    /// What the decoder needs to continue from there.
    pub(crate) checkpoint: Option<Vec<u8>>,
    pub(crate) clock: TimeBounds,
    pub(crate) seen: Timestamp,
}

impl FileMeta {
    /// The ledger's record of the file.
    pub(crate) fn record(&self, summary: FileSummary) -> FileRecord {
        FileRecord {
            client: self.client,
            path: self.path.clone(),
            stamp: self.state.stamp(),
            head: self.head,
            position: self.position,
            checkpoint: self.checkpoint.clone(),
            seen: self.seen,
            summary,
        }
    }
}

/// What a reader found in a file.
pub(crate) enum PendingWrites {
    /// Everything, from the beginning of the file.
    Whole(Box<FileSummaryBuilder>),
    /// What was appended since the ledger's record was written.
    Appended(AppendedRecords),
}

/// What was appended to a file.
#[derive(Default)]
pub(crate) struct AppendedRecords {
    pub(crate) events: Vec<Event>,
    pub(crate) issues: FileIssues,
}

impl PendingWrites {
    /// Notes events, in the order of the file.
    pub(crate) fn note(&mut self, events: &[Event], clock: TimeBounds) {
        match self {
            Self::Whole(recorder) => events.iter().for_each(|event| recorder.note(event, clock)),
            Self::Appended(appended) => appended.events.extend_from_slice(events),
        }
    }

    /// Notes the records that could not be used.
    pub(crate) fn note_issues(&mut self, batch: &DecodedBatch) {
        let mut issues = FileIssues { total: batch.more_issues, kept: Vec::new() };
        for Issue { place, kind, detail, .. } in &batch.issues {
            issues.note(FileIssue { place: place.map(Into::into), kind: *kind, detail: detail.as_str().into() });
        }
        match self {
            Self::Whole(recorder) => recorder.note_issues(issues),
            Self::Appended(appended) => appended.issues.extend(issues),
        }
    }
}
