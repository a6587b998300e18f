//! The agents of the last snapshot, and which of them a change concerns.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use agtop_model::{Agent, Session, SessionKey};
use foldhash::fast::RandomState;

use crate::agents::hosts::Hosts;
use crate::state::summary::ChangedSessions;

/// The agents of the last snapshot with their sessions and their status. Most of them are the same in the next one.
#[derive(Default)]
pub(super) struct AgentRows {
    rows: Vec<Arc<Agent>>,
    /// The place of each session's row.
    by_session: HashMap<SessionKey, usize, RandomState>,
    pub(super) hosts: Hosts,
    basis: Option<RowsBasis>,
}

/// What agents are joined with, besides sessions. If it is the same as before, a session that has changed concerns no row
/// but its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowsBasis {
    /// When the process table was read.
    pub(super) processes: Instant,
    /// The number of the last change that hooks reported.
    pub(super) hooks: u64,
    /// The number of the last change of vendors' files of live processes.
    pub(super) running: u64,
}

impl AgentRows {
    /// The rows that `changed` concerns, each with its session; `None` if all rows must be made again. A session without a
    /// row may belong to any agent by now.
    pub(super) fn outdated<'s>(
        &self,
        basis: RowsBasis,
        changed: &'s ChangedSessions,
    ) -> Option<Vec<(usize, &'s Arc<Session>)>> {
        let ChangedSessions::These(sessions) = changed else { return None };
        if self.basis != Some(basis) {
            return None;
        }
        sessions.iter().map(|session| Some((*self.by_session.get(&session.key)?, session))).collect()
    }

    /// Replaces all rows.
    pub(super) fn replace(&mut self, agents: Vec<Agent>, hosts: Hosts, basis: RowsBasis) {
        let sessions =
            agents.iter().enumerate().filter_map(|(at, agent)| Some((agent.session.as_ref()?.key.clone(), at)));
        self.by_session = sessions.collect();
        self.rows = agents.into_iter().map(Arc::new).collect();
        self.hosts = hosts;
        self.basis = Some(basis);
    }

    /// Replaces one row.
    pub(super) fn set(&mut self, at: usize, agent: Agent) {
        if let Some(row) = self.rows.get_mut(at) {
            *row = Arc::new(agent);
        }
    }

    pub(super) fn pid(&self, at: usize) -> Option<u32> {
        self.get(at).map(|agent| agent.process.id.pid)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Agent> {
        self.rows.get(at).map(Arc::as_ref)
    }

    pub(super) fn all(&self) -> &[Arc<Agent>] {
        &self.rows
    }
}
