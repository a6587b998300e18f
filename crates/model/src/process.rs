use std::path::PathBuf;
use std::time::Duration;

use crate::{ProcId, Reading, Timestamp, Untrusted};

/// One process as the operating system describes it. Threads are not processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Which process.
    pub id: ProcId,
    /// The parent's pid; `None` for the first process.
    pub parent: Option<u32>,
    /// The kernel's short name of it (`comm` on Linux, at most 15 bytes).
    pub name: Untrusted,
    /// The command line, argument by argument; empty for kernel threads and zombies.
    pub argv: Vec<Untrusted>,
    /// The executable file.
    pub exe: Reading<PathBuf>,
    /// The working directory.
    pub cwd: Reading<PathBuf>,
    /// What the scheduler says.
    pub state: ProcessState,
    /// When it started.
    pub started_at: Reading<Timestamp>,
    /// Number of threads.
    pub threads: Reading<u32>,
    /// Processor time so far.
    pub cpu: Reading<CpuTime>,
    /// Resident memory in bytes.
    pub rss: Reading<u64>,
    /// Virtual memory in bytes.
    pub vsz: Reading<u64>,
    /// Bytes read from and written to disks so far.
    pub io: Reading<DiskIo>,
}

/// Scheduler states, of all platforms together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProcessState {
    /// On a processor or ready for one.
    Running,
    /// Waiting for an event, interruptibly.
    Sleeping,
    /// Waiting for a disk, uninterruptibly.
    DiskSleep,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// Ended, and not yet collected by its parent.
    Zombie,
    /// A kernel thread without work.
    Idle,
    /// The platform does not report it.
    #[default]
    Unknown,
}

impl ProcessState {
    /// The one-letter form of `ps`.
    pub const fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::DiskSleep => 'D',
            Self::Stopped => 'T',
            Self::Zombie => 'Z',
            Self::Idle => 'I',
            Self::Unknown => '?',
        }
    }

    /// The word of the `tree` JSON shape.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Run",
            Self::Sleeping => "Sleep",
            Self::DiskSleep => "UninterruptibleDiskSleep",
            Self::Stopped => "Stop",
            Self::Zombie => "Zombie",
            Self::Idle => "Idle",
            Self::Unknown => "Unknown",
        }
    }
}

/// Processor time a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In the process's own code.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

impl CpuTime {
    /// Both together.
    pub fn total(self) -> Duration {
        self.user.saturating_add(self.system)
    }
}

/// Bytes a process has moved to and from disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskIo {
    /// Read from disks.
    pub read: u64,
    /// Written to disks.
    pub written: u64,
}

/// The regular files a process holds open, each named once in either list.
///
/// What has no place in a directory any more is left out: pipes, sockets, devices, deleted files. So are directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenFiles {
    /// Those it may write to, whether or not it may read them too; at most [`Self::MAX_FILES_PER_LIST`].
    pub writing: Vec<PathBuf>,
    /// Those it may only read; at most [`Self::MAX_FILES_PER_LIST`].
    pub reading: Vec<PathBuf>,
    /// How many descriptors were left out because there were too many: files beyond [`Self::MAX_FILES_PER_LIST`], and descriptors of
    /// any kind that were not looked at.
    pub left_out: u32,
}

impl OpenFiles {
    /// Either list ends here, so that a process with thousands of files costs no more than others.
    pub const MAX_FILES_PER_LIST: usize = 256;
}

/// The TCP connections of one process, over IPv4 and IPv6 together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// How many connections are established.
    pub established: u32,
    /// The ports it listens on, in rising order, each once.
    pub listening: Vec<u16>,
}

/// The machine as a whole.
#[derive(Clone, Debug)]
pub struct HostMetrics {
    /// Logical processors.
    pub cpus: u32,
    /// Share of all processors in use between the last two readings, in percent of the whole machine (0 to 100).
    pub cpu_percent: Reading<f64>,
    /// Memory in bytes.
    pub memory_total: Reading<u64>,
    /// Memory that can be had without swapping, in bytes.
    pub memory_available: Reading<u64>,
    /// Swap in bytes.
    pub swap_total: Reading<u64>,
    /// Swap in use in bytes.
    pub swap_used: Reading<u64>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Reading<[f64; 3]>,
}
