use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::agents::hook_state::{Pushes, find};
use crate::collector::Transcripts;
use agtop_clients::{ProcFacts, client};
use agtop_model::{Agent, Confidence, JoinTier, ProcId, RunningProcess, Session, SessionJoin, SessionKey, Timestamp};

/// A session that was last active this long before a process started cannot be the process's.
const SLACK: Duration = Duration::from_secs(5);
/// Started this close together, in the same directory, they belong together.
const CLOSE: Duration = Duration::from_secs(30);

/// Gives each agent its session: one process per session, one session per process, better evidence first.
pub(crate) fn join(
    agents: &mut [Agent],
    sessions: &[Arc<Session>],
    markers: &Markers<'_>,
    transcripts: &Transcripts<'_>,
) {
    let mut taken: HashSet<SessionKey> = HashSet::new();
    for agent in agents.iter_mut() {
        let marked = markers.of(agent).and_then(|(key, _)| sessions.iter().find(|session| session.key == *key));
        if let Some(session) = marked.filter(|session| taken.insert(session.key.clone())) {
            bind(agent, session, JoinTier::Marker, Confidence::High);
        }
    }
    for agent in agents.iter_mut().filter(|agent| agent.session.is_none() && markers.of(agent).is_none()) {
        let locked = by_lock(agent, sessions);
        if let Some(session) = locked.filter(|session| taken.insert(session.key.clone())) {
            bind(agent, session, JoinTier::Marker, Confidence::High);
        }
    }
    for agent in agents.iter_mut().filter(|agent| agent.session.is_none() && markers.of(agent).is_none()) {
        let pushed = markers.pushes.of(agent).and_then(|word| of_family(sessions, word.session));
        if let Some(session) = pushed.filter(|session| taken.insert(session.key.clone())) {
            bind(agent, session, JoinTier::Hook, Confidence::High);
        }
    }
    let without_marker =
        |agent: &&mut Agent| agent.session.is_none() && markers.of(agent).is_none() && locks(agent).is_empty();
    for agent in agents.iter_mut().filter(without_marker) {
        if let Some(session) = by_argument(agent, sessions).filter(|session| taken.insert(session.key.clone())) {
            bind(agent, session, JoinTier::Argument, Confidence::High);
        }
    }
    for agent in agents.iter_mut().filter(without_marker) {
        let held = by_open_file(agent, sessions, transcripts);
        if let Some(session) = held.filter(|session| taken.insert(session.key.clone())) {
            bind(agent, session, JoinTier::OpenFile, Confidence::High);
        }
    }
    let mut pairs: Vec<(Duration, usize, &Arc<Session>)> = Vec::new();
    for (at, agent) in agents.iter().enumerate() {
        // A process whose vendor names a session that has no transcript yet works on that one, and on no other.
        if agent.session.is_some() || markers.of(agent).is_some() || !locks(agent).is_empty() {
            continue;
        }
        let possible = lived_since(agent, sessions);
        pairs.extend(possible.filter_map(|session| Some((distance(agent, session)?, at, session))));
    }
    pairs.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| b.2.last_active.cmp(&a.2.last_active)));
    for (distance, at, session) in pairs {
        if agents[at].session.is_none() && taken.insert(session.key.clone()) {
            let confidence = if distance <= CLOSE { Confidence::Medium } else { Confidence::Low };
            bind(&mut agents[at], session, JoinTier::Score, confidence);
        }
    }
}

/// The agents that servers are for others: one for each session that is known to be a server's own, and that no agent
/// has.
pub(crate) fn hosted(
    hosts: &[Agent],
    agents: &[Agent],
    sessions: &[Arc<Session>],
    markers: &Markers<'_>,
    transcripts: &Transcripts<'_>,
) -> Vec<Agent> {
    let mut taken: HashSet<SessionKey> =
        agents.iter().filter_map(|agent| agent.session.as_ref()).map(|session| session.key.clone()).collect();
    let mut rows = Vec::new();
    for host in hosts {
        let marked = markers.of(host).map(|(key, _)| key);
        let locks = locks(host);
        let held = held_open(host, transcripts);
        for session in lived_since(host, sessions) {
            let is_locked = || locks.iter().any(|id| **id == *session.key.id);
            let (tier, confidence) = if marked == Some(&session.key) || is_locked() {
                (JoinTier::Marker, Confidence::High)
            } else if held.contains(&session.key) {
                (JoinTier::OpenFile, Confidence::High)
            } else if holds_database(host) && distance(host, session).is_some() {
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

/// The processes that work on sessions for others: each may have several rows, of one session each.
#[derive(Debug, Default)]
pub(crate) struct Hosts(HashSet<ProcId>);

impl Hosts {
    pub(crate) fn of(hosts: &[Agent]) -> Self {
        Self(hosts.iter().map(|host| host.process.id).collect())
    }

    /// The session that tells the row from the others of its process, if it is a host's.
    pub(crate) fn session_of<'a>(&self, row: &'a Agent) -> Option<&'a Session> {
        row.session.as_deref().filter(|_| self.0.contains(&row.process.id))
    }
}

/// The agent's client's sessions that were active since its process started. Sessions are sorted by that, newest first.
fn lived_since<'s>(agent: &Agent, sessions: &'s [Arc<Session>]) -> impl Iterator<Item = &'s Arc<Session>> + use<'s> {
    let started = agent.process.started_at.ok().map(|started| started.minus(SLACK));
    let client = agent.client;
    let since = move |session: &&Arc<Session>| session.last_active.is_some() && session.last_active >= started;
    sessions.iter().take_while(since).filter(move |session| session.client() == client)
}

/// What vendors' own files say of live processes, by pid, and what these have pushed.
pub(crate) struct Markers<'a> {
    by_pid: HashMap<u32, Vec<&'a (SessionKey, RunningProcess)>>,
    pushes: &'a Pushes,
}

impl<'a> Markers<'a> {
    /// Of the entries that name the same process the last entered counts.
    pub(crate) fn new(entries: impl Iterator<Item = &'a (SessionKey, RunningProcess)>, pushes: &'a Pushes) -> Self {
        let mut by_pid: HashMap<u32, Vec<&'a (SessionKey, RunningProcess)>> = HashMap::new();
        for entry in entries {
            by_pid.entry(entry.1.pid).or_default().push(entry);
        }
        Self { by_pid, pushes }
    }

    /// The entry of this very process, not of an earlier one with the same pid; of several the last entered counts.
    pub(crate) fn of(&self, agent: &Agent) -> Option<&'a (SessionKey, RunningProcess)> {
        let is_its = |(session, running): &&(SessionKey, RunningProcess)| {
            let is_same = match (running.started, running.entered, agent.process.started_at) {
                (Some(started), _, _) => started == agent.process.id.started,
                (None, Some(entered), Ok(started)) => started <= entered.plus(SLACK),
                _ => true,
            };
            session.client == agent.client && is_same
        };
        let entries = self.by_pid.get(&agent.process.id.pid)?.iter().copied();
        entries.filter(is_its).max_by(|a, b| (a.1.entered, &a.0).cmp(&(b.1.entered, &b.0)))
    }
}

/// The session of that key, or the one on whose behalf it works.
fn of_family<'s>(sessions: &'s [Arc<Session>], key: &SessionKey) -> Option<&'s Arc<Session>> {
    sessions.iter().find(|session| session.client() == key.client && find(session, key).is_some())
}

/// Whether a file or a lock names the session of a process; that session may have no transcript yet.
pub(crate) fn is_named(agent: &Agent, markers: &Markers<'_>) -> bool {
    markers.of(agent).is_some() || !locks(agent).is_empty()
}

fn bind(agent: &mut Agent, session: &Arc<Session>, tier: JoinTier, confidence: Confidence) {
    agent.session = Some(Arc::clone(session));
    agent.join = Some(SessionJoin { tier, confidence });
}

/// The ids of the sessions whose locks the agent holds: its own, and its sub-agents'.
fn locks(agent: &Agent) -> Vec<String> {
    let (Some(client), Ok(files)) = (client(agent.client.as_str()), &agent.files) else { return Vec::new() };
    files.writing.iter().chain(&files.reading).filter_map(|path| client.session_of_lock(path)).collect()
}

/// The session whose lock the agent holds; of several the one written last counts.
fn by_lock<'a>(agent: &Agent, sessions: &'a [Arc<Session>]) -> Option<&'a Arc<Session>> {
    let held = locks(agent);
    let is_held =
        |session: &&Arc<Session>| session.client() == agent.client && held.iter().any(|id| **id == *session.key.id);
    sessions.iter().filter(is_held).max_by_key(|session| session.last_active)
}

fn by_argument<'a>(agent: &Agent, sessions: &'a [Arc<Session>]) -> Option<&'a Arc<Session>> {
    let id = client(agent.client.as_str())?.session_argument(&ProcFacts::new(&agent.process))?;
    sessions.iter().find(|session| session.client() == agent.client && *session.key.id == *id)
}

/// The session whose transcript the agent holds open; a database that holds all sessions open says nothing, and of
/// several the one written last counts.
fn by_open_file<'a>(
    agent: &Agent,
    sessions: &'a [Arc<Session>],
    transcripts: &Transcripts<'_>,
) -> Option<&'a Arc<Session>> {
    let held = held_open(agent, transcripts);
    if held.is_empty() {
        return None;
    }
    sessions.iter().filter(|session| held.contains(&session.key)).max_by_key(|session| session.last_active)
}

fn held_open(agent: &Agent, transcripts: &Transcripts<'_>) -> Vec<SessionKey> {
    let writing = agent.files.as_ref().map_or(&[][..], |files| &files.writing);
    let is_transcript = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
    let writing: Vec<PathBuf> = writing.iter().filter(is_transcript).cloned().collect();
    transcripts.sessions_of(agent.client, &writing)
}

/// Whether the process has a database of sessions open: any of them may be the one it works on.
fn holds_database(agent: &Agent) -> bool {
    let writing = agent.files.as_ref().map_or(&[][..], |files| &files.writing);
    writing.iter().any(|path| path.extension().is_some_and(|extension| extension == "db"))
}

/// Why a process and a session cannot belong together, where nothing but place and time speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Of the process it is not known when it started.
    UnknownStart,
    /// Of the process it is not known where it works.
    UnknownDirectory,
    /// The session is another client's.
    OtherClient,
    /// The session does not say where it is worked on.
    SessionWithoutDirectory,
    /// It is worked on elsewhere.
    OtherDirectory,
    /// Nothing was written to it since the process started.
    QuietSinceStart,
}

/// Why they cannot belong together; `None` if they can.
pub(crate) fn mismatch(agent: &Agent, session: &Session) -> Option<Mismatch> {
    let Ok(started) = agent.process.started_at else { return Some(Mismatch::UnknownStart) };
    let Ok(cwd) = agent.process.cwd.as_deref() else { return Some(Mismatch::UnknownDirectory) };
    if session.client() != agent.client {
        return Some(Mismatch::OtherClient);
    }
    let Some(directory) = session.cwd.as_deref() else { return Some(Mismatch::SessionWithoutDirectory) };
    if !same_directory(directory, cwd) {
        return Some(Mismatch::OtherDirectory);
    }
    let is_its_time = session.last_active.is_some_and(|last| started.minus(SLACK) <= last);
    (!is_its_time).then_some(Mismatch::QuietSinceStart)
}

/// How far apart in time a process and a session of the same directory began; `None` if they cannot belong together.
fn distance(agent: &Agent, session: &Session) -> Option<Duration> {
    let started = agent.process.started_at.ok().filter(|_| mismatch(agent, session).is_none())?;
    Some(gap(started, session.started.unwrap_or(started)))
}

fn gap(a: Timestamp, b: Timestamp) -> Duration {
    a.since(b).max(b.since(a))
}

fn same_directory(a: &Path, b: &Path) -> bool {
    a.components().eq(b.components())
}
