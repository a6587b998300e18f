use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_clients::{ProcFacts, client};
use agtop_model::{Agent, ClientId, Evidence, Gap, ProcId, Process, Reading, Role, Status, Untrusted};
use regex::{Regex, RegexBuilder};

/// A user's own pattern for processes that are agents.
#[derive(Clone, Debug)]
pub struct Matcher {
    client: ClientId,
    pattern: Regex,
}

/// A compiled pattern may take this much memory.
const LARGEST_PATTERN: usize = 1 << 20;
/// Patterns see this much of a command line.
const LONGEST_COMMAND: usize = 64 * 1024;

impl Matcher {
    /// Reads `LABEL=REGEX`. The label is a client's name or any other; the pattern is searched in the whole command
    /// line. Patterns run in linear time and bounded memory.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (label, pattern) = text.split_once('=').ok_or_else(|| format!("matcher '{text}' is not LABEL=REGEX"))?;
        let label = label.trim();
        if label.is_empty() {
            return Err(format!("matcher '{text}' has no label before '='"));
        }
        let pattern = RegexBuilder::new(pattern)
            .size_limit(LARGEST_PATTERN)
            .build()
            .map_err(|error| format!("matcher '{label}': {}", last_line(&error.to_string())))?;
        let known = client(label).map(|client| client.info().id);
        Ok(Self { client: known.unwrap_or_else(|| interned(label)), pattern })
    }

    fn matches(&self, command: &str) -> bool {
        self.pattern.is_match(command)
    }
}

/// A regex error's last line says what is wrong; the lines before draw it.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ")
}

/// Matchers live as long as the program, and so do their labels.
fn interned(label: &str) -> ClientId {
    ClientId::new(Box::leak(label.to_owned().into_boxed_str()))
}

/// A reading of a process's processor time.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    cpu: Duration,
}

/// Finds agents among processes, and keeps what rates are computed from.
#[derive(Debug, Default)]
pub struct Processes {
    matchers: Vec<Matcher>,
    samples: HashMap<ProcId, Sample>,
}

/// The agents among the processes, and all processes by pid.
pub(crate) struct Found {
    pub(crate) agents: Vec<Agent>,
    pub(crate) processes: Vec<Arc<Process>>,
}

impl Processes {
    /// With these patterns beside the built-in ones.
    pub fn new(matchers: Vec<Matcher>) -> Self {
        Self { matchers, samples: HashMap::new() }
    }

    /// Sorts agents out of a process table. A wrapper whose child is the same agent gives its row to the child; helpers
    /// get no row.
    pub(crate) fn find(&mut self, table: &[Arc<Process>], at: Instant) -> Found {
        let roles: HashMap<u32, (ClientId, Role)> =
            table.iter().filter_map(|process| Some((process.id.pid, self.role(process)?))).collect();
        let by_pid: HashMap<u32, &Arc<Process>> = table.iter().map(|process| (process.id.pid, process)).collect();
        let is_agent = |pid: u32| roles.get(&pid).filter(|(_, role)| *role == Role::Agent).map(|(client, _)| *client);
        let wrappers: HashSet<u32> = table
            .iter()
            .filter_map(|process| {
                let parent = process.parent?;
                (is_agent(process.id.pid).is_some() && is_agent(process.id.pid) == is_agent(parent)).then_some(parent)
            })
            .collect();
        let mut samples = HashMap::new();
        let mut agents = Vec::new();
        for process in table {
            let Some(client) = is_agent(process.id.pid).filter(|_| !wrappers.contains(&process.id.pid)) else {
                continue;
            };
            let cpu_percent = self.cpu_percent(process, at);
            if let Some(sample) = next_sample(process, at) {
                samples.insert(process.id, sample);
            }
            agents.push(Agent {
                client,
                label: client.as_str().into(),
                cpu_percent,
                launcher: launcher(process, &by_pid, &wrappers),
                session: None,
                join: None,
                danger: danger(client, process, &by_pid),
                children: children(process, table),
                helpers: helpers(process, table, &roles),
                files: Err(Gap::NotReported),
                sockets: Err(Gap::NotReported),
                skills: Vec::new(),
                status: Status::Unknown,
                evidence: Evidence::Presence,
                process: Arc::clone(process),
            });
        }
        self.samples = samples;
        let processes = family(&agents, table, &by_pid);
        Found { agents, processes }
    }

    fn role(&self, process: &Process) -> Option<(ClientId, Role)> {
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

    /// Processor use since the last sample, in percent of one processor.
    fn cpu_percent(&self, process: &Process, at: Instant) -> Reading<f64> {
        let now = process.cpu?.total();
        let before = self.samples.get(&process.id).ok_or(Gap::NotReported)?;
        let elapsed = at.saturating_duration_since(before.at);
        if elapsed.is_zero() {
            return Err(Gap::NotReported);
        }
        Ok(now.saturating_sub(before.cpu).as_secs_f64() / elapsed.as_secs_f64() * 100.0)
    }
}

fn next_sample(process: &Process, at: Instant) -> Option<Sample> {
    Some(Sample { at, cpu: process.cpu.ok()?.total() })
}

fn command_line(process: &Process) -> String {
    let mut command = String::new();
    for arg in &process.argv {
        if !command.is_empty() {
            command.push(' ');
        }
        command.push_str(arg.raw());
        if command.len() >= LONGEST_COMMAND {
            break;
        }
    }
    command
}

/// The name of what started the agent, wrappers aside.
fn launcher(process: &Process, by_pid: &HashMap<u32, &Arc<Process>>, wrappers: &HashSet<u32>) -> Option<Untrusted> {
    let mut parent = process.parent?;
    for _ in 0..4 {
        if !wrappers.contains(&parent) {
            break;
        }
        parent = by_pid.get(&parent)?.parent?;
    }
    by_pid.get(&parent).map(|parent| parent.name.clone())
}

/// The arguments that let the agent act without asking, if any; else `sudo`, if that started it.
fn danger(id: ClientId, process: &Process, by_pid: &HashMap<u32, &Arc<Process>>) -> Option<Untrusted> {
    let own = agtop_clients::danger(process).map(|flags| Untrusted::from(&*flags));
    own.or_else(|| {
        let parent_of = |process: &Arc<Process>| by_pid.get(&process.parent?).copied();
        let above = std::iter::successors(by_pid.get(&process.parent?).copied(), |process| parent_of(process));
        let is_between = |process: &Process| {
            let is_same = agtop_clients::recognise(process).is_some_and(|(client, _)| client == id);
            is_same || BETWEEN.contains(&ProcFacts::new(process).program())
        };
        let starter = above.take(FARTHEST_SUDO).find(|process| !is_between(process))?;
        (ProcFacts::new(starter).program() == "sudo").then(|| format!("sudo {id}").into())
    })
}

/// Programs that may stand between `sudo` and the agent that it was called for.
const BETWEEN: &[&str] = &["env", "timeout", "nice", "nohup", "setsid", "npm", "npx", "sh"];

/// An agent's parents that are asked whether they are `sudo`.
const FARTHEST_SUDO: usize = 6;

fn children(process: &Process, table: &[Arc<Process>]) -> Vec<(u32, Untrusted)> {
    let mine = table.iter().filter(|child| child.parent == Some(process.id.pid));
    mine.map(|child| (child.id.pid, child.name.clone())).collect()
}

fn helpers(process: &Process, table: &[Arc<Process>], roles: &HashMap<u32, (ClientId, Role)>) -> Vec<ProcId> {
    let is_helper = |child: &&Arc<Process>| {
        child.parent == Some(process.id.pid) && roles.get(&child.id.pid).is_some_and(|(_, role)| *role == Role::Helper)
    };
    table.iter().filter(is_helper).map(|child| child.id).collect()
}

/// The agents' processes with all above and below them, by pid.
fn family(agents: &[Agent], table: &[Arc<Process>], by_pid: &HashMap<u32, &Arc<Process>>) -> Vec<Arc<Process>> {
    let mut members: HashSet<u32> = agents.iter().map(|agent| agent.process.id.pid).collect();
    let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in table {
        below.entry(process.parent.unwrap_or(0)).or_default().push(process.id.pid);
    }
    let mut open: Vec<u32> = members.iter().copied().collect();
    while let Some(pid) = open.pop() {
        open.extend(below.get(&pid).into_iter().flatten().copied().filter(|&child| members.insert(child)));
    }
    for agent in agents {
        let mut above = agent.process.parent;
        while let Some(parent) = above.and_then(|pid| by_pid.get(&pid)).filter(|parent| members.insert(parent.id.pid)) {
            above = parent.parent;
        }
    }
    table.iter().filter(|process| members.contains(&process.id.pid)).map(Arc::clone).collect()
}

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
        let agents = Processes::default().find(&machine.processes().unwrap(), Instant::now()).agents;
        let danger = |pid: u32| {
            let agent = agents.iter().find(|agent| agent.process.id.pid == pid).unwrap();
            agent.danger.as_ref().map(|danger| danger.raw().to_owned())
        };
        assert_eq!(danger(13).as_deref(), Some("sudo codex"));
        assert_eq!(danger(22).as_deref(), Some("-a never"));
        assert_eq!(danger(23), None);
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let error = Matcher::parse("bot=py(").unwrap_err();
        assert!(error.contains("matcher 'bot'") && error.contains("unclosed group"), "{error}");
        assert!(Matcher::parse("no pattern").is_err());
        assert!(Matcher::parse("=x").is_err());
    }

    #[test]
    fn a_pattern_that_would_take_all_memory_is_refused() {
        let error = Matcher::parse("bot=(x{1000}){1000}").unwrap_err();
        assert!(error.contains("size limit"), "{error}");
    }
}
