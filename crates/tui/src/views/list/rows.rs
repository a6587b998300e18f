//! From a snapshot to the lines of a list.

use std::collections::HashSet;
use std::sync::Arc;

use agtop_model::{Liveness, Snapshot, SnapshotRow, Status};
use agtop_query::{Filter, needs_user};

use super::groups::grouped;
use super::item::{ListItem, SessionRef};
use super::order::{SessionOrder, session_row};
use super::sort::Sort;
use super::tree::AgentTree;
use super::twig::TreePlace;

/// Which rows are shown, besides the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RowFocus {
    #[default]
    All,
    NeedsMe,
    Working,
    Live,
}

impl RowFocus {
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::All => Self::NeedsMe,
            Self::NeedsMe => Self::Working,
            Self::Working => Self::Live,
            Self::Live => Self::All,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NeedsMe => "needs me",
            Self::Working => "working",
            Self::Live => "live",
        }
    }

    fn accepts(self, row: &SnapshotRow<'_>) -> bool {
        match self {
            Self::All => true,
            Self::NeedsMe => needs_user(row.status()),
            Self::Working => matches!(row.status(), Status::Working | Status::Spawning | Status::Active),
            Self::Live => row.agent.is_some_and(|agent| agent.liveness == Liveness::Live),
        }
    }
}

/// How the agents are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListArrangement {
    #[default]
    Flat,
    /// By project.
    Groups,
    /// With subagents and helpers below them.
    Tree,
}

/// What decides which lines a list has.
pub(crate) struct ListQuery<'a> {
    pub(crate) filter: Option<&'a Filter>,
    pub(crate) pid: Option<u32>,
    pub(crate) focus: RowFocus,
    pub(crate) sort: Sort,
    pub(crate) arrangement: ListArrangement,
    pub(crate) collapsed: &'a HashSet<String>,
}

impl ListQuery<'_> {
    fn accepts(&self, row: &SnapshotRow<'_>) -> bool {
        self.focus.accepts(row)
            && self.pid.is_none_or(|pid| row.agent.is_some_and(|agent| agent.process.id.pid == pid))
            && self.filter.is_none_or(|filter| filter.matches(row))
    }
}

/// The lines of the agents view.
pub(crate) fn agents(snapshot: &Snapshot, query: &ListQuery<'_>) -> Vec<ListItem> {
    let row = |at: &usize| SnapshotRow {
        now: snapshot.now,
        agent: snapshot.agent(*at),
        session: snapshot.agent(*at).and_then(|agent| agent.session.as_deref()),
    };
    let mut order: Vec<usize> = (0..snapshot.agents.len()).filter(|at| query.accepts(&row(at))).collect();
    query.sort.sort(&mut order, row);
    match query.arrangement {
        ListArrangement::Flat => order.into_iter().map(|at| ListItem::agent(at, TreePlace::default())).collect(),
        ListArrangement::Groups => grouped(snapshot, &order, query.collapsed),
        ListArrangement::Tree => AgentTree::new(snapshot, order).items(),
    }
}

/// The lines of the sessions view. Sessions with an agent come first, whatever the sort is.
pub(crate) fn sessions(snapshot: &Arc<Snapshot>, query: &ListQuery<'_>, order: &mut SessionOrder) -> Vec<ListItem> {
    let is_shown = |(at, agent): &&(usize, Option<usize>)| {
        let session = snapshot.sessions.get(*at);
        session.is_some_and(|session| query.accepts(&session_row(snapshot, session, *agent)))
    };
    let item = |&(at, agent): &(usize, Option<usize>)| ListItem::Row {
        agent,
        session: SessionRef::At(at),
        place: TreePlace::default(),
    };
    order.of(snapshot, query.sort).iter().filter(is_shown).map(item).collect()
}
