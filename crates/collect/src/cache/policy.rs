use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use agtop_clients::Format;
use agtop_ledger::{FileEntry, FilePresence, FileSummary, Ledger, LedgerError, SessionSummary};
use agtop_model::{ClientId, Timestamp};
use foldhash::fast::RandomState;
use tracing::debug;

use super::cached_file::{CacheVerdict, CachedData, CachedFile, FoundPlace};
use crate::limits::{CLOCK_SLACK, RECENT_WINDOW};
use crate::transcripts::cursor::Resumption;
use crate::transcripts::idle_directories::LeftOutDirectory;
use crate::transcripts::moved::FoundNames;
use crate::transcripts::stores::{FileState, FoundFile, StoreRoot};

/// What a run is interested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Usage, and what happens now.
    Activity,
    /// Usage alone.
    Usage,
}

/// How finely the ledger's data are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Response by response.
    Responses,
    /// As sums, as far as possible.
    Aggregates,
}

/// What a run loads from the ledger.
pub(crate) struct CacheQuery<'a> {
    /// The stores that this run searches.
    pub(crate) stores: &'a [Arc<StoreRoot>],
    /// The files that it found.
    pub(crate) files: &'a [FoundFile],
    /// The idle directories that it left out.
    pub(crate) left_out: &'a [LeftOutDirectory],
    pub(crate) interest: Interest,
    pub(crate) detail: Detail,
    pub(crate) now: Timestamp,
}

/// The file of an entry.
#[derive(Clone, Copy)]
enum FoundEntry<'a> {
    /// A file that was found, with its place in the query's list.
    File(usize, &'a FoundFile),
    /// A file in an idle directory, by its place in the query's list. It is as the ledger has it.
    InIdleDirectory(usize),
}

impl<'a> FoundEntry<'a> {
    fn file(self) -> Option<(usize, &'a FoundFile)> {
        match self {
            Self::File(index, file) => Some((index, file)),
            Self::InIdleDirectory(_) => None,
        }
    }
}

/// Decides how far the ledger's data of a file can be used, by the files that exist.
pub(crate) struct CachePolicy<'a> {
    query: &'a CacheQuery<'a>,
    writes: bool,
    /// The place of each found file in the query's list, by client and path: some homes have millions of files.
    index: HashMap<(ClientId, &'a OsStr), usize, RandomState>,
    /// The idle directories that were left out: the client and the place in the query's list, by path.
    left_out: HashMap<OsString, (ClientId, usize), RandomState>,
    names: FoundNames<'a>,
}

/// What [`CachePolicy::load`] found out besides the files.
pub(crate) struct Loaded {
    /// The generation of the ledger's sums, if those were used.
    pub(crate) generation: Option<u64>,
    /// Files that have been deleted or moved since the ledger was written.
    pub(crate) missing: Vec<FileEntry>,
}

impl<'a> CachePolicy<'a> {
    /// `writes` says whether this run writes into the ledger.
    pub(crate) fn new(query: &'a CacheQuery<'a>, writes: bool) -> Self {
        let key = |file: &'a FoundFile| (file.store.client.info().id, file.path.as_os_str());
        let index = query.files.iter().map(key).zip(0..).collect();
        let of_directory = |(at, directory): (usize, &LeftOutDirectory)| {
            (directory.path().into(), (directory.store.client.info().id, at))
        };
        let left_out = query.left_out.iter().enumerate().map(of_directory).collect();
        Self { query, writes, index, left_out, names: FoundNames::of(query.files) }
    }

    /// Passes each file to `take` if the ledger holds data of it that this run can use.
    pub(crate) fn load(&self, ledger: &Ledger, mut take: impl FnMut(CachedFile<'_>)) -> Result<Loaded, LedgerError> {
        let mut missing = Vec::new();
        let mut visit = |entry: &FileEntry, summary: &FileSummary, data: CachedData<'_>| {
            let found = self.found(entry);
            let Some(verdict) = self.verdict(entry, summary, found) else { return };
            if entry.state == FilePresence::Live && found.is_none() {
                missing.push(entry.clone());
            }
            let resumption = self.resumption(entry, (verdict, found), || ledger.checkpoint(entry.id));
            let file = found.and_then(FoundEntry::file);
            let modified = file.map_or(entry.stamp.file.modified, |(_, file)| file.identity.modified);
            take(CachedFile { client: entry.client, path: &entry.path, modified, verdict, data, resumption });
        };
        let rollup = match self.query.detail {
            Detail::Aggregates => {
                ledger.for_each_file_rollup(|file| visit(&file.entry, &file.unmerged, CachedData::Aggregates(&file)))?
            }
            Detail::Responses => None,
        };
        let Some((generation, changed)) = rollup else {
            ledger.for_each_summary(|entry, summary| {
                if let Some(summary) = summary {
                    visit(&entry, &summary, CachedData::Responses(&summary));
                }
            })?;
            return Ok(Loaded { generation: None, missing });
        };
        for entry in &changed {
            if let Some(recalled) = ledger.load(entry.id)? {
                visit(entry, &recalled.summary, CachedData::Responses(&recalled.summary));
            }
        }
        Ok(Loaded { generation: Some(generation), missing })
    }

    /// `None` if the file is read and reports all of the data again, or if this run does not search where it was.
    fn verdict(&self, entry: &FileEntry, summary: &FileSummary, found: Option<FoundEntry<'_>>) -> Option<CacheVerdict> {
        let is_searched = || {
            let stores = &mut self.query.stores.iter();
            stores.any(|store| store.client.info().id == entry.client && entry.path.starts_with(&store.root))
        };
        match (entry.state, found) {
            (FilePresence::Replaced, _) => is_searched().then_some(CacheVerdict::Superseded),
            (FilePresence::Live | FilePresence::Gone, None) => is_searched().then(|| {
                let sessions = summary.sessions.iter().map(|session| &session.key);
                let is_moved = self.names.is_moved((entry.client, &entry.path), sessions);
                if is_moved { CacheVerdict::Superseded } else { CacheVerdict::Deleted }
            }),
            (FilePresence::Live | FilePresence::Gone, Some(found)) => self.verdict_on_found(entry, summary, found),
        }
    }

    fn verdict_on_found(
        &self,
        entry: &FileEntry,
        summary: &FileSummary,
        found: FoundEntry<'_>,
    ) -> Option<CacheVerdict> {
        let (place, state) = match found {
            FoundEntry::File(index, file) => (FoundPlace::File(index), file.state()),
            FoundEntry::InIdleDirectory(at) => (FoundPlace::IdleDirectory(at), FileState::from(entry.stamp)),
        };
        if entry.stamp != state.stamp() {
            debug!(path = ?entry.path, "ledger: not enough, the file has changed since");
            return Some(CacheVerdict::ResponsesOnly);
        }
        let is_of_interest = self.query.interest == Interest::Activity && is_recent(&summary.sessions, self.query.now);
        // An earlier run refused times that lay in its future; by now they may be credible.
        let is_doubtful = summary
            .earliest_future_time
            .is_some_and(|earliest_future_time| earliest_future_time <= self.query.now.plus(CLOCK_SLACK));
        if self.writes && !is_of_interest && !is_doubtful {
            return Some(CacheVerdict::Unchanged { place, state });
        }
        debug!(
            path = ?entry.path, is_of_interest, is_doubtful, writes = self.writes,
            "ledger: not enough, the file says something about the present or has future times, or must be read in any case"
        );
        // The file contains only the last reading of a running total, and the ledger how it has grown.
        let has_running_total = summary.responses.iter().any(|response| response.running_total().is_some());
        has_running_total.then_some(CacheVerdict::ResponsesOnly)
    }

    /// The file of an entry, if it was found, with its place in the query's list.
    fn found(&self, entry: &FileEntry) -> Option<FoundEntry<'_>> {
        let Some(&index) = self.index.get(&(entry.client, entry.path.as_os_str())) else {
            return self.found_in_idle_directory(entry);
        };
        self.query.files.get(index).map(|file| FoundEntry::File(index, file))
    }

    fn found_in_idle_directory(&self, entry: &FileEntry) -> Option<FoundEntry<'_>> {
        if self.left_out.is_empty() || entry.state != FilePresence::Live {
            return None;
        }
        let (client, at) = *self.left_out.get(entry.path.parent()?.as_os_str())?;
        (client == entry.client).then_some(FoundEntry::InIdleDirectory(at))
    }

    /// Where to continue in a file that has grown. Activity is not kept in the ledger: a run that shows it must read the
    /// whole file.
    fn resumption(
        &self,
        entry: &FileEntry,
        (verdict, found): (CacheVerdict, Option<FoundEntry<'_>>),
        checkpoint: impl FnOnce() -> Result<Option<Vec<u8>>, LedgerError>,
    ) -> Option<Resumption> {
        let (index, file) = found.filter(|_| verdict == CacheVerdict::ResponsesOnly).and_then(FoundEntry::file)?;
        let (before, now) = (&entry.stamp.file, &file.identity);
        let may_have_grown = matches!(file.store.store.format, Format::Lines)
            && (before.device, before.inode) == (now.device, now.inode)
            && (1..=now.size).contains(&entry.position.offset)
            && before.size <= now.size;
        if self.query.interest != Interest::Usage || !self.writes || !may_have_grown {
            return None;
        }
        // Without a checkpoint, for whatever reason, the file is read from its beginning.
        let checkpoint = checkpoint().ok()??;
        Some(Resumption { index, head: entry.head, position: entry.position, checkpoint })
    }
}

/// Whether one of the sessions was active within the last day. What is in flight, message text and rates are not in the
/// ledger, so their files must be read.
pub(crate) fn is_recent(sessions: &[SessionSummary], now: Timestamp) -> bool {
    sessions.iter().any(|session| {
        let idle = session.state.last.map(|last| now.since(last));
        idle.is_some_and(|idle| idle <= RECENT_WINDOW)
    })
}
