use std::cmp::Reverse;

use agtop_model::{InferenceGeo, PicoUsd, ServiceTier};

use crate::bucket::Bucket;
use crate::rates::{Band, Caching, Rates, Threshold};
use crate::terms::Terms;

/// How a rate that the list lacks was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The bucket whose rate was taken.
    pub from: Bucket,
    /// How much of it, in hundredths.
    pub percent: u16,
}

/// The rate that applies to one bucket of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) rate: PicoUsd,
    pub(crate) tier: ServiceTier,
    pub(crate) geo: InferenceGeo,
    pub(crate) above: u64,
    pub(crate) derived: Option<Derived>,
}

/// The rates of one model that one request may be billed by.
pub(crate) struct Fit<'a> {
    /// From the band that fits best to the list price of short prompts.
    bands: Vec<&'a Band>,
    caching: Caching,
    /// What to multiply by for fast mode, in millionths.
    fast: Option<i64>,
    /// What to multiply by for where the model ran, in millionths.
    geo: Option<(InferenceGeo, i64)>,
}

/// Anthropic's multiples of the input rate, in hundredths.
const fn multiple(bucket: Bucket) -> Option<Derived> {
    let percent = match bucket {
        Bucket::CacheRead => 10,
        Bucket::CacheWrite5m => 125,
        Bucket::CacheWrite1h => 200,
        _ => return None,
    };
    Some(Derived { from: Bucket::Input, percent })
}

impl Rates {
    /// The rates for a request of `prompt` tokens, cached ones included: the whole request is billed by its length.
    pub(crate) fn fit(&self, prompt: u64, terms: Terms) -> Fit<'_> {
        let geo = self.multipliers.of_geo(terms.geo).map(|times| (terms.geo, times));
        let (tier, fast) = match (terms.tier, self.multipliers.fast) {
            (ServiceTier::Fast, Some(times)) => (ServiceTier::Standard, Some(times)),
            // OpenAI's fast mode is its priority service under another name.
            (ServiceTier::Fast, None) => (ServiceTier::Priority, None),
            (tier, _) => (tier, None),
        };
        let long_enough = |above| match self.threshold {
            _ if above == 0 => true,
            Threshold::Exceeded => prompt > above,
            Threshold::Reached => prompt >= above,
        };
        let fits = |band: &&Band| long_enough(band.above) && (band.tier == tier || band.tier == ServiceTier::Standard);
        let mut bands: Vec<_> = self.bands.iter().filter(fits).collect();
        bands.sort_by_key(|band| Reverse(fitness(band, tier)));
        Fit { bands, caching: self.caching, fast, geo }
    }
}

/// Which of two fitting bands goes first: the longer prompt's, then the right class of service, as `LiteLLM` has it.
/// Only for batches the class goes first: their discount holds for prompts of any length.
fn fitness(band: &Band, tier: ServiceTier) -> (bool, u64, bool) {
    let same = band.tier == tier;
    (same && tier == ServiceTier::Batch, band.above, same)
}

impl Fit<'_> {
    /// The rate of one token of `bucket`; `None` if the model is not priced.
    pub(crate) fn rate(&self, bucket: Bucket) -> Option<Applied> {
        let mut applied = self.list_rate(bucket)?;
        if let Some(times) = self.fast {
            applied = Applied { rate: scaled(applied.rate, times, 1_000_000), tier: ServiceTier::Fast, ..applied };
        }
        if let Some((geo, times)) = self.geo {
            applied = Applied { rate: scaled(applied.rate, times, 1_000_000), geo, ..applied };
        }
        Some(applied)
    }

    fn list_rate(&self, bucket: Bucket) -> Option<Applied> {
        match bucket {
            Bucket::Input | Bucket::Output => self.first(|band| Some((band.get(bucket)?, None))),
            // Only beside the output rate it belongs to: reasoning of a priority answer is not billed at the list price.
            Bucket::Reasoning => self.first(|band| {
                let output = band.get(Bucket::Output)?;
                Some((band.get(bucket).unwrap_or(output), None))
            }),
            Bucket::CacheRead | Bucket::CacheWrite5m | Bucket::CacheWrite1h => {
                self.cache_rate(bucket).or_else(|| self.uncached_rate(bucket))
            }
            Bucket::WebSearch => None,
        }
    }

    /// The listed rate, or in the same band Anthropic's multiple where that is how the vendor bills.
    fn cache_rate(&self, bucket: Bucket) -> Option<Applied> {
        let multiple = multiple(bucket).filter(|_| self.caching == Caching::Multiples);
        self.first(|band| {
            let derived = || {
                let multiple = multiple?;
                Some((scaled(band.get(multiple.from)?, multiple.percent.into(), 100), Some(multiple)))
            };
            band.get(bucket).map(|rate| (rate, None)).or_else(derived)
        })
    }

    /// What cached tokens cost where nobody lists a price for the cache: what they would cost without it.
    fn uncached_rate(&self, bucket: Bucket) -> Option<Applied> {
        let from = if bucket == Bucket::CacheWrite1h { Bucket::CacheWrite5m } else { Bucket::Input };
        let applied = self.list_rate(from)?;
        let derived = applied.derived.or(Some(Derived { from, percent: 100 }));
        Some(Applied { derived, ..applied })
    }

    fn first(&self, rate: impl Fn(&Band) -> Option<(PicoUsd, Option<Derived>)>) -> Option<Applied> {
        self.bands.iter().find_map(|band| {
            let (rate, derived) = rate(band)?;
            Some(Applied { rate, tier: band.tier, geo: InferenceGeo::Global, above: band.above, derived })
        })
    }
}

/// `rate` times `by / of`, rounded to the nearest pico-dollar.
fn scaled(rate: PicoUsd, by: i64, of: i64) -> PicoUsd {
    let product = i128::from(rate.as_pico()) * i128::from(by);
    let rounded = (product + i128::from(of / 2)).div_euclid(i128::from(of));
    PicoUsd::new(i64::try_from(rounded).unwrap_or(i64::MAX))
}
