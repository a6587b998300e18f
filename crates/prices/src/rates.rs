use agtop_model::{PicoUsd, ServiceTier};

use crate::bucket::{Bucket, TOKEN_BUCKETS};
use crate::terms::Multipliers;

/// All rates of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub(crate) max_input: Option<u64>,
    pub(crate) max_output: Option<u64>,
    /// The price of one web search.
    pub(crate) search: Option<PicoUsd>,
    pub(crate) multipliers: Multipliers,
    pub(crate) caching: CacheBilling,
    pub(crate) threshold: Threshold,
    /// By service tier, then threshold: the list price of short prompts first.
    pub(crate) bands: Vec<RateBand>,
}

/// How cached tokens are billed if the list has no rate for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CacheBilling {
    /// As input: the provider publishes no cache price (`LiteLLM`'s rule).
    #[default]
    AsInput,
    /// Anthropic's published multiples of the input rate: 0.1 for reads, 1.25 for writes, 2 for one-hour writes.
    Multiples,
}

/// Whether a prompt of exactly the threshold's length pays the higher rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// No.
    #[default]
    Exceeded,
    /// Yes (xAI).
    Reached,
}

/// The rates of one service tier for prompts above one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RateBand {
    pub(crate) tier: ServiceTier,
    /// Number of tokens that the prompt must exceed; 0 for any prompt.
    pub(crate) above: u64,
    rates: [Option<PicoUsd>; TOKEN_BUCKETS],
}

/// A rate as in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedRate {
    /// The service tier.
    pub tier: ServiceTier,
    /// Number of tokens that the prompt must exceed; 0 for any prompt.
    pub above: u64,
    /// The bucket that it prices.
    pub bucket: Bucket,
    /// The price of one token.
    pub rate: PicoUsd,
}

impl RateBand {
    pub(crate) const fn new(tier: ServiceTier, above: u64) -> Self {
        Self { tier, above, rates: [None; TOKEN_BUCKETS] }
    }

    pub(crate) fn get(&self, bucket: Bucket) -> Option<PicoUsd> {
        self.rates.get(bucket as usize).copied().flatten()
    }

    pub(crate) fn set(&mut self, bucket: Bucket, rate: Option<PicoUsd>) {
        if let Some(slot) = self.rates.get_mut(bucket as usize) {
            *slot = rate;
        }
    }

    fn is_empty(&self) -> bool {
        self.rates.iter().all(Option::is_none)
    }
}

impl Rates {
    /// Maximum prompt length in tokens, if the list has it.
    pub const fn max_input(&self) -> Option<u64> {
        self.max_input
    }

    /// Maximum response length in tokens, if the list has it.
    pub const fn max_output(&self) -> Option<u64> {
        self.max_output
    }

    /// The price of one web search, if the list has it.
    pub const fn web_search(&self) -> Option<PicoUsd> {
        self.search
    }

    /// The multiplier of token rates in fast mode, if the vendor has one.
    pub fn fast_multiplier(&self) -> Option<f64> {
        self.multipliers.fast.map(|millionths| millionths as f64 / 1e6)
    }

    /// The multiplier of token rates for inference in the United States, if the vendor has a surcharge.
    pub fn us_multiplier(&self) -> Option<f64> {
        self.multipliers.us.map(|millionths| millionths as f64 / 1e6)
    }

    /// All token rates of the list, the list price of short prompts first.
    pub fn listed(&self) -> impl Iterator<Item = ListedRate> + '_ {
        self.bands.iter().flat_map(|band| {
            Bucket::TOKENS.into_iter().filter_map(|bucket| {
                band.get(bucket).map(|rate| ListedRate { tier: band.tier, above: band.above, bucket, rate })
            })
        })
    }

    /// Whether both input and output have a price; many models are listed only for their limits.
    pub(crate) fn is_priced(&self) -> bool {
        let listed = |bucket| self.bands.iter().any(|b| b.tier == ServiceTier::Standard && b.get(bucket).is_some());
        listed(Bucket::Input) && listed(Bucket::Output)
    }

    /// Adds a band unless it is empty.
    pub(crate) fn push(&mut self, band: RateBand) {
        if !band.is_empty() {
            self.bands.push(band);
        }
    }
}
