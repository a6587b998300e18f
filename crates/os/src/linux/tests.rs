//! Passes over fake `/proc` trees, with oddities that a real process table rarely has.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use agtop_model::Untrusted;

use super::*;

/// 2026-11-21 00:00:00 UTC, in seconds.
const BOOT: i64 = 1_795_219_200;

/// A directory that looks like `/proc`.
pub(super) struct FakeProc {
    directory: tempfile::TempDir,
}

/// The facts of a process in it.
pub(super) struct FakeProcess<'a> {
    pub(super) pid: u32,
    pub(super) comm: &'a [u8],
    pub(super) state: char,
    pub(super) flags: u64,
    pub(super) started: u64,
    pub(super) ticks: u64,
    pub(super) image: u64,
    pub(super) cmdline: &'a [u8],
}

pub(super) const NODE_PROCESS: FakeProcess<'static> = FakeProcess {
    pid: 49,
    comm: b"node",
    state: 'S',
    flags: 0x0040_0000,
    started: 500,
    ticks: 0,
    image: 7,
    cmdline: b"node\0cli.js\0",
};

impl FakeProc {
    pub(super) fn new() -> Self {
        let proc = Self { directory: tempfile::tempdir().unwrap() };
        proc.write("stat", format!("cpu  100 0 0 900 0 0 0 0\ncpu0 100 0 0 900\nbtime {BOOT}\n").as_bytes());
        proc
    }

    pub(super) fn with(self, spec: &FakeProcess<'_>) -> Self {
        self.put(spec);
        self
    }

    pub(super) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn write(&self, name: &str, text: &[u8]) {
        let path = self.root().join(name);
        // Some file systems wait for the disk when a file is overwritten.
        let _ = fs::remove_file(&path);
        fs::write(path, text).unwrap();
    }

    pub(super) fn link(&self, name: &str, target: &[u8]) {
        let path = self.root().join(name);
        let _ = fs::remove_file(&path);
        symlink(OsStr::from_bytes(target), path).unwrap();
    }

    pub(super) fn put(&self, spec: &FakeProcess<'_>) {
        let FakeProcess { pid, cmdline, .. } = spec;
        fs::create_dir_all(self.root().join(pid.to_string())).unwrap();
        self.put_stat(spec);
        self.write(&format!("{pid}/cmdline"), cmdline);
        self.write(&format!("{pid}/io"), b"read_bytes: 10\nwrite_bytes: 20\n");
        self.link(&format!("{pid}/exe"), b"/usr/bin/node");
        self.link(&format!("{pid}/cwd"), b"/work");
    }

    fn put_stat(&self, spec: &FakeProcess<'_>) {
        let FakeProcess { pid, comm, state, flags, started, ticks, image, .. } = spec;
        let mut line = format!("{pid} (").into_bytes();
        line.extend_from_slice(comm);
        let parent = u32::from(*pid > 1);
        line.extend_from_slice(
            format!(
                ") {state} {parent} 1 1 0 -1 {flags} 0 0 0 0 {ticks} 0 0 0 20 0 3 0 {started} 8192 2 0 \
                 1 2 3 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 4 5 6 {image} 8 9 10 0\n"
            )
            .as_bytes(),
        );
        // As with the kernel's file, an open descriptor sees the new content.
        fs::write(self.root().join(format!("{pid}/stat")), &line).unwrap();
    }

    fn remove(&self, name: &str) {
        let path = self.root().join(name);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    pub(super) fn os(&self) -> LinuxOs {
        LinuxOs::with_root(self.root())
    }

    /// The only process of a first pass.
    fn only(&self) -> Arc<Process> {
        only(self.os().processes().unwrap())
    }
}

fn only(mut table: Vec<Arc<Process>>) -> Arc<Process> {
    assert_eq!(table.len(), 1);
    table.remove(0)
}

fn pids(table: &[Arc<Process>]) -> Vec<u32> {
    table.iter().map(|process| process.id.pid).collect()
}

fn argv(process: &Process) -> Vec<&str> {
    process.argv.iter().map(Untrusted::raw).collect()
}

/// An `os` after a first pass, its only process, and the time of the pass: [`NODE_PROCESS`] is no longer young then.
fn with_old_process(proc: &FakeProc) -> (LinuxOs, Arc<Process>, u64) {
    let mut os = proc.os();
    let later = later(&os);
    let process = only(os.pass(later).unwrap());
    (os, process, later)
}

fn later(os: &LinuxOs) -> u64 {
    NODE_PROCESS.started + os.units.ticks_of(table::YOUNG_SECONDS)
}

#[test]
fn a_process_is_read_with_every_fact() {
    let process = FakeProc::new().with(&FakeProcess { ticks: 150, ..NODE_PROCESS }).only();
    let units = Units::of_this_machine();
    assert_eq!(process.id, ProcId { pid: 49, started: 500 });
    assert_eq!(process.parent, Some(1));
    assert_eq!(process.name.raw(), "node");
    assert_eq!(argv(&process), ["node", "cli.js"]);
    assert_eq!(process.exe, Ok(PathBuf::from("/usr/bin/node")));
    assert_eq!(process.cwd, Ok(PathBuf::from("/work")));
    assert_eq!(process.state, agtop_model::ProcessState::Sleeping);
    assert_eq!(process.started_at, Ok(Timestamp::from_millis(BOOT * 1000).plus(units.duration_of(500))));
    assert_eq!(process.threads, Ok(3));
    assert_eq!(process.cpu.unwrap().user, units.duration_of(150));
    assert_eq!(process.rss, Ok(2 * rustix::param::page_size() as u64));
    assert_eq!(process.vsz, Ok(8192));
    assert_eq!(process.io, Ok(agtop_model::DiskIo { read: 10, written: 20 }));
}

#[test]
fn processes_are_in_the_order_of_pids_and_other_names_are_skipped() {
    let proc = FakeProc::new();
    for pid in [1000, 1, 99] {
        proc.put(&FakeProcess { pid, ..NODE_PROCESS });
    }
    fs::create_dir(proc.root().join("self")).unwrap();
    let table = proc.os().processes().unwrap();
    assert_eq!(pids(&table), [1, 99, 1000]);
    assert_eq!(table[0].parent, None);
}

#[test]
fn a_name_that_imitates_a_stat_line_changes_nothing_else() {
    let process = FakeProc::new().with(&FakeProcess { comm: b") R 9 (\n\xff", ..NODE_PROCESS }).only();
    assert_eq!(process.name.raw(), ") R 9 (\n\u{fffd}");
    assert_eq!((process.parent, process.state.letter()), (Some(1), 'S'));
}

#[test]
fn a_kernel_thread_has_a_name_and_nothing_else() {
    let spec = FakeProcess { comm: b"kworker/0:1", state: 'I', flags: 0x0020_8040, ..NODE_PROCESS };
    let process = FakeProc::new().with(&spec).only();
    assert_eq!(process.name.raw(), "kworker/0:1");
    assert!(process.argv.is_empty());
    assert_eq!(process.exe, Err(Gap::NotReported));
    assert_eq!(process.cwd, Err(Gap::NotReported));
    assert_eq!(process.io, Err(Gap::NotReported));
}

#[test]
fn a_zombie_is_a_row_without_a_command_line() {
    let proc = FakeProc::new().with(&FakeProcess { state: 'Z', cmdline: b"", ..NODE_PROCESS });
    proc.remove("49/exe");
    proc.remove("49/cwd");
    let process = proc.only();
    assert_eq!(process.state, agtop_model::ProcessState::Zombie);
    assert!(process.argv.is_empty());
    assert_eq!((&process.exe, &process.cwd), (&Err(Gap::NotReported), &Err(Gap::NotReported)));
    assert_eq!(process.io, Err(Gap::NotReported), "asked although the executable is not shown");
}

#[test]
fn a_process_that_ends_between_listing_and_reading_is_left_out() {
    let proc = FakeProc::new()
        .with(&NODE_PROCESS)
        .with(&FakeProcess { pid: 43, ..NODE_PROCESS })
        .with(&FakeProcess { pid: 44, ..NODE_PROCESS });
    proc.remove("43/stat");
    proc.remove("44/cmdline");
    proc.write("45", b"not a directory");
    assert_eq!(pids(&proc.os().processes().unwrap()), [49]);
}

#[test]
fn an_invalid_stat_line_affects_its_own_process_only() {
    let proc = FakeProc::new().with(&NODE_PROCESS).with(&FakeProcess { pid: 43, ..NODE_PROCESS });
    proc.write("43/stat", b"43 (node) S 1 1");
    assert_eq!(pids(&proc.os().processes().unwrap()), [49]);
}

#[test]
fn a_hidden_process_is_left_out() {
    let proc = FakeProc::new().with(&NODE_PROCESS).with(&FakeProcess { pid: 43, ..NODE_PROCESS });
    fs::set_permissions(proc.root().join("43/stat"), fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is hidden from root, so there is nothing to test as root.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(pids(&proc.os().processes().unwrap()), [49]);
    }
}

#[test]
fn a_command_line_of_megabytes_is_cut() {
    let long = [b"claude\0-p\0".as_slice(), &vec![b'x'; 3 << 20]].concat();
    let process = FakeProc::new().with(&FakeProcess { cmdline: &long, ..NODE_PROCESS }).only();
    assert_eq!(argv(&process)[..2], ["claude", "-p"]);
    assert_eq!(
        process.argv.iter().map(|argument| argument.raw().len() + 1).sum::<usize>(),
        cmdline::MAX_CMDLINE_BYTES + 1
    );
}

#[test]
fn paths_that_are_not_utf8_keep_their_bytes() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    proc.link("49/cwd", b"/caf\xe9");
    assert_eq!(proc.only().cwd, Ok(PathBuf::from(OsStr::from_bytes(b"/caf\xe9"))));
}

#[test]
fn a_deleted_executable_or_directory_keeps_its_path() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    proc.link("49/exe", b"/opt/claude (deleted)");
    proc.link("49/cwd", b"/tmp/a (deleted) b (deleted)");
    let process = proc.only();
    assert_eq!(process.exe, Ok(PathBuf::from("/opt/claude")));
    assert_eq!(process.cwd, Ok(PathBuf::from("/tmp/a (deleted) b")));
}

#[test]
fn a_link_that_cannot_be_read_is_a_gap_of_its_fact_only() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    proc.remove("49/cwd");
    proc.write("49/cwd", b"no link");
    let process = proc.only();
    assert_eq!(process.cwd, Err(Gap::Failed));
    assert!(process.exe.is_ok());
}

#[test]
fn missing_and_invalid_byte_counts_are_gaps() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    proc.write("49/io", b"read_bytes: many\n");
    assert_eq!(proc.only().io, Err(Gap::Failed));
    proc.remove("49/io");
    assert_eq!(proc.only().io, Err(Gap::NotReported));
}

#[test]
fn a_reused_pid_is_another_process() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let (mut os, before, later) = with_old_process(&proc);
    proc.put(&FakeProcess { started: 501, cmdline: b"codex\0", ..NODE_PROCESS });
    let after = only(os.pass(later).unwrap());
    assert_ne!(after.id, before.id);
    assert_eq!(argv(&after), ["codex"]);
    assert_eq!(argv(&before), ["node", "cli.js"]);
}

#[test]
fn a_process_that_did_not_change_is_shared() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let (mut os, before, later) = with_old_process(&proc);
    assert!(Arc::ptr_eq(&before, &only(os.pass(later).unwrap())));
    proc.put(&FakeProcess { ticks: 1, ..NODE_PROCESS });
    let after = only(os.pass(later).unwrap());
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(before.cpu.unwrap().total(), Duration::ZERO);
    assert!(after.cpu.unwrap().total() > Duration::ZERO);
}

/// Uses this much processor time in a thread, which has ended afterwards.
fn burn(time: Duration) {
    let spin = move || {
        let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
        while used() < time {
            std::hint::spin_loop();
        }
    };
    std::thread::spawn(spin).join().unwrap();
}

/// A one-shot command measures for a tenth of a second. An agent at 6 percent uses 6 ms in that time: no tick of `stat`, or
/// one, so that 0 or 9.8 percent were shown. `schedstat` has nanoseconds, but of the first thread only.
#[test]
fn processor_time_is_more_precise_than_ticks_and_includes_all_threads() {
    let mut os = LinuxOs::new();
    let mut used = || {
        let table = os.processes().unwrap();
        let me = table.iter().find(|process| process.id.pid == std::process::id()).unwrap();
        me.cpu.unwrap().total()
    };
    let before = used();
    burn(Duration::from_millis(3));
    let first = used();
    burn(Duration::from_millis(3));
    let second = used();
    assert!(first.saturating_sub(before) >= Duration::from_millis(3), "{before:?} {first:?}");
    assert!(second.saturating_sub(first) >= Duration::from_millis(3), "{first:?} {second:?}");
    assert_ne!(second.subsec_nanos() % 1_000_000, 0, "no whole milliseconds: {second:?}");
    assert_eq!(os.cpu_step(), Duration::from_nanos(1));
}

/// System calls do not accept pids from a copy of `/proc`, or from the `/proc` of another namespace.
#[test]
fn processor_time_in_another_proc_is_counted_in_ticks() {
    let proc = FakeProc::new().with(&FakeProcess { pid: std::process::id(), ticks: 7, ..NODE_PROCESS });
    let mut os = proc.os();
    assert_eq!(only(os.processes().unwrap()).cpu.unwrap().total(), os.units.duration_of(7));
    assert_eq!(os.cpu_step(), os.units.duration_of(1));
}

#[test]
fn a_young_process_is_read_completely_in_every_pass() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let mut os = proc.os();
    let now = later(&os) - 1;
    os.watch(&[]);
    os.pass(now).unwrap();
    for name in [&b"one\0"[..], b"two\0", b"three\0"] {
        proc.write("49/cmdline", name);
        let process = only(os.pass(now).unwrap());
        assert_eq!(argv(&process), [std::str::from_utf8(&name[..name.len() - 1]).unwrap()]);
    }
}

/// On the real `/proc`: the table depends on this behaviour of the kernel.
#[test]
fn a_reused_pid_has_another_inode_and_other_pids_keep_theirs() {
    let mut fs = ProcFs::new("/proc".into());
    let mut inode_of =
        |pid| fs.processes().unwrap().into_iter().find(|entry| entry.pid == pid).map(|entry| entry.inode);
    let start = || std::process::Command::new("sleep").arg("60").spawn().unwrap();
    for _ in 0..50 {
        let mut first = start();
        let before = inode_of(first.id());
        assert_eq!(inode_of(first.id()), before);
        first.kill().unwrap();
        first.wait().unwrap();
        // The next process gets the pid after this one, unless another program starts one in between.
        if fs::write("/proc/sys/kernel/ns_last_pid", (first.id() - 1).to_string()).is_err() {
            return println!("skipped: pids may not be chosen here");
        }
        let mut second = start();
        let after = inode_of(second.id());
        second.kill().unwrap();
        second.wait().unwrap();
        if second.id() == first.id() {
            assert!(before.is_some() && after.is_some());
            return assert_ne!(before, after);
        }
    }
    println!("skipped: other programs always took the pid");
}

/// A fake `/proc` with `count` processes, and an `os` that has made a pass when none was young, and watches the first.
fn many_processes(count: u32) -> (FakeProc, LinuxOs, u64) {
    let proc = FakeProc::new();
    for pid in 1..=count {
        fs::create_dir(proc.root().join(pid.to_string())).unwrap();
        proc.put_stat(&FakeProcess { pid, ..NODE_PROCESS });
        proc.write(&format!("{pid}/cmdline"), NODE_PROCESS.cmdline);
    }
    let mut os = proc.os();
    let later = later(&os);
    os.pass(later).unwrap();
    os.watch(&[ProcId { pid: 1, started: NODE_PROCESS.started }]);
    (proc, os, later)
}

#[test]
fn old_processes_are_read_completely_in_turns() {
    let (proc, mut os, later) = many_processes(40);
    let mut reread = [0; 40];
    for round in 0..40 {
        for pid in 1..=40 {
            proc.write(&format!("{pid}/cmdline"), format!("{round}").as_bytes());
        }
        let table = os.pass(later).unwrap();
        let now = table.iter().map(|process| argv(process) == [round.to_string()]);
        reread.iter_mut().zip(now).for_each(|(count, now)| *count += u32::from(now));
    }
    assert_eq!(reread, [2; 40]);
}

#[test]
fn watched_processes_are_read_in_every_pass_and_others_in_turns() {
    let count = u32::try_from(table::MIN_STATS_PER_PASS + 100).unwrap();
    let (proc, mut os, later) = many_processes(count);
    for ticks in 1..=3 {
        for pid in 1..=count {
            proc.put_stat(&FakeProcess { pid, ticks, ..NODE_PROCESS });
        }
        let table = os.pass(later).unwrap();
        let ran = |process: &&Arc<Process>| process.cpu.unwrap().user == os.units.duration_of(ticks);
        assert!(ran(&&table[0]), "the watched process");
        assert!(
            (table::MIN_STATS_PER_PASS..=table::MIN_STATS_PER_PASS + table::MAX_FULL_READS_PER_PASS + 1)
                .contains(&table.iter().filter(ran).count())
        );
    }
}

#[test]
fn the_number_of_files_kept_open_is_limited() {
    let proc = FakeProc::new();
    (1..=9).for_each(|pid| proc.put(&FakeProcess { pid, ..NODE_PROCESS }));
    let mut os = proc.os();
    os.table = ProcessTable::new(4);
    let later = later(&os);
    let watched: Vec<ProcId> = os.pass(later).unwrap().iter().map(|process| process.id).collect();
    assert_eq!(os.table.open(), 0, "no process is watched yet");
    os.watch(&watched);
    os.pass(later).unwrap();
    assert_eq!(os.table.open(), 4);
    (1..=9).for_each(|pid| proc.put_stat(&FakeProcess { pid, ticks: 7, ..NODE_PROCESS }));
    let table = os.pass(later).unwrap();
    assert!(
        table.iter().all(|process| process.cpu.unwrap().user == os.units.duration_of(7)),
        "they are read all the same"
    );
    os.watch(&watched[..2]);
    os.pass(later).unwrap();
    assert_eq!(os.table.open(), 2);
}

#[test]
fn the_next_pass_notices_processes_that_started_ended_or_reuse_a_pid() {
    let count = u32::try_from(3 * table::MIN_STATS_PER_PASS).unwrap();
    let (proc, mut os, later) = many_processes(count);
    // The last pids have no turn in the second pass.
    let (gone, replaced, new) = (count - 1, count, count + 1);
    proc.remove(&gone.to_string());
    // The old directory stays, so that its inode is not reused.
    fs::rename(proc.root().join(replaced.to_string()), proc.root().join("kept")).unwrap();
    for pid in [replaced, new] {
        proc.put(&FakeProcess { pid, started: 501, cmdline: b"codex\0", ..NODE_PROCESS });
    }
    let table = os.pass(later).unwrap();
    let expected: Vec<u32> = (1..=new).filter(|&pid| pid != gone).collect();
    assert_eq!(pids(&table), expected);
    for process in &table[table.len() - 2..] {
        assert_eq!((process.id.started, argv(process)), (501, vec!["codex"]));
    }
}

#[test]
fn a_process_with_another_inode_is_still_the_same() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let (mut os, before, later) = with_old_process(&proc);
    os.watch(&[]);
    fs::rename(proc.root().join("49"), proc.root().join("kept")).unwrap();
    proc.put(&NODE_PROCESS);
    assert!(Arc::ptr_eq(&before, &only(os.pass(later).unwrap())));
}

#[test]
fn the_next_pass_notices_an_old_shell_that_becomes_an_agent() {
    for other in [FakeProcess { image: 8, ..NODE_PROCESS }, FakeProcess { comm: b"claude", ..NODE_PROCESS }] {
        let proc = FakeProc::new().with(&NODE_PROCESS);
        let (mut os, before, later) = with_old_process(&proc);
        proc.put(&FakeProcess { cmdline: b"claude\0", ..other });
        let after = only(os.pass(later).unwrap());
        assert_eq!(argv(&after), ["claude"]);
        assert_eq!(after.id, before.id);
    }
}

#[test]
fn byte_counts_are_read_when_the_process_has_run() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let (mut os, _, later) = with_old_process(&proc);
    proc.put(&FakeProcess { ticks: 1, ..NODE_PROCESS });
    proc.write("49/io", b"read_bytes: 11\nwrite_bytes: 20\n");
    assert_eq!(only(os.pass(later).unwrap()).io.unwrap().read, 11);
}

#[test]
fn a_process_that_ended_is_forgotten() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    let (mut os, _, later) = with_old_process(&proc);
    proc.remove("49");
    assert!(os.pass(later).unwrap().is_empty());
    assert!(os.pass(later).unwrap().is_empty());
}

#[test]
fn a_missing_table_is_an_error_until_it_exists() {
    let proc = FakeProc::new();
    let root = proc.root().join("proc");
    let mut os = LinuxOs::with_root(&root);
    assert_eq!(os.caps(), Caps::NONE);
    let error = os.processes().unwrap_err();
    assert!(error.to_string().contains(root.to_str().unwrap()), "{error}");
    assert_eq!(os.system().memory_total, Err(Gap::Failed));
    fs::create_dir(&root).unwrap();
    assert!(os.processes().unwrap().is_empty());
}

#[test]
fn start_times_are_gaps_until_the_boot_time_is_known() {
    let proc = FakeProc::new().with(&NODE_PROCESS);
    proc.write("stat", b"cpu  1 2 3 4\n");
    let mut os = proc.os();
    assert_eq!(only(os.processes().unwrap()).started_at, Err(Gap::NotReported));
    proc.write("stat", b"cpu  1 2 3 4\nbtime 1795219200\n");
    assert!(only(os.processes().unwrap()).started_at.is_ok());
}

#[test]
fn processor_use_is_measured_since_the_last_reading() {
    let proc = FakeProc::new();
    proc.write("meminfo", b"MemTotal: 4 kB\nMemAvailable: 3 kB\nSwapTotal: 2 kB\nSwapFree: 2 kB\n");
    proc.write("loadavg", b"0.10 0.20 0.30 1/100 5\n");
    let mut os = proc.os();
    let first = os.system();
    assert_eq!((first.cpus, first.cpu_percent), (1, Err(Gap::NotReported)));
    assert_eq!((first.memory_total, first.memory_available), (Ok(4096), Ok(3072)));
    assert_eq!((first.swap_total, first.swap_used), (Ok(2048), Ok(0)));
    assert_eq!(first.load, Ok([0.1, 0.2, 0.3]));
    proc.write("stat", b"cpu  150 0 0 950 0 0 0 0\ncpu0 150 0 0 950\n");
    assert_eq!(os.system().cpu_percent, Ok(50.0));
}

#[test]
fn missing_facts_of_the_machine_are_gaps_and_not_zeros() {
    let proc = FakeProc::new();
    proc.write("stat", b"");
    let system = proc.os().system();
    assert!(system.cpus >= 1);
    assert_eq!(system.cpu_percent, Err(Gap::Failed));
    assert_eq!(system.memory_total, Err(Gap::NotReported));
    assert_eq!(system.load, Err(Gap::NotReported));
}
