use std::fmt::Write as _;
use std::sync::Arc;

use agtop_model::{Basis, Cost, Extent, Tier, Usage};

use crate::context;
use crate::ids::{self, Spelling};
use crate::line;
use crate::litellm::{self, FetchedError};
use crate::local;
use crate::origin::{self, Origin};
use crate::overrides::{self, OverrideError};
use crate::quote::{Quote, prompt_of};
use crate::rates::Rates;
use crate::sheet::{self, Row, Sheet};

/// Every price agtop knows: the user's, a list fetched later, the bundled list, and models that list has dropped.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    overrides: Option<Arc<Lines>>,
    fetched: Option<Arc<Lines>>,
}

/// The lines of a sheet that was read at run time.
#[derive(Debug)]
struct Lines {
    text: String,
    count: usize,
    date: String,
}

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

/// Which list has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// The user's own file.
    Override,
    /// A list fetched later.
    Fetched,
    /// The list that agtop was built with.
    Bundled,
    /// The hand-kept list of models that the others have dropped, with the day and source of this price.
    Retired(&'static str),
}

impl PriceSource {
    /// The name in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Fetched => "fetched",
            Self::Bundled => "bundled",
            Self::Retired(_) => "retired",
        }
    }
}

impl PriceBook {
    /// The prices that agtop was built with.
    pub fn bundled() -> Self {
        Self::default()
    }

    /// Puts the user's prices before all others: TOML tables `[models."name"]` of `input_per_mtok`, `output_per_mtok`
    /// (US dollars per million tokens) and optionally `cache_read_per_mtok`, `cache_write_per_mtok`,
    /// `cache_write_1h_per_mtok` and `max_input_tokens`. Caching without a price costs 0.1, 1.25 and 2 times input.
    ///
    /// # Errors
    ///
    /// Where it is no such file, with line and column.
    pub fn with_overrides(mut self, toml: &str) -> Result<Self, OverrideError> {
        let (text, count) = overrides::lines(toml)?;
        self.overrides = Some(Arc::new(Lines { text, count, date: String::new() }));
        Ok(self)
    }

    /// Puts a list fetched on `date` between the user's prices and the bundled ones: the JSON that `LiteLLM` publishes.
    ///
    /// # Errors
    ///
    /// Where it is no such list, or one without a single price.
    pub fn with_fetched(mut self, litellm_json: &str, date: &str) -> Result<Self, FetchedError> {
        let list = litellm::compact(litellm_json.as_bytes())?;
        self.fetched = Some(Arc::new(Lines { text: list.lines, count: list.entries, date: date.to_owned() }));
        Ok(self)
    }

    /// Puts a list that [`litellm::compact`] made on `date` between the user's prices and the bundled ones: reading it
    /// takes a twentieth of the time of [`Self::with_fetched`].
    ///
    /// # Errors
    ///
    /// Where the lines are not what [`litellm::compact`] makes.
    pub fn with_compact(mut self, lines: String, date: &str) -> Result<Self, FetchedError> {
        let count = sheet::checked(&lines).ok_or(FetchedError::Empty)?;
        self.fetched = Some(Arc::new(Lines { text: lines, count, date: date.to_owned() }));
        Ok(self)
    }

    /// Looks a model up. Ask once per model name and keep the answer: it prices any number of requests.
    pub fn rate(&self, model: &str) -> Rated<'_> {
        let Some(id) = ids::normal(model) else { return Rated::Unknown };
        let spellings = ids::spellings(&id);
        let priced = |row: Row<'_>| Some(line::parse(row.items)).filter(Rates::is_priced);
        let local = local::is_local(&id);
        // The price of a hosted model is no price for the same model at home.
        let meant = |found: &Match<'_>| !local || found.how <= How::Alias;
        if let Some(found) = first(&self.own_sheets(), &spellings, priced).filter(meant) {
            return Rated::Known(found);
        }
        if local {
            return Rated::Local;
        }
        first(&self.list_sheets(), &spellings, priced).map_or(Rated::Unknown, |found| Rated::Known(with_history(found)))
    }

    /// The context window of a model in tokens: what its name states (`[1m]`), else what a list says.
    pub fn context_limit(&self, model: &str) -> Option<u64> {
        let id = ids::normal(model)?;
        let stated = || context::stated(&id);
        let spellings = ids::spellings(&id);
        let limited = |row: Row<'_>| Some(line::parse(row.items)).filter(|rates| rates.max_input.is_some());
        let own = || first(&self.own_sheets(), &spellings, limited)?.rates.max_input;
        let listed = || first(&self.list_sheets(), &spellings, limited)?.rates.max_input;
        // A local model's window is whatever its server was started with, so no list knows it.
        stated().or_else(own).or_else(|| if local::is_local(&id) { None } else { listed() })
    }

    /// The prices' date and origin in a few words, for the foot of a table.
    pub fn as_of(&self) -> String {
        let Origin { name, version, date, .. } = self.origin();
        match &self.fetched {
            Some(list) => format!("{} (fetched)", list.date),
            None => format!("{date} ({name} {version})"),
        }
    }

    /// One line that tells where the prices come from.
    pub fn describe(&self) -> String {
        let Origin { name, version, date, sha256, .. } = self.origin();
        let mut text = format!("{name} {version} of {date}, sha256 {}", sha256.get(..8).unwrap_or(sha256));
        if let Some(list) = &self.fetched {
            let _ = write!(text, "; before it {} models fetched on {}", list.count, list.date);
        }
        if let Some(own) = &self.overrides {
            let _ = write!(text, "; before all {} of your own", own.count);
        }
        text
    }

    /// Where the bundled list comes from.
    pub fn origin(&self) -> &'static Origin {
        origin::bundled()
    }

    fn own_sheets(&self) -> Vec<(PriceSource, Sheet<'_>)> {
        let own = self.overrides.as_ref().map(|own| (PriceSource::Override, Sheet::new(&own.text)));
        own.into_iter().collect()
    }

    fn list_sheets(&self) -> Vec<(PriceSource, Sheet<'_>)> {
        let fetched = self.fetched.as_ref().map(|list| (PriceSource::Fetched, Sheet::new(&list.text)));
        let built_in = [(PriceSource::Bundled, origin::table()), (PriceSource::Retired(""), origin::retired())];
        fetched.into_iter().chain(built_in).collect()
    }
}

/// The row of the best spelling that any sheet has, the sheets being asked in order for each spelling.
fn first<'a>(
    sheets: &[(PriceSource, Sheet<'a>)],
    spellings: &[Spelling],
    wanted: impl Fn(Row<'_>) -> Option<Rates>,
) -> Option<Match<'a>> {
    spellings.iter().find_map(|Spelling { id, how }| {
        sheets.iter().find_map(|(source, sheet)| {
            let row = sheet.find(id)?;
            let rates = wanted(row)?;
            let how = if row.key == id { *how } else { (*how).max(How::Alias) };
            let source = match source {
                PriceSource::Retired(_) => PriceSource::Retired(origin::retired().find(id)?.note),
                other => *other,
            };
            Some(Match { key: row.key, how, source, rates })
        })
    })
}

/// Adds the fast-mode multiplier that a model once had: the list drops it when the mode ends, but not what it cost.
fn with_history(mut found: Match<'_>) -> Match<'_> {
    if found.rates.fast.is_none() {
        found.rates.fast = origin::retired().find(found.key).and_then(|row| line::parse(row.items).fast);
    }
    found
}

impl Rated<'_> {
    /// What one request cost. A sum of requests is for [`Self::cost_of`]: the length of each prompt decides its rates.
    pub fn cost(&self, usage: &Usage, tier: Tier) -> Cost {
        self.cost_of(usage, tier, Extent::Response)
    }

    /// What one request or a sum of requests cost. A sum tells nothing of the length of its prompts: it is priced as
    /// if they were short, as most are.
    pub fn cost_of(&self, usage: &Usage, tier: Tier, extent: Extent) -> Cost {
        self.cost_at(usage, tier, prompt_of(usage, extent))
    }

    /// What requests cost together whose prompts pass the same thresholds as one of `prompt` tokens.
    pub fn cost_at(&self, usage: &Usage, tier: Tier, prompt: u64) -> Cost {
        match self {
            Self::Known(found) => Cost { amount: Some(found.rates.total(usage, tier, prompt)), basis: Basis::Api },
            Self::Local => Cost::LOCAL,
            Self::Unknown => Cost::UNKNOWN,
        }
    }

    /// Lengths of prompts, in tokens, at which rates change.
    pub fn thresholds(&self) -> impl Iterator<Item = u64> + '_ {
        let rates = match self {
            Self::Known(found) => Some(&found.rates),
            Self::Local | Self::Unknown => None,
        };
        rates.into_iter().flat_map(|rates| rates.bands.iter().map(|band| band.above)).filter(|&above| above > 0)
    }

    /// The same item by item; `None` where nothing is billed or nothing is known.
    pub fn quote(&self, usage: &Usage, tier: Tier) -> Option<Quote> {
        self.quote_of(usage, tier, Extent::Response)
    }

    /// [`Self::cost_of`] item by item.
    pub fn quote_of(&self, usage: &Usage, tier: Tier, extent: Extent) -> Option<Quote> {
        match self {
            Self::Known(found) => Some(found.rates.quote(usage, tier, extent)),
            Self::Local | Self::Unknown => None,
        }
    }
}
