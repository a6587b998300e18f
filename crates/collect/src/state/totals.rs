use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use agtop_model::{ClientId, DayModel, ModelSpend, SessionDay, Spend, Totals};
use jiff::tz::TimeZone;

use super::calendar::{Day, day_name, zone_name};
use super::turns::NameIdx;
use super::{BySession, SessionIdx, World};

/// Sums over all sessions, by day, client and model.
type Grid = BTreeMap<(Option<Day>, ClientId, Option<NameIdx>), ModelSpend>;

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
    /// The sums, after `changed` sessions used something anew.
    pub(super) fn totals(
        &mut self,
        world: &World,
        days: &BySession<Arc<[SessionDay]>>,
        changed: &[SessionIdx],
        zone: &TimeZone,
    ) -> Totals {
        // What a session used before is within the quiet ones: it cannot be taken out again.
        let is_settled =
            self.known > 0 && changed.iter().all(|idx| self.lively.contains(idx) || idx.at() >= self.known);
        self.lively.extend(changed);
        if !is_settled || self.lively.len() > MOST_LIVELY {
            self.settle(world, days, changed);
        }
        self.known = self.known.max(world.sessions.len());
        let mut grid = self.quiet.clone();
        for idx in &self.lively {
            add(&mut grid, world, *idx, days);
        }
        totals(&grid, zone)
    }

    /// Sums up anew all but those that just changed, which will probably change again.
    fn settle(&mut self, world: &World, days: &BySession<Arc<[SessionDay]>>, changed: &[SessionIdx]) {
        self.lively = if changed.len() > MOST_LIVELY { HashSet::new() } else { changed.iter().copied().collect() };
        self.quiet.clear();
        for idx in days.keys().filter(|idx| !self.lively.contains(idx)) {
            add(&mut self.quiet, world, *idx, days);
        }
    }
}

fn add(grid: &mut Grid, world: &World, idx: SessionIdx, days: &BySession<Arc<[SessionDay]>>) {
    let client = world.sessions[idx.at()].key.client;
    for used in days.get(&idx).into_iter().flat_map(|days| days.iter()) {
        let model = used.spend.model.as_ref().and_then(|model| world.models.find(model));
        merge(grid.entry((used.day, client, model)), &used.spend);
    }
}

fn merge<K: Ord>(entry: Entry<'_, K, ModelSpend>, part: &ModelSpend) {
    entry.and_modify(|sum| sum.merge(part)).or_insert_with(|| part.clone());
}

fn totals(grid: &Grid, zone: &TimeZone) -> Totals {
    let mut totals = Totals { time_zone: zone_name(zone), ..Totals::default() };
    let mut by_client: BTreeMap<ClientId, ModelSpend> = BTreeMap::new();
    let mut by_model: BTreeMap<Option<NameIdx>, ModelSpend> = BTreeMap::new();
    // There are as many days as a person has worked, and each needs its name once.
    let mut name = (None, day_name(None));
    // What has no day comes last, as its name does.
    let (undated, dated): (Vec<_>, Vec<_>) = grid.iter().partition(|((day, ..), _)| day.is_none());
    for (&(day, client, model), sum) in dated.into_iter().chain(undated) {
        totals.usage += sum.usage;
        totals.spend += sum.spend;
        totals.turns += sum.turns;
        merge(by_client.entry(client), sum);
        merge(by_model.entry(model), sum);
        if name.0 != day {
            name = (day, day_name(day));
        }
        totals.by_day.push(DayModel { day: name.1.clone(), client, spend: sum.clone() });
    }
    // Models are numbered as they are met, which is another order each time.
    for of_one in totals.by_day.chunk_by_mut(|a, b| a.client == b.client && a.day == b.day) {
        of_one.sort_by(|a, b| dearest_first(&a.spend, &b.spend));
    }
    totals.by_client = by_client.into_iter().map(|(client, sum)| (client, ModelSpend { model: None, ..sum })).collect();
    totals.by_model = by_model.into_values().collect();
    totals.by_model.sort_by(dearest_first);
    totals
}

/// Order of models: by cost, then by tokens, then by name.
pub(super) fn dearest_first(a: &ModelSpend, b: &ModelSpend) -> std::cmp::Ordering {
    let weight = |spend: &Spend| spend.amount;
    weight(&b.spend)
        .cmp(&weight(&a.spend))
        .then_with(|| b.usage.total().cmp(&a.usage.total()))
        .then_with(|| a.model.cmp(&b.model))
}
