use std::sync::Arc;

use agtop_model::{ProcId, Process, Session, SessionKey, Snapshot, SnapshotRow, Spend, Status};

/// A line of a list.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// Heads the agents of a project.
    Group(Group),
    /// An agent, a session, or both joined.
    Row {
        /// Its place among the snapshot's agents.
        agent: Option<usize>,
        /// Its session.
        session: Talk,
        /// How deep in the tree it is.
        depth: u8,
    },
    /// A helper's process.
    Helper {
        /// The process.
        process: Arc<Process>,
        /// How deep in the tree it is.
        depth: u8,
    },
}

/// Where the session of a line is. Of tens of thousands of sessions none is touched to be listed: a place is enough.
#[derive(Clone, Debug)]
pub(crate) enum Talk {
    /// That of its agent, if it has one.
    OfAgent,
    /// At this place among the snapshot's sessions.
    At(usize),
    /// A sub-agent's: it is below another session.
    Below(Arc<Session>),
}

/// Agents of one project together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: usize,
    /// The status of the member that wants its person most.
    pub(crate) status: Status,
    pub(crate) cpu_percent: f64,
    pub(crate) memory: u64,
    pub(crate) tokens: u64,
    pub(crate) spend: Spend,
    pub(crate) fold: Fold,
}

/// Whether the members of a group are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Open,
    Closed,
}

/// What stays the same about a line when the list changes around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    Group(String),
    Agent(ProcId, Option<SessionKey>),
    Session(SessionKey),
    Helper(ProcId),
}

impl Item {
    pub(crate) fn identity(&self, snapshot: &Snapshot) -> Option<Identity> {
        match self {
            Self::Group(group) => Some(Identity::Group(group.name.clone())),
            Self::Helper { process, .. } => Some(Identity::Helper(process.id)),
            Self::Row { agent, .. } => {
                let agent = agent.and_then(|at| snapshot.agents.get(at));
                let session = self.session(snapshot).map(|session| session.key.clone());
                agent.map(|agent| Identity::Agent(agent.process.id, session.clone())).or(session.map(Identity::Session))
            }
        }
    }

    /// Whether the line shows that. A session and the agent that works on it are one: the one line becomes the other
    /// when an agent comes or goes.
    pub(crate) fn is(&self, identity: &Identity, snapshot: &Snapshot) -> bool {
        match (self, identity) {
            (Self::Group(group), Identity::Group(name)) => group.name == *name,
            (Self::Helper { process, .. }, Identity::Helper(id)) => process.id == *id,
            (Self::Row { .. }, Identity::Session(key) | Identity::Agent(_, Some(key)))
                if self.session(snapshot).is_some_and(|session| session.key == *key) =>
            {
                true
            }
            (Self::Row { agent, .. }, Identity::Agent(id, None)) => {
                agent.and_then(|at| snapshot.agents.get(at)).is_some_and(|agent| agent.process.id == *id)
            }
            _ => false,
        }
    }

    /// The session the line is about.
    pub(crate) fn session<'a>(&'a self, snapshot: &'a Snapshot) -> Option<&'a Arc<Session>> {
        let Self::Row { agent, session, .. } = self else { return None };
        match session {
            Talk::OfAgent => agent.and_then(|at| snapshot.agents.get(at))?.session.as_ref(),
            Talk::At(at) => snapshot.sessions.get(*at),
            Talk::Below(session) => Some(session),
        }
    }

    /// What columns are read from; `None` for groups and helpers.
    pub(crate) fn row<'a>(&'a self, snapshot: &'a Snapshot) -> Option<SnapshotRow<'a>> {
        match self {
            Self::Row { agent, .. } => Some(SnapshotRow {
                now: snapshot.now,
                agent: agent.and_then(|at| snapshot.agents.get(at)),
                session: self.session(snapshot).map(Arc::as_ref),
            }),
            Self::Group(_) | Self::Helper { .. } => None,
        }
    }
}

/// Lines, of which one is chosen and some can be seen. The choice follows what it is about, not the place.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Item>,
    pub(crate) index: usize,
    /// The first line that can be seen.
    pub(crate) offset: usize,
    chosen: Option<Identity>,
}

impl List {
    pub(crate) fn replace(&mut self, items: Vec<Item>, snapshot: &Snapshot) {
        self.items = items;
        let kept = self.chosen.as_ref().and_then(|chosen| self.items.iter().position(|item| item.is(chosen, snapshot)));
        // What was chosen is gone: its neighbour is chosen in its place.
        self.index = kept.unwrap_or(self.index).min(self.items.len().saturating_sub(1));
        if self.chosen.is_some() {
            self.note_choice(snapshot);
        }
    }

    pub(crate) fn choose(&mut self, index: usize, snapshot: &Snapshot) {
        self.index = index.min(self.items.len().saturating_sub(1));
        self.note_choice(snapshot);
    }

    pub(crate) fn step(&mut self, by: isize, snapshot: &Snapshot) {
        self.choose(self.index.saturating_add_signed(by), snapshot);
    }

    /// Keeps the chosen line where it can be seen, of `height` lines.
    pub(crate) fn reveal(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.items.len().saturating_sub(height);
        self.offset = self.offset.clamp((self.index + 1).saturating_sub(height), self.index).min(last);
    }

    pub(crate) fn chosen(&self) -> Option<&Item> {
        self.items.get(self.index)
    }

    fn note_choice(&mut self, snapshot: &Snapshot) {
        self.chosen = self.chosen().and_then(|item| item.identity(snapshot));
    }
}
