//! What the log says about agents: the session of each, why it has none of the others, and its status.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Agent, Evidence, JoinTier, ProcId, Session, SessionJoin, SessionKey, Status, Timestamp};
use tracing::debug;

use super::mismatch::{Mismatch, mismatch};
use crate::change_log::{ChangeLog, is_debug_enabled};
use crate::processes::log::path_text;

/// Sessions for which the log says why an agent does not have them, at most; the newest.
const MAX_LOGGED_SESSIONS: usize = 10;
/// A session that was written to within this time must have a process.
const LIVE_WINDOW: Duration = Duration::from_mins(10);

/// What was logged last about agents and sessions.
#[derive(Debug, Default)]
pub(crate) struct AgentLog {
    joins: ChangeLog<ProcId, LoggedJoin>,
    statuses: ChangeLog<(ProcId, Option<SessionKey>), (Status, Evidence)>,
    sessions: ChangeLog<SessionKey, bool>,
}

/// The sessions that an agent has, and why it has none of the others.
type LoggedJoin = (BTreeMap<SessionKey, Option<SessionJoin>>, BTreeMap<SessionKey, Refusal>);

/// Why an agent does not have a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// It has a better one.
    Other,
    /// Another process has it.
    Taken(u32),
    /// A file or a lock names another session, or one that has no transcript yet.
    Named,
    /// They cannot belong together.
    Mismatch(Mismatch),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other => "other",
            Self::Taken(pid) => return write!(f, "taken by {pid}"),
            Self::Named => "named",
            Self::Mismatch(Mismatch::UnknownStart) => "unknown_start",
            Self::Mismatch(Mismatch::UnknownDirectory) => "unknown_directory",
            Self::Mismatch(Mismatch::OtherClient) => "other_client",
            Self::Mismatch(Mismatch::SessionWithoutDirectory) => "session_without_directory",
            Self::Mismatch(Mismatch::OtherDirectory) => "other_directory",
            Self::Mismatch(Mismatch::QuietSinceStart) => "quiet_since_start",
        })
    }
}

/// Agents with their sessions.
pub(crate) struct JoinedAgents<'a> {
    pub(crate) agents: &'a [Agent],
    /// Sorted by last activity, newest first.
    pub(crate) sessions: &'a [Arc<Session>],
    /// Whether a vendor's file or a lock names the session of an agent.
    pub(crate) is_named: &'a dyn Fn(&Agent) -> bool,
    pub(crate) now: Timestamp,
}

impl AgentLog {
    /// Logs what has changed.
    pub(crate) fn note(&mut self, joined: &JoinedAgents<'_>) {
        if !is_debug_enabled() {
            return;
        }
        let owners: HashMap<&SessionKey, u32> = joined
            .agents
            .iter()
            .filter_map(|agent| Some((&agent.session.as_ref()?.key, agent.process.id.pid)))
            .collect();
        let mut seen = HashSet::new();
        for agent in joined.agents {
            if seen.insert(agent.process.id) {
                self.note_join(agent, joined, &owners);
            }
            self.note_status(agent);
        }
        self.joins.retain(|id| seen.contains(id));
        self.statuses.retain(|(id, _)| seen.contains(id));
        self.note_sessions(joined, &owners);
    }

    /// Notes the status of an agent whose session has changed.
    pub(crate) fn note_change(&mut self, agent: &Agent) {
        if is_debug_enabled() {
            self.note_status(agent);
        }
    }

    fn note_join(&mut self, agent: &Agent, joined: &JoinedAgents<'_>, owners: &HashMap<&SessionKey, u32>) {
        let rows = joined.agents.iter().filter(|other| other.process.id == agent.process.id);
        let sessions = rows.filter_map(|row| Some((row.session.as_ref()?.key.clone(), row.join))).collect();
        let join: LoggedJoin = (sessions, refusals(agent, joined, owners));
        if !self.joins.is_changed(agent.process.id, &join) {
            return;
        }
        let (pid, client, (sessions, refusals)) = (agent.process.id.pid, agent.client, join);
        let age = agent.process.started_at.ok().map(|started| joined.now.since(started));
        for (session, join) in &sessions {
            let (by, confidence) = (join.map(|join| join.tier.as_str()), join.map(|join| join.confidence.as_str()));
            debug!(pid, %client, session = ?session.id, by, confidence, "join: works on a session");
        }
        if sessions.is_empty() {
            debug!(pid, %client, cwd = %path_text(&agent.process.cwd), ?age, "join: no session");
        }
        for (session, why) in &refusals {
            debug!(pid, %client, session = ?session.id, %why, "join: not this session");
        }
    }

    fn note_status(&mut self, agent: &Agent) {
        let session = agent.session.as_ref().map(|session| &session.key);
        let key = (agent.process.id, session.cloned());
        if self.statuses.is_changed(key, &(agent.status, agent.evidence)) {
            let (pid, client) = (agent.process.id.pid, agent.client);
            let (status, evidence) = (agent.status.as_str(), agent.evidence.as_str());
            let phase = agent.session.as_ref().map(|session| session.phase);
            debug!(pid, %client, session = ?session.map(|key| &key.id), status, evidence, ?phase, "status");
        }
    }

    /// Logs the sessions that are written to, and whether their process is known.
    fn note_sessions(&mut self, joined: &JoinedAgents<'_>, owners: &HashMap<&SessionKey, u32>) {
        let is_live = |session: &&Arc<Session>| session.idle_for(joined.now).is_some_and(|idle| idle <= LIVE_WINDOW);
        let mut seen = HashSet::new();
        for session in joined.sessions.iter().take_while(is_live) {
            let has_process = owners.contains_key(&session.key);
            seen.insert(&session.key);
            if self.sessions.is_changed(session.key.clone(), &has_process) {
                let (client, id, cwd) = (session.key.client, &session.key.id, &session.cwd);
                let quiet = session.idle_for(joined.now);
                debug!(%client, session = ?id, ?cwd, ?quiet, has_process, "session: was written to just now");
            }
        }
        self.sessions.retain(|key| seen.contains(key));
    }
}

/// Why an agent has none of its client's newest sessions but its own. Nothing, if strong evidence names its session: then
/// the others need no reason.
fn refusals(
    agent: &Agent,
    joined: &JoinedAgents<'_>,
    owners: &HashMap<&SessionKey, u32>,
) -> BTreeMap<SessionKey, Refusal> {
    let is_sure = agent.join.is_some_and(|join| join.tier != JoinTier::Score);
    let pid = agent.process.id.pid;
    let of_client = joined.sessions.iter().filter(|session| session.client() == agent.client && !is_sure);
    let others = of_client.take(MAX_LOGGED_SESSIONS).filter(|session| owners.get(&session.key) != Some(&pid));
    let refusal = |session: &Session| match owners.get(&session.key) {
        Some(owner) => Refusal::Taken(*owner),
        None if (joined.is_named)(agent) => Refusal::Named,
        None => mismatch(agent, session).map_or(Refusal::Other, Refusal::Mismatch),
    };
    others.map(|session| (session.key.clone(), refusal(session))).collect()
}
