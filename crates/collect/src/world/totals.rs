use std::collections::BTreeMap;

use agtop_model::{ClientId, DayModel, ModelSpend, Spend, Timestamp, Totals};
use jiff::tz::TimeZone;

use super::World;
use super::snapshot::{Rates, Scope, SpendSum};
use super::turns::NameIdx;

/// Days since the epoch, in some time zone.
type Day = i32;

/// Finds the day of a moment. Responses come in runs of a day, so the last day's bounds are kept.
struct Calendar<'a> {
    zone: &'a TimeZone,
    day: Day,
    from: Timestamp,
    to: Timestamp,
}

impl<'a> Calendar<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        Self { zone, day: 0, from: Timestamp::from_millis(0), to: Timestamp::from_millis(0) }
    }

    fn day(&mut self, at: Timestamp) -> Option<Day> {
        if !(self.from <= at && at < self.to) {
            let midnight = |day: jiff::civil::Date| day.to_zoned(self.zone.clone()).ok();
            let date = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(self.zone.clone()).date();
            let (from, to) = (midnight(date)?, midnight(date.tomorrow().ok()?)?);
            self.from = Timestamp::from_millis(from.timestamp().as_millisecond());
            self.to = Timestamp::from_millis(to.timestamp().as_millisecond());
            self.day = (date - jiff::civil::date(1970, 1, 1)).get_days();
        }
        Some(self.day)
    }
}

/// `YYYY-MM-DD` of a day.
fn day_name(day: Day) -> String {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    date.map_or_else(|_| "unknown".to_owned(), |date| date.to_string())
}

impl World {
    /// Sums over all responses in scope.
    pub(super) fn totals(&self, rates: &Rates<'_>, scope: &Scope, zone: &TimeZone) -> Totals {
        let mut calendar = Calendar::new(zone);
        let mut cells: BTreeMap<(Option<Day>, ClientId, Option<NameIdx>), SpendSum> = BTreeMap::new();
        for record in self.turns.counted().filter(|record| scope.holds(record.at)) {
            let client = self.sessions[record.session.at()].key.client;
            let cell = cells.entry((calendar.day(record.at), client, record.model)).or_default();
            cell.add(record, rates);
        }
        let mut totals = Totals { time_zone: zone_name(zone), ..Totals::default() };
        let mut by_client: BTreeMap<ClientId, SpendSum> = BTreeMap::new();
        let mut by_model: BTreeMap<Option<NameIdx>, SpendSum> = BTreeMap::new();
        let mut all = SpendSum::default();
        for (&(day, client, model), cell) in &cells {
            all.merge(cell);
            by_client.entry(client).or_default().merge(cell);
            by_model.entry(model).or_default().merge(cell);
            let day = day.map_or_else(|| "unknown".to_owned(), day_name);
            totals.by_day.push(DayModel { day, client, spend: self.named(model, cell) });
        }
        totals.usage = all.usage;
        totals.spend = all.spend;
        totals.turns = all.turns;
        totals.by_client = by_client.iter().map(|(&client, sum)| (client, self.named(None, sum))).collect();
        totals.by_model = by_model.iter().map(|(&model, sum)| self.named(model, sum)).collect();
        totals.by_model.sort_by(dearest_first);
        totals
    }

    /// A sum with its model's name.
    pub(super) fn named(&self, model: Option<NameIdx>, sum: &SpendSum) -> ModelSpend {
        let model = model.and_then(|model| self.models.get(model)).cloned();
        ModelSpend { model, usage: sum.usage, spend: sum.spend, turns: sum.turns }
    }
}

/// Order of models: by cost, then by tokens, then by name.
pub(super) fn dearest_first(a: &ModelSpend, b: &ModelSpend) -> std::cmp::Ordering {
    let weight = |spend: &Spend| spend.amount;
    weight(&b.spend)
        .cmp(&weight(&a.spend))
        .then_with(|| b.usage.total().cmp(&a.usage.total()))
        .then_with(|| a.model.cmp(&b.model))
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map_or_else(|| "local".to_owned(), str::to_owned)
}
