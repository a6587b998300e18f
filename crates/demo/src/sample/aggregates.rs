//! Totals, rates, timings, history, limits and source health of the sample snapshots.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, ClientHealth, ClientId, Cost, CostBasis, DayModel, Gap, History, HistoryPoint,
    HostMetrics, Issue, IssueKind, LifecycleChange, LifecycleEvent, PicoUsd, ProcId, Quantiles, RateLimit,
    RateLimitWindow, Session, SourceHealth, SourcePosition, Spend, StopReason, Timings, ToolTime, Totals, Usage,
};

use crate::sample::ids::{CLAUDE, CODEX, NOW, ago};

/// A cost at API prices.
pub(super) fn api_cost(usd: f64) -> Cost {
    Cost { amount: PicoUsd::from_usd(usd), basis: CostBasis::Api }
}

pub(super) fn system() -> HostMetrics {
    HostMetrics {
        cpus: 32,
        cpu_percent: Ok(17.2),
        memory_total: Ok(132_499_206_144),
        memory_available: Ok(78_214_098_944),
        swap_total: Ok(4_294_967_296),
        swap_used: Err(Gap::Denied),
        load: Err(Gap::Unsupported),
    }
}

pub(super) fn totals(sessions: &[Arc<Session>]) -> Totals {
    let mut totals = Totals { time_zone: "UTC".to_owned(), ..Totals::default() };
    for session in sessions {
        totals.usage += session.usage;
        totals.spend += session.spend;
        totals.turns += session.turns;
        for model in &session.models {
            let day = if session.started.is_some() { "2026-11-21" } else { "2026-11-20" }.to_owned();
            totals.by_client.push((session.client(), model.clone()));
            totals.by_model.push(model.clone());
            totals.by_day.push(DayModel { day, client: session.client(), spend: model.clone() });
        }
    }
    totals
}

/// Three responses in the last minute, and the same in every longer span.
pub(super) fn activity_rates() -> ActivityRates {
    let usage = Usage { input: 3_000, cache_read: 7_000, cache_write_5m: 500, output: 1_500, ..Usage::default() };
    let mut spend = Spend::default();
    spend.add(api_cost(0.25), usage.total());
    let over =
        |span| ActivityWindow { requests: 3, errors: 1, tool_calls: 7, usage, spend, ..ActivityWindow::empty(span) };
    ActivityRates {
        rolling: ActivityRates::ROLLING_SPANS.map(over),
        since_start: over(Duration::from_hours(2)),
        stops: vec![(StopReason::ToolUse, 2), (StopReason::EndTurn, 1)],
        compactions: 1,
    }
}

pub(super) fn timings() -> Timings {
    let spans = |seconds: &[u64]| Quantiles::of(seconds.iter().map(|&span| Duration::from_secs(span)));
    let tool =
        spans(&[1, 2, 90]).map(|times| ToolTime { client: ClientId::new("claude"), tool: "Ba\u{1b}sh".into(), times });
    Timings { tools: tool.into_iter().collect(), turn: spans(&[30]), ..Timings::default() }
}

pub(super) fn history() -> History {
    let mut history = History::default();
    for (seconds, cpu_percent) in [(3, 12.5), (0, 17.4)] {
        history.push(HistoryPoint {
            at: ago(seconds),
            agents: 3,
            busy: 2,
            active: 0,
            cpu_percent,
            memory: 726_491_392,
            fresh_tokens_per_minute: 900.0,
            tokens_per_minute: 12_000.0,
        });
    }
    history
}

pub(super) fn lifecycle(change: LifecycleChange, pid: u32) -> LifecycleEvent {
    let process = ProcId { pid, started: 1000 };
    LifecycleEvent { at: ago(30), change, process, client: CODEX, label: "codex".into(), project: Some("shop".into()) }
}

pub(super) fn rate_limit() -> RateLimit {
    RateLimit {
        limit: "codex".into(),
        plan: Some("plus".into()),
        windows: vec![
            RateLimitWindow { minutes: 300, used_percent: 41.5, resets_at: Some(NOW.plus(Duration::from_mins(90))) },
            RateLimitWindow { minutes: 10_080, used_percent: f64::NAN, resets_at: None },
        ],
    }
}

/// Source health with a locked database and a locked ledger.
pub static DEGRADED_HEALTH: LazyLock<SourceHealth> = LazyLock::new(|| {
    let issue = |path: &str| Issue {
        path: PathBuf::from(path),
        place: None,
        kind: IssueKind::Database,
        detail: "cannot be opened: database is locked".to_owned(),
    };
    let mut health = health();
    health.clients[0].issues.push(issue("/home/u/opencode.db"));
    health.clients[0].issues_total += 1;
    health.ledger.push(issue("/home/u/.agtop/ledger.db"));
    health
});

pub(super) fn health() -> SourceHealth {
    let issue = |place, kind| Issue {
        path: PathBuf::from("/home/u/.claude/projects/p/s.jsonl"),
        place,
        kind,
        detail: "expected value at column 17".to_owned(),
    };
    let claude = ClientHealth {
        client: CLAUDE,
        stores: vec![],
        sessions: 3,
        records: 900,
        duplicates: 40,
        issues: vec![
            issue(Some(SourcePosition::Byte(4096)), IssueKind::Malformed),
            issue(None, IssueKind::Changed),
            issue(Some(SourcePosition::Row { table: "message", rowid: 7 }), IssueKind::OutOfRange),
        ],
        issues_total: 4,
        versions: vec!["2.1.7".to_owned()],
    };
    SourceHealth { clients: vec![claude], ..SourceHealth::default() }
}
