use std::collections::{HashMap, HashSet};
use std::time::Duration;

use agtop_format::redact;
use agtop_model::{Agent, Evidence, HostMetrics, Liveness, Process, Snapshot, SnapshotRow, Status};
use agtop_query::ProcessParents;
use serde::Serialize;

use crate::json::telemetry::Telemetry;
use crate::json::wire;

/// Levels below a root that are shown. A deeper tree is a runaway process, and readers of JSON limit the depth, too.
const MAX_TREE_DEPTH: usize = 48;

/// The machine, in the form of agentop's schema 1: 0 if the platform does not report a value.
#[derive(Serialize)]
pub(crate) struct MachineJson {
    cpu_usage_percent: f64,
    total_memory_bytes: u64,
    used_memory_bytes: u64,
    total_swap_bytes: u64,
    used_swap_bytes: u64,
    cpu_count: u32,
}

impl MachineJson {
    pub(crate) fn of(system: Option<&HostMetrics>) -> Self {
        let number = |of: fn(&HostMetrics) -> agtop_model::Reading<u64>| system.and_then(|s| of(s).ok()).unwrap_or(0);
        let total = number(|system| system.memory_total);
        let available = system.and_then(|system| system.memory_available.ok()).unwrap_or(total);
        Self {
            cpu_usage_percent: system.and_then(|s| s.cpu_percent.ok()).and_then(wire::finite).unwrap_or(0.0),
            total_memory_bytes: total,
            used_memory_bytes: total.saturating_sub(available),
            total_swap_bytes: number(|system| system.swap_total),
            used_swap_bytes: number(|system| system.swap_used),
            cpu_count: system.map_or(0, |system| system.cpus),
        }
    }
}

/// The totals of the agents and the processes below them.
#[derive(Serialize)]
pub(crate) struct AgentSummaryJson {
    claude_count: usize,
    codex_count: usize,
    total_cpu_percent: f64,
    total_memory_bytes: u64,
}

impl AgentSummaryJson {
    pub(crate) fn of(roots: &[ProcessJson]) -> Self {
        let count = |kind: &str| roots.iter().filter(|root| root.kind == Some(kind)).count();
        Self {
            claude_count: count("claude"),
            codex_count: count("codex"),
            total_cpu_percent: roots.iter().map(ProcessJson::cpu_of_all).fold(0.0, std::ops::Add::add),
            total_memory_bytes: roots.iter().map(ProcessJson::memory_of_all).fold(0, u64::saturating_add),
        }
    }
}

/// Whether command lines are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandLines {
    /// Shown, with secrets masked.
    Redacted,
    /// Not shown.
    Hidden,
}

/// A process with all processes below it, in the form of agentop's schema 1.
#[derive(Serialize)]
pub(crate) struct ProcessJson {
    pid: u32,
    parent_pid: Option<u32>,
    kind: Option<&'static str>,
    name: String,
    display_name: String,
    cmd: Vec<String>,
    exe_path: Option<String>,
    cwd: Option<String>,
    cpu_percent: f64,
    memory_bytes: u64,
    status: &'static str,
    start_time_unix: i64,
    uptime_seconds: u64,
    activity_state: Option<&'static str>,
    activity_state_seconds: Option<u64>,
    telemetry: Option<Telemetry>,
    children: Vec<Self>,
}

impl ProcessJson {
    fn cpu_of_all(&self) -> f64 {
        self.cpu_percent + self.children.iter().map(Self::cpu_of_all).sum::<f64>()
    }

    fn memory_of_all(&self) -> u64 {
        self.children.iter().map(Self::memory_of_all).fold(self.memory_bytes, u64::saturating_add)
    }
}

/// The trees of the agents in `rows`, in their order. An agent below another one of them is in that one's tree.
pub(crate) fn roots(rows: &[SnapshotRow<'_>], snapshot: &Snapshot, commands: CommandLines) -> Vec<ProcessJson> {
    let (mut forest, parents) = (ProcessForest::new(snapshot, commands), ProcessParents::new(snapshot));
    let chosen: HashSet<u32> = rows.iter().filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect();
    let is_below_another = |agent: &Agent| parents.nearest(&agent.process, |pid| chosen.contains(&pid)).is_some();
    let mut roots = Vec::new();
    for agent in rows.iter().filter_map(|row| row.agent) {
        if !is_below_another(agent) && forest.shown.insert(agent.process.id.pid) {
            roots.push(forest.root(agent));
        }
    }
    roots
}

struct ProcessForest<'a> {
    snapshot: &'a Snapshot,
    commands: CommandLines,
    agents: HashMap<u32, &'a Agent>,
    children: HashMap<u32, Vec<&'a Process>>,
    /// Processes that are in the tree already: each is shown once, even if parents form a ring.
    shown: HashSet<u32>,
}

impl<'a> ProcessForest<'a> {
    fn new(snapshot: &'a Snapshot, commands: CommandLines) -> Self {
        let agents = snapshot.agents.iter().map(|agent| (agent.process.id.pid, &**agent)).collect();
        let mut forest = Self { snapshot, commands, agents, children: HashMap::new(), shown: HashSet::new() };
        let of_agents = snapshot.agents.iter().map(|agent| &agent.process);
        let mut seen = HashSet::new();
        for process in snapshot.processes.iter().chain(of_agents) {
            let Some(parent) = process.parent else { continue };
            if seen.insert(process.id.pid) {
                forest.children.entry(parent).or_default().push(process);
            }
        }
        forest
    }

    fn root(&mut self, agent: &Agent) -> ProcessJson {
        ProcessJson {
            parent_pid: None,
            activity_state: Some(activity(agent)),
            activity_state_seconds: Some(agent.status_span(self.snapshot.now).as_secs()),
            ..self.entry(&agent.process, 0)
        }
    }

    fn entry(&mut self, process: &Process, depth: usize) -> ProcessJson {
        let agent = self.agents.get(&process.id.pid).copied();
        let argv = if self.commands == CommandLines::Redacted { redact(&process.argv) } else { Vec::new() };
        let started = process.started_at.ok();
        ProcessJson {
            pid: process.id.pid,
            parent_pid: process.parent,
            kind: agent.map(|agent| agent.client.as_str()),
            name: process.name.raw().to_owned(),
            display_name: agent.map_or(&process.name, |agent| &agent.label).raw().to_owned(),
            cmd: argv.into_iter().map(std::borrow::Cow::into_owned).collect(),
            exe_path: process.exe.as_deref().ok().map(wire::path),
            cwd: process.cwd.as_deref().ok().map(wire::path),
            cpu_percent: self.cpu_percent(process, agent),
            memory_bytes: process.rss.unwrap_or(0),
            status: process.state.word(),
            start_time_unix: started.map_or(0, |at| at.as_millis().div_euclid(1000)),
            uptime_seconds: started.map_or(0, |at| self.snapshot.now.since(at).as_secs()),
            activity_state: None,
            activity_state_seconds: None,
            telemetry: agent.and_then(Telemetry::of),
            children: if depth < MAX_TREE_DEPTH { self.below(process, depth + 1) } else { Vec::new() },
        }
    }

    /// The children. A process that is older than its parent belonged to an earlier process with the same pid.
    fn below(&mut self, parent: &Process, depth: usize) -> Vec<ProcessJson> {
        let claimed = self.children.get(&parent.id.pid).cloned().unwrap_or_default();
        let mut children = Vec::new();
        for child in claimed {
            if child.id.started >= parent.id.started && self.shown.insert(child.id.pid) {
                children.push(self.entry(child, depth));
            }
        }
        children
    }

    /// Processor use over the last interval; if it was not measured, over the life of the process, as `ps` does.
    fn cpu_percent(&self, process: &Process, agent: Option<&Agent>) -> f64 {
        let measured = self.snapshot.cpu_percents.get(&process.id).copied();
        let measured_now = agent.and_then(|agent| agent.cpu_percent.ok()).or(measured);
        let age = process.started_at.map(|at| self.snapshot.now.since(at)).ok().filter(|age| *age > Duration::ZERO);
        let lifetime = || Some(process.cpu.ok()?.total().as_secs_f64() / age?.as_secs_f64() * 100.0);
        measured_now.or_else(lifetime).and_then(wire::finite).unwrap_or(0.0)
    }
}

/// The schema's word for the activity of the agent: `unknown` without a session and without processor use.
fn activity(agent: &Agent) -> &'static str {
    match agent.status {
        Status::Working | Status::Spawning | Status::Active => "active",
        Status::Unknown => "unknown",
        _ if agent.evidence == Evidence::Presence && agent.liveness == Liveness::Live => "unknown",
        _ => "idle",
    }
}
