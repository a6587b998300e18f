use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use agtop_model::{Activity, ActivityKind, Session, Timestamp, Untrusted};

/// Failed requests that hooks reported and no transcript has: some clients never write them, others later.
#[derive(Debug, Default)]
pub(super) struct PushedFailures {
    pushed: VecDeque<(Timestamp, Untrusted)>,
    /// The last failures in transcripts: a hook may report one of them after they were read.
    recorded: BTreeSet<Timestamp>,
}

/// A hook and a transcript report a failure within this time of each other.
pub(super) const SAME_FAILURE: Duration = Duration::from_secs(5);
/// Pushed failures that are kept, at most; further ones replace the oldest.
const MAX_PUSHED: usize = 1000;
/// Recorded failures that are kept, at most: no hook reports one so late.
const MAX_RECORDED: usize = 64;

impl PushedFailures {
    /// Notes a failure that a hook reported. Returns whether it is new.
    pub(super) fn push(&mut self, at: Timestamp, reason: &Untrusted) -> bool {
        let is_recorded = self.recorded.iter().any(|&recorded| is_same(recorded, at));
        if is_recorded || self.pushed.iter().any(|(known, _)| *known == at) {
            return false;
        }
        if self.pushed.len() == MAX_PUSHED {
            self.pushed.pop_front();
        }
        self.pushed.push_back((at, reason.clone()));
        true
    }

    /// Notes a failure in a transcript: then the same one from a hook no longer counts.
    pub(super) fn record(&mut self, at: Timestamp) {
        self.recorded.insert(at);
        if self.recorded.len() > MAX_RECORDED {
            self.recorded.pop_first();
        }
        self.pushed.retain(|(pushed, _)| !is_same(*pushed, at));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.pushed.len() as u64
    }

    /// The recent activities, with these failures among them.
    pub(super) fn among(&self, mut recent: Vec<Activity>) -> Vec<Activity> {
        let failed = |(at, reason): &(Timestamp, Untrusted)| Activity {
            at: Some(*at),
            kind: ActivityKind::Failed(reason.clone()),
        };
        for failure in self.pushed.iter().map(failed) {
            let place = recent.iter().rposition(|known| known.at.is_some_and(|at| Some(at) <= failure.at));
            recent.insert(place.map_or(0, |place| place + 1), failure);
        }
        let surplus = recent.len().saturating_sub(Session::MAX_ACTIVITIES);
        recent.drain(..surplus);
        recent
    }
}

/// Whether two reports mean the same failure.
pub(super) fn is_same(a: Timestamp, b: Timestamp) -> bool {
    a.since(b).max(b.since(a)) <= SAME_FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(n: u64) -> Timestamp {
        Timestamp::from_millis(1_795_264_200_000).plus(Duration::from_mins(n))
    }

    /// The machine was suspended while two requests failed, 20 minutes apart. The transcript was read first, with both;
    /// then hooks reported both, and the older one was once counted again.
    #[test]
    fn failures_that_are_read_before_they_are_pushed_count_once() {
        let mut failures = PushedFailures::default();
        for recorded in [minute(0), minute(20)] {
            failures.record(recorded);
        }
        for pushed in [minute(0), minute(20)] {
            assert!(!failures.push(pushed.plus(Duration::from_secs(1)), &"rate_limit".into()));
        }
        assert!(failures.push(minute(10), &"rate_limit".into()), "a failure that no transcript reports");
        assert_eq!(failures.count(), 1);
    }

    #[test]
    fn the_latest_recorded_failures_are_kept_whatever_the_order_of_reading() {
        let mut failures = PushedFailures::default();
        for n in (0..1000).rev() {
            failures.record(minute(n));
        }
        assert_eq!(failures.recorded.len(), MAX_RECORDED);
        assert!(!failures.push(minute(999), &"x".into()));
    }
}
