//! What holds for Unix sockets only.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use agtop_hooks::{Delivery, ListenerRole};

use crate::{TestDirs, frame, receive_events, until};

/// The role of another user's process.
pub(crate) fn connect_and_send(socket: &Path) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let _ = stream.write_all(&frame(1, "").encode());
}

pub(crate) fn socket(dirs: &TestDirs) -> PathBuf {
    dirs.hook_dir().join("agtop.sock")
}

#[test]
fn other_users_cannot_reach_the_socket() {
    let dirs = TestDirs::new();
    let _listener = dirs.listener();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(dirs.hook_dir()), mode(socket(&dirs))), (0o700, 0o600));
}

#[test]
fn an_incomplete_frame_and_other_bytes_do_not_affect_the_next_frame() {
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    let whole = frame(1, "").encode();
    UnixStream::connect(socket(&dirs)).unwrap().write_all(&whole[..whole.len() - 1]).unwrap();
    UnixStream::connect(socket(&dirs)).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut slow_client = UnixStream::connect(socket(&dirs)).unwrap();
    slow_client.write_all(&whole[..10]).unwrap();
    dirs.send_until_taken(2); // A slow client delays nobody.
    assert_eq!(receive_events(&mut listener, 1).len(), 1);
    until(|| listener.refused().damaged >= 2);
}

#[test]
fn a_stale_socket_is_replaced() {
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    drop(UnixListener::bind(socket(&dirs)).unwrap());
    assert!(socket(&dirs).exists());
    let mut listener = dirs.listener();
    assert_eq!(listener.role(), ListenerRole::Primary);
    dirs.send_until_taken(1);
    assert_eq!(receive_events(&mut listener, 1).len(), 1);
}

#[test]
fn a_socket_that_another_process_listens_on_is_not_replaced() {
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    let other = UnixListener::bind(socket(&dirs)).unwrap();
    let mut listener = dirs.listener();
    assert_eq!(listener.role(), ListenerRole::SpoolReader);
    assert_eq!(dirs.send(1), Delivery::Spooled, "the other process does not answer");
    assert_eq!(listener.poll().len(), 1);
    drop((listener, other));
    assert!(socket(&dirs).exists());
}

#[test]
fn a_stopped_listener_does_not_delay_the_sender() {
    let dirs = TestDirs::new();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    let _nobody_accepts = UnixListener::bind(socket(&dirs)).unwrap();
    for call in 0..300 {
        assert_eq!(dirs.send(call), Delivery::Spooled);
    }
}

#[test]
fn a_link_in_place_of_the_directory_is_refused() {
    let dirs = TestDirs::new();
    std::os::unix::fs::symlink("/tmp", dirs.hook_dir()).unwrap();
    let mut listener = dirs.listener();
    assert_eq!(listener.role(), ListenerRole::Unavailable);
    let [unusable] = listener.unusable_dirs() else { panic!("{:?}", listener.unusable_dirs()) };
    assert!(unusable.to_string().contains("/agtop is not used: "), "{unusable}");
    assert!(unusable.reason.ends_with("is a symbolic link"), "{unusable}");
    assert_eq!(dirs.send(1), Delivery::Lost);
    std::fs::remove_file(dirs.hook_dir()).unwrap();
    assert!(
        listener.poll().is_empty() && listener.role() == ListenerRole::Primary,
        "it listens as soon as the directory is usable"
    );
    dirs.send_until_taken(2);
}

#[test]
fn a_listener_closes_a_directory_that_others_may_write_to_and_a_sender_does_not() {
    let dirs = TestDirs::new();
    let mode = || std::fs::metadata(dirs.hook_dir()).unwrap().permissions().mode() & 0o777;
    assert_eq!((dirs.send(1), mode()), (Delivery::Spooled, 0o700));
    std::fs::set_permissions(dirs.hook_dir(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!((dirs.send(2), mode()), (Delivery::Lost, 0o777), "what is there may be anybody's");
    let listener = dirs.listener();
    assert_eq!((listener.role(), listener.refused().planted, mode()), (ListenerRole::Primary, 0, 0o700));
    dirs.send_until_taken(3);
}

#[test]
fn a_link_in_place_of_the_spool_is_not_followed() {
    let dirs = TestDirs::new();
    let victim = dirs.directory.path().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    std::fs::create_dir(dirs.hook_dir()).unwrap();
    std::os::unix::fs::symlink(&victim, dirs.hook_dir().join("spool")).unwrap();
    assert_eq!(dirs.send(1), Delivery::Lost);
    assert_eq!(std::fs::read(&victim).unwrap(), b"mine");
}
