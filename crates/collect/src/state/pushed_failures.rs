use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use agtop_model::{Activity, ActivityKind, Session, Timestamp, Untrusted};

/// Failed requests that were pushed, and that no transcript reports: some clients write none, others write one later.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pushed: VecDeque<(Timestamp, Untrusted)>,
    /// The last failures that transcripts report: what was pushed of them may come in after all of them were read.
    recorded: BTreeSet<Timestamp>,
}

/// A hook and a transcript report the same failure within this time.
pub(super) const SAME_FAILURE: Duration = Duration::from_secs(5);
/// A flood loses the oldest.
const MAX_PUSHED: usize = 1000;
/// An older failure is not pushed any more.
const MAX_RECORDED: usize = 64;

impl Failures {
    /// Notes a failure that was pushed; says whether it is news.
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

    /// A transcript reports a failure: what was pushed about it counts no more.
    pub(super) fn record(&mut self, at: Timestamp) {
        self.recorded.insert(at);
        if self.recorded.len() > MAX_RECORDED {
            self.recorded.pop_first();
        }
        self.pushed.retain(|(pushed, _)| !is_same(*pushed, at));
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.pushed.len() as u64
    }

    /// What happened last, these included.
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

/// Whether two reports of a failure are of the same one.
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
    /// then the hooks told of both, and the older one was counted a second time.
    #[test]
    fn failures_that_were_read_before_they_are_pushed_count_once_each() {
        let mut failures = Failures::default();
        for recorded in [minute(0), minute(20)] {
            failures.record(recorded);
        }
        for pushed in [minute(0), minute(20)] {
            assert!(!failures.push(pushed.plus(Duration::from_secs(1)), &"rate_limit".into()));
        }
        assert!(failures.push(minute(10), &"rate_limit".into()), "another one, which no transcript reports");
        assert_eq!(failures.count(), 1);
    }

    #[test]
    fn of_a_flood_of_recorded_failures_the_last_are_remembered_in_whatever_order_they_are_read() {
        let mut failures = Failures::default();
        for n in (0..1000).rev() {
            failures.record(minute(n));
        }
        assert_eq!(failures.recorded.len(), MAX_RECORDED);
        assert!(!failures.push(minute(999), &"x".into()));
    }
}
