use std::fmt;
use std::num::NonZeroI64;
use std::time::Duration;

/// A moment: milliseconds since 1970-01-01 UTC.
///
/// Transcripts write RFC 3339 text, seconds, milliseconds or float seconds; decoders bring all of them to this.
///
/// There are many, and most of them may be missing: the representation leaves zero out, so that an `Option` of one takes
/// no more memory than the moment itself. A history of thousands of sessions is a tenth smaller by that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(
    /// Milliseconds; those from 1970 on are counted from 1.
    NonZeroI64,
);

/// Numbers above this are milliseconds, below it seconds: 1e11 s is the year 5138, 1e11 ms is 1973.
const SECONDS_END: i64 = 100_000_000_000;

impl Timestamp {
    /// The first moment at which an agent can have written anything; what claims to be older is a broken clock.
    pub const EARLIEST: Self = Self::from_millis(1_577_836_800_000);

    /// From milliseconds since the epoch. The greatest number means the same as the one before it.
    pub const fn from_millis(millis: i64) -> Self {
        match NonZeroI64::new(if millis < 0 { millis } else { millis.saturating_add(1) }) {
            Some(shifted) => Self(shifted),
            None => unreachable!(),
        }
    }

    /// From a number that some vendors write in seconds and others in milliseconds.
    pub const fn from_seconds_or_millis(number: i64) -> Self {
        if number.unsigned_abs() < SECONDS_END.unsigned_abs() {
            Self::from_millis(number.saturating_mul(1000))
        } else {
            Self::from_millis(number)
        }
    }

    /// From seconds with a fraction; `None` for NaN, infinities and what does not fit.
    pub fn from_float_seconds(seconds: f64) -> Option<Self> {
        let millis = seconds * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
        (millis.is_finite() && millis.abs() < 9.0e15).then_some(Self::from_millis(millis as i64))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        let shifted = self.0.get();
        if shifted < 0 { shifted } else { shifted - 1 }
    }

    /// How long after `earlier` this is; zero if it is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.as_millis().saturating_sub(earlier.as_millis())).unwrap_or(0))
    }

    /// This moment moved forward.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::from_millis(self.as_millis().saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment moved back.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::from_millis(self.as_millis().saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_millis()).finish()
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
    fn a_missing_moment_takes_no_memory_and_the_order_of_moments_is_that_of_their_milliseconds() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
        let millis = [i64::MIN, -2, -1, 0, 1, i64::MAX - 1];
        assert!(millis.map(|millis| Timestamp::from_millis(millis).as_millis()) == millis);
        assert!(millis.map(Timestamp::from_millis).is_sorted_by(|a, b| a < b));
        assert_eq!(Timestamp::from_millis(i64::MAX), Timestamp::from_millis(i64::MAX - 1));
    }

    #[test]
    fn since_a_later_moment_is_zero() {
        assert_eq!(Timestamp::from_millis(1).since(Timestamp::from_millis(5)), Duration::ZERO);
    }
}
