use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{ActivityRates, Agent, History, HistoryPoint, Liveness, Timestamp};

/// The sums over all agents, over time.
#[derive(Debug, Default)]
pub(crate) struct AgentHistory {
    history: Arc<History>,
    noted_at: Option<Instant>,
}

/// Time between two points, at least: snapshots may follow each other faster.
const MIN_POINT_GAP: Duration = Duration::from_millis(400);

impl AgentHistory {
    /// Adds a point, unless the last one is too recent.
    pub(crate) fn note(&mut self, agents: &[Arc<Agent>], paces: &ActivityRates, at: Timestamp) {
        if self.noted_at.is_some_and(|noted| noted.elapsed() < MIN_POINT_GAP) {
            return;
        }
        self.noted_at = Some(Instant::now());
        Arc::make_mut(&mut self.history).push(point(agents, paces, at));
    }

    /// The points so far.
    pub(crate) fn points(&self) -> Arc<History> {
        Arc::clone(&self.history)
    }
}

/// The sums over all agents. A process that has several rows counts once.
fn point(agents: &[Arc<Agent>], paces: &ActivityRates, at: Timestamp) -> HistoryPoint {
    let live = || agents.iter().map(Arc::as_ref).filter(|agent| agent.liveness == Liveness::Live);
    let count = |badge: Option<&str>| {
        let counted = live().filter(|agent| badge.is_none_or(|badge| agent.badge(at) == badge));
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    };
    let processes = || Agent::each_process(live());
    HistoryPoint {
        at,
        agents: count(None),
        busy: count(Some("busy")),
        active: count(Some("active")),
        cpu_percent: processes().filter_map(|agent| agent.cpu_percent.ok()).fold(0.0, std::ops::Add::add),
        memory: processes().filter_map(|agent| agent.process.rss.ok()).sum(),
        fresh_tokens_per_minute: paces.one_minute().fresh_tokens_per_minute().unwrap_or(0.0),
        tokens_per_minute: paces.one_minute().tokens_per_minute().unwrap_or(0.0),
    }
}
