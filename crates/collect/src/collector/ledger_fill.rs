//! The first scan: from files straight into the ledger.

use std::sync::Arc;

use agtop_model::FileId;

use super::ingest::{Ingest, IngestContext, read_options};
use crate::cache::policy::Interest;
use crate::limits::RECENT_WINDOW;
use crate::transcripts::scan::{Chunk, FileContent, ReadJob, Wanted, read_all};
use crate::transcripts::stores::FoundFile;

impl Ingest {
    /// Fills a ledger that has no rollup: reads what it lacks, writes summaries, and forgets each file. The run then loads
    /// the rollup, as every later run does: so the first run holds no more in memory than the others, and cannot give other
    /// figures.
    ///
    /// It leaves out what this run reads in any case: files of the last day, if activity is shown.
    pub(super) fn fill_ledger(&mut self, found: &[FoundFile], context: &mut IngestContext<'_>) {
        if context.world.audit().is_some() || !self.cache.lacks_rollup() {
            return;
        }
        let is_stored = self.cache.stored_files();
        let recent = context.now.minus(RECENT_WINDOW);
        let is_read_anyway = |file: &FoundFile| self.interest == Interest::Activity && file.identity.modified >= recent;
        let lacking = found.iter().filter(|file| !is_read_anyway(file) && !self.is_known(file) && !is_stored(file));
        // Nothing refers to these files by their numbers: loading the rollup gives them others.
        let jobs: Vec<ReadJob> = (0..).map(FileId).zip(lacking).map(|(id, file)| fill_job(id, file, context)).collect();
        if jobs.is_empty() {
            return;
        }
        self.meter.start(jobs.len() as u64, jobs.iter().map(|job| job.bytes).sum());
        read_all(jobs, read_options(self.interest, context), |chunk| self.store(chunk));
        self.cache.write();
        self.cache.renew_aggregates();
    }

    /// Takes what the ledger keeps of a file. What it does not keep is read and counted again with everything else.
    fn store(&mut self, chunk: Chunk) {
        let Chunk { client, batch, end, .. } = chunk;
        let Some(end) = end else { return self.health.note_records(client, batch.records) };
        self.meter.finish_file(end.bytes);
        if let Some(FileContent { meta: Some(meta), writes, .. }) = end.content.filter(|_| self.cache.writes()) {
            self.health.note_records(client, batch.records);
            self.cache.note(end.file, meta, writes);
        }
    }
}

/// The job of reading a whole file for the ledger alone.
fn fill_job(id: FileId, found: &FoundFile, context: &IngestContext<'_>) -> ReadJob {
    ReadJob {
        file: id,
        cursor: None,
        store: Arc::clone(&found.store),
        path: found.path.clone(),
        modified: found.identity.modified,
        bytes: found.identity.size,
        state: found.state(),
        record_at: Some(context.now),
        wanted: Wanted::Summary { seen: context.now, suffices: |_, _| true },
    }
}
