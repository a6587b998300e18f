use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agtop_model::{Agent, Gap, OpenFiles, ProcId, Reading, Sockets, Untrusted};
use agtop_os::Os;

use super::git::WorkTrees;
use super::skills;

/// Readings that are taken only of agents, because they are expensive. Each kind has its own interval; a new agent is
/// read at once.
#[derive(Default)]
pub(crate) struct AgentProbes {
    files: HashMap<ProcId, (Instant, Reading<OpenFiles>)>,
    sockets: Option<(Instant, HashMap<ProcId, Reading<Sockets>>)>,
    skills: HashMap<PathBuf, (Instant, Vec<Untrusted>)>,
    work_trees: WorkTrees,
}

/// Reading open files takes some system calls for each descriptor.
const FILES_INTERVAL: Duration = Duration::from_secs(3);
/// Reading sockets walks the machine's tables of connections, which takes milliseconds.
const SOCKETS_INTERVAL: Duration = Duration::from_secs(5);
/// The intervals hold for up to this many agents; with more agents they grow in proportion.
const AGENTS_PER_INTERVAL: usize = 32;
/// Skills change rarely: when the user installs one.
const SKILLS_INTERVAL: Duration = Duration::from_secs(30);

impl AgentProbes {
    /// The root of the work tree that holds a directory.
    pub(crate) fn root(&mut self, directory: &Path, now: Instant) -> Option<PathBuf> {
        self.work_trees.root(directory, now)
    }

    /// Fills the readings of these agents in, after renewing those that are older than their interval.
    pub(crate) fn fill(&mut self, agents: &mut [&mut Agent], os: &mut dyn Os, home: &Path, now: Instant) {
        let ids: HashSet<ProcId> = agents.iter().map(|agent| agent.process.id).collect();
        self.read_sockets(&ids, os, now);
        self.files.retain(|id, _| ids.contains(id));
        let files_interval = scaled_interval(ids.len(), FILES_INTERVAL);
        for agent in agents {
            agent.files = self.files(agent.process.id, os, files_interval, now);
            agent.sockets = self.sockets(agent.process.id);
            agent.skills = self.skills(agent, home, now);
            let directory = agent.process.cwd.as_deref();
            agent.git = directory.map_err(|gap| *gap).and_then(|directory| self.work_trees.git(directory, now));
        }
        self.skills.retain(|_, (read_at, _)| is_fresh(*read_at, SKILLS_INTERVAL * 2, now));
        self.work_trees.forget(now);
    }

    fn files(&mut self, id: ProcId, os: &mut dyn Os, interval: Duration, now: Instant) -> Reading<OpenFiles> {
        match self.files.get(&id) {
            Some((read_at, files)) if is_fresh(*read_at, interval, now) => files.clone(),
            _ => {
                let files = os.open_files(id);
                self.files.insert(id, (now, files.clone()));
                files
            }
        }
    }

    fn read_sockets(&mut self, ids: &HashSet<ProcId>, os: &mut dyn Os, now: Instant) {
        let is_known = self.sockets.as_ref().is_some_and(|(read_at, known)| {
            is_fresh(*read_at, scaled_interval(ids.len(), SOCKETS_INTERVAL), now)
                && ids.iter().all(|id| known.contains_key(id))
        });
        if !is_known && !ids.is_empty() {
            let ids: Vec<ProcId> = ids.iter().copied().collect();
            let sockets = ids.iter().copied().zip(os.sockets(&ids)).collect();
            self.sockets = Some((now, sockets));
        }
    }

    fn sockets(&self, id: ProcId) -> Reading<Sockets> {
        let known = self.sockets.as_ref().and_then(|(_, known)| known.get(&id));
        known.cloned().unwrap_or(Err(Gap::NotReported))
    }

    fn skills(&mut self, agent: &Agent, home: &Path, now: Instant) -> Vec<Untrusted> {
        let Ok(directory) = &agent.process.cwd else { return Vec::new() };
        if !skills::has_any(agent.client) {
            return Vec::new();
        }
        match self.skills.get(directory) {
            Some((read_at, skills)) if is_fresh(*read_at, SKILLS_INTERVAL, now) => skills.clone(),
            _ => {
                let skills = skills::of(directory, home);
                self.skills.insert(directory.clone(), (now, skills.clone()));
                skills
            }
        }
    }
}

/// The interval for this many agents.
fn scaled_interval(agents: usize, interval: Duration) -> Duration {
    interval.saturating_mul(u32::try_from(agents.div_ceil(AGENTS_PER_INTERVAL)).unwrap_or(u32::MAX).max(1))
}

fn is_fresh(read_at: Instant, interval: Duration, now: Instant) -> bool {
    now.saturating_duration_since(read_at) < interval
}

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess};

    use super::*;
    use crate::processes::detector::AgentDetector;

    #[test]
    fn open_files_are_read_once_per_interval_and_at_once_for_a_new_agent() {
        let mut machine = FakeOs::new();
        let (mut detector, mut probes, start) = (AgentDetector::default(), AgentProbes::default(), Instant::now());
        let mut writing = |machine: &mut FakeOs, now: Instant| {
            let mut found = detector.detect(&machine.processes().unwrap(), now);
            let mut agents: Vec<&mut Agent> = found.agents.iter_mut().collect();
            probes.fill(&mut agents, machine, Path::new("/nowhere"), now);
            found.agents.iter().map(|agent| agent.files.as_ref().unwrap().writing.len()).collect::<Vec<_>>()
        };
        let holding = |path: &str| Ok(OpenFiles { writing: vec![path.into()], ..OpenFiles::default() });
        machine.spawn(FakeProcess::new(7, &["claude"]));
        machine.set_open_files(7, Ok(OpenFiles::default()));
        assert_eq!(writing(&mut machine, start), [0]);
        machine.set_open_files(7, holding("/a"));
        machine.spawn(FakeProcess::new(8, &["claude"]));
        machine.set_open_files(8, holding("/b"));
        assert_eq!(writing(&mut machine, start + FILES_INTERVAL / 2), [0, 1]);
        assert_eq!(writing(&mut machine, start + FILES_INTERVAL), [1, 1]);
    }

    #[test]
    fn with_many_agents_each_is_read_less_often() {
        assert_eq!(
            [0, 1, AGENTS_PER_INTERVAL].map(|agents| scaled_interval(agents, FILES_INTERVAL)),
            [FILES_INTERVAL; 3]
        );
        assert_eq!(
            [AGENTS_PER_INTERVAL + 1, 500].map(|agents| scaled_interval(agents, FILES_INTERVAL).as_secs()),
            [6, 48]
        );
    }
}
