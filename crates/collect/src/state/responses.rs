use std::collections::HashMap;
use std::collections::hash_map::Entry;

use agtop_model::{ClientId, CoarserRecords, MessageKey, ResolvedTime, Response, Timestamp};

use super::hashed::{HashedMap, HashedSet};
use super::index::{ResponseIdx, SessionIdx};
use super::names::{NameIdx, Names};
use super::session::SessionState;

/// One copy of a response.
#[derive(Clone, Copy)]
pub(super) struct ReadCopy<'a> {
    pub(super) session: SessionIdx,
    pub(super) when: ResolvedTime,
    pub(super) message: MessageKey,
    pub(super) part_of: &'a CoarserRecords,
    pub(super) response: Response<NameIdx>,
}

/// What adding a copy changed.
#[derive(Clone, Debug)]
pub(super) struct AddedCopy {
    pub(super) response: ResponseIdx,
    /// Whether no copy of the response was known before.
    pub(super) is_new: bool,
    /// Sessions whose sums have changed.
    pub(super) stale: [Option<SessionIdx>; 2],
    /// Sessions that own a coarser record that no longer counts.
    pub(super) superseded: Vec<SessionIdx>,
}

/// Every response, merged from its copies.
#[derive(Debug, Default)]
pub(super) struct ResponseBook {
    keys: HashedMap<MessageKey, ResponseIdx>,
    records: Vec<MergedResponse>,
    /// Coarser records. They do not count, because a part of each is known.
    coarse: HashedSet<MessageKey>,
    /// Parts that do not name their model, with the coarser records that may.
    nameless: Vec<(ResponseIdx, MessageKey)>,
    /// How many responses were read from files, by client.
    counts: HashMap<ClientId, u64>,
}

/// A response, merged from its copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct MergedResponse {
    pub(super) response: Response<NameIdx>,
    pub(super) when: ResolvedTime,
    pub(super) session: SessionIdx,
    /// Whether a finer record is known: then this one does not count.
    pub(super) is_coarse: bool,
    /// The model by a coarser record, if no copy names one.
    pub(super) coarse_model: Option<NameIdx>,
}

impl ResponseBook {
    /// Adds one copy of a response.
    pub(super) fn add(&mut self, copy: ReadCopy<'_>, sessions: &[SessionState], names: &Names) -> AddedCopy {
        let ReadCopy { session, when, message, part_of, response } = copy;
        let mut stale = [None; 2];
        let superseded = part_of.iter().filter_map(|coarse| self.supersede(coarse)).collect();
        let is_coarse = self.coarse.contains(&message);
        let copy = MergedResponse { response, when, session, is_coarse, coarse_model: None };
        let (idx, is_new) = match self.keys.entry(message) {
            Entry::Vacant(entry) => {
                let idx = ResponseIdx::new(self.records.len());
                entry.insert(idx);
                *self.counts.entry(sessions[session.at()].key.client).or_default() += 1;
                self.records.push(copy);
                stale[0] = Some(session);
                (idx, true)
            }
            Entry::Occupied(entry) => {
                let idx = *entry.get();
                if let Some(kept) = self.records.get_mut(idx.at()) {
                    let owners = |a: SessionIdx, b: SessionIdx| sessions[a.at()].key.id < sessions[b.at()].key.id;
                    let before = *kept;
                    kept.merge(&copy, owners, names);
                    if before.session != kept.session {
                        stale = [Some(before.session), Some(kept.session)];
                    } else if before.counts_differently(kept) {
                        stale[0] = Some(kept.session);
                    }
                }
                (idx, false)
            }
        };
        if response.model().is_none() {
            self.nameless.extend(part_of.iter().map(|coarse| (idx, coarse)));
        }
        AddedCopy { response: idx, is_new, stale, superseded }
    }

    /// Marks a record as coarser, whether it is known yet or not. Returns the session of one that counted so far.
    fn supersede(&mut self, key: MessageKey) -> Option<SessionIdx> {
        if !self.coarse.insert(key) {
            return None;
        }
        let record = self.records.get_mut(self.keys.get(&key)?.at())?;
        record.is_coarse = true;
        Some(record.session)
    }

    /// Gives parts that do not name their model the model of the record that they are a part of, whichever was read first.
    /// Returns the sessions whose sums have changed.
    pub(super) fn name_parts(&mut self, names: &Names) -> Vec<SessionIdx> {
        let Self { keys, records, nameless, .. } = self;
        let mut stale = Vec::new();
        nameless.retain(|&(part, coarse)| {
            let model = keys.get(&coarse).and_then(|idx| records.get(idx.at())).and_then(MergedResponse::model);
            let (Some(model), Some(part)) = (model, records.get_mut(part.at())) else { return true };
            if part.coarse_model.is_none_or(|known| names.compare(model, known).is_lt()) {
                part.coarse_model = Some(model);
                stale.push(part.session);
            }
            false
        });
        stale
    }

    /// The session that owns a response.
    pub(super) fn owner(&self, response: ResponseIdx) -> Option<SessionIdx> {
        self.records.get(response.at()).map(|record| record.session)
    }

    /// A response, if it counts.
    pub(super) fn counted_at(&self, response: ResponseIdx) -> Option<&MergedResponse> {
        self.records.get(response.at()).filter(|record| !record.is_coarse)
    }

    /// Gives back the memory that its lists have in reserve.
    pub(super) fn shrink(&mut self) {
        self.keys.shrink_to_fit();
        self.records.shrink_to_fit();
        self.coarse.shrink_to_fit();
    }

    /// The keys of all responses that are known, and of all coarser records that were mentioned.
    pub(super) fn keys(&self) -> impl Iterator<Item = MessageKey> {
        self.keys.keys().chain(&self.coarse).copied()
    }

    /// Whether a response, or a coarser record, was read or mentioned before.
    pub(super) fn knows(&self, key: MessageKey) -> bool {
        self.keys.contains_key(&key) || self.coarse.contains(&key)
    }

    /// How many different responses were read from a client's files.
    pub(super) fn count(&self, client: ClientId) -> u64 {
        self.counts.get(&client).copied().unwrap_or_default()
    }
}

impl MergedResponse {
    /// The model that answered.
    pub(super) fn model(&self) -> Option<NameIdx> {
        self.response.model().or(self.coarse_model)
    }

    /// When it happened.
    pub(super) fn at(&self) -> Timestamp {
        self.when.at
    }

    fn counts_differently(&self, other: &Self) -> bool {
        (self.response, self.when) != (other.response, other.when)
    }

    /// Merges another copy of the same response. The result does not depend on the order of copies: if two sessions have
    /// an equal claim to it, the one with the lesser id owns it.
    fn merge(&mut self, copy: &Self, id_is_less: impl Fn(SessionIdx, SessionIdx) -> bool, names: &Names) {
        let (mine, theirs) = (self.response.ownership(), copy.response.ownership());
        if theirs < mine || (theirs == mine && id_is_less(copy.session, self.session)) {
            self.session = copy.session;
        }
        self.response.merge(&copy.response, |a, b| names.compare(a, b));
        self.when = self.when.min(copy.when);
    }
}
