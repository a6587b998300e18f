//! Simulated agents, for trying the screen, for pictures of it, and for tests. A snapshot depends on the elapsed time and
//! on nothing else.

mod agents;
mod aggregates;
mod base;
mod catalog;
mod host;
mod moment;
mod random;
mod responses;
pub mod sample;
mod sessions;
mod story;
pub mod usage;
mod usage_rows;

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{BillingPlan, Session, Snapshot, Timestamp, UsageTable};
use jiff::tz::TimeZone;

use crate::moment::DemoMoment;
pub use crate::responses::{DemoResponse, responses};

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
        let moment = self.moment(elapsed);
        let now = moment.now;
        let sessions = self.sessions_at(&moment);
        let agents: Vec<_> = sessions
            .iter()
            .take(self.agents)
            .enumerate()
            .map(|(at, session)| agents::agent(&moment, at, session))
            .collect();
        let mut processes: Vec<_> = agents.iter().map(|agent| Arc::clone(&agent.process)).collect();
        processes.extend(agents.iter().flat_map(agents::helpers));
        let totals = aggregates::totals(&moment, &sessions);
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

impl Demo {
    /// The usage of all time at that time after the start. It adds up to the totals of the [`snapshot`](Self::snapshot).
    pub fn usage_table(&self, elapsed: Duration) -> UsageTable {
        let moment = self.moment(elapsed);
        usage_rows::table(&moment, &self.sessions_at(&moment))
    }

    fn moment(&self, elapsed: Duration) -> DemoMoment<'_> {
        let now = self.start.plus(elapsed);
        DemoMoment { now, elapsed: elapsed.as_secs_f64(), zone: &self.zone, plan: self.plan }
    }

    fn sessions_at(&self, moment: &DemoMoment<'_>) -> Vec<Arc<Session>> {
        let sessions = 0..self.sessions.max(self.agents);
        sessions.map(|at| Arc::new(sessions::session(moment, at, self.agents))).collect()
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{ActivityKind, HistoryPoint};

    use super::*;

    #[test]
    fn a_moment_has_the_same_snapshot_in_every_run() {
        let demo = Demo::usual(DEMO_START, TimeZone::UTC);
        let at = Duration::from_secs(33);
        assert_eq!(format!("{:?}", demo.snapshot(at)), format!("{:?}", demo.snapshot(at)));
    }

    /// Sessions of Codex called tools of Claude Code, and one session spoke two languages.
    #[test]
    fn the_tools_of_a_session_are_those_of_its_agent() {
        let snapshot = crowd(40, 60);
        for session in snapshot.sessions.iter() {
            let own: Vec<&str> = match session.client().as_str() {
                "claude" => vec!["Bash", "Edit", "Read", "Grep", "Task", "code-reviewer", "test-writer"],
                "codex" => vec!["shell", "apply_patch"],
                "gemini" => vec!["run_shell_command", "replace", "read_file", "search_file_content"],
                "opencode" => vec!["bash", "edit", "read", "grep"],
                _ => vec![],
            };
            let called = session.recent.iter().filter_map(|activity| match &activity.kind {
                ActivityKind::Called { tool, .. } | ActivityKind::Returned { tool, .. } => Some(tool.raw()),
                _ => None,
            });
            let counted = session.tools.iter().map(|tool| tool.name.raw());
            let running = session.in_flight.iter().map(|running| running.name.raw());
            let all: Vec<&str> = called.chain(counted).chain(running).collect();
            assert!(all.iter().all(|tool| own.contains(tool)), "{}: {all:?}", session.client());
        }
    }

    #[test]
    fn the_activities_of_a_session_are_in_the_order_of_time_and_move_on() {
        let demo = Demo::usual(DEMO_START, TimeZone::UTC);
        let shown = |seconds: u64| demo.snapshot(Duration::from_secs(seconds));
        for seconds in [0, 3, 90, 91, 400, 4_000] {
            let snapshot = shown(seconds);
            for agent in snapshot.agents.iter() {
                let session = agent.session.as_ref().unwrap();
                let times: Vec<_> = session.recent.iter().map(|activity| activity.at.unwrap()).collect();
                assert!(times.is_sorted(), "{} {times:?}", session.status.as_str());
                assert!(times.last().is_none_or(|last| *last <= snapshot.now));
            }
        }
        let doing =
            |snapshot: &Snapshot| format!("{:?}", snapshot.agents[0].session.as_ref().unwrap().in_flight[0].target);
        assert_ne!(doing(&shown(90)), doing(&shown(99)));
    }

    #[test]
    fn the_usage_table_adds_up_to_the_totals() {
        for plan in [BillingPlan::Retail, BillingPlan::Max] {
            let demo = Demo { plan, ..Demo::usual(DEMO_START, TimeZone::UTC) };
            let at = Duration::from_secs(90);
            let (table, totals) = (demo.usage_table(at), demo.snapshot(at).totals);
            let sum: u64 = table.rows.iter().map(|row| row.usage.total()).sum();
            let turns: u64 = table.rows.iter().map(|row| row.turns).sum();
            let amount = table.rows.iter().map(|row| row.spend.amount.as_pico()).sum::<i64>();
            let of_totals = (totals.usage.total(), totals.turns, totals.spend.amount.as_pico());
            assert_eq!((sum, turns, amount), of_totals);
        }
    }

    /// The chart of tokens was a copy of the chart of processor use.
    #[test]
    fn the_series_of_tokens_is_not_that_of_the_processor() {
        let history = Demo::usual(DEMO_START, TimeZone::UTC).snapshot(Duration::from_mins(10)).history;
        let points: Vec<_> = history.points().collect();
        let of = |get: fn(&HistoryPoint) -> f64| points.iter().map(|point| get(point)).collect::<Vec<f64>>();
        let (cpu, tokens) = (of(|point| point.cpu_percent), of(|point| point.tokens_per_minute));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (mean_cpu, mean_tokens) = (mean(&cpu), mean(&tokens));
        let product: f64 = cpu.iter().zip(&tokens).map(|(c, t)| (c - mean_cpu) * (t - mean_tokens)).sum();
        let spread = |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
        let correlation = product / (spread(&cpu, mean_cpu) * spread(&tokens, mean_tokens));
        assert!(correlation.abs() < 0.7, "{correlation}");
        assert!(spread(&tokens, mean_tokens) > 0.0);
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
