use std::sync::Arc;

use agtop_model::{Cost, CostBasis, ModelSpend, PicoUsd, Response, SessionDay, Spend, Usage, UsageExtent};
use agtop_prices::{PriceBook, PriceTerms, Rated};

use super::aggregate_cache::Aggregate;
use super::calendar::Day;
use super::names::{NameIdx, Names};
use super::responses::MergedResponse;

/// The rates of every model, looked up once.
pub(super) struct Rates<'a> {
    pub(super) book: &'a PriceBook,
    by_name: Vec<Rated<'a>>,
    /// Context windows, in tokens.
    windows: Vec<Option<u64>>,
}

impl<'a> Rates<'a> {
    pub(super) fn new(book: &'a PriceBook, names: &Names) -> Self {
        let by_name = names.iter().map(|name| book.rate(name)).collect();
        Self { book, by_name, windows: names.iter().map(|name| book.context_limit(name)).collect() }
    }

    /// The context window of a model, in tokens.
    pub(super) fn window(&self, model: NameIdx) -> Option<u64> {
        self.windows.get(Names::position(model)).copied().flatten()
    }

    pub(super) fn of(&self, model: Option<NameIdx>) -> Option<&Rated<'a>> {
        self.by_name.get(Names::position(model?))
    }
}

/// A sum of responses and what they cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpendSum {
    pub(super) usage: Usage,
    pub(super) spend: Spend,
    pub(super) turns: u64,
}

impl SpendSum {
    pub(super) fn add(&mut self, record: &MergedResponse, rates: &Rates<'_>) {
        let list = rates.of(record.model());
        let Response { usage, tier, geo, extent, requests, embedded_cost, .. } = record.response;
        let terms = PriceTerms { tier, geo };
        let by_list = || list.map(|list| list.at(record.at()).cost_of(&usage, terms, extent));
        self.add_all(requests, usage, cost(embedded_cost, by_list));
    }

    /// Adds responses that are known as a sum.
    pub(super) fn add_aggregate(&mut self, aggregate: &Aggregate, rates: &Rates<'_>) {
        let cell = &aggregate.cell;
        let prompt = if cell.extent == UsageExtent::Sum { 0 } else { cell.largest_prompt };
        // Prices change at midnight in UTC, which no cell of a quarter of an hour crosses.
        let list = rates.of(aggregate.model);
        let terms = PriceTerms { tier: cell.tier, geo: cell.geo };
        let by_list = || list.map(|list| list.at(cell.first).cost_at(&cell.usage, terms, prompt));
        self.add_all(cell.responses, cell.usage, cost(cell.embedded_cost, by_list));
    }

    fn add_all(&mut self, turns: u64, usage: Usage, cost: Cost) {
        self.usage += usage;
        self.spend.add_sum(cost, usage.total(), turns);
        self.turns += turns;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.usage += other.usage;
        self.spend += other.spend;
        self.turns += other.turns;
    }

    /// The sum, with its model's name.
    pub(super) fn named(&self, names: &Names, model: Option<NameIdx>) -> ModelSpend {
        let model = model.and_then(|model| names.get(model)).cloned();
        ModelSpend { model, usage: self.usage, spend: self.spend, turns: self.turns }
    }
}

/// The cost of responses: what the agent says, or else by the price list.
fn cost(embedded: Option<PicoUsd>, by_list: impl FnOnce() -> Option<Cost>) -> Cost {
    let own = embedded.map(|amount| Cost { amount: Some(amount), basis: CostBasis::Embedded });
    own.or_else(by_list).unwrap_or(Cost::UNKNOWN)
}

/// Sums by day and model. A session has few days and models, so the list is searched from its end.
#[derive(Default)]
pub(super) struct DaySums(Vec<(Option<Day>, Option<NameIdx>, SpendSum)>);

impl DaySums {
    /// The sum of a day and model.
    pub(super) fn of(&mut self, day: Option<Day>, model: Option<NameIdx>) -> &mut SpendSum {
        let known = self.0.iter().rposition(|(other, by, _)| *other == day && *by == model);
        let at = known.unwrap_or_else(|| {
            self.0.push((day, model, SpendSum::default()));
            self.0.len() - 1
        });
        &mut self.0[at].2
    }

    /// Marks all of them as covered by a subscription.
    pub(super) fn cover(&mut self) {
        self.0.iter_mut().for_each(|(.., sum)| sum.spend.cover());
    }

    /// The sums, with the models' names.
    pub(super) fn named(&self, names: &Names) -> Arc<[SessionDay]> {
        self.0.iter().map(|(day, model, sum)| SessionDay { day: *day, spend: sum.named(names, *model) }).collect()
    }
}

/// The sum of all days.
pub(super) fn total(days: &[SessionDay]) -> ModelSpend {
    days.iter().fold(ModelSpend::default(), |mut total, day| {
        total.merge(&day.spend);
        total
    })
}
