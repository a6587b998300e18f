//! Files in idle directories, which a report does not look at.

use std::collections::HashSet;
use std::path::PathBuf;

use agtop_clients::CLIENTS;
use agtop_ledger::IdleDirectories;
use agtop_model::FileId;

use super::ingest::{Ingest, IngestContext};
use super::settings::RunMode;
use crate::cache::policy::{Detail, Interest};
use crate::transcripts::discover::files_in;
use crate::transcripts::file_table::FileTable;
use crate::transcripts::idle_directories::{IdleDirectoryUse, LeftOutDirectory};
use crate::transcripts::stores::FoundFile;

impl Ingest {
    /// What the next sweep does about idle directories. Only a report of usage leaves them out, since the ledger has all that
    /// it needs of the files in them.
    pub(super) fn idle_directory_use(&self, context: &IngestContext<'_>) -> IdleDirectoryUse {
        let is_report = context.settings.run_mode == RunMode::Once
            && (self.interest, self.detail) == (Interest::Usage, Detail::Aggregates)
            && context.world.audit().is_none();
        if !is_report || !self.cache.writes() {
            return IdleDirectoryUse::None;
        }
        match self.cache.idle_directories(context.now) {
            Some(idle) => IdleDirectoryUse::leave_out(idle),
            // A list of the directories of some clients would hide those of the others.
            None if CLIENTS.iter().all(|client| context.settings.includes(client.info().id)) => {
                IdleDirectoryUse::Note { now: context.now, found: Vec::new() }
            }
            None => IdleDirectoryUse::None,
        }
    }

    /// Takes what the sweep found out about idle directories. Returns those that it left out.
    pub(super) fn end_idle_directory_use(&mut self, context: &IngestContext<'_>) -> Vec<LeftOutDirectory> {
        match std::mem::take(&mut self.schedule.idle) {
            IdleDirectoryUse::None => Vec::new(),
            IdleDirectoryUse::LeaveOut { left_out, .. } => left_out,
            IdleDirectoryUse::Note { found: mut stores, .. } => {
                stores.retain(|store| !store.directories.is_empty());
                self.cache.note_idle_directories(IdleDirectories { looked_at: Some(context.now), stores });
                Vec::new()
            }
        }
    }
}

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
