use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use agtop_model::{
    Agent, Evidence, Gap, LifecycleChange, LifecycleEvent, Liveness, ProcId, SessionKey, Status, Timestamp, Untrusted,
};

/// Compares the agents of successive snapshots, to find those that started or exited.
#[derive(Debug, Default)]
pub(crate) struct LifecycleTracker {
    /// The agents of the last snapshot; `None` before the first.
    last: Option<Vec<Arc<Agent>>>,
    /// When its processes were read.
    read_at: Option<Instant>,
    /// The agents that had exited at the last reading.
    exited: Vec<Arc<Agent>>,
    log: VecDeque<LifecycleEvent>,
    /// The same, shared with snapshots.
    shared_log: Arc<[LifecycleEvent]>,
}

/// Starts and exits that are kept, at most.
const MAX_LIFECYCLES: usize = 100;

impl LifecycleTracker {
    /// Compares with the last reading of processes, once for each reading.
    pub(crate) fn note(&mut self, agents: &[Arc<Agent>], read_at: Instant, now: Timestamp) {
        if self.read_at.replace(read_at) != Some(read_at) {
            self.compare(agents, now);
        }
    }

    /// The agents whose processes had exited at the last reading. They are shown beside the others until the next one,
    /// unless another process continues their session.
    pub(crate) fn exited(&self) -> &[Arc<Agent>] {
        &self.exited
    }

    fn compare(&mut self, agents: &[Arc<Agent>], now: Timestamp) {
        self.exited.clear();
        let Some(last) = self.last.replace(agents.to_vec()) else { return };
        let before: HashSet<ProcId> = last.iter().map(|agent| agent.process.id).collect();
        let after: HashSet<ProcId> = agents.iter().map(|agent| agent.process.id).collect();
        self.log(last.iter().filter(|agent| !after.contains(&agent.process.id)), LifecycleChange::Exited, now);
        self.log(agents.iter().filter(|agent| !before.contains(&agent.process.id)), LifecycleChange::Spawned, now);
        let taken: HashSet<&SessionKey> =
            agents.iter().filter_map(|agent| agent.session.as_ref()).map(|session| &session.key).collect();
        let is_taken = |agent: &Agent| agent.session.as_ref().is_some_and(|session| taken.contains(&session.key));
        let exited = last.into_iter().filter(|agent| !after.contains(&agent.process.id) && !is_taken(agent));
        self.exited = exited.map(|agent| Arc::new(stopped(Arc::unwrap_or_clone(agent), now))).collect();
    }

    /// Which agents started and exited, newest first.
    pub(crate) fn lifecycles(&self) -> Arc<[LifecycleEvent]> {
        Arc::clone(&self.shared_log)
    }

    fn log<'a>(&mut self, agents: impl Iterator<Item = &'a Arc<Agent>>, change: LifecycleChange, at: Timestamp) {
        let mut seen = HashSet::new();
        for agent in agents.filter(|agent| seen.insert(agent.process.id)) {
            self.log.push_front(LifecycleEvent {
                at,
                change,
                process: agent.process.id,
                client: agent.client,
                label: agent.label.clone(),
                project: agent.process.cwd.as_deref().ok().and_then(name),
            });
        }
        self.log.truncate(MAX_LIFECYCLES);
        if !seen.is_empty() {
            self.shared_log = self.log.iter().cloned().collect();
        }
    }
}

fn name(directory: &Path) -> Option<Untrusted> {
    Some(Untrusted::new(directory.file_name()?.to_string_lossy()))
}

/// The agent in its last state, without the rates of its process.
fn stopped(agent: Agent, now: Timestamp) -> Agent {
    let status = agent.session.as_ref().map_or(Status::Done, |session| session.status);
    Agent {
        liveness: Liveness::Stopped,
        cpu_percent: Err(Gap::NotReported),
        io_rate: Err(Gap::NotReported),
        status,
        evidence: Evidence::Presence,
        cause: None,
        status_since: now,
        ..agent
    }
}
