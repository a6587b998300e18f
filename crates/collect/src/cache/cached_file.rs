//! What the ledger holds of one file.

use std::path::Path;

use agtop_ledger::{FileIssues, FileRollup, FileSummary};
use agtop_model::{ClientId, FileId, Timestamp};

use crate::transcripts::cursor::Resumption;
use crate::transcripts::stores::FileState;

/// A file whose data the ledger holds.
pub(crate) struct CachedFile<'a> {
    pub(crate) client: ClientId,
    pub(crate) path: &'a Path,
    /// When the file was last written.
    pub(crate) modified: Timestamp,
    pub(crate) verdict: CacheVerdict,
    pub(crate) data: CachedData<'a>,
    /// Where to continue in the file, if it may only have grown.
    pub(crate) resumption: Option<Resumption>,
}

/// The ledger's data of a file.
#[derive(Clone, Copy)]
pub(crate) enum CachedData<'a> {
    /// Every response.
    Responses(&'a FileSummary),
    /// Sums over responses, as far as possible.
    Aggregates(&'a FileRollup),
}

impl<'a> CachedData<'a> {
    /// The records of the file that could not be used.
    pub(crate) fn issues(self) -> &'a FileIssues {
        match self {
            Self::Responses(summary) => &summary.issues,
            Self::Aggregates(warm) => &warm.unmerged.issues,
        }
    }
}

/// A cached file, by its number in this run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CachedFileRef {
    pub(crate) file: FileId,
    /// When the file was last written.
    pub(crate) modified: Timestamp,
    pub(crate) verdict: CacheVerdict,
}

/// How a file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FoundPlace {
    /// By a search: its place in the list of found files.
    File(usize),
    /// By its directory, which was left out: the directory's place in the list of those.
    IdleDirectory(usize),
}

/// How far the ledger's data of a file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheVerdict {
    /// The file has not changed: the data replace it, and it need not be read.
    Unchanged { place: FoundPlace, state: FileState },
    /// The file was read in this run: the data are what it reports.
    JustRead,
    /// The file no longer exists: the data are all that is left of it.
    Deleted,
    /// The file has grown: reading continues where the data end.
    Grown,
    /// The file will be read again and may no longer contain all of this. Responses count.
    ResponsesOnly,
    /// The file now contains something else, or another file contains the same. Responses count.
    Superseded,
}

impl CacheVerdict {
    /// Whether the data stand for the file: then what has no id counts as well, and issues are reported. A file that is
    /// read again reports both again.
    pub(crate) const fn is_current(self) -> bool {
        !matches!(self, Self::ResponsesOnly | Self::Superseded)
    }
}
