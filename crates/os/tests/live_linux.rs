//! This machine: facts about this process and its children that the test knows too.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test by panicking, too")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agtop_model::{Gap, Process, Timestamp};
use agtop_os::{Os, Support};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

fn find(os: &mut dyn Os, pid: u32) -> Option<Arc<Process>> {
    os.processes().unwrap().into_iter().find(|process| process.id.pid == pid)
}

fn now() -> Timestamp {
    Timestamp::from_millis(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
}

/// Starts a child that waits for its input.
///
/// `spawn` returns when the child no longer shares its parent's memory, a moment before the kernel has set the new command
/// line. Until then the command line is empty.
fn waiting_child(program: &str, args: &[&str]) -> Child {
    let mut command = Command::new(program);
    let child = command.args(args).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    while std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap().is_empty() {
        std::thread::yield_now();
    }
    child
}

fn argv(process: &Process) -> Vec<&str> {
    process.argv.iter().map(agtop_model::Untrusted::raw).collect()
}

#[test]
fn this_process_is_listed_with_its_own_facts() {
    let me = find(&mut *agtop_os::native(), std::process::id()).unwrap();
    let args: Vec<String> = std::env::args().collect();
    assert_eq!(argv(&me), args);
    assert_eq!(me.cwd, Ok(std::env::current_dir().unwrap()));
    assert_eq!(me.exe, Ok(std::env::current_exe().unwrap()));
    assert_eq!(me.parent, Some(std::os::unix::process::parent_id()));
    assert!(me.threads.unwrap() >= 1);
    assert!(me.rss.unwrap() > 100_000 && me.rss.unwrap() < me.vsz.unwrap());
    // Kernels may be built without byte counts.
    assert!(me.io.is_ok() || me.io == Err(Gap::NotReported));
}

#[test]
fn this_process_started_moments_ago() {
    let me = find(&mut *agtop_os::native(), std::process::id()).unwrap();
    let started = me.started_at.unwrap();
    // The start of the machine is known to the second only.
    assert!(started <= now().plus(Duration::from_secs(2)), "{started:?}");
    assert!(now().since(started) < Duration::from_mins(10), "{started:?}");
}

#[test]
fn threads_are_not_listed() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || stopped.recv().is_err());
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let threads: Vec<u32> = std::fs::read_dir("/proc/self/task").unwrap().map(|e| name(e).parse().unwrap()).collect();
    let table = agtop_os::native().processes().unwrap();
    drop(stop);
    assert!(thread.join().unwrap());
    assert!(threads.len() >= 2);
    let listed = table.iter().filter(|process| threads.contains(&process.id.pid));
    assert_eq!(listed.count(), 1);
}

#[test]
fn a_child_is_listed_while_it_runs_and_as_a_zombie_until_it_is_collected() {
    let mut os = agtop_os::native();
    let mut child = waiting_child("cat", &[]);
    let row = find(&mut *os, child.id()).unwrap();
    assert_eq!(argv(&row), ["cat"]);
    assert_eq!(row.parent, Some(std::process::id()));
    assert_eq!(row.cwd, Ok("/".into()));

    child.kill().unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(&child)), options).unwrap();
    let zombie = find(&mut *os, child.id()).unwrap();
    assert_eq!(zombie.state.letter(), 'Z');
    assert_eq!(zombie.id, row.id);
    assert!(zombie.argv.is_empty());
    assert_eq!(zombie.cwd, Err(Gap::NotReported));

    child.wait().unwrap();
    assert!(find(&mut *os, child.id()).is_none());
}

#[test]
fn a_shell_that_becomes_another_program_stays_the_same_process() {
    let mut os = agtop_os::native();
    let script = "echo ready; read line; exec cat";
    let mut child = waiting_child("sh", &["-c", script]);
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(answers.next().unwrap().unwrap(), "ready");
    let shell = find(&mut *os, child.id()).unwrap();
    assert_eq!(argv(&shell), ["sh", "-c", script]);

    child.stdin.as_mut().unwrap().write_all(b"\nnow a cat\n").unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), "now a cat");
    let cat = find(&mut *os, child.id()).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!((argv(&cat), cat.name.raw()), (vec!["cat"], "cat"));
    assert_eq!(cat.id, shell.id);
}

#[test]
fn facts_of_the_machine_are_plausible() {
    let mut os = agtop_os::native();
    assert_eq!(os.caps().system, Support::Full);
    let system = os.system();
    assert!((1..=8192).contains(&system.cpus));
    assert_eq!(system.cpu_percent, Err(Gap::NotReported));
    assert!(system.memory_available.unwrap() < system.memory_total.unwrap());
    assert!(system.swap_used.unwrap() <= system.swap_total.unwrap());
    // Before a clock tick has passed there is no value.
    let used = std::iter::repeat_with(|| os.system().cpu_percent).find_map(Result::ok).unwrap();
    assert!((0.0..=100.0).contains(&used));
}
