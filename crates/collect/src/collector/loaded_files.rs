use std::collections::HashSet;
use std::path::PathBuf;

use agtop_model::FileId;

use crate::transcripts::discover::files_in;
use crate::transcripts::file_table::FileTable;
use crate::transcripts::idle_directories::LeftOutDirectory;
use crate::transcripts::stores::FoundFile;

/// The files of directories that were left out, as far as the ledger has them.
pub(super) struct LoadedFiles {
    /// The sum of the files' digests, by directory.
    digests: Vec<u64>,
    files: Vec<(usize, FileId)>,
}

impl LoadedFiles {
    pub(super) fn of(left_out: &[LeftOutDirectory]) -> Self {
        Self { digests: vec![0; left_out.len()], files: Vec::new() }
    }

    /// Notes that the ledger has loaded a file of the directory at this place.
    pub(super) fn note(&mut self, at: usize, file: FileId, digest: u64) {
        self.digests[at] = self.digests[at].wrapping_add(digest);
        self.files.push((at, file));
    }

    /// The files that the ledger lacks: none, unless it was damaged or another process has changed it.
    pub(super) fn lacking(&self, left_out: &[LeftOutDirectory], files: &FileTable) -> impl Iterator<Item = FoundFile> {
        let wanted = left_out.iter().map(|left_out| left_out.directory.digest);
        let is_incomplete: Vec<bool> = wanted.zip(&self.digests).map(|(wanted, loaded)| wanted != *loaded).collect();
        let loaded = self.files.iter().filter(|(at, _)| is_incomplete[*at]);
        let loaded: HashSet<PathBuf> = loaded.map(|(_, file)| files.path(*file)).collect();
        let incomplete = left_out.iter().zip(is_incomplete).filter(|(_, is_incomplete)| *is_incomplete);
        let present: Vec<FoundFile> =
            incomplete.flat_map(|(left_out, _)| files_in(&left_out.store, &left_out.directory.path)).collect();
        present.into_iter().filter(move |file| !loaded.contains(&file.path))
    }
}
