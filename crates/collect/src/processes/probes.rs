use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agtop_model::{Agent, Gap, OpenFiles, ProcId, Reading, Sockets, Untrusted};
use agtop_os::Os;

use crate::processes::git::WorkTrees;
use crate::processes::skills;

/// What only agents are asked for, because it costs: each on a beat of its own, and at once for who is new.
#[derive(Default)]
pub(crate) struct Probes {
    files: HashMap<ProcId, (Instant, Reading<OpenFiles>)>,
    sockets: Option<(Instant, HashMap<ProcId, Reading<Sockets>>)>,
    skills: HashMap<PathBuf, (Instant, Vec<Untrusted>)>,
    work_trees: WorkTrees,
}

/// Some system calls for each descriptor.
const FILES_BEAT: Duration = Duration::from_secs(3);
/// The tables of connections are the machine's, and walking them takes milliseconds.
const SOCKETS_BEAT: Duration = Duration::from_secs(5);
/// These beats are for as many agents as a person may have; among more, each is asked the less often.
const CROWD: usize = 32;
/// Skills change when somebody installs one.
const SKILLS_BEAT: Duration = Duration::from_secs(30);

impl Probes {
    /// The root of the work tree that holds a directory.
    pub(crate) fn root(&mut self, directory: &Path, now: Instant) -> Option<PathBuf> {
        self.work_trees.root(directory, now)
    }

    /// Fills in what is known of these agents, after asking for what has grown old.
    pub(crate) fn fill(&mut self, agents: &mut [&mut Agent], os: &mut dyn Os, home: &Path, now: Instant) {
        let ids: HashSet<ProcId> = agents.iter().map(|agent| agent.process.id).collect();
        self.look_at_sockets(&ids, os, now);
        self.files.retain(|id, _| ids.contains(id));
        let files_beat = among(ids.len(), FILES_BEAT);
        for agent in agents {
            agent.files = self.files(agent.process.id, os, files_beat, now);
            agent.sockets = self.sockets(agent.process.id);
            agent.skills = self.skills(agent, home, now);
            let directory = agent.process.cwd.as_deref();
            agent.git = directory.map_err(|gap| *gap).and_then(|directory| self.work_trees.git(directory, now));
        }
        self.skills.retain(|_, (read_at, _)| is_young(*read_at, SKILLS_BEAT * 2, now));
        self.work_trees.forget(now);
    }

    fn files(&mut self, id: ProcId, os: &mut dyn Os, beat: Duration, now: Instant) -> Reading<OpenFiles> {
        match self.files.get(&id) {
            Some((read_at, files)) if is_young(*read_at, beat, now) => files.clone(),
            _ => {
                let files = os.open_files(id);
                self.files.insert(id, (now, files.clone()));
                files
            }
        }
    }

    fn look_at_sockets(&mut self, ids: &HashSet<ProcId>, os: &mut dyn Os, now: Instant) {
        let is_known = self.sockets.as_ref().is_some_and(|(read_at, known)| {
            is_young(*read_at, among(ids.len(), SOCKETS_BEAT), now) && ids.iter().all(|id| known.contains_key(id))
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
            Some((read_at, skills)) if is_young(*read_at, SKILLS_BEAT, now) => skills.clone(),
            _ => {
                let skills = skills::of(directory, home);
                self.skills.insert(directory.clone(), (now, skills.clone()));
                skills
            }
        }
    }
}

/// A beat among so many agents.
fn among(agents: usize, beat: Duration) -> Duration {
    beat.saturating_mul(u32::try_from(agents.div_ceil(CROWD)).unwrap_or(u32::MAX).max(1))
}

fn is_young(read_at: Instant, beat: Duration, now: Instant) -> bool {
    now.saturating_duration_since(read_at) < beat
}

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess};

    use super::*;
    use crate::processes::detector::Census;

    #[test]
    fn open_files_are_asked_for_on_a_beat_and_at_once_of_who_is_new() {
        let mut machine = FakeOs::new();
        let (mut census, mut probes, start) = (Census::default(), Probes::default(), Instant::now());
        let mut writing = |machine: &mut FakeOs, now: Instant| {
            let mut found = census.find(&machine.processes().unwrap(), now);
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
        assert_eq!(writing(&mut machine, start + FILES_BEAT / 2), [0, 1]);
        assert_eq!(writing(&mut machine, start + FILES_BEAT), [1, 1]);
    }

    #[test]
    fn among_many_agents_each_is_asked_less_often() {
        assert_eq!([0, 1, CROWD].map(|agents| among(agents, FILES_BEAT)), [FILES_BEAT; 3]);
        assert_eq!([CROWD + 1, 500].map(|agents| among(agents, FILES_BEAT).as_secs()), [6, 48]);
    }
}
