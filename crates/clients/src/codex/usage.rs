//! Derives the usage of each response from Codex's running totals.

use agtop_model::Usage;
use serde::{Deserialize, Serialize};

use crate::parse::Count;

/// Tokens as Codex counts them: `input_tokens` includes cached tokens, `output_tokens` includes reasoning.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Tokens {
    #[serde(rename = "input_tokens")]
    input: Count,
    #[serde(rename = "cached_input_tokens")]
    cached: Count,
    #[serde(rename = "cache_write_input_tokens")]
    cache_write: Count,
    #[serde(rename = "output_tokens")]
    output: Count,
    #[serde(rename = "reasoning_output_tokens")]
    reasoning: Count,
    #[serde(rename = "total_tokens")]
    total: Count,
}

impl Tokens {
    /// The counts by bucket.
    fn buckets(&self) -> [u64; 6] {
        [self.input.0, self.cached.0, self.cache_write.0, self.output.0, self.reasoning.0, self.total.0]
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let count = |mine: Count, its: Count| Count(f(mine.0, its.0));
        Self {
            input: count(self.input, other.input),
            cached: count(self.cached, other.cached),
            cache_write: count(self.cache_write, other.cache_write),
            output: count(self.output, other.output),
            reasoning: count(self.reasoning, other.reasoning),
            total: count(self.total, other.total),
        }
    }

    /// The sum by bucket.
    pub(super) fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// The difference by bucket, at least 0.
    pub(super) fn minus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    /// Whether two records of the same responses agree. Some of them lack the finer buckets.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.input, self.output) == (other.input, other.output)
    }

    /// Whether a counter was reset since `earlier`.
    fn fell_below(&self, earlier: &Self) -> bool {
        self.input.0 < earlier.input.0 || self.output.0 < earlier.output.0
    }

    /// Tokens in the context after the response: prompt and output, including reasoning. Codex itself measures its
    /// context by `last_token_usage.total_tokens` (`get_total_token_usage` in
    /// `codex-rs/core/src/context_manager/history.rs`, and `tokens_in_context_window` in
    /// `codex-rs/protocol/src/protocol.rs`, read 2026-11-30; its percentage leaves out a fixed 12,000 tokens). Releases
    /// until autumn 2025 subtracted reasoning.
    pub(super) fn context(&self) -> u64 {
        self.total.0
    }

    /// The counts as bytes, for keys.
    pub(super) fn bytes(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        for (to, count) in bytes.chunks_exact_mut(8).zip(self.buckets()) {
            to.copy_from_slice(&count.to_le_bytes());
        }
        bytes
    }

    /// The usage in disjoint buckets. Cached tokens beyond the input and reasoning beyond the output are cut.
    pub(super) fn usage(&self) -> Usage {
        let input = self.input.0;
        let cache_read = self.cached.0.min(input);
        let cache_write_5m = self.cache_write.0.min(input - cache_read);
        Usage {
            input: input - cache_read - cache_write_5m,
            cache_read,
            cache_write_5m,
            output: self.output.0,
            reasoning: self.reasoning.0.min(self.output.0),
            ..Usage::default()
        }
    }
}

/// The start of a thread's totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Start {
    /// Zero: the first total is the usage of the first response.
    Zero,
    /// The total of the thread that this one continues, which its file may not have: only `last_token_usage` gives the
    /// usage of the first response.
    Inherited,
}

/// The last readings of a thread's running totals.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Totals {
    total: Option<Tokens>,
    last: Option<Tokens>,
}

impl Totals {
    /// The usage since the last reading; zero if the reading repeats it.
    ///
    /// This is the difference of totals, not `last_token_usage`: that still holds the previous response if one was cut
    /// off at the output limit, and changes without a response when the context is compacted. `last_token_usage` is
    /// used if there is no earlier total to subtract, and is limited to the total itself.
    pub(super) fn advance(&mut self, total: Option<Tokens>, last: Option<Tokens>, start: Start) -> Tokens {
        let last_before = std::mem::replace(&mut self.last, last);
        let Some(total) = total else {
            return if last == last_before { Tokens::default() } else { last.unwrap_or_default() };
        };
        let within = |last: Option<Tokens>| last.unwrap_or_default().zip(&total, u64::min);
        match self.total.replace(total) {
            Some(before) if total == before => Tokens::default(),
            // If the context overflows, Codex writes a total of {total_tokens: window} and zeros: totals start again.
            Some(before) if total.fell_below(&before) => within(last),
            Some(before) => total.zip(&before, u64::saturating_sub),
            None if start == Start::Inherited => within(last),
            None => total,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(input: u64, cached: u64, output: u64) -> Tokens {
        Tokens {
            input: Count(input),
            cached: Count(cached),
            output: Count(output),
            total: Count(input + output),
            ..Tokens::default()
        }
    }

    #[test]
    fn more_cached_than_input_does_not_wrap() {
        let usage = tokens(10, 50, 1).usage();
        assert_eq!((usage.input, usage.cache_read), (0, 10));
    }

    #[test]
    fn cache_writes_are_taken_out_of_the_input() {
        let usage = Tokens { cache_write: Count(30), ..tokens(100, 20, 5) }.usage();
        assert_eq!((usage.input, usage.cache_read, usage.cache_write_5m, usage.total()), (50, 20, 30, 105));
    }

    #[test]
    fn a_last_without_totals_counts_once_however_often_it_is_repeated() {
        let mut totals = Totals::default();
        let last = Some(tokens(10, 0, 1));
        assert_eq!(totals.advance(None, last, Start::Zero), tokens(10, 0, 1));
        assert_eq!(totals.advance(None, last, Start::Zero), Tokens::default());
    }

    proptest! {
        #[test]
        fn rising_totals_sum_to_the_last_one(steps in proptest::collection::vec((0_u64..9_000, 0_u64..900), 1..20)) {
            let (mut totals, mut sum, mut at) = (Totals::default(), Tokens::default(), Tokens::default());
            for (input, output) in steps {
                at = at.zip(&tokens(input, input / 2, output), u64::saturating_add);
                sum = sum.zip(&totals.advance(Some(at), None, Start::Zero), u64::saturating_add);
            }
            prop_assert_eq!(sum, at);
        }
    }
}
