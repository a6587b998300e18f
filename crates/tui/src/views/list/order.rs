use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use agtop_model::{Session, SessionKey, Snapshot, SnapshotRow};

use super::sort::Sort;

/// The order of all sessions of a snapshot. Each letter of a filter rebuilds the list, and sorting
/// tens of thousands of sessions takes longer than filtering them.
#[derive(Debug, Default)]
pub(crate) struct SessionOrder {
    /// The snapshot and the sort that the order is of.
    of: Option<(Weak<Snapshot>, Sort)>,
    /// Indices of sessions, each with the index of the agent that works on it.
    lines: Vec<(usize, Option<usize>)>,
}

impl SessionOrder {
    pub(super) fn of(&mut self, snapshot: &Arc<Snapshot>, sort: Sort) -> &[(usize, Option<usize>)] {
        let is_known =
            self.of.as_ref().is_some_and(|(known, by)| known.as_ptr() == Arc::as_ptr(snapshot) && *by == sort);
        if !is_known {
            self.lines = in_order(snapshot, sort);
            self.of = Some((Arc::downgrade(snapshot), sort));
        }
        &self.lines
    }
}

fn in_order(snapshot: &Snapshot, sort: Sort) -> Vec<(usize, Option<usize>)> {
    let at_work = AgentsBySession::of(snapshot);
    // Each of tens of thousands of sessions is read once: reading one is a cache miss.
    let ranked = |(at, session)| {
        let agent = at_work.on(session);
        ((agent.is_none(), sort.rank(&session_row(snapshot, session, agent))), (at, agent))
    };
    let mut lines: Vec<_> = snapshot.sessions.iter().enumerate().map(ranked).collect();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Which agent works on which session. An agent nearly always shares the session of the list, which is found by its
/// address; keys are compared only for agents that do not.
struct AgentsBySession<'a> {
    same: HashMap<*const Session, usize>,
    alike: HashMap<&'a SessionKey, usize>,
}

impl<'a> AgentsBySession<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let listed: HashSet<*const Session> = snapshot.sessions.iter().map(Arc::as_ptr).collect();
        let (mut same, mut alike) = (HashMap::new(), HashMap::new());
        for (at, agent) in snapshot.agents.iter().enumerate() {
            match &agent.session {
                Some(session) if listed.contains(&Arc::as_ptr(session)) => drop(same.insert(Arc::as_ptr(session), at)),
                Some(session) => drop(alike.insert(&session.key, at)),
                None => {}
            }
        }
        Self { same, alike }
    }

    fn on(&self, session: &Arc<Session>) -> Option<usize> {
        let alike = || if self.alike.is_empty() { None } else { self.alike.get(&session.key) };
        self.same.get(&Arc::as_ptr(session)).or_else(alike).copied()
    }
}

pub(super) fn session_row<'a>(snapshot: &'a Snapshot, session: &'a Session, agent: Option<usize>) -> SnapshotRow<'a> {
    SnapshotRow { now: snapshot.now, agent: agent.and_then(|at| snapshot.agent(at)), session: Some(session) }
}
