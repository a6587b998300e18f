//! Which rows an output shows, and in which order: the same for every output.

use agtop_model::{Snapshot, SnapshotRow};

use crate::filter::Filter;
use crate::row_rank::SortBasis;
use crate::sort_key::SortKey;

/// Which rows are shown, and in which order.
#[derive(Clone, Default)]
pub struct Selection {
    /// Which rows are shown; `None` for all.
    pub filter: Option<Filter>,
    /// Only the agent with this process id; `None` for all.
    pub pid: Option<u32>,
    /// In which order they are shown.
    pub sort: SortKey,
    /// How many rows are shown; `None` and 0 for all.
    pub top: Option<usize>,
}

/// The live agents that match the filter, in the order of the selection.
pub fn agents<'a>(snapshot: &'a Snapshot, selection: &Selection) -> Vec<SnapshotRow<'a>> {
    select(snapshot.agents.iter().map(|agent| SnapshotRow::of_agent(snapshot.now, agent)), selection)
}

/// The sessions that match the filter, in the order of the selection, each with the agent that works on it.
pub fn sessions<'a>(snapshot: &'a Snapshot, selection: &Selection) -> Vec<SnapshotRow<'a>> {
    select(
        snapshot.sessions.iter().map(|session| SnapshotRow::of_session(snapshot.now, session, &snapshot.agents)),
        selection,
    )
}

/// The first rows, as many as the selection asks for.
pub fn top<'r, 'a>(rows: &'r [SnapshotRow<'a>], selection: &Selection) -> &'r [SnapshotRow<'a>] {
    let limit = selection.top.filter(|&limit| limit > 0).unwrap_or(rows.len());
    rows.get(..limit).unwrap_or(rows)
}

fn select<'a>(rows: impl Iterator<Item = SnapshotRow<'a>>, selection: &Selection) -> Vec<SnapshotRow<'a>> {
    let is_wanted = |row: &SnapshotRow<'_>| {
        let pid = row.agent.map(|agent| agent.process.id.pid);
        selection.pid.is_none_or(|wanted| pid == Some(wanted))
            && selection.filter.as_ref().is_none_or(|filter| filter.matches(row))
    };
    let mut rows: Vec<SnapshotRow<'a>> = rows.filter(is_wanted).collect();
    rows.sort_by_cached_key(|row| selection.sort.rank(row, SortBasis::Latest));
    rows
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;

    use super::*;

    fn pids(rows: &[SnapshotRow<'_>]) -> Vec<u32> {
        rows.iter().filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect()
    }

    #[test]
    fn a_process_id_selects_one_agent_and_its_session() {
        let snapshot = testing::rich();
        let selection = Selection { pid: Some(testing::CODEX_PID), ..Selection::default() };
        assert_eq!(pids(&agents(&snapshot, &selection)), [testing::CODEX_PID]);
        assert_eq!(pids(&sessions(&snapshot, &selection)), [testing::CODEX_PID]);
        assert!(agents(&snapshot, &Selection { pid: Some(1), ..Selection::default() }).is_empty());
    }

    fn sorted_by(name: &str) -> Vec<u32> {
        let selection = Selection { sort: name.parse().unwrap(), ..Selection::default() };
        pids(&agents(&testing::rich(), &selection))
    }

    #[test]
    fn agents_that_wait_for_the_user_come_first_then_the_most_recent() {
        assert_eq!(sorted_by("smart"), [testing::CODEX_PID, testing::CLAUDE_PID, testing::GEMINI_PID]);
    }

    #[test]
    fn numbers_sort_in_descending_order_and_gaps_come_last() {
        assert_eq!(sorted_by("cpu"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
        assert_eq!(sorted_by("tokens"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
    }

    #[test]
    fn text_and_pids_sort_in_ascending_order() {
        assert_eq!(sorted_by("agent"), [testing::CLAUDE_PID, testing::CODEX_PID, testing::GEMINI_PID]);
        let mut pids = sorted_by("pid");
        assert!(pids.is_sorted());
        pids.dedup();
        assert_eq!(pids.len(), 3);
    }

    #[test]
    fn a_top_of_zero_or_beyond_the_end_shows_every_row() {
        let snapshot = testing::rich();
        let all = sessions(&snapshot, &Selection::default());
        for (most, expected) in [(None, all.len()), (Some(0), all.len()), (Some(2), 2), (Some(usize::MAX), all.len())] {
            assert_eq!(top(&all, &Selection { top: most, ..Selection::default() }).len(), expected);
        }
    }
}
