//! Files in idle directories, which a report does not look at.

use agtop_clients::CLIENTS;
use agtop_ledger::IdleDirectories;

use super::ingest::{Ingest, IngestContext};
use super::settings::RunMode;
use crate::cache::policy::{Detail, Interest};
use crate::transcripts::idle_directories::{IdleDirectoryUse, LeftOutDirectory};

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
