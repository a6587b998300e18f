use std::ops::AddAssign;

/// Tokens of one response, or a sum of them, in **disjoint** buckets.
///
/// Vendors count differently (Codex includes cached tokens in its input, Claude does not; some report reasoning
/// beside output, some within it). Decoders bring all of them to this shape, and each output computes its own view
/// from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to a cache.
    pub input: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Prompt tokens written to a cache that lives five minutes, or whose lifetime the vendor does not report.
    pub cache_write_5m: u64,
    /// Prompt tokens written to a cache that lives an hour.
    pub cache_write_1h: u64,
    /// Tokens the model wrote, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning, where the vendor reports it. Never added to `output`.
    pub reasoning: u64,
    /// Web searches the vendor ran and bills by the piece.
    pub web_searches: u64,
}

impl Usage {
    /// The whole prompt as the model saw it: fresh, cached and newly cached tokens.
    pub const fn prompt(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write())
    }

    /// Tokens written to a cache of either life.
    pub const fn cache_write(&self) -> u64 {
        self.cache_write_5m.saturating_add(self.cache_write_1h)
    }

    /// Every token once: prompt and output.
    pub const fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output)
    }

    /// Tokens that were read for the first time or written: input and output, without caches. A long prompt is read from
    /// the cache again with each response, so with it a rate would show how long prompts are, not how much is done.
    pub const fn fresh(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Whether nothing at all was used.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// The share of the prompt that came from a cache, 0 to 1; `None` without a prompt.
    pub fn cache_hit_ratio(&self) -> Option<f64> {
        let prompt = self.prompt();
        (prompt > 0).then(|| self.cache_read as f64 / prompt as f64)
    }

    /// What is left of `self` when `earlier`, a previous reading of the same counter, is taken away. A bucket that
    /// fell counts as zero: counters restart, usage never runs backwards. Reasoning stays a part of output.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let output = self.output.saturating_sub(earlier.output);
        Self {
            input: self.input.saturating_sub(earlier.input),
            cache_read: self.cache_read.saturating_sub(earlier.cache_read),
            cache_write_5m: self.cache_write_5m.saturating_sub(earlier.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_sub(earlier.cache_write_1h),
            output,
            reasoning: self.reasoning.saturating_sub(earlier.reasoning).min(output),
            web_searches: self.web_searches.saturating_sub(earlier.web_searches),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write_5m = self.cache_write_5m.saturating_add(other.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.saturating_add(other.cache_write_1h);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.web_searches = self.web_searches.saturating_add(other.web_searches);
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |mut sum, usage| {
            sum += usage;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_is_a_part_of_output_and_counts_once() {
        let usage = Usage {
            input: 1,
            cache_read: 2,
            cache_write_5m: 3,
            cache_write_1h: 4,
            output: 10,
            reasoning: 7,
            web_searches: 1,
        };
        assert_eq!(usage.prompt(), 10);
        assert_eq!(usage.total(), 20);
    }

    #[test]
    fn sums_saturate_instead_of_wrapping() {
        let huge = Usage { input: u64::MAX, ..Usage::default() };
        let sum: Usage = [huge, huge].into_iter().sum();
        assert_eq!(sum.input, u64::MAX);
        assert_eq!(sum.total(), u64::MAX);
    }

    #[test]
    fn a_counter_that_restarted_gives_no_negative_usage() {
        let before = Usage { input: 10, output: 5, ..Usage::default() };
        let after = Usage { input: 3, output: 9, ..Usage::default() };
        assert_eq!(after.since(&before), Usage { output: 4, ..Usage::default() });
    }

    #[test]
    fn what_is_left_of_two_readings_reasons_no_more_than_it_says() {
        let before = Usage { output: 270, reasoning: 60, ..Usage::default() };
        let after = Usage { output: 300, reasoning: 100, ..Usage::default() };
        assert_eq!(after.since(&before), Usage { output: 30, reasoning: 30, ..Usage::default() });
    }
}
