//! From a hook to agtop, with all that can go wrong between them: nothing valid is lost, and what is refused is counted.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agtop_hooks::{
    Content, Delivery, Frame, Header, Listener, Novelty, Options, Places, Proof, Reading, Received, Role, send,
};

#[cfg(unix)]
mod strangers;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// Tells a child of the test which part it plays, and where.
const PART: &str = "AGTOP_TEST_PART";
const PLACE: &str = "AGTOP_TEST_PLACE";
/// No state takes longer to come about, on however slow a machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Ground {
    directory: tempfile::TempDir,
}

impl Ground {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn places(&self) -> Places {
        Places::new(Some(self.directory.path()), None)
    }

    /// Where agtop and hooks meet.
    fn place(&self) -> PathBuf {
        self.directory.path().join("agtop")
    }

    fn listener(&self) -> Listener {
        Listener::bind(&self.places(), Options::default()).unwrap()
    }

    /// Sends a tool's start.
    fn send(&self, call: usize) -> Delivery {
        deliver(&self.places(), frame(call, ""))
    }

    /// Sends a tool's start until the listener has it, for a busy machine may keep it from answering in time. What was
    /// spooled meanwhile is a double.
    fn hand_over(&self, call: usize) {
        until(|| self.send(call) == Delivery::Taken);
    }
}

fn deliver(places: &Places, frame: Frame) -> Delivery {
    send(places, frame, Content::default)
}

fn frame(call: usize, filler: &str) -> Frame {
    let payload = format!(
        r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"{call}","tool_input":"{filler}"}}"#
    );
    let header = Header {
        client: "claude".into(),
        at: 1_790_000_000_000,
        pid: std::process::id(),
        ancestors: vec![42],
        tag: Some("mine".into()),
        ..Header::default()
    };
    Frame { header, payload: payload.into_bytes() }
}

/// Polls until so many came.
fn await_some(listener: &mut Listener, count: usize) -> Vec<Received> {
    let mut found = Vec::new();
    until(|| {
        found.extend(listener.poll().into_iter().filter(|received| received.novelty == Novelty::New));
        found.len() >= count
    });
    found
}

fn until(mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < PATIENCE, "it did not come about");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// This very program again, to play a part in another process.
fn child(part: &str, place: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "a_part_in_another_process", "--nocapture"]).env(PART, part).env(PLACE, place);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Ends the child with the test, however that goes.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_part_in_another_process() {
    let (Some(part), Some(place)) = (std::env::var_os(PART), std::env::var_os(PLACE).map(PathBuf::from)) else {
        return;
    };
    match part.to_str().unwrap() {
        "listen" => {
            let mut listener = Listener::bind(&Places::new(Some(&place), None), Options::default()).unwrap();
            std::fs::write(place.join("ready"), "").unwrap();
            loop {
                listener.poll();
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        #[cfg(unix)]
        "intrude" => unix::intrude(&place),
        #[cfg(unix)]
        "eavesdrop" => strangers::eavesdrop(&place),
        other => panic!("no part {other}"),
    }
}

#[test]
fn an_event_arrives_with_what_is_known_of_its_sender() {
    let ground = Ground::new();
    let mut listener = ground.listener();
    assert_eq!(listener.role(), Role::First);
    ground.hand_over(1);
    let received = await_some(&mut listener, 1).remove(0);
    assert_eq!((received.client.as_str(), &*received.told.session.id), ("claude", "s"));
    assert_eq!(received.told.events.len(), 1);
    assert_eq!(received.tag.unwrap().raw(), "mine");
    assert!(received.payload.is_none(), "what was said is dropped unless asked for");
}

/// A frame that named process 42 among its sender's ancestors was believed of the agent with that id.
#[test]
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
fn the_kernel_vouches_for_who_sent_what_it_has_carried() {
    let ground = Ground::new();
    let (mut listener, mut follower) = (ground.listener(), ground.listener());
    let mut frame = frame(1, "");
    (frame.header.pid, frame.header.ancestors, frame.header.is_verified) = (42, vec![42, 43], true);
    until(|| deliver(&ground.places(), frame.clone()) == Delivery::Taken);
    let parents = agtop_os::ancestors(16);
    for (listener, proof) in [(&mut listener, Proof::Kernel), (&mut follower, Proof::Relay)] {
        let sender = await_some(listener, 1).remove(0).sender;
        assert_eq!((sender.pid, sender.proof), (std::process::id(), proof));
        assert_eq!(sender.ancestors, parents);
        assert!(sender.descends_from(parents[0]) && (!sender.descends_from(42) || parents.contains(&42)));
    }
    // What is spooled is what its sender says, even that it is verified.
    drop((listener, follower));
    frame.header.at += 60_000;
    assert_eq!(deliver(&ground.places(), frame), Delivery::Spooled);
    let sender = await_some(&mut ground.listener(), 1).remove(0).sender;
    assert_eq!((sender.pid, sender.proof.is_verified()), (42, false));
}

#[test]
fn an_event_that_nobody_was_there_for_is_there_for_the_next() {
    let ground = Ground::new();
    assert_eq!(ground.send(1), Delivery::Spooled);
    let mut listener = ground.listener();
    let received = listener.poll();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].sender.proof, Proof::Claim);
    assert!(listener.poll().is_empty());
}

#[test]
fn events_are_handed_out_in_the_order_in_which_they_happened() {
    let ground = Ground::new();
    let at = |time: i64, call: usize| {
        let mut frame = frame(call, "");
        frame.header.at = time;
        frame
    };
    assert_eq!(deliver(&ground.places(), at(5_000, 1)), Delivery::Spooled);
    let mut listener = ground.listener();
    deliver(&ground.places(), at(3_000, 2));
    let times: Vec<i64> = await_some(&mut listener, 2).iter().map(|received| received.told.at.as_millis()).collect();
    assert_eq!(times, [3_000, 5_000]);
}

/// A `PostToolUse` with an answer of more than 1 MiB vanished, so that the tool ran for ever.
#[test]
fn ten_megabytes_keep_their_head_and_are_told_without_content() {
    let ground = Ground::new();
    for listens in [false, true] {
        let mut listener = listens.then(|| ground.listener());
        deliver(&ground.places(), frame(1, &"x".repeat(10_000_000)));
        let mut listener = listener.take().unwrap_or_else(|| ground.listener());
        let received = await_some(&mut listener, 1).remove(0);
        assert_eq!((received.told.events.len(), received.told.tool.as_deref()), (1, Some("Bash")));
        assert_eq!(listener.refused().too_long, 1);
        listener.poll();
    }
}

/// With nobody there to hear it, what was said lay in the spool in clear text, and stayed when it had been read.
#[test]
fn the_spool_holds_nothing_that_was_said_unless_that_is_asked_for() {
    let ground = Ground::new();
    let spooled = |content: fn() -> Content| {
        assert_eq!(send(&ground.places(), frame(1, "a secret"), content), Delivery::Spooled);
        std::fs::read(ground.place().join("spool")).unwrap()
    };
    let holds = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let bytes = spooled(|| Content::Dropped);
    assert!(holds(&bytes, b"Bash") && !holds(&bytes, b"a secret"));
    let mut listener = ground.listener();
    assert_eq!(listener.poll().len(), 1);
    assert!(listener.poll().is_empty());
    drop(listener);
    let left: Vec<_> = std::fs::read_dir(ground.place()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"], "what was read is gone");
    assert!(holds(&spooled(|| Content::Kept), b"a secret"));
}

#[test]
fn a_payload_just_within_the_limit_arrives() {
    let ground = Ground::new();
    let mut listener = ground.listener();
    deliver(&ground.places(), frame(1, &"x".repeat(1_000_000)));
    assert_eq!(await_some(&mut listener, 1).len(), 1);
}

#[test]
fn of_ten_thousand_events_at_once_none_is_lost_or_told_twice() {
    const EVENTS: usize = 10_000;
    const THREADS: usize = 4;
    let ground = Ground::new();
    let mut listener = ground.listener();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let ground = &ground;
            scope.spawn(move || {
                for call in (thread..EVENTS).step_by(THREADS) {
                    assert!(matches!(ground.send(call), Delivery::Taken | Delivery::Spooled));
                }
            });
        }
    });
    println!("{EVENTS} events sent in {:?}", begun.elapsed());
    let received = await_some(&mut listener, EVENTS);
    let calls: BTreeSet<String> = received.iter().map(|one| format!("{:?}", one.told.events[0].kind)).collect();
    assert_eq!((received.len(), calls.len()), (EVENTS, EVENTS));
    assert_eq!(listener.refused().too_many, 0);
}

#[test]
fn an_event_told_twice_counts_once() {
    let ground = Ground::new();
    ground.send(1);
    let mut listener = ground.listener();
    ground.send(1);
    ground.send(2);
    assert_eq!(await_some(&mut listener, 2).len(), 2);
    assert!(listener.refused().doubles >= 1);
}

#[test]
fn payloads_that_tell_nothing_are_counted() {
    let ground = Ground::new();
    let mut listener = ground.listener();
    for (client, payload) in [("claude", "{"), ("claude", "null"), ("nobody", "{}"), ("goose", "{}")] {
        let header = Header { client: client.into(), ..frame(0, "").header };
        deliver(&ground.places(), Frame { header, payload: payload.into() });
    }
    until(|| {
        assert!(listener.poll().is_empty());
        listener.refused().damaged >= 4
    });
}

#[test]
fn a_second_agtop_follows_the_first_and_takes_its_place() {
    let ground = Ground::new();
    let mut first = ground.listener();
    let mut second = ground.listener();
    assert_eq!((first.role(), second.role()), (Role::First, Role::Follower));
    // The first may learn of the second after the first event.
    let mut call = 0;
    until(|| {
        call += 1;
        assert_ne!(ground.send(call), Delivery::Lost);
        !second.poll().is_empty()
    });
    assert_eq!(await_some(&mut first, call).len(), call, "the first gets all of them");
    drop(first);
    until(|| {
        second.poll();
        second.role() == Role::First
    });
    second.poll();
    ground.hand_over(call + 1);
    assert_eq!(await_some(&mut second, 1).len(), 1);
}

/// Events lay in the spool, the first agtop took them, and whichever came next never learned of them.
#[test]
fn an_agtop_that_comes_later_is_told_what_was_spooled_and_each_event_once() {
    let ground = Ground::new();
    assert_eq!(ground.send(1), Delivery::Spooled);
    let mut first = ground.listener();
    let mut early = ground.listener();
    assert_eq!((first.role(), early.role()), (Role::First, Role::Follower));
    until(|| early.is_caught_up());
    assert!(early.poll().is_empty(), "nobody has read the spool");
    assert_eq!(first.poll().len(), 1);
    first.settle();
    assert!(!ground.place().join("taken").exists() && !ground.place().join("spool").exists());
    assert_eq!(await_some(&mut early, 1).len(), 1);
    ground.hand_over(2);
    assert_eq!((await_some(&mut first, 1).len(), await_some(&mut early, 1).len()), (1, 1));
    let mut late = ground.listener();
    until(|| late.is_caught_up());
    assert_eq!(await_some(&mut late, 2).len(), 2);
    for listener in [&mut first, &mut early, &mut late] {
        let again = listener.poll().into_iter().filter(|received| received.novelty == Novelty::New);
        assert_eq!(again.count(), 0);
    }
}

/// Who only looks once leaves the spool for the agtop that stays.
#[test]
fn a_listener_that_peeks_takes_no_event_from_the_next() {
    let ground = Ground::new();
    assert_eq!(ground.send(1), Delivery::Spooled);
    for _ in 0..2 {
        let options = Options { reading: Reading::Peeks, ..Options::default() };
        let mut doctor = Listener::bind(&ground.places(), options).unwrap();
        assert_eq!((doctor.poll().len(), doctor.poll().len()), (1, 0));
    }
    assert_eq!(ground.listener().poll().len(), 1);
}

#[test]
fn without_the_agtop_that_listened_events_wait_for_the_next() {
    let ground = Ground::new();
    let mut first = ground.listener();
    ground.hand_over(1);
    assert_eq!(await_some(&mut first, 1).len(), 1);
    drop(first);
    assert_eq!(ground.send(2), Delivery::Spooled);
    let mut next = ground.listener();
    assert_eq!(next.role(), Role::First);
    assert_eq!(await_some(&mut next, 1).len(), 1);
    ground.hand_over(3);
}

#[test]
fn a_killed_agtop_leaves_nothing_that_the_next_has_to_mind() {
    let ground = Ground::new();
    let mut killed = child("listen", ground.directory.path(), &std::env::current_exe().unwrap());
    let mut killed = Ended(killed.spawn().unwrap());
    until(|| ground.directory.path().join("ready").exists());
    let mut follower = ground.listener();
    assert_eq!(follower.role(), Role::Follower);
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    assert_eq!(ground.send(1), Delivery::Spooled);
    let mut found = Vec::new();
    until(|| {
        found.extend(follower.poll());
        follower.role() == Role::First && !found.is_empty()
    });
    assert_eq!(found.len(), 1);
    ground.hand_over(2);
}
