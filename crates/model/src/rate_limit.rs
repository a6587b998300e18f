use std::sync::Arc;

use crate::{ClientId, Timestamp, Untrusted};

/// A reading of an account's allowance. The newest reading counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// Which allowance, such as `codex`.
    pub limit: Arc<str>,
    /// The subscription, where it is recorded.
    pub plan: Option<Untrusted>,
    /// Its windows.
    pub windows: Vec<RateLimitWindow>,
}

/// One window of an allowance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimitWindow {
    /// Its length in minutes: 300 is the five-hour window, 10080 the week.
    pub minutes: u32,
    /// How much of it is used, in percent; may exceed 100.
    pub used_percent: f64,
    /// When it resets.
    pub resets_at: Option<Timestamp>,
}

/// A reading of one of a client's rate limits.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimitReading {
    /// The client.
    pub client: ClientId,
    /// When it was read.
    pub at: Timestamp,
    /// What it said.
    pub limit: RateLimit,
}

impl RateLimitReading {
    fn is_of_same_limit(&self, other: &Self) -> bool {
        self.client == other.client && self.limit.limit == other.limit.limit
    }
}

/// Keeps the newest reading of each rate limit: `reading` takes the place of one of the same limit that is not newer.
pub fn note_rate_limit(newest: &mut Vec<RateLimitReading>, reading: RateLimitReading) {
    match newest.iter_mut().find(|known| known.is_of_same_limit(&reading)) {
        Some(known) if known.at <= reading.at => *known = reading,
        Some(_) => {}
        None => newest.push(reading),
    }
}

/// Adds the reading of a source with fewer details: only if no other of the same limit is as new.
pub fn note_coarse_rate_limit(newest: &mut Vec<RateLimitReading>, reading: RateLimitReading) {
    if newest.iter().all(|known| !known.is_of_same_limit(&reading) || known.at < reading.at) {
        note_rate_limit(newest, reading);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(limit: &str, minute: i64, used_percent: f64) -> RateLimitReading {
        let windows = vec![RateLimitWindow { minutes: 300, used_percent, resets_at: None }];
        let limit = RateLimit { limit: limit.into(), plan: None, windows };
        RateLimitReading { client: ClientId::new("codex"), at: Timestamp::from_millis(minute * 60_000), limit }
    }

    fn newest(readings: impl IntoIterator<Item = RateLimitReading>) -> Vec<RateLimitReading> {
        let mut newest = Vec::new();
        readings.into_iter().for_each(|reading| note_rate_limit(&mut newest, reading));
        newest.sort_by(|a, b| a.limit.limit.cmp(&b.limit.limit));
        newest
    }

    #[test]
    fn a_coarse_reading_counts_only_if_it_is_newer() {
        let mut known = vec![reading("week", 5, 10.0)];
        note_coarse_rate_limit(&mut known, reading("week", 5, 99.0));
        assert_eq!(known, [reading("week", 5, 10.0)]);
        note_coarse_rate_limit(&mut known, reading("week", 6, 11.0));
        assert_eq!(known, [reading("week", 6, 11.0)]);
    }

    proptest! {
        #[test]
        fn readings_in_any_order_split_and_repetition_leave_the_same_newest(
            times in proptest::collection::hash_set((0..3_u8, 0..1_000_i64), 0..40),
            cut in 0..40_usize,
        ) {
            let readings: Vec<_> =
                times.iter().map(|&(limit, minute)| reading(&format!("l{limit}"), minute, 1.0)).collect();
            let whole = newest(readings.clone());
            let backwards = newest(readings.iter().rev().cloned().chain(readings.iter().cloned()));
            let (first, second) = readings.split_at(cut.min(readings.len()));
            let merged = newest(newest(second.to_vec()).into_iter().chain(newest(first.to_vec())));
            prop_assert_eq!(&whole, &backwards);
            prop_assert_eq!(&whole, &merged);
        }
    }
}
