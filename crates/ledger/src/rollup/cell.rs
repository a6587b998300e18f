//! Sums of responses that stay exact: whatever a price can depend on is the same for all of a cell.

use std::collections::HashMap;

use agtop_model::{InferenceGeo, PicoUsd, ServiceTier, Timestamp, Usage, UsageExtent};

use crate::codec::blob_struct;
use crate::file_summary::{NameIndex, ResponseRecord};

/// Responses of one session and model within a quarter of an hour, billed alike.
///
/// The cost of a cell is the sum of its responses' costs, to the pico-dollar: a price is linear in the buckets for one
/// model, class of service and side of each threshold that a prompt's length can pass, and an amount that the agent wrote
/// down is added to such amounts alone. Time zones differ by quarters of an hour, so a cell lies within a day of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollupCell {
    /// The session, as an index into the summary's.
    pub session: u32,
    /// The model.
    pub model: Option<NameIndex>,
    /// The class of service.
    pub tier: ServiceTier,
    /// Where the model ran.
    pub geo: InferenceGeo,
    /// Responses, or sums of them.
    pub extent: UsageExtent,
    /// When the first of them happened.
    pub first: Timestamp,
    /// When the last of them happened.
    pub last: Timestamp,
    /// The smallest prompt, in tokens.
    pub smallest_prompt: u64,
    /// The largest prompt, in tokens.
    pub largest_prompt: u64,
    /// How many they are.
    pub responses: u64,
    /// What they used.
    pub usage: Usage,
    /// What the agent says they cost; either it says so of all of them, or of none.
    pub embedded_cost: Option<PicoUsd>,
}

/// Milliseconds in a quarter of an hour.
const QUARTER_HOUR_MILLIS: i64 = 15 * 60 * 1000;

/// Prompt lengths at which some price changes: every `>N` of the bundled list (`crates/prices/src/litellm.tsv`).
/// Responses on different sides are never added up.
const PROMPT_TOKEN_THRESHOLDS: [u64; 7] = [32_000, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000];

/// Counts beyond this are a broken record's; what they cost may not fit where sums are held.
const MAX_SUMMED_COUNT: u64 = 1 << 40;

impl RollupCell {
    /// Whether a threshold at `tokens` runs through the cell: then it has no one price, and its file's responses are
    /// needed. It cannot for the thresholds of the bundled list; a later list or the user's own may have others.
    pub fn is_split_by(&self, tokens: u64) -> bool {
        self.extent == UsageExtent::Response
            && self.smallest_prompt < self.largest_prompt
            && (self.smallest_prompt..=self.largest_prompt).contains(&tokens)
    }

    /// Whether some of it may lie before `moment` and some not.
    pub fn is_split_at(&self, moment: Timestamp) -> bool {
        self.first < moment && moment <= self.last
    }

    fn of(response: &ResponseRecord) -> Self {
        let prompt = response.counted.usage.prompt();
        Self {
            session: response.session,
            model: response.counted.stated_model,
            tier: response.counted.tier,
            geo: response.counted.geo,
            extent: response.counted.extent,
            first: stated(response),
            last: stated(response),
            smallest_prompt: prompt,
            largest_prompt: prompt,
            responses: 1,
            usage: response.counted.usage,
            embedded_cost: response.counted.embedded_cost,
        }
    }

    fn add(&mut self, more: &Self) {
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
        self.smallest_prompt = self.smallest_prompt.min(more.smallest_prompt);
        self.largest_prompt = self.largest_prompt.max(more.largest_prompt);
        self.responses += more.responses;
        self.usage += more.usage;
        if let (Some(sum), Some(cost)) = (&mut self.embedded_cost, more.embedded_cost) {
            *sum += cost;
        }
    }
}

/// Whether a response can be added to others, as far as it alone decides.
pub(super) fn is_plain(response: &ResponseRecord) -> bool {
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches } =
        response.counted.usage;
    let counts = [input, cache_read, cache_write_5m, cache_write_1h, output, web_searches];
    let cost = response.counted.embedded_cost.unwrap_or_default().as_pico().unsigned_abs();
    response.part_of.is_empty()
        // When it happened, and what answered, must not depend on who asks, or on other copies.
        && response.time.stated.is_some()
        && response.time.before.is_none()
        && response.counted.any_model == response.counted.stated_model
        && response.counted.requests == 1
        // A price takes no more reasoning than there is output, in each response by itself.
        && reasoning <= output
        && counts.into_iter().all(|count| count < MAX_SUMMED_COUNT)
        // A thousand dollars; as many as there can be responses still fit.
        && cost < 1_000_000_000_000_000
        // On which side of a threshold it lies differs between vendors.
        && !PROMPT_TOKEN_THRESHOLDS.contains(&response.counted.usage.prompt())
}

/// When the response says it happened; those of cells do say so.
fn stated(response: &ResponseRecord) -> Timestamp {
    response.time.stated.unwrap_or(Timestamp::EARLIEST)
}

/// What responses of one cell have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CellKey {
    session: u32,
    model: Option<NameIndex>,
    quarter: i64,
    tier: ServiceTier,
    geo: InferenceGeo,
    extent: UsageExtent,
    has_cost: bool,
    /// How many thresholds a prompt passes.
    passed: usize,
}

impl CellKey {
    fn of(response: &ResponseRecord) -> Self {
        let passed = match response.counted.extent {
            UsageExtent::Response => {
                PROMPT_TOKEN_THRESHOLDS.partition_point(|&threshold| threshold < response.counted.usage.prompt())
            }
            UsageExtent::Sum => 0,
        };
        Self {
            session: response.session,
            model: response.counted.stated_model,
            quarter: stated(response).as_millis().div_euclid(QUARTER_HOUR_MILLIS),
            tier: response.counted.tier,
            geo: response.counted.geo,
            extent: response.counted.extent,
            has_cost: response.counted.embedded_cost.is_some(),
            passed,
        }
    }
}

/// Adds responses up.
pub(super) fn sum<'a>(responses: impl Iterator<Item = &'a ResponseRecord>) -> Vec<RollupCell> {
    let mut cells: Vec<RollupCell> = Vec::new();
    let mut places: HashMap<CellKey, usize> = HashMap::new();
    // Responses come in runs of a kind.
    let mut recent = None;
    for response in responses {
        let kind = CellKey::of(response);
        let place = match recent {
            Some((known, place)) if known == kind => place,
            _ => *places.entry(kind).or_insert(cells.len()),
        };
        recent = Some((kind, place));
        match cells.get_mut(place) {
            Some(cell) => cell.add(&RollupCell::of(response)),
            None => cells.push(RollupCell::of(response)),
        }
    }
    cells
}

blob_struct! {
    RollupCell {
        session, model, tier, geo, extent, first, last, smallest_prompt, largest_prompt, responses, usage, embedded_cost,
    }
    Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agtop_model::RecordTime;

    use crate::testing::{minute, response_at};

    fn of_prompt(input: u64) -> ResponseRecord {
        let mut response = response_at(1, 0);
        response.counted.usage = Usage { input, ..Usage::default() };
        response
    }

    #[test]
    fn prompts_on_different_sides_of_a_threshold_are_never_added_up() {
        let around = PROMPT_TOKEN_THRESHOLDS.iter().flat_map(|&threshold| [threshold - 1, threshold + 1]);
        let responses: Vec<ResponseRecord> = around.map(of_prompt).collect();
        let cells = sum(responses.iter());
        assert_eq!(cells.len(), PROMPT_TOKEN_THRESHOLDS.len() + 1);
        for threshold in PROMPT_TOKEN_THRESHOLDS {
            assert!(cells.iter().all(|cell| !cell.is_split_by(threshold)), "{threshold}");
        }
    }

    /// The table is renewed from time to time: then this says what to add.
    #[test]
    fn every_threshold_of_the_bundled_price_list_is_known() {
        let table = include_str!("../../../prices/src/litellm.tsv");
        let items = table.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(['\t', ' ']));
        let lengths = items.filter_map(|item| item.trim_start_matches(['P', 'F', 'B']).strip_prefix('>')?.parse().ok());
        let found: std::collections::BTreeSet<u64> = lengths.collect();
        assert!(found.contains(&200_000), "the table is not read rightly");
        assert_eq!(found.difference(&PROMPT_TOKEN_THRESHOLDS.into()).collect::<Vec<_>>(), Vec::<&u64>::new());
    }

    #[test]
    fn a_prompt_of_exactly_a_threshold_stays_single_because_vendors_differ_on_it() {
        assert!(PROMPT_TOKEN_THRESHOLDS.into_iter().all(|threshold| !is_plain(&of_prompt(threshold))));
        assert!(is_plain(&of_prompt(199_999)) && is_plain(&of_prompt(200_001)));
    }

    #[test]
    fn a_threshold_that_no_bundled_price_has_is_noticed() {
        let cells = sum([of_prompt(10), of_prompt(20)].iter());
        let [cell] = cells.as_slice() else { panic!("{cells:?}") };
        assert!(cell.is_split_by(10) && cell.is_split_by(15) && cell.is_split_by(20));
        assert!(!cell.is_split_by(9) && !cell.is_split_by(21));
    }

    #[test]
    fn counts_of_a_broken_record_stay_single() {
        assert!(!is_plain(&of_prompt(u64::MAX)));
        let mut expensive = response_at(1, 0);
        expensive.counted.embedded_cost = Some(PicoUsd::new(i64::MAX));
        assert!(!is_plain(&expensive));
    }

    #[test]
    fn a_quarter_of_an_hour_begins_with_its_first_millisecond() {
        let at = |millis| {
            let stated = Some(minute(0).plus(std::time::Duration::from_millis(millis)));
            ResponseRecord { time: RecordTime { stated, before: None }, ..response_at(1, 0) }
        };
        let quarter = QUARTER_HOUR_MILLIS.unsigned_abs();
        let responses = [at(0), at(quarter - 1), at(quarter)];
        let counts: Vec<u64> = sum(responses.iter()).iter().map(|cell| cell.responses).collect();
        assert_eq!(counts, [2, 1]);
    }
}
