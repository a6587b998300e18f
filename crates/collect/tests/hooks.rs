//! Events of hooks, joined with files and processes.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use agtop_clients::Env;
use agtop_collect::{Collector, LedgerMode, RunMode, Sampling, Settings};
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

/// An agent that works on a session, in the directory of another session that was written to later.
struct Harness {
    home: TempDir,
    collector: Collector,
    /// The ancestors of the sender, as the kernel would report them.
    ancestors: Arc<Mutex<Vec<u32>>>,
}

impl Harness {
    fn new() -> Self {
        Self::with_ledger(|_| LedgerMode::Off)
    }

    fn with_ledger(mode: impl Fn(&Path) -> LedgerMode) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut collector = collector(&home, mode);
        let ancestors = Arc::new(Mutex::new(vec![76, AGENT, 1]));
        collector.attach_hooks(listener(&home, &ancestors), crossbeam_channel::never());
        let mut harness = Self { home, collector, ancestors };
        harness.respond(SID, &["m1"], Duration::from_mins(10));
        harness.respond(OTHER, &["m2"], Duration::from_mins(1));
        harness.refresh();
        harness
    }

    /// Another agtop in the same home.
    fn another(&self, mode: impl Fn(&Path) -> LedgerMode) -> Collector {
        collector(&self.home, mode)
    }

    /// Adds responses, with a call of Bash each, to a session's transcript.
    fn respond(&self, session: &str, messages: &[&str], ago: Duration) {
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

    /// Sends events to the listener as `agtop hook` would, each with its time in milliseconds from now.
    fn push(&self, events: &[(i64, &str, Value)]) {
        frames(events).for_each(|frame| hand_over(&self.home, &frame));
    }

    /// Sends events while there is no listener.
    fn spool(&self, events: &[(i64, &str, Value)]) {
        for frame in frames(events) {
            assert_eq!(send(&places(&self.home), frame, PayloadPolicy::default), Delivery::Spooled);
        }
    }

    /// The first snapshot after all earlier events were received: the status line sends another one, which shows.
    fn refresh_until_measured(&mut self) -> Snapshot {
        self.push(&[(0, "Statusline", json!({"context_window": {"size": 1_000_000, "used": 420_000}}))]);
        self.refresh_until(|snapshot| {
            snapshot.agents[0].session.as_ref().unwrap().context.is_ok_and(|it| it.used == 420_000)
        })
    }

    fn refresh(&mut self) -> Snapshot {
        self.collector.request_full_sweep();
        self.collector.refresh()
    }

    /// The first snapshot for which `is_so` holds: an event takes a moment to arrive.
    fn refresh_until(&mut self, is_so: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let started = Instant::now();
        loop {
            let snapshot = self.refresh();
            if is_so(&snapshot) {
                return snapshot;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", snapshot.agents[0].status);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn collector(home: &TempDir, mode: impl Fn(&Path) -> LedgerMode) -> Collector {
    let machine = FakeOs::new();
    machine.spawn(FakeProcess::new(AGENT, &["claude"]).cwd("/work"));
    collector_on(machine, home, mode)
}

fn collector_on(machine: FakeOs, home: &TempDir, mode: impl Fn(&Path) -> LedgerMode) -> Collector {
    let settings = Settings {
        run_mode: RunMode::Repeated,
        sampling: Sampling::None,
        ledger: mode(home.path()),
        ..Settings::new(Env { home: home.path().to_owned(), ..Env::default() })
    };
    Collector::new(settings, Box::new(machine), Arc::new(PriceBook::bundled()))
}

fn listener(home: &TempDir, ancestors: &Arc<Mutex<Vec<u32>>>) -> Listener {
    let ancestors = Arc::clone(ancestors);
    let lookup: AncestorLookup = Arc::new(move |_| ancestors.lock().unwrap().clone());
    Listener::bind(&places(home), ListenerOptions { ancestor_lookup: Some(lookup), ..ListenerOptions::default() })
        .unwrap()
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

/// Sends the frame until the listener takes it: on a busy machine, a hook may time out, and then it spools.
fn hand_over(home: &TempDir, frame: &Frame) {
    let started = Instant::now();
    while !send_now(&places(home), frame.clone()) {
        assert!(started.elapsed() < Duration::from_secs(20), "there is no listener");
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
fn a_permission_wait_shows_at_once_and_ends_when_the_tool_has_run() {
    let mut harness = Harness::new();
    harness.push(&[(0, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    let waiting = harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    assert_eq!(waiting.agents[0].evidence, Evidence::Hook);
    harness.push(&[(0, "PostToolUse", json!({"tool_name": "Bash", "tool_use_id": "t-m1"}))]);
    let working = harness.refresh_until(|snapshot| snapshot.agents[0].status != Status::NeedsPermission);
    assert_eq!(status(&working), (Status::Working, Evidence::Hook));
    harness.push(&[(0, "Stop", json!({}))]);
    harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::NeedsInput);
}

/// A question of an MCP server was once `needs_permission`, and stayed one after its answer until the tool had ended.
#[test]
fn a_question_of_a_server_needs_input_until_it_is_answered() {
    let mut harness = Harness::new();
    harness.push(&[
        (-20, "PreToolUse", json!({"tool_name": "mcp__deploy__run", "tool_use_id": "t-new"})),
        (-10, "Elicitation", json!({"mcp_server_name": "deploy"})),
    ]);
    let by_hook = |expected: Status| move |snapshot: &Snapshot| status(snapshot) == (expected, Evidence::Hook);
    harness.refresh_until(by_hook(Status::NeedsInput));
    harness.push(&[(0, "ElicitationResult", json!({"action": "accept"}))]);
    harness.refresh_until(by_hook(Status::Working));
}

/// The vendor's file counts before hooks, and does not always say what the agent waits for.
#[test]
fn a_hook_says_what_an_agent_waits_for_if_the_vendors_file_does_not() {
    let mut harness = Harness::new();
    let directory = harness.home.path().join(".claude/sessions");
    fs::create_dir_all(&directory).unwrap();
    let entry = json!({"pid": AGENT, "sessionId": SID, "cwd": "/work", "status": "waiting", "waitingFor": "a form"});
    fs::write(directory.join(format!("{AGENT}.json")), entry.to_string()).unwrap();
    let by_file = |expected: Status| move |snapshot: &Snapshot| status(snapshot) == (expected, Evidence::StatusFile);
    harness.refresh_until(by_file(Status::NeedsPermission));
    harness.push(&[(0, "Elicitation", json!({"mcp_server_name": "deploy"}))]);
    harness.refresh_until(by_file(Status::NeedsInput));
}

#[test]
fn the_sender_of_an_event_is_joined_with_the_session_that_it_names() {
    let mut harness = Harness::new();
    let before = harness.refresh();
    assert_ne!(before.agents[0].join.map(|join| join.tier), Some(JoinTier::Hook));
    harness.push(&[(0, "UserPromptSubmit", json!({}))]);
    let snapshot =
        harness.refresh_until(|snapshot| snapshot.agents[0].join.is_some_and(|join| join.tier == JoinTier::Hook));
    assert_eq!(&*snapshot.agents[0].session.as_ref().unwrap().key.id, SID);
}

#[test]
fn a_newer_transcript_counts_before_an_older_event() {
    let mut harness = Harness::new();
    harness.push(&[(-30_000, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    harness.respond(SID, &["m3"], Duration::ZERO);
    let snapshot = harness.refresh_until(|snapshot| snapshot.totals.turns == 3);
    assert_ne!(snapshot.agents[0].evidence, Evidence::Hook);
}

#[test]
fn a_call_is_timed_once_by_its_hooks_and_counted_once_by_its_transcript() {
    let mut harness = Harness::new();
    let call = json!({"tool_name": "Bash", "tool_use_id": "t-new"});
    harness.push(&[(0, "UserPromptSubmit", json!({})), (100, "PreToolUse", call.clone())]);
    harness.push(&[(350, "PostToolUse", call), (500, "Stop", json!({}))]);
    let snapshot = harness.refresh_until(|snapshot| snapshot.timings.turn.is_some());
    let [tool] = snapshot.timings.tools.as_slice() else { panic!("{:?}", snapshot.timings) };
    // Each call of `push` reads the clock.
    let close = |span: Duration, millis: u64| span >= Duration::from_millis(millis) && span.as_millis() < 5000;
    assert_eq!((tool.tool.raw(), tool.times.count), ("Bash", 1));
    assert!(close(tool.times.median, 250) && close(snapshot.timings.first_tool.unwrap().median, 100));
    assert!(close(snapshot.timings.turn.unwrap().median, 500));
    let session = snapshot.agents[0].session.as_ref().unwrap();
    assert_eq!((session.prompts, session.tools[0].calls, session.turns), (0, 1, 1), "transcripts alone count");
}

#[test]
fn the_duration_that_a_client_reports_counts_if_it_is_possible() {
    let mut harness = Harness::new();
    let (call, ended) = (
        json!({"tool_name": "Bash", "tool_use_id": "t-new"}),
        |took: u64| json!({"tool_name": "Bash", "tool_use_id": "t-new", "duration_ms": took}),
    );
    harness.push(&[(0, "PreToolUse", call.clone()), (109, "PostToolUse", ended(74))]);
    let timed = |snapshot: &Snapshot| !snapshot.timings.tools.is_empty();
    let snapshot = harness.refresh_until(timed);
    assert_eq!(snapshot.timings.tools[0].times.median, Duration::from_millis(74));
    let mut other = Harness::new();
    other.push(&[(0, "PreToolUse", call), (109, "PostToolUse", ended(9_999))]);
    let snapshot = other.refresh_until(timed);
    let between = snapshot.timings.tools[0].times.median;
    assert!(between < Duration::from_millis(9_999), "at most the time between both events: {between:?}");
}

#[test]
fn a_call_that_waited_for_the_user_is_not_timed() {
    let mut harness = Harness::new();
    let call = json!({"tool_name": "Bash", "tool_use_id": "t-new"});
    harness.push(&[(0, "PreToolUse", call.clone()), (10, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    harness.push(&[(9_000, "PostToolUse", call), (9_010, "Stop", json!({}))]);
    let snapshot = harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::NeedsInput);
    assert_eq!(snapshot.timings.tools, []);
}

#[test]
fn the_status_line_reports_how_full_the_context_is() {
    let mut harness = Harness::new();
    harness.push(&[(0, "Statusline", json!({"context_window": {"size": 1_000_000, "used": 420_000}}))]);
    let context = |snapshot: &Snapshot| snapshot.agents[0].session.as_ref()?.context.ok();
    let snapshot = harness.refresh_until(|snapshot| context(snapshot).is_some_and(|context| context.used == 420_000));
    assert_eq!(context(&snapshot).unwrap().limit, 1_000_000);
    assert_eq!(context(&snapshot).unwrap().source, ContextSource::Vendor);
}

#[test]
fn a_session_has_the_tag_of_its_agent() {
    let mut harness = Harness::new();
    harness.push(&[(0, "UserPromptSubmit", json!({}))]);
    let tag = |snapshot: &Snapshot| snapshot.agents[0].session.as_ref()?.tag.clone();
    let snapshot = harness.refresh_until(|snapshot| tag(snapshot).is_some());
    assert_eq!(tag(&snapshot).unwrap().raw(), "billing");
    let other = snapshot.sessions.iter().find(|session| &*session.key.id == OTHER).unwrap();
    assert!(other.tag.is_none());
}

#[test]
fn a_later_run_has_the_tag_of_a_session() {
    let ledger = |home: &Path| LedgerMode::ReadWrite(home.join("ledger.db"));
    let mut harness = Harness::with_ledger(ledger);
    harness.push(&[(0, "UserPromptSubmit", json!({}))]);
    let is_tagged = |snapshot: &Snapshot| snapshot.sessions.iter().filter(|session| session.tag.is_some()).count() == 1;
    harness.refresh_until(is_tagged);
    harness.collector.finish();
    let mut later = harness.another(ledger);
    assert!(is_tagged(&later.refresh()));
}

#[test]
fn the_tag_of_a_spooled_event_is_imported_and_the_event_stays_in_the_spool() {
    let harness = Harness::new();
    let mut later = harness.another(|_| LedgerMode::Off);
    let tags = |snapshot: &Snapshot| snapshot.sessions.iter().filter(|session| session.tag.is_some()).count();
    assert_eq!(tags(&later.refresh()), 0);
    let Harness { home, collector, ancestors } = harness;
    drop(collector);
    let harness = Harness { collector: later, home, ancestors };
    harness.spool(&[(0, "UserPromptSubmit", json!({}))]);
    let Harness { home, collector: mut later, .. } = harness;
    later.import_spooled_tags(&places(&home));
    assert_eq!(tags(&later.refresh()), 1);
    let mut listener = Listener::bind(&places(&home), ListenerOptions::default()).unwrap();
    assert_eq!(listener.poll().len(), 1);
}

/// A turn that ended with a refused request was once `needs_input`, without a cause and with `errors: 0`.
#[test]
fn a_failed_turn_shows_its_cause_and_counts_as_an_error() {
    for (reason, expected) in [("rate_limit", Status::RateLimited), ("server_error", Status::Error)] {
        let mut harness = Harness::new();
        harness.push(&[(-20, "UserPromptSubmit", json!({})), (-10, "StopFailure", json!({"error": reason}))]);
        let snapshot = harness.refresh_until(|snapshot| snapshot.agents[0].status == expected);
        let agent = &snapshot.agents[0];
        assert_eq!((agent.evidence, agent.cause.as_ref().unwrap().raw()), (Evidence::Hook, reason));
        let session = agent.session.as_ref().unwrap();
        assert_eq!((session.errors, snapshot.rates.one_minute().errors), (1, 1));
        assert!(matches!(&session.recent.last().unwrap().kind, ActivityKind::Failed(cause) if cause.raw() == reason));
        // A reminder that the agent is idle changes nothing.
        let since = agent.status_since;
        harness.push(&[(0, "Notification", json!({"notification_type": "idle_prompt"}))]);
        let reminded = harness.refresh_until_measured();
        assert_eq!((reminded.agents[0].status, reminded.agents[0].status_since), (expected, since));
        // The transcript reports the same failure.
        harness.fail(reason);
        let recorded = harness.refresh();
        let session = recorded.agents[0].session.as_ref().unwrap();
        assert_eq!((session.errors, recorded.rates.one_minute().errors), (1, 1));
        harness.push(&[(30, "UserPromptSubmit", json!({"source": "user"}))]);
        let working = harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::Working);
        assert_eq!(working.agents[0].cause, None);
    }
}

/// After a minute of waiting, Claude Code reminds the user. The wait once began again, and `active` became `busy`.
#[test]
fn a_reminder_does_not_restart_a_wait() {
    let mut harness = Harness::new();
    harness.push(&[(-40_000, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    let waiting = harness.refresh_until(|snapshot| snapshot.agents[0].status == Status::NeedsPermission);
    harness.push(&[(0, "Notification", json!({"notification_type": "permission_prompt"}))]);
    let reminded = harness.refresh_until_measured();
    for snapshot in [&waiting, &reminded] {
        let agent = &snapshot.agents[0];
        assert_eq!((agent.status, agent.badge(snapshot.now)), (Status::NeedsPermission, "active"));
        assert_eq!(agent.status_since, waiting.agents[0].status_since);
    }
}

/// Both sessions of a server once waited for a permission that one of them had requested.
#[test]
fn an_event_of_one_session_of_a_server_does_not_change_another() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".codex/sessions/2026/11/21");
    fs::create_dir_all(&directory).unwrap();
    let transcripts = [SID, OTHER].map(|id| {
        let path = directory.join(format!("rollout-2026-11-21T10-00-00-{id}.jsonl"));
        let meta = json!({"id": id, "timestamp": time(Duration::from_mins(1)), "cwd": "/work"});
        let line = json!({"timestamp": time(Duration::from_mins(1)), "type": "session_meta", "payload": meta});
        fs::write(&path, format!("{line}\n")).unwrap();
        path
    });
    let machine = FakeOs::new();
    machine.spawn(FakeProcess::new(AGENT, &["codex", "app-server"]).cwd("/elsewhere"));
    machine.set_open_files(AGENT, Ok(OpenFiles { writing: transcripts.to_vec(), ..OpenFiles::default() }));
    let mut collector = collector_on(machine, &home, |_| LedgerMode::Off);
    let ancestors = Arc::new(Mutex::new(vec![76, AGENT, 1]));
    collector.attach_hooks(listener(&home, &ancestors), crossbeam_channel::never());
    let mut harness = Harness { home, collector, ancestors };
    assert_eq!(harness.refresh().agents.len(), 2);
    for mut frame in frames(&[(0, "PermissionRequest", json!({"tool_name": "shell"}))]) {
        frame.header.client = "codex".to_owned();
        hand_over(&harness.home, &frame);
    }
    let is_waiting = |agent: &&Arc<Agent>| agent.status == Status::NeedsPermission;
    let snapshot = harness.refresh_until(|snapshot| snapshot.agents.iter().any(|agent| is_waiting(&agent)));
    let waiting: Vec<_> = snapshot.agents.iter().filter(is_waiting).map(|agent| &agent.session).collect();
    assert!(matches!(&waiting[..], [Some(session)] if &*session.key.id == SID), "{waiting:?}");
}

/// A process that was not started by the agent once named it among its ancestors, and made it wait for permission.
#[test]
fn an_event_of_an_unrelated_process_is_ignored() {
    let mut harness = Harness::new();
    *harness.ancestors.lock().unwrap() = vec![98, 1];
    let waits = [(0, "PermissionRequest", json!({"tool_name": "Bash"}))];
    harness.push(&waits);
    *harness.ancestors.lock().unwrap() = vec![76, AGENT, 1];
    harness.push(&[(0, "UserPromptSubmit", json!({}))]);
    let snapshot = harness.refresh_until(|snapshot| snapshot.agents[0].evidence == Evidence::Hook);
    assert_eq!(snapshot.agents[0].status, Status::Working);
}

/// The sender of a spooled event is not verified. Its tag is used, and it changes no agent's state.
#[test]
fn an_unverified_event_changes_no_state() {
    let Harness { home, collector: first, ancestors } = Harness::new();
    drop(first);
    let collector = collector(&home, |_| LedgerMode::Off);
    let mut harness = Harness { home, collector, ancestors };
    let before = harness.refresh();
    harness.spool(&[(0, "PermissionRequest", json!({"tool_name": "Bash"}))]);
    harness.collector.attach_hooks(listener(&harness.home, &harness.ancestors), crossbeam_channel::never());
    let snapshot = harness.refresh_until(|snapshot| snapshot.sessions.iter().any(|session| session.tag.is_some()));
    assert_eq!(status(&snapshot), status(&before));
    assert_eq!(snapshot.agents[0].join.map(|join| join.tier), before.agents[0].join.map(|join| join.tier));
    assert!(!harness.home.path().join(".agtop/spool").exists() && !harness.home.path().join(".agtop/taken").exists());
}
