//! What is so at a socket alone.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use agtop_hooks::{Delivery, Role};

use crate::{Ground, await_some, frame, until};

/// The part of another user's process.
pub(crate) fn intrude(socket: &Path) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let _ = stream.write_all(&frame(1, "").encode());
}

pub(crate) fn socket(ground: &Ground) -> PathBuf {
    ground.place().join("agtop.sock")
}

#[test]
fn nobody_else_can_reach_the_socket() {
    let ground = Ground::new();
    let _listener = ground.listener();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(ground.place()), mode(socket(&ground))), (0o700, 0o600));
}

#[test]
fn half_a_frame_and_bytes_that_are_none_cost_no_other() {
    let ground = Ground::new();
    let mut listener = ground.listener();
    let whole = frame(1, "").encode();
    UnixStream::connect(socket(&ground)).unwrap().write_all(&whole[..whole.len() - 1]).unwrap();
    UnixStream::connect(socket(&ground)).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut sleeper = UnixStream::connect(socket(&ground)).unwrap();
    sleeper.write_all(&whole[..10]).unwrap();
    ground.hand_over(2); // One that dawdles holds up nobody.
    assert_eq!(await_some(&mut listener, 1).len(), 1);
    until(|| listener.refused().damaged >= 2);
}

#[test]
fn a_socket_left_behind_is_replaced() {
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    drop(UnixListener::bind(socket(&ground)).unwrap());
    assert!(socket(&ground).exists());
    let mut listener = ground.listener();
    assert_eq!(listener.role(), Role::First);
    ground.hand_over(1);
    assert_eq!(await_some(&mut listener, 1).len(), 1);
}

#[test]
fn a_socket_at_which_somebody_answers_is_not_stolen() {
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    let other = UnixListener::bind(socket(&ground)).unwrap();
    let mut listener = ground.listener();
    assert_eq!(listener.role(), Role::Reader);
    assert_eq!(ground.send(1), Delivery::Spooled, "it does not answer as agtop does");
    assert_eq!(listener.poll().len(), 1);
    drop((listener, other));
    assert!(socket(&ground).exists());
}

#[test]
fn a_listener_that_was_stopped_holds_up_no_agent() {
    let ground = Ground::new();
    std::fs::create_dir(ground.place()).unwrap();
    let _nobody_accepts = UnixListener::bind(socket(&ground)).unwrap();
    for call in 0..300 {
        assert_eq!(ground.send(call), Delivery::Spooled);
    }
}

#[test]
fn a_place_that_is_not_ours_alone_is_refused() {
    let ground = Ground::new();
    std::os::unix::fs::symlink("/tmp", ground.place()).unwrap();
    let mut listener = ground.listener();
    assert_eq!(listener.role(), Role::Deaf);
    let [setback] = listener.setbacks() else { panic!("{:?}", listener.setbacks()) };
    assert!(setback.to_string().contains("/agtop is not used: "), "{setback}");
    assert!(setback.why.ends_with("is a symbolic link"), "{setback}");
    assert_eq!(ground.send(1), Delivery::Lost);
    std::fs::remove_file(ground.place()).unwrap();
    assert!(listener.poll().is_empty() && listener.role() == Role::First, "it is mended as soon as it can be");
    ground.hand_over(2);
}
