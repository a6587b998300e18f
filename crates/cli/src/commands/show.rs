use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agtop_collect::Collector;
use agtop_hooks::SpoolAccess;
use agtop_model::{Agent, SessionKey, Snapshot, Timestamp};
use anyhow::Result;
use tracing::debug;

use crate::plan::{Show, Thresholds};
use crate::{progress, stderr};

/// All agents together use more processor time than was allowed.
const CPU_PASSED: u8 = 3;
/// All agents together use more tokens of input and output per minute than was allowed.
const TOKENS_PASSED: u8 = 4;

/// Prints as many snapshots as were asked for, or until a threshold is passed.
pub(super) fn run(show: Show, out: &mut dyn Write) -> Result<ExitCode> {
    let mut collector = Collector::new(show.settings, agtop_os::native(), show.book);
    if let Some(places) = &show.hooks {
        // Who looks a few times leaves what waits to who stays.
        let reading = if show.iterations.is_some() { SpoolAccess::Peek } else { SpoolAccess::Take };
        super::hear(&mut collector, places, reading);
    }
    if let Some(warning) = show.iterations.and_then(|snapshots| too_short(show.thresholds, snapshots, show.interval)) {
        stderr::say(warning);
    }
    let mut guard = Guard::new(show.thresholds);
    let mut code = ExitCode::SUCCESS;
    for round in 0..show.iterations.unwrap_or(u64::MAX) {
        if round > 0 {
            std::thread::sleep(show.interval);
            write!(out, "{}", show.divider)?;
        }
        let started = Instant::now();
        let snapshot = progress::shown(collector.progress_reporter(), || collector.refresh());
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

/// Snapshots over which the rate of tokens is averaged, or more where they do not cover [`MIN_RATE_SPAN`].
const RATE_OVER: usize = 20;
/// A rate over a shorter time says that a response has come, and not how many do.
const MIN_RATE_SPAN: Duration = Duration::from_secs(30);

/// What is said where so many snapshots end before there is a rate that could pass the threshold.
fn too_short(thresholds: Thresholds, snapshots: u64, interval: Duration) -> Option<String> {
    let most = thresholds.tokens_per_minute?;
    let covered = interval.as_secs_f64() * snapshots.saturating_sub(1) as f64;
    (covered < MIN_RATE_SPAN.as_secs_f64()).then(|| {
        format!(
            "--threshold-tokens-rate {most} cannot be exceeded: {snapshots} snapshots, {} seconds apart, cover {covered} \
             seconds, and a rate needs {}",
            interval.as_secs_f64(),
            MIN_RATE_SPAN.as_secs()
        )
    })
}

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
        self.meter.note(snapshot.now, fresh_tokens(snapshot));
        let passed = |code, what: &str, now: f64, most: f64| Passed {
            code,
            message: format!("{what}: {now:.0}, more than {most}"),
        };
        let rate = self.meter.tokens_per_minute();
        let over_cpu = self.thresholds.cpu.filter(|&most| cpu > most);
        let over_rate = self.thresholds.tokens_per_minute.zip(rate).filter(|&(most, rate)| rate > most);
        over_cpu.map(|most| passed(CPU_PASSED, "processor use of all agents in percent", cpu, most)).or_else(|| {
            over_rate
                .map(|(most, rate)| passed(TOKENS_PASSED, "input + output tokens per minute of all agents", rate, most))
        })
    }
}

/// What each session of a live agent has used, as every rate counts it: without caches, which a long prompt is read from
/// again with each response.
fn fresh_tokens(snapshot: &Snapshot) -> HashMap<SessionKey, u64> {
    let sessions = snapshot.agents.iter().filter_map(|agent| agent.session.as_ref());
    sessions.map(|session| (session.key.clone(), session.usage.fresh())).collect()
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
        let covers =
            |first: Option<&(Timestamp, u64)>| first.is_some_and(|(first, _)| at.since(*first) >= MIN_RATE_SPAN);
        while self.growth.len() > RATE_OVER + 1 && covers(self.growth.get(1)) {
            self.growth.pop_front();
        }
        self.totals = totals;
    }

    /// `None` until enough time has passed.
    fn tokens_per_minute(&self) -> Option<f64> {
        let span = self.growth.back()?.0.since(self.growth.front()?.0);
        let growth: u64 = self.growth.iter().skip(1).map(|(_, growth)| growth).sum();
        (span >= MIN_RATE_SPAN).then(|| growth as f64 / span.as_secs_f64() * 60.0)
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;
    use agtop_model::ClientId;

    use super::*;

    /// Tokens per minute after snapshots half a minute apart, each with these sessions' totals.
    fn rate(snapshots: &[&[(&str, u64)]]) -> f64 {
        rate_every(30_000, snapshots).unwrap()
    }

    fn rate_every(millis: usize, snapshots: &[&[(&str, u64)]]) -> Option<f64> {
        let mut meter = Meter::default();
        for (at, totals) in (0..).step_by(millis).zip(snapshots) {
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

    /// A watch for 20,000 tokens a minute ended with code 4 over an agent that made 1,000: its prompt of 40,000 tokens was
    /// read from the cache again with each response.
    #[test]
    fn cache_reads_are_no_rate() {
        let snapshot = demo::crowd(3, 5);
        let sessions: Vec<_> = snapshot.agents.iter().filter_map(|agent| agent.session.as_ref()).collect();
        assert!(sessions.iter().any(|session| session.usage.cache_read > 0));
        let counted = fresh_tokens(&snapshot);
        for session in sessions {
            assert_eq!(counted[&session.key], session.usage.input + session.usage.output, "{}", session.key.id);
        }
    }

    #[test]
    fn one_snapshot_has_no_rate() {
        assert_eq!(rate_every(30_000, &[&[("a", 1000)]]), None);
    }

    /// `--watch -n 3 -i 1 --threshold-tokens-rate 1` ended with code 0 and without a word, whatever was used.
    #[test]
    fn a_watch_that_is_too_short_for_a_rate_says_so() {
        let rate = Thresholds { cpu: None, tokens_per_minute: Some(1.0) };
        let second = Duration::from_secs(1);
        let said = too_short(rate, 3, second).unwrap();
        assert_eq!(
            said,
            "--threshold-tokens-rate 1 cannot be exceeded: 3 snapshots, 1 seconds apart, cover 2 seconds, and a rate \
             needs 30"
        );
        assert!(too_short(rate, 30, second).is_some());
        assert_eq!(too_short(rate, 31, second), None);
        assert_eq!(too_short(Thresholds { cpu: Some(1.0), tokens_per_minute: None }, 3, second), None);
    }

    /// With a second between snapshots, one response of 6,000 tokens was 360,000 a minute, and ended the watch.
    #[test]
    fn one_response_is_no_rate() {
        let before: &[(&str, u64)] = &[("a", 1000)];
        let after: &[(&str, u64)] = &[("a", 7000)];
        let mut snapshots = vec![before, after];
        assert_eq!(rate_every(1000, &snapshots), None);
        snapshots.resize(31, after);
        assert_eq!(rate_every(1000, &snapshots), Some(12_000.0));
        snapshots.resize(32, after);
        assert_eq!(rate_every(1000, &snapshots), Some(0.0), "the response is out of the window");
    }
}
