//! Where prices come from: the bundled list, a newer one that the user fetched, and the user's own.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use agtop_prices::{AsOf, Day, PriceBook, litellm};
use anyhow::{Context, Result, anyhow, bail};
use jiff::tz::TimeZone;

use crate::stderr;

/// LiteLLM's list, as its authors keep it.
pub(crate) const LIST_URL: &str =
    "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json";

/// A fetched list is fetched anew after this.
const LIFE: Duration = Duration::from_hours(24);
/// No list is larger; a server that sends more is wrong.
const LARGEST_LIST: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(20);

/// What was done about fetching.
pub(crate) enum Update {
    /// The cached list is young enough.
    Fresh,
    /// Fetched: that many models.
    Fetched(usize),
}

/// The price book: the user's own prices, then a fetched list, then the bundled one.
pub(crate) fn book(own: Option<&Path>, cache: &Path) -> Result<PriceBook> {
    let mut book = PriceBook::bundled();
    match agtop_os::read_user_text(cache, LARGEST_LIST) {
        Ok(list) => match book.clone().with_compact(list, &date_of(cache)) {
            Ok(newer) => book = newer,
            Err(error) => not_used(cache, &error),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => not_used(cache, &error),
    }
    let Some(own) = own else { return Ok(book) };
    let text = agtop_os::read_user_text(own, LARGEST_LIST).with_context(|| format!("{}", own.display()))?;
    book.with_overrides(&text).map_err(|error| anyhow!("{}: {error}", own.display()))
}

fn not_used(cache: &Path, error: &dyn std::fmt::Display) {
    let cache = cache.display();
    stderr::say(format_args!("{cache}: {error}; the bundled prices are used (agtop prices update fetches anew)"));
}

/// What `--prices-as-of` means.
pub(crate) fn as_of(text: &str) -> Result<AsOf> {
    text.parse().map_err(|error| anyhow!("--prices-as-of {text}: {error}"))
}

/// Whether lists can be known that are asked for: none is of a day that has begun nowhere, neither here nor in UTC.
pub(crate) fn check(as_of: AsOf, now: jiff::Timestamp, zone: &TimeZone) -> Result<()> {
    let has_begun = |day: Day, zone: &TimeZone| day.to_string() <= now.to_zoned(zone.clone()).date().to_string();
    match as_of {
        AsOf::Day(day) if !has_begun(day, zone) && !has_begun(day, &TimeZone::UTC) => {
            bail!("prices as of {day}: that day is still to come")
        }
        AsOf::Day(_) | AsOf::Now | AsOf::Usage => Ok(()),
    }
}

/// The cached list's place.
pub(crate) fn cache_file(cache_home: &Path) -> PathBuf {
    cache_home.join("agtop").join("litellm.tsv")
}

/// Fetches the list into the cache, if it is older than its life.
pub(crate) fn update(url: &str, cache: &Path) -> Result<Update> {
    let is_fresh = age(cache).is_some_and(|age| age < LIFE);
    if is_fresh { Ok(Update::Fresh) } else { fetch(url, cache).map(Update::Fetched) }
}

/// Fetches the list into the cache, whatever its age.
pub(crate) fn fetch(url: &str, cache: &Path) -> Result<usize> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
    let mut response =
        agent.get(url).call().map_err(|error| anyhow!("the price list cannot be fetched from {url}: {error}"))?;
    let text = response
        .body_mut()
        .with_config()
        .limit(LARGEST_LIST)
        .read_to_string()
        .map_err(|error| anyhow!("the price list from {url} cannot be read: {error}"))?;
    let list =
        litellm::compact(text.as_bytes()).map_err(|error| anyhow!("what {url} sent is not a price list: {error}"))?;
    agtop_os::replace_user_file(cache, list.lines.as_bytes()).with_context(|| format!("{}", cache.display()))?;
    Ok(list.entries)
}

fn age(path: &Path) -> Option<Duration> {
    let modified = path.metadata().ok()?.modified().ok()?;
    SystemTime::now().duration_since(modified).ok()
}

/// The day on which a file was written, as `YYYY-MM-DD` UTC.
fn date_of(path: &Path) -> String {
    let modified = path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let moment = jiff::Timestamp::try_from(modified).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_once_it_has_begun_here_or_in_utc() {
        let now: jiff::Timestamp = "2026-11-21T23:00:00Z".parse().unwrap();
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        let on = |day: &str, zone: &TimeZone| check(AsOf::Day(day.parse().unwrap()), now, zone);
        assert!(on("2026-11-21", &TimeZone::UTC).is_ok() && on("2026-11-22", &tokyo).is_ok());
        assert!(on("2026-11-23", &tokyo).is_err());
        let error = on("2026-11-22", &TimeZone::UTC).unwrap_err().to_string();
        assert_eq!(error, "prices as of 2026-11-22: that day is still to come");
    }
}
