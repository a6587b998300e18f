use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use agtop_model::{ClientId, CoarserRecords, MessageKey, ResolvedTime, Response, Timestamp};
use foldhash::fast::RandomState;

use super::SessionIdx;
use super::hashed::{HashedMap, HashedSet};
use super::session::SessionState;

/// A response, as an index into the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TurnIdx(u32);

impl TurnIdx {
    fn at(self) -> usize {
        self.0 as usize
    }
}

/// One copy of a response, where it was read.
#[derive(Clone, Copy)]
pub(super) struct Copied<'a> {
    pub(super) session: SessionIdx,
    pub(super) when: ResolvedTime,
    pub(super) message: MessageKey,
    pub(super) part_of: &'a CoarserRecords,
    pub(super) response: Response<NameIdx>,
}

/// What became of a copy.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) turn: TurnIdx,
    /// No copy of the response was known before.
    pub(super) is_new: bool,
    /// Sessions whose sums are no longer true.
    pub(super) stale: [Option<SessionIdx>; 2],
    /// Sessions that own coarser records which no longer count.
    pub(super) superseded: Vec<SessionIdx>,
}

/// Every response once.
#[derive(Debug, Default)]
pub(super) struct TurnBook {
    keys: HashedMap<MessageKey, TurnIdx>,
    records: Vec<TurnRecord>,
    /// Coarse records that came after a part of theirs are never entered.
    coarse: HashedSet<MessageKey>,
    /// Parts that do not name their model, with the coarse records that may.
    nameless: Vec<(TurnIdx, MessageKey)>,
    /// How many responses files that were read told, by client.
    told: HashMap<ClientId, u64>,
}

/// A response, with what counts of its copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct TurnRecord {
    pub(super) response: Response<NameIdx>,
    pub(super) when: ResolvedTime,
    pub(super) session: SessionIdx,
    /// A finer record is known: this one does not count.
    pub(super) is_coarse: bool,
    /// What a coarser record names the model that no copy names.
    pub(super) coarse_model: Option<NameIdx>,
}

impl TurnBook {
    /// Joins one copy of a response.
    pub(super) fn join(&mut self, copy: Copied<'_>, sessions: &[SessionState], names: &Names) -> Joined {
        let Copied { session, when, message, part_of, response } = copy;
        let mut stale = [None; 2];
        let superseded = part_of.iter().filter_map(|coarse| self.supersede(coarse)).collect();
        let is_coarse = self.coarse.contains(&message);
        let copy = TurnRecord { response, when, session, is_coarse, coarse_model: None };
        let (turn, is_new) = match self.keys.entry(message) {
            Entry::Vacant(entry) => {
                let idx = TurnIdx(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
                entry.insert(idx);
                *self.told.entry(sessions[session.at()].key.client).or_default() += 1;
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
                    } else if before.counts_otherwise_than(kept) {
                        stale[0] = Some(kept.session);
                    }
                }
                (idx, false)
            }
        };
        if response.model().is_none() {
            self.nameless.extend(part_of.iter().map(|coarse| (turn, coarse)));
        }
        Joined { turn, is_new, stale, superseded }
    }

    /// Marks a record as coarse, whether it is known yet or not.
    fn supersede(&mut self, key: MessageKey) -> Option<SessionIdx> {
        if !self.coarse.insert(key) {
            return None;
        }
        let record = self.records.get_mut(self.keys.get(&key)?.at())?;
        record.is_coarse = true;
        Some(record.session)
    }

    /// Gives parts that do not name their model the model of the record they are a part of, whichever was read first;
    /// returns the sessions whose sums are no longer true.
    pub(super) fn name_parts(&mut self, names: &Names) -> Vec<SessionIdx> {
        let Self { keys, records, nameless, .. } = self;
        let mut stale = Vec::new();
        nameless.retain(|&(part, coarse)| {
            let model = keys.get(&coarse).and_then(|idx| records.get(idx.at())).and_then(TurnRecord::model);
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
    pub(super) fn owner(&self, turn: TurnIdx) -> Option<SessionIdx> {
        self.records.get(turn.at()).map(|record| record.session)
    }

    /// A response, if it counts.
    pub(super) fn counted_at(&self, turn: TurnIdx) -> Option<&TurnRecord> {
        self.records.get(turn.at()).filter(|record| !record.is_coarse)
    }

    /// How many different responses a client's files tell.
    pub(super) fn told(&self, client: ClientId) -> u64 {
        self.told.get(&client).copied().unwrap_or_default()
    }
}

impl TurnRecord {
    /// The model that answered.
    pub(super) fn model(&self) -> Option<NameIdx> {
        self.response.model().or(self.coarse_model)
    }

    /// When it happened.
    pub(super) fn at(&self) -> Timestamp {
        self.when.at
    }

    fn counts_otherwise_than(&self, other: &Self) -> bool {
        (self.response, self.when) != (other.response, other.when)
    }

    /// Merges another copy of the same response. The result does not depend on which copy came first: of two sessions
    /// that own it alike the one with the lesser id does.
    fn merge(&mut self, copy: &Self, id_is_less: impl Fn(SessionIdx, SessionIdx) -> bool, names: &Names) {
        let (mine, theirs) = (self.response.ownership(), copy.response.ownership());
        if theirs < mine || (theirs == mine && id_is_less(copy.session, self.session)) {
            self.session = copy.session;
        }
        self.response.merge(&copy.response, |a, b| names.compare(a, b));
        self.when = self.when.min(copy.when);
    }
}

/// A name, as an index into [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameIdx(u32);

/// Names that occur again and again.
#[derive(Debug, Default)]
pub(super) struct Names {
    index: HashMap<Arc<str>, NameIdx, RandomState>,
    names: Vec<Arc<str>>,
}

impl Names {
    pub(super) fn intern(&mut self, name: &Arc<str>) -> NameIdx {
        if let Some(&idx) = self.index.get(name) {
            return idx;
        }
        let idx = NameIdx(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(Arc::clone(name));
        self.index.insert(Arc::clone(name), idx);
        idx
    }

    pub(super) fn find(&self, name: &Arc<str>) -> Option<NameIdx> {
        self.index.get(name).copied()
    }

    /// The order of two names.
    pub(super) fn compare(&self, a: NameIdx, b: NameIdx) -> Ordering {
        self.get(a).cmp(&self.get(b))
    }

    pub(super) fn get(&self, idx: NameIdx) -> Option<&Arc<str>> {
        self.names.get(idx.0 as usize)
    }

    /// Every name, in the order of their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.names.iter()
    }

    /// Where a name stands in [`Self::iter`].
    pub(super) fn position(idx: NameIdx) -> usize {
        idx.0 as usize
    }
}
