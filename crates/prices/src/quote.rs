use agtop_model::{InferenceGeo, PicoUsd, ServiceTier, Usage, UsageExtent};

use crate::bucket::Bucket;
use crate::fit::{ApplicableRates, AppliedRate, DerivedRate};
use crate::rates::Rates;
use crate::terms::PriceTerms;

/// The cost of one request, item by item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// One line for each bucket with usage.
    pub lines: Vec<QuoteLine>,
    /// The exact sum of the lines.
    pub total: PicoUsd,
    /// Web searches that have no price in the list and are not in `total`.
    pub unpriced_searches: u64,
}

/// One bucket of a [`Quote`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// The bucket.
    pub bucket: Bucket,
    /// The number of tokens or searches.
    pub pieces: u64,
    /// The price of one unit.
    pub rate: PicoUsd,
    /// `pieces` times `rate`.
    pub amount: PicoUsd,
    /// The service tier of the rate: standard if the requested tier has no rate.
    pub tier: ServiceTier,
    /// Where the model ran, if the rate depends on it.
    pub geo: InferenceGeo,
    /// The threshold that the prompt exceeded, in tokens; 0 if the rate applies to any prompt.
    pub above: u64,
    /// How the rate was derived, if the list has none.
    pub derived: Option<DerivedRate>,
}

impl Rates {
    pub(crate) fn quote(&self, usage: &Usage, terms: PriceTerms, extent: UsageExtent) -> Quote {
        let lines: Vec<_> = self.lines(usage, terms, prompt_of(usage, extent)).collect();
        let total = lines.iter().map(|line| line.amount).sum();
        let unpriced_searches = if self.search.is_none() { usage.web_searches } else { 0 };
        Quote { lines, total, unpriced_searches }
    }

    /// The cost of `usage` at the rates of prompts of `prompt` tokens.
    pub(crate) fn total(&self, usage: &Usage, terms: PriceTerms, prompt: u64) -> PicoUsd {
        self.lines(usage, terms, prompt).map(|line| line.amount).sum()
    }

    fn lines(&self, usage: &Usage, terms: PriceTerms, prompt: u64) -> impl Iterator<Item = QuoteLine> {
        let fit = self.applicable(prompt, terms);
        let tokens = token_counts(&fit, usage).into_iter().filter_map(move |(bucket, pieces)| {
            (pieces > 0).then(|| fit.rate(bucket)).flatten().map(|applied| line(bucket, pieces, applied))
        });
        let searches = self.search.filter(|_| usage.web_searches > 0).map(|rate| {
            let applied =
                AppliedRate { rate, tier: ServiceTier::Standard, geo: InferenceGeo::Global, above: 0, derived: None };
            line(Bucket::WebSearch, usage.web_searches, applied)
        });
        tokens.chain(searches)
    }
}

/// The prompt length that decides the rates: 0 for a sum, whose prompt lengths are unknown and mostly short.
pub(crate) fn prompt_of(usage: &Usage, extent: UsageExtent) -> u64 {
    match extent {
        UsageExtent::Response => usage.prompt(),
        UsageExtent::Sum => 0,
    }
}

/// The buckets as billed: reasoning is separate from output only if it has its own rate.
fn token_counts(fit: &ApplicableRates<'_>, usage: &Usage) -> [(Bucket, u64); 6] {
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

fn line(bucket: Bucket, pieces: u64, applied: AppliedRate) -> QuoteLine {
    let AppliedRate { rate, tier, geo, above, derived } = applied;
    QuoteLine { bucket, pieces, rate, amount: rate.times(pieces), tier, geo, above, derived }
}
