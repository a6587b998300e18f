//! What agents push joins what files and processes tell.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use agtop_clients::Env;
use agtop_collect::{Collector, Remembering, Runs, Sampling, Settings};
use agtop_hooks::{
    AncestorLookup, Delivery, Frame, FrameHeader, HookDirs, Listener, ListenerOptions, PayloadPolicy, send, send_now,
};
use agtop_model::{ActivityKind, Agent, ContextSource, Evidence, JoinTier, OpenFiles, Snapshot, Status};
use agtop_os::{FakeOs, FakeProcess};
use agtop_prices::PriceBook;
use serde_json::{Value, json};
use tempfile::TempDir;

const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OTHER: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const AGENT: u32 = 50;

/// An agent at work on a session, in a directory where another session lies that was written to later.
struct Bench {
    home: TempDir,
    collector: Collector,
    /// The ancestors of who pushes, as the kernel would tell them.
    ancestors: Arc<Mutex<Vec<u32>>>,
}

impl Bench {
    fn new() -> Self {
        Self::remembering(|_| Remembering::Nothing)
    }

    fn remembering(how: impl Fn(&Path) -> Remembering) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut collector = collector(&home, how);
        let ancestors = Arc::new(Mutex::new(vec![76, AGENT, 1]));
        collector.listen(listener(&home, &ancestors), crossbeam_channel::never());
        let mut bench = Self { home, collector, ancestors };
        bench.say(SID, &["m1"], Duration::from_mins(10));
        bench.say(OTHER, &["m2"], Duration::from_mins(1));
        bench.look();
        bench
    }

    /// Another agtop in the same home.
    fn another(&self, how: impl Fn(&Path) -> Remembering) -> Collector {
        collector(&self.home, how)
    }

    /// Adds responses, with a call of Bash each, to a session's transcript.
    fn say(&self, session: &str, messages: &[&str], ago: Duration) {
        let directory = self.home.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        let path: PathBuf = directory.join(format!("{session}.jsonl"));
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        for message in messages {
            let line = json!({
                "type": "assistant", "timestamp": time(ago), "sessionId": session, "cwd": "/work",
                "message": {
                    "id": message, "model": "claude-opus-4-8", "usage": {"input_tokens": 1, "output_tokens": 10},
                    "content": [{"type": "tool_use", "id": format!("t-{message}"), "name": "Bash", "input": {}}],
                },
            });
            writeln!(file, "{line}").unwrap();
        }
    }

    /// Adds a failed request to the transcript.
    fn fail(&self, reason: &str) {
        let path = self.home.path().join(format!(".claude/projects/-work/{SID}.jsonl"));
        let line = json!({
            "type": "assistant", "timestamp": time(Duration::ZERO), "sessionId": SID, "cwd": "/work",
            "isApiErrorMessage": true, "error": reason,
            "message": {"id": "e", "model": "<synthetic>", "content": [], "usage": {"output_tokens": 0}},
        });
        writeln!(fs::OpenOptions::new().append(true).open(path).unwrap(), "{line}").unwrap();
    }

    /// Pushes events to the listener, as `agtop hook` would that the agent calls, so many milliseconds from now on.
    fn push(&self, events: &[(i64, &str, Value)]) {
        frames(events).for_each(|frame| hand_over(&self.home, &frame));
    }

    /// Pushes events while nobody listens.
    fn spool(&self, events: &[(i64, &str, Value)]) {
        for frame in frames(events) {
            assert_eq!(send(&places(&self.home), frame, PayloadPolicy::default), Delivery::Spooled);
        }
    }

    /// The first snapshot after all that was pushed before: of what nothing shows, the status line does.
    fn look_until_measured(&mut self) -> Snapshot {
        self.push(&[(0, "Statusline", json!({"context_window": {"size": 1_000_000, "used": 420_000}}))]);
        self.look_until(|snapshot| {
            snapshot.agents[0].session.as_ref().unwrap().context.is_ok_and(|it| it.used == 420_000)
        })
    }

    fn look(&mut self) -> Snapshot {
        self.collector.look_everywhere();
        self.collector.refresh()
    }

    /// The first snapshot of which that is true: what was pushed takes a moment to come in.
    fn look_until(&mut self, is_so: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let started = Instant::now();
        loop {
            let snapshot = self.look();
            if is_so(&snapshot) {
                return snapshot;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", snapshot.agents[0].status);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn collector(home: &TempDir, how: impl Fn(&Path) -> Remembering) -> Collector {
    let machine = FakeOs::new();
    machine.spawn(FakeProcess::new(AGENT, &["claude"]).cwd("/work"));
    collector_on(machine, home, how)
}

fn collector_on(machine: FakeOs, home: &TempDir, how: impl Fn(&Path) -> Remembering) -> Collector {
    let settings = Settings {
        runs: Runs::Again,
        sampling: Sampling::None,
        remembering: how(home.path()),
        ..Settings::new(Env { home: home.path().to_owned(), ..Env::default() })
    };
    Collector::new(settings, Box::new(machine), Arc::new(PriceBook::bundled()))
}

fn listener(home: &TempDir, ancestors: &Arc<Mutex<Vec<u32>>>) -> Listener {
    let ancestors = Arc::clone(ancestors);
    let kin: AncestorLookup = Arc::new(move |_| ancestors.lock().unwrap().clone());
    Listener::bind(&places(home), ListenerOptions { ancestor_lookup: Some(kin), ..ListenerOptions::default() }).unwrap()
}

fn places(home: &TempDir) -> HookDirs {
    HookDirs::new(None, Some(home.path()))
}

fn frames(events: &[(i64, &str, Value)]) -> impl Iterator<Item = Frame> {
    events.iter().map(|(later, hook, fields)| {
        let mut payload = json!({"session_id": SID, "hook_event_name": hook, "cwd": "/work"});
        payload.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let header = FrameHeader {
            client: "claude".to_owned(),
            at: now() + later,
            pid: 77,
            ancestors: vec![76, AGENT, 1],
            tag: Some("billing".to_owned()),
            ..FrameHeader::default()
        };
        Frame { header, payload: payload.to_string().into_bytes() }
    })
}

/// Gives the frame to the listener, as often as it takes: a busy machine may be too slow for a hook, which then spools.
fn hand_over(home: &TempDir, frame: &Frame) {
    let started = Instant::now();
    while !send_now(&places(home), frame.clone()) {
        assert!(started.elapsed() < Duration::from_secs(20), "nobody listens");
    }
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn time(ago: Duration) -> String {
    jiff::Timestamp::try_from(SystemTime::now() - ago).unwrap().to_string()
}

fn status(snapshot: &Snapshot) -> (Status, Evidence) {
    (snapshot.agents[0].status, snapshot.agents[0].evidence)
}

#[test]
fn a_permission_wait_shows_at_once_and_goes_when_the_tool_has_run() {
    let mut bench = Bench::new();
    bench.push(&[(0, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    let waiting = bench.look_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    assert_eq!(waiting.agents[0].evidence, Evidence::Hook);
    bench.push(&[(0, "PostToolUse", json!({"tool_name": "Bash", "tool_use_id": "t-m1"}))]);
    let working = bench.look_until(|snapshot| snapshot.agents[0].status != Status::NeedsPermission);
    assert_eq!(status(&working), (Status::Working, Evidence::Hook));
    bench.push(&[(0, "Stop", json!({}))]);
    bench.look_until(|snapshot| snapshot.agents[0].status == Status::NeedsInput);
}

#[test]
fn the_process_that_pushes_is_joined_with_the_session_it_names() {
    let mut bench = Bench::new();
    let before = bench.look();
    assert_ne!(before.agents[0].join.map(|join| join.tier), Some(JoinTier::Hook));
    bench.push(&[(0, "UserPromptSubmit", json!({}))]);
    let told = bench.look_until(|snapshot| snapshot.agents[0].join.is_some_and(|join| join.tier == JoinTier::Hook));
    assert_eq!(&*told.agents[0].session.as_ref().unwrap().key.id, SID);
}

#[test]
fn a_transcript_that_went_on_is_believed_before_an_older_event() {
    let mut bench = Bench::new();
    bench.push(&[(-30_000, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    bench.look_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    bench.say(SID, &["m3"], Duration::ZERO);
    let snapshot = bench.look_until(|snapshot| snapshot.totals.turns == 3);
    assert_ne!(snapshot.agents[0].evidence, Evidence::Hook);
}

#[test]
fn a_call_is_timed_once_by_its_hooks_and_counted_once_by_its_transcript() {
    let mut bench = Bench::new();
    let call = json!({"tool_name": "Bash", "tool_use_id": "t-new"});
    bench.push(&[(0, "UserPromptSubmit", json!({})), (100, "PreToolUse", call.clone())]);
    bench.push(&[(350, "PostToolUse", call), (500, "Stop", json!({}))]);
    let told = bench.look_until(|snapshot| snapshot.timings.turn.is_some());
    let [tool] = told.timings.tools.as_slice() else { panic!("{:?}", told.timings) };
    // Each call of `push` looks at the clock for itself.
    let close = |span: Duration, millis: u64| span >= Duration::from_millis(millis) && span.as_millis() < 5000;
    assert_eq!((tool.tool.raw(), tool.times.count), ("Bash", 1));
    assert!(close(tool.times.median, 250) && close(told.timings.first_tool.unwrap().median, 100));
    assert!(close(told.timings.turn.unwrap().median, 500));
    let session = told.agents[0].session.as_ref().unwrap();
    assert_eq!((session.prompts, session.tools[0].calls, session.turns), (0, 1, 1), "transcripts alone count");
}

#[test]
fn a_client_knows_best_how_long_its_tool_took() {
    let mut bench = Bench::new();
    let (call, ended) = (
        json!({"tool_name": "Bash", "tool_use_id": "t-new"}),
        |took: u64| json!({"tool_name": "Bash", "tool_use_id": "t-new", "duration_ms": took}),
    );
    bench.push(&[(0, "PreToolUse", call.clone()), (109, "PostToolUse", ended(74))]);
    let timed = |snapshot: &Snapshot| !snapshot.timings.tools.is_empty();
    let told = bench.look_until(timed);
    assert_eq!(told.timings.tools[0].times.median, Duration::from_millis(74));
    let mut other = Bench::new();
    other.push(&[(0, "PreToolUse", call), (109, "PostToolUse", ended(9_999))]);
    let told = other.look_until(timed);
    let between = told.timings.tools[0].times.median;
    assert!(between < Duration::from_millis(9_999), "no longer than it can have been: {between:?}");
}

#[test]
fn time_for_which_somebody_was_waited_for_is_not_the_tools() {
    let mut bench = Bench::new();
    let call = json!({"tool_name": "Bash", "tool_use_id": "t-new"});
    bench.push(&[(0, "PreToolUse", call.clone()), (10, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    bench.push(&[(9_000, "PostToolUse", call), (9_010, "Stop", json!({}))]);
    let told = bench.look_until(|snapshot| snapshot.agents[0].status == Status::NeedsInput);
    assert_eq!(told.timings.tools, []);
}

#[test]
fn how_full_the_context_is_comes_from_the_status_line() {
    let mut bench = Bench::new();
    bench.push(&[(0, "Statusline", json!({"context_window": {"size": 1_000_000, "used": 420_000}}))]);
    let context = |snapshot: &Snapshot| snapshot.agents[0].session.as_ref()?.context.ok();
    let told = bench.look_until(|snapshot| context(snapshot).is_some_and(|context| context.used == 420_000));
    assert_eq!(context(&told).unwrap().limit, 1_000_000);
    assert_eq!(context(&told).unwrap().source, ContextSource::Vendor);
}

#[test]
fn a_session_is_called_what_its_agent_was_tagged() {
    let mut bench = Bench::new();
    bench.push(&[(0, "UserPromptSubmit", json!({}))]);
    let tag = |snapshot: &Snapshot| snapshot.agents[0].session.as_ref()?.tag.clone();
    let told = bench.look_until(|snapshot| tag(snapshot).is_some());
    assert_eq!(tag(&told).unwrap().raw(), "billing");
    let other = told.sessions.iter().find(|session| &*session.key.id == OTHER).unwrap();
    assert!(other.tag.is_none());
}

#[test]
fn a_later_run_still_knows_what_a_session_was_called() {
    let ledger = |home: &Path| Remembering::Everything(home.join("ledger.db"));
    let mut bench = Bench::remembering(ledger);
    bench.push(&[(0, "UserPromptSubmit", json!({}))]);
    let is_tagged = |snapshot: &Snapshot| snapshot.sessions.iter().filter(|session| session.tag.is_some()).count() == 1;
    bench.look_until(is_tagged);
    bench.collector.finish();
    let mut later = bench.another(ledger);
    assert!(is_tagged(&later.refresh()));
}

#[test]
fn what_a_session_is_called_by_an_event_that_waits_is_overheard_and_the_event_still_waits() {
    let bench = Bench::new();
    let mut later = bench.another(|_| Remembering::Nothing);
    let tags = |snapshot: &Snapshot| snapshot.sessions.iter().filter(|session| session.tag.is_some()).count();
    assert_eq!(tags(&later.refresh()), 0);
    let Bench { home, collector, ancestors } = bench;
    drop(collector);
    let bench = Bench { collector: later, home, ancestors };
    bench.spool(&[(0, "UserPromptSubmit", json!({}))]);
    let Bench { home, collector: mut later, .. } = bench;
    later.overhear(&places(&home));
    assert_eq!(tags(&later.refresh()), 1);
    let mut listener = Listener::bind(&places(&home), ListenerOptions::default()).unwrap();
    assert_eq!(listener.poll().len(), 1);
}

/// A turn that ended because a request was refused: `needs_input`, without a word of the refusal, and `errors: 0`.
#[test]
fn a_turn_that_fails_shows_why_and_counts() {
    for (reason, expected) in [("rate_limit", Status::RateLimited), ("server_error", Status::Error)] {
        let mut bench = Bench::new();
        bench.push(&[(-20, "UserPromptSubmit", json!({})), (-10, "StopFailure", json!({"error": reason}))]);
        let told = bench.look_until(|snapshot| snapshot.agents[0].status == expected);
        let agent = &told.agents[0];
        assert_eq!((agent.evidence, agent.cause.as_ref().unwrap().raw()), (Evidence::Hook, reason));
        let session = agent.session.as_ref().unwrap();
        assert_eq!((session.errors, told.rates.one_minute().errors), (1, 1));
        assert!(matches!(&session.recent.last().unwrap().kind, ActivityKind::Failed(cause) if cause.raw() == reason));
        // A reminder that nobody has come yet changes nothing.
        let since = agent.status_since;
        bench.push(&[(0, "Notification", json!({"notification_type": "idle_prompt"}))]);
        let reminded = bench.look_until_measured();
        assert_eq!((reminded.agents[0].status, reminded.agents[0].status_since), (expected, since));
        // The transcript reports the same failure.
        bench.fail(reason);
        let recorded = bench.look();
        let session = recorded.agents[0].session.as_ref().unwrap();
        assert_eq!((session.errors, recorded.rates.one_minute().errors), (1, 1));
        bench.push(&[(30, "UserPromptSubmit", json!({"source": "user"}))]);
        let working = bench.look_until(|snapshot| snapshot.agents[0].status == Status::Working);
        assert_eq!(working.agents[0].cause, None);
    }
}

/// After a minute of waiting Claude Code reminds its user: the wait began anew, and `active` was `busy` again.
#[test]
fn a_reminder_does_not_begin_a_wait_anew() {
    let mut bench = Bench::new();
    bench.push(&[(-40_000, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    let waiting = bench.look_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    bench.push(&[(0, "Notification", json!({"notification_type": "permission_prompt"}))]);
    let reminded = bench.look_until_measured();
    for snapshot in [&waiting, &reminded] {
        let agent = &snapshot.agents[0];
        assert_eq!((agent.status, agent.badge(snapshot.now)), (Status::NeedsPermission, "active"));
        assert_eq!(agent.status_since, waiting.agents[0].status_since);
    }
}

/// A server that works on two sessions: both waited for a permission that one of them had asked for.
#[test]
fn what_a_server_pushes_of_one_session_is_not_said_of_another() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".codex/sessions/2026/11/21");
    fs::create_dir_all(&directory).unwrap();
    let writing = [SID, OTHER].map(|id| {
        let path = directory.join(format!("rollout-2026-11-21T10-00-00-{id}.jsonl"));
        let meta = json!({"id": id, "timestamp": time(Duration::from_mins(1)), "cwd": "/work"});
        let line = json!({"timestamp": time(Duration::from_mins(1)), "type": "session_meta", "payload": meta});
        fs::write(&path, format!("{line}\n")).unwrap();
        path
    });
    let machine = FakeOs::new();
    machine.spawn(FakeProcess::new(AGENT, &["codex", "app-server"]).cwd("/elsewhere"));
    machine.set_open_files(AGENT, Ok(OpenFiles { writing: writing.to_vec(), ..OpenFiles::default() }));
    let mut collector = collector_on(machine, &home, |_| Remembering::Nothing);
    let ancestors = Arc::new(Mutex::new(vec![76, AGENT, 1]));
    collector.listen(listener(&home, &ancestors), crossbeam_channel::never());
    let mut bench = Bench { home, collector, ancestors };
    assert_eq!(bench.look().agents.len(), 2);
    for mut frame in frames(&[(0, "PermissionRequest", json!({"tool_name": "shell"}))]) {
        frame.header.client = "codex".to_owned();
        hand_over(&bench.home, &frame);
    }
    let is_waiting = |agent: &&Agent| agent.status == Status::NeedsPermission;
    let told = bench.look_until(|snapshot| snapshot.agents.iter().any(|agent| is_waiting(&agent)));
    let asking: Vec<_> = told.agents.iter().filter(is_waiting).map(|agent| &agent.session).collect();
    assert!(matches!(&asking[..], [Some(session)] if &*session.key.id == SID), "{asking:?}");
}

/// A process that is no child of the agent named it among its ancestors, and made it wait for a permission.
#[test]
fn a_process_elsewhere_is_not_believed_about_this_agent() {
    let mut bench = Bench::new();
    *bench.ancestors.lock().unwrap() = vec![98, 1];
    let waits = [(0, "PermissionRequest", json!({"tool_name": "Bash"}))];
    bench.push(&waits);
    *bench.ancestors.lock().unwrap() = vec![76, AGENT, 1];
    bench.push(&[(0, "UserPromptSubmit", json!({}))]);
    let told = bench.look_until(|snapshot| snapshot.agents[0].evidence == Evidence::Hook);
    assert_eq!(told.agents[0].status, Status::Working);
}

/// What lies in the spool says itself who sent it. It tells what a session is called, and moves no agent's state.
#[test]
fn an_event_that_is_not_verified_moves_no_state() {
    let Bench { home, collector: first, ancestors } = Bench::new();
    drop(first);
    let collector = collector(&home, |_| Remembering::Nothing);
    let mut bench = Bench { home, collector, ancestors };
    let before = bench.look();
    bench.spool(&[(0, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    bench.collector.listen(listener(&bench.home, &bench.ancestors), crossbeam_channel::never());
    let told = bench.look_until(|snapshot| snapshot.sessions.iter().any(|session| session.tag.is_some()));
    assert_eq!(status(&told), status(&before));
    assert_eq!(told.agents[0].join.map(|join| join.tier), before.agents[0].join.map(|join| join.tier));
    assert!(!bench.home.path().join(".agtop/spool").exists() && !bench.home.path().join(".agtop/taken").exists());
}
