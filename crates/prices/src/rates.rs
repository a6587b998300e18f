use agtop_model::{PicoUsd, ServiceTier};

use crate::bucket::{Bucket, TOKEN_BUCKETS};
use crate::terms::Multipliers;

/// Every rate of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub(crate) max_input: Option<u64>,
    pub(crate) max_output: Option<u64>,
    /// One web search.
    pub(crate) search: Option<PicoUsd>,
    pub(crate) multipliers: Multipliers,
    pub(crate) caching: Caching,
    pub(crate) threshold: Threshold,
    /// By class of service, then threshold: the list price of short prompts first.
    pub(crate) bands: Vec<Band>,
}

/// How cached tokens are billed where the list has no rate for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Caching {
    /// A provider that publishes no cache price bills cached tokens as ordinary input (`LiteLLM`'s rule).
    #[default]
    AsInput,
    /// Anthropic's published multiples of the input rate: 0.1 to read, 1.25 to write, 2 to write for an hour.
    Multiples,
}

/// Whether a prompt of exactly a threshold's tokens pays the higher rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// It does not.
    #[default]
    Exceeded,
    /// It does (xAI).
    Reached,
}

/// The rates of one class of service for prompts above one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) tier: ServiceTier,
    /// Tokens that the prompt must exceed; 0 for any prompt.
    pub(crate) above: u64,
    rates: [Option<PicoUsd>; TOKEN_BUCKETS],
}

/// A rate as the list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The class of service.
    pub tier: ServiceTier,
    /// Tokens that the prompt must exceed; 0 for any prompt.
    pub above: u64,
    /// What it prices.
    pub bucket: Bucket,
    /// One token.
    pub rate: PicoUsd,
}

impl Band {
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
    /// Tokens that a prompt may have, where the list tells.
    pub const fn max_input(&self) -> Option<u64> {
        self.max_input
    }

    /// Tokens that an answer may have, where the list tells.
    pub const fn max_output(&self) -> Option<u64> {
        self.max_output
    }

    /// The price of one web search, where the list tells.
    pub const fn web_search(&self) -> Option<PicoUsd> {
        self.search
    }

    /// What fast mode multiplies token rates by, where the vendor has one.
    pub fn fast_multiplier(&self) -> Option<f64> {
        self.multipliers.fast.map(|millionths| millionths as f64 / 1e6)
    }

    /// What inference within the United States multiplies token rates by, where the vendor takes a surcharge for it.
    pub fn us_multiplier(&self) -> Option<f64> {
        self.multipliers.us.map(|millionths| millionths as f64 / 1e6)
    }

    /// Every token rate of the list, the list price of short prompts first.
    pub fn listed(&self) -> impl Iterator<Item = Listed> + '_ {
        self.bands.iter().flat_map(|band| {
            Bucket::TOKENS.into_iter().filter_map(|bucket| {
                band.get(bucket).map(|rate| Listed { tier: band.tier, above: band.above, bucket, rate })
            })
        })
    }

    /// Whether input and output have a price at all; many models are listed for their limits alone.
    pub(crate) fn is_priced(&self) -> bool {
        let listed = |bucket| self.bands.iter().any(|b| b.tier == ServiceTier::Standard && b.get(bucket).is_some());
        listed(Bucket::Input) && listed(Bucket::Output)
    }

    /// Adds a band, unless it says nothing.
    pub(crate) fn push(&mut self, band: Band) {
        if !band.is_empty() {
            self.bands.push(band);
        }
    }
}
