//! The process table between two passes, and how little of it a pass reads anew.
//!
//! What a pass costs is opening files. The listing of `/proc` alone tells who came and who went; a pid that another
//! process got meanwhile has another inode in it, since the kernel makes one for each process that it shows. So:
//!
//! - A process that is new, or young, is read whole.
//! - Of one that is watched, or has its turn, `stat` is read. While that line stays the same, the process has run for
//!   less than a clock tick, and nothing else is asked but, of those that are watched, the clock. The line also tells whether it started another program; if it
//!   did, the process is read whole.
//! - The `stat` of those that are watched stays open, of as many as may be: to read it again costs a third of that.
//! - All take turns, fewer in a pass, at being read whole: a working directory, a rewritten title, bytes moved within
//!   less than a clock tick leave no trace in `stat`.
//! - The others are as they were.
//!
//! Whatever is new about a process is read through a descriptor of its directory, which the kernel ties to the process,
//! not to the pid: if the process ends, the files vanish, and those of a successor with the same pid are never taken
//! for its own.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use agtop_model::{ProcId, Process, Reading, Timestamp, Untrusted};
use rustix::io::Result;

use super::clock::CpuClock;
use super::command::Command;
use super::procfs::{Entry, ProcFs, read_again, read_start};
use super::rota::{Rota, Turn};
use super::stat::{self, Stat};
use super::vitals::{Units, Vitals};

/// A process is young, and may still turn into something else, for so many seconds after its start: shells start
/// wrappers, wrappers start agents.
pub(super) const YOUTH: u64 = 10;

/// Of so many the `stat` is read in a pass though nobody watches them, or of a twentieth of all, if that is more.
pub(super) const STATS: usize = 64;
/// A twentieth is read whole in a pass, but not more than these.
pub(super) const LOOKS: usize = 5;

/// The processes of the last pass.
#[derive(Debug)]
pub(super) struct Table {
    /// In the order of pids.
    known: Vec<Known>,
    /// The pids that matter, sorted; `None` as long as all do.
    watched: Option<Vec<u32>>,
    stats: Rota,
    looks: Rota,
    /// Files that may be kept open.
    most_open: usize,
}

/// A process that was seen before.
#[derive(Debug)]
struct Known {
    entry: Entry,
    process: Arc<Process>,
    /// Its `stat` as it was.
    line: Vec<u8>,
    /// That file, where it is kept open. The kernel ties it to the process, not to the pid.
    stat: Option<OwnedFd>,
}

/// What values are measured in and from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) units: Units,
    pub(super) clock: CpuClock,
    /// When the machine was started, which start times count from.
    pub(super) boot: Reading<Timestamp>,
    /// How long ago that was, in clock ticks.
    pub(super) now: u64,
}

/// How much of a known process is read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Nothing,
    /// Whether it has changed at all.
    Stat,
    /// The same, and its processor time though `stat` shows no change.
    Clock,
    Everything,
}

/// Who has a turn in a pass.
struct Turns {
    stats: Turn,
    looks: Turn,
}

impl Table {
    /// A table that keeps so many files open at most.
    pub(super) fn new(most_open: usize) -> Self {
        Self { known: Vec::new(), watched: None, stats: Rota::default(), looks: Rota::default(), most_open }
    }

    /// Names the processes that matter.
    pub(super) fn watch(&mut self, ids: &[ProcId]) {
        let mut pids: Vec<u32> = ids.iter().map(|id| id.pid).collect();
        pids.sort_unstable();
        self.watched = Some(pids);
    }

    /// Files that are kept open.
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
        for (place, &entry) in listed.iter().enumerate() {
            while before.next_if(|known| known.entry.pid < entry.pid).is_some() {}
            let known = before.next_if(|known| known.entry.pid == entry.pid);
            let mut known = match known {
                Some(known) => {
                    let due = self.due(&known, entry, place, &turns, scale);
                    known.again(entry, due, fs, scale)
                }
                None => Known::new(entry, fs, scale),
            };
            if let Some(known) = &mut known {
                if open < self.most_open && self.is_watched(entry.pid) {
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

    fn turns(&mut self, listed: &[Entry]) -> Turns {
        let all = listed.len();
        let pid_at = |place: usize| listed.get(place).map_or(0, |entry| entry.pid);
        let looks = all.div_ceil(20).min(LOOKS);
        Turns { stats: self.stats.turn(STATS.max(all / 20), all, pid_at), looks: self.looks.turn(looks, all, pid_at) }
    }

    fn due(&self, known: &Known, entry: Entry, place: usize, turns: &Turns, scale: Scale) -> Due {
        let is_young = scale.now.saturating_sub(known.process.id.started) < scale.units.ticks_of(YOUTH);
        if is_young || turns.looks.has(place) {
            Due::Everything
        } else if self.watched.is_none() || self.is_watched(entry.pid) {
            Due::Clock
        } else if known.entry.inode != entry.inode || turns.stats.has(place) {
            Due::Stat
        } else {
            Due::Nothing
        }
    }

    fn is_watched(&self, pid: u32) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.binary_search(&pid).is_ok())
    }
}

impl Known {
    /// Reads a process of which nothing is known; `None` if it has ended meanwhile or may not be seen.
    fn new(entry: Entry, fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        let directory = fs.process(entry.pid).ok()?;
        let mut line = [0; stat::LONGEST];
        let line = read_start(&directory, c"stat", &mut line).ok()?;
        Self::of(entry, &directory, line, fs, scale)
    }

    fn of(entry: Entry, directory: &OwnedFd, line: &[u8], fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        let stat = Stat::parse(line)?;
        let id = ProcId { pid: entry.pid, started: stat.started };
        let mut process = Arc::new(look(directory, &stat, fs)?.into_process(id));
        fare(&mut process, directory, &stat, scale);
        Some(Self { entry, process, line: line.to_vec(), stat: None })
    }

    /// Reads as much as is due; `None` if the process has ended meanwhile or may not be seen any more.
    fn again(mut self, entry: Entry, due: Due, fs: &mut ProcFs, scale: Scale) -> Option<Self> {
        if self.entry.inode != entry.inode {
            self.stat = None;
        }
        self.entry = entry;
        let mut line = [0; stat::LONGEST];
        match due {
            Due::Nothing => return Some(self),
            Due::Stat if self.is_as_before(fs) => return Some(self),
            Due::Clock if self.is_as_before(fs) => return self.at_its_clock(scale),
            Due::Stat | Due::Clock | Due::Everything => {}
        }
        let directory = fs.process(entry.pid).ok()?;
        let line = read_start(&directory, c"stat", &mut line).ok()?;
        let stat = Stat::parse(line)?;
        if stat.started != self.process.id.started {
            return Self::of(entry, &directory, line, fs, scale);
        }
        if due == Due::Everything || self.is_other_program(&stat) {
            look(&directory, &stat, fs)?.write_to(&mut self.process);
        }
        fare(&mut self.process, &directory, &stat, scale);
        self.line.clear();
        self.line.extend_from_slice(line);
        Some(self)
    }

    /// The same process, of which only the clock may have gone on.
    fn at_its_clock(mut self, scale: Scale) -> Option<Self> {
        let stat = Stat::parse(&self.line)?;
        let cpu = Vitals::new(&stat, scale.boot, scale.units).with_clock(scale.clock, self.entry.pid).cpu();
        if self.process.cpu != cpu {
            Arc::make_mut(&mut self.process).cpu = cpu;
        }
        Some(self)
    }

    /// Whether `stat` is as it was: the process has run for less than a clock tick since.
    fn is_as_before(&self, fs: &mut ProcFs) -> bool {
        let mut line = [0; stat::LONGEST];
        let line = match &self.stat {
            Some(file) => read_again(file, &mut line),
            None => fs.stat(self.entry.pid, &mut line),
        };
        line == Ok(&*self.line)
    }

    /// Keeps `stat` open, unless it is another process's by now.
    fn keep_open(&mut self, fs: &mut ProcFs) {
        if self.stat.is_none() {
            self.stat = fs.open_stat(self.entry.pid).ok();
            if !self.is_as_before(fs) {
                self.stat = None;
            }
        }
    }

    /// Whether the process has started another program since, which gets its name and a place in memory of its own.
    fn is_other_program(&self, stat: &Stat<'_>) -> bool {
        Stat::parse(&self.line).is_none_or(|before| before.image != stat.image || before.comm != stat.comm)
    }
}

/// Reads what a process is; `None` if it has ended meanwhile.
fn look(directory: &OwnedFd, stat: &Stat<'_>, fs: &mut ProcFs) -> Option<Command> {
    let name = Untrusted::from_bytes(stat.comm);
    if stat.is_kernel_thread { Some(Command::of_kernel(name)) } else { Command::read(directory, name, fs) }
}

/// Writes down how a process fares.
fn fare(process: &mut Arc<Process>, directory: &OwnedFd, stat: &Stat<'_>, scale: Scale) {
    let vitals = Vitals::new(stat, scale.boot, scale.units).with_clock(scale.clock, process.id.pid);
    vitals.with_io(directory, &process.exe).write_to(process);
}
