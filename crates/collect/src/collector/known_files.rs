//! Which files were read, and where to continue in each.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};

use agtop_clients::Format;
use agtop_model::FileId;
use agtop_os::FileIdentity;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::transcripts::cursor::Cursor;
use crate::transcripts::file_table::FileTable;
use crate::transcripts::stores::{FileState, FoundFile};

/// The files that were read before, by path. A home may have millions of files, so the paths are in the [`FileTable`]
/// alone.
#[derive(Default)]
pub(super) struct KnownFiles {
    by_path: HashTable<KnownFile>,
    hasher: RandomState,
    /// Where to continue in files that are read line by line.
    cursors: HashMap<FileId, Box<Cursor>, RandomState>,
}

struct KnownFile {
    file: FileId,
    /// The hash of its path.
    hash: u64,
    identity: FileIdentity,
    /// The write-ahead log of a database.
    log: Option<Box<FileIdentity>>,
}

impl KnownFile {
    fn state(&self) -> FileState {
        FileState { file: self.identity, log: self.log.as_deref().copied() }
    }

    fn set_state(&mut self, FileState { file, log }: FileState) {
        self.identity = file;
        self.log = log.map(Box::new);
    }
}

/// A file's number, and where to continue; without a cursor, at its beginning.
pub(super) struct ReadState {
    pub(super) file: FileId,
    pub(super) cursor: Option<Box<Cursor>>,
}

/// A file that may have to be read, and where an earlier run stopped in it.
pub(super) struct Candidate {
    pub(super) found: FoundFile,
    pub(super) resume: Option<ReadState>,
}

impl Candidate {
    /// A file in which no earlier run stopped.
    pub(super) fn new(found: FoundFile) -> Self {
        Self { found, resume: None }
    }
}

impl KnownFiles {
    pub(super) fn contains(&self, path: &Path, files: &FileTable) -> bool {
        let is_it = |known: &KnownFile| files.is_at(known.file, path);
        self.by_path.find(self.hash(path), is_it).is_some()
    }

    /// Adds a file that need not be read in this state. It must not be known yet.
    pub(super) fn insert(&mut self, path: &Path, file: FileId, FileState { file: identity, log }: FileState) {
        let hash = self.hash(path);
        let known = KnownFile { file, hash, identity, log: log.map(Box::new) };
        self.by_path.insert_unique(hash, known, |known| known.hash);
    }

    /// Forgets these files.
    pub(super) fn remove(&mut self, paths: &HashSet<PathBuf>, files: &FileTable) {
        for path in paths {
            let hash = self.hash(path);
            if let Ok(found) = self.by_path.find_entry(hash, |known| files.is_at(known.file, path)) {
                let (known, _) = found.remove();
                self.cursors.remove(&known.file);
            }
        }
    }

    /// Where to continue in a file; `None` if it has not changed since it was read. A new file gets a number.
    pub(super) fn next_read(&mut self, found: &FoundFile, files: &mut FileTable) -> Option<ReadState> {
        let (path, state, hash) = (&*found.path, found.state(), self.hash(&found.path));
        let Some(known) = self.by_path.find_mut(hash, |known| files.is_at(known.file, path)) else {
            let file = files.add(found.store.client.info().id, path);
            self.insert(path, file, state);
            return Some(ReadState { file, cursor: None });
        };
        if known.state() == state {
            return None;
        }
        let (file, before) = (known.file, known.identity);
        known.set_state(state);
        let can_continue = |cursor: &Cursor| {
            matches!(found.store.store.format, Format::Lines)
                && before.inode == state.file.inode
                && cursor.is_at(path, &state.file)
        };
        Some(ReadState { file, cursor: self.cursors.remove(&file).filter(|cursor| can_continue(cursor)) })
    }

    /// Keeps where to continue in files that are read line by line. All others are read as a whole.
    pub(super) fn keep_cursors(&mut self, cursors: HashMap<FileId, Box<Cursor>>) {
        self.cursors.extend(cursors);
    }

    /// Forgets the files that are not among these, and returns them.
    pub(super) fn take_missing(&mut self, found: &[FoundFile], files: &FileTable) -> Vec<(PathBuf, FileId)> {
        if self.by_path.is_empty() {
            return Vec::new();
        }
        let mut present = HashTable::with_capacity(found.len());
        for file in found {
            let hash = self.hash(&file.path);
            present.insert_unique(hash, (hash, &*file.path), |(hash, _)| *hash);
        }
        let is_missing =
            |known: &mut KnownFile| present.find(known.hash, |(_, path)| files.is_at(known.file, path)).is_none();
        let missing: Vec<FileId> = self.by_path.extract_if(is_missing).map(|known| known.file).collect();
        for file in &missing {
            self.cursors.remove(file);
        }
        missing.into_iter().map(|file| (files.path(file), file)).collect()
    }

    /// Gives back the memory that its tables have in reserve.
    pub(super) fn shrink(&mut self) {
        self.by_path.shrink_to_fit(|known| known.hash);
    }

    fn hash(&self, path: &Path) -> u64 {
        self.hasher.hash_one(path.as_os_str())
    }
}
