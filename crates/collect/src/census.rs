use std::collections::HashSet;
use std::sync::Arc;

use agtop_clients::ProcFacts;
use agtop_model::{
    Agent, ClientId, Evidence, Gap, Liveness, Pace, Paces, ProcId, Process, ProcessState, Role, Status, Timestamp,
    Untrusted,
};

use crate::matcher::{Matcher, command_line};

/// Finds agents among processes.
#[derive(Debug, Default)]
pub(crate) struct Census {
    matchers: Vec<Matcher>,
    /// What the last table's processes were, in the order of pids.
    judged: Vec<Judged>,
}

/// Which client a process belongs to, and as what.
type Verdict = (ClientId, Role);

/// What a process is, and how it was when that was found out.
#[derive(Debug)]
struct Judged {
    process: Arc<Process>,
    role: Option<Verdict>,
}

/// The agents among the processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Each process that is an agent, without its session yet.
    pub(crate) agents: Vec<Agent>,
    /// Servers that work on sessions for others, as the agents they would be for each of those.
    pub(crate) hosts: Vec<Agent>,
    /// The agents' processes with all above and below them, by pid.
    pub(crate) processes: Arc<[Arc<Process>]>,
}

impl Census {
    /// With these patterns beside the built-in ones.
    pub(crate) fn new(matchers: Vec<Matcher>) -> Self {
        Self { matchers, ..Self::default() }
    }

    /// Sorts agents out of a process table. A wrapper whose child is the same agent gives its row to the child; helpers
    /// get no row.
    pub(crate) fn find(&mut self, table: &[Arc<Process>]) -> Found {
        let mut table: Vec<&Arc<Process>> = table.iter().collect();
        table.sort_by_key(|process| process.id.pid);
        self.judge(&table);
        let kin = Kin::of(&self.judged);
        let rows: Vec<(&Arc<Process>, ClientId, Role)> = table
            .iter()
            .filter_map(|&process| {
                let (client, role) = kin.role(process.id.pid)?;
                let is_row = role != Role::Helper && !kin.is_wrapper(process.id.pid);
                is_row.then_some((process, client, role))
            })
            .collect();
        let mut found = Found { agents: Vec::new(), hosts: Vec::new(), processes: Arc::default() };
        for &(process, client, role) in &rows {
            let agent = agent(client, process, &kin);
            if role == Role::Host { found.hosts.push(agent) } else { found.agents.push(agent) }
        }
        found.processes = kin.family(rows.iter().map(|(process, ..)| *process)).into();
        found
    }

    /// Whether anything of what is known of a process still holds is seen by its being shared.
    fn judge(&mut self, table: &[&Arc<Process>]) {
        let mut before = std::mem::take(&mut self.judged).into_iter().peekable();
        self.judged.reserve(table.len());
        for &process in table {
            while before.next_if(|known| known.process.id.pid < process.id.pid).is_some() {}
            let judged = match before.next_if(|known| known.process.id == process.id) {
                Some(known) if Arc::ptr_eq(&known.process, process) => known,
                Some(known) if looks_alike(&known.process, process) => Judged { process: Arc::clone(process), ..known },
                _ => Judged { process: Arc::clone(process), role: self.role(process) },
            };
            self.judged.push(judged);
        }
    }

    fn role(&self, process: &Process) -> Option<Verdict> {
        if process.argv.is_empty() {
            return None;
        }
        let by_user = || {
            if self.matchers.is_empty() {
                return None;
            }
            let command = command_line(process);
            let matcher = self.matchers.iter().find(|matcher| matcher.matches(&command))?;
            Some((matcher.client, Role::Agent))
        };
        agtop_clients::recognise(process).or_else(by_user)
    }
}

/// An agent of which only the process is known yet.
fn agent(client: ClientId, process: &Arc<Process>, kin: &Kin<'_>) -> Agent {
    Agent {
        client,
        label: client.as_str().into(),
        liveness: Liveness::Live,
        cpu_percent: Err(Gap::NotReported),
        cpu_history: Arc::default(),
        io_rate: Err(Gap::NotReported),
        parent_name: kin.parent(process).map(|parent| parent.name.clone()),
        launcher: kin.launcher(process),
        session: None,
        join: None,
        danger: kin.danger(client, process),
        children: kin.children(process).map(|child| (child.id.pid, child.name.clone())).collect(),
        youngest_child: kin.youngest_child(process),
        stated_model: stated_model(client, process),
        helpers: kin.helpers(process),
        files: Err(Gap::NotReported),
        sockets: Err(Gap::NotReported),
        git: Err(Gap::NotReported),
        paces: Paces::SPANS.map(Pace::nothing_over),
        skills: Vec::new(),
        status: Status::Unknown,
        evidence: Evidence::Presence,
        cause: None,
        status_since: Timestamp::EARLIEST,
        process: Arc::clone(process),
    }
}

fn stated_model(client: ClientId, process: &Process) -> Option<Untrusted> {
    let model = agtop_clients::client(client.as_str())?.model_argument(&ProcFacts::new(process))?;
    Some(Untrusted::new(model))
}

/// What a process is judged by is the same.
fn looks_alike(a: &Process, b: &Process) -> bool {
    a.argv == b.argv && a.exe == b.exe && a.name == b.name
}

/// Who started whom.
struct Kin<'a> {
    /// In the order of pids.
    all: &'a [Judged],
    /// Parents and the places of their children, in the order of parents.
    children: Vec<(u32, u32)>,
    wrappers: HashSet<u32>,
}

impl<'a> Kin<'a> {
    fn of(all: &'a [Judged]) -> Self {
        let parents = all.iter().zip(0..).filter_map(|(judged, place)| Some((judged.process.parent?, place)));
        let mut children: Vec<(u32, u32)> = parents.collect();
        children.sort_unstable();
        let mut kin = Self { all, children, wrappers: HashSet::new() };
        for judged in all {
            let own = judged.role.filter(|(_, role)| *role != Role::Helper);
            if let Some(parent) = judged.process.parent
                && own.is_some()
                && own == kin.role(parent)
            {
                kin.wrappers.insert(parent);
            }
        }
        kin
    }

    fn judged(&self, pid: u32) -> Option<&'a Judged> {
        let place = self.all.binary_search_by_key(&pid, |judged| judged.process.id.pid).ok()?;
        self.all.get(place)
    }

    fn role(&self, pid: u32) -> Option<Verdict> {
        self.judged(pid)?.role
    }

    /// Whether the agent's own work is done by its child.
    fn is_wrapper(&self, pid: u32) -> bool {
        self.wrappers.contains(&pid)
    }

    fn process(&self, pid: u32) -> Option<&'a Arc<Process>> {
        self.judged(pid).map(|judged| &judged.process)
    }

    fn parent(&self, process: &Process) -> Option<&'a Arc<Process>> {
        self.process(process.parent?)
    }

    fn children(&self, process: &Process) -> impl Iterator<Item = &'a Arc<Process>> + use<'_, 'a> {
        self.children_of(process.id.pid)
    }

    fn children_of(&self, pid: u32) -> impl Iterator<Item = &'a Arc<Process>> + use<'_, 'a> {
        let first = self.children.partition_point(|(parent, _)| *parent < pid);
        let own = self.children.iter().skip(first).take_while(move |(parent, _)| *parent == pid);
        own.filter_map(|(_, place)| self.all.get(*place as usize)).map(|judged| &judged.process)
    }

    fn helpers(&self, process: &Process) -> Vec<ProcId> {
        let is_helper = |child: &&Arc<Process>| self.role(child.id.pid).is_some_and(|(_, role)| role != Role::Agent);
        self.children(process).filter(is_helper).map(|child| child.id).collect()
    }

    fn youngest_child(&self, process: &Process) -> Option<Timestamp> {
        let is_command = |child: &&Arc<Process>| {
            child.state != ProcessState::Zombie && self.role(child.id.pid).is_none_or(|(_, role)| role == Role::Agent)
        };
        self.children(process).filter(is_command).filter_map(|child| child.started_at.ok()).max()
    }

    /// The name of what started the agent, wrappers aside.
    fn launcher(&self, process: &Process) -> Option<Untrusted> {
        let above = std::iter::successors(self.parent(process), |process| self.parent(process));
        let starter = above.take(DEEPEST_WRAPPER).find(|process| !self.is_wrapper(process.id.pid))?;
        Some(starter.name.clone())
    }

    /// The arguments that let the agent act without asking, if any; else `sudo`, if that started it.
    fn danger(&self, id: ClientId, process: &Process) -> Option<Untrusted> {
        let own = agtop_clients::danger(process).map(|flags| Untrusted::from(&*flags));
        own.or_else(|| {
            let above = std::iter::successors(self.parent(process), |process| self.parent(process));
            let is_between = |process: &Process| {
                let is_same = agtop_clients::recognise(process).is_some_and(|(client, _)| client == id);
                is_same || BETWEEN.contains(&ProcFacts::new(process).program())
            };
            let starter = above.take(FARTHEST_SUDO).find(|process| !is_between(process))?;
            (ProcFacts::new(starter).program() == "sudo").then(|| format!("sudo {id}").into())
        })
    }

    /// These processes with all above and below them, by pid.
    fn family<'p>(&self, members: impl Iterator<Item = &'p Arc<Process>> + Clone) -> Vec<Arc<Process>> {
        let mut pids: HashSet<u32> = members.clone().map(|process| process.id.pid).collect();
        let mut open: Vec<u32> = pids.iter().copied().collect();
        while let Some(pid) = open.pop() {
            let below = self.children_of(pid).map(|child| child.id.pid);
            open.extend(below.filter(|&child| pids.insert(child)));
        }
        for process in members {
            let mut above = self.parent(process);
            while let Some(parent) = above.filter(|parent| pids.insert(parent.id.pid)) {
                above = self.parent(parent);
            }
        }
        let processes = self.all.iter().map(|judged| &judged.process);
        processes.filter(|process| pids.contains(&process.id.pid)).map(Arc::clone).collect()
    }
}

/// Wrappers that may stand one above the other.
const DEEPEST_WRAPPER: usize = 5;

/// Programs that may stand between `sudo` and the agent that it was called for.
const BETWEEN: &[&str] = &["env", "timeout", "nice", "nohup", "setsid", "npm", "npx", "sh"];

/// An agent's parents that are asked whether they are `sudo`.
const FARTHEST_SUDO: usize = 6;

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess, Os};

    use super::*;

    #[test]
    fn sudo_is_found_behind_wrappers_and_not_behind_other_programs() {
        let mut machine = FakeOs::new();
        machine.spawn(FakeProcess::new(10, &["sudo", "timeout", "60", "codex"]));
        machine.spawn(FakeProcess::new(11, &["timeout", "60", "codex"]).parent(10));
        machine.spawn(FakeProcess::new(12, &["node", "/usr/bin/codex"]).parent(11));
        machine.spawn(FakeProcess::new(13, &["codex"]).parent(12));
        machine.spawn(FakeProcess::new(20, &["sudo", "-i"]));
        machine.spawn(FakeProcess::new(21, &["-bash"]).parent(20));
        machine.spawn(FakeProcess::new(22, &["codex", "-a", "never"]).parent(21));
        machine.spawn(FakeProcess::new(23, &["codex"]).parent(21));
        let agents = Census::default().find(&machine.processes().unwrap()).agents;
        let danger = |pid: u32| {
            let agent = agents.iter().find(|agent| agent.process.id.pid == pid).unwrap();
            agent.danger.as_ref().map(|danger| danger.raw().to_owned())
        };
        assert_eq!(danger(13).as_deref(), Some("sudo codex"));
        assert_eq!(danger(22).as_deref(), Some("-a never"));
        assert_eq!(danger(23), None);
    }

    #[test]
    fn a_program_that_becomes_another_is_judged_anew() {
        let mut machine = FakeOs::new();
        let mut census = Census::default();
        machine.spawn(FakeProcess::new(10, &["bash", "-c", "exec codex"]));
        let found = |census: &mut Census, machine: &mut FakeOs| census.find(&machine.processes().unwrap()).agents.len();
        assert_eq!(found(&mut census, &mut machine), 0);
        machine.exec(10, &["codex"]);
        assert_eq!(found(&mut census, &mut machine), 1);
        machine.exec(10, &["vim", "codex"]);
        assert_eq!(found(&mut census, &mut machine), 0);
    }
}
