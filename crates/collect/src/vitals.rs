use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{Agent, Gap, Io, IoRate, ProcId, Process, Reading};

/// Readings of agents' processes, from which rates are computed.
#[derive(Debug, Default)]
pub(crate) struct Vitals(HashMap<ProcId, Pulse>);

/// The last readings of one process.
#[derive(Debug)]
struct Pulse {
    at: Instant,
    cpu: Reading<Duration>,
    io: Reading<Io>,
    cpu_percent: Reading<f64>,
    io_rate: Reading<IoRate>,
    history: VecDeque<f32>,
}

/// Rates over a shorter time than this say more of the clock than of the process.
const SHORTEST: Duration = Duration::from_millis(50);

impl Vitals {
    /// Takes the readings of these processes, and forgets all others.
    pub(crate) fn note<'p>(&mut self, processes: impl Iterator<Item = &'p Arc<Process>>, at: Instant) {
        let mut before = std::mem::take(&mut self.0);
        for process in processes {
            let pulse = match before.remove(&process.id) {
                Some(pulse) => pulse.next(process, at),
                None => Pulse::first(process, at),
            };
            self.0.insert(process.id, pulse);
        }
    }

    /// Processor use since the reading before, in percent of one processor.
    pub(crate) fn cpu_percent(&self, id: ProcId) -> Reading<f64> {
        self.0.get(&id).map_or(Err(Gap::NotReported), |pulse| pulse.cpu_percent)
    }

    /// Bytes per second since the reading before.
    pub(crate) fn io_rate(&self, id: ProcId) -> Reading<IoRate> {
        self.0.get(&id).map_or(Err(Gap::NotReported), |pulse| pulse.io_rate)
    }

    /// Processor use at the last readings, oldest first.
    pub(crate) fn history(&self, id: ProcId) -> Arc<[f32]> {
        self.0.get(&id).map(|pulse| pulse.history.iter().copied().collect()).unwrap_or_default()
    }
}

impl Pulse {
    fn first(process: &Process, at: Instant) -> Self {
        Self {
            at,
            cpu: process.cpu.map(agtop_model::CpuTime::total),
            io: process.io,
            cpu_percent: Err(process.cpu.err().unwrap_or(Gap::NotReported)),
            io_rate: Err(process.io.err().unwrap_or(Gap::NotReported)),
            history: VecDeque::new(),
        }
    }

    fn next(self, process: &Process, at: Instant) -> Self {
        let elapsed = at.saturating_duration_since(self.at);
        if elapsed < SHORTEST {
            return self;
        }
        let seconds = elapsed.as_secs_f64();
        let cpu = process.cpu.map(agtop_model::CpuTime::total);
        let used = |now: Duration, before: Duration| now.saturating_sub(before).as_secs_f64() / seconds * 100.0;
        let cpu_percent = cpu.and_then(|now| Ok(used(now, self.cpu?)));
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
        Self { at, cpu, io: process.io, cpu_percent, io_rate, history }
    }
}

#[cfg(test)]
mod tests {
    use agtop_os::{FakeOs, FakeProcess, Os};

    use super::*;

    /// The process after it has used the processor and the disk for so long, so much.
    fn process(cpu: Duration, written: u64) -> Arc<Process> {
        let mut machine = FakeOs::new();
        machine.spawn(FakeProcess::new(7, &["claude"]));
        let process = machine.processes().unwrap().remove(0);
        let cpu = Ok(agtop_model::CpuTime { user: cpu, system: Duration::ZERO });
        Arc::new(Process { cpu, io: Ok(Io { read: 0, written }), ..(*process).clone() })
    }

    #[test]
    fn rates_are_differences_over_the_time_between() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let first = process(Duration::from_secs(1), 1000);
        vitals.note([&first].into_iter(), start);
        assert_eq!(vitals.cpu_percent(first.id), Err(Gap::NotReported));
        vitals.note([&process(Duration::from_secs(2), 5000)].into_iter(), start + Duration::from_secs(2));
        assert_eq!(vitals.cpu_percent(first.id), Ok(50.0));
        assert_eq!(vitals.io_rate(first.id), Ok(IoRate { read: 0.0, written: 2000.0 }));
        assert_eq!(*vitals.history(first.id), [50.0]);
    }

    #[test]
    fn two_readings_at_once_are_one() {
        let (mut vitals, start) = (Vitals::default(), Instant::now());
        let first = process(Duration::from_secs(1), 0);
        vitals.note([&first].into_iter(), start);
        vitals.note([&process(Duration::from_secs(2), 0)].into_iter(), start + Duration::from_millis(1));
        assert_eq!(vitals.cpu_percent(first.id), Err(Gap::NotReported));
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut vitals = Vitals::default();
        let first = process(Duration::from_secs(1), 0);
        vitals.note([&first].into_iter(), Instant::now());
        vitals.note(std::iter::empty(), Instant::now());
        assert!(vitals.0.is_empty());
    }
}
