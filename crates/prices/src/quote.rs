use agtop_model::{InferenceGeo, PicoUsd, ServiceTier, Usage, UsageExtent};

use crate::bucket::Bucket;
use crate::fit::{Applied, Derived, Fit};
use crate::rates::Rates;
use crate::terms::Terms;

/// What one request costs, item by item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// One line for each bucket that was used.
    pub lines: Vec<QuoteLine>,
    /// The sum of the lines, exactly.
    pub total: PicoUsd,
    /// Web searches that the list has no price for, and that `total` therefore lacks.
    pub unpriced_searches: u64,
}

/// One bucket of a [`Quote`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// What was used.
    pub bucket: Bucket,
    /// How many tokens, or searches.
    pub pieces: u64,
    /// The price of one.
    pub rate: PicoUsd,
    /// `pieces` times `rate`.
    pub amount: PicoUsd,
    /// The class of service whose rate it is: the list price where the class asked for has no rate of its own.
    pub tier: ServiceTier,
    /// Where the model ran, if its rate depends on that.
    pub geo: InferenceGeo,
    /// The threshold that the prompt passed, in tokens; 0 where the rate holds for any prompt.
    pub above: u64,
    /// How the rate was made, where the list has none.
    pub derived: Option<Derived>,
}

impl Rates {
    pub(crate) fn quote(&self, usage: &Usage, terms: Terms, extent: UsageExtent) -> Quote {
        let lines: Vec<_> = self.lines(usage, terms, prompt_of(usage, extent)).collect();
        let total = lines.iter().map(|line| line.amount).sum();
        let unpriced_searches = if self.search.is_none() { usage.web_searches } else { 0 };
        Quote { lines, total, unpriced_searches }
    }

    /// What this costs at the rates of prompts of so many tokens.
    pub(crate) fn total(&self, usage: &Usage, terms: Terms, prompt: u64) -> PicoUsd {
        self.lines(usage, terms, prompt).map(|line| line.amount).sum()
    }

    fn lines(&self, usage: &Usage, terms: Terms, prompt: u64) -> impl Iterator<Item = QuoteLine> {
        let fit = self.fit(prompt, terms);
        let tokens = token_counts(&fit, usage).into_iter().filter_map(move |(bucket, pieces)| {
            (pieces > 0).then(|| fit.rate(bucket)).flatten().map(|applied| line(bucket, pieces, applied))
        });
        let searches = self.search.filter(|_| usage.web_searches > 0).map(|rate| {
            let applied =
                Applied { rate, tier: ServiceTier::Standard, geo: InferenceGeo::Global, above: 0, derived: None };
            line(Bucket::WebSearch, usage.web_searches, applied)
        });
        tokens.chain(searches)
    }
}

/// The length that decides the rates: of a sum of prompts nobody knows it, and most are short.
pub(crate) fn prompt_of(usage: &Usage, extent: UsageExtent) -> u64 {
    match extent {
        UsageExtent::Response => usage.prompt(),
        UsageExtent::Sum => 0,
    }
}

/// The buckets as they are billed: reasoning leaves output only where it has a rate of its own.
fn token_counts(fit: &Fit<'_>, usage: &Usage) -> [(Bucket, u64); 6] {
    let rate = |bucket| fit.rate(bucket).map(|applied| applied.rate);
    let apart = usage.reasoning > 0 && rate(Bucket::Reasoning) != rate(Bucket::Output);
    let reasoning = if apart { usage.reasoning.min(usage.output) } else { 0 };
    [
        (Bucket::Input, usage.input),
        (Bucket::CacheRead, usage.cache_read),
        (Bucket::CacheWrite5m, usage.cache_write_5m),
        (Bucket::CacheWrite1h, usage.cache_write_1h),
        (Bucket::Output, usage.output.saturating_sub(reasoning)),
        (Bucket::Reasoning, reasoning),
    ]
}

fn line(bucket: Bucket, pieces: u64, applied: Applied) -> QuoteLine {
    let Applied { rate, tier, geo, above, derived } = applied;
    QuoteLine { bucket, pieces, rate, amount: rate.times(pieces), tier, geo, above, derived }
}
