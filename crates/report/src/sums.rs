use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{Billing, PicoUsd, Spend, Timestamp, Usage, UsageRow};

/// The total of a number of responses.
#[derive(Clone, Debug, Default)]
pub struct UsageSums {
    /// Tokens.
    pub usage: Usage,
    /// Cost.
    pub spend: Spend,
    /// The part of the cost that a subscription covers.
    pub covered: PicoUsd,
    /// Responses.
    pub turns: u64,
    /// Sessions with at least one of the responses.
    pub sessions: usize,
    /// Tool calls; only in reports of tools.
    pub calls: u64,
    /// The time of the first response with a time.
    pub first: Option<Timestamp>,
    /// The time of the last response.
    pub last: Option<Timestamp>,
    /// The models, the most expensive first.
    pub models: Vec<Arc<str>>,
}

/// A row, and whether its cost is covered by the plan or the session's subscription.
#[derive(Clone, Copy)]
pub(super) struct BilledRow<'t> {
    pub(super) row: &'t UsageRow,
    pub(super) billing: Billing,
}

/// The total of one model; `None` if the records name no model.
pub(super) type ModelSums = (Option<Arc<str>>, UsageSums);

/// The sums of one model so far.
#[derive(Clone, Debug, Default)]
struct ModelTally {
    sums: UsageSums,
    sessions: HashSet<u32>,
}

/// Sums to which rows are added one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    sums: UsageSums,
    sessions: HashSet<u32>,
    models: HashMap<Option<Arc<str>>, ModelTally>,
}

impl Tally {
    pub(super) fn add(&mut self, billed: BilledRow<'_>) {
        let row = billed.row;
        self.sums.add(billed);
        self.sessions.insert(row.session);
        match self.models.get_mut(&row.model) {
            Some(share) => share.add(billed),
            None => self.models.entry(row.model.clone()).or_default().add(billed),
        }
    }

    pub(super) fn add_calls(&mut self, session: u32, calls: u64) {
        self.sums.calls = self.sums.calls.saturating_add(calls);
        self.sessions.insert(session);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.sessions.extend(&other.sessions);
        for (model, share) in &other.models {
            let known = self.models.entry(model.clone()).or_default();
            known.sums.merge(&share.sums);
            known.sessions.extend(&share.sessions);
        }
    }

    /// The sums so far, without sessions and models, which only `finish` fills in.
    pub(super) const fn so_far(&self) -> &UsageSums {
        &self.sums
    }

    /// The sums, and the same by model, the most expensive first.
    pub(super) fn finish(self) -> (UsageSums, Vec<ModelSums>) {
        let mut by_model: Vec<ModelSums> = self.models.into_iter().map(|(model, share)| share.finish(model)).collect();
        by_model.sort_by(|(a, of_a), (b, of_b)| of_b.magnitude().cmp(&of_a.magnitude()).then_with(|| a.cmp(b)));
        let models = by_model.iter().filter_map(|(model, _)| model.clone()).collect();
        let sums = UsageSums { sessions: self.sessions.len(), models, ..self.sums };
        (sums, by_model)
    }

    pub(super) fn into_sums(self) -> UsageSums {
        self.finish().0
    }
}

impl ModelTally {
    fn add(&mut self, billed: BilledRow<'_>) {
        self.sums.add(billed);
        self.sessions.insert(billed.row.session);
    }

    fn finish(self, model: Option<Arc<str>>) -> ModelSums {
        let sums = UsageSums { sessions: self.sessions.len(), models: model.iter().cloned().collect(), ..self.sums };
        (model, sums)
    }
}

impl UsageSums {
    fn add(&mut self, BilledRow { row, billing }: BilledRow<'_>) {
        self.usage += row.usage;
        self.spend += row.spend;
        if billing == Billing::Included {
            self.covered += row.spend.amount;
        }
        self.turns += row.turns;
        self.note_times(row.at, row.at);
    }

    fn merge(&mut self, other: &Self) {
        self.usage += other.usage;
        self.spend += other.spend;
        self.covered += other.covered;
        self.turns += other.turns;
        self.calls = self.calls.saturating_add(other.calls);
        self.note_times(other.first, other.last);
    }

    fn note_times(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.max(last);
    }

    /// The order of sums: by cost, then tokens, then calls.
    pub(super) fn magnitude(&self) -> (PicoUsd, u64, u64) {
        (self.spend.amount, self.usage.total(), self.calls)
    }
}
