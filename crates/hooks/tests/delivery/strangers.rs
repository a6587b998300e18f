//! Another user on the same machine, `nobody`, tries to read or to change what agents push.
//!
//! Only root can start a process of another user. If another user runs these tests, each of them prints that it did not
//! run.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use agtop_hooks::{Delivery, HookDirs, Listener, ListenerOptions, ListenerRole};

use crate::unix::socket;
use crate::{KillOnDrop, TestDirs, child, frame, receive_events, send_frame, until};

const NOBODY: u32 = 65_534;
/// What the log of the rogue server begins with once a client has connected.
const CONNECTED: &[u8] = b"connected:";

/// Returns whether a process of another user can be started, and prints if not.
fn can_run_as_another_user() -> bool {
    let is_root = agtop_os::effective_uid() == 0;
    if !is_root {
        // Written directly: the output of a macro is shown for failed tests only.
        let _ = writeln!(std::io::stderr(), "NOT RUN: only root can start a process of another user");
    }
    is_root
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The role of a process that listens on a socket which is not agtop's: it logs all bytes that it receives.
pub(crate) fn run_rogue_server(socket: &Path) {
    // Created while others may write to the directory: later they may not.
    let mut log = std::fs::File::create(socket.with_file_name("received")).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    set_mode(socket, 0o777);
    let mut received = CONNECTED.to_vec();
    let _ = listener.accept().unwrap().0.read_to_end(&mut received);
    log.write_all(&received).unwrap();
}

/// Starts a program that was just written. Another thread of this test may have forked while it was open for writing:
/// until that child runs its own program, the system refuses to start it.
fn spawn(command: &mut Command) -> Child {
    let started = std::iter::repeat_with(|| command.spawn()).find(|child| {
        let is_busy = child.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy);
        if is_busy {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        !is_busy
    });
    started.unwrap().unwrap()
}

/// A process of user nobody that listens on `agtop.sock` in a directory.
struct RogueServer {
    _process: KillOnDrop,
    directory: PathBuf,
}

impl RogueServer {
    fn start(dirs: &TestDirs, directory: &Path) -> Self {
        set_mode(dirs.directory.path(), 0o755);
        set_mode(directory, 0o777);
        let program = dirs.directory.path().join("rogue");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set_mode(&program, 0o755);
        let socket = directory.join("agtop.sock");
        let mut process = child("run_rogue_server", &socket, &program);
        let process = KillOnDrop(spawn(process.uid(NOBODY).gid(NOBODY).current_dir("/")));
        until(|| std::fs::metadata(&socket).is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == 0o777));
        Self { _process: process, directory: directory.to_owned() }
    }

    /// The bytes it received from the first client.
    fn received(&self) -> Vec<u8> {
        until(|| self.was_contacted());
        std::fs::read(self.directory.join("received")).unwrap().split_off(CONNECTED.len())
    }

    fn was_contacted(&self) -> bool {
        std::fs::read(self.directory.join("received")).is_ok_and(|log| log.starts_with(CONNECTED))
    }
}

/// Two hook directories: the one in the runtime directory will be unsafe, the one in the home is safe.
fn two_hook_dirs(dirs: &TestDirs) -> (HookDirs, PathBuf, PathBuf) {
    let (runtime, home) = (dirs.directory.path().join("runtime"), dirs.directory.path().join("home"));
    for directory in [&runtime, &home] {
        std::fs::create_dir(directory).unwrap();
        set_mode(directory, 0o700);
    }
    (HookDirs::new(Some(&runtime), Some(&home)), runtime, home)
}

#[test]
fn another_users_process_is_refused_and_counted() {
    if !can_run_as_another_user() {
        return;
    }
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    // Its user is checked only if every mode lets it connect.
    set_mode(dirs.directory.path(), 0o755);
    set_mode(&dirs.hook_dir(), 0o755);
    set_mode(&socket(&dirs), 0o666);
    let program = dirs.directory.path().join("intruder");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set_mode(&program, 0o755);
    let mut intruder = child("connect_and_send", &socket(&dirs), &program);
    let _intruder = KillOnDrop(intruder.uid(NOBODY).gid(NOBODY).current_dir("/").spawn().unwrap());
    until(|| listener.refused().foreign == 1);
    dirs.send_until_taken(2); // Processes of the user are served as before.
    let received = receive_events(&mut listener, 1);
    assert_eq!(received.len(), 1);
}

/// `~/.agtop` had been 0777. A socket of user nobody was still there, and its server was sent the whole prompt.
#[test]
fn another_users_socket_in_a_formerly_writable_directory_receives_nothing() {
    if !can_run_as_another_user() {
        return;
    }
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    let rogue = RogueServer::start(&dirs, &dirs.hook_dir());
    assert_eq!(dirs.send(1), Delivery::Lost, "nothing is written while others may write there");
    assert!(!rogue.was_contacted());
    set_mode(&dirs.hook_dir(), 0o755);
    chown(socket(&dirs), Some(0), None).unwrap(); // Not even if the file belongs to this user.
    assert_eq!(dirs.send(2), Delivery::Spooled);
    assert_eq!(rogue.received(), b"");
}

/// `$XDG_RUNTIME_DIR/agtop` was a link to a directory of user nobody, whose server was sent the whole prompt.
#[test]
fn another_user_receives_nothing_through_a_link() {
    if !can_run_as_another_user() {
        return;
    }
    let dirs = TestDirs::new();
    let (directories, runtime, home) = two_hook_dirs(&dirs);
    let theirs = dirs.directory.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    let rogue = RogueServer::start(&dirs, &theirs);
    std::os::unix::fs::symlink(&theirs, runtime.join("agtop")).unwrap();
    assert_eq!(send_frame(&directories, frame(1, "")), Delivery::Spooled);
    assert!(home.join(".agtop/spool").exists(), "the next place is safe");
    assert!(!rogue.was_contacted());
    // The same one level higher.
    std::fs::remove_file(runtime.join("agtop")).unwrap();
    std::fs::create_dir(theirs.join("agtop")).unwrap();
    std::fs::remove_dir(&runtime).unwrap();
    std::os::unix::fs::symlink(&theirs, &runtime).unwrap();
    assert_eq!(send_frame(&directories, frame(2, "")), Delivery::Spooled);
    assert!(!theirs.join("agtop/spool").exists());
}

/// In a runtime directory that everyone may write to, sticky or not, another user can create `agtop` first, or replace it.
#[test]
fn another_user_receives_nothing_in_a_runtime_directory_that_everyone_may_write_to() {
    if !can_run_as_another_user() {
        return;
    }
    for mode in [0o777, 0o1777] {
        for owner in [0, NOBODY] {
            let dirs = TestDirs::new();
            let (directories, runtime, home) = two_hook_dirs(&dirs);
            std::fs::create_dir(runtime.join("agtop")).unwrap();
            set_mode(&runtime, 0o777);
            let rogue = RogueServer::start(&dirs, &runtime.join("agtop"));
            chown(runtime.join("agtop"), Some(owner), None).unwrap();
            set_mode(&runtime.join("agtop"), 0o700);
            set_mode(&runtime, mode);
            assert_eq!(send_frame(&directories, frame(1, "")), Delivery::Spooled);
            assert!(home.join(".agtop/spool").exists() && !runtime.join("agtop/spool").exists());
            assert!(!rogue.was_contacted());
            let listener = Listener::bind(&directories, ListenerOptions::default()).unwrap();
            assert_eq!(listener.role(), ListenerRole::Primary, "it listens in the home");
            let [unusable] = listener.unusable_dirs() else { panic!("{:?}", listener.unusable_dirs()) };
            assert!(unusable.reason.ends_with("/runtime: others may write to it"), "{unusable}");
        }
    }
}

/// User nobody had created the spool, and could read what was appended to it.
#[test]
fn a_spool_of_another_user_is_neither_written_nor_read() {
    if !can_run_as_another_user() {
        return;
    }
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    set_mode(&dirs.hook_dir(), 0o700);
    let spool = dirs.hook_dir().join("spool");
    std::fs::write(&spool, frame(1, "").encode()).unwrap();
    chown(&spool, Some(NOBODY), None).unwrap();
    let before = std::fs::read(&spool).unwrap();
    assert_eq!(dirs.send(2), Delivery::Lost);
    assert_eq!(std::fs::read(&spool).unwrap(), before);
    let mut listener = dirs.listener();
    assert!(listener.poll().is_empty() && listener.refused().planted == 1);
    dirs.send_until_taken(3);
}

/// agtop took a socket of user nobody for another agtop's, and received nothing.
#[test]
fn another_users_socket_is_removed() {
    if !can_run_as_another_user() {
        return;
    }
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    let _eavesdropper = RogueServer::start(&dirs, &dirs.hook_dir());
    let mut listener = dirs.listener();
    assert_eq!((listener.role(), listener.refused().planted), (ListenerRole::Primary, 2), "socket and log");
    dirs.send_until_taken(1);
    assert_eq!(receive_events(&mut listener, 1).len(), 1);
}
