use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use agtop_model::{Billing, PicoUsd, Spend, Timestamp, Usage, UsageRow};

/// What a number of responses come to.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Tokens.
    pub usage: Usage,
    /// Money.
    pub spend: Spend,
    /// The part of the money that a subscription covers.
    pub covered: PicoUsd,
    /// Responses.
    pub turns: u64,
    /// Conversations that had a part in it.
    pub sessions: usize,
    /// Tool calls; only in reports of tools.
    pub calls: u64,
    /// The first response that tells its time.
    pub first: Option<Timestamp>,
    /// The last one.
    pub last: Option<Timestamp>,
    /// The models that answered, dearest first.
    pub models: Vec<Arc<str>>,
}

/// A row together with what its session and the plan say of it.
#[derive(Clone, Copy)]
pub(super) struct Weighed<'t> {
    pub(super) row: &'t UsageRow,
    pub(super) billing: Billing,
}

/// What a model had a part in; the model is `None` where it is not named.
pub(super) type OfModel = (Option<Arc<str>>, Sums);

/// What one model had a part in, so far.
#[derive(Clone, Debug, Default)]
struct Share {
    sums: Sums,
    sessions: HashSet<u32>,
}

/// Sums that grow row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    sums: Sums,
    sessions: HashSet<u32>,
    models: HashMap<Option<Arc<str>>, Share>,
}

impl Tally {
    pub(super) fn add(&mut self, weighed: Weighed<'_>) {
        let row = weighed.row;
        self.sums.add(weighed);
        self.sessions.insert(row.session);
        match self.models.get_mut(&row.model) {
            Some(share) => share.add(weighed),
            None => self.models.entry(row.model.clone()).or_default().add(weighed),
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

    /// The sums without sessions and models, which are known at the end.
    pub(super) const fn so_far(&self) -> &Sums {
        &self.sums
    }

    /// The sums, and the same by model, dearest first.
    pub(super) fn finish(self) -> (Sums, Vec<OfModel>) {
        let mut by_model: Vec<OfModel> = self.models.into_iter().map(|(model, share)| share.finish(model)).collect();
        by_model.sort_by(|(a, of_a), (b, of_b)| of_b.weight().cmp(&of_a.weight()).then_with(|| a.cmp(b)));
        let models = by_model.iter().filter_map(|(model, _)| model.clone()).collect();
        let sums = Sums { sessions: self.sessions.len(), models, ..self.sums };
        (sums, by_model)
    }

    pub(super) fn into_sums(self) -> Sums {
        self.finish().0
    }
}

impl Share {
    fn add(&mut self, weighed: Weighed<'_>) {
        self.sums.add(weighed);
        self.sessions.insert(weighed.row.session);
    }

    fn finish(self, model: Option<Arc<str>>) -> OfModel {
        let sums = Sums { sessions: self.sessions.len(), models: model.iter().cloned().collect(), ..self.sums };
        (model, sums)
    }
}

impl Sums {
    fn add(&mut self, Weighed { row, billing }: Weighed<'_>) {
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

    /// What decides which of two is the greater: money, then tokens, then calls.
    pub(super) fn weight(&self) -> (PicoUsd, u64, u64) {
        (self.spend.amount, self.usage.total(), self.calls)
    }
}
