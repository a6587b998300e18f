use std::sync::Arc;

use agtop_format::Content;
use agtop_model::{Agent, Billing, ContextWindow, Liveness, ModelSpend, Session, SnapshotRow, Spend};
use serde::Serialize;

use crate::View;
use crate::json::wire;
use crate::json::wire::TokensJson;

/// A session, with the keys of rust-agtop.
#[derive(Serialize)]
pub(crate) struct SessionJson {
    client: &'static str,
    session_id: String,
    parent_session_id: Option<String>,
    forked_from: Option<String>,
    title: Option<String>,
    project: Option<String>,
    cwd: Option<String>,
    branch: Option<String>,
    version: Option<String>,
    origin: Option<String>,
    tag: Option<String>,
    model: Option<String>,
    started_at: Option<String>,
    last_active_at: Option<String>,
    status: &'static str,
    evidence: &'static str,
    liveness: &'static str,
    pid: Option<u32>,
    #[serde(rename = "match")]
    matched: Option<JoinJson>,
    tokens: Option<TokensJson>,
    cost: CostJson,
    own: OwnUsageJson,
    models: Vec<ModelUsageJson>,
    turns: u64,
    prompts: u64,
    errors: u64,
    compactions: u64,
    context: Option<ContextJson>,
    tools: Vec<(String, u64)>,
    stop_reason: Option<&'static str>,
    file_count: u32,
    subagent_file_count: u32,
    subagents: Vec<SubagentJson>,
    process_metrics: Option<ProcessMetricsJson>,
}

/// How the session was joined with its process.
#[derive(Serialize)]
struct JoinJson {
    tier: &'static str,
    confidence: &'static str,
}

#[derive(Serialize)]
struct CostJson {
    usd: Option<f64>,
    basis: &'static str,
    billing: &'static str,
    embedded_usd: Option<f64>,
    unpriced_turns: u64,
    unpriced_tokens: u64,
    included: bool,
}

impl CostJson {
    fn of(spend: &Spend, billing: Billing) -> Self {
        Self {
            usd: wire::dollars(spend),
            basis: spend.basis().as_str(),
            billing: billing.as_str(),
            embedded_usd: (spend.embedded_turns > 0).then(|| spend.embedded.as_usd()),
            unpriced_turns: spend.unknown_turns,
            unpriced_tokens: spend.unknown_tokens,
            included: billing == Billing::Included,
        }
    }
}

/// The session without its subagents.
#[derive(Serialize)]
struct OwnUsageJson {
    tokens: Option<TokensJson>,
    cost_usd: Option<f64>,
}

#[derive(Serialize)]
struct ModelUsageJson {
    model: Option<String>,
    tokens: TokensJson,
    cost_usd: Option<f64>,
    turns: u64,
}

impl From<&ModelSpend> for ModelUsageJson {
    fn from(of: &ModelSpend) -> Self {
        Self {
            model: of.model.as_deref().map(str::to_owned),
            tokens: of.usage.into(),
            cost_usd: wire::dollars(&of.spend),
            turns: of.turns,
        }
    }
}

#[derive(Serialize)]
struct ContextJson {
    used: u64,
    limit: u64,
    percent: f64,
    source: &'static str,
}

impl From<ContextWindow> for ContextJson {
    fn from(context: ContextWindow) -> Self {
        Self { used: context.used, limit: context.limit, percent: context.percent(), source: context.source.as_str() }
    }
}

/// A subagent at any depth, with its own usage.
#[derive(Serialize)]
struct SubagentJson {
    session_id: String,
    parent_session_id: Option<String>,
    origin: Option<String>,
    title: Option<String>,
    model: Option<String>,
    status: &'static str,
    started_at: Option<String>,
    last_active_at: Option<String>,
    tokens: Option<TokensJson>,
    cost_usd: Option<f64>,
    unpriced_tokens: u64,
}

#[derive(Serialize)]
struct ProcessMetricsJson {
    pid: u32,
    cpu: Option<f64>,
    rss: Option<u64>,
    vsz: Option<u64>,
    read_bytes: Option<u64>,
    write_bytes: Option<u64>,
    read_bytes_per_sec: Option<f64>,
    write_bytes_per_sec: Option<f64>,
}

impl ProcessMetricsJson {
    fn of(agent: &Agent) -> Self {
        let process = &agent.process;
        Self {
            pid: process.id.pid,
            cpu: agent.cpu_percent.ok().and_then(wire::finite),
            rss: process.rss.ok(),
            vsz: process.vsz.ok(),
            read_bytes: process.io.ok().map(|io| io.read),
            write_bytes: process.io.ok().map(|io| io.written),
            read_bytes_per_sec: agent.io_rate.ok().and_then(|rate| wire::finite(rate.read)),
            write_bytes_per_sec: agent.io_rate.ok().and_then(|rate| wire::finite(rate.written)),
        }
    }
}

impl SessionJson {
    pub(crate) fn new(session: &Session, row: &SnapshotRow<'_>, view: &View) -> Self {
        let agent = row.agent;
        let text = |text: &Option<agtop_model::Untrusted>| text.as_ref().map(|text| text.raw().to_owned());
        Self {
            client: session.client().as_str(),
            session_id: session.key.id.to_string(),
            parent_session_id: session.parent.as_ref().map(|parent| parent.id.to_string()),
            forked_from: session.forked_from.as_ref().map(|other| other.id.to_string()),
            title: title(session, view.content),
            project: text(&session.project),
            cwd: session.cwd.as_deref().map(wire::path),
            branch: text(&session.branch),
            version: text(&session.version),
            origin: text(&session.origin),
            tag: text(&session.tag),
            model: session.model.as_deref().map(str::to_owned),
            started_at: session.started.and_then(wire::rfc3339),
            last_active_at: session.last_active.and_then(wire::rfc3339),
            status: row.status().as_str(),
            evidence: agent.map_or(session.evidence, |agent| agent.evidence).as_str(),
            liveness: agent.map_or(Liveness::Stopped, |agent| agent.liveness).as_str(),
            pid: agent.map(|agent| agent.process.id.pid),
            matched: agent
                .and_then(|agent| agent.join)
                .map(|join| JoinJson { tier: join.tier.as_str(), confidence: join.confidence.as_str() }),
            tokens: session.used().ok().map(TokensJson::from),
            cost: CostJson::of(&session.spend, view.billing(session.client(), &session.spend)),
            own: OwnUsageJson {
                tokens: session.used_alone().ok().map(TokensJson::from),
                cost_usd: wire::dollars(&session.own_spend),
            },
            models: session.models.iter().map(ModelUsageJson::from).collect(),
            turns: session.turns,
            prompts: session.prompts,
            errors: session.errors,
            compactions: session.compactions,
            context: session.context.ok().map(ContextJson::from),
            tools: session.tools.iter().map(|tool| (tool.name.raw().to_owned(), tool.calls)).collect(),
            stop_reason: session.stop.map(agtop_model::StopReason::as_str),
            file_count: session.files,
            subagent_file_count: session.subagent_files,
            subagents: subagents(session, view.content),
            process_metrics: agent.map(ProcessMetricsJson::of),
        }
    }
}

/// The session of an agent in bare `--json`.
#[derive(Serialize)]
pub(crate) struct SessionSummaryJson {
    client: &'static str,
    session_id: String,
    title: Option<String>,
    branch: Option<String>,
    started_at: Option<String>,
    last_active_at: Option<String>,
    tokens: Option<TokensJson>,
    cost: CostJson,
    turns: u64,
    prompts: u64,
    errors: u64,
    compactions: u64,
    subagent_file_count: u32,
}

impl SessionSummaryJson {
    pub(crate) fn of(session: &Session, view: &View) -> Self {
        Self {
            client: session.client().as_str(),
            session_id: session.key.id.to_string(),
            title: title(session, view.content),
            branch: session.branch.as_ref().map(|branch| branch.raw().to_owned()),
            started_at: session.started.and_then(wire::rfc3339),
            last_active_at: session.last_active.and_then(wire::rfc3339),
            tokens: session.used().ok().map(TokensJson::from),
            cost: CostJson::of(&session.spend, view.billing(session.client(), &session.spend)),
            turns: session.turns,
            prompts: session.prompts,
            errors: session.errors,
            compactions: session.compactions,
            subagent_file_count: session.subagent_files,
        }
    }
}

/// The title; the public one if `content` hides message text.
fn title(session: &Session, content: Content) -> Option<String> {
    let title = match content {
        Content::Included => &session.title,
        Content::Hidden => &session.public_title,
    };
    title.as_ref().map(|title| title.text.raw().to_owned())
}

/// All subagents below the session, each before its own subagents. Without recursion: transcripts decide the depth.
fn subagents(session: &Session, content: Content) -> Vec<SubagentJson> {
    let mut pending: Vec<&Arc<Session>> = session.children.iter().rev().collect();
    let mut all = Vec::new();
    while let Some(child) = pending.pop() {
        pending.extend(child.children.iter().rev());
        all.push(SubagentJson {
            session_id: child.key.id.to_string(),
            parent_session_id: child.parent.as_ref().map(|parent| parent.id.to_string()),
            origin: child.origin.as_ref().map(|origin| origin.raw().to_owned()),
            title: title(child, content),
            model: child.model.as_deref().map(str::to_owned),
            status: child.status.as_str(),
            started_at: child.started.and_then(wire::rfc3339),
            last_active_at: child.last_active.and_then(wire::rfc3339),
            tokens: child.used_alone().ok().map(TokensJson::from),
            cost_usd: wire::dollars(&child.own_spend),
            unpriced_tokens: child.own_spend.unknown_tokens,
        });
    }
    all
}
