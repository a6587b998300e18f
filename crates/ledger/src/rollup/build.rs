//! Builds the rollup from the summaries, in two passes, so that never more than one summary is held.

use std::collections::{HashMap, HashSet};

use agtop_model::SessionKey;

use super::cell;
use super::key_index::{MessageKeyIndex, half};
use super::{FileRollup, ToolCallCount};
use crate::codec::{BlobValue as _, BlobWriter};
use crate::error::LedgerErrorKind;
use crate::file_summary::{FileSummary, SessionSummary};
use crate::record::{FileEntry, FileEntryId};
use crate::store::Ledger;

/// What can be said only of all files together.
struct DuplicateScan {
    /// How many files there are.
    files: u64,
    /// Halves of keys that more than one record mentions.
    repeated: HashSet<u64>,
    /// In how many files each session calls tools.
    callers: HashMap<SessionKey, u32>,
}

impl DuplicateScan {
    fn of(ledger: &Ledger) -> Result<Self, LedgerErrorKind> {
        let (mut files, mut mentioned, mut callers) = (0, Vec::new(), HashMap::new());
        ledger.for_each_decoded(|_, summary| {
            let Ok(summary) = summary else { return };
            files += 1;
            for response in &summary.responses {
                mentioned.push(half(response.message));
                mentioned.extend(response.part_of.iter().map(half));
            }
            for session in summary.sessions.into_iter().filter(|session| !session.calls.is_empty()) {
                *callers.entry(session.key).or_default() += 1;
            }
        })?;
        mentioned.sort_unstable();
        let runs = mentioned.chunk_by(|a, b| a == b).filter(|run| run.len() > 1);
        Ok(Self { files, repeated: runs.filter_map(|run| run.first()).copied().collect(), callers })
    }

    fn has_one_copy(&self, key: u64) -> bool {
        !self.repeated.contains(&key)
    }
}

impl Ledger {
    /// Every file added up, as it is stored, and the index of what went into the sums. The clients that are known
    /// come first: the rollup of an older program, which may know fewer, lacks the files of the others. The database must
    /// not change meanwhile.
    pub(super) fn summed(&self) -> Result<(Vec<u8>, MessageKeyIndex), LedgerErrorKind> {
        let overview = DuplicateScan::of(self)?;
        let mut stored = BlobWriter::default();
        self.clients.put(&mut stored);
        stored.number(overview.files);
        let mut keys = Vec::new();
        self.for_each_decoded(|entry, summary| {
            if let Ok(summary) = summary {
                file_rollup(entry, summary, &overview, &mut keys).put(&mut stored);
            }
        })?;
        Ok((stored.into_blob(), MessageKeyIndex::of(keys)))
    }

    /// Every response of every file.
    pub(super) fn index_of_all_files(&self) -> Result<MessageKeyIndex, LedgerErrorKind> {
        let mut keys = Vec::new();
        self.for_each_decoded(|entry, summary| {
            if let Ok(summary) = summary {
                keys.extend(summary.responses.iter().map(|response| (half(response.message), entry.id)));
            }
        })?;
        Ok(MessageKeyIndex::of(keys))
    }
}

fn file_rollup(
    entry: FileEntry,
    mut summary: FileSummary,
    overview: &DuplicateScan,
    keys: &mut Vec<(u64, FileEntryId)>,
) -> FileRollup {
    let responses = std::mem::take(&mut summary.responses);
    let (summed, single): (Vec<_>, Vec<_>) = responses
        .into_iter()
        .partition(|response| cell::is_plain(response) && overview.has_one_copy(half(response.message)));
    keys.extend(summed.iter().map(|response| (half(response.message), entry.id)));
    summary.responses = single;
    let mut tools = Vec::new();
    for (number, session) in (0..).zip(&mut summary.sessions) {
        if overview.callers.get(&session.key).is_none_or(|files| *files < 2) {
            tools.extend(tallied(number, session));
        }
    }
    FileRollup { entry, unmerged: summary, tools, cells: cell::sum(summed.iter()) }
}

/// Adds up a session's tool calls.
fn tallied(number: u32, session: &mut SessionSummary) -> Vec<ToolCallCount> {
    let mut tools: Vec<ToolCallCount> = Vec::new();
    for (_, tool) in std::mem::take(&mut session.calls) {
        match tools.iter_mut().find(|tally| tally.tool == tool) {
            Some(tally) => tally.calls += 1,
            None => tools.push(ToolCallCount { session: number, tool, calls: 1 }),
        }
    }
    tools
}
