//! A home, a machine and a collector, and the records of agents.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agtop_clients::Env;
use agtop_collect::{Collector, LedgerMode, RunMode, Settings};
use agtop_model::{Session, Snapshot, Status, Timestamp};
use agtop_os::{FakeOs, FakeProcess};
use agtop_prices::PriceBook;
use tempfile::TempDir;

pub(crate) const SID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// A status that has not appeared after as many readings will not appear.
pub(crate) const MAX_READINGS: usize = 200;

pub(crate) struct Harness {
    pub(crate) home: TempDir,
    pub(crate) machine: FakeOs,
    pub(crate) collector: Collector,
}

impl Harness {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let machine = FakeOs::new();
        let prices = Arc::new(PriceBook::bundled());
        let collector = Collector::new(settings(home.path()), Box::new(machine.clone()), prices);
        Self { home, machine, collector }
    }

    /// Another collector over the same home and machine.
    pub(crate) fn again(&self) -> Collector {
        let settings = settings(self.home.path());
        Collector::new(settings, Box::new(self.machine.clone()), Arc::new(PriceBook::bundled()))
    }

    /// Another collector over the same home and machine, with a ledger.
    pub(crate) fn with_ledger(&self, ledger: &Path, run_mode: RunMode) -> Collector {
        let ledger = LedgerMode::ReadWrite(ledger.to_owned());
        let settings = Settings { run_mode, ledger, ..settings(self.home.path()) };
        Collector::new(settings, Box::new(self.machine.clone()), Arc::new(PriceBook::bundled()))
    }

    pub(crate) fn transcript(&self) -> PathBuf {
        let directory = self.home.path().join(".claude/projects/-work");
        fs::create_dir_all(&directory).unwrap();
        directory.join(format!("{SID}.jsonl"))
    }

    /// Replaces OpenCode's database by one with one session, one message and one part.
    pub(crate) fn opencode(&self, part: &str, message: &str) {
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

    /// Reads processes and all files, since the system may report changes too late for a test.
    pub(crate) fn read(&mut self) -> Snapshot {
        self.collector.request_full_sweep();
        self.collector.refresh()
    }

    /// The first snapshot in which the agent has that status.
    pub(crate) fn read_until(&mut self, status: Status) -> Snapshot {
        let mut snapshots = std::iter::repeat_with(|| self.read()).take(MAX_READINGS);
        snapshots.find(|snapshot| snapshot.agents[0].status == status).unwrap()
    }
}

impl Harness {
    /// Starts a command below the agent.
    pub(crate) fn run_command(&self) {
        self.machine.spawn(FakeProcess::new(98, &["bash", "-c", "make"]).parent(97).cwd("/work"));
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        self.machine.change(98, |process| process.started_at = Ok(now));
    }

    /// What Claude Code writes about its own live process.
    pub(crate) fn enter(&self, pid: u32, ticks: u64, session: &str, status: &str) {
        let directory = self.home.path().join(".claude/sessions");
        fs::create_dir_all(&directory).unwrap();
        let entry = format!(
            r#"{{"pid":{pid},"sessionId":"{session}","cwd":"/work","startedAt":1795219201000,"procStart":"{ticks}","status":"{status}"}}"#
        );
        fs::write(directory.join(format!("{pid}.json")), entry).unwrap();
    }
}

fn settings(home: &Path) -> Settings {
    Settings { run_mode: RunMode::Repeated, ..Settings::new(Env { home: home.to_owned(), ..Env::default() }) }
}

pub(crate) fn session(snapshot: &Snapshot) -> &Session {
    &snapshot.sessions[0]
}

pub(crate) fn line(message: &str, output: u64) -> String {
    format!(
        concat!(
            r#"{{"type":"assistant","timestamp":"2026-11-20T10:00:00.000Z","sessionId":"{}","cwd":"/work","#,
            r#""message":{{"id":"{}","model":"claude-opus-4-8","content":[],"usage":{{"input_tokens":1,"output_tokens":{}}}}}}}"#,
            "\n"
        ),
        SID, message, output
    )
}

pub(crate) fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Writes the beginning of a session of Codex with this number.
pub(crate) fn rollout(harness: &Harness, n: u32) -> PathBuf {
    let directory = harness.home.path().join(".codex/sessions/2026/11/21");
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

/// A tool call that is old enough to be judged.
pub(crate) fn call(tool: &str) -> String {
    called(tool, "t1", Duration::from_secs(10))
}

/// A tool call at that time before now.
pub(crate) fn called(tool: &str, id: &str, ago: Duration) -> String {
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

/// A prompt at that time before now.
pub(crate) fn prompted(since: Duration) -> String {
    let (at, message) = (ago(since), r#"{"role":"user","content":"mend it"}"#);
    format!(r#"{{"type":"user","timestamp":"{at}","sessionId":"{SID}","cwd":"/work","message":{message}}}{}"#, "\n")
}

/// A response that ends the turn, at that time before now.
pub(crate) fn response(message: &str, since: Duration) -> String {
    let usage = r#""stop_reason":"end_turn","usage""#;
    let text = line(message, 1).replace("2026-11-20T10:00:00.000Z", &ago(since));
    text.replace(r#""usage""#, usage)
}

/// A request that fails now.
pub(crate) fn failed(reason: &str) -> String {
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

pub(crate) fn ago(since: Duration) -> String {
    (jiff::Timestamp::now() - since).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
