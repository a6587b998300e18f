use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use agtop_model::{ClientId, Extent, FileId, Lineage, MessageKey, PicoUsd, StopReason, Tier, Timestamp, Turn, Usage};

use super::SessionIdx;
use super::hashed::{HashedMap, HashedSet};
use super::session::SessionState;

/// Every response once.
#[derive(Debug, Default)]
pub(super) struct TurnBook {
    keys: HashedMap<MessageKey, u32>,
    records: Vec<TurnRecord>,
    /// Coarse records that came after a part of theirs are never entered.
    coarse: HashedSet<MessageKey>,
    /// Parts that do not name their model, with the coarse records that may.
    nameless: Vec<(u32, MessageKey)>,
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
    pub(super) extent: Extent,
    pub(super) stop: Option<StopReason>,
    pub(super) file: FileId,
    /// A finer record is known: this one does not count.
    pub(super) is_coarse: bool,
    lineage: Lineage,
    opened: Timestamp,
}

impl TurnBook {
    /// Joins one copy of a response; returns the sessions whose sums are no longer true.
    pub(super) fn join(
        &mut self,
        session: SessionIdx,
        sessions: &[SessionState],
        file: FileId,
        at: Timestamp,
        turn: &Turn,
        model: Option<NameIdx>,
    ) -> Vec<SessionIdx> {
        let mut changed = Vec::new();
        if let Some(coarse) = turn.part_of {
            changed.extend(self.supersede(coarse));
        }
        let copy = TurnRecord {
            usage: turn.usage,
            at,
            embedded_cost: turn.embedded_cost,
            session,
            model,
            tier: turn.tier,
            extent: turn.extent,
            stop: turn.stop,
            file,
            is_coarse: self.coarse.contains(&turn.message),
            lineage: turn.lineage,
            opened: turn.opened,
        };
        match self.keys.entry(turn.message) {
            Entry::Vacant(entry) => {
                let idx = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
                entry.insert(idx);
                self.nameless.extend(turn.part_of.filter(|_| model.is_none()).map(|coarse| (idx, coarse)));
                self.records.push(copy);
                changed.push(session);
            }
            Entry::Occupied(entry) => {
                let client = sessions[session.at()].key.client;
                *self.duplicates.entry(client).or_default() += 1;
                let Some(kept) = self.records.get_mut(*entry.get() as usize) else { return changed };
                let owners = |a: SessionIdx, b: SessionIdx| sessions[a.at()].key.id < sessions[b.at()].key.id;
                let before = *kept;
                kept.absorb(&copy, owners);
                if before.session != kept.session {
                    changed.extend([before.session, kept.session]);
                } else if before.usage != kept.usage
                    || before.embedded_cost != kept.embedded_cost
                    || before.at != kept.at
                {
                    changed.push(kept.session);
                }
            }
        }
        changed
    }

    /// Marks a record as coarse, whether it is known yet or not.
    fn supersede(&mut self, key: MessageKey) -> Option<SessionIdx> {
        if !self.coarse.insert(key) {
            return None;
        }
        let record = self.records.get_mut(*self.keys.get(&key)? as usize)?;
        record.is_coarse = true;
        Some(record.session)
    }

    /// Gives parts that do not name their model the model of the record they are a part of, whichever was read first.
    pub(super) fn name_parts(&mut self) {
        let Self { keys, records, nameless, .. } = self;
        nameless.retain(|&(part, coarse)| {
            let model = keys.get(&coarse).and_then(|&idx| records.get(idx as usize)).and_then(|record| record.model);
            if let (Some(model), Some(part)) = (model, records.get_mut(part as usize)) {
                part.model = Some(model);
            }
            model.is_none()
        });
    }

    /// All records that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = &TurnRecord> {
        self.records.iter().filter(|record| !record.is_coarse)
    }

    /// Copies beyond the first, by client.
    pub(super) fn duplicates(&self) -> &HashMap<ClientId, u64> {
        &self.duplicates
    }
}

impl TurnRecord {
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
    index: HashMap<Arc<str>, NameIdx>,
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
