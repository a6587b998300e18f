//! The usage of `/compact` summaries.
//!
//! No line records the response that wrote a summary. Since 2.1.332 a transcript has `cost-state` lines with what the
//! session has used so far by model, including that response. The growth of such a total, minus the responses that
//! lines record, is the usage of the summary (equal to what a model server sent, in all five cases of a live run of
//! 2.1.332).
//!
//! The totals also include sub-agents, whose lines are in other files, and the totals of a fork start with those of its
//! original. If either may lie between two totals, the difference is dropped: a gap is better than counting usage
//! twice.

use std::collections::{BTreeMap, VecDeque};

use agtop_model::{InferenceGeo, ResponseCopy, Timestamp, Usage};
use serde::{Deserialize, Serialize};

use super::subagent_mode::SubagentMode;
use super::usage::{CostState, ModelTotal};
use crate::checkpoint;

/// No session uses more models between two totals; a damaged file may.
const MAX_MODELS: usize = 64;

/// Number of responses that may have further lines: lines of one response are almost consecutive.
const RECENT_RESPONSES: usize = 16;

/// Token counts by bucket, in the form in which they are compared and stored.
type Counts = [u64; 6];

/// Sums up what a session's lines record, and finds the usage that only the totals include.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Compactions {
    has_begun: bool,
    /// The last total.
    total: Option<Total>,
    since_total: CountedSinceTotal,
    /// Number of coming totals that may include sub-agents.
    foreign: u8,
    /// The model of the conversation.
    model: Option<String>,
    /// Whether the conversation's model runs in the United States.
    is_within_us: bool,
    recent: VecDeque<RecentResponse>,
}

/// A `cost-state` total.
#[derive(Clone, Serialize, Deserialize)]
struct Total {
    /// Start time of the session that the total belongs to.
    #[serde(with = "checkpoint::millis")]
    start: Option<Timestamp>,
    by_model: BTreeMap<String, Counts>,
}

/// What lines recorded since the last total.
#[derive(Clone, Default, Serialize, Deserialize)]
struct CountedSinceTotal {
    by_model: BTreeMap<String, Counts>,
    #[serde(with = "checkpoint::millis")]
    first: Option<Timestamp>,
    boundary: Option<Boundary>,
    /// Whether it starts with a summary whose conversation is in another file.
    is_cut: bool,
}

/// Where the conversation was compacted.
#[derive(Clone, Serialize, Deserialize)]
struct Boundary {
    uuid: String,
    #[serde(with = "checkpoint::millis")]
    at: Option<Timestamp>,
    model: Option<String>,
    count: u64,
}

/// A response that may have further lines.
#[derive(Clone, Serialize, Deserialize)]
struct RecentResponse {
    message: u128,
    counts: Counts,
}

/// The usage of one summary, or of several that one total covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// The id of the line that marks the compaction; of several the first.
    pub(super) uuid: String,
    /// The time of that line.
    pub(super) at: Option<Timestamp>,
    /// The model.
    pub(super) model: String,
    /// What it used.
    pub(super) usage: Usage,
    /// Number of summaries.
    pub(super) count: u64,
    /// Where the conversation's model runs.
    pub(super) geo: InferenceGeo,
}

impl Compactions {
    /// Records a response on the main line, or another line of it.
    pub(super) fn note_response(&mut self, response: &ResponseCopy, at: Option<Timestamp>) {
        self.has_begun = true;
        self.is_within_us = response.geo == InferenceGeo::Us;
        if self.model.as_deref() != response.model.as_deref() {
            self.model = response.model.as_deref().map(str::to_owned);
        }
        self.note_advice(response, at);
    }

    /// Records a response of another model that the conversation's model consulted.
    pub(super) fn note_advice(&mut self, response: &ResponseCopy, at: Option<Timestamp>) {
        let Some(model) = response.model.as_deref().map(plain) else { return };
        let (message, counts) = (response.message.to_bits(), counts(&response.usage));
        let known = self.recent.iter_mut().find(|recent| recent.message == message);
        let before = known.as_ref().map_or(Counts::default(), |recent| recent.counts);
        if let Some(recent) = known {
            recent.counts = add(before, more(counts, before));
        } else {
            self.recent.truncate(RECENT_RESPONSES - 1);
            self.recent.push_front(RecentResponse { message, counts });
        }
        let since_total = &mut self.since_total;
        since_total.first = [since_total.first, at].into_iter().flatten().min();
        let grown = more(counts, before);
        if let Some(sum) = since_total.by_model.get_mut(model) {
            *sum = add(*sum, grown);
        } else if since_total.by_model.len() < MAX_MODELS {
            since_total.by_model.insert(model.to_owned(), grown);
        }
    }

    /// Records a message to the model.
    pub(super) fn note_prompt(&mut self) {
        self.has_begun = true;
    }

    /// Records that sub-agents are working.
    pub(super) fn note_subagent(&mut self, pace: SubagentMode) {
        self.foreign = self.foreign.max(match pace {
            SubagentMode::Awaited => 1,
            SubagentMode::Background => 2,
        });
    }

    /// Records a compaction.
    pub(super) fn note_boundary(&mut self, uuid: &str, at: Option<Timestamp>) {
        // A fork of a compacted session starts with the summary of its original.
        if !std::mem::replace(&mut self.has_begun, true) {
            self.since_total.is_cut = true;
            return;
        }
        match &mut self.since_total.boundary {
            Some(boundary) => boundary.count += 1,
            none => *none = Some(Boundary { uuid: uuid.to_owned(), at, model: self.model.clone(), count: 1 }),
        }
    }

    /// Takes a total and returns the usage of the summaries since the last total, if it can be determined.
    pub(super) fn take_total(&mut self, state: &CostState<'_>) -> Option<Summary> {
        let by_model = state.model_usage.iter().take(MAX_MODELS).fold(BTreeMap::new(), |mut sums, (model, total)| {
            let sum: &mut Counts = sums.entry(plain(model).to_owned()).or_default();
            *sum = add(*sum, of_total(total));
            sums
        });
        let total = Total { start: state.start_time.0, by_model };
        let since_total = std::mem::take(&mut self.since_total);
        let foreign = self.foreign;
        self.foreign = foreign.saturating_sub(1);
        let before = self.total.replace(total.clone()).filter(|before| before.start == total.start);
        let boundary = since_total.boundary.filter(|_| !since_total.is_cut && foreign == 0)?;
        // Without an earlier total, every line since the session's first response must have been counted.
        if before.is_none() && since_total.first.zip(total.start).is_some_and(|(first, start)| first < start) {
            return None;
        }
        let earlier = before.map(|before| before.by_model).unwrap_or_default();
        let uncounted = uncounted(&total.by_model, &[earlier, since_total.by_model])?;
        let own = boundary.model.filter(|model| uncounted.contains_key(plain(model)));
        let only = || uncounted.keys().next().filter(|_| uncounted.len() == 1).cloned();
        let model = own.or_else(only)?;
        let usage = usage(*uncounted.get(plain(&model))?);
        let geo = if self.is_within_us { InferenceGeo::Us } else { InferenceGeo::Global };
        Some(Summary { uuid: boundary.uuid, at: boundary.at, model, usage, count: boundary.count, geo })
    }
}

/// The part of `total` that is not in `counted`, by model; `None` if more was counted than the total has, because then
/// they do not belong together.
fn uncounted(
    total: &BTreeMap<String, Counts>,
    counted: &[BTreeMap<String, Counts>; 2],
) -> Option<BTreeMap<String, Counts>> {
    let mut rest = total.clone();
    for (model, counts) in counted.iter().flatten() {
        let left = rest.entry(model.clone()).or_default();
        for (left, count) in left.iter_mut().zip(counts) {
            *left = left.checked_sub(*count)?;
        }
    }
    rest.retain(|_, left| *left != Counts::default());
    Some(rest)
}

/// A model's name without the suffix that totals add (`[1m]`) or the date that they omit.
fn plain(model: &str) -> &str {
    let name = model.split('[').next().unwrap_or(model);
    let is_date = |word: &str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, word)| is_date(word)).map_or(name, |(name, _)| name)
}

fn counts(usage: &Usage) -> Counts {
    let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning: _, web_searches } = *usage;
    [input, cache_read, cache_write_5m, cache_write_1h, output, web_searches]
}

fn usage([input, cache_read, five_minutes, hour, output, web_searches]: Counts) -> Usage {
    Usage { input, cache_read, cache_write_5m: five_minutes, cache_write_1h: hour, output, reasoning: 0, web_searches }
}

fn of_total(total: &ModelTotal) -> Counts {
    counts(&total.usage())
}

fn add(a: Counts, b: Counts) -> Counts {
    std::array::from_fn(|bucket| a[bucket].saturating_add(b[bucket]))
}

/// How much `counts` exceed `before`, by bucket.
fn more(counts: Counts, before: Counts) -> Counts {
    std::array::from_fn(|bucket| counts[bucket].saturating_sub(before[bucket]))
}
