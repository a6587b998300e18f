//! Rate limits of accounts: readings since agtop started.

use std::collections::VecDeque;
use std::sync::Arc;

use agtop_model::{ClientId, RateLimitWindow, Snapshot, Timestamp};

/// Readings kept of each window.
const MAX_READINGS: usize = 240;

/// The readings of one window of one rate limit in the snapshots since agtop started.
#[derive(Clone, Debug)]
pub(crate) struct WindowHistory {
    client: ClientId,
    limit: Arc<str>,
    minutes: u32,
    readings: VecDeque<(Timestamp, f64)>,
}

/// The readings of all windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuotaHistory(Vec<WindowHistory>);

impl QuotaHistory {
    /// Adds the readings of a snapshot.
    pub(crate) fn record(&mut self, snapshot: &Snapshot) {
        for known in snapshot.allowances() {
            for window in known.windows() {
                self.add(known.client, &known.limit.limit, window, known.read);
            }
        }
    }

    fn add(&mut self, client: ClientId, limit: &Arc<str>, window: &RateLimitWindow, at: Timestamp) {
        let is_it = |series: &&mut WindowHistory| {
            series.client == client && series.limit == *limit && series.minutes == window.minutes
        };
        if let Some(series) = self.0.iter_mut().find(is_it) {
            series.push(at, window.used_percent);
        } else {
            let readings = [(at, window.used_percent)].into();
            self.0.push(WindowHistory { client, limit: Arc::clone(limit), minutes: window.minutes, readings });
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

impl WindowHistory {
    fn push(&mut self, at: Timestamp, used: f64) {
        if self.readings.back().is_some_and(|(last, _)| *last >= at) {
            return;
        }
        if self.readings.len() == MAX_READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back((at, used));
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    #[test]
    fn a_reading_is_added_once() {
        let mut history = QuotaHistory::default();
        let snapshot = demo::crowd(2, 2);
        history.record(&snapshot);
        history.record(&snapshot);
        let (client, _, limit) = &snapshot.rate_limits[0];
        assert_eq!(history.readings(*client, &limit.limit, &limit.windows[0]).len(), 1);
    }
}
