//! Simulated agents, for trying the screen, for pictures of it, and for tests. A snapshot depends on the elapsed time and
//! on nothing else.

mod agents;
mod aggregates;
mod base;
mod catalog;
mod host;
mod moment;
mod random;
pub mod sample;
mod sessions;
pub mod usage;

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{BillingPlan, Snapshot, Timestamp};
use jiff::tz::TimeZone;

use crate::moment::DemoMoment;

/// A simulated machine.
#[derive(Clone, Debug)]
pub struct Demo {
    /// When the demo begins.
    pub start: Timestamp,
    /// The zone in which its days begin.
    pub zone: TimeZone,
    /// Live agents.
    pub agents: usize,
    /// Sessions; at least one for each agent.
    pub sessions: usize,
    /// Who pays for them.
    pub plan: BillingPlan,
}

/// 2026-11-21 12:30 UTC, for demos and tests that must not depend on the present day.
pub const DEMO_START: Timestamp = Timestamp::from_millis(1_795_264_200_000);

/// A snapshot of that many agents and sessions, 90 seconds after [`DEMO_START`].
pub fn crowd(agents: usize, sessions: usize) -> Snapshot {
    Demo { start: DEMO_START, zone: TimeZone::UTC, agents, sessions, plan: BillingPlan::Retail }
        .snapshot(Duration::from_secs(90))
}

impl Demo {
    /// The demo that `agtop --demo` shows.
    pub fn usual(start: Timestamp, zone: TimeZone) -> Self {
        Self { start, zone, agents: 14, sessions: 60, plan: BillingPlan::Retail }
    }

    /// The snapshot at that time after the start.
    pub fn snapshot(&self, elapsed: Duration) -> Snapshot {
        let now = self.start.plus(elapsed);
        let moment = DemoMoment { now, elapsed: elapsed.as_secs_f64(), zone: &self.zone, plan: self.plan };
        let sessions: Vec<_> = (0..self.sessions.max(self.agents))
            .map(|at| Arc::new(sessions::session(&moment, at, self.agents)))
            .collect();
        let agents: Vec<_> = sessions
            .iter()
            .take(self.agents)
            .enumerate()
            .map(|(at, session)| agents::agent(&moment, at, session))
            .collect();
        let mut processes: Vec<_> = agents.iter().map(|agent| Arc::clone(&agent.process)).collect();
        processes.extend(agents.iter().flat_map(agents::helpers));
        let totals = aggregates::totals(&moment, &self.zone, &sessions);
        let rates = aggregates::rates(&agents, moment.elapsed);
        let mut newest_first = sessions;
        newest_first.sort_by_key(|session| std::cmp::Reverse(session.last_active));
        Snapshot {
            now,
            system: Some(Arc::new(host::system(&moment))),
            processes: processes.into(),
            cpu_percents: Arc::default(),
            timings: Arc::new(aggregates::timings(&agents)),
            history: Arc::new(aggregates::history(&moment, &agents, &rates)),
            lifecycle_events: host::lifecycle_events(&agents, &moment).into(),
            rate_limits: if agents.is_empty() { [].into() } else { host::rate_limits(&moment).into() },
            health: Arc::new(host::health(self.agents)),
            agents: agents.into_iter().map(Arc::new).collect(),
            sessions: newest_first.into(),
            totals: Arc::new(totals),
            rates: Arc::new(rates),
            prices: "2026-11-20 (bundled)".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_same_snapshot_in_every_run() {
        let demo = Demo::usual(DEMO_START, TimeZone::UTC);
        let at = Duration::from_secs(33);
        assert_eq!(format!("{:?}", demo.snapshot(at)), format!("{:?}", demo.snapshot(at)));
    }

    #[test]
    fn usage_grows_with_time() {
        let demo = Demo::usual(DEMO_START, TimeZone::UTC);
        let totals = [0, 10, 60, 600].map(|at| demo.snapshot(Duration::from_secs(at)).totals.usage.total());
        assert!(totals.is_sorted() && totals[0] < totals[3], "{totals:?}");
    }

    #[test]
    fn a_demo_has_the_requested_number_of_agents_and_sessions() {
        for (agents, sessions) in [(0, 0), (1, 1), (30, 100), (1000, 20_000)] {
            let snapshot = crowd(agents, sessions);
            assert_eq!((snapshot.agents.len(), snapshot.sessions.len()), (agents, sessions));
        }
    }
}
