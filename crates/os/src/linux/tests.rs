//! Passes over made-up trees: every oddity of a process table that a real one shows only now and then.

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

/// A tree that looks like `/proc`.
pub(super) struct Tree {
    directory: tempfile::TempDir,
}

/// What is written for one process.
pub(super) struct Spec<'a> {
    pub(super) pid: u32,
    pub(super) comm: &'a [u8],
    pub(super) state: char,
    pub(super) flags: u64,
    pub(super) started: u64,
    pub(super) ticks: u64,
    pub(super) image: u64,
    pub(super) cmdline: &'a [u8],
}

pub(super) const PLAIN: Spec<'static> = Spec {
    pid: 49,
    comm: b"node",
    state: 'S',
    flags: 0x0040_0000,
    started: 500,
    ticks: 0,
    image: 7,
    cmdline: b"node\0cli.js\0",
};

impl Tree {
    pub(super) fn new() -> Self {
        let tree = Self { directory: tempfile::tempdir().unwrap() };
        tree.write("stat", format!("cpu  100 0 0 900 0 0 0 0\ncpu0 100 0 0 900\nbtime {BOOT}\n").as_bytes());
        tree
    }

    pub(super) fn with(self, spec: &Spec<'_>) -> Self {
        self.put(spec);
        self
    }

    pub(super) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn write(&self, name: &str, text: &[u8]) {
        let path = self.root().join(name);
        // Some file systems wait for the disk when a file is written over.
        let _ = fs::remove_file(&path);
        fs::write(path, text).unwrap();
    }

    pub(super) fn link(&self, name: &str, target: &[u8]) {
        let path = self.root().join(name);
        let _ = fs::remove_file(&path);
        symlink(OsStr::from_bytes(target), path).unwrap();
    }

    pub(super) fn put(&self, spec: &Spec<'_>) {
        let Spec { pid, cmdline, .. } = spec;
        fs::create_dir_all(self.root().join(pid.to_string())).unwrap();
        self.put_stat(spec);
        self.write(&format!("{pid}/cmdline"), cmdline);
        self.write(&format!("{pid}/io"), b"read_bytes: 10\nwrite_bytes: 20\n");
        self.link(&format!("{pid}/exe"), b"/usr/bin/node");
        self.link(&format!("{pid}/cwd"), b"/work");
    }

    fn put_stat(&self, spec: &Spec<'_>) {
        let Spec { pid, comm, state, flags, started, ticks, image, .. } = spec;
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
        // Whoever has it open sees what it becomes, as with the kernel's.
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

/// An `os` after a first pass at a moment when what started as [`PLAIN`] is no longer young, and that moment.
fn settled(tree: &Tree) -> (LinuxOs, Arc<Process>, u64) {
    let mut os = tree.os();
    let later = later(&os);
    let process = only(os.pass(later).unwrap());
    (os, process, later)
}

fn later(os: &LinuxOs) -> u64 {
    PLAIN.started + os.units.ticks_of(table::YOUTH)
}

#[test]
fn a_process_is_read_with_every_fact() {
    let process = Tree::new().with(&Spec { ticks: 150, ..PLAIN }).only();
    let units = Units::of_this_machine();
    assert_eq!(process.id, ProcId { pid: 49, started: 500 });
    assert_eq!(process.parent, Some(1));
    assert_eq!(process.name.raw(), "node");
    assert_eq!(argv(&process), ["node", "cli.js"]);
    assert_eq!(process.exe, Ok(PathBuf::from("/usr/bin/node")));
    assert_eq!(process.cwd, Ok(PathBuf::from("/work")));
    assert_eq!(process.state, ProcessState::Sleeping);
    assert_eq!(process.started_at, Ok(Timestamp::from_millis(BOOT * 1000).plus(units.span(500))));
    assert_eq!(process.threads, Ok(3));
    assert_eq!(process.cpu.unwrap().user, units.span(150));
    assert_eq!(process.rss, Ok(2 * rustix::param::page_size() as u64));
    assert_eq!(process.vsz, Ok(8192));
    assert_eq!(process.io, Ok(agtop_model::DiskIo { read: 10, written: 20 }));
}

#[test]
fn rows_are_in_the_order_of_pids_and_other_names_are_no_processes() {
    let tree = Tree::new();
    for pid in [1000, 1, 99] {
        tree.put(&Spec { pid, ..PLAIN });
    }
    fs::create_dir(tree.root().join("self")).unwrap();
    let table = tree.os().processes().unwrap();
    assert_eq!(pids(&table), [1, 99, 1000]);
    assert_eq!(table[0].parent, None);
}

#[test]
fn a_name_that_imitates_a_stat_line_changes_nothing_else() {
    let process = Tree::new().with(&Spec { comm: b") R 9 (\n\xff", ..PLAIN }).only();
    assert_eq!(process.name.raw(), ") R 9 (\n\u{fffd}");
    assert_eq!((process.parent, process.state.letter()), (Some(1), 'S'));
}

#[test]
fn a_kernel_thread_has_a_name_and_nothing_is_asked_of_it() {
    let spec = Spec { comm: b"kworker/0:1", state: 'I', flags: 0x0020_8040, ..PLAIN };
    let process = Tree::new().with(&spec).only();
    assert_eq!(process.name.raw(), "kworker/0:1");
    assert!(process.argv.is_empty());
    assert_eq!(process.exe, Err(Gap::NotReported));
    assert_eq!(process.cwd, Err(Gap::NotReported));
    assert_eq!(process.io, Err(Gap::NotReported));
}

#[test]
fn a_zombie_is_a_row_without_a_command_line() {
    let tree = Tree::new().with(&Spec { state: 'Z', cmdline: b"", ..PLAIN });
    tree.remove("49/exe");
    tree.remove("49/cwd");
    let process = tree.only();
    assert_eq!(process.state, ProcessState::Zombie);
    assert!(process.argv.is_empty());
    assert_eq!((&process.exe, &process.cwd), (&Err(Gap::NotReported), &Err(Gap::NotReported)));
    assert_eq!(process.io, Err(Gap::NotReported), "asked although the executable is not shown");
}

#[test]
fn what_ended_between_listing_and_reading_is_left_out() {
    let tree = Tree::new().with(&PLAIN).with(&Spec { pid: 43, ..PLAIN }).with(&Spec { pid: 44, ..PLAIN });
    tree.remove("43/stat");
    tree.remove("44/cmdline");
    tree.write("45", b"not a directory");
    assert_eq!(pids(&tree.os().processes().unwrap()), [49]);
}

#[test]
fn a_broken_stat_line_costs_its_own_row_only() {
    let tree = Tree::new().with(&PLAIN).with(&Spec { pid: 43, ..PLAIN });
    tree.write("43/stat", b"43 (node) S 1 1");
    assert_eq!(pids(&tree.os().processes().unwrap()), [49]);
}

#[test]
fn a_process_that_may_not_be_seen_is_left_out() {
    let tree = Tree::new().with(&PLAIN).with(&Spec { pid: 43, ..PLAIN });
    fs::set_permissions(tree.root().join("43/stat"), fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is hidden from root, so there is nothing to prove as root.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(pids(&tree.os().processes().unwrap()), [49]);
    }
}

#[test]
fn a_command_line_of_megabytes_is_cut() {
    let long = [b"claude\0-p\0".as_slice(), &vec![b'x'; 3 << 20]].concat();
    let process = Tree::new().with(&Spec { cmdline: &long, ..PLAIN }).only();
    assert_eq!(argv(&process)[..2], ["claude", "-p"]);
    assert_eq!(process.argv.iter().map(|argument| argument.raw().len() + 1).sum::<usize>(), cmdline::LONGEST + 1);
}

#[test]
fn paths_that_are_no_utf8_keep_their_bytes() {
    let tree = Tree::new().with(&PLAIN);
    tree.link("49/cwd", b"/caf\xe9");
    assert_eq!(tree.only().cwd, Ok(PathBuf::from(OsStr::from_bytes(b"/caf\xe9"))));
}

#[test]
fn a_deleted_executable_or_directory_keeps_its_path() {
    let tree = Tree::new().with(&PLAIN);
    tree.link("49/exe", b"/opt/claude (deleted)");
    tree.link("49/cwd", b"/tmp/a (deleted) b (deleted)");
    let process = tree.only();
    assert_eq!(process.exe, Ok(PathBuf::from("/opt/claude")));
    assert_eq!(process.cwd, Ok(PathBuf::from("/tmp/a (deleted) b")));
}

#[test]
fn a_link_that_cannot_be_read_is_a_failure_of_that_fact() {
    let tree = Tree::new().with(&PLAIN);
    tree.remove("49/cwd");
    tree.write("49/cwd", b"no link");
    let process = tree.only();
    assert_eq!(process.cwd, Err(Gap::Failed));
    assert!(process.exe.is_ok());
}

#[test]
fn byte_counts_are_a_gap_where_the_kernel_keeps_none_or_nonsense() {
    let tree = Tree::new().with(&PLAIN);
    tree.write("49/io", b"read_bytes: many\n");
    assert_eq!(tree.only().io, Err(Gap::Failed));
    tree.remove("49/io");
    assert_eq!(tree.only().io, Err(Gap::NotReported));
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let tree = Tree::new().with(&PLAIN);
    let (mut os, before, later) = settled(&tree);
    tree.put(&Spec { started: 501, cmdline: b"codex\0", ..PLAIN });
    let after = only(os.pass(later).unwrap());
    assert_ne!(after.id, before.id);
    assert_eq!(argv(&after), ["codex"]);
    assert_eq!(argv(&before), ["node", "cli.js"]);
}

#[test]
fn a_process_that_did_not_change_is_shared() {
    let tree = Tree::new().with(&PLAIN);
    let (mut os, before, later) = settled(&tree);
    assert!(Arc::ptr_eq(&before, &only(os.pass(later).unwrap())));
    tree.put(&Spec { ticks: 1, ..PLAIN });
    let after = only(os.pass(later).unwrap());
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(before.cpu.unwrap().total(), Duration::ZERO);
    assert!(after.cpu.unwrap().total() > Duration::ZERO);
}

/// Uses the processor in a thread that has ended afterwards, until that thread has used this much.
fn burn(time: Duration) {
    let spin = move || {
        let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default();
        while used() < time {
            std::hint::spin_loop();
        }
    };
    std::thread::spawn(spin).join().unwrap();
}

/// An agent at a steady 6 percent uses 6 ms in the tenth of a second of a one-shot: no tick of `stat`, or one, which were
/// 0 and 9.8 percent. `schedstat` has nanoseconds, of the first thread alone.
#[test]
fn processor_time_is_finer_than_ticks_and_that_of_all_threads() {
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

/// Pids of a copy of `/proc`, or of another namespace's, are not those that a clock can be asked for by.
#[test]
fn processor_time_in_another_proc_is_counted_in_ticks() {
    let tree = Tree::new().with(&Spec { pid: std::process::id(), ticks: 7, ..PLAIN });
    let mut os = tree.os();
    assert_eq!(only(os.processes().unwrap()).cpu.unwrap().total(), os.units.span(7));
    assert_eq!(os.cpu_step(), os.units.span(1));
}

#[test]
fn a_young_process_is_read_anew_in_every_pass() {
    let tree = Tree::new().with(&PLAIN);
    let mut os = tree.os();
    let now = later(&os) - 1;
    os.watch(&[]);
    os.pass(now).unwrap();
    for name in [&b"one\0"[..], b"two\0", b"three\0"] {
        tree.write("49/cmdline", name);
        let process = only(os.pass(now).unwrap());
        assert_eq!(argv(&process), [std::str::from_utf8(&name[..name.len() - 1]).unwrap()]);
    }
}

/// On the real `/proc`: the kernel's promise that all of this is built on.
#[test]
fn a_pid_that_is_used_again_is_listed_under_another_inode_and_nobody_else_is() {
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
        // The next process gets the pid after this one, if nobody else starts one in between.
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
    println!("skipped: others were always faster");
}

/// A tree of so many processes, and an `os` that has seen them all when none was young, and watches the first.
fn crowd(count: u32) -> (Tree, LinuxOs, u64) {
    let tree = Tree::new();
    for pid in 1..=count {
        fs::create_dir(tree.root().join(pid.to_string())).unwrap();
        tree.put_stat(&Spec { pid, ..PLAIN });
        tree.write(&format!("{pid}/cmdline"), PLAIN.cmdline);
    }
    let mut os = tree.os();
    let later = later(&os);
    os.pass(later).unwrap();
    os.watch(&[ProcId { pid: 1, started: PLAIN.started }]);
    (tree, os, later)
}

#[test]
fn settled_processes_take_turns_at_being_read_whole() {
    let (tree, mut os, later) = crowd(40);
    let mut reread = [0; 40];
    for round in 0..40 {
        for pid in 1..=40 {
            tree.write(&format!("{pid}/cmdline"), format!("{round}").as_bytes());
        }
        let table = os.pass(later).unwrap();
        let now = table.iter().map(|process| argv(process) == [round.to_string()]);
        reread.iter_mut().zip(now).for_each(|(count, now)| *count += u32::from(now));
    }
    assert_eq!(reread, [2; 40]);
}

#[test]
fn in_a_crowd_who_is_watched_is_read_in_every_pass_and_the_others_in_turns() {
    let count = u32::try_from(table::STATS + 100).unwrap();
    let (tree, mut os, later) = crowd(count);
    for ticks in 1..=3 {
        for pid in 1..=count {
            tree.put_stat(&Spec { pid, ticks, ..PLAIN });
        }
        let table = os.pass(later).unwrap();
        let ran = |process: &&Arc<Process>| process.cpu.unwrap().user == os.units.span(ticks);
        assert!(ran(&&table[0]), "who is watched");
        assert!((table::STATS..=table::STATS + table::LOOKS + 1).contains(&table.iter().filter(ran).count()));
    }
}

#[test]
fn of_those_that_are_watched_no_more_files_are_kept_open_than_may_be() {
    let tree = Tree::new();
    (1..=9).for_each(|pid| tree.put(&Spec { pid, ..PLAIN }));
    let mut os = tree.os();
    os.table = Table::new(4);
    let later = later(&os);
    let watched: Vec<ProcId> = os.pass(later).unwrap().iter().map(|process| process.id).collect();
    assert_eq!(os.table.open(), 0, "nobody is watched yet");
    os.watch(&watched);
    os.pass(later).unwrap();
    assert_eq!(os.table.open(), 4);
    (1..=9).for_each(|pid| tree.put_stat(&Spec { pid, ticks: 7, ..PLAIN }));
    let table = os.pass(later).unwrap();
    assert!(table.iter().all(|process| process.cpu.unwrap().user == os.units.span(7)), "they are read all the same");
    os.watch(&watched[..2]);
    os.pass(later).unwrap();
    assert_eq!(os.table.open(), 2);
}

#[test]
fn in_a_crowd_who_comes_goes_or_is_replaced_is_noticed_in_the_next_pass() {
    let count = u32::try_from(3 * table::STATS).unwrap();
    let (tree, mut os, later) = crowd(count);
    // In the second pass it is not the turn of the last pids.
    let (gone, replaced, new) = (count - 1, count, count + 1);
    tree.remove(&gone.to_string());
    // Kept, so that its inode is not given away.
    fs::rename(tree.root().join(replaced.to_string()), tree.root().join("kept")).unwrap();
    for pid in [replaced, new] {
        tree.put(&Spec { pid, started: 501, cmdline: b"codex\0", ..PLAIN });
    }
    let table = os.pass(later).unwrap();
    let expected: Vec<u32> = (1..=new).filter(|&pid| pid != gone).collect();
    assert_eq!(pids(&table), expected);
    for process in &table[table.len() - 2..] {
        assert_eq!((process.id.started, argv(process)), (501, vec!["codex"]));
    }
}

#[test]
fn a_process_that_is_listed_under_another_inode_is_still_itself() {
    let tree = Tree::new().with(&PLAIN);
    let (mut os, before, later) = settled(&tree);
    os.watch(&[]);
    fs::rename(tree.root().join("49"), tree.root().join("kept")).unwrap();
    tree.put(&PLAIN);
    assert!(Arc::ptr_eq(&before, &only(os.pass(later).unwrap())));
}

#[test]
fn a_settled_shell_that_starts_an_agent_is_noticed_at_once() {
    for other in [Spec { image: 8, ..PLAIN }, Spec { comm: b"claude", ..PLAIN }] {
        let tree = Tree::new().with(&PLAIN);
        let (mut os, before, later) = settled(&tree);
        tree.put(&Spec { cmdline: b"claude\0", ..other });
        let after = only(os.pass(later).unwrap());
        assert_eq!(argv(&after), ["claude"]);
        assert_eq!(after.id, before.id);
    }
}

#[test]
fn bytes_moved_are_read_when_the_process_has_run() {
    let tree = Tree::new().with(&PLAIN);
    let (mut os, _, later) = settled(&tree);
    tree.put(&Spec { ticks: 1, ..PLAIN });
    tree.write("49/io", b"read_bytes: 11\nwrite_bytes: 20\n");
    assert_eq!(only(os.pass(later).unwrap()).io.unwrap().read, 11);
}

#[test]
fn a_process_that_ended_is_forgotten() {
    let tree = Tree::new().with(&PLAIN);
    let (mut os, _, later) = settled(&tree);
    tree.remove("49");
    assert!(os.pass(later).unwrap().is_empty());
    assert!(os.pass(later).unwrap().is_empty());
}

#[test]
fn without_a_table_there_is_an_error_that_names_it_and_later_a_table() {
    let tree = Tree::new();
    let root = tree.root().join("proc");
    let mut os = LinuxOs::with_root(&root);
    assert_eq!(os.caps(), Caps::NONE);
    let error = os.processes().unwrap_err();
    assert!(error.to_string().contains(root.to_str().unwrap()), "{error}");
    assert_eq!(os.system().memory_total, Err(Gap::Failed));
    fs::create_dir(&root).unwrap();
    assert!(os.processes().unwrap().is_empty());
}

#[test]
fn without_a_boot_time_start_times_are_gaps_until_there_is_one() {
    let tree = Tree::new().with(&PLAIN);
    tree.write("stat", b"cpu  1 2 3 4\n");
    let mut os = tree.os();
    assert_eq!(only(os.processes().unwrap()).started_at, Err(Gap::NotReported));
    tree.write("stat", b"cpu  1 2 3 4\nbtime 1795219200\n");
    assert!(only(os.processes().unwrap()).started_at.is_ok());
}

#[test]
fn the_machine_is_read_and_its_use_is_that_since_the_last_reading() {
    let tree = Tree::new();
    tree.write("meminfo", b"MemTotal: 4 kB\nMemAvailable: 3 kB\nSwapTotal: 2 kB\nSwapFree: 2 kB\n");
    tree.write("loadavg", b"0.10 0.20 0.30 1/100 5\n");
    let mut os = tree.os();
    let first = os.system();
    assert_eq!((first.cpus, first.cpu_percent), (1, Err(Gap::NotReported)));
    assert_eq!((first.memory_total, first.memory_available), (Ok(4096), Ok(3072)));
    assert_eq!((first.swap_total, first.swap_used), (Ok(2048), Ok(0)));
    assert_eq!(first.load, Ok([0.1, 0.2, 0.3]));
    tree.write("stat", b"cpu  150 0 0 950 0 0 0 0\ncpu0 150 0 0 950\n");
    assert_eq!(os.system().cpu_percent, Ok(50.0));
}

#[test]
fn what_the_machine_does_not_say_is_a_gap_and_not_zero() {
    let tree = Tree::new();
    tree.write("stat", b"");
    let system = tree.os().system();
    assert!(system.cpus >= 1);
    assert_eq!(system.cpu_percent, Err(Gap::Failed));
    assert_eq!(system.memory_total, Err(Gap::NotReported));
    assert_eq!(system.load, Err(Gap::NotReported));
}
