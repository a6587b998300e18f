//! The collector over files that change between two looks, and processes that come and go.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::Env;
use agtop_collect::{Collector, Runs, Scope, Settings};
use agtop_model::{Confidence, JoinTier, OpenFiles, Session, Snapshot, Status};
use agtop_os::{FakeOs, FakeProcess};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;
use tempfile::TempDir;

const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";

struct Bench {
    home: TempDir,
    machine: FakeOs,
    collector: Collector,
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let env = Env { home: home.path().to_owned(), ..Env::default() };
        let settings = Settings {
            env,
            clients: Vec::new(),
            matchers: Vec::new(),
            scope: Scope::default(),
            zone: TimeZone::UTC,
            runs: Runs::Again,
        };
        let machine = FakeOs::new();
        let prices = Arc::new(PriceBook::bundled());
        let collector = Collector::new(settings, Box::new(machine.clone()), prices);
        Self { home, machine, collector }
    }

    fn transcript(&self) -> PathBuf {
        let directory = self.home.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        directory.join(format!("{SID}.jsonl"))
    }

    fn look(&mut self) -> Snapshot {
        self.collector.refresh()
    }
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
    assert!(snapshot.agents.is_empty());
    assert_eq!(snapshot.sessions.len(), 1);
}

impl Bench {
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

/// A call of a tool, so long ago that it should show by now.
fn call(tool: &str) -> String {
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"2026-11-20T10:00:00.000Z","sessionId":"{}","cwd":"/work","#,
            r#""message":{{"id":"m","model":"claude-opus-4-8","stop_reason":"tool_use","#,
            r#""content":[{{"type":"tool_use","id":"t1","name":"{}","input":{{}}}}],"usage":{{"output_tokens":1}}}}}}"#,
            "\n"
        ),
        SID, tool
    )
}

#[test]
fn a_command_without_a_process_waits_to_be_allowed() {
    let mut bench = Bench::new();
    append(&bench.transcript(), &call("Bash"));
    bench.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::NeedsPermission);
    bench.machine.spawn(FakeProcess::new(98, &["bash", "-c", "make"]).parent(97).cwd("/work"));
    assert_eq!(bench.look().agents[0].status, Status::Working);
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
