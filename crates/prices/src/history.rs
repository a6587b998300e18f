//! What lists said before they said something else.

use std::collections::BTreeSet;

use agtop_model::PicoUsd;

use crate::day::Day;
use crate::rated::{Era, PriceSource};
use crate::rates::Rates;
use crate::sheet::{self, Sheet};
use crate::{line, origin};

/// A list as [`litellm::compact`](crate::litellm::compact) makes it, and when it was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The day.
    pub day: Day,
    /// Its sorted lines.
    pub lines: String,
}

/// Like days on which one model's entry said the same.
struct Run {
    first: Day,
    rates: Rates,
}

/// The rows of a table of what `lists`, oldest first, said of the models of the newest list and of those kept by hand:
/// key, items, and the first day on which a list said something else. What a list leaves out is nothing else: earlier
/// lists lack rates that were charged all the same. What holds now is not in the table.
pub fn compact(lists: &[Published]) -> String {
    let sheets: Vec<_> = lists.iter().map(|list| (list.day, Sheet::new(&list.lines))).collect();
    let newest = sheets.last().into_iter().flat_map(|(_, sheet)| sheet.rows());
    let keys: BTreeSet<&str> = newest.chain(origin::retired().rows()).map(|row| row.key).collect();
    let rows = keys.into_iter().flat_map(|key| {
        let runs = runs(key, &sheets).into_iter().rev();
        runs.map(|(until, rates)| (key.to_owned(), format!("{}\t{until}", line::write(&rates))))
    });
    sheet::sorted_all(rows.collect())
}

/// What was said of a model before what is said now, and until when; newest first.
fn runs(key: &str, sheets: &[(Day, Sheet<'_>)]) -> Vec<(Day, Rates)> {
    let mut runs: Vec<Run> = Vec::new();
    for (day, sheet) in sheets.iter().rev() {
        let row = sheet.find(key).filter(|row| row.key == key);
        let Some(mut rates) = row.map(|row| line::parse(row.items)).filter(Rates::is_priced) else { continue };
        let Some(later) = runs.last_mut() else {
            runs.push(Run { first: *day, rates });
            continue;
        };
        if rates.contradict(&later.rates) {
            rates.learn(&later.rates);
            runs.push(Run { first: *day, rates });
        } else {
            later.rates.learn(&rates);
            later.first = *day;
        }
    }
    let pairs = runs.iter().zip(runs.iter().skip(1));
    pairs.map(|(later, run)| (later.first, Rates { max_input: None, max_output: None, ..run.rates.clone() })).collect()
}

/// What the entry `key` of the bundled lists once cost, oldest first.
pub(crate) fn eras(key: &str) -> Vec<Era> {
    let era = |(until, items): (&str, &str)| {
        Some(Era { until: until.parse().ok()?, source: PriceSource::History, rates: line::parse(items) })
    };
    let rows = origin::history().rows_of(key).map(|row| (row.note, row.items));
    let mut eras: Vec<Era> = rows.filter_map(era).collect();
    eras.sort_by_key(|era| era.until);
    eras
}

impl Rates {
    /// Whether these, of an earlier list, say something else than `later`.
    pub(crate) fn contradict(&self, later: &Self) -> bool {
        let differ = |earlier: Option<i64>, later: Option<i64>| earlier.zip(later).is_some_and(|(a, b)| a != b);
        let pico = |price: Option<PicoUsd>| price.map(PicoUsd::as_pico);
        differ(pico(self.search), pico(later.search))
            || self.multipliers.beside(later.multipliers).into_iter().any(|(earlier, later)| differ(earlier, later))
            || self.listed().any(|listed| {
                let applied = later.fit(listed.above.saturating_add(1), listed.tier.into()).rate(listed.bucket);
                applied.is_some_and(|applied| applied.rate != listed.rate)
            })
    }

    /// Takes from other rates of the same model what stands beside the rates of tokens and is not known here.
    fn learn(&mut self, other: &Self) {
        self.search = self.search.or(other.search);
        self.multipliers = self.multipliers.or(other.multipliers);
    }
}
