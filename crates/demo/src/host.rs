//! The machine of the demo, its accounts and its source health.

use std::path::PathBuf;
use std::time::Duration;

use agtop_model::{
    Agent, ClientHealth, ClientId, HostMetrics, Issue, IssueKind, LifecycleChange, LifecycleEvent, ProcId, RateLimit,
    RateLimitWindow, SourceHealth, Timestamp,
};

use crate::catalog::{CLAUDE, CODEX};
use crate::moment::DemoMoment;

pub(super) fn system(moment: &DemoMoment) -> HostMetrics {
    HostMetrics {
        cpus: 16,
        cpu_percent: Ok(22.0 + 9.0 * (moment.elapsed / 11.0).sin()),
        memory_total: Ok(68_719_476_736),
        memory_available: Ok(41_000_000_000),
        swap_total: Ok(4_294_967_296),
        swap_used: Ok(120_000_000),
        load: Ok([3.1, 2.8, 2.4]),
    }
}

pub(super) fn rate_limits(moment: &DemoMoment) -> Vec<(ClientId, Timestamp, RateLimit)> {
    let window = |minutes: u32, used: f64, left: u64| RateLimitWindow {
        minutes,
        used_percent: used,
        resets_at: Some(moment.ago(moment.elapsed).plus(Duration::from_secs(left))),
    };
    let limit = |name: &str, plan: &str, windows| RateLimit { limit: name.into(), plan: Some(plan.into()), windows };
    let growth = (moment.elapsed / 60.0).min(20.0);
    vec![
        (
            CLAUDE,
            moment.ago(20.0),
            limit("claude", "max", vec![window(300, 64.0 + growth, 5_040), window(10_080, 31.0, 280_000)]),
        ),
        (
            CODEX,
            moment.ago(75.0),
            limit("codex", "plus", vec![window(300, 22.0 + growth / 2.0, 11_000), window(10_080, 57.0, 402_000)]),
        ),
    ]
}

pub(super) fn lifecycle_events(agents: &[Agent], moment: &DemoMoment) -> Vec<LifecycleEvent> {
    let recent = agents.iter().take(8).enumerate().map(|(at, agent)| LifecycleEvent {
        at: moment.ago(30.0 + 140.0 * at as f64),
        change: if at % 3 == 2 { LifecycleChange::Exited } else { LifecycleChange::Spawned },
        process: ProcId { pid: agent.process.id.pid, started: 1 },
        client: agent.client,
        label: agent.label.clone(),
        project: agent.session.as_ref().and_then(|session| session.project.clone()),
    });
    recent.collect()
}

/// One record that could not be read, so that the demo shows source health, too.
pub(super) fn health(agents: usize) -> SourceHealth {
    if agents < 10 {
        return SourceHealth::default();
    }
    let issue = Issue {
        path: PathBuf::from("/home/ada/.codex/sessions/2026/11/20/rollout-2026-11-20T09-14-02.jsonl"),
        place: None,
        kind: IssueKind::Malformed,
        detail: "the record ends too early".to_owned(),
    };
    let client = ClientHealth {
        client: CODEX,
        stores: vec![],
        sessions: 12,
        records: 4_112,
        duplicates: 9,
        issues: vec![issue],
        issues_total: 1,
        versions: vec!["0.104.0".to_owned()],
    };
    SourceHealth { clients: vec![client], ..SourceHealth::default() }
}
