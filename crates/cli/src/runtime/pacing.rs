//! The time between snapshots while files change.

use std::time::{Duration, Instant};

/// Decides how long to wait before the next snapshot: nothing after a single change, and longer, up to a limit, while
/// changes follow one another without a pause. The more processor time a snapshot takes with the screen that shows it, the
/// longer: a monitor must not become a load itself.
#[derive(Debug, Default)]
pub(super) struct SnapshotPacer {
    previous: Option<Published>,
    gap: Duration,
}

/// When a snapshot was published, and the processor time that this process had used by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    pub(super) at: Instant,
    pub(super) used: Duration,
}

impl SnapshotPacer {
    /// Four snapshots per second are as many as a user can follow. The collector waits a little more for each, for the rest
    /// of a burst.
    const BURST_GAP: Duration = Duration::from_millis(240);
    /// However much a snapshot costs, changes show within this time.
    const MAX_GAP: Duration = Duration::from_millis(500);
    const GAP_STEP: Duration = Duration::from_millis(60);
    /// A snapshot that comes within this time after the gap belongs to the same burst.
    const BURST_PAUSE: Duration = Duration::from_millis(150);
    /// Within [`Self::MAX_GAP`], the gap is this multiple of the processor time that a snapshot takes: 0.7 % of a processor.
    const GAP_PER_COST: u32 = 150;

    /// Notes that a snapshot was published.
    pub(super) fn published(&mut self, now: Published) {
        let previous = self.previous.replace(now);
        let since = previous.map_or(Duration::MAX, |previous| now.at.duration_since(previous.at));
        let cost = previous.map_or(Duration::ZERO, |previous| now.used.saturating_sub(previous.used));
        let limit = cost.saturating_mul(Self::GAP_PER_COST).clamp(Self::BURST_GAP, Self::MAX_GAP);
        let is_burst = since.saturating_sub(self.gap) < Self::BURST_PAUSE;
        self.gap = if is_burst { (self.gap + Self::GAP_STEP).min(limit) } else { self.gap / 2 };
    }

    /// The least time until the next snapshot.
    pub(super) const fn gap(&self) -> Duration {
        self.gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gap after a long burst of snapshots that cost as much.
    fn gap_of_burst(pacer: &mut SnapshotPacer, now: &mut Published, cost: Duration) -> Duration {
        for _ in 0..30 {
            now.at += pacer.gap() + Duration::from_millis(60);
            now.used += cost;
            pacer.published(*now);
        }
        pacer.gap()
    }

    #[test]
    fn a_burst_of_changes_is_shown_a_few_times_a_second_and_a_single_one_at_once() {
        let mut pacer = SnapshotPacer::default();
        let mut now = Published { at: Instant::now(), used: Duration::ZERO };
        assert_eq!(gap_of_burst(&mut pacer, &mut now, Duration::from_micros(100)), SnapshotPacer::BURST_GAP);
        for _ in 0..12 {
            now.at += Duration::from_secs(1);
            pacer.published(now);
        }
        assert!(pacer.gap() < Duration::from_millis(1), "{pacer:?}");
    }

    #[test]
    fn snapshots_that_cost_much_are_made_less_often() {
        let mut now = Published { at: Instant::now(), used: Duration::ZERO };
        let mut gap = |millis| gap_of_burst(&mut SnapshotPacer::default(), &mut now, Duration::from_millis(millis));
        assert_eq!([gap(1), gap(3), gap(20)].map(|gap| gap.as_millis()), [240, 450, 500]);
    }
}
