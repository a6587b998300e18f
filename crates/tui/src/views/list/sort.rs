use agtop_model::SnapshotRow;
use agtop_query::{RowRank, SortBasis, SortKey};

/// The key and the direction of a sort.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sort {
    pub(crate) key: SortKey,
    pub(crate) direction: SortDirection,
}

/// The direction of a sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SortDirection {
    /// The interesting end first: large numbers, the start of the alphabet.
    #[default]
    Default,
    /// The other end first.
    Reversed,
}

impl SortDirection {
    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::Default => Self::Reversed,
            Self::Reversed => Self::Default,
        }
    }
}

impl PartialEq for Sort {
    fn eq(&self, other: &Self) -> bool {
        (self.key.as_str(), self.direction) == (other.key.as_str(), other.direction)
    }
}

/// The sort keys that are offered first, those of agtop 2 before others.
pub(crate) const SORT_CYCLE: &[&str] =
    &["smart", "cpu", "mem", "tokens", "uptime", "client", "cost", "context", "active"];

impl Sort {
    /// Sorts rows. Rows with equal keys are ordered by their start, so that no
    /// row moves without a reason; missing values are always last.
    pub(crate) fn sort<'a, T>(self, things: &mut [T], row: impl Fn(&T) -> SnapshotRow<'a>) {
        things.sort_by_cached_key(|thing| self.rank(&row(thing)));
    }

    /// The rank of a row in the order.
    pub(crate) fn rank(self, row: &SnapshotRow<'_>) -> RowRank {
        let rank = self.key.rank(row, SortBasis::Steady);
        if self.direction == SortDirection::Reversed { rank.reversed() } else { rank }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;
    use agtop_model::{Agent, Status};

    use super::*;

    fn pids(sort: Sort, snapshot: &agtop_model::Snapshot) -> Vec<u32> {
        let mut agents: Vec<&Agent> = snapshot.agents.iter().map(|agent| &**agent).collect();
        sort.sort(&mut agents, |agent| SnapshotRow::of_agent(snapshot.now, agent));
        agents.iter().map(|agent| agent.process.id.pid).collect()
    }

    #[test]
    fn rows_do_not_move_while_agents_change_between_working_statuses() {
        let before = demo::crowd(14, 14);
        let next = |agent: Agent| match agent.status {
            Status::Working => Agent { status: Status::Active, ..agent },
            Status::Active => Agent { status: Status::Spawning, ..agent },
            _ => agent,
        };
        let after = before.clone().with_agents(before.cloned_agents().into_iter().map(next));
        assert_eq!(pids(Sort::default(), &before), pids(Sort::default(), &after));
    }

    #[test]
    fn in_a_reversed_order_missing_values_stay_last() {
        let mut snapshot = demo::crowd(6, 6);
        let mut agents = snapshot.cloned_agents();
        agents[2].session = None;
        snapshot = snapshot.with_agents(agents);
        let gap = snapshot.agents[2].process.id.pid;
        let sort = Sort { key: "tokens".parse().unwrap(), direction: SortDirection::Default };
        let usual = pids(sort, &snapshot);
        let mut reversed = pids(Sort { direction: SortDirection::Reversed, ..sort }, &snapshot);
        assert_eq!((usual[5], reversed[5]), (gap, gap));
        reversed[..5].reverse();
        assert_eq!(usual, reversed);
    }
}
