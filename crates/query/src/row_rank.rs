//! The order of rows, for printed tables and for the screen.

use std::cmp::Reverse;

use agtop_model::{SnapshotRow, Status, Timestamp};

use crate::smooth_cpu::smooth_cpu;
use crate::sort_key::SortKey;
use crate::sort_value::SortValue;

/// Which values of rows an order compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBasis {
    /// The latest ones: for a table that is printed once. Rows with equal values stay as they were.
    Latest,
    /// Those that change seldom, so that no row of a live list moves without a reason: smoothed processor use, and
    /// statuses in groups. Rows with equal values are ordered by their start, the newest first.
    Steady,
}

/// The rank of a row: the lowest comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowRank {
    value: SortValue,
    /// Of rows with equal values, the newest comes first.
    newest: Reverse<Option<Timestamp>>,
    pid: u32,
}

impl RowRank {
    /// The rank in the opposite order. Missing values stay last, and rows with equal values keep their order.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self { value: self.value.reversed(), ..self }
    }
}

impl SortKey {
    /// The rank of a row.
    pub fn rank(self, row: &SnapshotRow<'_>, basis: SortBasis) -> RowRank {
        let value = match (self, basis) {
            (Self::Smart, _) => SortValue::Whole(urgency(row.status(), basis)),
            (Self::Field(field), SortBasis::Steady) if field.id == "cpu" => {
                row.agent.and_then(smooth_cpu).map_or(SortValue::Missing, |percent| SortValue::number(-percent))
            }
            (Self::Field(field), _) => SortValue::new(field, row),
        };
        let (newest, pid) = match (self, basis) {
            (_, SortBasis::Steady) => start(row),
            (Self::Smart, SortBasis::Latest) => (last_active(row), 0),
            (Self::Field(_), SortBasis::Latest) => (None, 0),
        };
        RowRank { value, newest: Reverse(newest), pid }
    }
}

/// How urgent a status is for the user; lower is more urgent. On the steady basis all statuses of a working agent are
/// equal, so that rows do not move while it switches between them.
const fn urgency(status: Status, basis: SortBasis) -> i128 {
    match (basis, status) {
        (SortBasis::Steady, Status::Spawning | Status::Working) => Status::Active as i128,
        // A session of which nothing is known is not less urgent than one that is over.
        (SortBasis::Steady, Status::Resumable | Status::Unknown) => Status::Done as i128,
        _ => status as i128,
    }
}

/// When something last happened in the session, or if there is none, when the process started.
fn last_active(row: &SnapshotRow<'_>) -> Option<Timestamp> {
    let started = || row.agent.and_then(|agent| agent.process.started_at.ok());
    row.session.and_then(|session| session.last_active).or_else(started)
}

/// When the process started, and its pid. A session without an agent has the time of its last activity.
fn start(row: &SnapshotRow<'_>) -> (Option<Timestamp>, u32) {
    match row.agent {
        Some(agent) => (agent.process.started_at.ok(), agent.process.id.pid),
        None => (row.session.and_then(|session| session.last_active.or(session.started)), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_order_keeps_the_order_of_urgency() {
        let urgencies = Status::ALL.map(|status| urgency(status, SortBasis::Latest));
        assert!(urgencies.is_sorted());
        let known = Status::ALL.into_iter().filter(|status| *status != Status::Unknown);
        assert!(known.map(|status| urgency(status, SortBasis::Steady)).is_sorted());
    }
}
