//! Times, as users type them.

use agtop_model::Timestamp;
use anyhow::{Context, Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

/// The moment that a date without a time means.
#[derive(Clone, Copy)]
enum DayBoundary {
    /// The first moment of the day, for `--since`.
    Start,
    /// The first moment of the next day, for `--until`.
    End,
}

/// The times of `--since` and `--until`.
///
/// # Errors
/// If one of them is invalid, or if `--since` is not before `--until`.
pub(crate) fn span(
    since: Option<&str>,
    until: Option<&str>,
    now: jiff::Timestamp,
    zone: &TimeZone,
) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let since = since.map(|text| parse(text, DayBoundary::Start, now, zone)).transpose().context("--since")?;
    let until = until.map(|text| parse(text, DayBoundary::End, now, zone)).transpose().context("--until")?;
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        bail!("--since is not before --until");
    }
    Ok((since, until))
}

/// A date (`2026-11-21`, `20261121`), an RFC 3339 time, or an age (`90m`, `12h`, `7d`, `2w`).
fn parse(text: &str, boundary: DayBoundary, now: jiff::Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    if let Some(age) = age(text) {
        return Ok(millis(now - age));
    }
    if let Some(date) = date(text) {
        let day = match boundary {
            DayBoundary::Start => date,
            DayBoundary::End => date.checked_add(1.day())?,
        };
        return Ok(millis(day.to_zoned(zone.clone())?.timestamp()));
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(moment) => Ok(millis(moment)),
        Err(_) => bail!("'{text}' is not a time: write a date (2026-11-21), an RFC 3339 time, or an age (12h, 7d, 2w)"),
    }
}

fn millis(moment: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millisecond())
}

fn age(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| (0..100_000).contains(number))?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number * seconds))
}

fn date(text: &str) -> Option<Date> {
    let is_compact = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    if text.len() == 10 || is_compact { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, boundary: DayBoundary) -> String {
        let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let moment = parse(text, boundary, now, &zone).unwrap();
        jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap().to_string()
    }

    #[test]
    fn a_date_is_a_day_in_the_time_zone() {
        assert_eq!(at("2026-11-01", DayBoundary::Start), "2026-11-01T04:00:00Z");
        assert_eq!(
            at("20261101", DayBoundary::End),
            "2026-11-02T05:00:00Z",
            "the day on which clocks go back has 25 hours"
        );
    }

    #[test]
    fn an_age_is_before_now() {
        assert_eq!(at("12h", DayBoundary::Start), "2026-11-21T00:00:00Z");
        assert_eq!(at("2w", DayBoundary::Start), "2026-11-07T12:00:00Z");
    }

    #[test]
    fn an_invalid_time_is_an_error_that_names_the_valid_forms() {
        let zone = TimeZone::UTC;
        for text in ["", "yesterday", "d", "-1d", "2026-13-01", "99999999d", "12:30"] {
            let error = parse(text, DayBoundary::Start, jiff::Timestamp::UNIX_EPOCH, &zone).unwrap_err();
            assert!(error.to_string().contains("write a date"), "{text}");
        }
    }
}
