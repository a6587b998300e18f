//! From processes, sessions and hooks to agents with their status.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use agtop_clients::Env;
use agtop_model::{Agent, History, HostMetrics, LifecycleEvent, ProcId, Process, Session, Timestamp};
use agtop_os::Os;

use super::agent_rows::{AgentRows, RowsBasis};
use super::settings::{RunMode, Settings};
use crate::agents::history::AgentHistory;
use crate::agents::hook_state::HookState;
use crate::agents::hosts::Hosts;
use crate::agents::join::{JoinEvidence, hosted, join};
use crate::agents::lifecycle::LifecycleTracker;
use crate::agents::log::{AgentLog, JoinedAgents};
use crate::agents::markers::Markers;
use crate::agents::status::{self, StatusSources};
use crate::agents::status_start::{KnownStarts, StatusStarts};
use crate::processes::child_history::ChildHistory;
use crate::processes::detector::{AgentDetector, DetectedAgents};
use crate::processes::probes::AgentProbes;
use crate::processes::rates::{ProcessRates, ReadingTime};
use crate::state::World;
use crate::state::summary::WorldSummary;
use crate::transcripts::file_table::FileTable;

/// Follows the processes of agents.
pub(super) struct AgentTracker {
    pub(super) hooks: HookState,
    os: Box<dyn Os>,
    detector: AgentDetector,
    /// What the last reading of the process table found.
    detected: DetectedAgents,
    children: ChildHistory,
    rates: ProcessRates,
    probes: AgentProbes,
    rows: AgentRows,
    system: Option<Arc<HostMetrics>>,
    cpu_percents: Arc<HashMap<ProcId, f64>>,
    status_starts: StatusStarts,
    lifecycle: LifecycleTracker,
    history: AgentHistory,
    log: AgentLog,
    /// When the process table was read last.
    read_at: Instant,
    has_rates: bool,
}

/// What agents are joined with.
#[derive(Clone, Copy)]
pub(super) struct SessionContext<'a> {
    pub(super) settings: &'a Settings,
    pub(super) files: &'a FileTable,
    pub(super) world: &'a World,
    pub(super) summary: &'a WorldSummary,
    pub(super) now: Timestamp,
}

impl AgentTracker {
    pub(super) fn new(settings: &Settings, os: Box<dyn Os>) -> Self {
        Self {
            hooks: HookState::default(),
            os,
            detector: AgentDetector::new(settings.matchers.clone(), settings.own_pid),
            detected: DetectedAgents::default(),
            children: ChildHistory::default(),
            rates: ProcessRates::default(),
            probes: AgentProbes::default(),
            rows: AgentRows::default(),
            system: None,
            cpu_percents: Arc::default(),
            status_starts: StatusStarts::default(),
            lifecycle: LifecycleTracker::default(),
            history: AgentHistory::default(),
            log: AgentLog::default(),
            read_at: Instant::now(),
            has_rates: false,
        }
    }

    /// When the process table was read last.
    pub(super) fn read_at(&self) -> Instant {
        self.read_at
    }

    /// Whether the last reading of the process table found any agent or host.
    pub(super) fn has_agents(&self) -> bool {
        !self.detected.agents.is_empty() || !self.detected.hosts.is_empty()
    }

    /// Notes that rates are known. Returns whether that is new.
    pub(super) fn set_has_rates(&mut self) -> bool {
        !std::mem::replace(&mut self.has_rates, true)
    }

    pub(super) fn has_rates(&self) -> bool {
        self.has_rates
    }

    /// Reads the process table. Returns whether there is an agent that was not there before.
    pub(super) fn read_processes(&mut self, settings: &Settings, now: Timestamp) -> bool {
        let table = self.os.processes().unwrap_or_else(|error| {
            self.detector.log.note_table_error(&error);
            Vec::new()
        });
        self.read_at = Instant::now();
        let last_start = table.iter().map(|process| process.id.started).max().unwrap_or(u64::MAX);
        let time = ReadingTime { at: self.read_at, now, last_start, cpu_step: self.os.cpu_step() };
        let mut detected = self.detector.detect(&table, self.read_at);
        self.rates.note(detected.processes.iter(), time);
        for agent in detected.agents.iter_mut().chain(&mut detected.hosts) {
            self.rates.fill(agent);
        }
        let relatives: Vec<ProcId> = detected.processes.iter().map(|process| process.id).collect();
        self.os.watch(&relatives);
        detected.agents.retain(|agent| settings.includes(agent.client));
        detected.hosts.retain(|agent| settings.includes(agent.client));
        self.children.note(detected.agents.iter().chain(&detected.hosts), time.now);
        if self.system.is_none() {
            // The rates of the whole machine need a first reading, too.
            self.read_system();
        }
        self.cpu_percents = Arc::new(self.rates.cpu_percents());
        let before: HashSet<ProcId> = self.detected.agents.iter().map(|agent| agent.process.id).collect();
        let has_new = detected.agents.iter().any(|agent| !before.contains(&agent.process.id));
        self.detected = detected;
        has_new
    }

    /// The directories in which agents work, with the roots of their work trees, that the environment does not list yet.
    /// Some clients keep their files there.
    pub(super) fn new_work_dirs(&mut self, env: &Env) -> Vec<PathBuf> {
        let mut known: HashSet<PathBuf> = env.work_dirs.iter().cloned().collect();
        let mut new = Vec::new();
        let directories: BTreeSet<&Path> =
            self.detected.agents.iter().filter_map(|agent| agent.process.cwd.as_deref().ok()).collect();
        for directory in directories {
            if known.contains(directory) {
                continue;
            }
            tracing::debug!(?directory, "directory: an agent works here, its client's files may lie here");
            // Several directories may have the same root, and one of them may be the root.
            let root = self.probes.root(directory, self.read_at);
            new.extend(std::iter::once(directory.to_owned()).chain(root).filter(|path| known.insert(path.clone())));
        }
        new
    }

    /// The agents with their sessions and their status.
    pub(super) fn agents(&mut self, context: SessionContext<'_>) -> Arc<[Arc<Agent>]> {
        let SessionContext { settings, world, summary, now, .. } = context;
        let basis =
            RowsBasis { processes: self.read_at, hooks: self.hooks.changes(), running: world.running_changes() };
        match self.rows.outdated(basis, &summary.changed) {
            Some(outdated) => {
                let pids: Vec<u32> = outdated.iter().filter_map(|(at, _)| self.rows.pid(*at)).collect();
                let markers = Markers::of_pids(world.running(), &pids);
                for (at, session) in outdated {
                    self.update_row(at, session, &markers, context);
                }
            }
            None => self.make_rows(basis, &Markers::new(world.running()), context),
        }
        if settings.run_mode == RunMode::Repeated {
            self.lifecycle.note(self.rows.all(), self.read_at, now);
            self.history.note(self.rows.all(), &summary.paces.all, now);
        }
        self.rows.all().iter().chain(self.lifecycle.exited()).cloned().collect()
    }

    /// Joins all agents with sessions again.
    fn make_rows(&mut self, basis: RowsBasis, markers: &Markers<'_>, context: SessionContext<'_>) {
        let SessionContext { settings, files, world, summary, now } = context;
        let DetectedAgents { mut agents, mut hosts, .. } = self.detected.clone();
        let mut all: Vec<&mut Agent> = agents.iter_mut().chain(&mut hosts).collect();
        self.probes.fill(&mut all, &mut *self.os, &settings.env.home, Instant::now());
        let sessions = &summary.sessions;
        let evidence = JoinEvidence { sessions, markers, hooks: &self.hooks, files, world };
        join(&mut agents, evidence);
        let rows = hosted(&hosts, &agents, evidence);
        agents.extend(rows);
        let hosts = Hosts::of(&hosts);
        let pushed: Vec<_> =
            agents.iter_mut().map(|agent| self.set_status(agent, (markers, &hosts), context)).collect();
        self.status_starts.note(&mut agents, KnownStarts { hosts: &hosts, pushed: &pushed }, now);
        let is_named = |agent: &Agent| markers.name_session_of(agent);
        self.log.note(&JoinedAgents { agents: &agents, sessions, is_named: &is_named, now });
        self.rows.replace(agents, hosts, basis);
    }

    /// Updates the agent of a session that has changed.
    fn update_row(&mut self, at: usize, session: &Arc<Session>, markers: &Markers<'_>, context: SessionContext<'_>) {
        let Some(known) = self.rows.get(at) else { return };
        let mut agent = Agent { session: Some(Arc::clone(session)), ..known.clone() };
        let pushed = self.set_status(&mut agent, (markers, &self.rows.hosts), context);
        self.status_starts.update(&mut agent, (&self.rows.hosts, pushed), context.now);
        self.log.note_change(&agent);
        self.rows.set(at, agent);
    }

    /// Sets the status of an agent. Returns since when hooks have reported its activity.
    fn set_status(
        &self,
        agent: &mut Agent,
        (markers, hosts): (&Markers<'_>, &Hosts),
        SessionContext { summary, now, .. }: SessionContext<'_>,
    ) -> Option<Timestamp> {
        let hook = self.hooks.activity_of(agent, hosts);
        let status_file = markers.of(agent).and_then(|(_, running)| running.activity);
        let sources = StatusSources { status_file, hook: hook.as_ref(), children: &self.children };
        (agent.status, agent.evidence) = status::of_agent(agent, sources, now);
        agent.cause = status::cause(agent, sources);
        let rates = agent.session.as_ref().and_then(|session| summary.paces.by_session.get(&session.key));
        agent.rates = rates.copied().unwrap_or(agent.rates);
        hook.map(|hook| hook.since)
    }

    /// The processes of agents, with everything above and below them.
    pub(super) fn processes(&self) -> Arc<[Arc<Process>]> {
        Arc::clone(&self.detected.processes)
    }

    /// Processor use of these processes, in percent of one processor.
    pub(super) fn cpu_percents(&self) -> Arc<HashMap<ProcId, f64>> {
        Arc::clone(&self.cpu_percents)
    }

    /// Reads the figures of the machine.
    pub(super) fn read_system(&mut self) {
        self.system = Some(Arc::new(self.os.system()));
    }

    /// The machine, as it was when that was last read.
    pub(super) fn system(&self) -> Option<Arc<HostMetrics>> {
        self.system.clone()
    }

    pub(super) fn history(&self) -> Arc<History> {
        self.history.points()
    }

    /// Which agents started and exited, newest first.
    pub(super) fn lifecycles(&self) -> Arc<[LifecycleEvent]> {
        self.lifecycle.lifecycles()
    }
}
