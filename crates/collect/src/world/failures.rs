use std::collections::VecDeque;
use std::time::Duration;

use agtop_model::{Deed, Happening, Session, Timestamp, Untrusted};

/// Failed requests that were pushed, and that no transcript reports: some clients write none, others write one later.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pushed: VecDeque<(Timestamp, Untrusted)>,
    /// The last failure that a transcript reports.
    recorded: Option<Timestamp>,
}

/// A hook and a transcript report the same failure within this time.
pub(super) const SAME_FAILURE: Duration = Duration::from_secs(5);
/// A flood loses the oldest.
const MAX_PUSHED: usize = 1000;

impl Failures {
    /// Notes a failure that was pushed; says whether it is news.
    pub(super) fn push(&mut self, at: Timestamp, reason: &Untrusted) -> bool {
        let is_recorded = self.recorded.is_some_and(|recorded| is_same(recorded, at));
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
        self.recorded = self.recorded.max(Some(at));
        self.pushed.retain(|(pushed, _)| !is_same(*pushed, at));
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.pushed.len() as u64
    }

    /// What happened last, these included.
    pub(super) fn among(&self, mut recent: Vec<Happening>) -> Vec<Happening> {
        let failed =
            |(at, reason): &(Timestamp, Untrusted)| Happening { at: Some(*at), deed: Deed::Failed(reason.clone()) };
        for failure in self.pushed.iter().map(failed) {
            let place = recent.iter().rposition(|known| known.at.is_some_and(|at| Some(at) <= failure.at));
            recent.insert(place.map_or(0, |place| place + 1), failure);
        }
        let surplus = recent.len().saturating_sub(Session::RECENT);
        recent.drain(..surplus);
        recent
    }
}

/// Whether two reports of a failure are of the same one.
pub(super) fn is_same(a: Timestamp, b: Timestamp) -> bool {
    a.since(b).max(b.since(a)) <= SAME_FAILURE
}
