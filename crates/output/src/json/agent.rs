use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use agtop_format::{Content, redact};
use agtop_model::{
    Agent, ContextWindow, CostBasis, Gap, InFlight, PicoUsd, Reading, Session, SnapshotRow, Spend, Timestamp, Usage,
};
use serde::Serialize;

use crate::json::{aggregates, session, wire};
use crate::{View, activity_line};

/// The number of tools in `tool_counts`, as in agtop 2.3.
const MAX_TOOL_COUNTS: usize = 8;

/// A live agent, with the keys of agtop 2.3 and newer ones.
#[derive(Serialize)]
pub(crate) struct AgentJson {
    pid: u32,
    label: String,
    client: &'static str,
    status: &'static str,
    state: &'static str,
    evidence: &'static str,
    cause: Option<String>,
    liveness: &'static str,
    project: String,
    model: Option<String>,
    #[serde(flatten)]
    work: Work,
    #[serde(flatten)]
    consumption: Consumption,
    context_used: u64,
    context_limit: u64,
    context_source: Option<&'static str>,
    context_tokens_per_minute: Option<f64>,
    context_full_in_sec: Option<u64>,
    context_growth_basis: Option<&'static str>,
    cache_hit_percent: Option<f64>,
    cache_saved_usd: Option<f64>,
    rates: AgentRates,
    git_branch: Option<String>,
    git_modified: Option<u32>,
    loaded_skills: Vec<String>,
    dangerous: bool,
    dangerous_flag: String,
    #[serde(flatten)]
    process: Metrics,
    session_started_ms: i64,
    session_id: Option<String>,
    session_age_ms: Option<u64>,
    join_tier: Option<&'static str>,
    join_confidence: Option<&'static str>,
    session: Option<session::SessionSummaryJson>,
    gaps: Gaps,
}

/// The rates of its session and subagents over the last one, five and fifteen minutes.
#[derive(Serialize)]
struct AgentRates {
    tokens_per_minute: [Option<f64>; 3],
    fresh_tokens_per_minute: [Option<f64>; 3],
    cost_per_hour_usd: [Option<f64>; 3],
}

impl AgentRates {
    fn of(agent: &Agent) -> Self {
        Self {
            tokens_per_minute: agent.rates.each_ref().map(|window| window.tokens_per_minute().and_then(wire::finite)),
            fresh_tokens_per_minute: agent
                .rates
                .each_ref()
                .map(|window| window.fresh_tokens_per_minute().and_then(wire::finite)),
            cost_per_hour_usd: agent.rates.each_ref().map(|window| window.usd_per_hour().and_then(wire::finite)),
        }
    }
}

/// Its work. Descriptions are message text.
#[derive(Serialize)]
struct Work {
    current_tool: Option<String>,
    current_task: Option<String>,
    subagents: usize,
    in_flight_subagents: Vec<String>,
    tool_counts: Vec<(String, u64)>,
    recent_activity: Vec<String>,
}

/// Its usage. As in agtop 2.3, input includes the cached tokens.
#[derive(Serialize)]
struct Consumption {
    tokens_total: u64,
    tokens_input: u64,
    tokens_output: u64,
    tokens_cache_read: u64,
    tokens_cache_write: u64,
    cost_usd: f64,
    cost_basis: &'static str,
    cost_known: bool,
    cost_embedded: bool,
    billing: &'static str,
}

/// Its process.
#[derive(Serialize)]
struct Metrics {
    cpu: f64,
    rss: u64,
    vsize: u64,
    threads: u32,
    ppid: u32,
    ppid_name: String,
    launcher: Option<String>,
    read_bytes: u64,
    write_bytes: u64,
    read_bytes_per_sec: Option<f64>,
    write_bytes_per_sec: Option<f64>,
    writing_files: Vec<String>,
    writing_dirs: Vec<String>,
    reading_files: Vec<String>,
    children: Vec<(u32, String)>,
    net_established: u32,
    listening_ports: Vec<u16>,
    uptime_sec: u64,
    cwd: String,
    exe: String,
    cmdline: Option<String>,
}

/// Keys that are 0 or empty because the value is missing, each with the reason: agtop 2.3 has no null for them.
#[derive(Default, Serialize)]
struct Gaps(BTreeMap<&'static str, &'static str>);

/// Token keys, which come from the session.
const SESSION_TOKEN_KEYS: [&str; 5] =
    ["tokens_total", "tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write"];

impl Gaps {
    fn new(session: Option<&Session>) -> Self {
        let gap = session.map_or(Err(Gap::NotReported), Session::used).err();
        Self(gap.into_iter().flat_map(|gap| SESSION_TOKEN_KEYS.map(|key| (key, wire::gap(gap)))).collect())
    }

    /// The value, or its default, with the reason in the gaps.
    fn take<T: Default>(&mut self, key: &'static str, reading: Reading<T>) -> T {
        reading.unwrap_or_else(|gap| {
            self.0.insert(key, wire::gap(gap));
            T::default()
        })
    }
}

impl AgentJson {
    pub(crate) fn new(agent: &Agent, now: Timestamp, view: &View) -> Self {
        let row = SnapshotRow::of_agent(now, agent);
        let session = agent.session.as_deref();
        let mut gaps = Gaps::new(session);
        let started = session.and_then(|session| session.started).map(Timestamp::as_millis);
        let context = session.map_or(Err(Gap::NotReported), |session| session.context);
        let growth = session.and_then(|session| session.growth);
        let git = agent.git.as_ref().ok();
        Self {
            pid: agent.process.id.pid,
            label: agent.label.raw().to_owned(),
            client: agent.client.as_str(),
            status: agent.badge(now),
            state: agent.status.as_str(),
            evidence: agent.evidence.as_str(),
            cause: agent.cause.as_ref().map(|cause| cause.raw().to_owned()),
            liveness: agent.liveness.as_str(),
            project: aggregates::project_name(&row),
            model: model(agent),
            work: Work::of(session, view),
            consumption: Consumption::of(agent, view, &mut gaps),
            context_used: gaps.take("context_used", context.map(|context: ContextWindow| context.used)),
            context_limit: gaps.take("context_limit", context.map(|context| context.limit)),
            context_source: context.ok().map(|context| context.source.as_str()),
            context_tokens_per_minute: growth.map(|growth| growth.tokens_per_minute).and_then(wire::finite),
            context_full_in_sec: growth.and_then(|growth| growth.full_in).map(|span| span.as_secs()),
            context_growth_basis: growth.map(|growth| growth.basis.as_str()),
            cache_hit_percent: session.and_then(|session| session.usage.cache_hit_ratio()).map(|ratio| ratio * 100.0),
            cache_saved_usd: session.and_then(|session| session.cache_saving).map(PicoUsd::as_usd),
            rates: AgentRates::of(agent),
            git_branch: git.map(|git| git.branch.raw().to_owned()),
            git_modified: git.and_then(|git| git.modified.ok()),
            loaded_skills: agent.skills.iter().map(|skill| skill.raw().to_owned()).collect(),
            dangerous: agent.danger.is_some(),
            dangerous_flag: agent.danger.as_ref().map(|flag| flag.raw().to_owned()).unwrap_or_default(),
            process: Metrics::of(agent, now, view, &mut gaps),
            session_started_ms: gaps.take("session_started_ms", started.ok_or(Gap::NotReported)),
            session_id: session.map(|session| session.key.id.to_string()),
            session_age_ms: session.and_then(|session| session.idle_for(now)).map(|age| millis(age.as_millis())),
            join_tier: agent.join.map(|join| join.tier.as_str()),
            join_confidence: agent.join.map(|join| join.confidence.as_str()),
            session: session.map(|session| session::SessionSummaryJson::of(session, view)),
            gaps,
        }
    }
}

impl Work {
    fn of(session: Option<&Session>, view: &View) -> Self {
        let in_flight = session.map_or(&[][..], |session| &session.in_flight);
        let tool = in_flight.iter().rev().find(|started| !started.is_subagent);
        let task = tool.and_then(|tool| tool.target.as_ref()).map(|target| target.raw().to_owned());
        let subagents = || in_flight.iter().filter(|started| started.is_subagent).map(described).collect();
        let tools = session.map_or(&[][..], |session| &session.tools);
        Self {
            current_tool: tool.map(|tool| tool.name.raw().to_owned()),
            current_task: view.content.allow(task),
            subagents: session.map_or(0, aggregates::subagents_in_flight),
            in_flight_subagents: view.content.allow(Some(())).map(|()| subagents()).unwrap_or_default(),
            tool_counts: tools
                .iter()
                .take(MAX_TOOL_COUNTS)
                .map(|tool| (tool.name.raw().to_owned(), tool.calls))
                .collect(),
            recent_activity: view.content.allow(session).map(recent).unwrap_or_default(),
        }
    }
}

fn model(agent: &Agent) -> Option<String> {
    let of_session = agent.session.as_deref().and_then(|session| session.model.as_deref()).map(str::to_owned);
    of_session.or_else(|| agent.stated_model.as_ref().map(|model| model.raw().to_owned()))
}

fn recent(session: &Session) -> Vec<String> {
    session.recent.iter().map(|activity| activity_line(activity, Content::Included)).collect()
}

/// `code-reviewer: review the auth refactor`.
fn described(subagent: &InFlight) -> String {
    match &subagent.target {
        Some(task) => format!("{}: {}", subagent.name.raw(), task.raw()),
        None => subagent.name.raw().to_owned(),
    }
}

impl Consumption {
    fn of(agent: &Agent, view: &View, gaps: &mut Gaps) -> Self {
        let session = agent.session.as_deref();
        let usage = session.map_or_else(Usage::default, |session| session.usage);
        let spend = session.map_or_else(Spend::default, |session| session.spend);
        let basis = spend.basis();
        Self {
            tokens_total: usage.total(),
            tokens_input: usage.prompt(),
            tokens_output: usage.output,
            tokens_cache_read: usage.cache_read,
            tokens_cache_write: usage.cache_write(),
            cost_usd: gaps.take("cost_usd", wire::dollars(&spend).ok_or(Gap::NotReported)),
            // agtop 2.3 has three values; `cost_embedded` says whether the agent recorded the amount itself.
            cost_basis: if basis == CostBasis::Embedded { CostBasis::Api } else { basis }.as_str(),
            cost_known: spend.known().is_some(),
            cost_embedded: spend.embedded_turns > 0,
            billing: view.billing(agent.client, &spend).as_str(),
        }
    }
}

impl Metrics {
    fn of(agent: &Agent, now: Timestamp, view: &View, gaps: &mut Gaps) -> Self {
        let process = &agent.process;
        let cpu = agent.cpu_percent.and_then(|cpu| wire::finite(cpu).ok_or(Gap::Failed));
        let cwd = process.cwd.as_deref().map(wire::path).map_err(|gap| *gap);
        let exe = process.exe.as_deref().map(wire::path).map_err(|gap| *gap);
        let command = redact(&process.argv).join(" ");
        let files = agent.files.as_ref().map_err(|gap| *gap);
        let sockets = agent.sockets.as_ref().map_err(|gap| *gap);
        Self {
            cpu: gaps.take("cpu", cpu),
            rss: gaps.take("rss", process.rss),
            vsize: gaps.take("vsize", process.vsz),
            threads: gaps.take("threads", process.threads),
            ppid: process.parent.unwrap_or(0),
            ppid_name: agent.parent_name.as_ref().map(|name| name.raw().to_owned()).unwrap_or_default(),
            launcher: agent.launcher.as_ref().map(|name| name.raw().to_owned()),
            read_bytes: gaps.take("read_bytes", process.io.map(|io| io.read)),
            write_bytes: gaps.take("write_bytes", process.io.map(|io| io.written)),
            read_bytes_per_sec: agent.io_rate.ok().and_then(|rate| wire::finite(rate.read)),
            write_bytes_per_sec: agent.io_rate.ok().and_then(|rate| wire::finite(rate.written)),
            writing_files: gaps.take("writing_files", files.map(|files| paths(&files.writing))),
            writing_dirs: gaps.take("writing_dirs", files.map(|files| directories(&files.writing))),
            reading_files: gaps.take("reading_files", files.map(|files| paths(&files.reading))),
            children: agent.children.iter().map(|(pid, name)| (*pid, name.raw().to_owned())).collect(),
            net_established: gaps.take("net_established", sockets.map(|sockets| sockets.established)),
            listening_ports: gaps.take("listening_ports", sockets.map(|sockets| sockets.listening.clone())),
            uptime_sec: gaps.take("uptime_sec", process.started_at.map(|at| now.since(at).as_secs())),
            cwd: gaps.take("cwd", cwd),
            exe: gaps.take("exe", exe),
            cmdline: view.content.allow(Some(command)),
        }
    }
}

fn paths(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| wire::path(file)).collect()
}

/// The directories that files lie in, each once.
fn directories(files: &[PathBuf]) -> Vec<String> {
    let parents: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    parents.into_iter().map(wire::path).collect()
}

fn millis(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
