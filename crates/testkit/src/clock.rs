use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Rng;

/// Milliseconds in a second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day.
pub const DAY: i64 = 24 * HOUR;

/// A moment: milliseconds since 1970-01-01 UTC. Displays as RFC 3339 with milliseconds, as most agents write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub i64);

impl Stamp {
    /// Midnight UTC at the start of that day.
    pub fn midnight(date: Date) -> Self {
        Self(date.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond()))
    }

    /// The UTC day.
    pub fn day(self) -> Date {
        self.civil().date()
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// The moment in some other notation, in UTC; see [`jiff::fmt::strtime`].
    pub fn format(self, pattern: &str) -> String {
        self.civil().strftime(pattern).to_string()
    }

    fn civil(self) -> jiff::civil::DateTime {
        self.timestamp().to_zoned(TimeZone::UTC).datetime()
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// A clock that moves only by calls.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: i64,
}

/// The longest time (in milliseconds) in which a response is written; see [`Clock::skip_midnight`].
const MAX_RESPONSE_TIME: i64 = 2 * MINUTE;

impl Clock {
    /// A clock that shows this moment.
    pub const fn at(stamp: Stamp) -> Self {
        Self { now: stamp.0 }
    }

    /// What it shows.
    pub const fn now(&self) -> Stamp {
        Stamp(self.now)
    }

    /// Moves it by so many milliseconds.
    pub const fn advance(&mut self, millis: i64) {
        self.now += millis;
    }

    /// Moves it by a random time of at least a millisecond and at most `most`.
    pub fn drift(&mut self, rng: &mut Rng, most: i64) -> Stamp {
        self.now += 1 + i64::try_from(rng.below(most.unsigned_abs().max(1))).unwrap_or(0);
        self.now()
    }

    /// Moves it past midnight if that is near, so that all records of one response are of one day.
    pub const fn skip_midnight(&mut self) {
        let left = DAY - self.now.rem_euclid(DAY);
        if left < MAX_RESPONSE_TIME {
            self.now += left;
        }
    }

    /// Moves it to the start of the next second.
    pub const fn next_second(&mut self) {
        self.now += SECOND - self.now.rem_euclid(SECOND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Stamp = Stamp(1_775_044_800_000);

    #[test]
    fn a_stamp_shows_milliseconds_even_when_they_are_zero() {
        assert_eq!(NOON.to_string(), "2026-04-01T12:00:00.000Z");
        assert_eq!(NOON.day().to_string(), "2026-04-01");
        assert_eq!(NOON.format("%Y-%m-%dT%H-%M"), "2026-04-01T12-00");
        assert_eq!(Stamp::midnight(NOON.day()), Stamp(NOON.0 - 12 * HOUR));
    }

    #[test]
    fn only_a_time_just_before_midnight_is_moved() {
        let mut clock = Clock::at(NOON);
        clock.skip_midnight();
        assert_eq!(clock.now(), NOON);
        clock.advance(12 * HOUR - SECOND);
        clock.skip_midnight();
        assert_eq!(clock.now().to_string(), "2026-04-02T00:00:00.000Z");
    }
}
