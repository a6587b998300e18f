//! Which files were read, and where to continue in each.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use agtop_clients::Format;
use agtop_model::FileId;
use foldhash::fast::RandomState;

use crate::transcripts::cursor::Cursor;
use crate::transcripts::file_table::FileTable;
use crate::transcripts::stores::{FileState, FoundFile};

/// The files that were read before, by path.
#[derive(Default)]
pub(super) struct KnownFiles(HashMap<PathBuf, KnownFile, RandomState>);

struct KnownFile {
    file: FileId,
    state: FileState,
    cursor: Option<Box<Cursor>>,
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
    pub(super) fn contains(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    /// Adds a file that need not be read in this state.
    pub(super) fn insert(&mut self, path: &Path, file: FileId, state: FileState) {
        self.0.insert(path.to_owned(), KnownFile { file, state, cursor: None });
    }

    /// Forgets these files.
    pub(super) fn remove(&mut self, paths: &HashSet<PathBuf>) {
        self.0.retain(|path, _| !paths.contains(path));
    }

    /// Where to continue in a file; `None` if it has not changed since it was read. A new file gets a number.
    pub(super) fn next_read(&mut self, found: &FoundFile, files: &mut FileTable) -> Option<ReadState> {
        let (path, state) = (&*found.path, found.state());
        let Some(known) = self.0.get_mut(path) else {
            let file = files.add(found.store.client.info().id, path);
            self.insert(path, file, state);
            return Some(ReadState { file, cursor: None });
        };
        if known.state == state {
            return None;
        }
        let before = std::mem::replace(&mut known.state, state).file;
        let can_continue = |cursor: &Cursor| {
            matches!(found.store.store.format, Format::Lines)
                && before.inode == state.file.inode
                && cursor.is_at(path, &state.file)
        };
        Some(ReadState { file: known.file, cursor: known.cursor.take().filter(|cursor| can_continue(cursor)) })
    }

    /// Keeps where to continue in files that are read line by line. All others are read as a whole.
    pub(super) fn keep_cursors(&mut self, cursors: HashMap<FileId, Box<Cursor>>, files: &FileTable) {
        for (file, cursor) in cursors {
            if let Some(known) = self.0.get_mut(&files.path(file)) {
                known.cursor = Some(cursor);
            }
        }
    }

    /// Forgets the files that are not among these, and returns them.
    pub(super) fn take_missing(&mut self, found: &[FoundFile]) -> Vec<(PathBuf, FileId)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let present: HashSet<&Path, RandomState> = found.iter().map(|file| file.path.as_path()).collect();
        let missing = self.0.extract_if(|path, _| !present.contains(path.as_path()));
        missing.map(|(path, known)| (path, known.file)).collect()
    }
}
