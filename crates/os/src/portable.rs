//! The process table and the machine from the `sysinfo` crate: on every platform but Linux.
//!
//! The crate reports missing values as zeros. This module turns them into gaps. Start times are whole seconds. They
//! distinguish processes that have used the same pid.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use agtop_model::{CpuTime, DiskIo, Gap, HostMetrics, ProcId, Process, ProcessState, Reading, Timestamp, Untrusted};
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, UpdateKind};

use crate::OsError;

/// A process is young for this long after it was first seen. It may still start another program.
const YOUNG_AGE: Duration = Duration::from_secs(10);
/// In every how many passes command lines, executables and directories of all processes are read. On these platforms that
/// means reading the memory of each process.
const FULL_READ_PERIOD: u64 = 10;
/// How many bytes of a command line are kept.
const MAX_ARGV_BYTES: usize = 128 * 1024;

/// The process table, kept between passes.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    /// `None` before it was opened.
    system: Option<sysinfo::System>,
    known: HashMap<u32, KnownProcess>,
    passes: u64,
    has_cpu: bool,
}

/// A process of the last pass.
#[derive(Debug)]
struct KnownProcess {
    process: Arc<Process>,
    first_seen: Instant,
}

impl ProcessTable {
    /// The system, which is opened when it is needed.
    fn system(&mut self) -> Result<&mut sysinfo::System, OsError> {
        match &mut self.system {
            Some(system) => Ok(system),
            system => Ok(system.insert(sysinfo::System::new().map_err(|_| OsError::Unsupported)?)),
        }
    }

    /// One pass. The processes are in the order of pids.
    pub(crate) fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        let now = Instant::now();
        self.passes += 1;
        let is_whole = self.passes % FULL_READ_PERIOD == 1;
        let young = self.known.iter().filter(|(_, known)| now.duration_since(known.first_seen) < YOUNG_AGE);
        let young: Vec<Pid> = young.map(|(&pid, _)| Pid::from_u32(pid)).collect();
        let system = self.system()?;
        let texts = if is_whole { UpdateKind::Always } else { UpdateKind::OnlyIfNotSet };
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, refresh_kind(texts));
        if !is_whole && !young.is_empty() {
            let young = ProcessesToUpdate::Some(&young);
            system.refresh_processes_specifics(young, false, refresh_kind(UpdateKind::Always));
        }
        let read: Vec<Process> = system.processes().values().map(process).collect();
        let mut before = std::mem::take(&mut self.known);
        for process in read {
            let pid = process.id.pid;
            let known = match before.remove(&pid).filter(|known| known.process.id == process.id) {
                Some(known) if *known.process == process => known,
                Some(known) => KnownProcess { process: Arc::new(process), ..known },
                None => KnownProcess { process: Arc::new(process), first_seen: now },
            };
            self.known.insert(pid, known);
        }
        let mut table: Vec<_> = self.known.values().map(|known| Arc::clone(&known.process)).collect();
        table.sort_unstable_by_key(|process| process.id.pid);
        Ok(table)
    }

    /// Whether this process still runs.
    pub(crate) fn is_alive(&mut self, id: ProcId) -> bool {
        let pid = Pid::from_u32(id.pid);
        let Ok(system) = self.system() else { return false };
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing().without_tasks(),
        );
        let found = system.process(pid);
        found.is_some_and(|found| found.start_time() == id.started && state(found.status()) != ProcessState::Zombie)
    }

    /// The pid, as system calls take it, of a process that has not ended.
    #[cfg(any(target_os = "macos", target_os = "freebsd"))]
    pub(crate) fn running_pid(&mut self, id: ProcId) -> Reading<std::ffi::c_int> {
        let pid = std::ffi::c_int::try_from(id.pid).ok().filter(|&pid| pid > 0).ok_or(Gap::NotReported)?;
        if self.is_alive(id) { Ok(pid) } else { Err(Gap::NotReported) }
    }

    /// Sends a signal to a process. Without handles of processes, another one could reuse the pid after the check.
    #[cfg(any(target_os = "macos", target_os = "freebsd"))]
    pub(crate) fn signal(&mut self, id: ProcId, signal: crate::Signal) -> Result<(), OsError> {
        use crate::unix_signal::{failure, number_of};
        let pid = self.running_pid(id).ok().and_then(rustix::process::Pid::from_raw).ok_or(OsError::Ended)?;
        rustix::process::kill_process(pid, number_of(signal)).map_err(|error| failure(error, signal))
    }

    /// The machine as a whole.
    pub(crate) fn machine(&mut self, load: Reading<[f64; 3]>) -> HostMetrics {
        let has_cpu = std::mem::replace(&mut self.has_cpu, true);
        let Ok(system) = self.system() else { return unknown_machine() };
        system.refresh_memory();
        system.refresh_cpu_usage();
        let used = f64::from(system.global_cpu_usage());
        let total = some_bytes(system.total_memory());
        HostMetrics {
            cpus: u32::try_from(system.cpus().len())
                .ok()
                .filter(|&cpus| cpus > 0)
                .unwrap_or_else(crate::processors::processors),
            // There is nothing to compare the first reading with.
            cpu_percent: if has_cpu && used.is_finite() { Ok(used.clamp(0.0, 100.0)) } else { Err(Gap::NotReported) },
            memory_total: total,
            memory_available: total.and_then(|_| some_bytes(system.available_memory())),
            swap_total: total.map(|_| system.total_swap()),
            swap_used: total.map(|_| system.used_swap()),
            load,
        }
    }
}

/// Load averages. Windows has none.
#[cfg(not(windows))]
pub(crate) fn load() -> Reading<[f64; 3]> {
    let load = sysinfo::System::load_average().map_err(|_| Gap::Failed)?;
    let load = [load.one, load.five, load.fifteen];
    if load.iter().all(|load| load.is_finite() && *load >= 0.0) { Ok(load) } else { Err(Gap::Failed) }
}

/// What a pass reads of a process; of its command line, executable and directory as much as `texts` says.
fn refresh_kind(texts: UpdateKind) -> ProcessRefreshKind {
    let numbers = ProcessRefreshKind::nothing().without_tasks().with_cpu().with_memory().with_disk_usage();
    numbers.with_cmd(texts).with_exe(texts).with_cwd(texts)
}

fn process(found: &sysinfo::Process) -> Process {
    let started = found.start_time();
    // Memory comes together with the other numbers, and every running process has some. So if it is 0, this user may not
    // read the numbers. A zombie has none.
    let state = state(found.status());
    let is_open = if found.memory() > 0 {
        Ok(())
    } else if state == ProcessState::Zombie {
        Err(Gap::NotReported)
    } else {
        Err(Gap::Denied)
    };
    let disk = found.disk_usage();
    // User and system time come as one.
    let cpu = CpuTime { user: Duration::from_millis(found.accumulated_cpu_time()), system: Duration::ZERO };
    Process {
        id: ProcId { pid: found.pid().as_u32(), started },
        parent: found.parent().map(Pid::as_u32).filter(|&parent| parent > 0),
        name: untrusted(found.name()),
        argv: argv(found),
        exe: path(found.exe()),
        cwd: path(found.cwd()),
        state,
        started_at: match i64::try_from(started.saturating_mul(1000)) {
            Ok(millis) if millis > 0 => Ok(Timestamp::from_millis(millis)),
            _ => Err(Gap::Denied),
        },
        threads: Err(Gap::Unsupported),
        cpu: is_open.map(|()| cpu),
        rss: is_open.map(|()| found.memory()),
        vsz: is_open.map(|()| found.virtual_memory()),
        io: is_open.map(|()| DiskIo { read: disk.total_read_bytes, written: disk.total_written_bytes }),
    }
}

fn argv(found: &sysinfo::Process) -> Vec<Untrusted> {
    let mut left = MAX_ARGV_BYTES;
    let arguments = found.cmd().iter().map_while(|argument| {
        left = left.checked_sub(argument.len() + 1)?;
        Some(untrusted(argument))
    });
    arguments.collect()
}

fn untrusted(text: &OsStr) -> Untrusted {
    Untrusted::from(&*text.to_string_lossy())
}

fn path(found: Option<&Path>) -> Reading<PathBuf> {
    found.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned).ok_or(Gap::Denied)
}

fn state(status: ProcessStatus) -> ProcessState {
    match status {
        // Windows reports this for every process, whatever it does.
        ProcessStatus::Run if cfg!(windows) => ProcessState::Unknown,
        ProcessStatus::Run | ProcessStatus::Waking => ProcessState::Running,
        ProcessStatus::Sleep | ProcessStatus::Parked | ProcessStatus::LockBlocked => ProcessState::Sleeping,
        ProcessStatus::UninterruptibleDiskSleep | ProcessStatus::Wakekill => ProcessState::DiskSleep,
        ProcessStatus::Stop | ProcessStatus::Tracing | ProcessStatus::Suspended => ProcessState::Stopped,
        ProcessStatus::Zombie | ProcessStatus::Dead => ProcessState::Zombie,
        ProcessStatus::Idle => ProcessState::Idle,
        ProcessStatus::Unknown(_) => ProcessState::Unknown,
    }
}

/// A size that cannot be 0: if it is, the system did not report it.
fn some_bytes(bytes: u64) -> Reading<u64> {
    if bytes > 0 { Ok(bytes) } else { Err(Gap::Failed) }
}

fn unknown_machine() -> HostMetrics {
    HostMetrics {
        cpus: crate::processors::processors(),
        cpu_percent: Err(Gap::Failed),
        memory_total: Err(Gap::Failed),
        memory_available: Err(Gap::Failed),
        swap_total: Err(Gap::Failed),
        swap_used: Err(Gap::Failed),
        load: Err(Gap::Failed),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn row(table: &mut ProcessTable, pid: u32) -> Arc<Process> {
        table.processes().unwrap().into_iter().find(|process| process.id.pid == pid).unwrap()
    }

    #[test]
    fn this_process_is_listed_with_its_own_facts() {
        let me = row(&mut ProcessTable::default(), std::process::id());
        assert_eq!(me.exe, Ok(std::env::current_exe().unwrap()));
        assert_eq!(me.cwd, Ok(std::env::current_dir().unwrap()));
        let args: Vec<String> = std::env::args().collect();
        assert_eq!(me.argv.iter().map(Untrusted::raw).collect::<Vec<_>>(), args);
        assert!(me.rss.unwrap() > 100_000 && me.cpu.is_ok() && me.io.is_ok());
        assert!(me.started_at.unwrap() > Timestamp::from_millis(1_700_000_000_000));
        assert!(me.parent.is_some());
    }

    #[test]
    fn a_process_that_did_not_change_is_shared() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let mut table = ProcessTable::default();
        let rows = std::iter::repeat_with(|| row(&mut table, child.id()));
        let rows: Vec<_> = rows.take(5).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(rows.windows(2).any(|pair| Arc::ptr_eq(&pair[0], &pair[1])));
        assert!(!table.is_alive(rows[0].id));
    }

    #[test]
    fn the_first_processor_use_is_a_gap() {
        let mut table = ProcessTable::default();
        let first = table.machine(load());
        assert_eq!(first.cpu_percent, Err(Gap::NotReported));
        assert!(first.memory_available.unwrap() < first.memory_total.unwrap());
        assert!((0.0..=100.0).contains(&table.machine(load()).cpu_percent.unwrap()));
    }

    #[test]
    fn another_process_with_the_pid_is_not_mistaken_for_the_process() {
        let mut table = ProcessTable::default();
        let me = row(&mut table, std::process::id()).id;
        assert!(table.is_alive(me));
        assert!(!table.is_alive(ProcId { started: me.started - 1, ..me }));
        assert!(!table.is_alive(ProcId { pid: u32::MAX >> 1, started: 0 }));
    }
}
