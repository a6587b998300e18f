//! Another user on the same machine, `nobody`, who would like to know what agents push.
//!
//! Only root can start a process of another user. Where the tests are not run by root, each of these says so.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use agtop_hooks::{Delivery, Listener, Options, Places, Role};

use crate::unix::socket;
use crate::{Ended, Ground, await_some, child, deliver, frame, until};

const NOBODY: u32 = 65_534;
/// What the eavesdropper's notes begin with once somebody has connected.
const VISITED: &[u8] = b"visited:";

/// Whether there can be a second user; says so if not.
fn can_be_another() -> bool {
    let is_root = agtop_os::own_uid() == 0;
    if !is_root {
        // Not by a macro, whose output is shown of failed tests alone.
        let _ = writeln!(std::io::stderr(), "NOT RUN: only root can start a process of another user");
    }
    is_root
}

fn set(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The part of a process that listens at a socket that is not agtop's: it writes down all that it hears.
pub(crate) fn eavesdrop(socket: &Path) {
    // Made while the directory is open: it may be closed when there is something to write.
    let mut notes = std::fs::File::create(socket.with_file_name("heard")).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    set(socket, 0o777);
    let mut heard = VISITED.to_vec();
    let _ = listener.accept().unwrap().0.read_to_end(&mut heard);
    notes.write_all(&heard).unwrap();
}

/// User nobody, who listens at `agtop.sock` in a directory.
struct Eavesdropper {
    _process: Ended,
    place: PathBuf,
}

impl Eavesdropper {
    fn at(ground: &Ground, place: &Path) -> Self {
        set(ground.directory.path(), 0o755);
        set(place, 0o777);
        let program = ground.directory.path().join("eavesdropper");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set(&program, 0o755);
        let socket = place.join("agtop.sock");
        let mut process = child("eavesdrop", &socket, &program);
        let process = Ended(process.uid(NOBODY).gid(NOBODY).current_dir("/").spawn().unwrap());
        until(|| std::fs::metadata(&socket).is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == 0o777));
        Self { _process: process, place: place.to_owned() }
    }

    /// What it heard from whoever connected.
    fn heard(&self) -> Vec<u8> {
        until(|| self.was_visited());
        std::fs::read(self.place.join("heard")).unwrap().split_off(VISITED.len())
    }

    fn was_visited(&self) -> bool {
        std::fs::read(self.place.join("heard")).is_ok_and(|notes| notes.starts_with(VISITED))
    }
}

/// A runtime directory that is not to be trusted and a home that is.
fn two_places(ground: &Ground) -> (Places, PathBuf, PathBuf) {
    let (runtime, home) = (ground.directory.path().join("runtime"), ground.directory.path().join("home"));
    for directory in [&runtime, &home] {
        std::fs::create_dir(directory).unwrap();
        set(directory, 0o700);
    }
    (Places::new(Some(&runtime), Some(&home)), runtime, home)
}

#[test]
fn another_users_process_is_refused_and_counted() {
    if !can_be_another() {
        return;
    }
    let ground = Ground::new();
    let mut listener = ground.listener();
    // Only with all doors open does it get as far as being asked who it is.
    set(ground.directory.path(), 0o755);
    set(&ground.place(), 0o755);
    set(&socket(&ground), 0o666);
    let program = ground.directory.path().join("intruder");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set(&program, 0o755);
    let mut intruder = child("intrude", &socket(&ground), &program);
    let _intruder = Ended(intruder.uid(NOBODY).gid(NOBODY).current_dir("/").spawn().unwrap());
    until(|| listener.refused().foreign == 1);
    ground.hand_over(2); // The user's own are served on.
    let received = await_some(&mut listener, 1);
    assert_eq!(received.len(), 1);
}

/// `~/.agtop` was 0777 once; nobody's socket still lies there, and who listens at it was sent the whole prompt.
#[test]
fn another_users_socket_in_a_directory_that_was_open_once_gets_not_a_byte() {
    if !can_be_another() {
        return;
    }
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    let eavesdropper = Eavesdropper::at(&ground, &ground.place());
    assert_eq!(ground.send(1), Delivery::Lost, "as long as it is open, nothing is written there");
    assert!(!eavesdropper.was_visited());
    set(&ground.place(), 0o755);
    chown(socket(&ground), Some(0), None).unwrap(); // Not even if the file looks like ours.
    assert_eq!(ground.send(2), Delivery::Spooled);
    assert_eq!(eavesdropper.heard(), b"");
}

/// `$XDG_RUNTIME_DIR/agtop` is a link to a directory of nobody's, who was sent the whole prompt through it.
#[test]
fn behind_a_link_another_user_gets_not_a_byte() {
    if !can_be_another() {
        return;
    }
    let ground = Ground::new();
    let (places, runtime, home) = two_places(&ground);
    let theirs = ground.directory.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    let eavesdropper = Eavesdropper::at(&ground, &theirs);
    std::os::unix::fs::symlink(&theirs, runtime.join("agtop")).unwrap();
    assert_eq!(deliver(&places, frame(1, "")), Delivery::Spooled);
    assert!(home.join(".agtop/spool").exists(), "the next place is safe");
    assert!(!eavesdropper.was_visited());
    // The same one level higher.
    std::fs::remove_file(runtime.join("agtop")).unwrap();
    std::fs::create_dir(theirs.join("agtop")).unwrap();
    std::fs::remove_dir(&runtime).unwrap();
    std::os::unix::fs::symlink(&theirs, &runtime).unwrap();
    assert_eq!(deliver(&places, frame(2, "")), Delivery::Spooled);
    assert!(!theirs.join("agtop/spool").exists());
}

/// Below a runtime directory that all may write to, sticky or not, nobody made `agtop` first, or can put another there.
#[test]
fn below_a_runtime_directory_that_all_may_write_to_another_user_gets_not_a_byte() {
    if !can_be_another() {
        return;
    }
    for mode in [0o777, 0o1777] {
        for owner in [0, NOBODY] {
            let ground = Ground::new();
            let (places, runtime, home) = two_places(&ground);
            std::fs::create_dir(runtime.join("agtop")).unwrap();
            set(&runtime, 0o777);
            let eavesdropper = Eavesdropper::at(&ground, &runtime.join("agtop"));
            chown(runtime.join("agtop"), Some(owner), None).unwrap();
            set(&runtime.join("agtop"), 0o700);
            set(&runtime, mode);
            assert_eq!(deliver(&places, frame(1, "")), Delivery::Spooled);
            assert!(home.join(".agtop/spool").exists() && !runtime.join("agtop/spool").exists());
            assert!(!eavesdropper.was_visited());
            let listener = Listener::bind(&places, Options::default()).unwrap();
            assert_eq!(listener.role(), Role::First, "it listens in the home");
            let [setback] = listener.setbacks() else { panic!("{:?}", listener.setbacks()) };
            assert!(setback.why.ends_with("/runtime: others may write to it"), "{setback}");
        }
    }
}

/// Nobody had made the spool beforehand, and could read what was appended to it.
#[test]
fn a_spool_of_another_user_is_not_written_to_and_not_believed() {
    if !can_be_another() {
        return;
    }
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    set(&ground.place(), 0o700);
    let spool = ground.place().join("spool");
    std::fs::write(&spool, frame(1, "").encode()).unwrap();
    chown(&spool, Some(NOBODY), None).unwrap();
    let before = std::fs::read(&spool).unwrap();
    assert_eq!(ground.send(2), Delivery::Lost);
    assert_eq!(std::fs::read(&spool).unwrap(), before);
    let mut listener = ground.listener();
    assert!(listener.poll().is_empty() && listener.refused().planted == 1);
    assert_eq!(ground.send(3), Delivery::Taken);
}

/// A socket of nobody's made agtop believe that another agtop listens, so that it heard nothing.
#[test]
fn another_users_socket_is_not_taken_for_agtops() {
    if !can_be_another() {
        return;
    }
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    let _eavesdropper = Eavesdropper::at(&ground, &ground.place());
    let mut listener = ground.listener();
    assert_eq!((listener.role(), listener.refused().planted), (Role::First, 2), "socket and notes");
    ground.hand_over(1);
    assert_eq!(await_some(&mut listener, 1).len(), 1);
}
