//! Made-up agents at work, for trying the screen, for pictures of it, and for tests: what they do is a function of how
//! much time has passed, and of nothing else.

mod agents;
mod cast;
mod ledger;
pub mod sample;
mod sessions;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    BillingPlan, ClientHealth, Gap, HostMetrics, Issue, IssueKind, LifecycleChange, LifecycleEvent, ProcId, RateLimit,
    RateLimitWindow, Snapshot, SourceHealth, Timestamp,
};
use jiff::tz::TimeZone;

/// A made-up machine.
#[derive(Clone, Debug)]
pub struct Demo {
    /// When it was switched on.
    pub start: Timestamp,
    /// The zone in which its days begin.
    pub zone: TimeZone,
    /// Live agents.
    pub agents: usize,
    /// Conversations; at least one for each agent.
    pub sessions: usize,
    /// Who pays for them.
    pub plan: BillingPlan,
}

/// 2026-11-21 12:30 UTC, for what must not depend on the day.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_264_200_000);

/// A machine with so many agents and sessions, at a fixed moment.
pub fn crowd(agents: usize, sessions: usize) -> Snapshot {
    Demo { start: NOON, zone: TimeZone::UTC, agents, sessions, plan: BillingPlan::Retail }
        .snapshot(Duration::from_secs(90))
}

impl Demo {
    /// What `--demo` shows.
    pub fn usual(start: Timestamp, zone: TimeZone) -> Self {
        Self { start, zone, agents: 14, sessions: 60, plan: BillingPlan::Retail }
    }

    /// The machine after that much time.
    pub fn snapshot(&self, elapsed: Duration) -> Snapshot {
        let now = self.start.plus(elapsed);
        let scene = Scene { now, elapsed: elapsed.as_secs_f64(), zone: &self.zone, plan: self.plan };
        let sessions: Vec<_> = (0..self.sessions.max(self.agents))
            .map(|at| Arc::new(sessions::session(&scene, at, self.agents)))
            .collect();
        let agents: Vec<_> = sessions
            .iter()
            .take(self.agents)
            .enumerate()
            .map(|(at, session)| agents::agent(&scene, at, session))
            .collect();
        let mut processes: Vec<_> = agents.iter().map(|agent| Arc::clone(&agent.process)).collect();
        processes.extend(agents.iter().flat_map(agents::helpers));
        let totals = ledger::totals(&scene, &self.zone, &sessions);
        let paces = ledger::paces(&agents, scene.elapsed);
        let mut newest_first = sessions;
        newest_first.sort_by_key(|session| std::cmp::Reverse(session.last_active));
        Snapshot {
            now,
            system: Some(Arc::new(system(&scene))),
            processes: processes.into(),
            cpu_percents: Arc::default(),
            timings: Arc::new(ledger::timings(&agents)),
            history: Arc::new(ledger::history(&scene, &agents, &paces)),
            lifecycle_events: lifecycle_events(&agents, &scene).into(),
            rate_limits: if agents.is_empty() { [].into() } else { rate_limits(&scene).into() },
            health: Arc::new(health(self.agents)),
            agents: agents.into(),
            sessions: newest_first.into(),
            totals: Arc::new(totals),
            rates: Arc::new(paces),
            prices: "2026-11-20 (bundled)".into(),
        }
    }
}

/// A moment of the play.
struct Scene<'a> {
    now: Timestamp,
    /// Seconds since the curtain rose.
    elapsed: f64,
    zone: &'a TimeZone,
    /// Who pays.
    plan: BillingPlan,
}

impl Scene<'_> {
    fn ago(&self, seconds: f64) -> Timestamp {
        self.now.minus(Duration::from_secs_f64(seconds.max(0.0)))
    }

    /// Days from 1970-01-01 until then.
    fn day(&self, at: Timestamp) -> Option<i32> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some((at.to_zoned(self.zone.clone()).date() - jiff::civil::date(1970, 1, 1)).get_days())
    }
}

/// A number from 0 to 1 that is always the same for the same roll (`SplitMix64`).
fn dice(actor: usize, roll: u64) -> f64 {
    let mut z =
        (actor as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(roll.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number of pieces.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and saturating is right")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

/// One of the list, the same for the same actor and roll.
fn pick<T: Copy>(list: &[T], actor: usize, roll: u64) -> Option<T> {
    let at = whole(dice(actor, roll) * list.len() as f64);
    list.get(usize::try_from(at).unwrap_or(0)).copied()
}

fn system(scene: &Scene) -> HostMetrics {
    HostMetrics {
        cpus: 16,
        cpu_percent: Ok(22.0 + 9.0 * (scene.elapsed / 11.0).sin()),
        memory_total: Ok(68_719_476_736),
        memory_available: Ok(41_000_000_000),
        swap_total: Ok(4_294_967_296),
        swap_used: Ok(120_000_000),
        load: Ok([3.1, 2.8, 2.4]),
    }
}

fn rate_limits(scene: &Scene) -> Vec<(agtop_model::ClientId, Timestamp, RateLimit)> {
    let window = |minutes: u32, used: f64, left: u64| RateLimitWindow {
        minutes,
        used_percent: used,
        resets_at: Some(scene.now.plus(Duration::from_secs(left))),
    };
    let limit = |name: &str, plan: &str, windows| RateLimit { limit: name.into(), plan: Some(plan.into()), windows };
    let growth = (scene.elapsed / 60.0).min(20.0);
    vec![
        (
            cast::CLAUDE,
            scene.ago(20.0),
            limit("claude", "max", vec![window(300, 64.0 + growth, 5_040), window(10_080, 31.0, 280_000)]),
        ),
        (
            cast::CODEX,
            scene.ago(75.0),
            limit("codex", "plus", vec![window(300, 22.0 + growth / 2.0, 11_000), window(10_080, 57.0, 402_000)]),
        ),
    ]
}

fn lifecycle_events(agents: &[agtop_model::Agent], scene: &Scene) -> Vec<LifecycleEvent> {
    let recent = agents.iter().take(8).enumerate().map(|(at, agent)| LifecycleEvent {
        at: scene.ago(30.0 + 140.0 * at as f64),
        change: if at % 3 == 2 { LifecycleChange::Exited } else { LifecycleChange::Spawned },
        process: ProcId { pid: agent.process.id.pid, started: 1 },
        client: agent.client,
        label: agent.label.clone(),
        project: agent.session.as_ref().and_then(|session| session.project.clone()),
    });
    recent.collect()
}

/// One record that could not be read, so that this can be seen, too.
fn health(agents: usize) -> SourceHealth {
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
        client: cast::CODEX,
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

/// What nobody can know of a made-up process.
const UNKNOWN: Gap = Gap::NotReported;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_always_the_same() {
        let demo = Demo::usual(NOON, TimeZone::UTC);
        let at = Duration::from_secs(33);
        assert_eq!(format!("{:?}", demo.snapshot(at)), format!("{:?}", demo.snapshot(at)));
    }

    #[test]
    fn time_moves_and_usage_never_falls() {
        let demo = Demo::usual(NOON, TimeZone::UTC);
        let totals = [0, 10, 60, 600].map(|at| demo.snapshot(Duration::from_secs(at)).totals.usage.total());
        assert!(totals.is_sorted() && totals[0] < totals[3], "{totals:?}");
    }

    #[test]
    fn the_stage_is_as_full_as_was_asked_for() {
        for (agents, sessions) in [(0, 0), (1, 1), (30, 100), (1000, 20_000)] {
            let snapshot = crowd(agents, sessions);
            assert_eq!((snapshot.agents.len(), snapshot.sessions.len()), (agents, sessions));
        }
    }
}
