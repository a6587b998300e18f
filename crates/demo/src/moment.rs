use std::time::Duration;

use agtop_model::{BillingPlan, Timestamp};
use jiff::tz::TimeZone;

/// A moment of the demo.
pub(crate) struct DemoMoment<'a> {
    pub(crate) now: Timestamp,
    /// Seconds since the demo began.
    pub(crate) elapsed: f64,
    pub(crate) zone: &'a TimeZone,
    /// Who pays.
    pub(crate) plan: BillingPlan,
}

impl DemoMoment<'_> {
    pub(crate) fn ago(&self, seconds: f64) -> Timestamp {
        self.now.minus(Duration::from_secs_f64(seconds.max(0.0)))
    }

    /// Whether that is a Saturday or a Sunday.
    pub(crate) fn is_weekend(&self, at: Timestamp) -> bool {
        // 1970-01-01 was a Thursday.
        self.day(at).is_some_and(|day| matches!((day + 3).rem_euclid(7), 5 | 6))
    }

    /// Days from 1970-01-01 to `at`; `None` outside the calendar.
    pub(crate) fn day(&self, at: Timestamp) -> Option<i32> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some((at.to_zoned(self.zone.clone()).date() - jiff::civil::date(1970, 1, 1)).get_days())
    }
}
