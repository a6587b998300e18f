//! How Copilot's usage counts once, although it is written down up to four times.
//!
//! | Record | Says | Since |
//! |---|---|---|
//! | `session.usage_record` | everything about one call of a model | after 1.0.60, by 1.0.102 |
//! | `chat` span of OpenTelemetry | the same, in another file, if the user turned that on | 1.0.20 at the latest |
//! | `session.shutdown` | sums by model; up to 1.0.60 of its own process alone, in 1.0.102 of the whole session | 1.0.20 at the latest |
//! | `assistant.message` | what one call wrote, not what it read | up to 1.0.60 at least |
//! | `session.compaction_complete` | the call that made a summary, which no other record tells | 1.0.60 at the latest |
//!
//! (From runs of 1.0.20, 1.0.60 and 1.0.102 against a model server whose answers were known.)
//!
//! A call has one key, made from the provider's id and its counts, so that a record and a span of it are one. (The id
//! alone is not enough: local servers number their answers from a small range.) The coarser records make way:
//!
//! - a record or span is a part of the *message* it answers with, so that the message's bare output does not count;
//! - a shutdown's total is a part of each message of its process, so that the total replaces them all;
//! - a span is a part of the totals of the process that it tells of: where there is one span, there are all, and calls
//!   are better than sums. Spans do not name their process, but the person's request they serve ("interaction"); the
//!   totals of a process are therefore keyed by its first.
//!
//! Not exact is one case: up to 1.0.60 one span told all calls of a sub-agent, and makes only its last message
//! superfluous. Where such a process was killed, the output of the messages before it counts beside the span.
//!
//! A total of a session that has records counts only as far as it exceeds them.

use std::collections::BTreeMap;

use agtop_model::{MessageKey, StopReason, Usage};

use super::ID;
use super::wire::Counts;

/// A process seldom uses more models than this; the totals of those beyond it make no way for spans.
pub(super) const MOST_MODELS: usize = 8;

/// The vendor's prompt count includes what was read from and written to the cache.
pub(super) fn usage(counts: &Counts) -> Usage {
    let cached = counts.cache_read.0.saturating_add(counts.cache_write.0);
    Usage {
        input: counts.input.0.saturating_sub(cached),
        cache_read: counts.cache_read.0,
        cache_write_5m: counts.cache_write.0,
        output: counts.output.0,
        reasoning: counts.reasoning.0.min(counts.output.0),
        ..Usage::default()
    }
}

/// One call of a model, wherever it is told.
pub(super) fn call(id: &str, counts: &Counts) -> MessageKey {
    let parts = [id.as_bytes(), &counts.input.0.to_le_bytes(), &counts.output.0.to_le_bytes()];
    MessageKey::by_content(ID, &parts)
}

/// A message of the model, by the provider's id of the call that wrote it.
pub(super) fn message(call: &str) -> MessageKey {
    MessageKey::global(ID, &format!("message:{call}"))
}

/// A message of the model that does not name its call (1.0.20): one turn of the agent's loop is one call.
pub(super) fn message_of_turn(interaction: &str, turn: &str) -> MessageKey {
    MessageKey::global(ID, &format!("turn:{interaction}/{turn}"))
}

/// A process's total for the n-th of its models.
pub(super) fn total(first_interaction: &str, nth: usize) -> MessageKey {
    MessageKey::global(ID, &format!("total:{first_interaction}#{nth}"))
}

/// The totals of the process whose first interaction this is.
pub(super) fn totals(first_interaction: &str) -> impl Iterator<Item = MessageKey> {
    (0..MOST_MODELS).map(move |nth| total(first_interaction, nth))
}

/// What some requests used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) usage: Usage,
    pub(super) requests: u64,
}

/// What a session's records and totals have told so far, by model.
#[derive(Debug, Default)]
pub(super) struct Told {
    by_model: BTreeMap<String, Sum>,
    has_records: bool,
}

/// More models than this no session uses honestly.
const MOST_TOLD: usize = 1024;

impl Told {
    /// A call was told by its own record.
    pub(super) fn note_record(&mut self, model: &str, usage: Usage) {
        self.has_records = true;
        self.add(model, Sum { usage, requests: 1 });
    }

    /// What a total says that was not told before. One of a session with records is of the whole session, whichever
    /// processes wrote it; one without is of its own process.
    pub(super) fn news_of_total(&mut self, model: &str, total: Sum, is_of_session: bool) -> Sum {
        let news = match self.by_model.get(model) {
            Some(told) if is_of_session || self.has_records => {
                Sum { usage: total.usage.since(&told.usage), requests: total.requests.saturating_sub(told.requests) }
            }
            _ => total,
        };
        self.add(model, news);
        news
    }

    fn add(&mut self, model: &str, sum: Sum) {
        if let Some(told) = self.by_model.get_mut(model) {
            told.usage += sum.usage;
            told.requests = told.requests.saturating_add(sum.requests);
        } else if self.by_model.len() < MOST_TOLD {
            self.by_model.insert(model.to_owned(), sum);
        }
    }
}

/// Reasons come in the spelling of the model's provider.
pub(super) fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "stop" | "end_turn" | "completed" => StopReason::EndTurn,
        "tool_calls" | "tool_use" => StopReason::ToolUse,
        "length" | "max_tokens" | "max_output_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        _ => StopReason::Other,
    }
}
