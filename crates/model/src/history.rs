use std::collections::VecDeque;

use crate::Timestamp;

/// Totals of all agents in each of the last snapshots, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    points: VecDeque<HistoryPoint>,
}

/// One snapshot's sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// The snapshot's moment.
    pub at: Timestamp,
    /// Live agents.
    pub agents: u32,
    /// Of those, agents in the middle of a turn or waiting for the user.
    pub busy: u32,
    /// Of those, agents that did something in the last minutes.
    pub active: u32,
    /// Processor use of all agents, in percent of one processor.
    pub cpu_percent: f64,
    /// Resident memory of all agents, in bytes.
    pub memory: u64,
    /// Tokens of the last minute that were input or output.
    pub fresh_tokens_per_minute: f64,
    /// Tokens of the last minute, caches included.
    pub tokens_per_minute: f64,
}

impl History {
    /// No more points than this are kept.
    pub const MAX_POINTS: usize = 240;

    /// Adds the newest point; the oldest makes room.
    pub fn push(&mut self, point: HistoryPoint) {
        if self.points.len() == Self::MAX_POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &HistoryPoint> + DoubleEndedIterator {
        self.points.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_point_makes_room() {
        let mut history = History::default();
        for agents in 0..300 {
            let at = Timestamp::from_millis(i64::from(agents));
            history.push(HistoryPoint {
                at,
                agents,
                busy: 0,
                active: 0,
                cpu_percent: 0.0,
                memory: 0,
                fresh_tokens_per_minute: 0.0,
                tokens_per_minute: 0.0,
            });
        }
        let agents: Vec<u32> = history.points().map(|point| point.agents).collect();
        assert_eq!((agents.len(), agents[0], agents[239]), (240, 60, 299));
    }
}
