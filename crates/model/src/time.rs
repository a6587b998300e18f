use std::time::Duration;

/// A moment: milliseconds since 1970-01-01 UTC.
///
/// Transcripts write RFC 3339 text, seconds, milliseconds or float seconds; decoders bring all of them to this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// Numbers above this are milliseconds, below it seconds: 1e11 s is the year 5138, 1e11 ms is 1973.
const SECONDS_END: i64 = 100_000_000_000;

impl Timestamp {
    /// The first moment at which an agent can have written anything; what claims to be older is a broken clock.
    pub const EARLIEST: Self = Self(1_577_836_800_000);

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From a number that some vendors write in seconds and others in milliseconds.
    pub const fn from_seconds_or_millis(number: i64) -> Self {
        if number.unsigned_abs() < SECONDS_END.unsigned_abs() {
            Self(number.saturating_mul(1000))
        } else {
            Self(number)
        }
    }

    /// From seconds with a fraction; `None` for NaN, infinities and what does not fit.
    pub fn from_float_seconds(seconds: f64) -> Option<Self> {
        let millis = seconds * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
        (millis.is_finite() && millis.abs() < 9.0e15).then_some(Self(millis as i64))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment moved forward.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment moved back.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_milliseconds_are_distinguished() {
        let expected = Timestamp::from_millis(1_776_290_000_000);
        assert_eq!(Timestamp::from_seconds_or_millis(1_776_290_000), expected);
        assert_eq!(Timestamp::from_seconds_or_millis(1_776_290_000_000), expected);
    }

    #[test]
    fn float_seconds_that_are_no_time_are_refused() {
        assert_eq!(Timestamp::from_float_seconds(f64::NAN), None);
        assert_eq!(Timestamp::from_float_seconds(1e300), None);
        assert_eq!(Timestamp::from_float_seconds(1.5), Some(Timestamp::from_millis(1500)));
    }

    #[test]
    fn since_a_later_moment_is_zero() {
        assert_eq!(Timestamp::from_millis(1).since(Timestamp::from_millis(5)), Duration::ZERO);
    }
}
