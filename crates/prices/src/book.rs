use std::cmp::Reverse;
use std::fmt::Write as _;
use std::sync::Arc;

use agtop_model::Day;

use crate::as_of::AsOf;
use crate::context;
use crate::history;
use crate::ids::{self, Spelling};
use crate::line;
use crate::litellm::{self, FetchedError};
use crate::local;
use crate::origin::{self, ListOrigin, ListVersion};
use crate::overrides::{self, OverrideError};
use crate::rated::{MatchKind, PriceMatch, PriceSource, RatePeriod, Rated};
use crate::rates::Rates;
use crate::sheet::{self, Sheet, SheetRow};

/// All prices that agtop knows: the user's, a list fetched later, the bundled list, and models that this list has
/// dropped.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    overrides: Option<Arc<LoadedList>>,
    fetched: Option<Arc<LoadedList>>,
    as_of: AsOf,
}

/// The lines of a sheet that was loaded at run time.
#[derive(Debug)]
struct LoadedList {
    text: String,
    count: usize,
    date: String,
}

impl PriceBook {
    /// The prices that agtop was built with.
    pub fn bundled() -> Self {
        Self::default()
    }

    /// Adds the user's prices, which take precedence over all others: TOML tables `[models."name"]` with
    /// `input_per_mtok`, `output_per_mtok` (US dollars per million tokens) and optionally `cache_read_per_mtok`,
    /// `cache_write_per_mtok`, `cache_write_1h_per_mtok` and `max_input_tokens`. Missing cache prices are 0.1, 1.25 and
    /// 2 times the input price.
    ///
    /// # Errors
    ///
    /// If the file is invalid, with line and column.
    pub fn with_overrides(mut self, toml: &str) -> Result<Self, OverrideError> {
        let (text, count) = overrides::lines(toml)?;
        self.overrides = Some(Arc::new(LoadedList { text, count, date: String::new() }));
        Ok(self)
    }

    /// Adds a list fetched on `date`, which takes precedence over the bundled one: the JSON that `LiteLLM` publishes.
    ///
    /// # Errors
    ///
    /// If it is not such a list, or has no price.
    pub fn with_fetched(mut self, litellm_json: &str, date: &str) -> Result<Self, FetchedError> {
        let list = litellm::compact(litellm_json.as_bytes())?;
        self.fetched = Some(Arc::new(LoadedList { text: list.lines, count: list.entries, date: date.to_owned() }));
        Ok(self)
    }

    /// Adds a list that [`litellm::compact`] made on `date`, which takes precedence over the bundled one. Loading it
    /// takes a twentieth of the time of [`Self::with_fetched`].
    ///
    /// # Errors
    ///
    /// If the lines are not the output of [`litellm::compact`].
    pub fn with_compact(mut self, lines: String, date: &str) -> Result<Self, FetchedError> {
        let count = sheet::checked(&lines).ok_or(FetchedError::Empty)?;
        self.fetched = Some(Arc::new(LoadedList { text: lines, count, date: date.to_owned() }));
        Ok(self)
    }

    /// Selects the lists that price usage. The user's own prices are not affected.
    #[must_use]
    pub fn with_as_of(self, as_of: AsOf) -> Self {
        Self { as_of, ..self }
    }

    /// Looks a model up. Call it once per model name and keep the result, which prices any number of requests.
    pub fn rate(&self, model: &str) -> Rated<'_> {
        let Some(id) = ids::normal(model) else { return Rated::Unknown };
        let spellings = ids::spellings(&id);
        let priced = |row: SheetRow<'_>| Some(line::parse(row.items)).filter(Rates::is_priced);
        let local = local::is_local(&id);
        // The price of a hosted model is not a price for the same model on the user's machine.
        let meant = |found: &PriceMatch<'_>| !local || found.how <= MatchKind::Alias;
        if let Some(found) = first(&self.override_sheets(), &spellings, priced).filter(meant) {
            return Rated::Known(found);
        }
        if local {
            return Rated::Local;
        }
        first(&self.list_sheets(), &spellings, priced)
            .map_or(Rated::Unknown, |found| Rated::Known(self.at_selected_time(found)))
    }

    /// The names of the models with a price whose name contains the text, in any case: each once, those without the
    /// prefix of a provider first, then the newest first, as far as names show that.
    pub fn models_containing(&self, text: &str) -> Vec<&str> {
        let wanted = text.to_lowercase();
        let sheets = self.override_sheets().into_iter().chain(self.list_sheets());
        let rows = sheets.flat_map(|(_, sheet)| sheet.rows());
        let matching = rows.filter(|row| row.key.to_lowercase().contains(&wanted));
        let mut names: Vec<&str> =
            matching.filter(|row| line::parse(row.items).is_priced()).map(|row| row.key).collect();
        names.sort_unstable_by_key(|name| (ids::has_provider(name), Reverse(*name)));
        names.dedup();
        names
    }

    /// The context window of a model in tokens: the one in its name (`[1m]`), else the one in a list.
    pub fn context_limit(&self, model: &str) -> Option<u64> {
        let id = ids::normal(model)?;
        let stated = || context::stated(&id);
        let spellings = ids::spellings(&id);
        let limited = |row: SheetRow<'_>| Some(line::parse(row.items)).filter(|rates| rates.max_input.is_some());
        let own = || first(&self.override_sheets(), &spellings, limited)?.rates.max_input;
        let listed = || first(&self.list_sheets(), &spellings, limited)?.rates.max_input;
        // A local model's window depends on how its server was started, so no list has it.
        stated().or_else(own).or_else(|| if local::is_local(&id) { None } else { listed() })
    }

    /// The date and origin of the prices in a few words: the text after "prices as of" below a table.
    pub fn as_of(&self) -> String {
        let ListOrigin { name, version, date, .. } = self.origin();
        let newest = match &self.fetched {
            Some(list) => format!("{} (fetched)", list.date),
            None => format!("{date} ({name} {version})"),
        };
        match self.as_of {
            AsOf::Now => newest,
            AsOf::Day(day) => match (&self.fetched, self.version_on(day)) {
                (Some(list), None) => format!("{day} (fetched on {})", list.date),
                (_, Some(issue)) => format!("{day} ({name} {} of {})", issue.version, issue.day),
                (None, None) => newest,
            },
            AsOf::Usage => match origin::list_versions().next() {
                Some(oldest) => format!("the time of use, by lists of {} to {newest}", oldest.day),
                None => newest,
            },
        }
    }

    /// One line with the origin of the prices.
    pub fn describe(&self) -> String {
        let ListOrigin { name, version, date, sha256, .. } = self.origin();
        let mut text = format!("{name} {version} of {date}, sha256 {}", sha256.get(..8).unwrap_or(sha256));
        if let Some(list) = &self.fetched {
            let _ = write!(text, "; before it {} models fetched on {}", list.count, list.date);
        }
        match self.as_of {
            AsOf::Now => {}
            AsOf::Day(_) | AsOf::Usage => {
                let _ = write!(text, "; as of {}", self.as_of());
            }
        }
        if let Some(own) = &self.overrides {
            let _ = write!(text, "; before all {} of your own", own.count);
        }
        text
    }

    /// The origin of the bundled list.
    pub fn origin(&self) -> &'static ListOrigin {
        origin::bundled()
    }

    /// The published list that was the newest on a day; `None` if that is the fetched list.
    fn version_on(&self, day: Day) -> Option<ListVersion> {
        let bundled = origin::list_versions().next_back()?;
        let is_fetched = self.fetched.is_some() && self.fetched_from().unwrap_or(bundled.day) <= day;
        if is_fetched { None } else { origin::list_versions().rfind(|issue| issue.day <= day) }
    }

    /// The first day on which the fetched list applies: the day after the bundled list. The list is fetched repeatedly;
    /// if it applied only from its last fetch, its changes would never have been in force.
    fn fetched_from(&self) -> Option<Day> {
        let fetched: Day = self.fetched.as_ref()?.date.parse().ok()?;
        let bundled: Day = self.origin().date.parse().ok()?;
        (bundled < fetched).then_some(bundled.next())
    }

    /// The entry of a list with the rates of the selected time.
    fn at_selected_time<'a>(&self, found: PriceMatch<'a>) -> PriceMatch<'a> {
        let found = with_former_multipliers(found);
        match self.as_of {
            AsOf::Now => found,
            AsOf::Day(day) => PriceMatch { earlier: self.earlier(&found), ..found }.at_day(day),
            AsOf::Usage => PriceMatch { earlier: self.earlier(&found), ..found },
        }
    }

    /// The rates of an entry in earlier lists.
    fn earlier(&self, found: &PriceMatch<'_>) -> Vec<RatePeriod> {
        let mut periods = history::periods(found.key);
        if found.source == PriceSource::Fetched
            && let Some(until) = self.fetched_from()
            && let Some(rates) = origin::table().rows_of(found.key).next().map(|row| line::parse(row.items))
            && rates.is_priced()
            && rates.differ_from(&found.rates)
        {
            periods.push(RatePeriod { until, source: PriceSource::Bundled, rates });
        }
        for RatePeriod { rates, .. } in &mut periods {
            (rates.max_input, rates.max_output) = (found.rates.max_input, found.rates.max_output);
            rates.multipliers = rates.multipliers.or(found.rates.multipliers);
        }
        periods
    }

    fn override_sheets(&self) -> Vec<(PriceSource, Sheet<'_>)> {
        let own = self.overrides.as_ref().map(|own| (PriceSource::Override, Sheet::new(&own.text)));
        own.into_iter().collect()
    }

    fn list_sheets(&self) -> Vec<(PriceSource, Sheet<'_>)> {
        let fetched = self.fetched.as_ref().map(|list| (PriceSource::Fetched, Sheet::new(&list.text)));
        let built_in = [(PriceSource::Bundled, origin::table()), (PriceSource::Retired(""), origin::retired())];
        fetched.into_iter().chain(built_in).collect()
    }
}

/// The row of the best spelling that any sheet has; for each spelling, the sheets are searched in order.
fn first<'a>(
    sheets: &[(PriceSource, Sheet<'a>)],
    spellings: &[Spelling],
    wanted: impl Fn(SheetRow<'_>) -> Option<Rates>,
) -> Option<PriceMatch<'a>> {
    spellings.iter().find_map(|Spelling { id, how }| {
        sheets.iter().find_map(|(source, sheet)| {
            let row = sheet.find(id)?;
            let rates = wanted(row)?;
            let how = if row.key == id { *how } else { (*how).max(MatchKind::Alias) };
            let source = match source {
                PriceSource::Retired(_) => PriceSource::Retired(origin::retired().find(id)?.note),
                other => *other,
            };
            Some(PriceMatch { key: row.key, how, source, rates, earlier: Vec::new() })
        })
    })
}

/// Adds the multipliers that a model once had: the list drops a multiplier when the mode ends, but past usage keeps its
/// price. A list fetched by an earlier agtop may lack some too.
fn with_former_multipliers(mut found: PriceMatch<'_>) -> PriceMatch<'_> {
    let mut sheets = vec![origin::retired()];
    if found.source == PriceSource::Fetched {
        sheets.push(origin::table());
    }
    for row in sheets.into_iter().filter_map(|sheet| sheet.find(found.key)) {
        found.rates.multipliers = found.rates.multipliers.or(line::parse(row.items).multipliers);
    }
    found
}
