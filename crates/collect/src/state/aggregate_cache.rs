use std::collections::HashMap;

use agtop_ledger::{FileEntryId, KeyDigest, MessageKeyIndex, RollupCell};
use agtop_model::MessageKey;

use super::index::SessionIdx;
use super::names::NameIdx;
use crate::cache::cached_file::CachedFileRef;

/// Responses of one session that the ledger has added up, with the file that reports them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aggregate {
    pub(super) entry: FileEntryId,
    pub(super) model: Option<NameIdx>,
    pub(super) cell: RollupCell,
}

/// The files whose responses are known as sums.
///
/// A sum is used until its single responses are needed: because one of them is read again, or because a price or the
/// requested time divides it. Then the responses of its file are loaded instead: the file is expanded.
#[derive(Debug, Default)]
pub(super) struct AggregateCache {
    pub(super) files: HashMap<FileEntryId, (CachedFileRef, Vec<SessionIdx>)>,
    /// Which files hold which response; loaded for an expansion, and dropped after it.
    pub(super) keys: Option<MessageKeyIndex>,
    /// What stays of them: new responses are nearly always in no sum.
    digest: Option<KeyDigest>,
    /// Responses that were read since the last expansion.
    read_keys: Vec<MessageKey>,
    /// Whether files were loaded as sums.
    has_sums: bool,
    /// Files that must be expanded.
    requested: Vec<FileEntryId>,
    /// The prompt lengths, in tokens, at which the rates of each model change.
    pub(super) thresholds: HashMap<NameIdx, Vec<u64>>,
}

/// How many keys of responses were noted at some time.
#[derive(Clone, Copy)]
pub(super) struct NotedKeys(usize);

impl AggregateCache {
    /// Notes that a response was read.
    pub(super) fn note_key(&mut self, key: MessageKey) {
        let may_be_summed = self.digest.as_ref().is_none_or(|digest| digest.may_hold(key));
        if may_be_summed && self.has_sums {
            self.read_keys.push(key);
        }
    }

    /// Prepares for loading a file as sums. `read` are the responses that were read before the first one.
    pub(super) fn begin_load(&mut self, read: impl Iterator<Item = MessageKey>) -> NotedKeys {
        if !std::mem::replace(&mut self.has_sums, true) {
            self.read_keys.extend(read);
        }
        NotedKeys(self.read_keys.len())
    }

    /// Drops what was noted since: the ledger keeps a response single only if no sum holds it.
    pub(super) fn forget_keys_since(&mut self, NotedKeys(before): NotedKeys) {
        self.read_keys.truncate(before);
    }

    /// Whether files may have to be expanded.
    pub(super) fn may_need_expansion(&self) -> bool {
        !self.requested.is_empty() || !self.read_keys.is_empty()
    }

    /// Notes that a file must be expanded.
    pub(super) fn request_expansion(&mut self, entry: FileEntryId) {
        self.requested.push(entry);
    }

    /// The files to expand now. `load_keys` returns which files hold which response; if that is not known, all files are
    /// expanded once a response was read.
    pub(super) fn take_requested(&mut self, load_keys: impl FnOnce() -> Option<MessageKeyIndex>) -> Vec<FileEntryId> {
        if self.keys.is_none() {
            self.keys = load_keys();
            self.digest = self.keys.as_ref().map(MessageKeyIndex::digest);
        }
        let (mut all, read) = (std::mem::take(&mut self.requested), std::mem::take(&mut self.read_keys));
        match &self.keys {
            Some(keys) => all.extend(read.into_iter().flat_map(|key| keys.files_of(key))),
            None => all.extend(self.files.keys()),
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|entry| self.files.contains_key(entry));
        all
    }

    /// Drops what only an expansion needs.
    pub(super) fn end_expansion(&mut self) {
        self.keys = None;
    }
}
