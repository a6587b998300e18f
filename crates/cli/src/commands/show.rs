//! Printed snapshots: `--once`, `--list`, `--json`, `--csv` and `--watch`.

use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_hooks::SpoolAccess;
use agtop_model::{Agent, SessionKey, Snapshot, Timestamp};
use anyhow::Result;
use tracing::debug;

use crate::plan::{GuardThresholds, ShowPlan};
use crate::source_issues::report_broken_sources;
use crate::stderr;
use crate::usage_reader::UsageReader;

/// The exit code if all agents together exceed the threshold of processor use.
const EXIT_OVER_CPU: u8 = 3;
/// The exit code if all agents together exceed the threshold of tokens per minute.
const EXIT_OVER_TOKENS: u8 = 4;

/// Prints snapshots, until their number is reached or a threshold is exceeded.
pub(super) fn run(plan: ShowPlan, out: &mut dyn Write) -> Result<ExitCode> {
    let mut reader = UsageReader::new(plan.source, plan.prices.load()?);
    if let Some(dirs) = &plan.hooks {
        // A run that ends by itself leaves waiting events to one that stays.
        let spool = if plan.iterations.is_some() { SpoolAccess::Peek } else { SpoolAccess::Take };
        reader.attach_hooks(dirs, spool);
    }
    if let Some(warning) =
        plan.iterations.and_then(|snapshots| short_watch_warning(plan.thresholds, snapshots, plan.interval))
    {
        stderr::print_message(warning);
    }
    let mut guard = Guard::new(plan.thresholds);
    let mut code = ExitCode::SUCCESS;
    for round in 0..plan.iterations.unwrap_or(u64::MAX) {
        if round > 0 {
            std::thread::sleep(plan.interval);
            write!(out, "{}", plan.divider)?;
        }
        let started = Instant::now();
        let snapshot = reader.snapshot();
        debug!(sessions = snapshot.sessions.len(), agents = snapshot.agents.len(), took = ?started.elapsed(), "snapshot");
        plan.format.write(&snapshot, &plan.view, out)?;
        out.flush()?;
        if round == 0 {
            report_broken_sources(&snapshot.health);
        }
        if let Some(exceeded) = guard.check(&snapshot) {
            stderr::print_message(&exceeded.message);
            code = ExitCode::from(exceeded.code);
            break;
        }
    }
    reader.finish();
    // The operating system frees the memory of this process faster than destructors do.
    std::mem::forget(reader);
    Ok(code)
}

/// Snapshots over which the rate of tokens is averaged; more of them if they do not cover [`MIN_RATE_SPAN`].
const RATE_SNAPSHOTS: usize = 20;
/// Over a shorter time a single response would decide the rate.
const MIN_RATE_SPAN: Duration = Duration::from_secs(30);

/// The warning if this number of snapshots ends before there is a rate to compare with the threshold.
fn short_watch_warning(thresholds: GuardThresholds, snapshots: u64, interval: Duration) -> Option<String> {
    let max = thresholds.tokens_per_minute?;
    let covered = interval.as_secs_f64() * snapshots.saturating_sub(1) as f64;
    (covered < MIN_RATE_SPAN.as_secs_f64()).then(|| {
        format!(
            "--threshold-tokens-rate {max} cannot be exceeded: {snapshots} snapshots, {} seconds apart, cover {covered} \
             seconds, and a rate needs {}",
            interval.as_secs_f64(),
            MIN_RATE_SPAN.as_secs()
        )
    })
}

/// Compares snapshots with the thresholds.
struct Guard {
    thresholds: GuardThresholds,
    rate: TokenRateMeter,
}

/// A threshold that is exceeded.
struct ExceededThreshold {
    code: u8,
    message: String,
}

impl Guard {
    fn new(thresholds: GuardThresholds) -> Self {
        Self { thresholds, rate: TokenRateMeter::default() }
    }

    fn check(&mut self, snapshot: &Snapshot) -> Option<ExceededThreshold> {
        let cpu: f64 = Agent::each_process(snapshot.agents.iter().map(Arc::as_ref))
            .filter_map(|agent| agent.cpu_percent.ok())
            .sum();
        self.rate.note(snapshot.now, fresh_tokens(snapshot));
        let exceeded = |code, what: &str, now: f64, max: f64| ExceededThreshold {
            code,
            message: format!("{what}: {now:.0}, more than {max}"),
        };
        let rate = self.rate.tokens_per_minute();
        let over_cpu = self.thresholds.cpu_percent.filter(|&max| cpu > max);
        let over_rate = self.thresholds.tokens_per_minute.zip(rate).filter(|&(max, rate)| rate > max);
        over_cpu.map(|max| exceeded(EXIT_OVER_CPU, "processor use of all agents in percent", cpu, max)).or_else(|| {
            over_rate.map(|(max, rate)| {
                exceeded(EXIT_OVER_TOKENS, "input + output tokens per minute of all agents", rate, max)
            })
        })
    }
}

/// The tokens of each live agent's session that rates count: not those of caches, from which a long prompt is read
/// again for each response.
fn fresh_tokens(snapshot: &Snapshot) -> HashMap<SessionKey, u64> {
    let sessions = snapshot.agents.iter().filter_map(|agent| agent.session.as_ref());
    sessions.map(|session| (session.key.clone(), session.usage.fresh())).collect()
}

/// Measures tokens per minute over the last snapshots.
#[derive(Default)]
struct TokenRateMeter {
    totals: HashMap<SessionKey, u64>,
    /// The times of snapshots, each with the growth since the previous one.
    growth: VecDeque<(Timestamp, u64)>,
}

impl TokenRateMeter {
    /// The usage of a session before its first snapshot is not growth, and the end of a session is not a loss.
    fn note(&mut self, at: Timestamp, totals: HashMap<SessionKey, u64>) {
        let growth = totals.iter().filter_map(|(key, now)| Some(now.saturating_sub(*self.totals.get(key)?)));
        self.growth.push_back((at, growth.sum()));
        let covers =
            |first: Option<&(Timestamp, u64)>| first.is_some_and(|(first, _)| at.since(*first) >= MIN_RATE_SPAN);
        while self.growth.len() > RATE_SNAPSHOTS + 1 && covers(self.growth.get(1)) {
            self.growth.pop_front();
        }
        self.totals = totals;
    }

    /// `None` until the snapshots cover [`MIN_RATE_SPAN`].
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
        let mut meter = TokenRateMeter::default();
        for (at, totals) in (0..).step_by(millis).zip(snapshots) {
            let key = |id: &str| SessionKey::new(ClientId::new("claude"), id);
            meter.note(Timestamp::from_millis(at), totals.iter().map(|&(id, total)| (key(id), total)).collect());
        }
        meter.tokens_per_minute()
    }

    #[test]
    fn tokens_per_minute_are_growth_divided_by_time() {
        assert!((rate(&[&[("a", 100)], &[("a", 200)], &[("a", 400)]]) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn agents_that_start_and_end_are_not_growth() {
        let snapshots: &[&[(&str, u64)]] = &[&[("a", 100), ("b", 9000)], &[("a", 150)], &[("a", 150), ("c", 70_000)]];
        assert!((rate(snapshots) - 50.0).abs() < 1e-9);
    }

    /// A threshold of 20,000 tokens a minute was exceeded by an agent that used 1,000: its prompt of 40,000 tokens was
    /// read from the cache again for each response.
    #[test]
    fn cache_reads_do_not_count_for_the_rate() {
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

    /// `--watch -n 3 -i 1 --threshold-tokens-rate 1` always ended with code 0 and without a message.
    #[test]
    fn a_watch_that_is_too_short_for_a_rate_prints_a_warning() {
        let rate = GuardThresholds { cpu_percent: None, tokens_per_minute: Some(1.0) };
        let second = Duration::from_secs(1);
        let warning = short_watch_warning(rate, 3, second).unwrap();
        assert_eq!(
            warning,
            "--threshold-tokens-rate 1 cannot be exceeded: 3 snapshots, 1 seconds apart, cover 2 seconds, and a rate \
             needs 30"
        );
        assert!(short_watch_warning(rate, 30, second).is_some());
        assert_eq!(short_watch_warning(rate, 31, second), None);
        assert_eq!(
            short_watch_warning(GuardThresholds { cpu_percent: Some(1.0), tokens_per_minute: None }, 3, second),
            None
        );
    }

    /// With a second between snapshots, one response of 6,000 tokens was a rate of 360,000 a minute, and ended the
    /// watch.
    #[test]
    fn one_response_does_not_make_a_rate() {
        let before: &[(&str, u64)] = &[("a", 1000)];
        let after: &[(&str, u64)] = &[("a", 7000)];
        let mut snapshots = vec![before, after];
        assert_eq!(rate_every(1000, &snapshots), None);
        snapshots.resize(31, after);
        assert_eq!(rate_every(1000, &snapshots), Some(12_000.0));
        snapshots.resize(32, after);
        assert_eq!(rate_every(1000, &snapshots), Some(0.0), "the response is older than the window");
    }
}
