use std::cmp::Reverse;

use agtop_model::{InferenceGeo, PicoUsd, ServiceTier};

use crate::bucket::Bucket;
use crate::rates::{CacheBilling, RateBand, Rates, Threshold};
use crate::terms::PriceTerms;

/// How a rate that the list lacks was derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivedRate {
    /// The bucket whose rate it is based on.
    pub from: Bucket,
    /// The share of that rate, in hundredths.
    pub percent: u16,
}

/// The rate that applies to one bucket of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppliedRate {
    pub(crate) rate: PicoUsd,
    pub(crate) tier: ServiceTier,
    pub(crate) geo: InferenceGeo,
    pub(crate) above: u64,
    pub(crate) derived: Option<DerivedRate>,
}

/// The rates of one model that may apply to one request.
pub(crate) struct ApplicableRates<'a> {
    /// Sorted from the best match to the list price of short prompts.
    bands: Vec<&'a RateBand>,
    caching: CacheBilling,
    /// The multiplier of fast mode, in millionths.
    fast: Option<i64>,
    /// The multiplier for the place where the model ran, in millionths.
    geo: Option<(InferenceGeo, i64)>,
}

/// Anthropic's multiples of the input rate, in hundredths.
const fn multiple(bucket: Bucket) -> Option<DerivedRate> {
    let percent = match bucket {
        Bucket::CacheRead => 10,
        Bucket::CacheWrite5m => 125,
        Bucket::CacheWrite1h => 200,
        _ => return None,
    };
    Some(DerivedRate { from: Bucket::Input, percent })
}

impl Rates {
    /// The rates for a request of `prompt` tokens, cached ones included: the length decides the rates of the whole
    /// request.
    pub(crate) fn applicable(&self, prompt: u64, terms: PriceTerms) -> ApplicableRates<'_> {
        let geo = self.multipliers.of_geo(terms.geo).map(|times| (terms.geo, times));
        let (tier, fast) = match (terms.tier, self.multipliers.fast) {
            (ServiceTier::Fast, Some(times)) => (ServiceTier::Standard, Some(times)),
            // OpenAI's fast mode is its priority tier under another name.
            (ServiceTier::Fast, None) => (ServiceTier::Priority, None),
            (tier, _) => (tier, None),
        };
        let long_enough = |above| match self.threshold {
            _ if above == 0 => true,
            Threshold::Exceeded => prompt > above,
            Threshold::Reached => prompt >= above,
        };
        let fits =
            |band: &&RateBand| long_enough(band.above) && (band.tier == tier || band.tier == ServiceTier::Standard);
        let mut bands: Vec<_> = self.bands.iter().filter(fits).collect();
        bands.sort_by_key(|band| Reverse(match_order(band, tier)));
        ApplicableRates { bands, caching: self.caching, fast, geo }
    }
}

/// The order of matching bands: longer prompts first, then the right service tier, as in `LiteLLM`. For batches the
/// tier comes first, because their discount applies to prompts of any length.
fn match_order(band: &RateBand, tier: ServiceTier) -> (bool, u64, bool) {
    let same = band.tier == tier;
    (same && tier == ServiceTier::Batch, band.above, same)
}

impl ApplicableRates<'_> {
    /// The rate of one token of `bucket`; `None` if the model has no price.
    pub(crate) fn rate(&self, bucket: Bucket) -> Option<AppliedRate> {
        let mut applied = self.list_rate(bucket)?;
        if let Some(times) = self.fast {
            applied = AppliedRate { rate: scaled(applied.rate, times, 1_000_000), tier: ServiceTier::Fast, ..applied };
        }
        if let Some((geo, times)) = self.geo {
            applied = AppliedRate { rate: scaled(applied.rate, times, 1_000_000), geo, ..applied };
        }
        Some(applied)
    }

    fn list_rate(&self, bucket: Bucket) -> Option<AppliedRate> {
        match bucket {
            Bucket::Input | Bucket::Output => self.first(|band| Some((band.get(bucket)?, None))),
            // Only together with an output rate of the same band: reasoning of a priority response is not billed at the
            // list price.
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

    /// The listed rate, or Anthropic's multiple in the same band if the vendor bills so.
    fn cache_rate(&self, bucket: Bucket) -> Option<AppliedRate> {
        let multiple = multiple(bucket).filter(|_| self.caching == CacheBilling::Multiples);
        self.first(|band| {
            let derived = || {
                let multiple = multiple?;
                Some((scaled(band.get(multiple.from)?, multiple.percent.into(), 100), Some(multiple)))
            };
            band.get(bucket).map(|rate| (rate, None)).or_else(derived)
        })
    }

    /// The rate of cached tokens without a listed cache price: the price without a cache.
    fn uncached_rate(&self, bucket: Bucket) -> Option<AppliedRate> {
        let from = if bucket == Bucket::CacheWrite1h { Bucket::CacheWrite5m } else { Bucket::Input };
        let applied = self.list_rate(from)?;
        let derived = applied.derived.or(Some(DerivedRate { from, percent: 100 }));
        Some(AppliedRate { derived, ..applied })
    }

    fn first(&self, rate: impl Fn(&RateBand) -> Option<(PicoUsd, Option<DerivedRate>)>) -> Option<AppliedRate> {
        self.bands.iter().find_map(|band| {
            let (rate, derived) = rate(band)?;
            Some(AppliedRate { rate, tier: band.tier, geo: InferenceGeo::Global, above: band.above, derived })
        })
    }
}

/// `rate` times `by / of`, rounded to the nearest pico-dollar.
fn scaled(rate: PicoUsd, by: i64, of: i64) -> PicoUsd {
    let product = i128::from(rate.as_pico()) * i128::from(by);
    let rounded = (product + i128::from(of / 2)).div_euclid(i128::from(of));
    PicoUsd::new(i64::try_from(rounded).unwrap_or(i64::MAX))
}
