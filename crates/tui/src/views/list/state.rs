use std::collections::HashSet;
use std::sync::Arc;

use agtop_model::Snapshot;
use agtop_query::{SortKey, needs_user};

use super::filter::FilterState;
use super::order::SessionOrder;
use super::rows::{self, ListArrangement, ListQuery, RowFocus};
use super::selection::RowList;
use super::sort::Sort;
use crate::view_id::ViewId;

/// The lists of agents and sessions, and what decides which rows they show and in which order.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) agents: RowList,
    pub(crate) sessions: RowList,
    pub(crate) filter: FilterState,
    /// Only the agent with this pid is shown.
    pub(crate) pid: Option<u32>,
    pub(crate) focus: RowFocus,
    pub(crate) sort: Sort,
    pub(crate) arrangement: ListArrangement,
    order: SessionOrder,
    /// Names of the groups whose members are hidden.
    collapsed: HashSet<String>,
}

impl Lists {
    pub(crate) fn new(pid: Option<u32>, key: SortKey) -> Self {
        Self { pid, sort: Sort { key, ..Sort::default() }, ..Self::default() }
    }

    /// The list of the view, if it has one.
    pub(crate) const fn of(&self, view: ViewId) -> Option<&RowList> {
        match view {
            ViewId::Agents => Some(&self.agents),
            ViewId::Sessions => Some(&self.sessions),
            ViewId::Rates | ViewId::Usage | ViewId::Quota => None,
        }
    }

    pub(crate) const fn of_mut(&mut self, view: ViewId) -> Option<&mut RowList> {
        match view {
            ViewId::Agents => Some(&mut self.agents),
            ViewId::Sessions => Some(&mut self.sessions),
            ViewId::Rates | ViewId::Usage | ViewId::Quota => None,
        }
    }

    /// Whether rows are hidden by the filter, the focus or a pid.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.filter.query.is_some() || self.focus != RowFocus::All || self.pid.is_some()
    }

    /// Builds the rows of the view, if it has a list.
    pub(crate) fn refresh(&mut self, view: ViewId, snapshot: &Arc<Snapshot>) {
        let query = ListQuery {
            filter: self.filter.query.as_ref(),
            pid: self.pid,
            focus: self.focus,
            sort: self.sort,
            arrangement: self.arrangement,
            collapsed: &self.collapsed,
        };
        match view {
            ViewId::Agents => self.agents.replace(rows::agents(snapshot, &query), snapshot),
            ViewId::Sessions => {
                let items = rows::sessions(snapshot, &query, &mut self.order);
                self.sessions.replace(items, snapshot);
            }
            ViewId::Rates | ViewId::Usage | ViewId::Quota => {}
        }
    }

    pub(crate) fn toggle_group(&mut self, name: &str) {
        if !self.collapsed.remove(name) {
            self.collapsed.insert(name.to_owned());
        }
    }

    /// Selects an arrangement, or the flat one if it was selected already.
    pub(crate) fn toggle_arrangement(&mut self, arrangement: ListArrangement) {
        self.arrangement = if self.arrangement == arrangement { ListArrangement::Flat } else { arrangement };
    }

    /// The next agent that waits for the user, after the chosen one and round the list.
    pub(crate) fn next_waiting_agent(&self, snapshot: &Snapshot) -> Option<usize> {
        let list = &self.agents;
        let is_waiting = |at: &usize| {
            let row = list.items.get(*at).and_then(|item| item.row(snapshot));
            row.is_some_and(|row| needs_user(row.status()))
        };
        (list.index + 1..list.items.len()).chain(0..=list.index).find(is_waiting)
    }
}
