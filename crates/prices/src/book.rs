use std::fmt::Write as _;
use std::sync::Arc;

use crate::as_of::AsOf;
use crate::context;
use crate::day::Day;
use crate::history;
use crate::ids::{self, Spelling};
use crate::line;
use crate::litellm::{self, FetchedError};
use crate::local;
use crate::origin::{self, Issue, Origin};
use crate::overrides::{self, OverrideError};
use crate::rated::{Era, How, Match, PriceSource, Rated};
use crate::rates::Rates;
use crate::sheet::{self, Row, Sheet};

/// Every price agtop knows: the user's, a list fetched later, the bundled list, and models that list has dropped.
#[derive(Clone, Debug, Default)]
pub struct PriceBook {
    overrides: Option<Arc<Lines>>,
    fetched: Option<Arc<Lines>>,
    as_of: AsOf,
}

/// The lines of a sheet that was read at run time.
#[derive(Debug)]
struct Lines {
    text: String,
    count: usize,
    date: String,
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

    /// Lets the lists of another time price usage. The user's own prices stay what they are.
    #[must_use]
    pub fn with_as_of(self, as_of: AsOf) -> Self {
        Self { as_of, ..self }
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
        first(&self.list_sheets(), &spellings, priced).map_or(Rated::Unknown, |found| Rated::Known(self.dated(found)))
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

    /// The prices' date and origin in a few words, for the foot of a table: what follows "prices as of".
    pub fn as_of(&self) -> String {
        let Origin { name, version, date, .. } = self.origin();
        let newest = match &self.fetched {
            Some(list) => format!("{} (fetched)", list.date),
            None => format!("{date} ({name} {version})"),
        };
        match self.as_of {
            AsOf::Now => newest,
            AsOf::Day(day) => match (&self.fetched, self.issue_of(day)) {
                (Some(list), None) => format!("{day} (fetched on {})", list.date),
                (_, Some(issue)) => format!("{day} ({name} {} of {})", issue.version, issue.day),
                (None, None) => newest,
            },
            AsOf::Usage => match origin::issues().next() {
                Some(oldest) => format!("the time of use, by lists of {} to {newest}", oldest.day),
                None => newest,
            },
        }
    }

    /// One line that tells where the prices come from.
    pub fn describe(&self) -> String {
        let Origin { name, version, date, sha256, .. } = self.origin();
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

    /// Where the bundled list comes from.
    pub fn origin(&self) -> &'static Origin {
        origin::bundled()
    }

    /// The published list that was the newest on a day; `None` where the fetched one was.
    fn issue_of(&self, day: Day) -> Option<Issue> {
        let bundled = origin::issues().next_back()?;
        let is_fetched = self.fetched.is_some() && self.fetched_from().unwrap_or(bundled.day) <= day;
        if is_fetched { None } else { origin::issues().rfind(|issue| issue.day <= day) }
    }

    /// The day from which on the fetched list holds: the first that the bundled one knows nothing of. The list is
    /// fetched again and again; were it held to be new each time, what it changed would never have been in force.
    fn fetched_from(&self) -> Option<Day> {
        let fetched: Day = self.fetched.as_ref()?.date.parse().ok()?;
        let bundled: Day = self.origin().date.parse().ok()?;
        (bundled < fetched).then_some(bundled.next())
    }

    /// The entry of a list with the rates of the time that is asked for.
    fn dated<'a>(&self, found: Match<'a>) -> Match<'a> {
        let found = with_old_multipliers(found);
        match self.as_of {
            AsOf::Now => found,
            AsOf::Day(day) => Match { earlier: self.earlier(&found), ..found }.then(day),
            AsOf::Usage => Match { earlier: self.earlier(&found), ..found },
        }
    }

    /// What lists said of an entry before what the newest says.
    fn earlier(&self, found: &Match<'_>) -> Vec<Era> {
        let mut eras = history::eras(found.key);
        if found.source == PriceSource::Fetched
            && let Some(until) = self.fetched_from()
            && let Some(rates) = origin::table().rows_of(found.key).next().map(|row| line::parse(row.items))
            && rates.is_priced()
            && rates.contradict(&found.rates)
        {
            eras.push(Era { until, source: PriceSource::Bundled, rates });
        }
        for Era { rates, .. } in &mut eras {
            (rates.max_input, rates.max_output) = (found.rates.max_input, found.rates.max_output);
            rates.multipliers = rates.multipliers.or(found.rates.multipliers);
        }
        eras
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
            Some(Match { key: row.key, how, source, rates, earlier: Vec::new() })
        })
    })
}

/// Adds the multipliers that a model once had: the list drops one when the mode ends, but not what it cost. A list that
/// an earlier agtop fetched may lack some, too.
fn with_old_multipliers(mut found: Match<'_>) -> Match<'_> {
    let mut sheets = vec![origin::retired()];
    if found.source == PriceSource::Fetched {
        sheets.push(origin::table());
    }
    for row in sheets.into_iter().filter_map(|sheet| sheet.find(found.key)) {
        found.rates.multipliers = found.rates.multipliers.or(line::parse(row.items).multipliers);
    }
    found
}
