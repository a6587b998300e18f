use std::collections::HashMap;

use agtop_model::{Process, Snapshot};

/// Most processes between an agent and its farthest ancestor. A longer chain is a loop of reused pids.
const MAX_ANCESTORS: usize = 64;

/// The parents of the processes of a snapshot. The tree of the screen and that of JSON both follow from it.
pub struct ProcessParents(HashMap<u32, u32>);

impl ProcessParents {
    /// The parents of all processes that the snapshot has.
    pub fn new(snapshot: &Snapshot) -> Self {
        let of_agents = snapshot.agents.iter().map(|agent| &agent.process);
        let processes = snapshot.processes.iter().chain(of_agents);
        Self(processes.filter_map(|process| Some((process.id.pid, process.parent?))).collect())
    }

    /// The pids of the ancestors of a process, the nearest first.
    pub fn ancestors(&self, process: &Process) -> impl Iterator<Item = u32> {
        std::iter::successors(process.parent, |pid| self.0.get(pid).copied()).take(MAX_ANCESTORS)
    }

    /// The nearest ancestor of a process whose pid is wanted.
    pub fn nearest(&self, process: &Process, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        self.ancestors(process).find(|&pid| is_wanted(pid) && pid != process.id.pid)
    }
}
