//! The collector over files that change between two looks, and processes that come and go.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::Env;
use agtop_collect::{Collector, Runs, Settings};
use agtop_model::{
    ActivityKind, Confidence, Gap, JoinTier, LifecycleChange, Liveness, OpenFiles, Session, Snapshot, Status, Timestamp,
};
use agtop_os::{FakeOs, FakeProcess};
use agtop_prices::PriceBook;
use tempfile::TempDir;

const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// What takes more looks than this has not come, and will not.
const MAX_LOOKS: usize = 200;

struct Bench {
    home: TempDir,
    machine: FakeOs,
    collector: Collector,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let machine = FakeOs::new();
        let prices = Arc::new(PriceBook::bundled());
        let collector = Collector::new(settings(home.path()), Box::new(machine.clone()), prices);
        Self { home, machine, collector }
    }

    /// Another collector over the same home and machine.
    fn again(&self) -> Collector {
        let settings = settings(self.home.path());
        Collector::new(settings, Box::new(self.machine.clone()), Arc::new(PriceBook::bundled()))
    }

    fn transcript(&self) -> PathBuf {
        let directory = self.home.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        directory.join(format!("{SID}.jsonl"))
    }

    /// Makes OpenCode's database anew, of one session with one answer of one part.
    fn opencode(&self, part: &str, message: &str) {
        let directory = self.home.path().join(".local/share/opencode");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("opencode.db");
        let _ = fs::remove_file(&path);
        let database = rusqlite::Connection::open(&path).unwrap();
        let tables = "CREATE TABLE session (id, directory, version, time_created);
            CREATE TABLE part (id, message_id, time_created, data);
            CREATE TABLE message (id, session_id, time_created, data);
            INSERT INTO session VALUES ('ses_1', '/work', '1.18.33', 1795250000000);";
        database.execute_batch(tables).unwrap();
        let tokens = r#""tokens":{"input":9,"output":1}"#;
        let message = format!(r#"{{"role":"assistant","modelID":"m","providerID":"p",{tokens},{message}}}"#);
        database.execute("INSERT INTO part VALUES ('prt_1', 'msg_1', 1795250001000, ?)", [part]).unwrap();
        database.execute("INSERT INTO message VALUES ('msg_1', 'ses_1', 1795250001000, ?)", [message]).unwrap();
    }

    /// Everywhere, for the system's hints may come a moment too late for a test.
    fn look(&mut self) -> Snapshot {
        self.collector.look_everywhere();
        self.collector.refresh()
    }

    /// The first snapshot in which the agent has that status.
    fn look_until(&mut self, status: Status) -> Snapshot {
        let mut looks = std::iter::repeat_with(|| self.look()).take(MAX_LOOKS);
        looks.find(|snapshot| snapshot.agents[0].status == status).unwrap()
    }
}

fn settings(home: &Path) -> Settings {
    Settings { runs: Runs::Again, ..Settings::new(Env { home: home.to_owned(), ..Env::default() }) }
}

fn session(snapshot: &Snapshot) -> &Session {
    &snapshot.sessions[0]
}

fn line(message: &str, output: u64) -> String {
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"2026-11-20T10:00:00.000Z","sessionId":"{}","cwd":"/work","#,
            r#""message":{{"id":"{}","model":"claude-opus-4-8","content":[],"usage":{{"input_tokens":1,"output_tokens":{}}}}}}}"#,
            "\n"
        ),
        SID, message, output
    )
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_appended_is_added_and_nothing_is_read_again() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    assert_eq!(session(&bench.look()).usage.output, 10);
    append(&bench.transcript(), &line("m2", 5));
    let snapshot = bench.look();
    assert_eq!((session(&snapshot).usage.output, session(&snapshot).turns), (15, 2));
    assert_eq!(snapshot.health.clients[0].records, 2, "the first line was not decoded again");
    bench.look();
    assert_eq!(bench.look().health.clients[0].records, 2);
}

#[test]
fn a_change_of_a_file_is_the_next_snapshot() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.look();
    // Long enough that only a change can be the reason, short enough for systems that give no hints.
    let long = Duration::from_secs(20);
    append(&bench.transcript(), &line("m2", 5));
    let never = crossbeam_channel::never();
    assert_eq!(session(&bench.collector.next(long, &never)).usage.output, 15);
    let other = bench.transcript().with_file_name("eeeeeeee-0000-4000-8000-000000000005.jsonl");
    append(&other, &line("m3", 7).replace(SID, "eeeeeeee-0000-4000-8000-000000000005"));
    // A file's making and its writing may be told one after the other.
    let grown = std::iter::repeat_with(|| bench.collector.next(long, &never))
        .take(5)
        .find(|next| next.totals.usage.output == 22);
    assert!(grown.is_some());
}

#[test]
fn a_glance_tells_of_live_agents_and_the_next_look_of_all_else() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    let old = bench.transcript().with_file_name("ffffffff-0000-4000-8000-000000000006.jsonl");
    append(&old, &line("m2", 5).replace(SID, "ffffffff-0000-4000-8000-000000000006"));
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(48);
    fs::File::options().append(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let glance = bench.collector.glance();
    assert_eq!((glance.totals.usage.output, glance.agents.len()), (10, 1));
    assert!(glance.agents[0].session.is_some());
    assert_eq!(bench.look().totals.usage.output, 15);
    assert_eq!(bench.look().health.clients[0].records, 2, "each line was read once");
}

#[test]
fn a_torn_last_line_waits_for_its_end() {
    let mut bench = Bench::new();
    let whole = line("m1", 10);
    let (first, rest) = whole.split_at(60);
    append(&bench.transcript(), first);
    let snapshot = bench.look();
    assert!(snapshot.sessions.is_empty() && !snapshot.health.is_degraded());
    append(&bench.transcript(), rest);
    assert_eq!(session(&bench.look()).usage.output, 10);
}

#[test]
fn a_whole_last_line_counts_before_its_end_is_written_and_once() {
    let mut bench = Bench::new();
    let prompt = format!(r#"{{"type":"user","sessionId":"{SID}","message":{{"content":"hi"}}}}"#);
    append(&bench.transcript(), &prompt);
    assert_eq!(session(&bench.look()).prompts, 1);
    append(&bench.transcript(), "\n");
    assert_eq!(session(&bench.look()).prompts, 1);
    append(&bench.transcript(), &(prompt + "\n"));
    assert_eq!(session(&bench.look()).prompts, 2);
}

#[test]
fn a_file_that_was_rewritten_is_read_from_its_beginning() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &(line("m1", 10) + &line("m2", 5)));
    assert_eq!(session(&bench.look()).usage.output, 15);
    fs::write(bench.transcript(), line("m3", 7)).unwrap();
    let snapshot = bench.look();
    assert_eq!(session(&snapshot).usage.output, 22, "usage that was seen was used, whatever became of its record");
}

#[test]
fn a_file_that_was_replaced_by_another_of_the_same_length_is_read_anew() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.look();
    let other = bench.transcript().with_extension("tmp");
    fs::write(&other, line("m9", 33)).unwrap();
    fs::rename(&other, bench.transcript()).unwrap();
    assert_eq!(session(&bench.look()).usage.output, 43);
}

#[test]
fn a_deleted_transcript_takes_no_usage_with_it() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.look();
    fs::remove_file(bench.transcript()).unwrap();
    assert_eq!(session(&bench.look()).usage.output, 10);
}

#[test]
fn roots_that_are_links_to_each_other_are_read_once() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    fs::create_dir_all(bench.home.path().join(".config")).unwrap();
    std::os::unix::fs::symlink(bench.home.path().join(".claude"), bench.home.path().join(".config/claude")).unwrap();
    let snapshot = bench.look();
    assert_eq!((session(&snapshot).files, snapshot.health.clients[0].records), (1, 1));
}

#[test]
fn a_link_that_leads_out_of_the_root_is_not_followed() {
    let mut bench = Bench::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("x.jsonl");
    append(&secret, &line("m1", 10));
    let directory = bench.transcript().parent().unwrap().to_owned();
    std::os::unix::fs::symlink(&secret, directory.join("x.jsonl")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), directory.join("sub")).unwrap();
    let snapshot = bench.look();
    assert!(snapshot.sessions.is_empty());
    assert_eq!(snapshot.health.clients[0].issues[0].kind.as_str(), "not_a_file");
}

#[test]
fn an_agent_is_joined_with_the_session_its_command_line_names() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(50, &["claude", "--resume", SID]).cwd("/elsewhere"));
    let snapshot = bench.look();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.session.as_ref().unwrap().usage.output, 10);
    assert_eq!(agent.join.unwrap().tier, JoinTier::Argument);
    assert_eq!(agent.join.unwrap().confidence, Confidence::High);
}

#[test]
fn a_wrapper_gives_its_row_to_its_child_and_a_helper_has_none() {
    let mut bench = Bench::new();
    let codex = "/opt/node_modules/@openai/codex/bin/codex.js";
    bench.machine.spawn(FakeProcess::new(60, &["node", codex]).cwd("/work"));
    bench.machine.spawn(FakeProcess::new(61, &["codex"]).parent(60).cwd("/work"));
    bench.machine.spawn(FakeProcess::new(62, &["codex", "mcp-server"]).parent(61).cwd("/work"));
    bench.machine.spawn(FakeProcess::new(63, &["bash", "-c", "echo codex"]).parent(61).cwd("/work"));
    let snapshot = bench.look();
    let pids: Vec<u32> = snapshot.agents.iter().map(|agent| agent.process.id.pid).collect();
    assert_eq!(pids, [61]);
    assert_eq!(snapshot.agents[0].helpers.len(), 1);
    assert_eq!(snapshot.processes.len(), 4);
}

/// `ppid` was the wrapper's, and `ppid_name` the shell's.
#[test]
fn a_parents_name_is_that_of_the_parent_and_the_launchers_another() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(59, &["zsh"]));
    bench.machine.spawn(FakeProcess::new(60, &["node", "/opt/node_modules/@openai/codex/bin/codex.js"]).parent(59));
    bench.machine.spawn(FakeProcess::new(61, &["codex"]).parent(60));
    let snapshot = bench.look();
    let agent = &snapshot.agents[0];
    let name = |name: &Option<agtop_model::Untrusted>| name.as_ref().unwrap().raw().to_owned();
    assert_eq!((agent.process.parent, name(&agent.parent_name)), (Some(60), "node".to_owned()));
    assert_eq!(name(&agent.launcher), "zsh");
}

/// Only agents were measured; a build below one showed what it had used of its life.
#[test]
fn what_runs_below_an_agent_is_measured() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(97, &["claude"]).cwd("/work"));
    bench.machine.spawn(FakeProcess::new(98, &["make"]).parent(97).cpu(Duration::from_mins(1)));
    let measured = |snapshot: &Snapshot| {
        let build = snapshot.processes.iter().find(|process| process.id.pid == 98).unwrap();
        snapshot.cpu_percents.get(&build.id).copied()
    };
    assert_eq!(measured(&bench.look()), Some(0.0));
    bench.machine.advance_cpu(98, Duration::from_secs(3));
    std::iter::repeat_with(|| measured(&bench.look())).take(MAX_LOOKS).find(|percent| *percent > Some(0.0)).unwrap();
}

#[test]
fn an_agent_without_a_session_is_shown_all_the_same() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(70, &["claude", "--dangerously-skip-permissions"]).cwd("/work"));
    let snapshot = bench.look();
    let agent = &snapshot.agents[0];
    assert!(agent.session.is_none() && agent.join.is_none());
    assert_eq!(agent.danger.as_ref().unwrap().raw(), "--dangerously-skip-permissions");
    assert_eq!(agent.status, Status::Idle);
}

#[test]
fn a_process_that_ends_leaves_its_session_behind() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(80, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(bench.look().agents.len(), 1);
    bench.machine.exit(80);
    let snapshot = bench.look();
    assert_eq!((snapshot.agents.len(), snapshot.agents[0].liveness), (1, Liveness::Stopped), "shown once as it was");
    assert_eq!(snapshot.agents[0].cpu_percent, Err(Gap::NotReported));
    let snapshot = bench.look();
    assert!(snapshot.agents.is_empty());
    assert_eq!(snapshot.sessions.len(), 1);
}

#[test]
fn a_session_that_another_process_goes_on_with_shows_no_end() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(80, &["claude", "-r", SID]).cwd("/work"));
    bench.look();
    bench.machine.exit(80);
    bench.machine.spawn(FakeProcess::new(81, &["claude", "-r", SID]).cwd("/work"));
    let snapshot = bench.look();
    let pids: Vec<u32> = snapshot.agents.iter().map(|agent| agent.process.id.pid).collect();
    assert_eq!(pids, [81]);
}

#[test]
fn who_comes_and_goes_is_remembered_newest_first() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(80, &["claude"]).cwd("/work/api"));
    assert_eq!(bench.look().lifecycle_events.len(), 0, "who was there before agtop did not come");
    bench.machine.spawn(FakeProcess::new(81, &["codex"]).cwd("/work/web"));
    bench.look();
    bench.machine.exit(80);
    let snapshot = bench.look();
    let log: Vec<_> = snapshot
        .lifecycle_events
        .iter()
        .map(|entry| (entry.change, entry.process.pid, entry.project.as_ref().unwrap().raw()))
        .collect();
    assert_eq!(log, [(LifecycleChange::Exited, 80, "api"), (LifecycleChange::Spawned, 81, "web")]);
    assert_eq!(bench.look().lifecycle_events.len(), 2, "once");
}

#[test]
fn a_snapshot_is_a_point_of_the_history() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(80, &["claude"]).cwd("/work").rss(1000));
    let snapshot = bench.look();
    let points: Vec<(u32, u64)> = snapshot.history.points().map(|point| (point.agents, point.memory)).collect();
    assert_eq!(points, [(1, 1000)]);
}

impl Bench {
    /// The agent runs a command, from now on.
    fn run_command(&self) {
        self.machine.spawn(FakeProcess::new(98, &["bash", "-c", "make"]).parent(97).cwd("/work"));
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        self.machine.change(98, |process| process.started_at = Ok(now));
    }

    /// What Claude Code writes about its own live process.
    fn enter(&self, pid: u32, ticks: u64, session: &str, status: &str) {
        let directory = self.home.path().join(".claude/sessions");
        fs::create_dir_all(&directory).unwrap();
        let entry = format!(
            r#"{{"pid":{pid},"sessionId":"{session}","cwd":"/work","startedAt":1795219201000,"procStart":"{ticks}","status":"{status}"}}"#
        );
        fs::write(directory.join(format!("{pid}.json")), entry).unwrap();
    }
}

#[test]
fn the_vendors_own_entry_beats_the_command_line() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    let other = "bbbbbbbb-0000-4000-8000-000000000002";
    bench.machine.spawn(FakeProcess::new(90, &["claude", "--resume", other]).cwd("/work").started(4711));
    bench.enter(90, 4711, SID, "waiting");
    let snapshot = bench.look();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.join.unwrap().tier, JoinTier::Marker);
    assert_eq!((agent.status, agent.evidence.as_str()), (Status::NeedsPermission, "status_file"));
    bench.enter(90, 4711, SID, "busy");
    assert_eq!(bench.look().agents[0].status, Status::Working);
}

#[test]
fn an_entry_of_an_earlier_process_with_the_same_pid_counts_for_nothing() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(90, &["claude"]).cwd("/elsewhere").started(9999));
    bench.enter(90, 4711, SID, "waiting");
    let snapshot = bench.look();
    assert!(snapshot.agents[0].session.is_none());
    assert_eq!(snapshot.agents[0].status, Status::Idle);
}

#[test]
fn after_clear_the_process_is_bound_to_the_new_session_within_a_look() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(90, &["claude", "--resume", SID]).cwd("/work").started(4711));
    bench.enter(90, 4711, SID, "idle");
    assert!(bench.look().agents[0].session.is_some());
    let fresh = "cccccccc-0000-4000-8000-000000000003";
    bench.enter(90, 4711, fresh, "idle");
    assert!(bench.look().agents[0].session.is_none(), "the new session has said nothing yet");
    let transcript = bench.transcript().with_file_name(format!("{fresh}.jsonl"));
    append(&transcript, &line("m2", 20).replace(SID, fresh));
    let snapshot = bench.look();
    assert_eq!(&*snapshot.agents[0].session.as_ref().unwrap().key.id, fresh);
}

#[test]
fn an_entry_that_is_gone_is_forgotten() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(90, &["claude"]).cwd("/elsewhere").started(4711));
    bench.enter(90, 4711, SID, "busy");
    assert!(bench.look().agents[0].session.is_some());
    fs::remove_file(bench.home.path().join(".claude/sessions/90.json")).unwrap();
    assert!(bench.look().agents[0].session.is_none());
}

#[test]
fn an_agent_that_holds_its_transcript_open_is_joined_with_it() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    let other = bench.transcript().with_file_name("dddddddd-0000-4000-8000-000000000004.jsonl");
    append(&other, &line("m2", 20).replace(SID, "dddddddd-0000-4000-8000-000000000004"));
    bench.machine.spawn(FakeProcess::new(95, &["claude"]).cwd("/elsewhere"));
    let held = OpenFiles { writing: vec![bench.transcript()], ..OpenFiles::default() };
    bench.machine.set_open_files(95, Ok(held));
    let snapshot = bench.look();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.join.unwrap().tier, JoinTier::OpenFile);
    assert_eq!(&*agent.session.as_ref().unwrap().key.id, SID);
}

/// Begins a session of Codex, of that number.
fn rollout(bench: &Bench, n: u32) -> PathBuf {
    let directory = bench.home.path().join(".codex/sessions/2026/11/21");
    fs::create_dir_all(&directory).unwrap();
    let id = format!("019d2d54-207e-7b80-b98e-00000000000{n}");
    let path = directory.join(format!("rollout-2026-11-21T10-00-00-{id}.jsonl"));
    let meta = format!(
        r#"{{"timestamp":"{now}","type":"session_meta","payload":{{"id":"{id}","timestamp":"{now}","cwd":"/work"}}}}"#,
        now = jiff::Timestamp::now()
    );
    append(&path, &(meta + "\n"));
    path
}

#[test]
fn each_session_that_a_server_works_on_is_a_row() {
    let mut bench = Bench::new();
    let held = OpenFiles { writing: vec![rollout(&bench, 1), rollout(&bench, 2)], ..OpenFiles::default() };
    rollout(&bench, 3);
    bench.machine.spawn(FakeProcess::new(95, &["codex", "app-server"]).cwd("/elsewhere"));
    assert!(bench.look().agents.is_empty(), "a server that works on nothing is no row");
    bench.machine.exit(95);
    bench.machine.spawn(FakeProcess::new(96, &["codex", "app-server"]).cwd("/elsewhere"));
    bench.machine.set_open_files(96, Ok(held));
    let snapshot = bench.look();
    let mut rows: Vec<(u32, String)> = snapshot
        .agents
        .iter()
        .map(|agent| (agent.process.id.pid, agent.session.as_ref().unwrap().key.id.to_string()))
        .collect();
    rows.sort();
    let session = |n: u32| format!("019d2d54-207e-7b80-b98e-00000000000{n}");
    assert_eq!(rows, [(96, session(1)), (96, session(2))]);
}

#[test]
fn what_was_written_before_the_process_began_says_nothing_of_what_it_does() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let agent = bench.look().agents[0].clone();
    assert!(agent.session.is_some() && agent.process.started_at.is_ok());
    assert_eq!(agent.status, Status::Idle);
}

/// A call of a tool, so long ago that it should show by now.
fn call(tool: &str) -> String {
    called(tool, "t1", Duration::from_secs(10))
}

/// A call of a tool, so long ago.
fn called(tool: &str, id: &str, ago: Duration) -> String {
    let at = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::try_from(ago).unwrap()).unwrap();
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"{}","sessionId":"{}","cwd":"/work","#,
            r#""message":{{"id":"m","model":"claude-opus-4-8","stop_reason":"tool_use","#,
            r#""content":[{{"type":"tool_use","id":"{}","name":"{}","input":{{"command":"make"}}}}],"usage":{{"output_tokens":1}}}}}}"#,
            "\n"
        ),
        at, SID, id, tool
    )
}

/// What the user asked, so long ago.
fn prompted(since: Duration) -> String {
    let (at, message) = (ago(since), r#"{"role":"user","content":"mend it"}"#);
    format!(r#"{{"type":"user","timestamp":"{at}","sessionId":"{SID}","cwd":"/work","message":{message}}}{}"#, "\n")
}

/// A request that failed just now.
fn failed(reason: &str) -> String {
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"{}","sessionId":"{}","cwd":"/work","isApiErrorMessage":true,"error":"{}","#,
            r#""message":{{"id":"e","model":"<synthetic>","content":[],"usage":{{"output_tokens":0}}}}}}"#,
            "\n"
        ),
        jiff::Timestamp::now(),
        SID,
        reason
    )
}

#[test]
fn a_tool_that_is_silent_for_long_is_stalled() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &called("WebSearch", "t1", Duration::from_mins(11)));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::Stalled);
}

/// Half an hour after its prompt was answered an agent was `busy` in JSON, and one that had stalled was so for good.
#[test]
fn who_waits_or_has_stalled_is_busy_for_half_a_minute() {
    let bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let cases = [
        (said("m1", Duration::from_secs(10)), Status::NeedsInput, "busy"),
        (said("m1", Duration::from_mins(2)), Status::NeedsInput, "active"),
        (said("m1", Duration::from_mins(20)), Status::NeedsInput, "idle"),
        (called("WebSearch", "t1", Duration::from_mins(11)), Status::Stalled, "idle"),
        (called("Bash", "t1", Duration::from_secs(20)), Status::NeedsPermission, "busy"),
        (called("Bash", "t1", Duration::from_secs(40)), Status::NeedsPermission, "active"),
        (called("WebSearch", "t1", Duration::from_mins(9)), Status::Working, "busy"),
    ];
    for (record, status, badge) in cases {
        fs::write(bench.transcript(), &record).unwrap();
        let snapshot = bench.again().refresh();
        let agent = &snapshot.agents[0];
        assert_eq!((agent.status, agent.badge(snapshot.now)), (status, badge), "{record}");
        let busy = snapshot.history.points().last().unwrap().busy;
        assert_eq!(busy, u32::from(badge == "busy"), "{record}");
    }
}

/// Without a session, only looking tells since when an agent has been idle: since it started, or since it stopped working.
#[test]
fn an_agent_without_a_session_has_a_status_since_then() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(97, &["claude"]).cwd("/work").started(100));
    let idle = bench.look();
    assert_eq!(idle.agents[0].status_since, idle.agents[0].process.started_at.unwrap());
    bench.machine.advance_cpu(97, Duration::from_secs(9));
    let working = bench.look_until(Status::Working);
    assert_eq!(working.agents[0].status_since, working.now);
    let rested = bench.look_until(Status::Idle);
    assert!(rested.agents[0].status_since >= working.now);
}

/// Of a turn of half an hour `activity_state_seconds` told no more than the last twelve things that happened had taken.
#[test]
fn a_long_turn_has_lasted_since_its_prompt() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    append(&bench.transcript(), &prompted(Duration::from_mins(30)));
    let call = |bench: &mut Bench, n: u64| {
        let tool = ["WebSearch", "WebFetch"][usize::try_from(n % 2).unwrap()];
        append(&bench.transcript(), &called(tool, &format!("t{n}"), Duration::from_secs(500 - n)));
        let agent = bench.look().agents[0].clone();
        assert_eq!(agent.status, Status::Working);
        let is_prompt_known = matches!(agent.session.unwrap().recent[0].kind, ActivityKind::Asked(_));
        (agent.status_since, is_prompt_known)
    };
    let (since, is_prompt_known) = call(&mut bench, 0);
    assert!(is_prompt_known);
    let later: Vec<_> = (1..30).map(|n| call(&mut bench, n)).collect();
    assert_eq!(later.last(), Some(&(since, false)));
    assert!(later.iter().all(|(at, _)| *at == since), "{later:?}");
    append(&bench.transcript(), &prompted(Duration::from_secs(460)));
    let (again, _) = call(&mut bench, 45);
    assert!(again > since, "a new prompt begins another turn");
}

/// The same of a server that works on two sessions: what was known of one was taken for the other's, or forgotten.
#[test]
fn each_session_of_a_server_has_a_start_of_its_own() {
    let mut bench = Bench::new();
    let rollouts = [1, 2].map(|n| rollout(&bench, n));
    let add = |n: usize, ago: u64, kind: &str, payload: &str| {
        let at = self::ago(Duration::from_secs(ago));
        append(&rollouts[n], &format!("{{\"timestamp\":\"{at}\",\"type\":\"{kind}\",\"payload\":{payload}}}\n"));
    };
    for (n, ago) in [(0, 1200), (1, 2400)] {
        add(n, ago, "event_msg", r#"{"type":"user_message","message":"go on"}"#);
        add(n, ago, "event_msg", r#"{"type":"task_started"}"#);
    }
    let held = OpenFiles { writing: rollouts.to_vec(), ..OpenFiles::default() };
    bench.machine.spawn(FakeProcess::new(96, &["codex", "app-server"]).cwd("/elsewhere"));
    bench.machine.set_open_files(96, Ok(held));
    let starts = |bench: &mut Bench| {
        let mut rows = bench.look().agents.to_vec();
        rows.sort_by_key(|row| row.session.as_ref().unwrap().key.id.clone());
        assert!(rows.iter().all(|row| row.status == Status::Working), "{rows:?}");
        rows.iter().map(|row| row.status_since).collect::<Vec<_>>()
    };
    let before = starts(&mut bench);
    assert!(before.len() == 2 && before[1] < before[0]);
    for call in 0..30 {
        let name = if call % 2 == 0 { "a" } else { "b" };
        let payload = format!(r#"{{"type":"function_call","name":"{name}","arguments":"{{}}","call_id":"c{call}"}}"#);
        add(0, 100 - call, "response_item", &payload);
        add(1, 100 - call, "response_item", &payload);
    }
    assert_eq!(starts(&mut bench), before);
}

#[test]
fn the_same_call_again_and_again_is_a_loop() {
    let mut bench = Bench::new();
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    bench.run_command();
    for call in 1..=5 {
        append(&bench.transcript(), &called("Bash", &format!("t{call}"), Duration::from_secs(60 - call)));
        let status = bench.look().agents[0].status;
        assert_eq!(status == Status::Stalled, call == 5, "after {call} calls: {status:?}");
    }
}

#[test]
fn a_refused_request_and_a_failed_one_are_told_apart() {
    for (reason, status) in [("rate_limit", Status::RateLimited), ("server_error", Status::Error)] {
        let mut bench = Bench::new();
        append(&bench.transcript(), &failed(reason));
        bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
        assert_eq!(bench.look().agents[0].status, status, "{reason}");
    }
}

#[test]
fn rates_come_from_the_times_of_records_and_are_right_at_once() {
    let mut bench = Bench::new();
    for (id, ago) in [("t1", 30), ("t2", 200), ("t3", 800), ("t4", 4000)] {
        let message = called("Bash", id, Duration::from_secs(ago)).replace(r#""id":"m""#, &format!(r#""id":"m{id}""#));
        append(&bench.transcript(), &message);
    }
    append(&bench.transcript(), &failed("rate_limit"));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let snapshot = bench.look();
    let counts = |pace: &agtop_model::ActivityWindow| (pace.requests, pace.tool_calls, pace.errors, pace.usage.output);
    assert_eq!(snapshot.rates.rolling.each_ref().map(counts), [(1, 1, 1, 1), (2, 2, 1, 2), (3, 3, 1, 3)]);
    assert_eq!(snapshot.agents[0].rates.each_ref().map(counts), [(1, 1, 1, 1), (2, 2, 1, 2), (3, 3, 1, 3)]);
    assert_eq!(counts(&snapshot.rates.since_start).0, 0, "agtop has only just started");
    append(&bench.transcript(), &called("Bash", "t5", Duration::ZERO).replace(r#""id":"m""#, r#""id":"m5""#));
    assert_eq!(counts(&bench.look().rates.since_start), (1, 1, 1, 1));
}

#[test]
fn what_lately_happened_is_told_in_order() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &called("Bash", "t1", Duration::from_secs(20)));
    append(&bench.transcript(), &failed("server_error"));
    let snapshot = bench.look();
    let recent: Vec<_> = session(&snapshot).recent.iter().map(|happening| &happening.kind).collect();
    assert!(matches!(recent[..], [ActivityKind::Called { .. }, ActivityKind::Failed(_)]), "{recent:?}");
    append(&bench.transcript().with_file_name("old.jsonl"), &line("m9", 1).replace(SID, "old"));
    let snapshot = bench.look();
    assert!(snapshot.sessions.iter().find(|session| &*session.key.id == "old").unwrap().recent.is_empty());
}

#[test]
fn a_command_without_a_process_waits_to_be_allowed() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &call("Bash"));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::NeedsPermission);
    bench.run_command();
    assert_eq!(bench.look().agents[0].status, Status::Working);
}

/// A command ran for ten seconds, and a look fell between its end and its result: `needs_permission`, for one sample.
#[test]
fn a_command_whose_result_is_not_written_yet_is_no_wait() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &call("Bash"));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    bench.run_command();
    assert_eq!(bench.look().agents[0].status, Status::Working);
    bench.machine.exit(98);
    assert_eq!(bench.look().agents[0].status, Status::Working);
}

/// Of an agent that does not write when its turn ends, nor what it calls before that has answered, only silence tells. It
/// read `needs_input` between the end of a command and what it wrote about it.
#[test]
fn a_silent_agent_whose_command_has_just_ended_does_not_wait() {
    let mut bench = Bench::new();
    // echo -n /work | sha256sum
    let hash = "0c9a453fad615c83c57d57c2b2be05fa938f0791d7624db43827a033227bf78b";
    let directory = bench.home.path().join(".gemini/tmp").join(hash).join("chats");
    fs::create_dir_all(&directory).unwrap();
    let at = ago(Duration::from_secs(10));
    let chat = format!(
        r#"{{"sessionId":"{SID}","projectHash":"{hash}","startTime":"{at}","lastUpdated":"{at}","messages":[{{"id":"1","timestamp":"{at}","type":"user","content":"test it"}}]}}"#
    );
    fs::write(directory.join("session-2026-11-30T01-21-77777777.json"), chat).unwrap();
    bench.machine.spawn(FakeProcess::new(97, &["node", "/usr/bin/gemini"]).cwd("/work"));
    bench.run_command();
    let status = |bench: &mut Bench| bench.look().agents[0].status;
    assert_eq!(status(&mut bench), Status::Working);
    bench.machine.exit(98);
    assert_eq!(status(&mut bench), Status::Working);
}

#[test]
fn an_edit_that_takes_long_waits_to_be_allowed_and_a_search_does_not() {
    for (tool, status) in [("Edit", Status::NeedsPermission), ("WebSearch", Status::Working)] {
        let mut bench = Bench::new();
        append(&bench.transcript(), &call(tool));
        bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
        assert_eq!(bench.look().agents[0].status, status, "{tool}");
    }
}

#[test]
fn an_agent_that_was_told_not_to_ask_never_waits() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &call("Bash"));
    let argv = ["claude", "--dangerously-skip-permissions", "-r", SID];
    bench.machine.spawn(FakeProcess::new(97, &argv).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::Working);
}

/// A turn that sent a sub-agent off and is over, as 2.1.332 writes it: the tool's answer says no more than that it began.
fn delegated(since: Duration) -> String {
    let sent = called("Agent", "t1", since);
    let launched = format!(
        concat!(
            r#"{{"type":"user","timestamp":"{at}","sessionId":"{sid}","cwd":"/work","message":{{"role":"user","content":"#,
            r#"[{{"type":"tool_result","tool_use_id":"t1","content":"Async agent launched"}}]}},"#,
            r#""toolUseResult":{{"isAsync":true,"status":"async_launched","agentId":"a1","prompt":"{prompt}"}}}}"#,
            "\n"
        ),
        at = ago(since),
        sid = SID,
        prompt = "look around ".repeat(500),
    );
    sent + &launched + &said("m2", since)
}

/// A response that ends the turn.
fn said(message: &str, since: Duration) -> String {
    let usage = r#""stop_reason":"end_turn","usage""#;
    let text = line(message, 1).replace("2026-11-20T10:00:00.000Z", &ago(since));
    text.replace(r#""usage""#, usage)
}

fn ago(since: Duration) -> String {
    (jiff::Timestamp::now() - since).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The line by which a background task ends.
fn notified(kind: &str) -> String {
    let note = r"<task-notification>\n<task-id>a1</task-id>\n<tool-use-id>t1</tool-use-id>\n<status>completed</status>";
    let result = "the result ".repeat(500);
    match kind {
        "user" => format!(
            r#"{{"type":"user","timestamp":"{}","sessionId":"{SID}","message":{{"role":"user","content":"{note}\n<result>{result}</result>"}}}}{}"#,
            ago(Duration::ZERO),
            "\n"
        ),
        _ => format!(
            r#"{{"type":"queue-operation","operation":"enqueue","timestamp":"{}","sessionId":"{SID}","content":"{note}"}}{}"#,
            ago(Duration::ZERO),
            "\n"
        ),
    }
}

/// The main turn was over while a sub-agent worked on in the background: `needs_input`, with `subagents: 0`, whatever the
/// vendor's file said.
#[test]
fn a_session_whose_sub_agent_works_on_in_the_background_works() {
    for (entry, kind) in [(None, "user"), (Some("busy"), "queue"), (Some("idle"), "user"), (Some("shell"), "queue")] {
        let mut bench = Bench::new();
        append(&bench.transcript(), &delegated(Duration::from_mins(2)));
        bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
        if let Some(status) = entry {
            bench.enter(97, 4711, SID, status);
        }
        let snapshot = bench.look();
        assert_eq!(snapshot.agents[0].status, Status::Working, "{entry:?}");
        let in_flight: Vec<bool> = session(&snapshot).in_flight.iter().map(|flight| flight.is_subagent).collect();
        assert_eq!(in_flight, [true], "{entry:?}");
        append(&bench.transcript(), &notified(kind));
        append(&bench.transcript(), &said("m3", Duration::ZERO));
        if entry.is_some() {
            bench.enter(97, 4711, SID, "idle");
        }
        let snapshot = bench.look();
        assert_eq!(snapshot.agents[0].status, Status::NeedsInput, "{entry:?}");
        assert_eq!((session(&snapshot).in_flight.len(), session(&snapshot).prompts), (0, 0), "{entry:?}");
    }
}

/// What was sent off by a process that is gone is not at work any more.
#[test]
fn a_sub_agent_of_an_earlier_process_is_not_at_work() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &delegated(Duration::from_mins(5)));
    append(&bench.transcript(), &said("m3", Duration::from_secs(10)));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let begun = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond() - 60_000);
    bench.machine.change(97, |process| process.started_at = Ok(begun));
    assert_eq!(bench.look().agents[0].status, Status::NeedsInput);
}

/// A sub-agent in the middle of a turn is told by its own transcript, too.
#[test]
fn a_session_works_while_the_transcript_of_a_sub_agent_goes_on() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &said("m1", Duration::from_mins(2)));
    let child = bench.transcript().with_extension("").join("subagents");
    fs::create_dir_all(&child).unwrap();
    let working = called("Bash", "t9", Duration::from_secs(90)).replace(r#""id":"m""#, r#""id":"m9""#);
    append(&child.join("agent-a1.jsonl"), &working);
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::Working);
}

/// Questions and plans wait for words, not for leave: `needs_permission` by the vendor's file, `working` without.
#[test]
fn a_question_to_the_user_needs_input_and_no_permission() {
    for tool in ["AskUserQuestion", "ExitPlanMode"] {
        for entry in [None, Some("waiting"), Some(r#"waiting","waitingFor":"input needed"#)] {
            let mut bench = Bench::new();
            append(&bench.transcript(), &call(tool));
            bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
            if let Some(status) = entry {
                bench.enter(97, 4711, SID, status);
            }
            assert_eq!(bench.look().agents[0].status, Status::NeedsInput, "{tool} {entry:?}");
        }
    }
    // The vendor's word is enough where the transcript lags behind.
    let mut bench = Bench::new();
    append(&bench.transcript(), &line("m1", 10));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work").started(4711));
    bench.enter(97, 4711, SID, r#"waiting","waitingFor":"input needed"#);
    assert_eq!(bench.look().agents[0].status, Status::NeedsInput);
    bench.enter(97, 4711, SID, r#"waiting","waitingFor":"permission prompt"#);
    assert_eq!(bench.look().agents[0].status, Status::NeedsPermission);
}

/// OpenCode's `question` and Qwen Code's `ask_user_question` were shown `working`, though they wait for the user; a refused
/// permission of OpenCode's was, too, for good (74 of 74 samples).
#[test]
fn a_question_of_opencode_or_qwen_needs_input_and_a_refusal_leaves_nothing_at_work() {
    let at = |ago: Duration| jiff::Timestamp::now().checked_sub(jiff::SignedDuration::try_from(ago).unwrap()).unwrap();
    let asked = at(Duration::from_secs(10));
    let mut bench = Bench::new();
    let chats = bench.home.path().join(".qwen/projects/-work/chats");
    fs::create_dir_all(&chats).unwrap();
    let id = "aaaaaaaa-0000-4000-8000-000000000001";
    let call = format!(
        r#"{{"uuid":"2","sessionId":"{id}","timestamp":"{asked}","type":"assistant","cwd":"/work","message":{{"role":"model","parts":[
        {{"functionCall":{{"id":"c","name":"ask_user_question","args":{{}}}}}}]}}}}"#
    );
    append(&chats.join(format!("{id}.jsonl")), &(call.replace('\n', "") + "\n"));
    bench.machine.spawn(FakeProcess::new(97, &["node", "/usr/bin/qwen", "--resume", id]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::NeedsInput, "qwen");

    let mut bench = Bench::new();
    let asked = asked.as_millisecond();
    let part = |tool: &str, state: &str| {
        format!(
            r#"{{"id":"prt_1","type":"tool","tool":"{tool}","state":{{"status":{state},"time":{{"start":{asked},"end":{asked}}}}}}}"#
        )
    };
    let question = part("question", r#""running""#);
    bench.opencode(&question, &format!(r#""time":{{"created":{asked}}}"#));
    bench.machine.spawn(FakeProcess::new(98, &["opencode", "-s", "ses_1"]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::NeedsInput, "opencode");

    let refused = part("bash", r#""error","error":"The user rejected permission to use this specific tool call.""#);
    bench.opencode(&refused, &format!(r#""finish":"tool-calls","time":{{"created":{asked},"completed":{asked}}}"#));
    let status = bench.look().agents[0].status;
    assert!(!matches!(status, Status::Working | Status::Active | Status::NeedsPermission), "{status:?}");
}

/// A model of a gateway of one's own is in no table, so that OpenCode's context was 0, though `opencode.json` tells its
/// window.
#[test]
fn a_window_that_the_user_configured_tells_how_full_the_context_is() {
    let mut bench = Bench::new();
    let home = bench.home.path();
    let storage = home.join(".local/share/opencode/storage/message/ses_1");
    fs::create_dir_all(&storage).unwrap();
    let message = r#"{"id":"msg_1","sessionID":"ses_1","role":"assistant","modelID":"rig-large","providerID":"rig","finish":"stop",
        "time":{"created":1795250000000,"completed":1795250001000},"tokens":{"input":30000,"output":9,"cache":{"read":20000}}}"#;
    fs::write(storage.join("msg_1.json"), message).unwrap();
    assert!(bench.look().sessions[0].context.is_err(), "nothing tells the window");
    let config = bench.home.path().join(".config/opencode");
    fs::create_dir_all(&config).unwrap();
    let models = r#"{"provider":{"rig":{"models":{"rig-large":{"limit":{"context":200000}}}}}}"#;
    fs::write(config.join("opencode.json"), models).unwrap();
    let context = bench.look().sessions[0].context.unwrap();
    assert_eq!((context.used, context.limit), (50_000, 200_000));
}

/// A transcript says where the agent works as the agent sees it: through a link, or with composed letters where the disk
/// has them decomposed. The system tells the real name. They were two projects, and the process found no session.
#[test]
#[cfg(unix)]
fn a_directory_with_two_names_is_one_project() {
    let mut bench = Bench::new();
    let home = fs::canonicalize(bench.home.path()).unwrap();
    let real = home.join("cafe\u{301}");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, home.join("link")).unwrap();
    let written = [home.join("caf\u{e9}"), home.join("link"), real.clone()];
    for (n, cwd) in written.iter().enumerate() {
        let id = format!("{n}aaaaaaa-0000-4000-8000-000000000001");
        let text = line(&format!("m{n}"), 10).replace(SID, &id).replace("\"/work\"", &format!("{cwd:?}"));
        append(&bench.transcript().with_file_name(format!("{id}.jsonl")), &text.replace(r"\u{301}", "\u{301}"));
    }
    let snapshot = bench.look();
    let directories: Vec<_> = snapshot.sessions.iter().map(|session| session.cwd.clone().unwrap()).collect();
    assert_eq!(directories, [real.clone(), real.clone(), real]);
}

/// Old releases name a project by a hash of its directory, and newer Geminis go on there where they find such a place. No
/// file says which directory that is: a live Gemini was not joined with its own chat. Qwen Code's old chats, Kimi's and
/// Cursor's lie below hashes, too.
#[test]
fn a_live_agent_is_joined_with_a_session_whose_place_is_the_hash_of_its_directory() {
    let chat = include_str!("../../../fixtures/gemini/0.8.0/session.json").replace("2026-03-29", "2026-11-21");
    // echo -n /work | sha256sum
    let hash = "0c9a453fad615c83c57d57c2b2be05fa938f0791d7624db43827a033227bf78b";
    let mut bench = Bench::new();
    let directory = bench.home.path().join(".gemini/tmp").join(hash).join("chats");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("session-2026-03-29T01-21-77777777.json"), chat).unwrap();
    bench.machine.spawn(FakeProcess::new(90, &["node", "/usr/bin/gemini"]).cwd("/work"));
    let snapshot = bench.look();
    let joined = snapshot.agents[0].session.as_ref().map(|session| &*session.key.id);
    assert_eq!(joined, Some("77777777-aaaa-4000-8000-000000000001"));
    let names = ["gemini", "qwen", "kimi", "cursor-agent"].map(|name| {
        let client = agtop_clients::client(name).unwrap();
        client.project_name(Path::new("/work")).map(|name| name.len())
    });
    assert_eq!(names, [64, 64, 32, 32].map(Some));
}
