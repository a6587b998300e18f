//! Difficult processes on this machine: what they may do to be misread, and what is hidden from this user.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test by panicking, too")]

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use agtop_model::{Gap, Process};
use agtop_os::{Os, OsError, Signal, Support};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The user that owns nothing, on every Linux.
const NOBODY: u32 = 65534;

fn find(os: &mut dyn Os, pid: u32) -> Option<Arc<Process>> {
    os.processes().unwrap().into_iter().find(|process| process.id.pid == pid)
}

/// Starts a shell with these arguments, in this directory, which waits for its input. It waits until the kernel has set the
/// arguments.
fn waiting_shell(args: &[OsString], directory: &Path) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", "read line", "sh"]).args(args).current_dir(directory);
    let child = command.stdin(Stdio::piped()).spawn().unwrap();
    while std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap().is_empty() {
        std::thread::yield_now();
    }
    child
}

/// Kills a child.
fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_command_line_of_a_megabyte_is_cut_and_its_escapes_are_not_printed() {
    let evil = OsStr::from_bytes(b"\x1b]0;title\x07\xff\n--flag").to_owned();
    // One argument may have 128 KiB, all of them 2 MiB.
    let long = OsString::from("x".repeat(100_000));
    let given = [vec![evil], vec![long; 10]].concat();
    let child = waiting_shell(&given, Path::new("/"));
    let row = find(&mut *agtop_os::native(), child.id()).unwrap();
    end(child);
    let argv: Vec<&str> = row.argv.iter().map(agtop_model::Untrusted::raw).collect();
    assert_eq!(argv[..5], ["sh", "-c", "read line", "sh", "\u{1b}]0;title\u{7}\u{fffd}\n--flag"]);
    assert_eq!(argv.len(), 7, "only 128 KiB are read");
    assert!(!row.argv[4].for_terminal().contains('\u{1b}'));
}

#[test]
fn a_working_directory_that_was_deleted_keeps_its_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let child = waiting_shell(&[], &path);
    directory.close().unwrap();
    let row = find(&mut *agtop_os::native(), child.id()).unwrap();
    end(child);
    assert_eq!(row.cwd, Ok(path));
}

#[test]
fn descriptors_beyond_the_limit_are_counted() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = 5000;
    if limit.maximum.is_some_and(|most| most < wanted + 100) {
        return println!("skipped: no process may hold so many files here");
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted + 100), ..limit }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("log");
    let _held: Vec<File> = (0..wanted).map(|_| File::create(&path).unwrap()).collect();
    let mut os = agtop_os::native();
    let me = find(&mut *os, std::process::id()).unwrap().id;
    let files = os.open_files(me).unwrap();
    assert!(files.writing.contains(&path));
    assert!((900..1000).contains(&files.left_out), "{}", files.left_out);
}

/// Runs one of the ignored tests in another process and returns whether it could be started and succeeded.
fn run(test: &str, command: &mut Command) -> bool {
    let output = command.args(["--exact", "--ignored", "--nocapture", test]).output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() || !printed.contains("panicked"), "{printed}");
    output.status.success() && printed.contains("1 passed")
}

/// Run by user nobody, in a process that root has started.
#[test]
#[ignore = "not a test of its own"]
fn check_as_nobody() {
    let mut os = agtop_os::native();
    let caps = os.caps();
    assert_eq!([caps.exe, caps.cwd, caps.io, caps.open_files, caps.sockets, caps.signals], [Support::Own; 6]);
    let root = find(&mut *os, parent_id()).unwrap();
    assert!(!root.argv.is_empty() && root.cpu.is_ok() && root.rss.is_ok());
    assert_eq!((&root.exe, &root.cwd, root.io), (&Err(Gap::Denied), &Err(Gap::Denied), Err(Gap::Denied)));
    assert_eq!(os.open_files(root.id), Err(Gap::Denied));
    assert_eq!(os.sockets(&[root.id]), [Err(Gap::Denied)]);
    // `Continue` would be allowed within the same session.
    assert!(matches!(os.signal(root.id, Signal::Stop), Err(OsError::Denied(Signal::Stop))));
    let me = find(&mut *os, std::process::id()).unwrap();
    assert!(me.exe.is_ok() && os.open_files(me.id).is_ok());
}

#[test]
fn facts_about_another_users_process_are_denied() {
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: only root may become nobody");
    }
    // A directory from which user nobody may start the program.
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    assert!(run("check_as_nobody", Command::new(&program).current_dir("/").uid(NOBODY).gid(NOBODY)));
}

/// Run in a pid namespace with its own `/proc`.
#[test]
#[ignore = "not a test of its own"]
fn check_in_own_namespace() {
    let mut os = agtop_os::native();
    let table = os.processes().unwrap();
    assert!(table.len() < 5 && table[0].id.pid == 1, "{} processes", table.len());
    let me = find(&mut *os, std::process::id()).unwrap();
    assert_eq!(me.exe, Ok(std::env::current_exe().unwrap()));
    os.signal(me.id, Signal::Continue).unwrap();
}

/// Run in a pid namespace, but with the `/proc` of another one.
#[test]
#[ignore = "not a test of its own"]
fn check_with_foreign_proc() {
    let mut os = agtop_os::native();
    let table = os.processes().unwrap();
    assert!(table.len() >= 2);
    for process in table {
        let sent = os.signal(process.id, Signal::Continue);
        assert!(matches!(sent, Err(OsError::NoSuchSignal(Signal::Continue))), "{sent:?}");
    }
}

#[test]
fn in_a_pid_namespace_only_its_processes_are_listed_and_signalled() {
    let program = std::env::current_exe().unwrap();
    let unshare = || Command::new("unshare");
    let may = unshare().args(["--pid", "--fork", "--mount-proc", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        return println!("skipped: no namespaces may be made here");
    }
    assert!(run("check_in_own_namespace", unshare().args(["--pid", "--fork", "--mount-proc"]).arg(&program)));
    assert!(run("check_with_foreign_proc", unshare().args(["--pid", "--fork"]).arg(&program)));
}
