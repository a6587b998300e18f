//! Linux: what `/proc` says.
//!
//! What a pass costs is opening files, so it opens as few as it can. Of every process it reads one, `stat`. While that
//! line stays the same, the process has run for less than a clock tick, and nothing else is asked. What a process is
//! (`cmdline`, `exe`, `cwd`) is read when it is new, in every pass while it is young, at once when it starts another
//! program, and otherwise in slices: one process in [`SLICES`] per pass.
//!
//! Whatever is new about a process is read through a descriptor of its directory, which the kernel ties to the process,
//! not to the pid: if the process ends, the files vanish, and those of a successor with the same pid are never taken
//! for its own.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{Gap, OpenFiles, ProcId, Process, ProcessState, Reading, Sockets, System, Timestamp, Untrusted};

use self::command::Command;
use self::machine::{LoadAverages, Memory, Processors};
use self::procfs::ProcFs;
use self::stat::Stat;
use self::vitals::{Units, Vitals};
use crate::{Caps, Os, OsError, Signal, Support};

mod cmdline;
mod command;
mod descriptors;
mod io;
mod machine;
mod procfs;
mod signal;
mod sockets;
mod stat;
mod tcp;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_open;
mod vitals;

/// A process is young, and may still turn into something else, this long after it was first seen: shells start
/// wrappers, wrappers start agents.
const YOUTH: Duration = Duration::from_secs(10);

/// In how many passes every process is looked at anew, for what changes without a trace in `stat`: a working directory,
/// a rewritten title, bytes moved within less than a clock tick.
const SLICES: u64 = 10;

/// Linux, through a `/proc` file system.
#[derive(Debug)]
pub struct LinuxOs {
    fs: ProcFs,
    caps: Caps,
    units: Units,
    /// When the machine was started, which start times count from.
    boot: Reading<Timestamp>,
    /// The processors at the last reading of the machine.
    processors: Option<Processors>,
    /// The processes of the last pass, by pid.
    known: HashMap<u32, Known>,
    passes: u64,
}

/// A process that was seen before.
#[derive(Debug)]
struct Known {
    process: Arc<Process>,
    /// Its `stat` as it was.
    line: Vec<u8>,
    first_seen: Instant,
}

impl Known {
    /// Whether what the process is should be read again though nothing points to a change.
    fn is_due(&self, now: Instant, passes: u64) -> bool {
        let is_young = now.duration_since(self.first_seen) < YOUTH;
        let in_slice = u64::from(self.process.id.pid) % SLICES == passes % SLICES;
        is_young || in_slice
    }

    /// Whether the process has started another program since, which gets its name and a place in memory of its own.
    fn is_other_program(&self, stat: &Stat<'_>) -> bool {
        Stat::parse(&self.line).is_none_or(|before| before.image != stat.image || before.comm != stat.comm)
    }
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

    /// A machine whose `/proc` is at `root`. It need not be there yet.
    pub fn with_root(root: impl Into<PathBuf>) -> Self {
        let mut fs = ProcFs::new(root.into());
        let caps = caps(&mut fs);
        Self {
            fs,
            caps,
            units: Units::of_this_machine(),
            boot: Err(Gap::NotReported),
            processors: None,
            known: HashMap::new(),
            passes: 0,
        }
    }

    /// One pass at the moment `now`.
    fn pass(&mut self, now: Instant) -> Result<Vec<Arc<Process>>, OsError> {
        let mut pids = self
            .fs
            .pids()
            .map_err(|source| OsError::Table { path: self.fs.path().to_owned(), source: source.into() })?;
        pids.sort_unstable();
        if self.boot.is_err() {
            self.boot = boot_of(self.fs.machine(c"stat", Processors::parse));
        }
        self.passes += 1;
        let mut before = std::mem::take(&mut self.known);
        self.known.reserve(pids.len());
        let mut table = Vec::with_capacity(pids.len());
        for pid in pids {
            if let Some(known) = self.observe(pid, before.remove(&pid), now) {
                table.push(Arc::clone(&known.process));
                self.known.insert(pid, known);
            }
        }
        Ok(table)
    }

    /// Reads one process, of which something may be known; `None` if it has ended meanwhile or may not be seen.
    fn observe(&mut self, pid: u32, known: Option<Known>, now: Instant) -> Option<Known> {
        let mut line = [0; stat::LONGEST];
        let is_due = known.as_ref().is_none_or(|known| known.is_due(now, self.passes));
        if !is_due && known.as_ref().is_some_and(|known| self.fs.stat(pid, &mut line) == Ok(&*known.line)) {
            return known;
        }
        let directory = self.fs.process(pid).ok()?;
        let line = procfs::read_start(&directory, c"stat", &mut line).ok()?;
        let stat = Stat::parse(line)?;
        let id = ProcId { pid, started: stat.started };
        let mut known = match known.filter(|known| known.process.id == id) {
            Some(mut known) => {
                if is_due || known.is_other_program(&stat) {
                    self.look(&directory, &stat)?.write_to(&mut known.process);
                }
                known
            }
            None => Known {
                process: Arc::new(self.look(&directory, &stat)?.into_process(id)),
                line: Vec::new(),
                first_seen: now,
            },
        };
        let vitals = Vitals::new(&stat, self.boot, self.units).with_io(&directory, &known.process.exe);
        vitals.write_to(&mut known.process);
        known.line.clear();
        known.line.extend_from_slice(line);
        Some(known)
    }

    /// Reads what a process is; `None` if it has ended meanwhile.
    fn look(&mut self, directory: &OwnedFd, stat: &Stat<'_>) -> Option<Command> {
        let name = Untrusted::from_bytes(stat.comm);
        if stat.is_kernel_thread {
            Some(Command::of_kernel(name))
        } else {
            Command::read(directory, name, &mut self.fs)
        }
    }
}

/// The directory of a process that has not ended: a zombie has, and holds nothing any more.
fn directory_of(fs: &mut ProcFs, id: ProcId) -> Reading<OwnedFd> {
    let directory = fs.process(id.pid).map_err(procfs::gap)?;
    let mut line = [0; stat::LONGEST];
    let line = procfs::read_start(&directory, c"stat", &mut line).map_err(procfs::gap)?;
    let stat = Stat::parse(line).ok_or(Gap::Failed)?;
    let has_ended = stat.started != id.started || stat.state == ProcessState::Zombie;
    if has_ended { Err(Gap::NotReported) } else { Ok(directory) }
}

impl Os for LinuxOs {
    fn caps(&self) -> Caps {
        self.caps
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        self.pass(Instant::now())
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

    fn system(&mut self) -> System {
        let now = self.fs.machine(c"stat", Processors::parse);
        self.boot = boot_of(now);
        let before = std::mem::replace(&mut self.processors, now.ok());
        let memory = self.fs.machine(c"meminfo", Memory::parse);
        System {
            cpus: now.ok().map(|now| now.count).filter(|&count| count > 0).unwrap_or_else(crate::processors),
            cpu_percent: now.and_then(|now| now.percent_since(before.as_ref())),
            memory_total: memory.and_then(|memory| memory.total),
            memory_available: memory.and_then(|memory| memory.available),
            swap_total: memory.and_then(|memory| memory.swap_total),
            swap_used: memory.and_then(|memory| memory.swap_used),
            load: self.fs.machine(c"loadavg", LoadAverages::parse).map(|load| load.0),
        }
    }
}

/// What can be seen of others' processes. Links and byte counts are for their owner and for root alone; with `hidepid`
/// so is everything, and then even the first process is out of sight.
fn caps(fs: &mut ProcFs) -> Caps {
    if fs.pids().is_err() {
        return Caps::NONE;
    }
    let is_root = rustix::process::geteuid().is_root();
    let mut line = [0; stat::LONGEST];
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
