//! Allowances of accounts: how much is used, how that went on, and when it will be used up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, RateLimitWindow, Snapshot, Timestamp};

/// Readings kept of each window.
const READINGS: usize = 240;

/// The readings of one window of one allowance, as snapshots told them since agtop started.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    client: ClientId,
    limit: Arc<str>,
    minutes: u32,
    readings: VecDeque<(Timestamp, f64)>,
}

/// The readings of all windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Vec<Series>);

impl Meter {
    /// Notes what is new.
    pub(crate) fn note(&mut self, snapshot: &Snapshot) {
        for known in snapshot.allowances() {
            for window in known.windows() {
                self.add(known.client, &known.limit.limit, window, known.read);
            }
        }
    }

    fn add(&mut self, client: ClientId, limit: &Arc<str>, window: &RateLimitWindow, at: Timestamp) {
        let is_it = |series: &&mut Series| {
            series.client == client && series.limit == *limit && series.minutes == window.minutes
        };
        if let Some(series) = self.0.iter_mut().find(is_it) {
            series.push(at, window.used_percent);
        } else {
            let readings = [(at, window.used_percent)].into();
            self.0.push(Series { client, limit: Arc::clone(limit), minutes: window.minutes, readings });
        }
    }

    /// The readings of a window, oldest first.
    pub(crate) fn readings(&self, client: ClientId, limit: &str, window: &RateLimitWindow) -> Vec<f64> {
        let series = self
            .0
            .iter()
            .find(|series| series.client == client && *series.limit == *limit && series.minutes == window.minutes);
        series.map_or_else(Vec::new, |series| series.readings.iter().map(|(_, used)| *used).collect())
    }
}

impl Series {
    fn push(&mut self, at: Timestamp, used: f64) {
        if self.readings.back().is_some_and(|(last, _)| *last >= at) {
            return;
        }
        if self.readings.len() == READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back((at, used));
    }
}

/// How long until the window is used up, if the rest of it goes like what has passed of it; `None` if it will start
/// anew before, or if too little has passed to tell.
pub(crate) fn used_up_in(window: &RateLimitWindow, now: Timestamp) -> Option<Duration> {
    let length = Duration::from_mins(window.minutes.into());
    let left = window.resets_at?.since(now);
    let passed = length.checked_sub(left)?.as_secs_f64();
    if !window.used_percent.is_finite() || window.used_percent <= 0.0 || passed < length.as_secs_f64() / 50.0 {
        return None;
    }
    let per_second = window.used_percent / passed;
    let seconds = ((100.0 - window.used_percent) / per_second).max(0.0);
    Duration::try_from_secs_f64(seconds).ok().filter(|until| *until < left)
}

#[cfg(test)]
mod tests {
    use agtop_demo::{self as demo, DEMO_START};

    use super::*;

    fn window(used: f64, left: u64) -> RateLimitWindow {
        RateLimitWindow {
            minutes: 300,
            used_percent: used,
            resets_at: Some(DEMO_START.plus(Duration::from_secs(left))),
        }
    }

    #[test]
    fn a_window_that_is_used_faster_than_it_passes_ends_early() {
        // Half of the five hours passed, and three quarters are used: the last quarter lasts 50 minutes.
        assert_eq!(used_up_in(&window(75.0, 9_000), DEMO_START), Some(Duration::from_mins(50)));
        assert_eq!(used_up_in(&window(40.0, 9_000), DEMO_START), None, "it starts anew before");
        assert_eq!(used_up_in(&window(120.0, 9_000), DEMO_START), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_forecasts_nothing() {
        for window in [
            window(f64::NAN, 9_000),
            window(-5.0, 9_000),
            window(50.0, 90_000),
            RateLimitWindow { resets_at: None, ..window(50.0, 1) },
        ] {
            assert_eq!(used_up_in(&window, DEMO_START), None, "{window:?}");
        }
    }

    #[test]
    fn a_reading_is_noted_once() {
        let mut meter = Meter::default();
        let snapshot = demo::crowd(2, 2);
        meter.note(&snapshot);
        meter.note(&snapshot);
        let (client, _, limit) = &snapshot.rate_limits[0];
        assert_eq!(meter.readings(*client, &limit.limit, &limit.windows[0]).len(), 1);
    }
}
