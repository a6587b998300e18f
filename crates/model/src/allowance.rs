use std::time::Duration;

use crate::{ClientId, RateLimit, RateLimitWindow, Snapshot, Timestamp};

/// The newest reading of an account's rate limit, with at least one window that is not over.
#[derive(Clone, Copy, Debug)]
pub struct Allowance<'a> {
    /// The client.
    pub client: ClientId,
    /// When it was read.
    pub read: Timestamp,
    /// What was read; its windows may be over.
    pub limit: &'a RateLimit,
    now: Timestamp,
}

impl<'a> Allowance<'a> {
    /// The windows that are not over.
    pub fn windows(&self) -> impl Iterator<Item = &'a RateLimitWindow> + use<'a> {
        let (read, now) = (self.read, self.now);
        self.limit.windows.iter().filter(move |window| window.is_current(read, now))
    }
}

impl RateLimitWindow {
    /// Whether a reading still holds: after the reset the used share of a window is unknown. A window without a reset time
    /// starts again once its own length has passed since the reading.
    pub fn is_current(&self, read: Timestamp, now: Timestamp) -> bool {
        let length = Duration::from_mins(self.minutes.into());
        self.resets_at.map_or_else(|| length.is_zero() || now < read.plus(length), |at| now < at)
    }
}

impl Snapshot {
    /// The rate limits that are known now. Every output shows these and no others.
    pub fn allowances(&self) -> impl Iterator<Item = Allowance<'_>> {
        let all = self.rate_limits.iter();
        all.map(|(client, read, limit)| Allowance { client: *client, read: *read, limit, now: self.now })
            .filter(|allowance| allowance.windows().next().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_current_until_its_reset_or_else_for_its_length() {
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        let is_current =
            |minutes, resets_at, now| RateLimitWindow { minutes, used_percent: 92.0, resets_at }.is_current(at(0), now);
        assert_eq!([59, 60, 480].map(|now| is_current(300, Some(at(60)), at(now))), [true, false, false]);
        assert_eq!([0, 299, 300].map(|now| is_current(300, None, at(now))), [true, true, false]);
        assert!(is_current(0, None, at(480)), "nothing is known about a window without a length");
    }
}
