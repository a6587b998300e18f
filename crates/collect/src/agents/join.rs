//! Which session each agent works on.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::{ProcFacts, client};
use agtop_model::{Agent, Confidence, FileId, JoinTier, Session, SessionJoin, SessionKey};

use super::hook_state::HookState;
use super::hosts::find_session;
use super::markers::{Markers, locked_sessions};
use super::mismatch::{START_SLACK, start_distance};
use crate::state::World;
use crate::transcripts::file_table::FileTable;

/// A process and a session in the same directory that started within this time very probably belong together.
const CLOSE_START: Duration = Duration::from_secs(30);

/// What connects processes with sessions.
#[derive(Clone, Copy)]
pub(crate) struct JoinEvidence<'a> {
    pub(crate) sessions: &'a [Arc<Session>],
    pub(crate) markers: &'a Markers<'a>,
    pub(crate) hooks: &'a HookState,
    pub(crate) files: &'a FileTable,
    pub(crate) world: &'a World,
}

/// Gives each agent its session: at most one session per process and one process per session. Stronger evidence is
/// used first.
pub(crate) fn join(agents: &mut [Agent], evidence: JoinEvidence<'_>) {
    let JoinEvidence { sessions, markers, .. } = evidence;
    let mut assignment = Assignment { agents, taken: HashSet::new() };
    let is_marked = |agent: &Agent| markers.of(agent).is_some();
    let is_named = |agent: &Agent| markers.name_session_of(agent);
    assignment.assign(JoinTier::Marker, |agent| {
        markers.of(agent).and_then(|(key, _)| sessions.iter().find(|session| session.key == *key))
    });
    // An agent whose vendor names a session without a transcript works on that one, and on no other.
    assignment.assign(JoinTier::Marker, |agent| by_lock(agent, sessions).filter(|_| !is_marked(agent)));
    assignment.assign(JoinTier::Hook, |agent| {
        let push = evidence.hooks.last_push(agent).filter(|_| !is_marked(agent))?;
        with_subagent(sessions, push.session)
    });
    assignment.assign(JoinTier::Argument, |agent| by_argument(agent, sessions).filter(|_| !is_named(agent)));
    assignment.assign(JoinTier::OpenFile, |agent| by_open_file(agent, evidence).filter(|_| !is_named(agent)));
    let mut pairs: Vec<(Duration, usize, &Arc<Session>)> = Vec::new();
    for (at, agent) in assignment.agents.iter().enumerate() {
        if agent.session.is_none() && !is_named(agent) {
            let possible = active_since_start(agent, sessions);
            pairs.extend(possible.filter_map(|session| Some((start_distance(agent, session)?, at, session))));
        }
    }
    pairs.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| b.2.last_active.cmp(&a.2.last_active)));
    for (distance, at, session) in pairs {
        let confidence = if distance <= CLOSE_START { Confidence::Medium } else { Confidence::Low };
        assignment.bind(at, session, JoinTier::Score, confidence);
    }
}

/// Agents, and the sessions that some of them already have.
struct Assignment<'a> {
    agents: &'a mut [Agent],
    taken: HashSet<SessionKey>,
}

impl Assignment<'_> {
    /// Gives each agent without a session the one that `find` returns, unless another agent has it.
    fn assign<'s>(&mut self, tier: JoinTier, find: impl Fn(&Agent) -> Option<&'s Arc<Session>>) {
        for at in 0..self.agents.len() {
            if self.agents[at].session.is_none()
                && let Some(session) = find(&self.agents[at])
            {
                self.bind(at, session, tier, Confidence::High);
            }
        }
    }

    fn bind(&mut self, at: usize, session: &Arc<Session>, tier: JoinTier, confidence: Confidence) {
        let agent = &mut self.agents[at];
        if agent.session.is_none() && self.taken.insert(session.key.clone()) {
            bind(agent, session, tier, confidence);
        }
    }
}

/// The rows of servers that work on the sessions of others: one for each session that a server is known to work on and
/// that no agent has.
pub(crate) fn hosted(hosts: &[Agent], agents: &[Agent], evidence: JoinEvidence<'_>) -> Vec<Agent> {
    let mut taken: HashSet<SessionKey> =
        agents.iter().filter_map(|agent| agent.session.as_ref()).map(|session| session.key.clone()).collect();
    let mut rows = Vec::new();
    for host in hosts {
        let marked = evidence.markers.of(host).map(|(key, _)| key);
        let locks = locked_sessions(host);
        let open = sessions_of_open_files(host, evidence);
        for session in active_since_start(host, evidence.sessions) {
            let is_locked = || locks.iter().any(|id| **id == *session.key.id);
            let (tier, confidence) = if marked == Some(&session.key) || is_locked() {
                (JoinTier::Marker, Confidence::High)
            } else if open.contains(&session.key) {
                (JoinTier::OpenFile, Confidence::High)
            } else if has_open_database(host) && start_distance(host, session).is_some() {
                (JoinTier::Score, Confidence::Medium)
            } else {
                continue;
            };
            if taken.insert(session.key.clone()) {
                let mut row = host.clone();
                bind(&mut row, session, tier, confidence);
                rows.push(row);
            }
        }
    }
    rows
}

fn bind(agent: &mut Agent, session: &Arc<Session>, tier: JoinTier, confidence: Confidence) {
    agent.session = Some(Arc::clone(session));
    agent.join = Some(SessionJoin { tier, confidence });
}

/// The sessions of the agent's client that were active since its process started. `sessions` is sorted by last activity,
/// newest first.
fn active_since_start<'s>(
    agent: &Agent,
    sessions: &'s [Arc<Session>],
) -> impl Iterator<Item = &'s Arc<Session>> + use<'s> {
    let started = agent.process.started_at.ok().map(|started| started.minus(START_SLACK));
    let client = agent.client;
    let since = move |session: &&Arc<Session>| session.last_active.is_some() && session.last_active >= started;
    sessions.iter().take_while(since).filter(move |session| session.client() == client)
}

/// The session of that key, or the one that it is a subagent of.
fn with_subagent<'s>(sessions: &'s [Arc<Session>], key: &SessionKey) -> Option<&'s Arc<Session>> {
    sessions.iter().find(|session| session.client() == key.client && find_session(session, key).is_some())
}

/// The session whose lock the agent holds; if there are several, the one that was written last.
fn by_lock<'a>(agent: &Agent, sessions: &'a [Arc<Session>]) -> Option<&'a Arc<Session>> {
    let locked = locked_sessions(agent);
    let is_locked =
        |session: &&Arc<Session>| session.client() == agent.client && locked.iter().any(|id| **id == *session.key.id);
    sessions.iter().filter(is_locked).max_by_key(|session| session.last_active)
}

fn by_argument<'a>(agent: &Agent, sessions: &'a [Arc<Session>]) -> Option<&'a Arc<Session>> {
    let id = client(agent.client.as_str())?.session_argument(&ProcFacts::new(&agent.process))?;
    sessions.iter().find(|session| session.client() == agent.client && *session.key.id == *id)
}

/// The session whose transcript the agent has open; if there are several, the one that was written last. An open
/// database says nothing, since it holds all sessions.
fn by_open_file<'a>(agent: &Agent, evidence: JoinEvidence<'a>) -> Option<&'a Arc<Session>> {
    let open = sessions_of_open_files(agent, evidence);
    if open.is_empty() {
        return None;
    }
    let is_open = |session: &&Arc<Session>| open.contains(&session.key);
    evidence.sessions.iter().filter(is_open).max_by_key(|session| session.last_active)
}

/// The sessions whose transcripts the agent has open for writing.
fn sessions_of_open_files(agent: &Agent, evidence: JoinEvidence<'_>) -> Vec<SessionKey> {
    let paths: Vec<&PathBuf> = written_files(agent, "jsonl").collect();
    if paths.is_empty() {
        return Vec::new();
    }
    let is_open = |file: FileId| paths.contains(&&evidence.files.path(file));
    evidence.world.sessions_of_files(agent.client, is_open)
}

/// Whether the process has a database of sessions open: it may work on any of them.
fn has_open_database(agent: &Agent) -> bool {
    written_files(agent, "db").next().is_some()
}

/// The files with this extension that the agent has open for writing.
fn written_files<'a>(agent: &'a Agent, extension: &'a str) -> impl Iterator<Item = &'a PathBuf> {
    let writing = agent.files.as_ref().map_or(&[][..], |files| &files.writing);
    writing.iter().filter(move |path| path.extension().is_some_and(|own| own == extension))
}
