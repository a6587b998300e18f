//! What the log says of collecting, for a user whose session is missing: what was examined, joined and refused, and why.
//!
//! Each fact is logged once, and again when it changes. What was logged is remembered only while the log is at `debug`.
//! No message text is logged, and no command line, which may hold a prompt: of a process, only what clients are
//! recognised by.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::{ProcFacts, Store};
use agtop_model::{
    Agent, ClientId, Evidence, Gap, ProcId, Process, ProcessRole, Reading, Session, SessionJoin, SessionKey, Status,
    Timestamp,
};
use tracing::{Level, debug, enabled, trace, warn};

use crate::agents::join::{self, Mismatch};
use crate::transcripts::health::Found;

/// Sessions that an agent could have been joined with, of which it is said why it was not; the newest.
const MAX_CANDIDATES: usize = 10;
/// A session that was written to this recently is somebody's.
const RECENT: Duration = Duration::from_mins(10);

/// Whether anybody wants to know.
fn is_wanted() -> bool {
    enabled!(Level::DEBUG)
}

/// What was said of each thing last.
#[derive(Debug)]
struct Said<K, V>(HashMap<K, V>);

impl<K, V> Default for Said<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: PartialEq + Clone> Said<K, V> {
    /// Whether something else was said of it, or nothing.
    fn is_news(&mut self, key: K, value: &V) -> bool {
        self.0.insert(key, value.clone()).as_ref() != Some(value)
    }
}

/// What a process was found to be; said when it was looked at, which happens once for each program that it runs.
pub(crate) fn verdict(process: &Process, verdict: Option<(ClientId, ProcessRole)>) {
    if !is_wanted() {
        return;
    }
    let pid = process.id.pid;
    if process.argv.is_empty() && process.exe == Err(Gap::NotReported) {
        return trace!(pid, name = ?process.name, "process: not an agent; no program: a kernel thread or a zombie");
    }
    let facts = ProcFacts::new(process);
    let (program, executable) = (first_word(facts.program()), path(&process.exe));
    let script = facts.script();
    match verdict {
        Some((client, role)) => {
            let (decided_by, cwd) = (rule_of(process, script), path(&process.cwd));
            debug!(pid, %client, ?role, rule = decided_by, ?program, %executable, ?script, %cwd, "process: identified as an agent");
        }
        None if process.argv.is_empty() => {
            debug!(pid, %executable, "process: not an agent; its command line cannot be read, or it has exited");
        }
        None => debug!(
            pid,
            ?program,
            %executable,
            ?script,
            "process: not an agent; no known program or script name and no user pattern matches"
        ),
    }
}

/// A process may call itself what it works on.
fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// What decided that a process is an agent.
fn rule_of(process: &Process, script: Option<&str>) -> &'static str {
    let is_known = |process: &Process| agtop_clients::recognise(process).is_some();
    let without_executable = || Process { exe: Err(Gap::NotReported), ..process.clone() };
    match script {
        _ if !is_known(process) => "pattern",
        Some(_) => "script",
        None if is_known(&without_executable()) && !is_called_as_its_executable(process) => "argv0",
        None => "executable",
    }
}

fn is_called_as_its_executable(process: &Process) -> bool {
    let called = process.argv.first().and_then(|called| Path::new(called.raw()).file_name());
    process.exe.as_ref().is_ok_and(|executable| executable.file_name() == called)
}

fn path(reading: &Reading<PathBuf>) -> Cow<'static, str> {
    match reading {
        // Escaped, since whoever named it may mean harm.
        Ok(path) => format!("{:?}", path.to_string_lossy()).into(),
        Err(gap) => gap.to_string().into(),
    }
}

/// Why a process that belongs to a client has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRow {
    /// agtop started it, or it is too young a copy of its parent.
    Hidden,
    /// Its child is the same agent.
    Wrapper,
    /// It works for an agent.
    Helper,
}

/// What was said of processes.
#[derive(Debug, Default)]
pub(crate) struct ProcessLog {
    rows: Said<ProcId, Option<NoRow>>,
    table: Said<(), String>,
}

impl ProcessLog {
    /// Which processes have a row, and why others of a client's have none.
    pub(crate) fn note<'a>(&mut self, processes: impl Iterator<Item = (&'a Process, ClientId, Option<NoRow>)>) {
        if !is_wanted() {
            return;
        }
        let mut seen = HashSet::new();
        for (process, client, no_row) in processes {
            let pid = process.id.pid;
            seen.insert(process.id);
            if self.rows.is_news(process.id, &no_row) {
                match no_row {
                    None => debug!(pid, %client, "agent: has a row, or one for each of its sessions"),
                    Some(NoRow::Hidden) => {
                        debug!(pid, %client, "agent: no row, agtop started it, or it is a new copy of its parent");
                    }
                    Some(NoRow::Wrapper) => debug!(pid, %client, "agent: no row, its child is the same agent"),
                    Some(NoRow::Helper) => debug!(pid, %client, "agent: no row, it works for an agent"),
                }
            }
        }
        self.rows.0.retain(|id, _| {
            let is_there = seen.contains(id);
            if !is_there {
                debug!(pid = id.pid, "agent: its process has exited, or runs another program");
            }
            is_there
        });
    }

    /// That there is no table of processes.
    pub(crate) fn no_table(&mut self, error: &agtop_os::OsError) {
        if self.table.is_news((), &error.to_string()) {
            warn!(%error, "processes: the process table cannot be read");
        }
    }
}

/// What a search of a place found. Two layouts of one client's may lie in the same place.
#[derive(Debug, Default)]
pub(crate) struct PlaceLog(Said<(ClientId, &'static str, PathBuf), (bool, u64, u64)>);

impl PlaceLog {
    /// A place that was searched.
    pub(crate) fn note(&mut self, client: ClientId, store: &Store, found: Found) {
        let Found { exists, files, bytes, passed_over } = found;
        let Store { layout, root, .. } = store;
        if !is_wanted() || !self.0.is_news((client, *layout, root.clone()), &(exists, files, passed_over)) {
            return;
        }
        if exists {
            // What is passed over has no transcript's name, or is a directory.
            debug!(%client, layout, ?root, files, bytes, passed_over, "place: searched");
        } else {
            debug!(%client, layout, ?root, "place: not there");
        }
    }
}

/// What was said of agents and their sessions.
#[derive(Debug, Default)]
pub(crate) struct AgentLog {
    joins: Said<ProcId, Joined>,
    statuses: Said<(ProcId, Option<SessionKey>), (Status, Evidence)>,
    sessions: Said<SessionKey, bool>,
}

/// The session of an agent, if it has one, and why it has none of the others.
type Joined = (BTreeMap<SessionKey, Option<SessionJoin>>, BTreeMap<SessionKey, Refusal>);

/// Why an agent does not have a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// It has a better one.
    Other,
    /// Another process has it.
    Taken(u32),
    /// A file, a lock or an event names another session, or one that has no transcript yet.
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

/// What agents are joined by.
pub(crate) struct Joining<'a> {
    pub(crate) agents: &'a [Agent],
    pub(crate) sessions: &'a [Arc<Session>],
    /// Whether better evidence than place and time names a session of that agent's.
    pub(crate) is_named: &'a dyn Fn(&Agent) -> bool,
    pub(crate) now: Timestamp,
}

impl AgentLog {
    /// What each agent is joined with and does.
    pub(crate) fn note(&mut self, joining: &Joining<'_>) {
        if !is_wanted() {
            return;
        }
        let owners: HashMap<&SessionKey, u32> = joining
            .agents
            .iter()
            .filter_map(|agent| Some((&agent.session.as_ref()?.key, agent.process.id.pid)))
            .collect();
        let mut seen = HashSet::new();
        for agent in joining.agents {
            if seen.insert(agent.process.id) {
                self.note_join(agent, joining, &owners);
            }
            self.note_status(agent);
        }
        self.joins.0.retain(|id, _| seen.contains(id));
        self.statuses.0.retain(|(id, _), _| seen.contains(id));
        self.note_sessions(joining, &owners);
    }

    fn note_join(&mut self, agent: &Agent, joining: &Joining<'_>, owners: &HashMap<&SessionKey, u32>) {
        let own = joining.agents.iter().filter(|other| other.process.id == agent.process.id);
        let joined = own.filter_map(|row| Some((row.session.as_ref()?.key.clone(), row.join))).collect();
        let refused = refused(agent, joining, owners);
        let (pid, client) = (agent.process.id.pid, agent.client);
        let news: Joined = (joined, refused);
        if !self.joins.is_news(agent.process.id, &news) {
            return;
        }
        let (joined, refused) = news;
        let age = agent.process.started_at.ok().map(|started| joining.now.since(started));
        for (session, join) in &joined {
            let (by, confidence) = (join.map(|join| join.tier.as_str()), join.map(|join| join.confidence.as_str()));
            debug!(pid, %client, session = ?session.id, by, confidence, "join: works on a session");
        }
        if joined.is_empty() {
            debug!(pid, %client, cwd = %path(&agent.process.cwd), ?age, "join: no session");
        }
        for (session, why) in &refused {
            debug!(pid, %client, session = ?session.id, %why, "join: not this session");
        }
    }

    fn note_status(&mut self, agent: &Agent) {
        let session = agent.session.as_ref().map(|session| &session.key);
        let key = (agent.process.id, session.cloned());
        if self.statuses.is_news(key, &(agent.status, agent.evidence)) {
            let (pid, client) = (agent.process.id.pid, agent.client);
            let (status, evidence) = (agent.status.as_str(), agent.evidence.as_str());
            let phase = agent.session.as_ref().map(|session| session.phase);
            debug!(pid, %client, session = ?session.map(|key| &key.id), status, evidence, ?phase, "status");
        }
    }

    /// Sessions that somebody writes to, and whether that is known to be an agent's process.
    fn note_sessions(&mut self, joining: &Joining<'_>, owners: &HashMap<&SessionKey, u32>) {
        let is_recent = |session: &&Arc<Session>| session.idle_for(joining.now).is_some_and(|quiet| quiet <= RECENT);
        let mut seen = HashSet::new();
        for session in joining.sessions.iter().take_while(is_recent) {
            let has_process = owners.contains_key(&session.key);
            seen.insert(&session.key);
            if self.sessions.is_news(session.key.clone(), &has_process) {
                let (client, id, cwd) = (session.key.client, &session.key.id, &session.cwd);
                let quiet = session.idle_for(joining.now);
                debug!(%client, session = ?id, ?cwd, ?quiet, has_process, "session: was written to just now");
            }
        }
        self.sessions.0.retain(|key, _| seen.contains(key));
    }
}

/// Why an agent has none of its client's newest sessions but its own. Where a file, a lock, an event or its command line
/// names its session, the others need no reason.
fn refused(agent: &Agent, joining: &Joining<'_>, owners: &HashMap<&SessionKey, u32>) -> BTreeMap<SessionKey, Refusal> {
    let is_sure = agent.join.is_some_and(|join| join.tier != agtop_model::JoinTier::Score);
    let pid = agent.process.id.pid;
    let of_client = joining.sessions.iter().filter(|session| session.client() == agent.client && !is_sure);
    let others = of_client.take(MAX_CANDIDATES).filter(|session| owners.get(&session.key) != Some(&pid));
    let refusal = |session: &Session| match owners.get(&session.key) {
        Some(owner) => Refusal::Taken(*owner),
        None if (joining.is_named)(agent) => Refusal::Named,
        None => join::mismatch(agent, session).map_or(Refusal::Other, Refusal::Mismatch),
    };
    others.map(|session| (session.key.clone(), refusal(session))).collect()
}
