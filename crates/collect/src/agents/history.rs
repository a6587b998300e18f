use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{ActivityRates, Agent, History, HistoryPoint, Liveness, Timestamp};

/// What all agents came to over time.
#[derive(Debug, Default)]
pub(crate) struct Record {
    history: Arc<History>,
    noted_at: Option<Instant>,
}

/// Snapshots may follow each other faster than anybody wants to see points.
const SHORTEST: Duration = Duration::from_millis(400);

impl Record {
    /// Adds a point, unless the last one is too young.
    pub(crate) fn note(&mut self, agents: &[Agent], paces: &ActivityRates, at: Timestamp) {
        if self.noted_at.is_some_and(|noted| noted.elapsed() < SHORTEST) {
            return;
        }
        self.noted_at = Some(Instant::now());
        Arc::make_mut(&mut self.history).push(point(agents, paces, at));
    }

    /// The points so far.
    pub(crate) fn so_far(&self) -> Arc<History> {
        Arc::clone(&self.history)
    }
}

/// What all agents come to. A process that is several agents counts once.
fn point(agents: &[Agent], paces: &ActivityRates, at: Timestamp) -> HistoryPoint {
    let live = || agents.iter().filter(|agent| agent.liveness == Liveness::Live);
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
