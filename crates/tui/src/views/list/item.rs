use std::sync::Arc;

use super::twig::TreePlace;
use agtop_model::{ProcId, Process, Session, SessionKey, Snapshot, SnapshotRow, Spend, Status};

/// A line of a list.
#[derive(Clone, Debug)]
pub(crate) enum ListItem {
    /// The heading of the agents of a project.
    Group(ProjectGroup),
    /// An agent, a session, or both joined.
    Row {
        /// The index of the agent in the snapshot.
        agent: Option<usize>,
        /// Its session.
        session: SessionRef,
        place: TreePlace,
    },
    /// A helper's process.
    Helper {
        /// The process.
        process: Arc<Process>,
        place: TreePlace,
    },
}

/// Where the session of a line is. An index keeps the list from reading tens of thousands of sessions.
#[derive(Clone, Debug)]
pub(crate) enum SessionRef {
    /// The session of the line's agent, if it has one.
    OfAgent,
    /// The session at this index of the snapshot.
    At(usize),
    /// The session of a subagent, below another session.
    Below(Arc<Session>),
}

/// Agents of one project together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProjectGroup {
    pub(crate) name: String,
    pub(crate) members: usize,
    /// The most urgent status of the members.
    pub(crate) status: Status,
    pub(crate) cpu_percent: f64,
    pub(crate) memory: u64,
    pub(crate) tokens: u64,
    pub(crate) spend: Spend,
    pub(crate) state: GroupState,
}

/// Whether the members of a group are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupState {
    Expanded,
    Collapsed,
}

/// Identifies a line when the list changes around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RowIdentity {
    Group(String),
    Agent(ProcId, Option<SessionKey>),
    Session(SessionKey),
    Helper(ProcId),
}

impl ListItem {
    /// The line of the agent at this index of the snapshot's agents.
    pub(super) const fn agent(at: usize, place: TreePlace) -> Self {
        Self::Row { agent: Some(at), session: SessionRef::OfAgent, place }
    }

    /// The place in the tree; `None` for groups.
    pub(super) const fn place(&self) -> Option<TreePlace> {
        match self {
            Self::Group(_) => None,
            Self::Row { place, .. } | Self::Helper { place, .. } => Some(*place),
        }
    }

    pub(super) const fn place_mut(&mut self) -> Option<&mut TreePlace> {
        match self {
            Self::Group(_) => None,
            Self::Row { place, .. } | Self::Helper { place, .. } => Some(place),
        }
    }

    pub(crate) fn identity(&self, snapshot: &Snapshot) -> Option<RowIdentity> {
        match self {
            Self::Group(group) => Some(RowIdentity::Group(group.name.clone())),
            Self::Helper { process, .. } => Some(RowIdentity::Helper(process.id)),
            Self::Row { agent, .. } => {
                let agent = agent.and_then(|at| snapshot.agent(at));
                let session = self.session(snapshot).map(|session| session.key.clone());
                agent
                    .map(|agent| RowIdentity::Agent(agent.process.id, session.clone()))
                    .or(session.map(RowIdentity::Session))
            }
        }
    }

    /// Whether the line has this identity. A session and its agent are one line, which changes
    /// when the agent starts or exits.
    pub(crate) fn is(&self, identity: &RowIdentity, snapshot: &Snapshot) -> bool {
        match (self, identity) {
            (Self::Group(group), RowIdentity::Group(name)) => group.name == *name,
            (Self::Helper { process, .. }, RowIdentity::Helper(id)) => process.id == *id,
            (Self::Row { .. }, RowIdentity::Session(key) | RowIdentity::Agent(_, Some(key)))
                if self.session(snapshot).is_some_and(|session| session.key == *key) =>
            {
                true
            }
            (Self::Row { agent, .. }, RowIdentity::Agent(id, None)) => {
                agent.and_then(|at| snapshot.agent(at)).is_some_and(|agent| agent.process.id == *id)
            }
            _ => false,
        }
    }

    /// The session the line is about.
    pub(crate) fn session<'a>(&'a self, snapshot: &'a Snapshot) -> Option<&'a Arc<Session>> {
        let Self::Row { agent, session, .. } = self else { return None };
        match session {
            SessionRef::OfAgent => agent.and_then(|at| snapshot.agent(at))?.session.as_ref(),
            SessionRef::At(at) => snapshot.sessions.get(*at),
            SessionRef::Below(session) => Some(session),
        }
    }

    /// The row that columns read; `None` for groups and helpers.
    pub(crate) fn row<'a>(&'a self, snapshot: &'a Snapshot) -> Option<SnapshotRow<'a>> {
        match self {
            Self::Row { agent, .. } => Some(SnapshotRow {
                now: snapshot.now,
                agent: agent.and_then(|at| snapshot.agent(at)),
                session: self.session(snapshot).map(Arc::as_ref),
            }),
            Self::Group(_) | Self::Helper { .. } => None,
        }
    }
}
