use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::ProcFacts;
use agtop_model::{ClientId, ProcId, Process, ProcessRole, ProcessState, Timestamp, Untrusted};

/// Which client a process belongs to, and in which role.
pub(crate) type ClientRole = (ClientId, ProcessRole);

/// A process, and what it was recognised as.
#[derive(Debug)]
pub(crate) struct Classified {
    pub(crate) process: Arc<Process>,
    /// `None` if it belongs to no client.
    pub(crate) role: Option<ClientRole>,
    pub(crate) first_seen: Instant,
}

impl Classified {
    /// Whether the process has existed for long enough, or has written something, so that it is no copy of its parent
    /// that will become another program. `newest` is when the youngest of all processes started.
    fn has_lived(&self, newest: Option<Timestamp>, at: Instant) -> bool {
        let started = self.process.started_at.ok();
        let is_older = newest.zip(started).is_some_and(|(newest, started)| newest.since(started) >= MIN_START_GAP);
        is_older
            || at.duration_since(self.first_seen) >= MIN_COPY_LIFE
            || self.process.io.is_ok_and(|io| io.written > 0)
    }
}

/// A process that looks like its parent for this long is a second agent and not a copy.
const MIN_COPY_LIFE: Duration = Duration::from_secs(1);
/// A process that started this long before another one has lived for a second: some systems report whole seconds.
const MIN_START_GAP: Duration = Duration::from_secs(2);
/// Wrappers above an agent that are skipped, at most.
const MAX_WRAPPER_DEPTH: usize = 5;
/// Programs that may stand between `sudo` and the agent that it started.
const SUDO_INTERMEDIATES: &[&str] = &["env", "timeout", "nice", "nohup", "setsid", "npm", "npx", "sh"];
/// Ancestors of an agent that are checked for `sudo`, at most.
const MAX_SUDO_DISTANCE: usize = 6;

/// Whether the process has ended, and only waits for its parent to collect it.
pub(crate) fn is_zombie(process: &Process) -> bool {
    process.state == ProcessState::Zombie
}

/// All processes, with their parents and children.
pub(crate) struct ProcessTree<'a> {
    /// By pid.
    all: &'a [Classified],
    /// The pid of a parent and the place of a child in `all`, by parent.
    children: Vec<(u32, u32)>,
    wrappers: HashSet<u32>,
    /// Processes that are not shown, whatever they were recognised as.
    hidden: HashSet<u32>,
}

impl<'a> ProcessTree<'a> {
    /// `all` is sorted by pid; `own` is the pid of this program.
    pub(crate) fn of(all: &'a [Classified], own: Option<u32>, at: Instant) -> Self {
        let parents = all.iter().zip(0..).filter_map(|(known, place)| Some((known.process.parent?, place)));
        let mut children: Vec<(u32, u32)> = parents.collect();
        children.sort_unstable();
        let mut tree = Self { all, children, wrappers: HashSet::new(), hidden: HashSet::new() };
        let mut hidden: HashSet<u32> = own.into_iter().collect();
        tree.add_descendants(&mut hidden);
        let newest = all.iter().filter_map(|known| known.process.started_at.ok()).max();
        let copies = all.iter().filter(|known| tree.is_copy(known) && !known.has_lived(newest, at));
        hidden.extend(copies.map(|known| known.process.id.pid));
        tree.hidden = hidden;
        for known in all {
            let pid = known.process.id.pid;
            let own = tree.role(pid).filter(|(_, role)| *role != ProcessRole::Helper);
            if let Some(parent) = known.process.parent
                && own.is_some()
                && own == tree.role(parent)
            {
                tree.wrappers.insert(parent);
            }
        }
        tree
    }

    /// Whether the process has the command line and executable of the agent that is its parent. So does a process between
    /// `fork` and `exec`, which may become any program a moment later.
    fn is_copy(&self, known: &Classified) -> bool {
        // Most processes belong to no client, and the parent of those is not looked up.
        if known.role.is_none() {
            return false;
        }
        let parent = known.process.parent.and_then(|parent| self.classified(parent));
        parent.is_some_and(|parent| {
            let (own, above) = (&known.process, &parent.process);
            known.role == parent.role && own.argv == above.argv && own.exe == above.exe
        })
    }

    /// The process, hidden or not.
    pub(crate) fn classified(&self, pid: u32) -> Option<&'a Classified> {
        let place = self.all.binary_search_by_key(&pid, |known| known.process.id.pid).ok()?;
        self.all.get(place)
    }

    /// What the process was recognised as, unless it is hidden.
    pub(crate) fn role(&self, pid: u32) -> Option<ClientRole> {
        self.classified(pid)?.role.filter(|_| !self.is_hidden(pid))
    }

    /// Whether the process is not shown: agtop itself, what agtop started, and new copies of an agent.
    pub(crate) fn is_hidden(&self, pid: u32) -> bool {
        self.hidden.contains(&pid)
    }

    /// Whether a child of the process is the same agent.
    pub(crate) fn is_wrapper(&self, pid: u32) -> bool {
        self.wrappers.contains(&pid)
    }

    /// Adds everything below these processes.
    fn add_descendants(&self, pids: &mut HashSet<u32>) {
        let mut open: Vec<u32> = pids.iter().copied().collect();
        while let Some(pid) = open.pop() {
            let below = self.children_of(pid).map(|child| child.id.pid);
            open.extend(below.filter(|&child| pids.insert(child)));
        }
    }

    pub(crate) fn parent(&self, process: &Process) -> Option<&'a Arc<Process>> {
        self.classified(process.parent?).map(|known| &known.process)
    }

    fn ancestors(&self, process: &Process) -> impl Iterator<Item = &'a Arc<Process>> {
        std::iter::successors(self.parent(process), |process| self.parent(process))
    }

    /// The children that still run.
    pub(crate) fn live_children(&self, process: &Process) -> impl Iterator<Item = &'a Arc<Process>> {
        self.children_of(process.id.pid).filter(|child| !is_zombie(child))
    }

    fn children_of(&self, pid: u32) -> impl Iterator<Item = &'a Arc<Process>> {
        let first = self.children.partition_point(|(parent, _)| *parent < pid);
        let own = self.children.iter().skip(first).take_while(move |(parent, _)| *parent == pid);
        own.filter_map(|(_, place)| self.all.get(*place as usize)).map(|known| &known.process)
    }

    /// The children that work for agents and are none themselves.
    pub(crate) fn helpers(&self, process: &Process) -> Vec<ProcId> {
        let is_helper =
            |child: &&Arc<Process>| self.role(child.id.pid).is_some_and(|(_, role)| role != ProcessRole::Agent);
        self.children_of(process.id.pid).filter(is_helper).map(|child| child.id).collect()
    }

    /// When the youngest child started that still runs and is no helper.
    pub(crate) fn youngest_child(&self, process: &Process) -> Option<Timestamp> {
        let is_command =
            |child: &&Arc<Process>| self.role(child.id.pid).is_none_or(|(_, role)| role == ProcessRole::Agent);
        self.live_children(process).filter(is_command).filter_map(|child| child.started_at.ok()).max()
    }

    /// The name of the program that started the agent, with wrappers skipped.
    pub(crate) fn launcher(&self, process: &Process) -> Option<Untrusted> {
        let mut above = self.ancestors(process).take(MAX_WRAPPER_DEPTH);
        Some(above.find(|process| !self.is_wrapper(process.id.pid))?.name.clone())
    }

    /// The arguments that let the agent act without permission; or `sudo`, if that started it. `None` if neither.
    pub(crate) fn danger(&self, id: ClientId, process: &Process) -> Option<Untrusted> {
        let own = agtop_clients::danger(process).map(|flags| Untrusted::from(&*flags));
        own.or_else(|| {
            let is_between = |process: &Process| {
                let is_same = agtop_clients::recognise(process).is_some_and(|(client, _)| client == id);
                is_same || SUDO_INTERMEDIATES.contains(&ProcFacts::new(process).program())
            };
            let starter = self.ancestors(process).take(MAX_SUDO_DISTANCE).find(|process| !is_between(process))?;
            (ProcFacts::new(starter).program() == "sudo").then(|| format!("sudo {id}").into())
        })
    }

    /// These processes with everything above and below them, by pid.
    pub(crate) fn with_relatives<'p>(
        &self,
        members: impl Iterator<Item = &'p Arc<Process>> + Clone,
    ) -> Vec<Arc<Process>> {
        let mut pids: HashSet<u32> = members.clone().map(|process| process.id.pid).collect();
        self.add_descendants(&mut pids);
        for process in members {
            let mut above = self.parent(process);
            while let Some(parent) = above.filter(|parent| pids.insert(parent.id.pid)) {
                above = self.parent(parent);
            }
        }
        let processes = self.all.iter().map(|known| &known.process);
        processes.filter(|process| pids.contains(&process.id.pid)).map(Arc::clone).collect()
    }
}
