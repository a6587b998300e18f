use std::fmt;
use std::str::FromStr;

use crate::Timestamp;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A day in UTC, between the years 0 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    /// Days since 1970-01-01.
    number: i64,
}

/// A text is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day: write it as 2026-11-21")]
pub struct InvalidDay;

impl Day {
    /// The day that many days after 1970-01-01.
    pub const fn from_epoch(days: i32) -> Self {
        Self { number: days as i64 }
    }

    /// `2026-11-21` for the day that many days after 1970-01-01, or `unknown`.
    pub fn name(days_from_epoch: Option<i32>) -> String {
        days_from_epoch.map_or_else(|| "unknown".to_owned(), |days| Self::from_epoch(days).to_string())
    }

    /// The first moment of the day.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.number * MILLIS_PER_DAY)
    }

    /// The next day.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { number: self.number + 1 }
    }

    /// The day from a year and the days since March 1, so that a leap day is the last day of a year.
    const fn from_march(year: i64, days: i64) -> Self {
        // 719,468 days lie between March 1 of the year 0 and the epoch.
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Self { number: year * 365 + leap_days + days - 719_468 }
    }

    /// Year, month and day of the month.
    fn civil(self) -> (i64, i64, i64) {
        // A year is never shorter than 365 days, so this is at most a few years too late.
        let mut year = (self.number + 719_468).div_euclid(365);
        while Self::from_march(year, 0) > self {
            year -= 1;
        }
        let days = self.number - Self::from_march(year, 0).number;
        let march_month = (5 * days + 2) / 153;
        let day = days - (153 * march_month + 2) / 5 + 1;
        if march_month < 10 { (year, march_month + 3, day) } else { (year + 1, march_month - 9, day) }
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    /// Parses `2026-11-21`.
    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let mut numbers = text.split('-').map(|part| part.parse::<i64>().ok());
        let mut number = || numbers.next().flatten().ok_or(InvalidDay);
        let (year, month, day) = (number()?, number()?, number()?);
        if !is_plain || !(1..=12).contains(&month) {
            return Err(InvalidDay);
        }
        let (march_year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let found = Self::from_march(march_year, (153 * march_month + 2) / 5 + day - 1);
        // The 31st of a shorter month results in another day.
        if found.to_string() == text { Ok(found) } else { Err(InvalidDay) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_epoch() {
        let number = |text: &str| text.parse::<Day>().unwrap().number;
        assert_eq!((number("1970-01-01"), number("1969-12-31"), number("2000-02-29")), (0, -1, 11_016));
        assert_eq!("2026-11-21".parse::<Day>().unwrap().start(), Timestamp::from_millis(1_795_219_200_000));
    }

    #[test]
    fn every_day_round_trips_through_its_text() {
        let mut day: Day = "1899-12-30".parse().unwrap();
        for _ in 0..150_000 {
            let next = day.next();
            assert_eq!(day.to_string().parse(), Ok(day));
            assert!(day.to_string() < next.to_string(), "{day}");
            day = next;
        }
    }

    #[test]
    fn an_impossible_date_is_an_error() {
        for text in [
            "",
            "2025-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "20261121",
            "-026-01-01",
            "2026-01-01T00",
            "2026-01-0x",
            "2026--1-01",
            "99999-01-01",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text}");
        }
    }
}
