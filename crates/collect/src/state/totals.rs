use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use agtop_model::{ClientId, DayModel, ModelSpend, SessionDay, Spend, Totals};
use jiff::tz::TimeZone;

use super::calendar::{Day, zone_name};
use super::index::{BySession, SessionIdx};
use super::names::{NameIdx, Names};
use super::session::SessionState;

/// Sums over all sessions, by day, client and model.
type Grid = BTreeMap<(Option<Day>, ClientId, Option<NameIdx>), ModelSpend>;

/// Computes the totals without adding up all sessions each time: most do not change, and their sum is kept.
#[derive(Debug, Default)]
pub(super) struct TotalsCache {
    unchanging: Grid,
    /// Sessions that are not included in `unchanging`.
    changing: HashSet<SessionIdx>,
    /// How many sessions are included in one of both.
    known: usize,
}

/// With more changing sessions than this, all sums are made again.
const MAX_CHANGING: usize = 64;

impl TotalsCache {
    /// The totals, after the `changed` sessions have new sums.
    pub(super) fn totals(
        &mut self,
        (sessions, models): (&[SessionState], &Names),
        days: &BySession<Arc<[SessionDay]>>,
        changed: &[SessionIdx],
        zone: &TimeZone,
    ) -> Totals {
        // The old sum of a session cannot be subtracted from `unchanging`.
        let can_be_kept =
            self.known > 0 && changed.iter().all(|idx| self.changing.contains(idx) || idx.at() >= self.known);
        self.changing.extend(changed);
        if !can_be_kept || self.changing.len() > MAX_CHANGING {
            self.rebuild((sessions, models), days, changed);
        }
        self.known = self.known.max(sessions.len());
        let mut grid = self.unchanging.clone();
        for idx in &self.changing {
            add(&mut grid, (sessions, models), *idx, days);
        }
        totals(&grid, zone)
    }

    /// Adds up all sessions except those that have just changed, which will probably change again.
    fn rebuild(
        &mut self,
        state: (&[SessionState], &Names),
        days: &BySession<Arc<[SessionDay]>>,
        changed: &[SessionIdx],
    ) {
        self.changing = if changed.len() > MAX_CHANGING { HashSet::new() } else { changed.iter().copied().collect() };
        self.unchanging.clear();
        for idx in days.keys().filter(|idx| !self.changing.contains(idx)) {
            add(&mut self.unchanging, state, *idx, days);
        }
    }
}

fn add(
    grid: &mut Grid,
    (sessions, models): (&[SessionState], &Names),
    idx: SessionIdx,
    days: &BySession<Arc<[SessionDay]>>,
) {
    let client = sessions[idx.at()].key.client;
    for used in days.get(&idx).into_iter().flat_map(|days| days.iter()) {
        let model = used.spend.model.as_ref().and_then(|model| models.find(model));
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
    // Naming a day is slow: each name is made once.
    let mut name = (None, agtop_model::Day::name(None));
    // Sums without a day come last.
    let (undated, dated): (Vec<_>, Vec<_>) = grid.iter().partition(|((day, ..), _)| day.is_none());
    for (&(day, client, model), sum) in dated.into_iter().chain(undated) {
        totals.usage += sum.usage;
        totals.spend += sum.spend;
        totals.turns += sum.turns;
        merge(by_client.entry(client), sum);
        merge(by_model.entry(model), sum);
        if name.0 != day {
            name = (day, agtop_model::Day::name(day));
        }
        totals.by_day.push(DayModel { day: name.1.clone(), client, spend: sum.clone() });
    }
    // The numbers of models depend on the order of reading, so the names decide.
    for of_one in totals.by_day.chunk_by_mut(|a, b| a.client == b.client && a.day == b.day) {
        of_one.sort_by(|a, b| by_cost(&a.spend, &b.spend));
    }
    totals.by_client = by_client.into_iter().map(|(client, sum)| (client, ModelSpend { model: None, ..sum })).collect();
    totals.by_model = by_model.into_values().collect();
    totals.by_model.sort_by(by_cost);
    totals
}

/// The order of models: the most expensive first, then the one with most tokens, then by name.
pub(super) fn by_cost(a: &ModelSpend, b: &ModelSpend) -> std::cmp::Ordering {
    let weight = |spend: &Spend| spend.amount;
    weight(&b.spend)
        .cmp(&weight(&a.spend))
        .then_with(|| b.usage.total().cmp(&a.usage.total()))
        .then_with(|| a.model.cmp(&b.model))
}
