//! What holds for named pipes only.

use std::io::{Read, Write};
use std::num::NonZeroU8;

use agtop_hooks::{Delivery, Listener, ListenerRole};
use interprocess::ConnectWaitMode;
use interprocess::os::windows::named_pipe::{DuplexPipeStream, PipeListener, PipeListenerOptions, pipe_mode::Bytes};
use xxhash_rust::xxh3::xxh3_128;

use crate::{TEST_TIMEOUT, TestDirs, frame, receive_events, until};

/// The length of the secret that agtop sends first.
const SECRET_BYTES: usize = 32;

fn pipe(dirs: &TestDirs) -> String {
    format!(r"\\.\pipe\agtop-{:032x}", xxh3_128(dirs.hook_dir().as_os_str().as_encoded_bytes()))
}

fn connect(dirs: &TestDirs) -> DuplexPipeStream<Bytes> {
    DuplexPipeStream::connect_by_path_with_wait_mode(pipe(dirs), ConnectWaitMode::Timeout(TEST_TIMEOUT)).unwrap()
}

/// Makes a pipe of that name that is not agtop's, beside the secret of an agtop that was killed.
fn make_foreign_pipe(dirs: &TestDirs, options: PipeListenerOptions<'_>) -> PipeListener<Bytes, Bytes> {
    std::fs::create_dir_all(dirs.hook_dir()).unwrap();
    std::fs::write(dirs.hook_dir().join("pipe"), "0".repeat(SECRET_BYTES)).unwrap();
    options.path(pipe(dirs)).create_duplex().unwrap()
}

#[test]
fn an_incomplete_frame_and_other_bytes_do_not_affect_the_next_frame() {
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    let whole = frame(1, "").encode();
    for bytes in [&whole[..whole.len() - 1], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(&dirs);
        stream.write_all(bytes).unwrap();
        stream.flush().unwrap();
    }
    let mut slow_client = connect(&dirs);
    slow_client.write_all(&whole[..10]).unwrap();
    dirs.send_until_taken(2); // A slow client delays nobody.
    assert_eq!(receive_events(&mut listener, 1).len(), 1);
    until(|| listener.refused().damaged >= 3); // The slow client is disconnected in the end.
}

#[test]
fn a_pipe_of_another_process_is_not_replaced() {
    let dirs = TestDirs::new();
    // The limit is for wine, which has no flag for the first instance.
    let _other = make_foreign_pipe(&dirs, PipeListenerOptions::new().instance_limit(NonZeroU8::new(1)));
    let mut listener = dirs.listener();
    assert_eq!(listener.role(), ListenerRole::SpoolReader);
    assert_eq!(dirs.send(1), Delivery::Spooled);
    assert_eq!(listener.poll().len(), 1);
}

#[test]
fn a_server_without_the_secret_receives_nothing() {
    let dirs = TestDirs::new();
    let other = make_foreign_pipe(&dirs, PipeListenerOptions::new());
    std::thread::scope(|scope| {
        let received = scope.spawn(|| {
            let mut stream = other.accept().unwrap();
            // The client may have stopped waiting already.
            let _ = stream.write_all("1".repeat(SECRET_BYTES).as_bytes());
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
            bytes
        });
        assert_eq!(dirs.send(1), Delivery::Spooled);
        assert!(received.join().unwrap().is_empty());
    });
}

#[test]
fn a_stopped_listener_does_not_delay_the_sender() {
    let dirs = TestDirs::new();
    let _nobody_accepts = make_foreign_pipe(&dirs, PipeListenerOptions::new());
    for call in 0..100 {
        assert_eq!(dirs.send(call), Delivery::Spooled);
    }
}

#[test]
fn a_listener_with_a_client_ends_and_the_next_one_makes_the_pipe_again() {
    let dirs = TestDirs::new();
    let listener = dirs.listener();
    let mut slow_client = connect(&dirs);
    let mut sent = [0; SECRET_BYTES];
    slow_client.read_exact(&mut sent).unwrap();
    assert_eq!(sent.as_slice(), std::fs::read(dirs.hook_dir().join("pipe")).unwrap());
    drop(listener);
    assert_eq!(slow_client.read(&mut sent).unwrap_or_default(), 0, "it is disconnected");
    drop(slow_client);
    let mut next: Listener = dirs.listener();
    assert_eq!(next.role(), ListenerRole::Primary);
    dirs.send_until_taken(1);
    assert_eq!(receive_events(&mut next, 1).len(), 1);
}

#[test]
fn connections_beyond_the_limit_are_closed() {
    let dirs = TestDirs::new();
    let _listener = dirs.listener();
    let mut sent = [0; SECRET_BYTES];
    let mut connected = Vec::new();
    // Each may stay for two seconds. On a slow machine the first are disconnected before the last connect.
    for _ in 0..1000 {
        let mut stream = connect(&dirs);
        if stream.read_exact(&mut sent).is_err() {
            return;
        }
        connected.push(stream);
    }
    panic!("no connection was refused");
}
