//! Loading the ledger's sums into the World, and replacing them by their responses.

use agtop_ledger::{FileEntryId, FileRollup, FileSummary, MessageKeyIndex, RollupCell, ToolCallCount};
use agtop_model::FileId;

use super::aggregate_cache::Aggregate;
use super::load::named;
use super::names::{NameIdx, Names};
use super::world::World;
use crate::cache::cached_file::CachedFileRef;

impl World {
    /// Folds in what the ledger holds of a file, as sums as far as possible.
    pub(crate) fn load_aggregates(&mut self, cached: CachedFileRef, warm: &FileRollup) {
        let noted = self.aggregates.begin_load(self.responses.keys());
        let sessions = self.load_sessions(cached, &warm.unmerged);
        self.aggregates.forget_keys_since(noted);
        let models = self.names(&warm.unmerged);
        let entry = warm.entry.id;
        for cells in warm.cells.chunk_by(|a, b| a.session == b.session) {
            let session = cells.first().and_then(|cell| sessions.get(cell.session as usize)).copied();
            let Some(session) = session else { continue };
            self.sessions[session.at()].aggregates.reserve(cells.len());
            for &cell in cells {
                let model = named(cell.model, &models);
                if self.is_divided(&cell, model) {
                    self.aggregates.request_expansion(entry);
                }
                self.sessions[session.at()].aggregates.push(Aggregate { entry, model, cell });
            }
        }
        let tools = if cached.verdict.is_current() { warm.tools.as_slice() } else { &[] };
        for &ToolCallCount { session, tool, calls } in tools {
            if let (Some(&session), Some(tool)) = (sessions.get(session as usize), warm.unmerged.name(tool)) {
                self.sessions[session.at()].tally(entry, tool, calls);
            }
        }
        if !warm.cells.is_empty() || !warm.tools.is_empty() {
            self.aggregates.files.insert(entry, (cached, sessions));
        }
    }

    /// Whether a price or the requested time divides the sum.
    fn is_divided(&mut self, cell: &RollupCell, model: Option<NameIdx>) -> bool {
        let scope = &self.pricing.scope;
        // The clock of this run may be behind the one of the run that wrote the sum.
        if cell.last > self.latest {
            return true;
        }
        if scope.since.into_iter().chain(scope.until).any(|time| cell.is_split_at(time)) {
            return true;
        }
        let Some(model) = model else { return false };
        let Self { pricing, aggregates, models, .. } = self;
        let look_up = |name: &Names| name.get(model).map(|name| pricing.prices.rate(name).thresholds().collect());
        let thresholds = aggregates.thresholds.entry(model).or_insert_with(|| look_up(models).unwrap_or_default());
        thresholds.iter().any(|&tokens| cell.is_split_by(tokens))
    }

    /// Whether files may have to be expanded.
    pub(crate) fn may_need_expansion(&self) -> bool {
        self.aggregates.may_need_expansion()
    }

    /// The files to expand. `load_keys` returns which files hold which response.
    pub(crate) fn take_files_to_expand(
        &mut self,
        load_keys: impl FnOnce() -> Option<MessageKeyIndex>,
    ) -> Vec<FileEntryId> {
        self.aggregates.take_requested(load_keys)
    }

    /// Drops what only expanding needs, once no file has to be expanded any more.
    pub(crate) fn end_expansion(&mut self) {
        self.aggregates.end_expansion();
    }

    /// Replaces a file's sums by its responses and tool calls. Returns the file; `None` if it has no sums.
    pub(crate) fn expand(&mut self, entry: FileEntryId, summaries: &[FileSummary]) -> Option<FileId> {
        let (cached, sessions) = self.aggregates.files.remove(&entry)?;
        self.has_changed = true;
        for session in sessions {
            self.sessions[session.at()].retract(entry);
        }
        for summary in summaries {
            self.load_responses(cached, summary, |world, key| {
                world.aggregates.keys.as_ref().is_none_or(|keys| keys.holds(key, entry))
            });
        }
        Some(cached.file)
    }
}
