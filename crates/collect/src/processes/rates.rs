use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{Agent, CpuTime, DiskIo, Gap, IoRate, ProcId, Process, Reading, Timestamp};

/// Computes rates from successive readings of the processes of agents and of everything below them.
#[derive(Debug, Default)]
pub(crate) struct ProcessRates {
    readings: HashMap<ProcId, ProcessReading>,
    /// When the last readings were taken.
    before: Option<ReadingTime>,
}

/// When the process table was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadingTime {
    /// By the monotonic clock, for spans.
    pub(crate) at: Instant,
    /// The same by the system's clock, in which start times are given.
    pub(crate) now: Timestamp,
    /// The start of the youngest process, in the unit of [`ProcId::started`].
    pub(crate) last_start: u64,
    /// The smallest step in which processor times rise.
    pub(crate) cpu_step: Duration,
}

/// The last readings of one process.
#[derive(Debug)]
struct ProcessReading {
    first_at: Instant,
    at: Instant,
    cpu: Reading<Duration>,
    io: Reading<DiskIo>,
    /// Processor use in percent of one processor, between the last two readings.
    measured: Reading<f64>,
    /// The same, smoothed: what the status of an agent depends on.
    cpu_percent: Reading<f64>,
    io_rate: Reading<IoRate>,
    history: VecDeque<f32>,
}

/// A rate over a shorter time says more about the clock than about the process.
const MIN_RATE_WINDOW: Duration = Duration::from_millis(50);
/// A rate of processor use spans at least this many steps of its clock, so that one step is one percent.
const MIN_CLOCK_STEPS: u32 = 100;
/// A process that works in bursts may be between two of them while a one-shot command measures. After this time, what
/// was measured is used unchanged.
const STEADY_AFTER: Duration = Duration::from_secs(1);
/// A rate over a shorter time may be off by this many percent, but not by more than itself.
const MAX_BURST_PERCENT: f64 = 4.0;
/// The lifetime average of a younger process is not used: start times are known to a second.
const MIN_LIFETIME: Duration = Duration::from_secs(5);

impl ProcessRates {
    /// Takes readings of these processes, and forgets all others.
    pub(crate) fn note<'p>(&mut self, processes: impl Iterator<Item = &'p Arc<Process>>, time: ReadingTime) {
        let mut readings = std::mem::take(&mut self.readings);
        for process in processes {
            let reading = match readings.remove(&process.id) {
                Some(reading) => reading.next(process, time),
                None => ProcessReading::first(process, time, self.before),
            };
            self.readings.insert(process.id, reading);
        }
        self.before = Some(time);
    }

    /// Fills in the rates of an agent's process.
    pub(crate) fn fill(&self, agent: &mut Agent) {
        let Some(reading) = self.readings.get(&agent.process.id) else { return };
        agent.cpu_percent = reading.cpu_percent;
        agent.io_rate = reading.io_rate;
        agent.cpu_history = reading.history.iter().copied().collect();
    }

    /// Processor use since the previous reading, in percent of one processor, of all processes for which it is known.
    pub(crate) fn cpu_percents(&self) -> HashMap<ProcId, f64> {
        self.readings.iter().filter_map(|(id, reading)| Some((*id, reading.measured.ok()?))).collect()
    }
}

impl ProcessReading {
    /// The first reading. A process that started after the previous reading has used all its time since then.
    fn first(process: &Process, time: ReadingTime, before: Option<ReadingTime>) -> Self {
        let cpu = process.cpu.map(CpuTime::total);
        let started_since = before.filter(|before| process.id.started > before.last_start);
        let window = started_since.map(|before| time.at.saturating_duration_since(before.at));
        let is_long_enough = |window: &Duration| *window >= MIN_RATE_WINDOW.max(time.cpu_step * MIN_CLOCK_STEPS);
        let since_start = window.filter(is_long_enough).ok_or(Gap::NotReported);
        let measured = cpu.and_then(|used| since_start.map(|window| percent(used, window)));
        Self {
            first_at: time.at,
            at: time.at,
            cpu,
            io: process.io,
            measured,
            cpu_percent: measured,
            io_rate: Err(process.io.err().unwrap_or(Gap::NotReported)),
            history: VecDeque::new(),
        }
    }

    fn next(self, process: &Process, time: ReadingTime) -> Self {
        let elapsed = time.at.saturating_duration_since(self.at);
        if elapsed < MIN_RATE_WINDOW {
            return self;
        }
        let average = lifetime_percent(process, time.now);
        if elapsed < time.cpu_step * MIN_CLOCK_STEPS {
            // The old reading stays, until enough steps lie between it and a later one.
            let or_average = |reading: Reading<f64>| reading.or_else(|gap| average.ok_or(gap));
            return Self { measured: or_average(self.measured), cpu_percent: or_average(self.cpu_percent), ..self };
        }
        let cpu = process.cpu.map(CpuTime::total);
        let measured = cpu.and_then(|now| Ok(percent(now.saturating_sub(self.cpu?), elapsed)));
        let is_steady = time.at.saturating_duration_since(self.first_at) >= STEADY_AFTER;
        let cpu_percent =
            measured.map(|used| average.filter(|_| !is_steady).map_or(used, |average| smoothed(used, average)));
        let seconds = elapsed.as_secs_f64();
        let io_rate = process.io.and_then(|now| {
            let before = self.io?;
            let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
            Ok(IoRate { read: rate(now.read, before.read), written: rate(now.written, before.written) })
        });
        let mut history = self.history;
        if history.len() == Agent::CPU_HISTORY {
            history.pop_front();
        }
        #[expect(clippy::cast_possible_truncation, reason = "a sparkline needs no more digits")]
        history.extend(cpu_percent.ok().map(|percent| percent as f32));
        Self { at: time.at, cpu, io: process.io, measured, cpu_percent, io_rate, history, ..self }
    }
}

fn percent(used: Duration, elapsed: Duration) -> f64 {
    used.as_secs_f64() / elapsed.as_secs_f64() * 100.0
}

/// Processor use over the lifetime of a process, in percent; `None` if that is too short or not known.
fn lifetime_percent(process: &Process, now: Timestamp) -> Option<f64> {
    let lifetime = now.since(process.started_at.ok()?);
    let used = process.cpu.ok()?.total();
    (lifetime >= MIN_LIFETIME).then(|| percent(used, lifetime))
}

/// The lifetime average, if one burst more or less in the window explains how it differs from what was measured;
/// otherwise what was measured.
fn smoothed(used: f64, average: f64) -> f64 {
    let is_steady = (average - used).abs() <= used.min(MAX_BURST_PERCENT);
    if is_steady { average } else { used }
}

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess, Os};

    use super::*;

    const PERCENT_PERIOD: Duration = Duration::from_millis(100);

    /// The process after it has used this much processor time and written as many bytes.
    fn process(cpu: Duration, written: u64) -> Arc<Process> {
        let mut machine = FakeOs::new();
        machine.spawn(FakeProcess::new(7, &["claude"]).started(4711));
        let process = machine.processes().unwrap().remove(0);
        let cpu = Ok(CpuTime { user: cpu, system: Duration::ZERO });
        Arc::new(Process { cpu, io: Ok(DiskIo { read: 0, written }), ..(*process).clone() })
    }

    /// A reading at this time after the process started, by a clock of that step.
    fn reading_time(start: Instant, after: Duration, cpu_step: Duration) -> ReadingTime {
        let began = process(Duration::ZERO, 0).started_at.unwrap();
        ReadingTime { at: start + after, now: began.plus(after), last_start: u64::MAX, cpu_step }
    }

    const NANOSECOND: Duration = Duration::from_nanos(1);
    const TICK: Duration = Duration::from_millis(10);

    fn cpu_percent(rates: &ProcessRates, process: &Process) -> Option<f64> {
        rates.readings.get(&process.id)?.cpu_percent.ok()
    }

    #[test]
    fn a_rate_is_a_difference_over_the_time_between_two_readings() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let first = process(Duration::from_secs(1), 1000);
        rates.note([&first].into_iter(), reading_time(start, Duration::ZERO, TICK));
        assert_eq!(cpu_percent(&rates, &first), None);
        let second = process(Duration::from_secs(2), 5000);
        rates.note([&second].into_iter(), reading_time(start, Duration::from_secs(2), TICK));
        let reading = &rates.readings[&first.id];
        assert_eq!(reading.cpu_percent, Ok(50.0));
        assert_eq!(reading.io_rate, Ok(IoRate { read: 0.0, written: 2000.0 }));
        assert_eq!(reading.history, [50.0]);
    }

    #[test]
    fn two_readings_in_quick_succession_count_as_one() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let first = process(Duration::from_secs(1), 0);
        rates.note([&first].into_iter(), reading_time(start, Duration::ZERO, NANOSECOND));
        let second = process(Duration::from_secs(2), 0);
        rates.note([&second].into_iter(), reading_time(start, Duration::from_millis(1), NANOSECOND));
        assert_eq!(cpu_percent(&rates, &first), None);
    }

    #[test]
    fn an_ended_process_is_forgotten() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let first = process(Duration::from_secs(1), 0);
        rates.note([&first].into_iter(), reading_time(start, Duration::ZERO, NANOSECOND));
        rates.note(std::iter::empty(), reading_time(start, Duration::ZERO, NANOSECOND));
        assert!(rates.readings.is_empty());
    }

    /// What a one-shot command measures in a tenth of a second, of a process that is an hour old.
    fn one_shot(before: Duration, after: Duration, cpu_step: Duration) -> f64 {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let hour = Duration::from_hours(1);
        rates.note([&process(before, 0)].into_iter(), reading_time(start, hour, cpu_step));
        let last = process(after, 0);
        rates.note([&last].into_iter(), reading_time(start, hour + PERCENT_PERIOD, cpu_step));
        cpu_percent(&rates, &last).unwrap()
    }

    /// An agent uses 6 ms in each tenth of a second. One-shot commands once reported `idle 0 %` or `active 9.8 %` at random.
    #[test]
    fn one_shot_commands_agree_about_a_steady_agent() {
        let hour_at_6_percent = Duration::from_secs(216);
        let read = |millis: u64, step| {
            one_shot(hour_at_6_percent, hour_at_6_percent + Duration::from_micros(millis * 1000), step)
        };
        // With a clock of ticks, none or one has passed, which says nothing: the lifetime average is used.
        for millis in [0, 10] {
            assert!((read(millis, TICK) - 6.0).abs() < 0.1, "{millis}");
        }
        // With a clock of nanoseconds, the window may end within a burst, or hold two.
        for millis in [3, 6, 9, 10] {
            assert!((5.9..6.1).contains(&read(millis, NANOSECOND)), "{millis}: {}", read(millis, NANOSECOND));
        }
    }

    /// Eight compilers that had just started below an old shell added up to 4.8 %, while `top` reported 24.6 %.
    #[test]
    fn rates_of_processes_below_an_agent_are_not_smoothed() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let (hour, idle) = (Duration::from_hours(1), Duration::from_secs(20));
        rates.note([&process(idle, 0)].into_iter(), reading_time(start, hour, NANOSECOND));
        let last = process(idle + Duration::from_millis(3), 0);
        rates.note([&last].into_iter(), reading_time(start, hour + PERCENT_PERIOD, NANOSECOND));
        let measured = rates.cpu_percents()[&last.id];
        assert!((measured - 3.0).abs() < 1e-9, "{measured}");
    }

    /// Where both differ much, what was measured is used: it must not be moved across a threshold of the status.
    #[test]
    fn a_rate_far_from_the_lifetime_average_is_not_smoothed() {
        for (used, average, expected) in
            [(6.0, 0.1, 6.0), (9.9, 90.0, 9.9), (12.0, 0.5, 12.0), (9.8, 6.0, 6.0), (3.0, 6.0, 6.0)]
        {
            assert!((smoothed(used, average) - expected).abs() < 1e-9, "{used} {average}");
        }
    }

    /// The lifetime average does not hide what the agent does now.
    #[test]
    fn an_agent_that_stops_or_starts_to_work_shows_it_at_once() {
        let (lazy, busy) = (Duration::from_secs(4), Duration::from_mins(30));
        assert!(one_shot(busy, busy + Duration::from_micros(200), NANOSECOND) < 0.5);
        assert!(one_shot(busy, busy, NANOSECOND).abs() < f64::EPSILON);
        assert!(one_shot(lazy, lazy + Duration::from_millis(80), NANOSECOND) >= 75.0);
    }

    /// With two seconds between readings, only what was measured counts.
    #[test]
    fn a_live_view_uses_no_lifetime_average() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let hour = Duration::from_hours(1);
        for (after, used) in [(0, 1800_u64), (2000, 1800), (4000, 1801)] {
            let now = process(Duration::from_secs(used), 0);
            rates.note([&now].into_iter(), reading_time(start, hour + Duration::from_millis(after), TICK));
        }
        assert_eq!(cpu_percent(&rates, &process(Duration::ZERO, 0)), Some(50.0));
    }

    /// A compiler that started after the previous reading has used all its time since then.
    #[test]
    fn a_new_process_has_a_rate_at_once() {
        let (mut rates, start) = (ProcessRates::default(), Instant::now());
        let compiler = process(Duration::from_millis(440), 0);
        let before =
            ReadingTime { last_start: compiler.id.started - 1, ..reading_time(start, Duration::ZERO, NANOSECOND) };
        rates.note(std::iter::empty(), before);
        rates.note([&compiler].into_iter(), reading_time(start, Duration::from_secs(1), NANOSECOND));
        assert_eq!(cpu_percent(&rates, &compiler), Some(44.0));
    }
}
