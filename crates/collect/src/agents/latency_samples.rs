use std::collections::VecDeque;
use std::time::Duration;

use agtop_model::{Quantiles, Timestamp};

/// The last latencies of one kind.
#[derive(Debug, Default)]
pub(crate) struct LatencySamples(VecDeque<Duration>);

/// Samples that are kept, at most.
const MAX_SAMPLES: usize = 256;

impl LatencySamples {
    /// Adds the time between two events, if the first one is known and is not the later one.
    pub(crate) fn note(&mut self, from: Option<Timestamp>, to: Timestamp) {
        let Some(from) = from.filter(|&from| from <= to) else { return };
        if self.0.len() == MAX_SAMPLES {
            self.0.pop_front();
        }
        self.0.push_back(to.since(from));
    }

    pub(crate) fn quantiles(&self) -> Option<Quantiles> {
        Quantiles::of(self.0.iter().copied())
    }
}
