//! The process table between two passes. A pass reads as little as it can.
//!
//! Opening files is what a pass costs. The listing of `/proc` alone shows which processes have started and ended. A process
//! that has reused a pid has another inode there, because the kernel makes one for each process that it lists. So:
//!
//! - A pass reads a new or young process completely.
//! - It reads the processor clock of watched processes, which needs no file. While that stands still, the process sleeps,
//!   and the pass reads nothing else.
//! - It reads `stat` of a process that has run or whose turn it is. While that line is unchanged, the process has run
//!   for less than a clock tick, and the pass reads nothing else, except the processor clock of watched processes. The line
//!   also shows whether the process has started another program. Then the pass reads it completely.
//! - It keeps `stat` of watched processes open, up to a limit: reading an open file costs a third of opening it.
//! - It reads a few processes completely, in turns: a new working directory, a rewritten title, or bytes moved within less
//!   than a clock tick leave no trace in `stat`.
//! - The others stay as they were.
//!
//! The pass reads through a descriptor of the process's directory, which the kernel ties to the process and not to the pid.
//! If the process ends, reading fails; it never returns the files of another process that has reused the pid.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ProcId, Process, Reading, Timestamp, Untrusted};
use rustix::io::Result;

use super::clock::CpuClock;
use super::command::ProcessCommand;
use super::procfs::{ListedProcess, ProcFs, read_again, read_start};
use super::round_robin::{RoundRobin, Turn};
use super::stat::{self, Stat};
use super::vitals::{Units, Vitals};

/// A process is young for this many seconds after its start. It may still start another program: shells start wrappers,
/// and wrappers start agents.
pub(super) const YOUNG_SECONDS: u64 = 10;

/// How many processes that are not watched have their `stat` read in a pass; a twentieth of all if that is more.
pub(super) const MIN_STATS_PER_PASS: usize = 64;
/// How many processes are read completely in a pass, in turns; a twentieth of all if that is less.
pub(super) const MAX_FULL_READS_PER_PASS: usize = 5;

/// The processes of the last pass.
#[derive(Debug)]
pub(super) struct ProcessTable {
    /// In the order of pids.
    known: Vec<KnownProcess>,
    /// The pids that matter, sorted; `None` as long as all do.
    watched: Option<Vec<u32>>,
    stats: RoundRobin,
    full_reads: RoundRobin,
    /// How many files may be kept open.
    max_kept_open: usize,
}

/// A process of the last pass.
#[derive(Debug)]
struct KnownProcess {
    entry: ListedProcess,
    process: Arc<Process>,
    /// Its `stat` line.
    line: Vec<u8>,
    /// Its processor clock, if that was read.
    clock: Option<Duration>,
    /// The open `stat` file, if it is kept open. The kernel ties it to the process, not to the pid.
    stat: Option<OwnedFd>,
}

/// The units and origins of the values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) units: Units,
    pub(super) clock: CpuClock,
    /// When the machine was started: the origin of start times.
    pub(super) boot: Reading<Timestamp>,
    /// The time since then in clock ticks.
    pub(super) now: u64,
}

/// How much of a known process a pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RefreshScope {
    Nothing,
    /// The processor clock, and `stat` if it shows that the process has run.
    IfRun,
    /// `stat`, and the rest if that has changed.
    Stat,
    /// The same, and the processor clock even if `stat` is unchanged.
    Clock,
    Everything,
}

/// The processes whose turn it is in a pass.
struct PassTurns {
    stats: Turn,
    full_reads: Turn,
}

impl ProcessTable {
    /// An empty table that keeps up to `max_kept_open` files open.
    pub(super) fn new(max_kept_open: usize) -> Self {
        Self {
            known: Vec::new(),
            watched: None,
            stats: RoundRobin::default(),
            full_reads: RoundRobin::default(),
            max_kept_open,
        }
    }

    /// Sets the processes that matter.
    pub(super) fn watch(&mut self, ids: &[ProcId]) {
        let mut pids: Vec<u32> = ids.iter().map(|id| id.pid).collect();
        pids.sort_unstable();
        self.watched = Some(pids);
    }

    /// How many files are kept open.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.known.iter().filter(|known| known.stat.is_some()).count()
    }

    /// One pass over the table.
    pub(super) fn pass(&mut self, fs: &mut ProcFs, scale: Scale) -> Result<Vec<Arc<Process>>> {
        let mut listed = fs.processes()?;
        listed.sort_unstable_by_key(|entry| entry.pid);
        let turns = self.turns(&listed);
        let mut before = std::mem::take(&mut self.known).into_iter().peekable();
        self.known.reserve(listed.len());
        let mut open = 0;
        for (position, &entry) in listed.iter().enumerate() {
            while before.next_if(|known| known.entry.pid < entry.pid).is_some() {}
            let known = before.next_if(|known| known.entry.pid == entry.pid);
            let mut known = match known {
                Some(known) => {
                    let scope = self.scope_for(&known, (&listed, position), &turns, scale);
                    known.refresh(entry, scope, fs, scale)
                }
                None => KnownProcess::new(entry, fs, scale),
            };
            if let Some(known) = &mut known {
                if open < self.max_kept_open && self.is_watched(entry.pid) {
                    known.keep_open(fs);
                } else {
                    known.stat = None;
                }
                open += usize::from(known.stat.is_some());
            }
            self.known.extend(known);
        }
        Ok(self.known.iter().map(|known| Arc::clone(&known.process)).collect())
    }

    fn turns(&mut self, listed: &[ListedProcess]) -> PassTurns {
        let all = listed.len();
        let pid_at = |position: usize| listed.get(position).map_or(0, |entry| entry.pid);
        let full_reads = all.div_ceil(20).min(MAX_FULL_READS_PER_PASS);
        PassTurns {
            stats: self.stats.turn(MIN_STATS_PER_PASS.max(all / 20), all, pid_at),
            full_reads: self.full_reads.turn(full_reads, all, pid_at),
        }
    }

    fn scope_for(
        &self,
        known: &KnownProcess,
        (listed, position): (&[ListedProcess], usize),
        turns: &PassTurns,
        scale: Scale,
    ) -> RefreshScope {
        let entry = listed[position];
        let is_young = scale.now.saturating_sub(known.process.id.started) < scale.units.ticks_of(YOUNG_SECONDS);
        if is_young || turns.full_reads.has(position) {
            RefreshScope::Everything
        } else if self.watched.is_none() {
            RefreshScope::Clock
        } else if self.is_watched(entry.pid) {
            let is_orphan = || {
                let is_gone = |pid| listed.binary_search_by_key(&pid, |entry| entry.pid).is_err();
                known.process.parent.is_some_and(is_gone)
            };
            let is_due = known.entry.inode != entry.inode || turns.stats.has(position) || is_orphan();
            if is_due { RefreshScope::Clock } else { RefreshScope::IfRun }
        } else if known.entry.inode != entry.inode || turns.stats.has(position) {
            RefreshScope::Stat
        } else {
            RefreshScope::Nothing
        }
    }

    fn is_watched(&self, pid: u32) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.binary_search(&pid).is_ok())
    }
}

impl KnownProcess {
    /// Reads a new process; `None` if it has ended meanwhile or is hidden from this user.
    fn new(entry: ListedProcess, fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        let directory = fs.process(entry.pid).ok()?;
        let mut line = [0; stat::MAX_STAT_BYTES];
        let line = read_start(&directory, c"stat", &mut line).ok()?;
        Self::of(entry, &directory, line, fs, scale)
    }

    fn of(entry: ListedProcess, directory: &OwnedFd, line: &[u8], fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        let stat = Stat::parse(line)?;
        let id = ProcId { pid: entry.pid, started: stat.started };
        let mut process = Arc::new(read_command(directory, &stat, fs)?.into_process(id));
        update_vitals(&mut process, directory, &stat, scale);
        Some(Self { entry, process, line: line.to_vec(), clock: None, stat: None })
    }

    /// Reads as much of the process as `scope` says; `None` if it has ended meanwhile or is hidden from this user.
    fn refresh(mut self, entry: ListedProcess, scope: RefreshScope, fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        if self.entry.inode != entry.inode {
            self.stat = None;
        }
        self.entry = entry;
        let mut line = [0; stat::MAX_STAT_BYTES];
        match scope {
            RefreshScope::Nothing => return Some(self),
            RefreshScope::IfRun if self.has_slept(scale) => return Some(self),
            RefreshScope::Stat if self.is_unchanged(fs) => return Some(self),
            RefreshScope::Clock | RefreshScope::IfRun if self.is_unchanged(fs) => return self.with_new_cpu_time(scale),
            RefreshScope::IfRun | RefreshScope::Stat | RefreshScope::Clock | RefreshScope::Everything => {}
        }
        let directory = fs.process(entry.pid).ok()?;
        let line = read_start(&directory, c"stat", &mut line).ok()?;
        let stat = Stat::parse(line)?;
        if stat.started != self.process.id.started {
            return Self::of(entry, &directory, line, fs, scale);
        }
        if scope == RefreshScope::Everything || self.has_new_program(&stat) {
            read_command(&directory, &stat, fs)?.write_to(&mut self.process);
        }
        update_vitals(&mut self.process, &directory, &stat, scale);
        self.line.clear();
        self.line.extend_from_slice(line);
        Some(self)
    }

    /// The process with its current processor time and everything else unchanged.
    fn with_new_cpu_time(mut self, scale: Scale) -> Option<Self> {
        let stat = Stat::parse(&self.line)?;
        let cpu = Vitals::new(&stat, scale.boot, scale.units).with_clock(scale.clock, self.entry.pid).cpu();
        if self.process.cpu != cpu {
            Arc::make_mut(&mut self.process).cpu = cpu;
        }
        Some(self)
    }

    /// Whether the process has not run since the last pass. Then it has changed nothing of its own, and only what others
    /// do to it shows in `stat`: that it has another parent, or was swapped out.
    fn has_slept(&mut self, scale: Scale) -> bool {
        let now = scale.clock.read(self.entry.pid);
        now.is_some() && std::mem::replace(&mut self.clock, now) == now
    }

    /// Whether `stat` is unchanged: the process has run for less than a clock tick since the last pass.
    fn is_unchanged(&self, fs: &mut ProcFs) -> bool {
        let mut line = [0; stat::MAX_STAT_BYTES];
        let line = match &self.stat {
            Some(file) => read_again(file, &mut line),
            None => fs.stat(self.entry.pid, &mut line),
        };
        line == Ok(&*self.line)
    }

    /// Keeps `stat` open, unless another process has the pid by now.
    fn keep_open(&mut self, fs: &mut ProcFs) {
        if self.stat.is_none() {
            self.stat = fs.open_stat(self.entry.pid).ok();
            if !self.is_unchanged(fs) {
                self.stat = None;
            }
        }
    }

    /// Whether the process has started another program since the last pass: that has another name or another position in memory.
    fn has_new_program(&self, stat: &Stat<'_>) -> bool {
        Stat::parse(&self.line).is_none_or(|before| before.image != stat.image || before.comm != stat.comm)
    }
}

/// Reads the name, the arguments and the paths of a process; `None` if it has ended meanwhile.
fn read_command(directory: &OwnedFd, stat: &Stat<'_>, fs: &mut ProcFs) -> Option<ProcessCommand> {
    let name = Untrusted::from_bytes(stat.comm);
    if stat.is_kernel_thread {
        Some(ProcessCommand::of_kernel(name))
    } else {
        ProcessCommand::read(directory, name, fs)
    }
}

/// Updates the numbers of a process.
fn update_vitals(process: &mut Arc<Process>, directory: &OwnedFd, stat: &Stat<'_>, scale: Scale) {
    let vitals = Vitals::new(stat, scale.boot, scale.units).with_clock(scale.clock, process.id.pid);
    vitals.with_io(directory, &process.exe).write_to(process);
}
