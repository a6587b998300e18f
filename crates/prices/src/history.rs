//! Prices in earlier lists.

use std::collections::BTreeSet;

use agtop_model::{Day, PicoUsd};

use crate::rated::{PriceSource, RatePeriod};
use crate::rates::Rates;
use crate::sheet::{self, Sheet};
use crate::{line, origin};

/// A published list in the format of [`litellm::compact`](crate::litellm::compact).
#[derive(Clone, Debug)]
pub struct PublishedList {
    /// The day of publication.
    pub day: Day,
    /// Its sorted lines.
    pub lines: String,
}

/// Consecutive lists with the same rates for one model.
struct Run {
    first: Day,
    rates: Rates,
}

/// The rows of a table of earlier rates, made of `lists`, oldest first, for the models of the newest list and the
/// hand-kept ones: key, items, and the day of the first list with other rates. A rate that a list omits does not count
/// as another rate, because earlier lists omit rates that were charged. Current rates are not in the table.
pub fn compact(lists: &[PublishedList]) -> String {
    let sheets: Vec<_> = lists.iter().map(|list| (list.day, Sheet::new(&list.lines))).collect();
    let newest = sheets.last().into_iter().flat_map(|(_, sheet)| sheet.rows());
    let keys: BTreeSet<&str> = newest.chain(origin::retired().rows()).map(|row| row.key).collect();
    let rows = keys.into_iter().flat_map(|key| {
        let runs = runs(key, &sheets).into_iter().rev();
        runs.map(|(until, rates)| (key.to_owned(), format!("{}\t{until}", line::write(&rates))))
    });
    sheet::sorted_all(rows.collect())
}

/// The earlier rates of a model with the day on which they ended; newest first.
fn runs(key: &str, sheets: &[(Day, Sheet<'_>)]) -> Vec<(Day, Rates)> {
    let mut runs: Vec<Run> = Vec::new();
    for (day, sheet) in sheets.iter().rev() {
        let row = sheet.find(key).filter(|row| row.key == key);
        let Some(mut rates) = row.map(|row| line::parse(row.items)).filter(Rates::is_priced) else { continue };
        let Some(later) = runs.last_mut() else {
            runs.push(Run { first: *day, rates });
            continue;
        };
        if rates.differ_from(&later.rates) {
            rates.fill_from(&later.rates);
            runs.push(Run { first: *day, rates });
        } else {
            later.rates.fill_from(&rates);
            later.first = *day;
        }
    }
    let pairs = runs.iter().zip(runs.iter().skip(1));
    pairs.map(|(later, run)| (later.first, Rates { max_input: None, max_output: None, ..run.rates.clone() })).collect()
}

/// The earlier rates of the entry `key` in the bundled lists, oldest first.
pub(crate) fn periods(key: &str) -> Vec<RatePeriod> {
    let period = |(until, items): (&str, &str)| {
        Some(RatePeriod { until: until.parse().ok()?, source: PriceSource::History, rates: line::parse(items) })
    };
    let rows = origin::history().rows_of(key).map(|row| (row.note, row.items));
    let mut periods: Vec<RatePeriod> = rows.filter_map(period).collect();
    periods.sort_by_key(|period| period.until);
    periods
}

impl Rates {
    /// Whether these rates of an earlier list differ from `later`.
    pub(crate) fn differ_from(&self, later: &Self) -> bool {
        let differ = |earlier: Option<i64>, later: Option<i64>| earlier.zip(later).is_some_and(|(a, b)| a != b);
        let pico = |price: Option<PicoUsd>| price.map(PicoUsd::as_pico);
        differ(pico(self.search), pico(later.search))
            || self.multipliers.zip_with(later.multipliers).into_iter().any(|(earlier, later)| differ(earlier, later))
            || self.listed().any(|listed| {
                let applied = later.applicable(listed.above.saturating_add(1), listed.tier.into()).rate(listed.bucket);
                applied.is_some_and(|applied| applied.rate != listed.rate)
            })
    }

    /// Adds rates of another list of the same model, besides token rates, that are missing here.
    fn fill_from(&mut self, other: &Self) {
        self.search = self.search.or(other.search);
        self.multipliers = self.multipliers.or(other.multipliers);
    }
}
