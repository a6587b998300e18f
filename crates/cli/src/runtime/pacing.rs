//! The time between snapshots while files change.

use std::time::{Duration, Instant};

/// Decides how long to wait before the next snapshot: nothing after a single change, and longer, up to a limit, while
/// changes follow one another without a pause.
#[derive(Debug, Default)]
pub(super) struct SnapshotPacer {
    previous: Option<Instant>,
    gap: Duration,
}

impl SnapshotPacer {
    /// Four snapshots per second are as many as a user can follow. The collector waits a little more for each, for the rest
    /// of a burst.
    const MAX_GAP: Duration = Duration::from_millis(240);
    const GAP_STEP: Duration = Duration::from_millis(60);
    /// A snapshot that comes within this time after the gap belongs to the same burst.
    const BURST_PAUSE: Duration = Duration::from_millis(150);

    /// Notes that a snapshot was published.
    pub(super) fn published(&mut self, now: Instant) {
        let since = self.previous.replace(now).map_or(Duration::MAX, |previous| now.duration_since(previous));
        let is_burst = since.saturating_sub(self.gap) < Self::BURST_PAUSE;
        self.gap = if is_burst { (self.gap + Self::GAP_STEP).min(Self::MAX_GAP) } else { self.gap / 2 };
    }

    /// The least time until the next snapshot.
    pub(super) const fn gap(&self) -> Duration {
        self.gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_changes_is_shown_a_few_times_a_second_and_a_single_one_at_once() {
        let mut pacer = SnapshotPacer::default();
        let mut now = Instant::now();
        for _ in 0..30 {
            now += pacer.gap() + Duration::from_millis(60);
            pacer.published(now);
        }
        assert_eq!(pacer.gap(), SnapshotPacer::MAX_GAP);
        for _ in 0..12 {
            now += Duration::from_secs(1);
            pacer.published(now);
        }
        assert!(pacer.gap() < Duration::from_millis(1), "{pacer:?}");
    }
}
