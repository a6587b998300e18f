//! Where prices come from: the bundled list, a newer list that the user fetched, and a file with prices of the user's
//! own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agtop_prices::{AsOf, Day, PriceBook, litellm};
use anyhow::{Context, Result, anyhow, bail};
use jiff::tz::TimeZone;

use crate::stderr;

/// `LiteLLM`'s list, where its authors publish it.
pub(crate) const LIST_URL: &str =
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json";

/// The cached list is fetched again when it is older than this.
const MAX_LIST_AGE: Duration = Duration::from_hours(24);
/// A server that sends a larger list is at fault.
const MAX_LIST_BYTES: u64 = 64 * 1024 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Which prices a command uses.
#[derive(Clone)]
pub(crate) struct PriceSettings {
    /// A file with prices of the user's own, which win over both lists.
    pub(crate) own_file: Option<PathBuf>,
    /// The fetched list.
    pub(crate) cache_file: PathBuf,
    pub(crate) as_of: AsOf,
    /// Whether the list is fetched first.
    pub(crate) is_fetched_first: bool,
}

/// Which list is fetched, where to, and when.
pub(crate) struct ListUpdate {
    pub(crate) url: String,
    pub(crate) cache_file: PathBuf,
    /// Whether it is fetched even if the cached list is younger than a day.
    pub(crate) is_forced: bool,
}

/// What an update has done.
pub(crate) enum UpdateOutcome {
    /// Nothing: the cached list is younger than a day.
    Fresh,
    /// It has fetched a list with this number of models.
    Fetched(usize),
}

/// A file with prices of the user's own that cannot be used, which is a mistake in the command line, the environment or
/// the configuration.
#[derive(Debug)]
pub(crate) struct InvalidPriceFile(String);

impl fmt::Display for InvalidPriceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidPriceFile {}

impl PriceSettings {
    /// Loads the prices, after fetching the list if that is asked for. If it cannot be fetched, the prices at hand are
    /// used, and a message on standard error says so.
    ///
    /// # Errors
    /// [`InvalidPriceFile`] if the user's own file cannot be used.
    pub(crate) fn load(&self) -> Result<Arc<PriceBook>> {
        if self.is_fetched_first
            && let Err(error) = fetch(LIST_URL, &self.cache_file)
        {
            stderr::print_message(format_args!("{error:#}; using the prices at hand"));
        }
        let book = with_own_prices(with_fetched_list(&self.cache_file), self.own_file.as_deref())?;
        let book = book.with_as_of(self.as_of);
        tracing::debug!(list = ?book.as_of(), own = ?self.own_file, "prices: used");
        Ok(Arc::new(book))
    }
}

/// The bundled prices, and before them those of the fetched list if there is one.
fn with_fetched_list(cache_file: &Path) -> PriceBook {
    let book = PriceBook::bundled();
    let result = match agtop_os::read_user_text(cache_file, MAX_LIST_BYTES) {
        Ok(list) => book.clone().with_compact(list, &date_of(cache_file)).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return book,
        Err(error) => Err(error.to_string()),
    };
    result.unwrap_or_else(|error| {
        let path = cache_file.display();
        stderr::print_message(format_args!(
            "{path}: {error}; using the bundled prices (agtop prices update fetches the list again)"
        ));
        book
    })
}

fn with_own_prices(book: PriceBook, file: Option<&Path>) -> Result<PriceBook, InvalidPriceFile> {
    let Some(path) = file else { return Ok(book) };
    let invalid = |error: &dyn fmt::Display| InvalidPriceFile(format!("{}: {error}", path.display()));
    let text = agtop_os::read_user_text(path, MAX_LIST_BYTES).map_err(|error| invalid(&error))?;
    book.with_overrides(&text).map_err(|error| invalid(&error))
}

/// Reads the value of `--prices-as-of`.
pub(crate) fn parse_as_of(text: &str) -> Result<AsOf> {
    text.parse().map_err(|error| anyhow!("--prices-as-of {text}: {error}"))
}

/// Checks that a day has begun, here or in UTC: there are no prices of later ones.
pub(crate) fn check_as_of(as_of: AsOf, now: jiff::Timestamp, zone: &TimeZone) -> Result<()> {
    let has_begun = |day: Day, zone: &TimeZone| day.to_string() <= now.to_zoned(zone.clone()).date().to_string();
    match as_of {
        AsOf::Day(day) if !has_begun(day, zone) && !has_begun(day, &TimeZone::UTC) => {
            bail!("prices as of {day}: that day is in the future")
        }
        AsOf::Day(_) | AsOf::Now | AsOf::Usage => Ok(()),
    }
}

/// Where the fetched list is cached.
pub(crate) fn cache_file(cache_home: &Path) -> PathBuf {
    cache_home.join("agtop").join("litellm.tsv")
}

/// Fetches the list into the cache if it is due.
pub(crate) fn update(update: &ListUpdate) -> Result<UpdateOutcome> {
    let is_fresh = age(&update.cache_file).is_some_and(|age| age < MAX_LIST_AGE);
    if is_fresh && !update.is_forced {
        return Ok(UpdateOutcome::Fresh);
    }
    fetch(&update.url, &update.cache_file).map(UpdateOutcome::Fetched)
}

/// Fetches the list into the cache, and returns the number of its models.
fn fetch(url: &str, cache_file: &Path) -> Result<usize> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(FETCH_TIMEOUT)).build().into();
    let mut response =
        agent.get(url).call().map_err(|error| anyhow!("the price list cannot be fetched from {url}: {error}"))?;
    let text = response
        .body_mut()
        .with_config()
        .limit(MAX_LIST_BYTES)
        .read_to_string()
        .map_err(|error| anyhow!("the price list from {url} cannot be read: {error}"))?;
    let list = litellm::compact(text.as_bytes())
        .map_err(|error| anyhow!("the response of {url} is not a price list: {error}"))?;
    agtop_os::replace_user_file(cache_file, list.lines.as_bytes())
        .with_context(|| format!("{}", cache_file.display()))?;
    Ok(list.entries)
}

fn age(path: &Path) -> Option<Duration> {
    let modified = path.metadata().ok()?.modified().ok()?;
    SystemTime::now().duration_since(modified).ok()
}

/// The day on which a file was modified, as `YYYY-MM-DD` in UTC.
fn date_of(path: &Path) -> String {
    let modified = path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let moment = jiff::Timestamp::try_from(modified).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_valid_once_it_has_begun_here_or_in_utc() {
        let now: jiff::Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let on = |day: &str, zone: &TimeZone| check_as_of(AsOf::Day(day.parse().unwrap()), now, zone);
        assert!(on("2026-11-21", &TimeZone::UTC).is_ok() && on("2026-11-22", &tokyo).is_ok());
        assert!(on("2026-11-23", &tokyo).is_err());
        let error = on("2026-11-22", &TimeZone::UTC).unwrap_err().to_string();
        assert_eq!(error, "prices as of 2026-11-22: that day is in the future");
    }
}
