use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use agtop_collect::Collector;
use agtop_hooks::Reading;
use agtop_model::{Agent, SessionKey, Snapshot, Timestamp};
use anyhow::Result;
use tracing::debug;

use crate::plan::{Show, Thresholds};
use crate::{progress, stderr};

/// All agents together use more processor time than was allowed.
const CPU_PASSED: u8 = 3;
/// All agents together use more tokens per minute than was allowed.
const TOKENS_PASSED: u8 = 4;

/// Prints as many snapshots as were asked for, or until a threshold is passed.
pub(super) fn run(show: Show, out: &mut dyn Write) -> Result<ExitCode> {
    let mut collector = Collector::new(show.settings, agtop_os::native(), show.book);
    if let Some(places) = &show.hooks {
        // Who looks a few times leaves what waits to who stays.
        let reading = if show.iterations.is_some() { Reading::Peeks } else { Reading::Takes };
        super::hear(&mut collector, places, reading);
    }
    let mut guard = Guard::new(show.thresholds);
    let mut code = ExitCode::SUCCESS;
    for round in 0..show.iterations.unwrap_or(u64::MAX) {
        if round > 0 {
            std::thread::sleep(show.interval);
            write!(out, "{}", show.divider)?;
        }
        let started = Instant::now();
        let snapshot = progress::shown(collector.watch(), || collector.refresh());
        debug!(sessions = snapshot.sessions.len(), agents = snapshot.agents.len(), took = ?started.elapsed(), "snapshot");
        show.surface.write(&snapshot, &show.view, out)?;
        out.flush()?;
        if round == 0 {
            super::tell_broken_sources(&snapshot.health);
        }
        if let Some(passed) = guard.look(&snapshot) {
            stderr::say(&passed.message);
            code = ExitCode::from(passed.code);
            break;
        }
    }
    super::remember(&mut collector);
    // The operating system takes the memory back faster than we would give it back piece by piece.
    std::mem::forget(collector);
    Ok(code)
}

/// Snapshots over which the rate of tokens is averaged.
const RATE_OVER: usize = 20;

/// Watches for thresholds.
struct Guard {
    thresholds: Thresholds,
    meter: Meter,
}

/// A threshold that was passed.
struct Passed {
    code: u8,
    message: String,
}

impl Guard {
    fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, meter: Meter::default() }
    }

    fn look(&mut self, snapshot: &Snapshot) -> Option<Passed> {
        let cpu: f64 = Agent::each_process(snapshot.agents.iter()).filter_map(|agent| agent.cpu_percent.ok()).sum();
        let sessions = snapshot.agents.iter().filter_map(|agent| agent.session.as_ref());
        self.meter.note(snapshot.now, sessions.map(|session| (session.key.clone(), session.usage.total())).collect());
        let passed = |code, what: &str, now: f64, most: f64| Passed {
            code,
            message: format!("{what}: {now:.0}, more than {most}"),
        };
        let rate = self.meter.tokens_per_minute();
        let over_cpu = self.thresholds.cpu.filter(|&most| cpu > most);
        let over_rate = self.thresholds.tokens_per_minute.filter(|&most| rate > most);
        over_cpu
            .map(|most| passed(CPU_PASSED, "processor use of all agents in percent", cpu, most))
            .or_else(|| over_rate.map(|most| passed(TOKENS_PASSED, "tokens per minute of all agents", rate, most)))
    }
}

/// Measures tokens per minute over the last snapshots.
#[derive(Default)]
struct Meter {
    totals: HashMap<SessionKey, u64>,
    /// Moments, with the growth up to each since the one before.
    growth: VecDeque<(Timestamp, u64)>,
}

impl Meter {
    /// What a session used before it was first seen is no growth, nor is one that ends a loss.
    fn note(&mut self, at: Timestamp, totals: HashMap<SessionKey, u64>) {
        let growth = totals.iter().filter_map(|(key, now)| Some(now.saturating_sub(*self.totals.get(key)?)));
        self.growth.push_back((at, growth.sum()));
        if self.growth.len() > RATE_OVER + 1 {
            self.growth.pop_front();
        }
        self.totals = totals;
    }

    fn tokens_per_minute(&self) -> f64 {
        let (Some(first), Some(last)) = (self.growth.front(), self.growth.back()) else { return 0.0 };
        let minutes = last.0.since(first.0).as_secs_f64() / 60.0;
        let growth: u64 = self.growth.iter().skip(1).map(|(_, growth)| growth).sum();
        if minutes > 0.0 { growth as f64 / minutes } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::ClientId;

    use super::*;

    /// Tokens per minute after snapshots half a minute apart, each with these sessions' totals.
    fn rate(snapshots: &[&[(&str, u64)]]) -> f64 {
        let mut meter = Meter::default();
        for (at, totals) in (0..).step_by(30_000).zip(snapshots) {
            let key = |id: &str| SessionKey::new(ClientId::new("claude"), id);
            meter.note(Timestamp::from_millis(at), totals.iter().map(|&(id, total)| (key(id), total)).collect());
        }
        meter.tokens_per_minute()
    }

    #[test]
    fn tokens_per_minute_are_growth_over_time() {
        assert!((rate(&[&[("a", 100)], &[("a", 200)], &[("a", 400)]]) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn agents_that_come_and_go_are_no_growth() {
        let snapshots: &[&[(&str, u64)]] = &[&[("a", 100), ("b", 9000)], &[("a", 150)], &[("a", 150), ("c", 70_000)]];
        assert!((rate(snapshots) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn one_snapshot_has_no_rate() {
        assert!(rate(&[&[("a", 1000)]]).abs() < 1e-9);
    }
}
