use agtop_model::{PicoUsd, Tier};

use crate::bucket::{Bucket, TOKEN_BUCKETS};

/// Every rate of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub(crate) max_input: Option<u64>,
    pub(crate) max_output: Option<u64>,
    /// One web search.
    pub(crate) search: Option<PicoUsd>,
    /// What fast mode multiplies token rates by, in millionths.
    pub(crate) fast: Option<i64>,
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
    pub(crate) tier: Tier,
    /// Tokens that the prompt must exceed; 0 for any prompt.
    pub(crate) above: u64,
    rates: [Option<PicoUsd>; TOKEN_BUCKETS],
}

/// A rate as the list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The class of service.
    pub tier: Tier,
    /// Tokens that the prompt must exceed; 0 for any prompt.
    pub above: u64,
    /// What it prices.
    pub bucket: Bucket,
    /// One token.
    pub rate: PicoUsd,
}

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
    pub(crate) tier: Tier,
    pub(crate) above: u64,
    pub(crate) derived: Option<Derived>,
}

/// A request, as far as it decides which rates apply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Tokens of the whole prompt, cached ones included.
    pub(crate) prompt: u64,
    pub(crate) tier: Tier,
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

impl Band {
    pub(crate) const fn new(tier: Tier, above: u64) -> Self {
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
        self.fast.map(|millionths| millionths as f64 / 1e6)
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
        let listed = |bucket| self.bands.iter().any(|b| b.tier == Tier::Standard && b.get(bucket).is_some());
        listed(Bucket::Input) && listed(Bucket::Output)
    }

    /// Adds a band, unless it says nothing.
    pub(crate) fn push(&mut self, band: Band) {
        if !band.is_empty() {
            self.bands.push(band);
        }
    }

    /// The rate of one token of `bucket` in `request`; `None` if the model is not priced.
    pub(crate) fn apply(&self, bucket: Bucket, request: Request) -> Option<Applied> {
        match (request.tier, self.fast) {
            (Tier::Fast, Some(fast)) => {
                let applied = self.at(bucket, Request { tier: Tier::Standard, ..request })?;
                Some(Applied { rate: scaled(applied.rate, fast, 1_000_000), tier: Tier::Fast, ..applied })
            }
            // OpenAI's fast mode is its priority service under another name.
            (Tier::Fast, None) => self.at(bucket, Request { tier: Tier::Priority, ..request }),
            _ => self.at(bucket, request),
        }
    }

    fn at(&self, bucket: Bucket, request: Request) -> Option<Applied> {
        match bucket {
            Bucket::Input | Bucket::Output => self.first(request, |band| Some((band.get(bucket)?, None))),
            // Only beside the output rate it belongs to: a priority answer's reasoning is not billed at the list price.
            Bucket::Reasoning => self.first(request, |band| {
                let output = band.get(Bucket::Output)?;
                Some((band.get(bucket).unwrap_or(output), None))
            }),
            Bucket::CacheRead | Bucket::CacheWrite5m | Bucket::CacheWrite1h => self.cached(bucket, request),
            Bucket::WebSearch => None,
        }
    }

    fn cached(&self, bucket: Bucket, request: Request) -> Option<Applied> {
        let multiple = multiple(bucket).filter(|_| self.caching == Caching::Multiples);
        let found = self.first(request, |band| {
            let listed = band.get(bucket).map(|rate| (rate, None));
            listed.or_else(|| {
                let derived = multiple?;
                Some((scaled(band.get(derived.from)?, derived.percent.into(), 100), Some(derived)))
            })
        });
        found.or_else(|| {
            let from = if bucket == Bucket::CacheWrite1h { Bucket::CacheWrite5m } else { Bucket::Input };
            let applied = self.at(from, request)?;
            let derived = applied.derived.or(Some(Derived { from, percent: 100 }));
            Some(Applied { derived, ..applied })
        })
    }

    /// The first band, from the one that fits best to the list price of short prompts, that has what `rate` looks for.
    fn first(&self, request: Request, rate: impl Fn(&Band) -> Option<(PicoUsd, Option<Derived>)>) -> Option<Applied> {
        let fitting = self.bands.iter().filter(|band| self.fits(band, request));
        let found = fitting.filter_map(|band| rate(band).map(|found| (band, found)));
        let (band, (rate, derived)) = found.max_by_key(|(band, _)| fitness(band, request.tier))?;
        Some(Applied { rate, tier: band.tier, above: band.above, derived })
    }

    fn fits(&self, band: &Band, request: Request) -> bool {
        let long_enough = match self.threshold {
            _ if band.above == 0 => true,
            Threshold::Exceeded => request.prompt > band.above,
            Threshold::Reached => request.prompt >= band.above,
        };
        long_enough && (band.tier == request.tier || band.tier == Tier::Standard)
    }
}

/// Which of two fitting bands goes first: the longer prompt's, then the right class of service, as `LiteLLM` has it.
/// Only for batches the class goes first: their discount holds for prompts of any length.
fn fitness(band: &Band, tier: Tier) -> (u64, u64, bool) {
    let same = band.tier == tier;
    (u64::from(same && tier == Tier::Batch), band.above, same)
}

/// `rate` times `by / of`, rounded to the nearest pico-dollar.
fn scaled(rate: PicoUsd, by: i64, of: i64) -> PicoUsd {
    let product = i128::from(rate.as_pico()) * i128::from(by);
    let rounded = (product + i128::from(of / 2)).div_euclid(i128::from(of));
    PicoUsd::new(i64::try_from(rounded).unwrap_or(i64::MAX))
}
