use std::collections::{BTreeMap, HashSet};

use agtop_format::Content;
use agtop_model::{Agent, Session, Snapshot, SnapshotRow, Usage};
use agtop_query::select;
use serde::Serialize;

use crate::View;
use crate::json::wire;

/// The totals of all agents, with the keys of agtop 2.3.
#[derive(Serialize)]
pub(crate) struct AggregatesJson {
    cpu: f64,
    mem_bytes: u64,
    active: usize,
    busy: usize,
    waiting: usize,
    completed: usize,
    subagents: usize,
    project_count: usize,
    tokens_total: u64,
    tokens_input: u64,
    tokens_output: u64,
    cost_usd: f64,
}

impl AggregatesJson {
    pub(crate) fn of(agents: &[SnapshotRow<'_>], projects: &[ProjectJson], sessions: &SessionCountsJson) -> Self {
        let mut seen = HashSet::new();
        let counted = agents.iter().filter_map(|row| row.session).filter(|session| seen.insert(&session.key));
        let (mut usage, mut cost) = (Usage::default(), 0.0);
        for session in counted {
            usage += session.usage;
            cost += wire::dollars(&session.spend).unwrap_or(0.0);
        }
        Self {
            // `sum` of no floats is -0.0, so the sum starts at 0.0.
            cpu: Agent::each_process(agents.iter().filter_map(|row| row.agent)).map(cpu).fold(0.0, std::ops::Add::add),
            mem_bytes: projects.iter().map(|project| project.rss).fold(0, u64::saturating_add),
            active: agents.len(),
            busy: agents.iter().filter(|row| row.badge() == "busy").count(),
            waiting: sessions.waiting,
            completed: sessions.completed,
            subagents: projects.iter().map(|project| project.subagents).sum(),
            project_count: projects.len(),
            tokens_total: usage.total(),
            tokens_input: usage.prompt(),
            tokens_output: usage.output,
            cost_usd: cost,
        }
    }
}

/// The agents of one working directory.
#[derive(Serialize)]
pub(crate) struct ProjectJson {
    project: String,
    agents: usize,
    cpu: f64,
    rss: u64,
    subagents: usize,
    tokens_total: u64,
    cost_usd: f64,
    statuses: BTreeMap<&'static str, usize>,
    cwd: String,
}

/// The agents by directory, in the order of their first agents.
pub(crate) fn projects(agents: &[SnapshotRow<'_>]) -> Vec<ProjectJson> {
    let mut projects: Vec<ProjectJson> = Vec::new();
    let (mut seen, mut measured) = (HashSet::new(), HashSet::new());
    for row in agents {
        let Some(agent) = row.agent else { continue };
        let cwd = directory(agent);
        let at = projects.iter().position(|project| project.cwd == cwd).unwrap_or_else(|| {
            projects.push(ProjectJson::new(project_name(row), cwd));
            projects.len() - 1
        });
        let session = row.session.filter(|session| seen.insert(&session.key));
        let process = Some(agent).filter(|agent| measured.insert(agent.process.id));
        if let Some(project) = projects.get_mut(at) {
            project.add(row, process, session);
        }
    }
    projects
}

impl ProjectJson {
    fn new(project: String, cwd: String) -> Self {
        Self {
            project,
            agents: 0,
            cpu: 0.0,
            rss: 0,
            subagents: 0,
            tokens_total: 0,
            cost_usd: 0.0,
            statuses: BTreeMap::new(),
            cwd,
        }
    }

    /// Adds an agent. Its process and its session are `None` if another agent with the same one was added before.
    fn add(&mut self, row: &SnapshotRow<'_>, process: Option<&Agent>, session: Option<&Session>) {
        self.agents += 1;
        self.cpu += process.map_or(0.0, cpu);
        self.rss = self.rss.saturating_add(process.and_then(|agent| agent.process.rss.ok()).unwrap_or(0));
        *self.statuses.entry(row.badge()).or_default() += 1;
        if let Some(session) = session {
            self.subagents += subagents_in_flight(session);
            self.tokens_total = self.tokens_total.saturating_add(session.usage.total());
            self.cost_usd += wire::dollars(&session.spend).unwrap_or(0.0);
        }
    }
}

/// The number of sessions by status, and recent tasks.
#[derive(Serialize)]
pub(crate) struct SessionCountsJson {
    active: usize,
    busy: usize,
    waiting: usize,
    completed: usize,
    recent_tasks: Vec<RecentTaskJson>,
}

/// The title of a session; message text.
#[derive(Serialize)]
struct RecentTaskJson {
    project: String,
    project_short: String,
    task: String,
    mtime_ms: i64,
    status: &'static str,
}

/// The number of recent tasks.
const MAX_RECENT_TASKS: usize = 10;

impl SessionCountsJson {
    pub(crate) fn of(snapshot: &Snapshot, view: &View) -> Self {
        let rows = select::sessions(snapshot, &view.selection);
        let count = |badge: &str| rows.iter().filter(|row| row.badge() == badge).count();
        let recent_tasks = match view.content {
            Content::Hidden => Vec::new(),
            Content::Included => rows.iter().filter_map(RecentTaskJson::of).take(MAX_RECENT_TASKS).collect(),
        };
        Self {
            active: count("active"),
            busy: count("busy"),
            waiting: count("waiting"),
            completed: count("completed"),
            recent_tasks,
        }
    }
}

impl RecentTaskJson {
    fn of(row: &SnapshotRow<'_>) -> Option<Self> {
        let session = row.session?;
        Some(Self {
            project: session.cwd.as_deref().map(wire::path).unwrap_or_default(),
            project_short: session.project.as_ref().map(|project| project.raw().to_owned()).unwrap_or_default(),
            task: session.title.as_ref()?.text.raw().to_owned(),
            mtime_ms: session.last_active.map_or(0, agtop_model::Timestamp::as_millis),
            status: row.badge(),
        })
    }
}

/// The number of subagents that are running.
pub(crate) fn subagents_in_flight(session: &Session) -> usize {
    session.in_flight.iter().filter(|started| started.is_subagent).count()
}

/// The project of the row; empty if it is not known.
pub(crate) fn project_name(row: &SnapshotRow<'_>) -> String {
    let of_session = row.session.and_then(|session| session.project.as_ref()).map(|project| project.raw().to_owned());
    let of_directory = || {
        let cwd = row.agent?.process.cwd.as_deref().ok()?;
        cwd.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    of_session.or_else(of_directory).unwrap_or_default()
}

fn directory(agent: &Agent) -> String {
    agent.process.cwd.as_deref().map(wire::path).unwrap_or_default()
}

fn cpu(agent: &Agent) -> f64 {
    agent.cpu_percent.ok().and_then(wire::finite).unwrap_or(0.0)
}
