use std::sync::Arc;

use crate::{ClientId, CoarserRecords, MessageKey, PicoUsd, Timestamp, Usage};

/// One response of a model.
///
/// A response is written down more than once: per content block, again by resumed and forked sessions, beside a
/// sub-agent's parent. All copies carry the same [`MessageKey`] and merge into one record by rules that do not depend
/// on the order in which files are read:
/// - the usage that counts is the greatest, which is the last, since the usage of one response only grows;
/// - it belongs to the session on the main line, else to the one whose file was opened first.
#[derive(Clone, Debug)]
pub struct ResponseCopy {
    /// Which response.
    pub message: MessageKey,
    /// The vendor's id of it, for people to find it by.
    pub id: Option<Box<str>>,
    /// Coarser records that this one is a part of (a message of several steps, a running total): where any part of a
    /// coarser record is known, the coarser record does not count.
    pub part_of: CoarserRecords,
    /// The model that answered.
    pub model: Option<Arc<str>>,
    /// What it used.
    pub usage: Usage,
    /// The class of service, which sets the price.
    pub tier: ServiceTier,
    /// Where the model ran, which may raise the price.
    pub geo: InferenceGeo,
    /// Whether it is one response or a sum of several.
    pub extent: UsageExtent,
    /// What the model was asked for.
    pub purpose: Purpose,
    /// How many requests it answers: 1, or as many as a sum says.
    pub requests: u64,
    /// What the agent says it cost.
    pub embedded_cost: Option<PicoUsd>,
    /// Why the model stopped.
    pub stop: Option<StopReason>,
    /// Whether it belongs to the conversation itself.
    pub lineage: Lineage,
    /// When the file that holds this copy was begun: the first copy's session owns the response.
    pub opened: Timestamp,
    /// Tokens that were in the context with this response, where it differs from the prompt.
    pub context_used: Option<u64>,
}

impl ResponseCopy {
    /// A response on the main line of which nothing but the usage is known.
    pub const fn new(message: MessageKey, usage: Usage, opened: Timestamp) -> Self {
        Self {
            message,
            id: None,
            part_of: CoarserRecords::none(),
            model: None,
            usage,
            tier: ServiceTier::Standard,
            geo: InferenceGeo::Global,
            extent: UsageExtent::Response,
            purpose: Purpose::Answer,
            requests: 1,
            embedded_cost: None,
            stop: None,
            lineage: Lineage::Main,
            opened,
            context_used: None,
        }
    }

    /// Makes it a reading of a running total: of all responses so far, because nothing else is written down. It is a
    /// part of itself, so it never counts; what counts is by how much it grows from reading to reading, see
    /// [`RunningTotal::step`].
    #[must_use]
    pub fn running(self) -> Self {
        Self { part_of: CoarserRecords::one(self.message), extent: UsageExtent::Sum, ..self }
    }

    /// The running total that this is a reading of, if it is one.
    pub fn running_total(&self) -> Option<RunningTotal> {
        let Self { message, usage, embedded_cost, .. } = *self;
        self.part_of.contains(message).then_some(RunningTotal { message, usage, embedded_cost })
    }
}

/// A reading of a running total, or what was used between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningTotal {
    /// Which total; of a step, which step.
    pub message: MessageKey,
    /// How far it has come.
    pub usage: Usage,
    /// What the agent says that cost.
    pub embedded_cost: Option<PicoUsd>,
}

impl RunningTotal {
    /// What was used since an earlier reading, if anything. Whoever makes the same reading gets the same key. A total
    /// that fell was set back in between: all of it is new.
    #[must_use]
    pub fn step(&self, client: ClientId, earlier: Option<&Self>) -> Option<Self> {
        let before = earlier.map_or_else(Usage::default, |earlier| earlier.usage);
        let was_set_back = self.usage.total() < before.total();
        let usage = if was_set_back { self.usage } else { self.usage.since(&before) };
        if usage.is_zero() {
            return None;
        }
        let paid = earlier.filter(|_| !was_set_back).and_then(|earlier| earlier.embedded_cost).unwrap_or_default();
        let cost = |now: PicoUsd| PicoUsd::new(now.as_pico().saturating_sub(paid.as_pico()).max(0));
        let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches } = self.usage;
        let reading = [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, web_searches];
        let bytes: Vec<u8> = reading.iter().flat_map(|count| count.to_le_bytes()).collect();
        let message = MessageKey::by_content(client, &[&self.message.to_bits().to_le_bytes(), &bytes]);
        Some(Self { message, usage, embedded_cost: self.embedded_cost.map(cost) })
    }
}

/// Whether a response belongs to the conversation with the user or to a branch off it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lineage {
    /// The conversation itself: it fills the context window.
    #[default]
    Main,
    /// A sub-agent's own transcript.
    Sidechain,
    /// A copy that another transcript embeds.
    Embedded,
}

/// Whether usage is one response's or a sum's. Prices that depend on the length of a prompt hold for one response; a
/// sum says nothing about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UsageExtent {
    /// One response.
    #[default]
    Response,
    /// Several responses together, because nothing finer is written down.
    Sum,
}

/// Where a response was computed, as far as its price depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InferenceGeo {
    /// Anywhere: the list price.
    #[default]
    Global,
    /// In the United States only, for which Anthropic takes a surcharge.
    Us,
}

impl InferenceGeo {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Us => "us",
        }
    }
}

/// What a model was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// An answer in the conversation.
    #[default]
    Answer,
    /// A summary of the conversation that takes its place in the context window.
    Compaction,
}

impl Purpose {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Compaction => "compaction",
        }
    }
}

/// Class of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceTier {
    /// The list price.
    #[default]
    Standard,
    /// Faster, more expensive.
    Priority,
    /// Slower, cheaper.
    Flex,
    /// Within a day, cheaper still.
    Batch,
    /// Anthropic's fast mode.
    Fast,
}

impl ServiceTier {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Priority => "priority",
            Self::Flex => "flex",
            Self::Batch => "batch",
            Self::Fast => "fast",
        }
    }
}

/// Why a model stopped. Of two copies of a response that disagree, the greater counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StopReason {
    /// The model finished: the user is next.
    EndTurn,
    /// It wants a tool's answer.
    ToolUse,
    /// It hit the output limit.
    MaxTokens,
    /// It wrote a stop sequence.
    StopSequence,
    /// It refused, was cut off, or something else.
    Other,
}

impl StopReason {
    /// The name in JSON, in Anthropic's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::StopSequence => "stop_sequence",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientId = ClientId::new("x");

    fn total(output: u64, cost: i64) -> RunningTotal {
        let message = MessageKey::by_content(CLIENT, &[b"total"]);
        let usage = Usage { output, ..Usage::default() };
        RunningTotal { message, usage, embedded_cost: Some(PicoUsd::new(cost)) }
    }

    fn step(now: RunningTotal, before: RunningTotal) -> Option<(u64, i64)> {
        now.step(CLIENT, Some(&before)).map(|step| (step.usage.output, step.embedded_cost.unwrap().as_pico()))
    }

    #[test]
    fn a_total_counts_by_what_it_has_grown() {
        let first = total(10, 100).step(CLIENT, None).unwrap();
        assert_eq!((first.usage.output, first.embedded_cost), (10, Some(PicoUsd::new(100))));
        assert_eq!(step(total(15, 130), total(10, 100)), Some((5, 30)));
        assert_eq!(step(total(15, 130), total(15, 130)), None);
    }

    #[test]
    fn a_total_that_was_set_back_is_all_new() {
        assert_eq!(step(total(4, 20), total(15, 130)), Some((4, 20)));
    }

    #[test]
    fn the_same_reading_is_the_same_step_whatever_was_read_before() {
        let (one, other) = (total(15, 130).step(CLIENT, None), total(15, 130).step(CLIENT, Some(&total(10, 100))));
        assert_eq!(one.unwrap().message, other.unwrap().message);
        assert_ne!(one.unwrap().message, total(16, 130).step(CLIENT, None).unwrap().message);
    }
}
