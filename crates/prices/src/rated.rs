use agtop_model::{Cost, CostBasis, Day, Timestamp, Usage, UsageExtent};

use crate::quote::{Quote, prompt_of};
use crate::rates::Rates;
use crate::terms::PriceTerms;

/// The price of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rated<'a> {
    /// The model has a price.
    Known(PriceMatch<'a>),
    /// The model runs on the user's machine or network and is free of charge.
    Local,
    /// No list has the model.
    Unknown,
}

/// The entry that prices a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceMatch<'a> {
    /// The name of the entry.
    pub key: &'a str,
    /// How the model was matched with that name.
    pub how: MatchKind,
    /// The list that has the entry.
    pub source: PriceSource,
    /// Its rates.
    pub rates: Rates,
    /// Its earlier rates, oldest first; empty unless usage is priced at its own time ([`AsOf::Usage`]).
    ///
    /// [`AsOf::Usage`]: crate::AsOf::Usage
    pub earlier: Vec<RatePeriod>,
}

/// Rates of an earlier period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatePeriod {
    /// The first day on which they did not apply.
    pub until: Day,
    /// The list that had them.
    pub source: PriceSource,
    /// The rates.
    pub rates: Rates,
}

/// How a model was matched with an entry, from the closest to the loosest match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchKind {
    /// The same id.
    Exact,
    /// Another spelling, or with the provider that makes the family.
    Alias,
    /// Without a provider or region before it.
    Prefix,
    /// Without a snapshot date.
    Date,
    /// Without last words that do not change the model.
    Segments,
}

/// The list that has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// The user's own file.
    Override,
    /// A list fetched later.
    Fetched,
    /// The list that agtop was built with.
    Bundled,
    /// A list published before the bundled one.
    History,
    /// The hand-kept list of dropped models, with the source and day of this price.
    Retired(&'static str),
}

/// The price of a model at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff<'a> {
    /// A price.
    Known {
        /// Its rates at that time.
        rates: &'a Rates,
        /// The list that had them.
        source: PriceSource,
    },
    /// Free of charge.
    Local,
    /// No list has the model.
    Unknown,
}

impl MatchKind {
    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Alias => "alias",
            Self::Prefix => "prefix",
            Self::Date => "date",
            Self::Segments => "segments",
        }
    }
}

impl PriceSource {
    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Fetched => "fetched",
            Self::Bundled => "bundled",
            Self::History => "history",
            Self::Retired(_) => "retired",
        }
    }
}

impl PriceMatch<'_> {
    /// The period that contains a time; `None` if the current rates apply.
    fn period(&self, moment: Timestamp) -> Option<&RatePeriod> {
        self.earlier.iter().find(|period| moment < period.until.start())
    }

    /// The match with the rates of `day` for all times.
    pub(crate) fn at_day(mut self, day: Day) -> Self {
        let period = self.earlier.drain(..).find(|period| day < period.until);
        if let Some(RatePeriod { source, rates, .. }) = period {
            (self.source, self.rates) = (source, rates);
        }
        self
    }
}

impl Rated<'_> {
    /// The price of the model at a time.
    pub fn at(&self, moment: Timestamp) -> Tariff<'_> {
        match self {
            Self::Known(found) => match found.period(moment) {
                Some(period) => Tariff::Known { rates: &period.rates, source: period.source },
                None => self.now(),
            },
            Self::Local | Self::Unknown => self.now(),
        }
    }

    /// The price by the newest list in use.
    pub fn now(&self) -> Tariff<'_> {
        match self {
            Self::Known(found) => Tariff::Known { rates: &found.rates, source: found.source },
            Self::Local => Tariff::Local,
            Self::Unknown => Tariff::Unknown,
        }
    }

    /// The cost of one request [`now`](Self::now). Use [`Self::cost_of`] for a sum of requests, because the length of
    /// each prompt decides its rates.
    pub fn cost(&self, usage: &Usage, terms: impl Into<PriceTerms>) -> Cost {
        self.cost_of(usage, terms, UsageExtent::Response)
    }

    /// [`Tariff::cost_of`] with the rates of [`now`](Self::now).
    pub fn cost_of(&self, usage: &Usage, terms: impl Into<PriceTerms>, extent: UsageExtent) -> Cost {
        self.now().cost_of(usage, terms, extent)
    }

    /// The cost item by item; `None` if nothing is billed or the price is unknown.
    pub fn quote(&self, usage: &Usage, terms: impl Into<PriceTerms>) -> Option<Quote> {
        self.now().quote_of(usage, terms, UsageExtent::Response)
    }

    /// Prompt lengths, in tokens, at which rates change or once changed.
    pub fn thresholds(&self) -> impl Iterator<Item = u64> + '_ {
        let found = match self {
            Self::Known(found) => Some(found),
            Self::Local | Self::Unknown => None,
        };
        let rates = found
            .into_iter()
            .flat_map(|found| std::iter::once(&found.rates).chain(found.earlier.iter().map(|period| &period.rates)));
        rates.flat_map(|rates| rates.bands.iter().map(|band| band.above)).filter(|&above| above > 0)
    }
}

impl Tariff<'_> {
    /// The cost of one request or of a sum of requests. A sum does not show the lengths of its prompts: it is priced as
    /// if they were short, as most are.
    pub fn cost_of(&self, usage: &Usage, terms: impl Into<PriceTerms>, extent: UsageExtent) -> Cost {
        self.cost_at(usage, terms, prompt_of(usage, extent))
    }

    /// The total cost of requests whose prompts exceed the same thresholds as a prompt of `prompt` tokens.
    pub fn cost_at(&self, usage: &Usage, terms: impl Into<PriceTerms>, prompt: u64) -> Cost {
        match self {
            Self::Known { rates, .. } => {
                Cost { amount: Some(rates.total(usage, terms.into(), prompt)), basis: CostBasis::Api }
            }
            Self::Local => Cost::LOCAL,
            Self::Unknown => Cost::UNKNOWN,
        }
    }

    /// [`Self::cost_of`] item by item; `None` if nothing is billed or the price is unknown.
    pub fn quote_of(&self, usage: &Usage, terms: impl Into<PriceTerms>, extent: UsageExtent) -> Option<Quote> {
        match self {
            Self::Known { rates, .. } => Some(rates.quote(usage, terms.into(), extent)),
            Self::Local | Self::Unknown => None,
        }
    }
}
