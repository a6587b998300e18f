//! Linux: the files of `/proc`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Gap, HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets, Timestamp};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use self::clock::CpuClock;
use self::machine::{LoadAverages, Memory, Processors};
use self::process_dir::directory_of;
use self::procfs::ProcFs;
use self::stat::Stat;
use self::table::{ProcessTable, Scale};
use self::vitals::Units;
use crate::{Caps, Os, OsError, Signal, Support};

mod clock;
mod cmdline;
mod command;
mod descriptors;
mod io;
mod machine;
mod process_dir;
mod procfs;
mod round_robin;
mod signal;
mod sockets;
mod stat;
mod table;
mod tcp;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_open;
mod vitals;

/// How many files the table keeps open. More would save no time that can be measured.
const MAX_KEPT_OPEN: usize = 256;

/// Linux, through a `/proc` file system.
#[derive(Debug)]
pub struct LinuxOs {
    fs: ProcFs,
    caps: Caps,
    units: Units,
    clock: CpuClock,
    /// When the machine was started: the origin of start times.
    boot: Reading<Timestamp>,
    /// The processor times at the last reading of the machine.
    processors: Option<Processors>,
    table: ProcessTable,
}

/// Reads the parent of one process; `None` if there is none, or it is hidden from this user.
pub(crate) fn parent(pid: u32) -> Option<u32> {
    let line = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    Some(Stat::parse(&line)?.parent).filter(|&parent| parent > 0)
}

impl Default for LinuxOs {
    fn default() -> Self {
        Self::new()
    }
}

impl LinuxOs {
    /// The machine agtop runs on.
    pub fn new() -> Self {
        Self::with_root("/proc")
    }

    /// A machine whose `/proc` is at `root`, which need not exist yet.
    pub fn with_root(root: impl Into<PathBuf>) -> Self {
        let mut fs = ProcFs::new(root.into());
        let caps = caps(&mut fs);
        let clock = CpuClock::of(&fs);
        Self {
            fs,
            caps,
            clock,
            units: Units::of_this_machine(),
            boot: Err(Gap::NotReported),
            processors: None,
            table: ProcessTable::new(max_kept_open()),
        }
    }

    /// One pass, `now` clock ticks after the machine was started.
    fn pass(&mut self, now: u64) -> Result<Vec<Arc<Process>>, OsError> {
        if self.boot.is_err() {
            self.boot = boot_of(self.fs.machine(c"stat", Processors::parse));
        }
        let scale = Scale { units: self.units, clock: self.clock, boot: self.boot, now };
        let table = self.table.pass(&mut self.fs, scale);
        table.map_err(|source| OsError::Table { path: self.fs.path().to_owned(), source: source.into() })
    }
}

/// How many files may be kept open: up to a quarter of the process's limit.
fn max_kept_open() -> usize {
    let granted = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(granted / 4).unwrap_or(usize::MAX).min(MAX_KEPT_OPEN)
}

impl Os for LinuxOs {
    fn caps(&self) -> Caps {
        self.caps
    }

    fn cpu_step(&self) -> Duration {
        match self.clock {
            CpuClock::Nanoseconds => Duration::from_nanos(1),
            CpuClock::Ticks => self.units.duration_of(1),
        }
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        let now = clock_gettime(ClockId::Boottime);
        self.pass(self.units.ticks_of(u64::try_from(now.tv_sec).unwrap_or(0)))
    }

    fn watch(&mut self, ids: &[ProcId]) {
        self.table.watch(ids);
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        let process = directory_of(&mut self.fs, id)?;
        descriptors::open_files(&mut self.fs, &process)
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        sockets::of(&mut self.fs, ids)
    }

    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        signal::send(&mut self.fs, id, signal)
    }

    fn system(&mut self) -> HostMetrics {
        let now = self.fs.machine(c"stat", Processors::parse);
        self.boot = boot_of(now);
        let before = std::mem::replace(&mut self.processors, now.ok());
        let memory = self.fs.machine(c"meminfo", Memory::parse);
        HostMetrics {
            cpus: now
                .ok()
                .map(|now| now.count)
                .filter(|&count| count > 0)
                .unwrap_or_else(crate::processors::processors),
            cpu_percent: now.and_then(|now| now.percent_since(before.as_ref())),
            memory_total: memory.and_then(|memory| memory.total),
            memory_available: memory.and_then(|memory| memory.available),
            swap_total: memory.and_then(|memory| memory.swap_total),
            swap_used: memory.and_then(|memory| memory.swap_used),
            load: self.fs.machine(c"loadavg", LoadAverages::parse).map(|load| load.0),
        }
    }
}

/// What this user can see of other users' processes. Only their owner and root may read links and byte counts. With the
/// mount option `hidepid` that holds for everything, so that even the first process is hidden.
fn caps(fs: &mut ProcFs) -> Caps {
    if fs.processes().is_err() {
        return Caps::NONE;
    }
    let is_root = rustix::process::geteuid().is_root();
    let mut line = [0; stat::MAX_STAT_BYTES];
    let sees_others =
        fs.process(1).and_then(|first| procfs::read_start(&first, c"stat", &mut line).map(|_| ())).is_ok();
    let public = if is_root || sees_others { Support::Full } else { Support::Own };
    let private = if is_root { Support::Full } else { Support::Own };
    Caps {
        processes: public,
        argv: public,
        vitals: public,
        exe: private,
        cwd: private,
        io: private,
        open_files: private,
        sockets: private,
        signals: private,
        system: Support::Full,
        load: Support::Full,
    }
}

/// When the machine was started.
fn boot_of(processors: Reading<Processors>) -> Reading<Timestamp> {
    processors.and_then(|processors| processors.boot.ok_or(Gap::NotReported))
}
