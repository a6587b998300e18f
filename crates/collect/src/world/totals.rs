use std::collections::{BTreeMap, HashMap, HashSet};

use agtop_model::{ClientId, DayModel, ModelSpend, Spend, Totals};
use jiff::tz::TimeZone;

use super::calendar::{Day, day_name, zone_name};
use super::sums::{Cell, SpendSum};
use super::turns::{NameIdx, Names};
use super::{SessionIdx, World};

/// Sums over all sessions, by day, client and model.
type Grid = BTreeMap<(Option<Day>, ClientId, Option<NameIdx>), SpendSum>;

/// Sums over all responses, without adding all of them up each time: most sessions are quiet, and their sum is kept.
#[derive(Debug, Default)]
pub(super) struct Ground {
    quiet: Grid,
    /// Sessions that are not within `quiet`.
    lively: HashSet<SessionIdx>,
    /// How many of the sessions are accounted for, here or there.
    known: usize,
}

/// With more lively sessions than this, the quiet ones are summed up anew.
const MOST_LIVELY: usize = 64;

impl Ground {
    /// The sums, after `changed` sessions got new cells.
    pub(super) fn totals(
        &mut self,
        world: &World,
        cells: &HashMap<SessionIdx, Vec<Cell>>,
        changed: &[SessionIdx],
        zone: &TimeZone,
    ) -> Totals {
        // A session's old cells are within the quiet ones: they cannot be taken out again.
        let is_settled =
            self.known > 0 && changed.iter().all(|idx| self.lively.contains(idx) || idx.at() >= self.known);
        self.lively.extend(changed);
        if !is_settled || self.lively.len() > MOST_LIVELY {
            self.settle(world, cells, changed);
        }
        self.known = self.known.max(world.sessions.len());
        let mut grid = self.quiet.clone();
        for idx in &self.lively {
            add(&mut grid, world, *idx, cells);
        }
        totals(&grid, &world.models, zone)
    }

    /// Sums up anew all but those that just changed, which will probably change again.
    fn settle(&mut self, world: &World, cells: &HashMap<SessionIdx, Vec<Cell>>, changed: &[SessionIdx]) {
        self.lively = if changed.len() > MOST_LIVELY { HashSet::new() } else { changed.iter().copied().collect() };
        self.quiet.clear();
        for idx in cells.keys().filter(|idx| !self.lively.contains(idx)) {
            add(&mut self.quiet, world, *idx, cells);
        }
    }
}

fn add(grid: &mut Grid, world: &World, idx: SessionIdx, cells: &HashMap<SessionIdx, Vec<Cell>>) {
    let client = world.sessions[idx.at()].key.client;
    for cell in cells.get(&idx).into_iter().flatten() {
        grid.entry((cell.day, client, cell.model)).or_default().merge(&cell.sum);
    }
}

fn totals(grid: &Grid, names: &Names, zone: &TimeZone) -> Totals {
    let mut totals = Totals { time_zone: zone_name(zone), ..Totals::default() };
    let mut by_client: BTreeMap<ClientId, SpendSum> = BTreeMap::new();
    let mut by_model: BTreeMap<Option<NameIdx>, SpendSum> = BTreeMap::new();
    let mut all = SpendSum::default();
    // There are as many days as a person has worked, and each needs its name once.
    let mut name = (None, day_name(None));
    // What has no day comes last, as its name does.
    let (undated, dated): (Vec<_>, Vec<_>) = grid.iter().partition(|((day, ..), _)| day.is_none());
    for (&(day, client, model), sum) in dated.into_iter().chain(undated) {
        all.merge(sum);
        by_client.entry(client).or_default().merge(sum);
        by_model.entry(model).or_default().merge(sum);
        if name.0 != day {
            name = (day, day_name(day));
        }
        totals.by_day.push(DayModel { day: name.1.clone(), client, spend: named(names, model, sum) });
    }
    // Models are numbered as they are met, which is another order each time.
    for of_one in totals.by_day.chunk_by_mut(|a, b| a.client == b.client && a.day == b.day) {
        of_one.sort_by(|a, b| dearest_first(&a.spend, &b.spend));
    }
    totals.usage = all.usage;
    totals.spend = all.spend;
    totals.turns = all.turns;
    totals.by_client = by_client.iter().map(|(&client, sum)| (client, named(names, None, sum))).collect();
    totals.by_model = by_model.iter().map(|(&model, sum)| named(names, model, sum)).collect();
    totals.by_model.sort_by(dearest_first);
    totals
}

/// A sum with its model's name.
pub(super) fn named(names: &Names, model: Option<NameIdx>, sum: &SpendSum) -> ModelSpend {
    let model = model.and_then(|model| names.get(model)).cloned();
    ModelSpend { model, usage: sum.usage, spend: sum.spend, turns: sum.turns }
}

/// Order of models: by cost, then by tokens, then by name.
pub(super) fn dearest_first(a: &ModelSpend, b: &ModelSpend) -> std::cmp::Ordering {
    let weight = |spend: &Spend| spend.amount;
    weight(&b.spend)
        .cmp(&weight(&a.spend))
        .then_with(|| b.usage.total().cmp(&a.usage.total()))
        .then_with(|| a.model.cmp(&b.model))
}
