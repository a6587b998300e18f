//! Clients' stores on disk, and the files in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::{Client, Format, Store};
use agtop_ledger::FileStamp;
use agtop_os::{FileIdentity, FileKind};

use super::sqlite::log_of;

/// A client's store, with its root directory as it is on disk.
pub(crate) struct StoreRoot {
    pub(crate) client: &'static dyn Client,
    pub(crate) store: Store,
    pub(crate) root: PathBuf,
}

impl StoreRoot {
    /// Whether a search of the store would find a file at this path.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.root) else { return false };
        relative.components().count() <= self.store.depth
            && (self.store.accepts)(relative)
            && !self.is_superseded(relative)
    }

    /// Whether this is a compressed file whose plain original still exists.
    pub(crate) fn is_superseded(&self, relative: &Path) -> bool {
        matches!(self.store.format, Format::Lines)
            && relative.extension().is_some_and(|extension| extension == "zst")
            && self.root.join(relative).with_extension("").is_file()
    }
}

/// What the search of a store found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StoreContents {
    /// Whether the root directory exists.
    pub(crate) exists: bool,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Names that are no transcript's, directories with such names, and compressed files whose original exists.
    pub(crate) skipped: u64,
}

/// A transcript, database or other file that a search found.
pub(crate) struct FoundFile {
    pub(crate) store: Arc<StoreRoot>,
    pub(crate) path: PathBuf,
    pub(crate) identity: FileIdentity,
}

impl FoundFile {
    /// What shows whether the file has changed.
    pub(crate) fn state(&self) -> FileState {
        FileState { file: self.identity, log: log_identity(&self.path, self.store.store.format) }
    }
}

/// What shows whether a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    pub(crate) file: FileIdentity,
    /// The write-ahead log of a database, if there is one.
    pub(crate) log: Option<FileIdentity>,
}

impl FileState {
    /// The same as the ledger keeps it.
    pub(crate) fn stamp(&self) -> FileStamp {
        let identity = |of: &FileIdentity| agtop_ledger::FileIdentity {
            device: of.device,
            inode: of.inode,
            size: of.size,
            modified: of.modified,
        };
        FileStamp { file: identity(&self.file), log: self.log.as_ref().map(identity) }
    }
}

impl From<FileStamp> for FileState {
    fn from(stamp: FileStamp) -> Self {
        let identity = |of: agtop_ledger::FileIdentity| FileIdentity {
            device: of.device,
            inode: of.inode,
            size: of.size,
            modified: of.modified,
        };
        Self { file: identity(stamp.file), log: stamp.log.map(identity) }
    }
}

fn log_identity(path: &Path, format: Format) -> Option<FileIdentity> {
    if !matches!(format, Format::Sqlite(_)) {
        return None;
    }
    match agtop_os::identity(&log_of(path)) {
        Ok(FileKind::Regular(identity)) => Some(identity),
        _ => None,
    }
}
