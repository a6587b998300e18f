use std::collections::HashSet;

use agtop_model::{Agent, ProcId, Session, SessionKey};

/// The processes that work on the sessions of others: each may have several rows, one for each session.
#[derive(Debug, Default)]
pub(crate) struct Hosts(HashSet<ProcId>);

impl Hosts {
    pub(crate) fn of(hosts: &[Agent]) -> Self {
        Self(hosts.iter().map(|host| host.process.id).collect())
    }

    /// The session that distinguishes the row from the others of its process; `None` if it is no host's row.
    pub(crate) fn session_of<'a>(&self, row: &'a Agent) -> Option<&'a Session> {
        row.session.as_deref().filter(|_| self.0.contains(&row.process.id))
    }
}

/// The session of that key among a session and its subagents.
pub(crate) fn find_session<'s>(session: &'s Session, key: &SessionKey) -> Option<&'s Session> {
    if session.key == *key {
        return Some(session);
    }
    session.children.iter().find_map(|child| find_session(child, key))
}
