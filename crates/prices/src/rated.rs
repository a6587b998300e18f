use agtop_model::{Cost, CostBasis, Timestamp, Usage, UsageExtent};

use crate::day::Day;
use crate::quote::{Quote, prompt_of};
use crate::rates::Rates;
use crate::terms::Terms;

/// What a model costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rated<'a> {
    /// The model has a price.
    Known(Match<'a>),
    /// The model runs on the user's machine or network and bills nothing.
    Local,
    /// No list has the model.
    Unknown,
}

/// The entry that prices a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// The entry's own name.
    pub key: &'a str,
    /// What it took to get from the model to that name.
    pub how: How,
    /// The list that has it.
    pub source: PriceSource,
    /// Its rates.
    pub rates: Rates,
    /// Its rates before that, oldest first; none unless usage is priced at its own time ([`AsOf::Usage`]).
    ///
    /// [`AsOf::Usage`]: crate::AsOf::Usage
    pub earlier: Vec<Era>,
}

/// Rates that no longer hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    /// The first day on which they did not hold.
    pub until: Day,
    /// The list that had them.
    pub source: PriceSource,
    /// The rates.
    pub rates: Rates,
}

/// How a model was matched with an entry, from the closest to the loosest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// The very id.
    Exact,
    /// Another spelling of it, or the provider that makes the family put before it.
    Alias,
    /// A provider or region before it left out.
    Prefix,
    /// A snapshot's date left out.
    Date,
    /// Last words left out that do not change the model.
    Segments,
}

/// Which list has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// The user's own file.
    Override,
    /// A list fetched later.
    Fetched,
    /// The list that agtop was built with.
    Bundled,
    /// A list that was published before that one.
    History,
    /// The hand-kept list of models that the others have dropped, with the day and source of this price.
    Retired(&'static str),
}

/// What a model cost at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff<'a> {
    /// It had a price.
    Known {
        /// Its rates then.
        rates: &'a Rates,
        /// The list that had them.
        source: PriceSource,
    },
    /// It billed nothing.
    Local,
    /// No list has the model.
    Unknown,
}

impl How {
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

impl Match<'_> {
    /// The era that a moment lies in; `None` where the present rates hold.
    fn era(&self, moment: Timestamp) -> Option<&Era> {
        self.earlier.iter().find(|era| moment < era.until.start())
    }

    /// As if the rates that held on `day` had held ever since.
    pub(crate) fn then(mut self, day: Day) -> Self {
        let era = self.earlier.drain(..).find(|era| day < era.until);
        if let Some(Era { source, rates, .. }) = era {
            (self.source, self.rates) = (source, rates);
        }
        self
    }
}

impl Rated<'_> {
    /// What the model cost at a moment.
    pub fn at(&self, moment: Timestamp) -> Tariff<'_> {
        match self {
            Self::Known(found) => match found.era(moment) {
                Some(era) => Tariff::Known { rates: &era.rates, source: era.source },
                None => self.now(),
            },
            Self::Local | Self::Unknown => self.now(),
        }
    }

    /// What it costs by the newest list in use.
    pub fn now(&self) -> Tariff<'_> {
        match self {
            Self::Known(found) => Tariff::Known { rates: &found.rates, source: found.source },
            Self::Local => Tariff::Local,
            Self::Unknown => Tariff::Unknown,
        }
    }

    /// What one request costs [`now`](Self::now). A sum of requests is for [`Self::cost_of`]: the length of each prompt
    /// decides its rates.
    pub fn cost(&self, usage: &Usage, terms: impl Into<Terms>) -> Cost {
        self.cost_of(usage, terms, UsageExtent::Response)
    }

    /// [`Tariff::cost_of`] by the rates of [`now`](Self::now).
    pub fn cost_of(&self, usage: &Usage, terms: impl Into<Terms>, extent: UsageExtent) -> Cost {
        self.now().cost_of(usage, terms, extent)
    }

    /// The same item by item; `None` where nothing is billed or nothing is known.
    pub fn quote(&self, usage: &Usage, terms: impl Into<Terms>) -> Option<Quote> {
        self.now().quote_of(usage, terms, UsageExtent::Response)
    }

    /// Lengths of prompts, in tokens, at which rates change or once changed.
    pub fn thresholds(&self) -> impl Iterator<Item = u64> + '_ {
        let found = match self {
            Self::Known(found) => Some(found),
            Self::Local | Self::Unknown => None,
        };
        let rates = found
            .into_iter()
            .flat_map(|found| std::iter::once(&found.rates).chain(found.earlier.iter().map(|era| &era.rates)));
        rates.flat_map(|rates| rates.bands.iter().map(|band| band.above)).filter(|&above| above > 0)
    }
}

impl Tariff<'_> {
    /// What one request or a sum of requests cost. A sum tells nothing of the length of its prompts: it is priced as
    /// if they were short, as most are.
    pub fn cost_of(&self, usage: &Usage, terms: impl Into<Terms>, extent: UsageExtent) -> Cost {
        self.cost_at(usage, terms, prompt_of(usage, extent))
    }

    /// What requests cost together whose prompts pass the same thresholds as one of `prompt` tokens.
    pub fn cost_at(&self, usage: &Usage, terms: impl Into<Terms>, prompt: u64) -> Cost {
        match self {
            Self::Known { rates, .. } => {
                Cost { amount: Some(rates.total(usage, terms.into(), prompt)), basis: CostBasis::Api }
            }
            Self::Local => Cost::LOCAL,
            Self::Unknown => Cost::UNKNOWN,
        }
    }

    /// [`Self::cost_of`] item by item; `None` where nothing is billed or nothing is known.
    pub fn quote_of(&self, usage: &Usage, terms: impl Into<Terms>, extent: UsageExtent) -> Option<Quote> {
        match self {
            Self::Known { rates, .. } => Some(rates.quote(usage, terms.into(), extent)),
            Self::Local | Self::Unknown => None,
        }
    }
}
