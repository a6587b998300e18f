use std::collections::HashMap;

use agtop_ledger::{FileEntryId, FileRollup, FileSummary, MessageKeyIndex, RollupCell, ToolCallCount};
use agtop_model::{FileId, MessageKey};

use super::load::named;
use super::turns::{NameIdx, Names};
use super::{SessionIdx, World};
use crate::cache::ledger_cache::Cached;

/// Responses of one session that the ledger has added up, with the file that told them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summed {
    pub(super) entry: FileEntryId,
    pub(super) model: Option<NameIdx>,
    pub(super) cell: RollupCell,
}

/// Files whose responses are known as sums. A sum holds until somebody needs to tell its responses apart: because one of
/// them is told again, or because a price or the time asked for runs through it. Then the file is to be thawed.
#[derive(Debug, Default)]
pub(super) struct Frozen {
    files: HashMap<FileEntryId, (Cached, Vec<SessionIdx>)>,
    /// Which files hold what was added up; looked up only when there is news.
    keys: Option<MessageKeyIndex>,
    /// Responses that were told since files were last thawed.
    news: Vec<MessageKey>,
    wanted: Vec<FileEntryId>,
    /// Lengths of prompts at which each model's rates change.
    thresholds: HashMap<NameIdx, Vec<u64>>,
}

impl Frozen {
    /// Takes note of news about a response.
    pub(super) fn touch(&mut self, key: MessageKey) {
        if !self.files.is_empty() {
            self.news.push(key);
        }
    }

    /// Takes note that a file's sums are too coarse.
    pub(super) fn want(&mut self, entry: FileEntryId) {
        self.wanted.push(entry);
    }
}

impl World {
    /// Folds in what a file once told, added up as far as possible.
    pub(crate) fn recall_sums(&mut self, cached: Cached, warm: &FileRollup) {
        let sessions = self.recall_sessions(cached, &warm.unmerged);
        let models = self.names(&warm.unmerged);
        let entry = warm.entry.id;
        for &cell in &warm.cells {
            let Some(&session) = sessions.get(cell.session as usize) else { continue };
            let model = named(cell.model, &models);
            if self.splits(&cell, model) {
                self.frozen.want(entry);
            }
            self.sessions[session.at()].sums.push(Summed { entry, model, cell });
        }
        let tools = if cached.worth.is_current() { warm.tools.as_slice() } else { &[] };
        for &ToolCallCount { session, tool, calls } in tools {
            if let (Some(&session), Some(tool)) = (sessions.get(session as usize), warm.unmerged.name(tool)) {
                self.sessions[session.at()].tally(entry, tool, calls);
            }
        }
        if !warm.cells.is_empty() || !warm.tools.is_empty() {
            self.frozen.files.insert(entry, (cached, sessions));
        }
    }

    /// Whether a price or the time asked for runs through the sum.
    fn splits(&mut self, cell: &RollupCell, model: Option<NameIdx>) -> bool {
        let scope = &self.lens.scope;
        // A clock that is behind believes less than the one that wrote this down.
        if cell.last > self.latest {
            return true;
        }
        if scope.since.into_iter().chain(scope.until).any(|moment| cell.is_split_at(moment)) {
            return true;
        }
        let Some(model) = model else { return false };
        let Self { lens, frozen, models, .. } = self;
        let look_up = |name: &Names| name.get(model).map(|name| lens.prices.rate(name).thresholds().collect());
        let thresholds = frozen.thresholds.entry(model).or_insert_with(|| look_up(models).unwrap_or_default());
        thresholds.iter().any(|&tokens| cell.is_split_by(tokens))
    }

    /// Whether some files may have to be thawed.
    pub(crate) fn may_thaw(&self) -> bool {
        !self.frozen.wanted.is_empty() || !self.frozen.news.is_empty()
    }

    /// The files that are to be thawed. `keys` says which files hold what was added up; where that cannot be known, all
    /// of them are.
    pub(crate) fn take_wanted(&mut self, keys: impl FnOnce() -> Option<MessageKeyIndex>) -> Vec<FileEntryId> {
        let Frozen { files, keys: known, news, wanted, .. } = &mut self.frozen;
        *known = known.take().or_else(keys);
        let (mut all, news) = (std::mem::take(wanted), std::mem::take(news));
        match known {
            Some(keys) => all.extend(news.into_iter().flat_map(|key| keys.files_of(key))),
            None => all.extend(files.keys()),
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|entry| files.contains_key(entry));
        all
    }

    /// Takes a file's responses and tool calls in place of its sums; says which file it was.
    pub(crate) fn thaw(&mut self, entry: FileEntryId, memories: &[FileSummary]) -> Option<FileId> {
        let (cached, sessions) = self.frozen.files.remove(&entry)?;
        self.has_news = true;
        for session in sessions {
            self.sessions[session.at()].withdraw(entry);
        }
        for memory in memories {
            self.recall_parts(cached, memory, |world, key| {
                world.frozen.keys.as_ref().is_none_or(|keys| keys.holds(key, entry))
            });
        }
        Some(cached.file)
    }

    /// Takes note of a tool call in a session whose calls are known as sums: whether it is one of them, only the calls
    /// themselves tell.
    pub(super) fn note_call(&mut self, session: SessionIdx) {
        let Self { frozen, sessions, .. } = self;
        sessions[session.at()].tallies().for_each(|entry| frozen.want(entry));
    }
}
