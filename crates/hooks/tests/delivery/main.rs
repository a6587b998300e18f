//! Delivery from a hook to agtop, with everything that can go wrong in between: no valid event is lost, and what is refused
//! is counted.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agtop_hooks::{
    DedupStatus, Delivery, Frame, FrameHeader, HookDirs, Listener, ListenerOptions, ListenerRole, PayloadPolicy,
    ReceivedEvent, SenderProof, SpoolAccess, send,
};

#[cfg(unix)]
mod strangers;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// The variables that say what a child process of a test does, and in which directory.
const ROLE_VAR: &str = "AGTOP_TEST_ROLE";
const DIRECTORY_VAR: &str = "AGTOP_TEST_DIRECTORY";
/// How long a test waits for a state before it fails. The slowest machine takes less.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

struct TestDirs {
    directory: tempfile::TempDir,
}

impl TestDirs {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn hook_dirs(&self) -> HookDirs {
        HookDirs::new(Some(self.directory.path()), None)
    }

    /// The directory in which agtop and hooks meet.
    fn hook_dir(&self) -> PathBuf {
        self.directory.path().join("agtop")
    }

    fn listener(&self) -> Listener {
        Listener::bind(&self.hook_dirs(), ListenerOptions::default()).unwrap()
    }

    /// Sends the start of a tool call.
    fn send(&self, call: usize) -> Delivery {
        send_frame(&self.hook_dirs(), frame(call, ""))
    }

    /// Sends the start of a tool call until the listener has it: a busy machine may keep it from answering in time. What was
    /// spooled meanwhile is a duplicate.
    fn send_until_taken(&self, call: usize) {
        until(|| self.send(call) == Delivery::Taken);
    }
}

fn send_frame(directories: &HookDirs, frame: Frame) -> Delivery {
    send(directories, frame, PayloadPolicy::default)
}

fn frame(call: usize, filler: &str) -> Frame {
    let payload = format!(
        r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"{call}","tool_input":"{filler}"}}"#
    );
    let header = FrameHeader {
        client: "claude".into(),
        at: 1_790_000_000_000,
        pid: std::process::id(),
        ancestors: vec![42],
        tag: Some("mine".into()),
        ..FrameHeader::default()
    };
    Frame { header, payload: payload.into_bytes() }
}

/// Polls until the listener has received this many new events.
fn receive_events(listener: &mut Listener, count: usize) -> Vec<ReceivedEvent> {
    let mut found = Vec::new();
    until(|| {
        found.extend(listener.poll().into_iter().filter(|received| received.dedup == DedupStatus::New));
        found.len() >= count
    });
    found
}

fn until(mut is_done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_done() {
        assert!(started.elapsed() < TEST_TIMEOUT, "the state was not reached in time");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A command that runs this test program in another process, with a role.
fn child(role: &str, directory: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "run_role_in_a_child_process", "--nocapture"])
        .env(ROLE_VAR, role)
        .env(DIRECTORY_VAR, directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills the child when the test ends, however it ends.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn run_role_in_a_child_process() {
    let (Some(role), Some(directory)) =
        (std::env::var_os(ROLE_VAR), std::env::var_os(DIRECTORY_VAR).map(PathBuf::from))
    else {
        return;
    };
    match role.to_str().unwrap() {
        "listen" => {
            let mut listener =
                Listener::bind(&HookDirs::new(Some(&directory), None), ListenerOptions::default()).unwrap();
            std::fs::write(directory.join("ready"), "").unwrap();
            loop {
                listener.poll();
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        #[cfg(unix)]
        "connect_and_send" => unix::connect_and_send(&directory),
        #[cfg(unix)]
        "run_rogue_server" => strangers::run_rogue_server(&directory),
        other => panic!("no role {other}"),
    }
}

#[test]
fn an_event_arrives_with_its_sender_and_tag() {
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    assert_eq!(listener.role(), ListenerRole::Primary);
    dirs.send_until_taken(1);
    let received = receive_events(&mut listener, 1).remove(0);
    assert_eq!((received.client.as_str(), &*received.event.session.id), ("claude", "s"));
    assert_eq!(received.event.events.len(), 1);
    assert_eq!(received.tag.unwrap().raw(), "mine");
    assert!(received.payload.is_none(), "the payload is dropped unless the user asks for it");
}

/// agtop attributed a frame to the agent with id 42 because the frame named 42 as an ancestor of its sender.
#[test]
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
fn the_kernel_identifies_the_sender_of_a_frame() {
    let dirs = TestDirs::new();
    let (mut listener, mut follower) = (dirs.listener(), dirs.listener());
    let mut frame = frame(1, "");
    (frame.header.pid, frame.header.ancestors, frame.header.is_verified) = (42, vec![42, 43], true);
    until(|| send_frame(&dirs.hook_dirs(), frame.clone()) == Delivery::Taken);
    let parents = agtop_os::ancestors(16);
    for (listener, proof) in [(&mut listener, SenderProof::Kernel), (&mut follower, SenderProof::Relay)] {
        let sender = receive_events(listener, 1).remove(0).sender;
        assert_eq!((sender.pid, sender.proof), (std::process::id(), proof));
        assert_eq!(sender.ancestors, parents);
        assert!(sender.descends_from(parents[0]) && (!sender.descends_from(42) || parents.contains(&42)));
    }
    // A spooled frame holds what its sender claims, even that it is verified.
    drop((listener, follower));
    frame.header.at += 60_000;
    assert_eq!(send_frame(&dirs.hook_dirs(), frame), Delivery::Spooled);
    let sender = receive_events(&mut dirs.listener(), 1).remove(0).sender;
    assert_eq!((sender.pid, sender.proof.is_verified()), (42, false));
}

#[test]
fn an_event_without_a_listener_waits_for_the_next_one() {
    let dirs = TestDirs::new();
    assert_eq!(dirs.send(1), Delivery::Spooled);
    let mut listener = dirs.listener();
    let received = listener.poll();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].sender.proof, SenderProof::Claim);
    assert!(listener.poll().is_empty());
}

#[test]
fn events_are_returned_in_the_order_of_their_times() {
    let dirs = TestDirs::new();
    let at = |time: i64, call: usize| {
        let mut frame = frame(call, "");
        frame.header.at = time;
        frame
    };
    assert_eq!(send_frame(&dirs.hook_dirs(), at(5_000, 1)), Delivery::Spooled);
    let mut listener = dirs.listener();
    send_frame(&dirs.hook_dirs(), at(3_000, 2));
    let times: Vec<i64> =
        receive_events(&mut listener, 2).iter().map(|received| received.event.at.as_millis()).collect();
    assert_eq!(times, [3_000, 5_000]);
}

/// A `PostToolUse` with an answer of more than 1 MiB was lost, so that the tool call never ended.
#[test]
fn an_event_of_ten_megabytes_arrives_without_its_content() {
    let dirs = TestDirs::new();
    for listens in [false, true] {
        let mut listener = listens.then(|| dirs.listener());
        send_frame(&dirs.hook_dirs(), frame(1, &"x".repeat(10_000_000)));
        let mut listener = listener.take().unwrap_or_else(|| dirs.listener());
        let received = receive_events(&mut listener, 1).remove(0);
        assert_eq!((received.event.events.len(), received.event.tool.as_deref()), (1, Some("Bash")));
        assert_eq!(listener.refused().too_long, 1);
        listener.poll();
    }
}

/// Without a listener, prompts lay in the spool in plain text, and stayed there after it had been read.
#[test]
fn the_spool_holds_no_content_unless_the_user_asks_for_it() {
    let dirs = TestDirs::new();
    let spooled = |content: fn() -> PayloadPolicy| {
        assert_eq!(send(&dirs.hook_dirs(), frame(1, "a secret"), content), Delivery::Spooled);
        std::fs::read(dirs.hook_dir().join("spool")).unwrap()
    };
    let holds = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let bytes = spooled(|| PayloadPolicy::Drop);
    assert!(holds(&bytes, b"Bash") && !holds(&bytes, b"a secret"));
    let mut listener = dirs.listener();
    assert_eq!(listener.poll().len(), 1);
    assert!(listener.poll().is_empty());
    drop(listener);
    let left: Vec<_> = std::fs::read_dir(dirs.hook_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"], "the spool is removed after it was read");
    assert!(holds(&spooled(|| PayloadPolicy::Keep), b"a secret"));
}

#[test]
fn a_payload_just_within_the_limit_arrives() {
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    send_frame(&dirs.hook_dirs(), frame(1, &"x".repeat(1_000_000)));
    assert_eq!(receive_events(&mut listener, 1).len(), 1);
}

#[test]
fn ten_thousand_concurrent_events_arrive_once_each() {
    const EVENTS: usize = 10_000;
    const THREADS: usize = 4;
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let dirs = &dirs;
            scope.spawn(move || {
                for call in (thread..EVENTS).step_by(THREADS) {
                    assert!(matches!(dirs.send(call), Delivery::Taken | Delivery::Spooled));
                }
            });
        }
    });
    println!("{EVENTS} events sent in {:?}", begun.elapsed());
    let received = receive_events(&mut listener, EVENTS);
    let calls: BTreeSet<String> = received.iter().map(|one| format!("{:?}", one.event.events[0].kind)).collect();
    assert_eq!((received.len(), calls.len()), (EVENTS, EVENTS));
    assert_eq!(listener.refused().too_many, 0);
}

#[test]
fn an_event_that_is_sent_twice_is_returned_once() {
    let dirs = TestDirs::new();
    dirs.send(1);
    let mut listener = dirs.listener();
    dirs.send(1);
    dirs.send(2);
    assert_eq!(receive_events(&mut listener, 2).len(), 2);
    assert!(listener.refused().duplicates >= 1);
}

#[test]
fn payloads_that_no_client_understands_are_counted() {
    let dirs = TestDirs::new();
    let mut listener = dirs.listener();
    for (client, payload) in [("claude", "{"), ("claude", "null"), ("nobody", "{}"), ("goose", "{}")] {
        let header = FrameHeader { client: client.into(), ..frame(0, "").header };
        send_frame(&dirs.hook_dirs(), Frame { header, payload: payload.into() });
    }
    until(|| {
        assert!(listener.poll().is_empty());
        listener.refused().damaged >= 4
    });
}

#[test]
fn a_second_listener_follows_the_first_and_takes_its_place() {
    let dirs = TestDirs::new();
    let mut first = dirs.listener();
    let mut second = dirs.listener();
    assert_eq!((first.role(), second.role()), (ListenerRole::Primary, ListenerRole::Follower));
    // The first listener may accept the second one after the first event.
    let mut call = 0;
    until(|| {
        call += 1;
        assert_ne!(dirs.send(call), Delivery::Lost);
        !second.poll().is_empty()
    });
    assert_eq!(receive_events(&mut first, call).len(), call, "the first listener receives all of them");
    drop(first);
    until(|| {
        second.poll();
        second.role() == ListenerRole::Primary
    });
    second.poll();
    dirs.send_until_taken(call + 1);
    assert_eq!(receive_events(&mut second, 1).len(), 1);
}

/// The first agtop took the spooled events, and a later one never received them.
#[test]
fn a_follower_receives_spooled_events_and_each_event_once() {
    let dirs = TestDirs::new();
    assert_eq!(dirs.send(1), Delivery::Spooled);
    let mut first = dirs.listener();
    let mut early = dirs.listener();
    assert_eq!((first.role(), early.role()), (ListenerRole::Primary, ListenerRole::Follower));
    until(|| early.is_caught_up());
    assert!(early.poll().is_empty(), "the first listener has not read the spool yet");
    assert_eq!(first.poll().len(), 1);
    first.acknowledge();
    assert!(!dirs.hook_dir().join("taken").exists() && !dirs.hook_dir().join("spool").exists());
    assert_eq!(receive_events(&mut early, 1).len(), 1);
    dirs.send_until_taken(2);
    assert_eq!((receive_events(&mut first, 1).len(), receive_events(&mut early, 1).len()), (1, 1));
    let mut late = dirs.listener();
    until(|| late.is_caught_up());
    assert_eq!(receive_events(&mut late, 2).len(), 2);
    for listener in [&mut first, &mut early, &mut late] {
        let again = listener.poll().into_iter().filter(|received| received.dedup == DedupStatus::New);
        assert_eq!(again.count(), 0);
    }
}

/// A command that looks once leaves the spool to an agtop that runs longer.
#[test]
fn a_listener_that_peeks_leaves_events_for_the_next_one() {
    let dirs = TestDirs::new();
    assert_eq!(dirs.send(1), Delivery::Spooled);
    for _ in 0..2 {
        let options = ListenerOptions { spool: SpoolAccess::Peek, ..ListenerOptions::default() };
        let mut doctor = Listener::bind(&dirs.hook_dirs(), options).unwrap();
        assert_eq!((doctor.poll().len(), doctor.poll().len()), (1, 0));
    }
    assert_eq!(dirs.listener().poll().len(), 1);
}

#[test]
fn after_a_listener_has_ended_events_wait_for_the_next_one() {
    let dirs = TestDirs::new();
    let mut first = dirs.listener();
    dirs.send_until_taken(1);
    assert_eq!(receive_events(&mut first, 1).len(), 1);
    drop(first);
    assert_eq!(dirs.send(2), Delivery::Spooled);
    let mut next = dirs.listener();
    assert_eq!(next.role(), ListenerRole::Primary);
    assert_eq!(receive_events(&mut next, 1).len(), 1);
    dirs.send_until_taken(3);
}

#[test]
fn the_next_listener_recovers_from_a_killed_one() {
    let dirs = TestDirs::new();
    let mut killed = child("listen", dirs.directory.path(), &std::env::current_exe().unwrap());
    let mut killed = KillOnDrop(killed.spawn().unwrap());
    until(|| dirs.directory.path().join("ready").exists());
    let mut follower = dirs.listener();
    assert_eq!(follower.role(), ListenerRole::Follower);
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    assert_eq!(dirs.send(1), Delivery::Spooled);
    let mut found = Vec::new();
    until(|| {
        found.extend(follower.poll());
        follower.role() == ListenerRole::Primary && !found.is_empty()
    });
    assert_eq!(found.len(), 1);
    dirs.send_until_taken(2);
}
