use std::collections::HashMap;

use agtop_clients::client;
use agtop_model::{Agent, RunningProcess, SessionKey};

use super::mismatch::START_SLACK;

/// What vendors' own files say about live processes, by pid.
pub(crate) struct Markers<'a>(HashMap<u32, Vec<&'a (SessionKey, RunningProcess)>>);

impl<'a> Markers<'a> {
    pub(crate) fn new(entries: impl Iterator<Item = &'a (SessionKey, RunningProcess)>) -> Self {
        let mut by_pid: HashMap<u32, Vec<&'a (SessionKey, RunningProcess)>> = HashMap::new();
        for entry in entries {
            by_pid.entry(entry.1.pid).or_default().push(entry);
        }
        Self(by_pid)
    }

    /// The entries of these processes alone.
    pub(crate) fn of_pids(entries: impl Iterator<Item = &'a (SessionKey, RunningProcess)>, pids: &[u32]) -> Self {
        Self::new(entries.filter(|(_, running)| pids.contains(&running.pid)))
    }

    /// The entry of this process, not of an earlier one with the same pid. If there are several, the last entered one
    /// counts.
    pub(crate) fn of(&self, agent: &Agent) -> Option<&'a (SessionKey, RunningProcess)> {
        let is_its = |(session, running): &&(SessionKey, RunningProcess)| {
            let is_same = match (running.started, running.entered, agent.process.started_at) {
                (Some(started), _, _) => started == agent.process.id.started,
                (None, Some(entered), Ok(started)) => started <= entered.plus(START_SLACK),
                _ => true,
            };
            session.client == agent.client && is_same
        };
        let entries = self.0.get(&agent.process.id.pid)?.iter().copied();
        entries.filter(is_its).max_by(|a, b| (a.1.entered, &a.0).cmp(&(b.1.entered, &b.0)))
    }

    /// Whether a vendor's file or a lock names the session of a process. That session may have no transcript yet.
    pub(crate) fn name_session_of(&self, agent: &Agent) -> bool {
        self.of(agent).is_some() || !locked_sessions(agent).is_empty()
    }
}

/// The ids of the sessions whose locks the agent holds: its own, and those of its subagents.
pub(crate) fn locked_sessions(agent: &Agent) -> Vec<String> {
    let (Some(client), Ok(files)) = (client(agent.client.as_str()), &agent.files) else { return Vec::new() };
    files.writing.iter().chain(&files.reading).filter_map(|path| client.session_of_lock(path)).collect()
}
