use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{Agent, CpuTime, DiskIo, Gap, IoRate, ProcId, Process, Reading, Timestamp};

/// Readings of the processes of agents and of all below them, from which rates are computed.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    pulses: HashMap<ProcId, Pulse>,
    /// The last look.
    before: Option<Moment>,
}

/// A look at processes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// When it was, for spans.
    pub(crate) at: Instant,
    /// The same by the system's clock, which start times count by.
    pub(crate) now: Timestamp,
    /// The start of the process that was the last to start, in [`ProcId::started`]'s units.
    pub(crate) last_start: u64,
    /// The smallest step in which processor times rise.
    pub(crate) cpu_step: Duration,
}

/// The last readings of one process.
#[derive(Debug)]
struct Pulse {
    first_at: Instant,
    at: Instant,
    cpu: Reading<Duration>,
    io: Reading<DiskIo>,
    /// Between the last two readings.
    measured: Reading<f64>,
    /// The same, but steady: what an agent's status is judged by.
    cpu_percent: Reading<f64>,
    io_rate: Reading<IoRate>,
    history: VecDeque<f32>,
}

/// Rates over a shorter time than this say more of the clock than of the process.
const MIN_WINDOW: Duration = Duration::from_millis(50);
/// So many steps of the clock make a rate of processor use: one step more or less is one percent.
const MIN_STEPS: u32 = 100;
/// A process that works in bursts may be between two of them for as long as a one-shot looks: after this it is known.
const STEADY_AFTER: Duration = Duration::from_secs(1);
/// By so many percent a reading of a shorter time may be off, but not by more than itself.
const MAX_BURST_PERCENT: f64 = 4.0;
/// A younger process has no life to tell from: start times are known to a second.
const MIN_LIFE: Duration = Duration::from_secs(5);

impl Vitals {
    /// Takes the readings of these processes, and forgets all others.
    pub(crate) fn note<'p>(&mut self, processes: impl Iterator<Item = &'p Arc<Process>>, moment: Moment) {
        let mut pulses = std::mem::take(&mut self.pulses);
        for process in processes {
            let pulse = match pulses.remove(&process.id) {
                Some(pulse) => pulse.next(process, moment),
                None => Pulse::first(process, moment, self.before),
            };
            self.pulses.insert(process.id, pulse);
        }
        self.before = Some(moment);
    }

    /// Fills in how an agent's process fares.
    pub(crate) fn fill(&self, agent: &mut Agent) {
        let Some(pulse) = self.pulses.get(&agent.process.id) else { return };
        agent.cpu_percent = pulse.cpu_percent;
        agent.io_rate = pulse.io_rate;
        agent.cpu_history = pulse.history.iter().copied().collect();
    }

    /// Processor use since the reading before, in percent of one processor, of all processes of which it is known.
    pub(crate) fn cpu_percents(&self) -> HashMap<ProcId, f64> {
        self.pulses.iter().filter_map(|(id, pulse)| Some((*id, pulse.measured.ok()?))).collect()
    }
}

impl Pulse {
    /// A process that was not there at the look before has used what it has used since.
    fn first(process: &Process, moment: Moment, before: Option<Moment>) -> Self {
        let cpu = process.cpu.map(CpuTime::total);
        let born_since = before.filter(|before| process.id.started > before.last_start);
        let window = born_since.map(|before| moment.at.saturating_duration_since(before.at));
        let is_long_enough = |window: &Duration| *window >= MIN_WINDOW.max(moment.cpu_step * MIN_STEPS);
        let since_birth = window.filter(is_long_enough).ok_or(Gap::NotReported);
        let measured = cpu.and_then(|used| since_birth.map(|window| percent(used, window)));
        Self {
            first_at: moment.at,
            at: moment.at,
            cpu,
            io: process.io,
            measured,
            cpu_percent: measured,
            io_rate: Err(process.io.err().unwrap_or(Gap::NotReported)),
            history: VecDeque::new(),
        }
    }

    fn next(self, process: &Process, moment: Moment) -> Self {
        let elapsed = moment.at.saturating_duration_since(self.at);
        if elapsed < MIN_WINDOW {
            return self;
        }
        let life = life_percent(process, moment.now);
        if elapsed < moment.cpu_step * MIN_STEPS {
            // Later readings go on from the old one, until enough steps lie between.
            let or_life = |reading: Reading<f64>| reading.or_else(|gap| life.ok_or(gap));
            return Self { measured: or_life(self.measured), cpu_percent: or_life(self.cpu_percent), ..self };
        }
        let cpu = process.cpu.map(CpuTime::total);
        let measured = cpu.and_then(|now| Ok(percent(now.saturating_sub(self.cpu?), elapsed)));
        let is_steady = moment.at.saturating_duration_since(self.first_at) >= STEADY_AFTER;
        let cpu_percent = measured.map(|used| life.filter(|_| !is_steady).map_or(used, |life| steadied(used, life)));
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
        Self { at: moment.at, cpu, io: process.io, measured, cpu_percent, io_rate, history, ..self }
    }
}

fn percent(used: Duration, elapsed: Duration) -> f64 {
    used.as_secs_f64() / elapsed.as_secs_f64() * 100.0
}

/// Processor use over the life of a process; `None` where that is too short, or not known.
fn life_percent(process: &Process, now: Timestamp) -> Option<f64> {
    let life = now.since(process.started_at.ok()?);
    let used = process.cpu.ok()?.total();
    (life >= MIN_LIFE).then(|| percent(used, life))
}

/// The use over the life, if a burst more or less in the window makes the difference between that and what was measured.
fn steadied(used: f64, life: f64) -> f64 {
    let is_steady = (life - used).abs() <= used.min(MAX_BURST_PERCENT);
    if is_steady { life } else { used }
}

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess, Os};

    use super::*;

    const PERCENT_PERIOD: Duration = Duration::from_millis(100);

    /// The process after it has used the processor and the disk for so long, so much.
    fn process(cpu: Duration, written: u64) -> Arc<Process> {
        let mut machine = FakeOs::new();
        machine.spawn(FakeProcess::new(7, &["claude"]).started(4711));
        let process = machine.processes().unwrap().remove(0);
        let cpu = Ok(CpuTime { user: cpu, system: Duration::ZERO });
        Arc::new(Process { cpu, io: Ok(DiskIo { read: 0, written }), ..(*process).clone() })
    }

    /// So long after the process began, by a clock of that step.
    fn moment(start: Instant, after: Duration, cpu_step: Duration) -> Moment {
        let began = process(Duration::ZERO, 0).started_at.unwrap();
        Moment { at: start + after, now: began.plus(after), last_start: u64::MAX, cpu_step }
    }

    const NANOSECOND: Duration = Duration::from_nanos(1);
    const TICK: Duration = Duration::from_millis(10);

    fn cpu_percent(vitals: &Vitals, process: &Process) -> Option<f64> {
        vitals.pulses.get(&process.id)?.cpu_percent.ok()
    }

    #[test]
    fn rates_are_differences_over_the_time_between() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let first = process(Duration::from_secs(1), 1000);
        vitals.note([&first].into_iter(), moment(start, Duration::ZERO, TICK));
        assert_eq!(cpu_percent(&vitals, &first), None);
        let second = process(Duration::from_secs(2), 5000);
        vitals.note([&second].into_iter(), moment(start, Duration::from_secs(2), TICK));
        let pulse = &vitals.pulses[&first.id];
        assert_eq!(pulse.cpu_percent, Ok(50.0));
        assert_eq!(pulse.io_rate, Ok(IoRate { read: 0.0, written: 2000.0 }));
        assert_eq!(pulse.history, [50.0]);
    }

    #[test]
    fn two_readings_at_once_are_one() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let first = process(Duration::from_secs(1), 0);
        vitals.note([&first].into_iter(), moment(start, Duration::ZERO, NANOSECOND));
        let second = process(Duration::from_secs(2), 0);
        vitals.note([&second].into_iter(), moment(start, Duration::from_millis(1), NANOSECOND));
        assert_eq!(cpu_percent(&vitals, &first), None);
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let first = process(Duration::from_secs(1), 0);
        vitals.note([&first].into_iter(), moment(start, Duration::ZERO, NANOSECOND));
        vitals.note(std::iter::empty(), moment(start, Duration::ZERO, NANOSECOND));
        assert!(vitals.pulses.is_empty());
    }

    /// What a one-shot reads of a process that is an hour old: before a tenth of a second, and after it.
    fn one_shot(before: Duration, after: Duration, cpu_step: Duration) -> f64 {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let hour = Duration::from_hours(1);
        vitals.note([&process(before, 0)].into_iter(), moment(start, hour, cpu_step));
        let last = process(after, 0);
        vitals.note([&last].into_iter(), moment(start, hour + PERCENT_PERIOD, cpu_step));
        cpu_percent(&vitals, &last).unwrap()
    }

    /// An agent uses 6 ms in each tenth of a second. One-shots read `idle 0 %` or `active 9.8 %`, as chance had it.
    #[test]
    fn a_steady_agent_is_steady_in_one_shots() {
        let hour_at_6_percent = Duration::from_secs(216);
        let read = |millis: u64, step| {
            one_shot(hour_at_6_percent, hour_at_6_percent + Duration::from_micros(millis * 1000), step)
        };
        // By ticks nothing or one has passed, which says nothing: the life of the process does.
        for millis in [0, 10] {
            assert!((read(millis, TICK) - 6.0).abs() < 0.1, "{millis}");
        }
        // By nanoseconds one burst may be cut in two by the end of the window, or two may be in it.
        for millis in [3, 6, 9, 10] {
            assert!((5.9..6.1).contains(&read(millis, NANOSECOND)), "{millis}: {}", read(millis, NANOSECOND));
        }
    }

    /// Eight compilers that had just begun to work below an old shell added up to 4.8 % where `top` said 24.6.
    #[test]
    fn what_runs_below_an_agent_is_measured_and_not_steadied() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let (hour, idle) = (Duration::from_hours(1), Duration::from_secs(20));
        vitals.note([&process(idle, 0)].into_iter(), moment(start, hour, NANOSECOND));
        let last = process(idle + Duration::from_millis(3), 0);
        vitals.note([&last].into_iter(), moment(start, hour + PERCENT_PERIOD, NANOSECOND));
        let measured = vitals.cpu_percents()[&last.id];
        assert!((measured - 3.0).abs() < 1e-9, "{measured}");
    }

    /// What was measured decides where it differs much from the life: one is not bent across a threshold towards the other.
    #[test]
    fn a_reading_far_from_the_life_stays_as_it_is() {
        for (used, life, expected) in
            [(6.0, 0.1, 6.0), (9.9, 90.0, 9.9), (12.0, 0.5, 12.0), (9.8, 6.0, 6.0), (3.0, 6.0, 6.0)]
        {
            assert!((steadied(used, life) - expected).abs() < 1e-9, "{used} {life}");
        }
    }

    /// What an agent did in its life does not hide what it does now.
    #[test]
    fn an_agent_that_has_come_to_rest_or_begun_to_work_shows_at_once() {
        let (lazy, busy) = (Duration::from_secs(4), Duration::from_mins(30));
        assert!(one_shot(busy, busy + Duration::from_micros(200), NANOSECOND) < 0.5);
        assert!(one_shot(busy, busy, NANOSECOND).abs() < f64::EPSILON);
        assert!(one_shot(lazy, lazy + Duration::from_millis(80), NANOSECOND) >= 75.0);
    }

    /// Once there are two seconds between looks, they alone count.
    #[test]
    fn a_live_loop_asks_no_life() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let hour = Duration::from_hours(1);
        for (after, used) in [(0, 1800_u64), (2000, 1800), (4000, 1801)] {
            let now = process(Duration::from_secs(used), 0);
            vitals.note([&now].into_iter(), moment(start, hour + Duration::from_millis(after), TICK));
        }
        assert_eq!(cpu_percent(&vitals, &process(Duration::ZERO, 0)), Some(50.0));
    }

    /// A compiler that began after the last look has used all that it used since.
    #[test]
    fn a_process_that_is_new_has_a_rate_at_once() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let compiler = process(Duration::from_millis(440), 0);
        let before = Moment { last_start: compiler.id.started - 1, ..moment(start, Duration::ZERO, NANOSECOND) };
        vitals.note(std::iter::empty(), before);
        vitals.note([&compiler].into_iter(), moment(start, Duration::from_secs(1), NANOSECOND));
        assert_eq!(cpu_percent(&vitals, &compiler), Some(44.0));
    }
}
