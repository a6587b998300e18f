use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::time::Instant;

use agtop_model::{
    Agent, Evidence, Gap, LifecycleChange, LifecycleEvent, Liveness, ProcId, SessionKey, Status, Timestamp, Untrusted,
};

/// Who was there in the last snapshot, to notice who comes and goes.
#[derive(Debug, Default)]
pub(crate) struct Attendance {
    /// The agents of the last snapshot; `None` before the first.
    last: Option<Vec<Agent>>,
    /// When its processes were looked at.
    looked_at: Option<Instant>,
    /// Those that were not there any more at the last look.
    gone: Vec<Agent>,
    log: VecDeque<LifecycleEvent>,
}

/// Comings and goings that are remembered.
const REMEMBERED: usize = 100;

impl Attendance {
    /// Compares with the last look at processes. An agent whose process has ended is added to the others as it was,
    /// until the next look, unless another process goes on with its session.
    pub(crate) fn note(&mut self, agents: &mut Vec<Agent>, looked_at: Instant, now: Timestamp) {
        if self.looked_at.replace(looked_at) != Some(looked_at) {
            self.compare(agents, now);
        }
        agents.extend(self.gone.iter().cloned());
    }

    fn compare(&mut self, agents: &[Agent], now: Timestamp) {
        self.gone.clear();
        let Some(last) = self.last.replace(agents.to_vec()) else { return };
        let before: HashSet<ProcId> = last.iter().map(|agent| agent.process.id).collect();
        let after: HashSet<ProcId> = agents.iter().map(|agent| agent.process.id).collect();
        self.log(last.iter().filter(|agent| !after.contains(&agent.process.id)), LifecycleChange::Exited, now);
        self.log(agents.iter().filter(|agent| !before.contains(&agent.process.id)), LifecycleChange::Spawned, now);
        let taken: HashSet<&SessionKey> =
            agents.iter().filter_map(|agent| agent.session.as_ref()).map(|session| &session.key).collect();
        let is_taken = |agent: &Agent| agent.session.as_ref().is_some_and(|session| taken.contains(&session.key));
        let gone = last.into_iter().filter(|agent| !after.contains(&agent.process.id) && !is_taken(agent));
        self.gone = gone.map(|agent| stopped(agent, now)).collect();
    }

    /// Who came and went, newest first.
    pub(crate) fn lifecycle_events(&self) -> impl Iterator<Item = &LifecycleEvent> {
        self.log.iter()
    }

    fn log<'a>(&mut self, agents: impl Iterator<Item = &'a Agent>, change: LifecycleChange, at: Timestamp) {
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
        self.log.truncate(REMEMBERED);
    }
}

fn name(directory: &Path) -> Option<Untrusted> {
    Some(Untrusted::new(directory.file_name()?.to_string_lossy()))
}

/// The agent as it was, without what only a process has.
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
