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

/// What decides which rows a list shows, and in which order. Each list has its own.
#[derive(Default)]
pub(crate) struct ListSettings {
    pub(crate) filter: FilterState,
    pub(crate) focus: RowFocus,
    pub(crate) sort: Sort,
    pub(crate) arrangement: ListArrangement,
}

/// The lists of agents and sessions.
#[derive(Default)]
pub(crate) struct Lists {
    pub(crate) agents: RowList,
    pub(crate) sessions: RowList,
    of_agents: ListSettings,
    of_sessions: ListSettings,
    /// Only the agent with this pid is shown.
    pub(crate) pid: Option<u32>,
    order: SessionOrder,
    /// Names of the groups whose members are hidden.
    collapsed: HashSet<String>,
}

impl Lists {
    pub(crate) fn new(pid: Option<u32>, key: SortKey) -> Self {
        let settings = || ListSettings { sort: Sort { key, ..Sort::default() }, ..ListSettings::default() };
        Self { pid, of_agents: settings(), of_sessions: settings(), ..Self::default() }
    }

    /// The settings of the view's list; those of agents for a view without one.
    pub(crate) const fn settings(&self, view: ViewId) -> &ListSettings {
        if matches!(view, ViewId::Sessions) { &self.of_sessions } else { &self.of_agents }
    }

    pub(crate) const fn settings_mut(&mut self, view: ViewId) -> &mut ListSettings {
        if matches!(view, ViewId::Sessions) { &mut self.of_sessions } else { &mut self.of_agents }
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
    pub(crate) fn is_narrowed(&self, view: ViewId) -> bool {
        let settings = self.settings(view);
        settings.filter.query.is_some() || settings.focus != RowFocus::All || self.pid.is_some()
    }

    /// Builds the rows of the view, if it has a list.
    pub(crate) fn refresh(&mut self, view: ViewId, snapshot: &Arc<Snapshot>) {
        let settings = if view == ViewId::Sessions { &self.of_sessions } else { &self.of_agents };
        let query = ListQuery {
            filter: settings.filter.query.as_ref(),
            pid: self.pid,
            focus: settings.focus,
            sort: settings.sort,
            arrangement: settings.arrangement,
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
