use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use agtop_model::{
    ClientId, Extent, FileId, InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, StopReason, Tier, Timestamp, Turn,
    Usage,
};
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
    pub(super) file: FileId,
    pub(super) at: Timestamp,
    pub(super) turn: &'a Turn,
    pub(super) model: Option<NameIdx>,
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
    duplicates: HashMap<ClientId, u64>,
}

/// A response, with what won among its copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct TurnRecord {
    pub(super) usage: Usage,
    pub(super) at: Timestamp,
    pub(super) embedded_cost: Option<PicoUsd>,
    pub(super) session: SessionIdx,
    pub(super) model: Option<NameIdx>,
    pub(super) tier: Tier,
    pub(super) geo: InferenceGeo,
    pub(super) purpose: Purpose,
    pub(super) extent: Extent,
    pub(super) stop: Option<StopReason>,
    pub(super) file: FileId,
    /// A finer record is known: this one does not count.
    pub(super) is_coarse: bool,
    lineage: Lineage,
    opened: Timestamp,
}

impl TurnBook {
    /// Joins one copy of a response.
    pub(super) fn join(&mut self, copy: Copied<'_>, sessions: &[SessionState]) -> Joined {
        let Copied { session, file, at, turn, model } = copy;
        let mut stale = [None; 2];
        let superseded = turn.part_of.iter().filter_map(|coarse| self.supersede(coarse)).collect();
        let copy = TurnRecord {
            usage: turn.usage,
            at,
            embedded_cost: turn.embedded_cost,
            session,
            model,
            tier: turn.tier,
            geo: turn.geo,
            purpose: turn.purpose,
            extent: turn.extent,
            stop: turn.stop,
            file,
            is_coarse: self.coarse.contains(&turn.message),
            lineage: turn.lineage,
            opened: turn.opened,
        };
        let (turn, is_new) = match self.keys.entry(turn.message) {
            Entry::Vacant(entry) => {
                let idx = TurnIdx(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
                entry.insert(idx);
                self.nameless.extend(turn.part_of.iter().filter(|_| model.is_none()).map(|coarse| (idx, coarse)));
                self.records.push(copy);
                stale[0] = Some(session);
                (idx, true)
            }
            Entry::Occupied(entry) => {
                let idx = *entry.get();
                let client = sessions[session.at()].key.client;
                *self.duplicates.entry(client).or_default() += 1;
                if let Some(kept) = self.records.get_mut(idx.at()) {
                    let owners = |a: SessionIdx, b: SessionIdx| sessions[a.at()].key.id < sessions[b.at()].key.id;
                    let before = *kept;
                    kept.absorb(&copy, owners);
                    if before.session != kept.session {
                        stale = [Some(before.session), Some(kept.session)];
                    } else if before.counts_otherwise_than(kept) {
                        stale[0] = Some(kept.session);
                    }
                }
                (idx, false)
            }
        };
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
    pub(super) fn name_parts(&mut self) -> Vec<SessionIdx> {
        let Self { keys, records, nameless, .. } = self;
        let mut stale = Vec::new();
        nameless.retain(|&(part, coarse)| {
            let model = keys.get(&coarse).and_then(|idx| records.get(idx.at())).and_then(|record| record.model);
            if let (Some(model), Some(part)) = (model, records.get_mut(part.at())) {
                part.model = Some(model);
                stale.push(part.session);
            }
            model.is_none()
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

    /// Copies beyond the first, by client.
    pub(super) fn duplicates(&self) -> &HashMap<ClientId, u64> {
        &self.duplicates
    }
}

impl TurnRecord {
    fn counts_otherwise_than(&self, other: &Self) -> bool {
        let figures =
            |record: &Self| (record.usage, record.embedded_cost, record.at, record.model, record.tier, record.stop);
        figures(self) != figures(other)
    }

    /// Joins another copy of the same response. The result does not depend on which copy came first: the greatest
    /// usage counts, the copy on the main line or else in the file begun first owns it, and it happened when its first
    /// copy says.
    fn absorb(&mut self, copy: &Self, id_is_less: impl Fn(SessionIdx, SessionIdx) -> bool) {
        let size = |record: &Self| (record.usage.total(), record.usage.output, record.usage.web_searches);
        let weight = |record: &Self| {
            let usage = &record.usage;
            (size(record), usage.input, usage.cache_write_1h, usage.cache_read, usage.reasoning, record.tier)
        };
        if weight(copy) > weight(self) {
            self.usage = copy.usage;
            self.tier = copy.tier;
            self.geo = copy.geo;
            self.purpose = copy.purpose;
            self.extent = copy.extent;
            self.model = copy.model.or(self.model);
        }
        self.model = self.model.or(copy.model);
        self.stop = self.stop.or(copy.stop);
        self.embedded_cost = self.embedded_cost.max(copy.embedded_cost);
        self.at = self.at.min(copy.at);
        let (mine, theirs) = ((self.lineage, self.opened), (copy.lineage, copy.opened));
        if theirs < mine || (theirs == mine && id_is_less(copy.session, self.session)) {
            self.session = copy.session;
            self.lineage = copy.lineage;
            self.opened = copy.opened;
            self.file = copy.file;
        }
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
