//! Directories of write-once documents in which nothing was written for a day. A report does not look at the files in
//! them as long as the directory itself has not changed.
//!
//! Creating, deleting, renaming or restoring a file changes its directory. Rewriting a file in place does not: in a
//! directory that was idle for a day, no client does that in a way that changes a figure (`Client::is_write_once`), and
//! whatever else does it is noticed by the next complete look, a day later at most.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_ledger::{FileStamp, IdleDirectories, IdleDirectory, IdleStore, file_digest};
use agtop_model::{ClientId, Timestamp};
use agtop_os::{DirectoryStamp, FileIdentity};
use foldhash::fast::RandomState;

use super::stores::{FileState, StoreContents, StoreRoot};

/// A directory is idle if nothing was written in it for this time.
const IDLE_AFTER: Duration = Duration::from_hours(24);
/// All files are looked at again after this time.
pub(crate) const COMPLETE_LOOK_INTERVAL: Duration = Duration::from_hours(24);
/// A change of a directory in the same tick of the system's clock as a look at it may leave its times as they are.
const CLOCK_TICK: Duration = Duration::from_millis(100);

/// What a search does about idle directories.
#[derive(Default)]
pub(crate) enum IdleDirectoryUse {
    /// It searches all directories.
    #[default]
    None,
    /// It searches all directories, and notes which are idle at this time.
    Note { now: Timestamp, found: Vec<IdleStore> },
    /// It leaves out directories that have not changed since they were idle.
    LeaveOut { known: HashMap<(ClientId, PathBuf), ByPath>, of_store: ByPath, left_out: Vec<LeftOutDirectory> },
}

/// The idle directories of a store.
type ByPath = HashMap<PathBuf, IdleDirectory, RandomState>;

/// A directory that a search has left out.
#[derive(Clone)]
pub(crate) struct LeftOutDirectory {
    pub(crate) store: Arc<StoreRoot>,
    pub(crate) directory: IdleDirectory,
}

impl LeftOutDirectory {
    /// The directory's path.
    pub(crate) fn path(&self) -> PathBuf {
        self.store.root.join(&self.directory.path)
    }
}

impl IdleDirectoryUse {
    /// Leaves out what was idle at an earlier look.
    pub(crate) fn leave_out(idle: IdleDirectories) -> Self {
        let by_path = |directories: Vec<IdleDirectory>| {
            directories.into_iter().map(|directory| (directory.path.clone(), directory)).collect()
        };
        let stores = idle.stores.into_iter();
        let known = stores.map(|store| ((store.client, store.root), by_path(store.directories))).collect();
        Self::LeaveOut { known, of_store: ByPath::default(), left_out: Vec::new() }
    }

    /// Begins the search of a store.
    pub(crate) fn begin_store(&mut self, store: &StoreRoot) {
        let (client, root) = (store.client.info().id, store.root.clone());
        match self {
            Self::None => {}
            Self::Note { found, .. } => found.push(IdleStore { client, root, directories: Vec::new() }),
            Self::LeaveOut { known, of_store, .. } => *of_store = known.remove(&(client, root)).unwrap_or_default(),
        }
    }

    /// Whether this directory of the store may be idle.
    pub(crate) fn concerns(&self, store: &StoreRoot, directory: &Path) -> bool {
        !matches!(self, Self::None) && store.client.is_write_once(&store.store, directory)
    }

    /// Leaves out a directory that has not changed since it was idle. Returns what is known of it.
    pub(crate) fn try_leave_out(
        &mut self,
        store: &Arc<StoreRoot>,
        (path, stamp): (&Path, DirectoryStamp),
    ) -> Option<&IdleDirectory> {
        let Self::LeaveOut { of_store, left_out, .. } = self else { return None };
        let is_same = |known: &IdleDirectory| {
            let DirectoryStamp { device, inode, modified, changed } = stamp;
            (known.device, known.inode, known.modified, known.changed) == (device, inode, modified, changed)
        };
        // Each directory is searched once.
        let directory = of_store.remove(path).filter(is_same)?;
        left_out.push(LeftOutDirectory { store: Arc::clone(store), directory });
        left_out.last().map(|left_out| &left_out.directory)
    }

    /// Notes a directory if it is idle.
    pub(crate) fn note(&mut self, searched: SearchedDirectory) {
        let Self::Note { now, found } = self else { return };
        if let Some(store) = found.last_mut()
            && searched.is_idle_at(*now)
        {
            store.directories.push(searched.directory);
        }
    }
}

/// A directory that is being searched, with what was found directly in it.
pub(crate) struct SearchedDirectory {
    directory: IdleDirectory,
    /// When one of its files was last written.
    written: Timestamp,
    /// Whether there is nothing in it but files that were found here for the first time.
    is_plain: bool,
}

impl SearchedDirectory {
    pub(crate) fn new(path: &Path, DirectoryStamp { device, inode, modified, changed }: DirectoryStamp) -> Self {
        let path = path.to_owned();
        let directory =
            IdleDirectory { path, device, inode, modified, changed, files: 0, bytes: 0, skipped: 0, digest: 0 };
        Self { directory, written: modified, is_plain: true }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.directory.path
    }

    /// Adds a file at this path, which is absolute.
    pub(crate) fn add(&mut self, path: &Path, identity: FileIdentity) {
        let stamp: FileStamp = FileState { file: identity, log: None }.stamp();
        self.directory.files += 1;
        self.directory.bytes += identity.size;
        self.directory.digest = self.directory.digest.wrapping_add(file_digest(path, &stamp));
        self.written = self.written.max(identity.modified);
    }

    /// Notes that there is something else in it.
    pub(crate) fn spoil(&mut self) {
        self.is_plain = false;
    }

    /// Ends the search, which has skipped so many names.
    pub(crate) fn end(&mut self, skipped: u64) {
        self.directory.skipped = skipped;
    }

    fn is_idle_at(&self, now: Timestamp) -> bool {
        let (idle_since, now_less_a_tick) = (now.minus(IDLE_AFTER), now.minus(CLOCK_TICK));
        self.is_plain && self.written < idle_since && self.directory.changed < now_less_a_tick
    }
}

/// Counts the files of a directory that was left out.
pub(crate) fn count(contents: &mut StoreContents, directory: &IdleDirectory) {
    contents.files += directory.files;
    contents.bytes += directory.bytes;
    contents.skipped += directory.skipped;
}
