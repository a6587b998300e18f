//! What the summaries of `/compact` used.
//!
//! No line tells the response that wrote a summary, but since 2.1.332 a session's transcript has `cost-state` lines with
//! what the session used so far by model, that response included. What such a total has grown by, less the responses
//! that lines tell, is the summary's (equal to what a model server sent, in all five cases of a live run of 2.1.332).
//!
//! The totals also hold sub-agents, whose lines are in other files, and a fork's begin with those of its original. Where
//! either may stand between two totals nothing is made of the difference: a gap is better than usage counted twice.

use std::collections::{BTreeMap, VecDeque};

use agtop_model::{InferenceGeo, Timestamp, Turn, Usage};
use serde::{Deserialize, Serialize};

use super::wire::{CostState, ModelTotal};
use crate::checkpoint;

/// Between two totals no session uses more models; damage does.
const MAX_MODELS: usize = 64;

/// Lines of one response follow one another but for a few of others.
const RECENT_RESPONSES: usize = 16;

/// Tools that set sub-agents to work.
pub(super) const SUBAGENT_TOOLS: [&str; 4] = ["Task", "Agent", "SendMessage", "Workflow"];

/// Counts by bucket, as they are compared and kept.
type Counts = [u64; 6];

/// Accounts for what a session's lines tell, and finds what they do not.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Compactions {
    has_begun: bool,
    /// The last total.
    total: Option<Total>,
    stretch: Stretch,
    /// For how many totals to come sub-agents may be within.
    foreign: u8,
    /// The model of the conversation.
    model: Option<String>,
    /// It runs within the United States.
    is_within_us: bool,
    recent: VecDeque<Recent>,
}

/// A total that was written down.
#[derive(Clone, Serialize, Deserialize)]
struct Total {
    /// When the session that it is of was begun.
    #[serde(with = "checkpoint::millis")]
    start: Option<Timestamp>,
    by_model: BTreeMap<String, Counts>,
}

/// What lines told since the last total.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Stretch {
    by_model: BTreeMap<String, Counts>,
    #[serde(with = "checkpoint::millis")]
    first: Option<Timestamp>,
    boundary: Option<Boundary>,
    /// It begins with the summary of what is in another file.
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

/// A response whose further lines may come.
#[derive(Clone, Serialize, Deserialize)]
struct Recent {
    message: u128,
    counts: Counts,
}

/// What wrote one summary, or several where one total stands for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// The line that says that the conversation was compacted; of several the first.
    pub(super) uuid: String,
    /// When it was.
    pub(super) at: Option<Timestamp>,
    /// The model.
    pub(super) model: String,
    /// What it used.
    pub(super) usage: Usage,
    /// How many summaries.
    pub(super) count: u64,
    /// Where the conversation's model runs.
    pub(super) geo: InferenceGeo,
}

impl Compactions {
    /// Takes note of a response on the main line, or of another line of it.
    pub(super) fn note_response(&mut self, turn: &Turn, at: Option<Timestamp>) {
        self.has_begun = true;
        self.is_within_us = turn.geo == InferenceGeo::Us;
        if self.model.as_deref() != turn.model.as_deref() {
            self.model = turn.model.as_deref().map(str::to_owned);
        }
        self.note_advice(turn, at);
    }

    /// Takes note of a response of another model that the conversation's has consulted.
    pub(super) fn note_advice(&mut self, turn: &Turn, at: Option<Timestamp>) {
        let Some(model) = turn.model.as_deref().map(plain) else { return };
        let (message, counts) = (turn.message.to_bits(), counts(&turn.usage));
        let known = self.recent.iter_mut().find(|recent| recent.message == message);
        let before = known.as_ref().map_or(Counts::default(), |recent| recent.counts);
        if let Some(recent) = known {
            recent.counts = add(before, more(counts, before));
        } else {
            self.recent.truncate(RECENT_RESPONSES - 1);
            self.recent.push_front(Recent { message, counts });
        }
        let stretch = &mut self.stretch;
        stretch.first = [stretch.first, at].into_iter().flatten().min();
        let grown = more(counts, before);
        if let Some(sum) = stretch.by_model.get_mut(model) {
            *sum = add(*sum, grown);
        } else if stretch.by_model.len() < MAX_MODELS {
            stretch.by_model.insert(model.to_owned(), grown);
        }
    }

    /// Takes note of what is said to the model.
    pub(super) fn note_prompt(&mut self) {
        self.has_begun = true;
    }

    /// Takes note that sub-agents are at work.
    pub(super) fn note_subagent(&mut self, pace: Pace) {
        self.foreign = self.foreign.max(match pace {
            Pace::Awaited => 1,
            Pace::Background => 2,
        });
    }

    /// Takes note that the conversation was compacted.
    pub(super) fn note_boundary(&mut self, uuid: &str, at: Option<Timestamp>) {
        // A fork of what was compacted begins with its original's summary.
        if !std::mem::replace(&mut self.has_begun, true) {
            self.stretch.is_cut = true;
            return;
        }
        match &mut self.stretch.boundary {
            Some(boundary) => boundary.count += 1,
            none => *none = Some(Boundary { uuid: uuid.to_owned(), at, model: self.model.clone(), count: 1 }),
        }
    }

    /// Takes a total; says what the summaries since the last one used, where that can be known.
    pub(super) fn settle(&mut self, state: &CostState<'_>) -> Option<Summary> {
        let by_model = state.model_usage.iter().take(MAX_MODELS).fold(BTreeMap::new(), |mut sums, (model, total)| {
            let sum: &mut Counts = sums.entry(plain(model).to_owned()).or_default();
            *sum = add(*sum, of_total(total));
            sums
        });
        let total = Total { start: state.start_time.0, by_model };
        let stretch = std::mem::take(&mut self.stretch);
        let foreign = self.foreign;
        self.foreign = foreign.saturating_sub(1);
        let before = self.total.replace(total.clone()).filter(|before| before.start == total.start);
        let boundary = stretch.boundary.filter(|_| !stretch.is_cut && foreign == 0)?;
        // Without an earlier total everything must have been counted from the first response on.
        if before.is_none() && stretch.first.zip(total.start).is_some_and(|(first, start)| first < start) {
            return None;
        }
        let earlier = before.map(|before| before.by_model).unwrap_or_default();
        let untold = untold(&total.by_model, &[earlier, stretch.by_model])?;
        let own = boundary.model.filter(|model| untold.contains_key(plain(model)));
        let only = || untold.keys().next().filter(|_| untold.len() == 1).cloned();
        let model = own.or_else(only)?;
        let usage = usage(*untold.get(plain(&model))?);
        let geo = if self.is_within_us { InferenceGeo::Us } else { InferenceGeo::Global };
        Some(Summary { uuid: boundary.uuid, at: boundary.at, model, usage, count: boundary.count, geo })
    }
}

/// Whether a sub-agent's caller waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// It does.
    Awaited,
    /// It goes on.
    Background,
}

/// What is in `total` beyond `told`, by model; nothing if more was told than the total has, for then they do not belong
/// together.
fn untold(total: &BTreeMap<String, Counts>, told: &[BTreeMap<String, Counts>; 2]) -> Option<BTreeMap<String, Counts>> {
    let mut rest = total.clone();
    for (model, counts) in told.iter().flatten() {
        let left = rest.entry(model.clone()).or_default();
        for (left, count) in left.iter_mut().zip(counts) {
            *left = left.checked_sub(*count)?;
        }
    }
    rest.retain(|_, left| *left != Counts::default());
    Some(rest)
}

/// A model without what totals add to its name (`[1m]`) or leave out of it (a date).
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

/// How far `counts` are beyond `before`.
fn more(counts: Counts, before: Counts) -> Counts {
    std::array::from_fn(|bucket| counts[bucket].saturating_sub(before[bucket]))
}
