//! The sums of one session.

use agtop_ledger::{FileEntryId, NameIndex, PackedCells, RollupCell};

use super::aggregate_cache::Aggregate;
use super::names::NameIdx;

/// Sums by file. Those that were loaded long ago are packed.
#[derive(Debug, Default)]
pub(super) struct AggregateList {
    loaded: Vec<Aggregate>,
    packed: Vec<PackedFile>,
}

/// The sums of one file. Their cells name models as the World does.
#[derive(Debug)]
struct PackedFile {
    entry: FileEntryId,
    cells: PackedCells,
}

impl AggregateList {
    pub(super) fn is_empty(&self) -> bool {
        self.loaded.is_empty() && self.packed.is_empty()
    }

    /// Makes room for this many sums, and for no more if they are the first: nearly all sessions have one file.
    pub(super) fn reserve(&mut self, more: usize) {
        if self.loaded.is_empty() {
            self.loaded.reserve_exact(more);
        } else {
            self.loaded.reserve(more);
        }
    }

    pub(super) fn push(&mut self, aggregate: Aggregate) {
        self.loaded.push(aggregate);
    }

    /// All of them, in any order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Aggregate> {
        let packed = self.packed.iter().flat_map(|PackedFile { entry, cells }| {
            let of_cell = |cell: RollupCell| Aggregate { entry: *entry, model: cell.model.map(model_of), cell };
            cells.iter().map(of_cell)
        });
        self.loaded.iter().copied().chain(packed)
    }

    /// Removes the sums of a file.
    pub(super) fn retract(&mut self, entry: FileEntryId) {
        self.loaded.retain(|aggregate| aggregate.entry != entry);
        self.packed.retain(|file| file.entry != entry);
    }

    /// Packs all that are not packed yet.
    pub(super) fn pack(&mut self) {
        let mut loaded = std::mem::take(&mut self.loaded);
        loaded.sort_by_key(|aggregate| aggregate.entry);
        for of_file in loaded.chunk_by(|a, b| a.entry == b.entry) {
            let [Aggregate { entry, .. }, ..] = *of_file else { continue };
            self.packed.push(PackedFile { entry, cells: PackedCells::of(of_file.iter().map(packable)) });
        }
        self.packed.shrink_to_fit();
    }
}

/// The sum as a cell that stands for itself: its model is the World's, and its session is the one that has the list.
fn packable(aggregate: &Aggregate) -> RollupCell {
    RollupCell { session: 0, model: aggregate.model.map(|model| NameIndex(model.number())), ..aggregate.cell }
}

fn model_of(NameIndex(number): NameIndex) -> NameIdx {
    NameIdx::of_number(number)
}

#[cfg(test)]
mod tests {
    use agtop_model::{InferenceGeo, ServiceTier, Timestamp, Usage, UsageExtent};

    use super::*;

    fn aggregate(entry: i64, model: Option<u32>, output: u64) -> Aggregate {
        let at = Timestamp::from_millis(1_789_956_000_000);
        let cell = RollupCell {
            session: 7,
            model: model.map(|_| NameIndex(99)),
            tier: ServiceTier::Standard,
            geo: InferenceGeo::Global,
            extent: UsageExtent::Response,
            first: at,
            last: at,
            smallest_prompt: 1,
            largest_prompt: 2,
            responses: 3,
            usage: Usage { output, ..Usage::default() },
            embedded_cost: None,
        };
        Aggregate { entry: FileEntryId(entry), model: model.map(NameIdx::of_number), cell }
    }

    fn figures(list: &AggregateList) -> Vec<(FileEntryId, Option<NameIdx>, u64)> {
        let mut all: Vec<_> = list.iter().map(|sum| (sum.entry, sum.model, sum.cell.usage.output)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn packing_keeps_the_sums_and_the_models_and_a_file_can_still_be_retracted() {
        let mut list = AggregateList::default();
        assert!(list.is_empty());
        list.reserve(3);
        for (entry, model, output) in [(1, Some(4), 10), (2, None, 20), (1, Some(5), 30)] {
            list.push(aggregate(entry, model, output));
        }
        let before = figures(&list);
        list.pack();
        assert!(!list.is_empty());
        assert_eq!(figures(&list), before);
        list.push(aggregate(3, Some(1), 40));
        list.retract(FileEntryId(1));
        assert_eq!(figures(&list).iter().map(|(.., output)| *output).collect::<Vec<_>>(), [20, 40]);
        list.pack();
        list.retract(FileEntryId(3));
        list.retract(FileEntryId(2));
        assert!(list.is_empty());
    }
}
