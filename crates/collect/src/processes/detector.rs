use std::sync::Arc;
use std::time::Instant;

use agtop_clients::ProcFacts;
use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, Evidence, Gap, Liveness, Process, ProcessRole, Status, Timestamp,
    Untrusted,
};

use super::log::{NoRow, ProcessLog, log_role};
use super::matcher::{Matcher, command_line};
use super::process_tree::{Classified, ClientRole, ProcessTree, is_zombie};

/// Finds agents among processes.
#[derive(Debug, Default)]
pub(crate) struct AgentDetector {
    matchers: Vec<Matcher>,
    /// The pid of this program: neither it nor its children are agents.
    own: Option<u32>,
    /// The processes of the last table, by pid.
    classified: Vec<Classified>,
    pub(crate) log: ProcessLog,
}

/// The agents among the processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct DetectedAgents {
    /// Each process that is an agent, without its session yet.
    pub(crate) agents: Vec<Agent>,
    /// Servers that work on the sessions of others. A row is made of one for each such session.
    pub(crate) hosts: Vec<Agent>,
    /// The agents' processes with everything above and below them, by pid.
    pub(crate) processes: Arc<[Arc<Process>]>,
}

impl AgentDetector {
    /// A detector with these patterns beside the built-in rules; `own` is the pid of this program.
    pub(crate) fn new(matchers: Vec<Matcher>, own: Option<u32>) -> Self {
        Self { matchers, own, ..Self::default() }
    }

    /// Finds the agents in a process table. The row of a wrapper goes to its child if that is the same agent; helpers,
    /// this program and its children have no row.
    pub(crate) fn detect(&mut self, table: &[Arc<Process>], at: Instant) -> DetectedAgents {
        let mut table: Vec<&Arc<Process>> = table.iter().collect();
        table.sort_by_key(|process| process.id.pid);
        self.classify(&table, at);
        let tree = ProcessTree::of(&self.classified, self.own, at);
        let rows: Vec<(&Arc<Process>, ClientId, ProcessRole)> = table
            .iter()
            .filter_map(|&process| {
                let (client, role) = tree.role(process.id.pid)?;
                let is_row = role != ProcessRole::Helper && !tree.is_wrapper(process.id.pid);
                is_row.then_some((process, client, role))
            })
            .collect();
        self.log.note(table.iter().filter_map(|process| {
            let pid = process.id.pid;
            let (client, role) = tree.classified(pid)?.role?;
            let hidden = tree.is_hidden(pid).then_some(NoRow::Hidden);
            let helper = (role == ProcessRole::Helper).then_some(NoRow::Helper);
            Some((&***process, client, hidden.or(helper).or(tree.is_wrapper(pid).then_some(NoRow::Wrapper))))
        }));
        let mut found = DetectedAgents::default();
        for &(process, client, role) in &rows {
            let agent = agent(client, process, &tree);
            if role == ProcessRole::Host { found.hosts.push(agent) } else { found.agents.push(agent) }
        }
        found.processes = tree.with_relatives(rows.iter().map(|(process, ..)| *process)).into();
        found
    }

    /// Recognises the processes that are new or run another program. A process whose record is shared with the last
    /// table has not changed at all.
    fn classify(&mut self, table: &[&Arc<Process>], at: Instant) {
        let mut before = std::mem::take(&mut self.classified).into_iter().peekable();
        self.classified.reserve(table.len());
        for &process in table {
            while before.next_if(|known| known.process.id.pid < process.id.pid).is_some() {}
            let classified = match before.next_if(|known| known.process.id == process.id) {
                Some(known) if Arc::ptr_eq(&known.process, process) => known,
                Some(known) if looks_alike(&known.process, process) => {
                    Classified { process: Arc::clone(process), ..known }
                }
                known => {
                    let role = self.role(process);
                    log_role(process, role);
                    let first_seen = known.map_or(at, |known| known.first_seen);
                    Classified { process: Arc::clone(process), role, first_seen }
                }
            };
            self.classified.push(classified);
        }
    }

    fn role(&self, process: &Process) -> Option<ClientRole> {
        // Some systems keep the command line of a process that has ended until its parent collects it.
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

/// Returns an agent without a session: only its process is known yet.
fn agent(client: ClientId, process: &Arc<Process>, tree: &ProcessTree<'_>) -> Agent {
    Agent {
        client,
        label: client.as_str().into(),
        liveness: Liveness::Live,
        cpu_percent: Err(Gap::NotReported),
        cpu_history: Arc::default(),
        io_rate: Err(Gap::NotReported),
        parent_name: tree.parent(process).map(|parent| parent.name.clone()),
        launcher: tree.launcher(process),
        session: None,
        join: None,
        danger: tree.danger(client, process),
        children: tree.live_children(process).map(|child| (child.id.pid, child.name.clone())).collect(),
        youngest_child: tree.youngest_child(process),
        stated_model: stated_model(client, process),
        helpers: tree.helpers(process),
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

/// Whether everything by which a process is recognised is the same.
fn looks_alike(a: &Process, b: &Process) -> bool {
    a.argv == b.argv && a.exe == b.exe && a.name == b.name && is_zombie(a) == is_zombie(b)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use agtop_model::ProcessState;
    use agtop_os::{FakeOs, FakeProcess, Os};

    use super::*;

    #[test]
    fn sudo_is_found_above_wrappers_and_not_above_other_programs() {
        let mut machine = FakeOs::new();
        machine.spawn(FakeProcess::new(10, &["sudo", "timeout", "60", "codex"]));
        machine.spawn(FakeProcess::new(11, &["timeout", "60", "codex"]).parent(10));
        machine.spawn(FakeProcess::new(12, &["node", "/usr/bin/codex"]).parent(11));
        machine.spawn(FakeProcess::new(13, &["codex"]).parent(12));
        machine.spawn(FakeProcess::new(20, &["sudo", "-i"]));
        machine.spawn(FakeProcess::new(21, &["-bash"]).parent(20));
        machine.spawn(FakeProcess::new(22, &["codex", "-a", "never"]).parent(21));
        machine.spawn(FakeProcess::new(23, &["codex"]).parent(21));
        let agents = AgentDetector::default().detect(&machine.processes().unwrap(), Instant::now()).agents;
        let danger = |pid: u32| {
            let agent = agents.iter().find(|agent| agent.process.id.pid == pid).unwrap();
            agent.danger.as_ref().map(|danger| danger.raw().to_owned())
        };
        assert_eq!(danger(13).as_deref(), Some("sudo codex"));
        assert_eq!(danger(22).as_deref(), Some("-a never"));
        assert_eq!(danger(23), None);
    }

    /// The pids of the agents.
    fn rows(detector: &mut AgentDetector, machine: &FakeOs, at: Instant) -> Vec<u32> {
        let agents = detector.detect(&machine.clone().processes().unwrap(), at).agents;
        agents.iter().map(|agent| agent.process.id.pid).collect()
    }

    /// In 6 of 529 samples, an agent had forked a child that had not yet become `rg` or a shell. It had its parent's command
    /// line and executable, took the row of the agent, and the agent was reported as ended.
    #[test]
    fn a_child_between_fork_and_exec_has_no_row() {
        let machine = FakeOs::new();
        let (mut detector, start) = (AgentDetector::default(), Instant::now());
        machine.spawn(FakeProcess::new(20, &["claude", "-c"]));
        assert_eq!(rows(&mut detector, &machine, start), [20]);
        machine.spawn(FakeProcess::new(21, &["claude", "-c"]).parent(20).started(500));
        machine.spawn(FakeProcess::new(22, &["claude", "-c"]).parent(21).started(501));
        assert_eq!(rows(&mut detector, &machine, start + Duration::from_millis(100)), [20]);
        machine.exec(21, &["rg", "--files"]);
        machine.exit(22);
        assert_eq!(rows(&mut detector, &machine, start + Duration::from_millis(200)), [20]);
    }

    /// A second agent that the first one started is shown once it has lived for a second or has written something. In a
    /// single look, its start time shows how long it has lived.
    #[test]
    fn a_copy_that_lives_for_a_second_is_an_agent() {
        let second = || FakeProcess::new(31, &["claude"]).parent(30).started(500);
        let machine = FakeOs::new().with(FakeProcess::new(30, &["claude"])).with(second());
        let (mut detector, start) = (AgentDetector::default(), Instant::now());
        assert_eq!(rows(&mut detector, &machine, start), [30]);
        assert_eq!(rows(&mut detector, &machine, start + Duration::from_millis(999)), [30]);
        assert_eq!(rows(&mut detector, &machine, start + Duration::from_secs(1)), [31]);

        let younger = FakeProcess::new(40, &["agtop"]).started(500 + 2 * FakeOs::TICKS_PER_SECOND);
        assert_eq!(
            rows(&mut AgentDetector::default(), &machine.clone().with(younger), start),
            [31],
            "in a single look"
        );

        machine.exit(40);
        machine.change(31, |process| process.io = Ok(agtop_model::DiskIo { read: 0, written: 4096 }));
        assert_eq!(rows(&mut AgentDetector::default(), &machine, start), [31], "it has written");
    }

    /// A child with another command line is no copy of its parent.
    #[test]
    fn an_agent_with_other_arguments_than_its_parent_is_shown_at_once() {
        let machine = FakeOs::new();
        machine.spawn(FakeProcess::new(50, &["codex"]));
        machine.spawn(FakeProcess::new(51, &["codex", "exec", "hi"]).parent(50).started(500));
        machine.spawn(FakeProcess::new(52, &["claude"]).parent(50).started(500));
        assert_eq!(rows(&mut AgentDetector::default(), &machine, Instant::now()), [51, 52]);
    }

    /// `agtop -m 'claude=node.*claude'` once listed itself, and the shell that started it.
    #[test]
    fn agtop_and_its_children_are_not_agents() {
        let pattern = "claude=node.*claude";
        let machine = FakeOs::new();
        machine.spawn(FakeProcess::new(10, &["sh", "-c", "agtop -m 'claude=node.*claude'"]));
        machine.spawn(FakeProcess::new(11, &["agtop", "-m", pattern]).parent(10));
        machine.spawn(FakeProcess::new(12, &["sh", "-c", "claude -p 'node and claude'"]).parent(11));
        machine.spawn(FakeProcess::new(13, &["claude", "-p", "node and claude"]).parent(12));
        machine.spawn(FakeProcess::new(20, &["agtop", "-m", "other=node.*claude"]));
        machine.spawn(FakeProcess::new(30, &["node", "/srv/my-claude.js"]));
        let mut detector = AgentDetector::new(vec![Matcher::parse(pattern).unwrap()], Some(11));
        assert_eq!(rows(&mut detector, &machine, Instant::now()), [30]);
    }

    #[test]
    fn a_process_that_executes_another_program_is_classified_again() {
        let mut machine = FakeOs::new();
        let mut detector = AgentDetector::default();
        machine.spawn(FakeProcess::new(10, &["bash", "-c", "exec codex"]));
        let found = |detector: &mut AgentDetector, machine: &mut FakeOs| {
            detector.detect(&machine.processes().unwrap(), Instant::now()).agents.len()
        };
        assert_eq!(found(&mut detector, &mut machine), 0);
        machine.exec(10, &["codex"]);
        assert_eq!(found(&mut detector, &mut machine), 1);
        machine.exec(10, &["vim", "codex"]);
        assert_eq!(found(&mut detector, &mut machine), 0);
    }

    /// macOS and FreeBSD keep the command line of a zombie: a killed agent had a row until its parent collected it, and a
    /// command that had ended still counted as work.
    #[test]
    fn a_zombie_is_neither_an_agent_nor_a_running_command() {
        let mut machine = FakeOs::new();
        let mut detector = AgentDetector::default();
        machine.spawn(FakeProcess::new(10, &["codex"]));
        machine.spawn(FakeProcess::new(11, &["make"]).parent(10));
        let end = |machine: &FakeOs, pid| machine.change(pid, |process| process.state = ProcessState::Zombie);
        let mut agents = |machine: &mut FakeOs| detector.detect(&machine.processes().unwrap(), Instant::now()).agents;
        assert_eq!(agents(&mut machine)[0].children.len(), 1);
        end(&machine, 11);
        let found = agents(&mut machine);
        assert_eq!((found[0].children.len(), found[0].youngest_child), (0, None));
        end(&machine, 10);
        assert!(agents(&mut machine).is_empty());
    }
}
