use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// A name, as an index into [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameIdx(u32);

impl NameIdx {
    /// The number that [`Self::of_number`] takes.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The index with this number.
    pub(super) fn of_number(number: u32) -> Self {
        Self(number)
    }
}

/// Names that occur repeatedly, each stored once.
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

    /// The alphabetical order of two names.
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

    /// The place of a name in [`Self::iter`].
    pub(super) fn position(idx: NameIdx) -> usize {
        idx.0 as usize
    }
}
