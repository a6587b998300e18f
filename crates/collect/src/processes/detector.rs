use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::ProcFacts;
use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, Evidence, Gap, Liveness, ProcId, Process, ProcessRole,
    ProcessState, Status, Timestamp, Untrusted,
};

use crate::log::{self, NoRow, ProcessLog};
use crate::processes::matcher::{Matcher, command_line};

/// Finds agents among processes.
#[derive(Debug, Default)]
pub(crate) struct Census {
    matchers: Vec<Matcher>,
    /// This program's own process: it and its children are no agents.
    own: Option<u32>,
    /// What the last table's processes were, in the order of pids.
    judged: Vec<Judged>,
    pub(crate) log: ProcessLog,
}

/// Which client a process belongs to, and as what.
type Verdict = (ClientId, ProcessRole);

/// What a process is, and how it was when that was found out.
#[derive(Debug)]
struct Judged {
    process: Arc<Process>,
    role: Option<Verdict>,
    first_seen: Instant,
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
    /// With these patterns beside the built-in ones, in the process of that pid.
    pub(crate) fn new(matchers: Vec<Matcher>, own: Option<u32>) -> Self {
        Self { matchers, own, ..Self::default() }
    }

    /// Sorts agents out of a process table. A wrapper whose child is the same agent gives its row to the child; helpers
    /// get no row, and neither do this program and its children.
    pub(crate) fn find(&mut self, table: &[Arc<Process>], at: Instant) -> Found {
        let mut table: Vec<&Arc<Process>> = table.iter().collect();
        table.sort_by_key(|process| process.id.pid);
        self.judge(&table, at);
        let kin = Kin::of(&self.judged, self.own, at);
        let rows: Vec<(&Arc<Process>, ClientId, ProcessRole)> = table
            .iter()
            .filter_map(|&process| {
                let (client, role) = kin.role(process.id.pid)?;
                let is_row = role != ProcessRole::Helper && !kin.is_wrapper(process.id.pid);
                is_row.then_some((process, client, role))
            })
            .collect();
        self.log.note(table.iter().filter_map(|process| {
            let pid = process.id.pid;
            let (client, role) = kin.judged(pid)?.role?;
            let hidden = kin.hidden.contains(&pid).then_some(NoRow::Hidden);
            let helper = (role == ProcessRole::Helper).then_some(NoRow::Helper);
            Some((&***process, client, hidden.or(helper).or(kin.is_wrapper(pid).then_some(NoRow::Wrapper))))
        }));
        let mut found = Found { agents: Vec::new(), hosts: Vec::new(), processes: Arc::default() };
        for &(process, client, role) in &rows {
            let agent = agent(client, process, &kin);
            if role == ProcessRole::Host { found.hosts.push(agent) } else { found.agents.push(agent) }
        }
        found.processes = kin.family(rows.iter().map(|(process, ..)| *process)).into();
        found
    }

    /// Whether anything of what is known of a process still holds is seen by its being shared.
    fn judge(&mut self, table: &[&Arc<Process>], at: Instant) {
        let mut before = std::mem::take(&mut self.judged).into_iter().peekable();
        self.judged.reserve(table.len());
        for &process in table {
            while before.next_if(|known| known.process.id.pid < process.id.pid).is_some() {}
            let judged = match before.next_if(|known| known.process.id == process.id) {
                Some(known) if Arc::ptr_eq(&known.process, process) => known,
                Some(known) if looks_alike(&known.process, process) => Judged { process: Arc::clone(process), ..known },
                known => {
                    let role = self.role(process);
                    log::verdict(process, role);
                    let first_seen = known.map_or(at, |known| known.first_seen);
                    Judged { process: Arc::clone(process), role, first_seen }
                }
            };
            self.judged.push(judged);
        }
    }

    fn role(&self, process: &Process) -> Option<Verdict> {
        // Some systems keep the command line of a process that has ended until it is collected.
        if process.argv.is_empty() || is_zombie(process) {
            return None;
        }
        let by_user = || {
            if self.matchers.is_empty() || ProcFacts::new(process).is_program("agtop") {
                return None;
            }
            let command = command_line(process);
            let matcher = self.matchers.iter().find(|matcher| matcher.matches(&command))?;
            Some((matcher.client, ProcessRole::Agent))
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
        children: kin
            .children(process)
            .filter(|child| !is_zombie(child))
            .map(|child| (child.id.pid, child.name.clone()))
            .collect(),
        youngest_child: kin.youngest_child(process),
        stated_model: stated_model(client, process),
        helpers: kin.helpers(process),
        files: Err(Gap::NotReported),
        sockets: Err(Gap::NotReported),
        git: Err(Gap::NotReported),
        rates: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
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

/// Whether the process has been there for long enough, or has done something of its own, so that it is no copy on its
/// way to become another program. `newest` is when the last of all processes started.
fn has_lived(judged: &Judged, newest: Option<Timestamp>, at: Instant) -> bool {
    let started = judged.process.started_at.ok();
    let is_older = newest.zip(started).is_some_and(|(newest, started)| newest.since(started) >= STARTED_BEFORE);
    is_older
        || at.duration_since(judged.first_seen) >= MIN_COPY_LIFE
        || judged.process.io.is_ok_and(|io| io.written > 0)
}

/// What a process is judged by is the same.
fn looks_alike(a: &Process, b: &Process) -> bool {
    a.argv == b.argv && a.exe == b.exe && a.name == b.name && is_zombie(a) == is_zombie(b)
}

/// Whether the process has ended, and only waits to be collected by its parent.
fn is_zombie(process: &Process) -> bool {
    process.state == ProcessState::Zombie
}

/// Who started whom.
struct Kin<'a> {
    /// In the order of pids.
    all: &'a [Judged],
    /// Parents and the places of their children, in the order of parents.
    children: Vec<(u32, u32)>,
    wrappers: HashSet<u32>,
    /// Processes that are no agents, whatever they look like.
    hidden: HashSet<u32>,
}

impl<'a> Kin<'a> {
    fn of(all: &'a [Judged], own: Option<u32>, at: Instant) -> Self {
        let parents = all.iter().zip(0..).filter_map(|(judged, place)| Some((judged.process.parent?, place)));
        let mut children: Vec<(u32, u32)> = parents.collect();
        children.sort_unstable();
        let mut kin = Self { all, children, wrappers: HashSet::new(), hidden: HashSet::new() };
        let mut hidden: HashSet<u32> = own.into_iter().collect();
        kin.add_all_below(&mut hidden);
        let newest = all.iter().filter_map(|judged| judged.process.started_at.ok()).max();
        let copies = all.iter().filter(|judged| kin.is_copy(judged) && !has_lived(judged, newest, at));
        hidden.extend(copies.map(|judged| judged.process.id.pid));
        kin.hidden = hidden;
        for judged in all {
            let pid = judged.process.id.pid;
            let own = kin.role(pid).filter(|(_, role)| *role != ProcessRole::Helper);
            if let Some(parent) = judged.process.parent
                && own.is_some()
                && own == kin.role(parent)
            {
                kin.wrappers.insert(parent);
            }
        }
        kin
    }

    /// Whether the process is called and built as the agent that is its parent: it is what a program is between `fork`
    /// and `exec`, which may be anything a moment later.
    fn is_copy(&self, judged: &Judged) -> bool {
        // Of a plain process, which most are, nobody asks who its parent is.
        if judged.role.is_none() {
            return false;
        }
        let parent = judged.process.parent.and_then(|parent| self.judged(parent));
        parent.is_some_and(|parent| {
            let (own, above) = (&judged.process, &parent.process);
            judged.role == parent.role && own.argv == above.argv && own.exe == above.exe
        })
    }

    fn judged(&self, pid: u32) -> Option<&'a Judged> {
        let place = self.all.binary_search_by_key(&pid, |judged| judged.process.id.pid).ok()?;
        self.all.get(place)
    }

    fn role(&self, pid: u32) -> Option<Verdict> {
        self.judged(pid)?.role.filter(|_| !self.hidden.contains(&pid))
    }

    /// Adds all that these processes started, and what those started.
    fn add_all_below(&self, pids: &mut HashSet<u32>) {
        let mut open: Vec<u32> = pids.iter().copied().collect();
        while let Some(pid) = open.pop() {
            let below = self.children_of(pid).map(|child| child.id.pid);
            open.extend(below.filter(|&child| pids.insert(child)));
        }
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
        let is_helper =
            |child: &&Arc<Process>| self.role(child.id.pid).is_some_and(|(_, role)| role != ProcessRole::Agent);
        self.children(process).filter(is_helper).map(|child| child.id).collect()
    }

    fn youngest_child(&self, process: &Process) -> Option<Timestamp> {
        let is_command = |child: &&Arc<Process>| {
            !is_zombie(child) && self.role(child.id.pid).is_none_or(|(_, role)| role == ProcessRole::Agent)
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
        self.add_all_below(&mut pids);
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

/// A process that looks like its parent for this long is what it looks like.
const MIN_COPY_LIFE: Duration = Duration::from_secs(1);

/// A process that started this long before another one has lived for a second: some systems tell whole seconds.
const STARTED_BEFORE: Duration = Duration::from_secs(2);

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
        let agents = Census::default().find(&machine.processes().unwrap(), Instant::now()).agents;
        let danger = |pid: u32| {
            let agent = agents.iter().find(|agent| agent.process.id.pid == pid).unwrap();
            agent.danger.as_ref().map(|danger| danger.raw().to_owned())
        };
        assert_eq!(danger(13).as_deref(), Some("sudo codex"));
        assert_eq!(danger(22).as_deref(), Some("-a never"));
        assert_eq!(danger(23), None);
    }

    /// The pids that have rows.
    fn rows(census: &mut Census, machine: &FakeOs, at: Instant) -> Vec<u32> {
        let agents = census.find(&machine.clone().processes().unwrap(), at).agents;
        agents.iter().map(|agent| agent.process.id.pid).collect()
    }

    /// In 6 of 529 samples a child that an agent had forked, and that had not yet become `rg` or a shell, still had its
    /// parent's command line and executable: it took the agent's row, whose agent was told to have ended.
    #[test]
    fn a_child_between_fork_and_exec_takes_no_row() {
        let machine = FakeOs::new();
        let (mut census, start) = (Census::default(), Instant::now());
        machine.spawn(FakeProcess::new(20, &["claude", "-c"]));
        assert_eq!(rows(&mut census, &machine, start), [20]);
        machine.spawn(FakeProcess::new(21, &["claude", "-c"]).parent(20).started(500));
        machine.spawn(FakeProcess::new(22, &["claude", "-c"]).parent(21).started(501));
        assert_eq!(rows(&mut census, &machine, start + Duration::from_millis(100)), [20]);
        machine.exec(21, &["rg", "--files"]);
        machine.exit(22);
        assert_eq!(rows(&mut census, &machine, start + Duration::from_millis(200)), [20]);
    }

    /// A real second agent that the first has started is shown, once it has lived for a second or written something: by
    /// when it was first seen, or in a single look by when it started.
    #[test]
    fn a_copy_that_goes_on_living_is_an_agent() {
        let second = || FakeProcess::new(31, &["claude"]).parent(30).started(500);
        let machine = FakeOs::new().with(FakeProcess::new(30, &["claude"])).with(second());
        let (mut census, start) = (Census::default(), Instant::now());
        assert_eq!(rows(&mut census, &machine, start), [30]);
        assert_eq!(rows(&mut census, &machine, start + Duration::from_millis(999)), [30]);
        assert_eq!(rows(&mut census, &machine, start + Duration::from_secs(1)), [31]);

        let younger = FakeProcess::new(40, &["agtop"]).started(500 + 2 * FakeOs::TICKS_PER_SECOND);
        assert_eq!(rows(&mut Census::default(), &machine.clone().with(younger), start), [31], "in a single look");

        machine.exit(40);
        machine.change(31, |process| process.io = Ok(agtop_model::DiskIo { read: 0, written: 4096 }));
        assert_eq!(rows(&mut Census::default(), &machine, start), [31], "it has written");
    }

    /// What is another program from the start, or is called otherwise, has its row at once.
    #[test]
    fn an_agent_that_another_one_starts_with_other_words_is_shown_at_once() {
        let machine = FakeOs::new();
        machine.spawn(FakeProcess::new(50, &["codex"]));
        machine.spawn(FakeProcess::new(51, &["codex", "exec", "hi"]).parent(50).started(500));
        machine.spawn(FakeProcess::new(52, &["claude"]).parent(50).started(500));
        assert_eq!(rows(&mut Census::default(), &machine, Instant::now()), [51, 52]);
    }

    /// `agtop -m 'claude=node.*claude'` showed itself, and the shell that it was started by.
    #[test]
    fn agtop_and_what_it_starts_are_no_agents() {
        let pattern = "claude=node.*claude";
        let machine = FakeOs::new();
        machine.spawn(FakeProcess::new(10, &["sh", "-c", "agtop -m 'claude=node.*claude'"]));
        machine.spawn(FakeProcess::new(11, &["agtop", "-m", pattern]).parent(10));
        machine.spawn(FakeProcess::new(12, &["sh", "-c", "claude -p 'node and claude'"]).parent(11));
        machine.spawn(FakeProcess::new(13, &["claude", "-p", "node and claude"]).parent(12));
        machine.spawn(FakeProcess::new(20, &["agtop", "-m", "other=node.*claude"]));
        machine.spawn(FakeProcess::new(30, &["node", "/srv/my-claude.js"]));
        let mut census = Census::new(vec![Matcher::parse(pattern).unwrap()], Some(11));
        assert_eq!(rows(&mut census, &machine, Instant::now()), [30]);
    }

    #[test]
    fn a_program_that_becomes_another_is_judged_anew() {
        let mut machine = FakeOs::new();
        let mut census = Census::default();
        machine.spawn(FakeProcess::new(10, &["bash", "-c", "exec codex"]));
        let found = |census: &mut Census, machine: &mut FakeOs| {
            census.find(&machine.processes().unwrap(), Instant::now()).agents.len()
        };
        assert_eq!(found(&mut census, &mut machine), 0);
        machine.exec(10, &["codex"]);
        assert_eq!(found(&mut census, &mut machine), 1);
        machine.exec(10, &["vim", "codex"]);
        assert_eq!(found(&mut census, &mut machine), 0);
    }

    /// macOS and FreeBSD keep the command line of a zombie, so an agent that was killed stayed a row for as long as its
    /// parent did not collect it; a command that had ended was still work.
    #[test]
    fn a_zombie_is_no_agent_and_no_work() {
        let mut machine = FakeOs::new();
        let mut census = Census::default();
        machine.spawn(FakeProcess::new(10, &["codex"]));
        machine.spawn(FakeProcess::new(11, &["make"]).parent(10));
        let end = |machine: &FakeOs, pid| machine.change(pid, |process| process.state = ProcessState::Zombie);
        let mut agents = |machine: &mut FakeOs| census.find(&machine.processes().unwrap(), Instant::now()).agents;
        assert_eq!(agents(&mut machine)[0].children.len(), 1);
        end(&machine, 11);
        let found = agents(&mut machine);
        assert_eq!((found[0].children.len(), found[0].youngest_child), (0, None));
        end(&machine, 10);
        assert!(agents(&mut machine).is_empty());
    }
}
