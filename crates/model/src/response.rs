//! The counting rule: how several copies of one response are merged, and when it happened.
//!
//! Merging is a join: it does not matter in which order copies come, nor how often. The World and the
//! ledger both use this module.

use std::cmp::Ordering;

use crate::{
    InferenceGeo, Lineage, PicoUsd, Purpose, ResponseCopy, ServiceTier, StopReason, Timestamp, Usage, UsageExtent,
};

/// What counts of one response, merged from its copies. `N` stands for a model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<N> {
    /// What was used: of the copy with the greatest usage, which is the last, since the usage of a response only grows.
    pub usage: Usage,
    /// The class of service, as that copy says.
    pub tier: ServiceTier,
    /// Where the model ran, as that copy says.
    pub geo: InferenceGeo,
    /// What the model was asked for, as that copy says.
    pub purpose: Purpose,
    /// One response or a sum, as that copy says.
    pub extent: UsageExtent,
    /// How many requests it answers, as that copy says: 1, but for sums that say.
    pub requests: u64,
    /// The model, as that copy says.
    pub stated_model: Option<N>,
    /// The first of all names, in the order of names, that any copy gives the model.
    pub any_model: Option<N>,
    /// What the agent says it cost: the greatest amount of any copy.
    pub embedded_cost: Option<PicoUsd>,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
    /// Tokens in the context with it, where that is not the prompt.
    pub context_used: Option<u64>,
    /// Whether the copy that owns the response belongs to the conversation itself.
    pub lineage: Lineage,
    /// When the file that holds that copy was begun.
    pub opened: Timestamp,
}

impl<N: Copy + Eq> Response<N> {
    /// What one copy says, whose model has this name.
    pub fn of(response: &ResponseCopy, model: Option<N>) -> Self {
        Self {
            usage: response.usage,
            tier: response.tier,
            geo: response.geo,
            purpose: response.purpose,
            extent: response.extent,
            requests: response.requests,
            stated_model: model,
            any_model: model,
            embedded_cost: response.embedded_cost,
            stop: response.stop,
            context_used: response.context_used,
            lineage: response.lineage,
            opened: response.opened,
        }
    }

    /// A response at the list price, on the main line of a file that was begun then.
    pub fn plain(usage: Usage, model: Option<N>, opened: Timestamp) -> Self {
        Self {
            usage,
            tier: ServiceTier::Standard,
            geo: InferenceGeo::Global,
            purpose: Purpose::Answer,
            requests: 1,
            extent: UsageExtent::Response,
            stated_model: model,
            any_model: model,
            embedded_cost: None,
            stop: None,
            context_used: None,
            lineage: Lineage::Main,
            opened,
        }
    }

    /// The model that answered: as the copy that counts says, else as any other does.
    pub fn model(&self) -> Option<N> {
        self.stated_model.or(self.any_model)
    }

    /// The order in which copies own a response: the first is on the main line, else in the file that was begun first.
    pub fn ownership(&self) -> (Lineage, Timestamp) {
        (self.lineage, self.opened)
    }

    /// The same with models under other names.
    pub fn named<M>(self, mut name: impl FnMut(N) -> Option<M>) -> Response<M> {
        Response {
            usage: self.usage,
            tier: self.tier,
            geo: self.geo,
            purpose: self.purpose,
            extent: self.extent,
            requests: self.requests,
            stated_model: self.stated_model.and_then(&mut name),
            any_model: self.any_model.and_then(name),
            embedded_cost: self.embedded_cost,
            stop: self.stop,
            context_used: self.context_used,
            lineage: self.lineage,
            opened: self.opened,
        }
    }

    /// Merges another copy. `by_name` orders models by their names.
    pub fn merge(&mut self, copy: &Self, by_name: impl Fn(N, N) -> Ordering) {
        let by_name = |a: Option<N>, b: Option<N>| match (a, b) {
            (Some(a), Some(b)) if a == b => Ordering::Equal,
            (Some(a), Some(b)) => by_name(a, b),
            // A name comes before none.
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        let names = |one: &Self, other: &Self| by_name(other.stated_model, one.stated_model);
        if copy.weight().cmp(&self.weight()).then_with(|| names(copy, self)) == Ordering::Greater {
            let Self { usage, tier, geo, purpose, extent, requests, stated_model, .. } = *copy;
            *self = Self { usage, tier, geo, purpose, extent, requests, stated_model, ..*self };
        }
        if by_name(copy.any_model, self.any_model) == Ordering::Less {
            self.any_model = copy.any_model;
        }
        self.embedded_cost = self.embedded_cost.max(copy.embedded_cost);
        self.stop = self.stop.max(copy.stop);
        self.context_used = self.context_used.max(copy.context_used);
        (self.lineage, self.opened) = self.ownership().min(copy.ownership());
    }

    /// Whether merging a copy would add nothing to what was used and what it cost.
    pub fn outweighs(&self, copy: &Self) -> bool {
        self.weight() >= copy.weight() && self.embedded_cost >= copy.embedded_cost
    }

    /// Which of two copies' usage counts: the greater by this. Equal weights are equal usages.
    fn weight(&self) -> impl Ord + use<N> {
        let usage = &self.usage;
        let size = (usage.total(), usage.output, usage.web_searches);
        let kinds = (usage.input, usage.cache_write_1h, usage.cache_read, usage.reasoning);
        (size, kinds, self.tier, self.geo, self.purpose, self.extent, self.requests)
    }
}

/// When a record was made: what it says itself, and what the record before it in its file says.
///
/// Whether a time can be believed depends on the clock of whoever asks, so both are kept as they were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordTime {
    /// What it says itself; no clock is asked, but times before [`Timestamp::EARLIEST`] are left out.
    pub stated: Option<Timestamp>,
    /// What the last record before it says that has a time.
    pub before: Option<Timestamp>,
}

impl RecordTime {
    /// The time of the earliest of several copies.
    pub fn merge(&mut self, copy: Self) {
        self.stated = earliest(self.stated, copy.stated);
        self.before = earliest(self.before, copy.before);
    }

    /// The moment that counts. Times after `latest` are a broken clock's; `modified` is when the file was last written.
    pub fn resolve(self, latest: Timestamp, modified: Timestamp) -> ResolvedTime {
        let is_credible = |at: &Timestamp| *at <= latest;
        let dated = |source| move |at| ResolvedTime { source, at };
        let stated = self.stated.filter(is_credible).map(dated(TimeSource::Record));
        let before = || self.before.filter(is_credible).map(dated(TimeSource::PreviousRecord));
        stated.or_else(before).unwrap_or(ResolvedTime { source: TimeSource::File, at: modified })
    }
}

/// A moment, and where it comes from. Of two for one thing the lesser counts: the better founded, then the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResolvedTime {
    /// Who says so.
    pub source: TimeSource,
    /// The moment.
    pub at: Timestamp,
}

/// Where the time of something comes from, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeSource {
    /// The record says when it was made.
    #[default]
    Record,
    /// An estimate: the record before it in the same file says when that was made.
    PreviousRecord,
    /// An estimate: nothing before it in the file has a time, and this is when the file was last written.
    File,
}

impl TimeSource {
    /// Whether it is an estimate.
    pub const fn is_estimate(self) -> bool {
        !matches!(self, Self::Record)
    }
}

/// The earlier of two times, where there are two.
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any copy, with names from 0 to 3 in reverse order of their numbers.
    fn copies() -> impl Strategy<Value = Response<u8>> {
        let usage = (0..3_u64, 0..3_u64).prop_map(|(input, output)| Usage { input, output, ..Usage::default() });
        let model = prop::option::of(0..3_u8);
        let kind = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
        let rest = (prop::option::of(0..3_i64), prop::option::of(0..3_u64), 0..3_i64);
        (usage, model, kind, rest).prop_map(|(usage, model, (is_fast, is_us, is_sum, is_side), rest)| Response {
            usage,
            tier: if is_fast { ServiceTier::Fast } else { ServiceTier::Standard },
            geo: if is_us { InferenceGeo::Us } else { InferenceGeo::Global },
            purpose: Purpose::Answer,
            requests: 1,
            extent: if is_sum { UsageExtent::Sum } else { UsageExtent::Response },
            stated_model: model,
            any_model: model,
            embedded_cost: rest.0.map(PicoUsd::new),
            stop: rest.1.map(|n| if n == 0 { StopReason::EndTurn } else { StopReason::ToolUse }),
            context_used: rest.1,
            lineage: if is_side { Lineage::Sidechain } else { Lineage::Main },
            opened: Timestamp::from_millis(rest.2),
        })
    }

    fn merged<'a>(copies: impl IntoIterator<Item = &'a Response<u8>>) -> Response<u8> {
        let mut copies = copies.into_iter();
        let mut all = *copies.next().unwrap();
        copies.for_each(|copy| all.merge(copy, |a, b| b.cmp(&a)));
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// In any order, in any grouping, and with any repeated, copies give the same result.
        #[test]
        fn copies_come_to_the_same_in_any_order_and_number(
            copies in prop::collection::vec(copies(), 1..6), cut in any::<prop::sample::Index>(), seed in any::<u64>(),
        ) {
            let whole = merged(&copies);
            let mut shuffled: Vec<&Response<u8>> = copies.iter().chain(&copies).collect();
            let mut state = seed | 1;
            shuffled.sort_by_key(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 33
            });
            prop_assert_eq!(merged(shuffled), whole);
            let (first, second) = copies.split_at(cut.index(copies.len()));
            if !first.is_empty() && !second.is_empty() {
                prop_assert_eq!(merged([&merged(first), &merged(second)]), whole);
                prop_assert_eq!(merged([&merged(second), &merged(first)]), whole);
            }
            prop_assert!(copies.iter().all(|copy| whole.outweighs(copy)));
        }
    }

    const BASE_TIME: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn minutes(n: u64) -> Timestamp {
        BASE_TIME.plus(std::time::Duration::from_mins(n))
    }

    #[test]
    fn a_time_is_the_records_own_else_its_neighbours_else_its_files() {
        let time = RecordTime { stated: Some(minutes(5)), before: Some(minutes(4)) };
        let written = minutes(9);
        assert_eq!(time.resolve(minutes(60), written), ResolvedTime { source: TimeSource::Record, at: minutes(5) });
        assert_eq!(
            time.resolve(minutes(4), written),
            ResolvedTime { source: TimeSource::PreviousRecord, at: minutes(4) }
        );
        assert_eq!(time.resolve(minutes(3), written), ResolvedTime { source: TimeSource::File, at: written });
    }

    #[test]
    fn an_estimate_never_replaces_what_a_copy_says_itself() {
        let mut time = RecordTime { stated: None, before: Some(minutes(1)) };
        time.merge(RecordTime { stated: Some(minutes(5)), before: None });
        assert_eq!(time.resolve(minutes(60), minutes(0)).at, minutes(5));
    }
}
