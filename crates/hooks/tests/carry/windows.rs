//! What is so at a named pipe alone.

use std::io::{Read, Write};
use std::num::NonZeroU8;

use agtop_hooks::{Delivery, Listener, Role};
use interprocess::ConnectWaitMode;
use interprocess::os::windows::named_pipe::{DuplexPipeStream, PipeListener, PipeListenerOptions, pipe_mode::Bytes};
use xxhash_rust::xxh3::xxh3_128;

use crate::{Ground, PATIENCE, await_some, frame, until};

/// The length of what agtop shows to who connects.
const SECRET: usize = 32;

fn pipe(ground: &Ground) -> String {
    format!(r"\\.\pipe\agtop-{:032x}", xxh3_128(ground.place().as_os_str().as_encoded_bytes()))
}

fn connect(ground: &Ground) -> DuplexPipeStream<Bytes> {
    DuplexPipeStream::connect_by_path_with_wait_mode(pipe(ground), ConnectWaitMode::Timeout(PATIENCE)).unwrap()
}

/// A pipe of that name that is not agtop's, with the secret of an agtop that was killed lying there still.
fn squat(ground: &Ground, options: PipeListenerOptions<'_>) -> PipeListener<Bytes, Bytes> {
    std::fs::create_dir_all(ground.place()).unwrap();
    std::fs::write(ground.place().join("pipe"), "0".repeat(SECRET)).unwrap();
    options.path(pipe(ground)).create_duplex().unwrap()
}

#[test]
fn half_a_frame_and_bytes_that_are_none_cost_no_other() {
    let ground = Ground::new();
    let mut listener = ground.listener();
    let whole = frame(1, "").encode();
    for bytes in [&whole[..whole.len() - 1], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(&ground);
        stream.write_all(bytes).unwrap();
        stream.flush().unwrap();
    }
    let mut sleeper = connect(&ground);
    sleeper.write_all(&whole[..10]).unwrap();
    ground.hand_over(2); // One that dawdles holds up nobody.
    assert_eq!(await_some(&mut listener, 1).len(), 1);
    until(|| listener.refused().damaged >= 3); // In the end it is shown out, too.
}

#[test]
fn a_pipe_of_somebody_else_is_not_taken_over() {
    let ground = Ground::new();
    // The limit is for wine, which knows no first instance.
    let _other = squat(&ground, PipeListenerOptions::new().instance_limit(NonZeroU8::new(1)));
    let mut listener = ground.listener();
    assert_eq!(listener.role(), Role::Reader);
    assert_eq!(ground.send(1), Delivery::Spooled);
    assert_eq!(listener.poll().len(), 1);
}

#[test]
fn who_does_not_know_the_secret_is_told_nothing() {
    let ground = Ground::new();
    let other = squat(&ground, PipeListenerOptions::new());
    std::thread::scope(|scope| {
        let overheard = scope.spawn(|| {
            let mut stream = other.accept().unwrap();
            // Who has connected may have lost patience already.
            let _ = stream.write_all("1".repeat(SECRET).as_bytes());
            let mut overheard = Vec::new();
            let _ = stream.read_to_end(&mut overheard);
            overheard
        });
        assert_eq!(ground.send(1), Delivery::Spooled);
        assert!(overheard.join().unwrap().is_empty());
    });
}

#[test]
fn a_listener_that_was_stopped_holds_up_no_agent() {
    let ground = Ground::new();
    let _nobody_accepts = squat(&ground, PipeListenerOptions::new());
    for call in 0..100 {
        assert_eq!(ground.send(call), Delivery::Spooled);
    }
}

#[test]
fn a_listener_ends_though_somebody_is_connected_and_the_next_has_the_pipe_again() {
    let ground = Ground::new();
    let listener = ground.listener();
    let mut sleeper = connect(&ground);
    let mut shown = [0; SECRET];
    sleeper.read_exact(&mut shown).unwrap();
    assert_eq!(shown.as_slice(), std::fs::read(ground.place().join("pipe")).unwrap());
    drop(listener);
    assert_eq!(sleeper.read(&mut shown).unwrap_or_default(), 0, "it is shown out");
    drop(sleeper);
    let mut next: Listener = ground.listener();
    assert_eq!(next.role(), Role::First);
    ground.hand_over(1);
    assert_eq!(await_some(&mut next, 1).len(), 1);
}

#[test]
fn beyond_the_most_connections_at_once_the_door_is_closed() {
    let ground = Ground::new();
    let _listener = ground.listener();
    let mut shown = [0; SECRET];
    let mut inside = Vec::new();
    // They have two seconds each, so on a slow machine the first have gone before the last come.
    for _ in 0..1000 {
        let mut stream = connect(&ground);
        if stream.read_exact(&mut shown).is_err() {
            return;
        }
        inside.push(stream);
    }
    panic!("nobody was refused");
}
