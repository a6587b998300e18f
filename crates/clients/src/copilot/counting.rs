//! Counts Copilot's usage once, although it is recorded up to four times.
//!
//! | Record | Says | Since |
//! |---|---|---|
//! | `session.usage_record` | everything about one call of a model | after 1.0.60, by 1.0.102 |
//! | `chat` span of OpenTelemetry | the same, in another file, if the user turned that on | 1.0.20 at the latest |
//! | `session.shutdown` | sums by model; up to 1.0.60 of its own process alone, in 1.0.102 of the whole session | 1.0.20 at the latest |
//! | `assistant.message` | what one call wrote, not what it read | up to 1.0.60 at least |
//! | `session.compaction_complete` | the call that made a summary; no other record has it | 1.0.60 at the latest |
//!
//! (From runs of 1.0.20, 1.0.60 and 1.0.102 against a model server with known responses.)
//!
//! A call has one key, made of the provider's id and its counts, so that its record and its span are the same call.
//! (The id alone is not enough: local servers number their responses from a small range.) Coarser records are replaced:
//!
//! - a record or span is a part of the *message* that it produced, so that the message's output alone does not count;
//! - a shutdown's total is a part of each message of its process, so that the total replaces them all;
//! - a span is a part of the totals of its process: if there is one span, there are all, and calls are better than
//!   sums. Spans do not name their process, but the user request that they serve ("interaction"); the totals of a
//!   process are therefore keyed by its first interaction.
//!
//! One case is inexact: up to 1.0.60, one span covers all calls of a sub-agent and replaces only its last message. If
//! such a process was killed, the output of the earlier messages counts in addition to the span.
//!
//! The total of a session with records counts only as far as it exceeds them.

use std::collections::BTreeMap;

use agtop_model::{MessageKey, StopReason, Usage};

use super::id::ID;
use super::wire::Counts;

/// A process rarely uses more models; totals of further models are not replaced by spans.
pub(super) const MAX_MODELS_PER_PROCESS: usize = 8;

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

/// The key of one call of a model, for all of its records.
pub(super) fn call(id: &str, counts: &Counts) -> MessageKey {
    let parts = [id.as_bytes(), &counts.input.0.to_le_bytes(), &counts.output.0.to_le_bytes()];
    MessageKey::by_content(ID, &parts)
}

/// The key of a message of the model, by the provider's id of the call that produced it.
pub(super) fn message(call: &str) -> MessageKey {
    MessageKey::global(ID, &format!("message:{call}"))
}

/// The key of a message that does not name its call (1.0.20): one turn of the agent's loop is one call.
pub(super) fn message_of_turn(interaction: &str, turn: &str) -> MessageKey {
    MessageKey::global(ID, &format!("turn:{interaction}/{turn}"))
}

/// The key of a process's total for its n-th model.
pub(super) fn total(first_interaction: &str, nth: usize) -> MessageKey {
    MessageKey::global(ID, &format!("total:{first_interaction}#{nth}"))
}

/// The keys of all totals of the process with this first interaction.
pub(super) fn totals(first_interaction: &str) -> impl Iterator<Item = MessageKey> {
    (0..MAX_MODELS_PER_PROCESS).map(move |nth| total(first_interaction, nth))
}

/// The usage of several requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) usage: Usage,
    pub(super) requests: u64,
}

/// The usage that a session's records and totals have reported so far, by model.
#[derive(Debug, Default)]
pub(super) struct ReportedUsage {
    by_model: BTreeMap<String, Sum>,
    has_records: bool,
}

/// No real session uses more models.
const MAX_MODELS: usize = 1024;

impl ReportedUsage {
    /// Adds the usage of a call with its own record.
    pub(super) fn note_record(&mut self, model: &str, usage: Usage) {
        self.has_records = true;
        self.add(model, Sum { usage, requests: 1 });
    }

    /// The part of a total that was not reported before. In a session with records, a total covers the whole session,
    /// whichever process wrote it; in one without records it covers its own process.
    pub(super) fn unreported(&mut self, model: &str, total: Sum, is_of_session: bool) -> Sum {
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
        } else if self.by_model.len() < MAX_MODELS {
            self.by_model.insert(model.to_owned(), sum);
        }
    }
}

/// Reasons are spelled as the model's provider spells them.
pub(super) fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "stop" | "end_turn" | "completed" => StopReason::EndTurn,
        "tool_calls" | "tool_use" => StopReason::ToolUse,
        "length" | "max_tokens" | "max_output_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        _ => StopReason::Other,
    }
}
