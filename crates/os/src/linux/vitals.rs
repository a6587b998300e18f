//! The numbers of a process that change in every pass.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{CpuTime, DiskIo, Gap, Process, ProcessState, Reading, Timestamp};

use super::clock::CpuClock;
use super::io;
use super::procfs::{gap, read_start};
use super::stat::Stat;

/// The units of the kernel. They differ between machines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    /// Clock ticks in a second.
    ticks_per_second: u64,
    /// Bytes in a page of memory.
    page_bytes: u64,
}

impl Units {
    /// The units of the running kernel.
    pub(super) fn of_this_machine() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            page_bytes: rustix::param::page_size() as u64,
        }
    }

    /// Seconds as clock ticks.
    pub(super) fn ticks_of(self, seconds: u64) -> u64 {
        seconds.saturating_mul(self.ticks_per_second)
    }

    /// Clock ticks as a duration, to the nanosecond.
    pub(super) fn duration_of(self, ticks: u64) -> Duration {
        let rest = u128::from(ticks % self.ticks_per_second) * 1_000_000_000 / u128::from(self.ticks_per_second);
        let whole = Duration::from_secs(ticks / self.ticks_per_second);
        whole.saturating_add(Duration::from_nanos(u64::try_from(rest).unwrap_or(0)))
    }
}

/// The facts about a process that change all the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Vitals {
    parent: Option<u32>,
    state: ProcessState,
    started_at: Reading<Timestamp>,
    threads: Reading<u32>,
    cpu: Reading<CpuTime>,
    rss: Reading<u64>,
    vsz: Reading<u64>,
    io: Reading<DiskIo>,
}

impl Vitals {
    /// From `stat`.
    pub(super) fn new(stat: &Stat<'_>, boot: Reading<Timestamp>, units: Units) -> Self {
        Self {
            parent: Some(stat.parent).filter(|&pid| pid > 0),
            state: stat.state,
            started_at: boot.map(|boot| boot.plus(units.duration_of(stat.started))),
            threads: Ok(stat.threads),
            cpu: Ok(CpuTime { user: units.duration_of(stat.user_ticks), system: units.duration_of(stat.system_ticks) }),
            rss: Ok(stat.resident_pages.saturating_mul(units.page_bytes)),
            vsz: Ok(stat.virtual_bytes),
            io: Err(Gap::NotReported),
        }
    }

    /// The processor time.
    pub(super) fn cpu(&self) -> Reading<CpuTime> {
        self.cpu
    }

    /// With the processor time as precise as the clock has it.
    #[must_use]
    pub(super) fn with_clock(self, clock: CpuClock, pid: u32) -> Self {
        Self { cpu: self.cpu.map(|ticks| clock.refine(pid, ticks)), ..self }
    }

    /// With the byte counts of `io`. Whoever may read the executable's path may read them too. So if that is a gap, this is
    /// the same gap, and the file is not read.
    #[must_use]
    pub(super) fn with_io(self, directory: &OwnedFd, exe: &Reading<PathBuf>) -> Self {
        let io = match exe {
            Ok(_) => read_io(directory),
            Err(gap) => Err(*gap),
        };
        Self { io, ..self }
    }

    /// Updates a process. One that is unchanged stays shared.
    pub(super) fn write_to(self, process: &mut Arc<Process>) {
        if self != Self::of(process) {
            let process = Arc::make_mut(process);
            process.parent = self.parent;
            process.state = self.state;
            process.started_at = self.started_at;
            process.threads = self.threads;
            process.cpu = self.cpu;
            process.rss = self.rss;
            process.vsz = self.vsz;
            process.io = self.io;
        }
    }

    fn of(process: &Process) -> Self {
        Self {
            parent: process.parent,
            state: process.state,
            started_at: process.started_at,
            threads: process.threads,
            cpu: process.cpu,
            rss: process.rss,
            vsz: process.vsz,
            io: process.io,
        }
    }
}

fn read_io(directory: &OwnedFd) -> Reading<DiskIo> {
    let mut text = [0; io::MAX_IO_BYTES];
    let text = read_start(directory, c"io", &mut text).map_err(gap)?;
    io::parse(text).ok_or(Gap::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_durations_without_rounding_or_overflow() {
        let units = Units { ticks_per_second: 300, page_bytes: 4096 };
        assert_eq!(units.duration_of(301), Duration::new(1, 3_333_333));
        let units = Units { ticks_per_second: 1, page_bytes: 4096 };
        assert_eq!(units.duration_of(u64::MAX), Duration::from_secs(u64::MAX));
    }
}
