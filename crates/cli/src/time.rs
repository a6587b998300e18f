//! Times, as users type them.

use agtop_model::Timestamp;
use anyhow::{Context, Result, bail};
use jiff::civil::{Date, DateTime};
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

/// The forms of a time, for error messages.
const FORMS: &str = "write today, yesterday, a date (2026-11-21), a time (2026-11-21T10:00, or RFC 3339 with a zone), \
                     or an age (12h, 7d, 2w)";

/// `today`, `yesterday`, a date (`2026-11-21`, `20261121`), a time of a day (`2026-11-21T10:00`), an RFC 3339 time, or
/// an age (`90m`, `12h`, `7d`, `2w`). Days and times without a zone are in `zone`.
fn parse(text: &str, boundary: DayBoundary, now: jiff::Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    if let Some(age) = age(text) {
        return Ok(millis(now - age));
    }
    if let Some(date) = named_day(text, now, zone)?.or_else(|| date(text)) {
        let day = match boundary {
            DayBoundary::Start => date,
            DayBoundary::End => date.checked_add(1.day())?,
        };
        return Ok(millis(day.to_zoned(zone.clone())?.timestamp()));
    }
    // A time with a zone has to be tried first: as a time without one, it would lose its zone.
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(millis(moment));
    }
    match text.parse::<DateTime>() {
        Ok(of_day) if text.contains(['T', 't', ' ']) => Ok(millis(of_day.to_zoned(zone.clone())?.timestamp())),
        _ => bail!("'{text}' is not a time: {FORMS}"),
    }
}

/// The day that a word means; `None` if the text is no such word.
fn named_day(text: &str, now: jiff::Timestamp, zone: &TimeZone) -> Result<Option<Date>> {
    let days_ago = match text.to_ascii_lowercase().as_str() {
        "today" => 0,
        "yesterday" => 1,
        _ => return Ok(None),
    };
    Ok(Some(zone.to_datetime(now).date().checked_sub(days_ago.days())?))
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
    fn today_and_yesterday_are_days_in_the_time_zone() {
        assert_eq!(at("today", DayBoundary::Start), "2026-11-21T05:00:00Z");
        assert_eq!(at("today", DayBoundary::End), "2026-11-22T05:00:00Z");
        assert_eq!(at("Yesterday", DayBoundary::Start), "2026-11-20T05:00:00Z");
        assert_eq!(at("yesterday", DayBoundary::End), "2026-11-21T05:00:00Z");
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_time_zone() {
        for boundary in [DayBoundary::Start, DayBoundary::End] {
            assert_eq!(at("2026-11-21T10:00", boundary), "2026-11-21T15:00:00Z");
            assert_eq!(at("2026-11-21 10:00:30", boundary), "2026-11-21T15:00:30Z");
            assert_eq!(at("2026-11-21T10:00+01:00", boundary), "2026-11-21T09:00:00Z", "a zone in the text counts");
        }
    }

    #[test]
    fn an_invalid_time_is_an_error_that_names_the_valid_forms() {
        let zone = TimeZone::UTC;
        for text in ["", "tomorrow", "d", "-1d", "2026-13-01", "99999999d", "12:30", "2026-11-21T25:00"] {
            let error = parse(text, DayBoundary::Start, jiff::Timestamp::UNIX_EPOCH, &zone).unwrap_err();
            assert!(error.to_string().contains("write today, yesterday, a date"), "{text}");
        }
    }
}
