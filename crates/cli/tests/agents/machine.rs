//! The machine of the tests: its programs, the files of its agents, and what agtop prints about them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use agtop_testkit::{Clock, ProcessHarness, Rng, Stamp, Tokens, claude, codex, gemini};
use serde_json::Value;

use crate::program::{json_of, on_machine};

/// A test and its name.
pub(crate) type Test = (&'static str, fn());

/// What agtop prints about one agent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) pid: u32,
    pub(crate) client: String,
    /// The session, with how it was found and how sure that is.
    pub(crate) session: Option<(String, String, String)>,
    pub(crate) danger: Option<String>,
}

impl Row {
    /// An agent without a session.
    pub(crate) fn new(pid: u32, client: &str) -> Self {
        Self { pid, client: client.to_owned(), session: None, danger: None }
    }

    pub(crate) fn joined(self, session: &str, tier: &str, confidence: &str) -> Self {
        Self { session: Some((session.to_owned(), tier.to_owned(), confidence.to_owned())), ..self }
    }

    pub(crate) fn danger(self, flags: &str) -> Self {
        Self { danger: Some(flags.to_owned()), ..self }
    }
}

pub(crate) struct Machine {
    pub(crate) harness: ProcessHarness,
    /// Where the agents work.
    pub(crate) project: PathBuf,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// A machine whose root is made in that directory.
    pub(crate) fn below(directory: &Path) -> Self {
        let harness = ProcessHarness::open(directory).unwrap();
        let project = harness.directory("home/u/shop").unwrap();
        Self { harness, project }
    }

    /// What agtop prints about all agents on this machine.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.agents().iter().map(row).collect()
    }

    /// The status of the only agent.
    pub(crate) fn state(&self) -> String {
        let output = self.agents();
        let [agent] = &*output else { panic!("{output:#?}") };
        agent["state"].as_str().unwrap().to_owned()
    }

    /// Runs agtop until the only agent has that status: some need a time without changes.
    pub(crate) fn becomes(&self, state: &str) {
        let mut seen = String::new();
        for _ in 0..600 {
            seen = self.state();
            if seen == state {
                return;
            }
        }
        panic!("{seen}, not {state}");
    }

    /// agtop on this machine.
    pub(crate) fn agtop(&self) -> Command {
        on_machine(self.harness.home().root(), &self.harness.path(""))
    }

    /// The JSON of agtop.
    pub(crate) fn json(&self, shape: &str) -> Value {
        let mut agtop = self.agtop();
        agtop.arg(format!("--json={shape}"));
        json_of(agtop)
    }

    fn agents(&self) -> Vec<Value> {
        let mut output = self.json("agents");
        let Value::Array(agents) = output["agents"].take() else { panic!("{output:#}") };
        agents
    }

    /// The native program of Claude Code.
    pub(crate) fn claude(&self) -> PathBuf {
        self.harness.program("usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe").unwrap()
    }

    pub(crate) fn node(&self) -> PathBuf {
        self.harness.program("usr/bin/node").unwrap()
    }

    /// The script of Codex, which starts its native program.
    pub(crate) fn codex(&self) -> PathBuf {
        let native = "usr/lib/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex";
        let native = self.harness.program(native).unwrap();
        self.harness.script("usr/lib/node_modules/@openai/codex/bin/codex.js", Some(&native)).unwrap()
    }

    /// Writes Claude Code's own file about a process: its session and its status.
    pub(crate) fn write_session_file(&self, pid: u32, started: u64, session: &str, status: &str) {
        let entry = serde_json::json!({
            "pid": pid, "sessionId": session, "cwd": self.project, "startedAt": now().0, "procStart": started.to_string(),
            "version": "2.1.197", "peerProtocol": 1, "kind": "interactive", "entrypoint": "cli", "status": status,
        });
        self.harness.home().write(format!(".claude/sessions/{pid}.json"), entry.to_string()).unwrap();
    }

    /// Writes a transcript of Claude Code, and returns its session. Each seed makes another session.
    pub(crate) fn claude_session(&self, seed: u64) -> String {
        let (clock, rng) = (Clock::at(now()), Rng::new(seed));
        let cwd = self.project.to_str().unwrap();
        let opening = claude::Opening { cwd, edition: claude::Edition::Current, clock, rng };
        let mut transcript = claude::Transcript::start(self.harness.home(), opening).unwrap();
        let blocks = &[claude::Block::Text("done")];
        let response =
            claude::Response { model: "claude-opus-4-8", tokens: TOKENS, web_searches: 0, blocks, stop: "end_turn" };
        transcript.prompt("go on").unwrap();
        transcript.respond(&response).unwrap();
        let session = transcript.session().to_string();
        transcript.finish().unwrap();
        session
    }

    /// Writes a rollout of Codex, and returns its thread and its path.
    pub(crate) fn codex_thread(&self, seed: u64) -> (String, PathBuf) {
        let (clock, rng) = (Clock::at(now()), Rng::new(seed));
        let cwd = self.project.to_str().unwrap();
        let opening = codex::Opening { cwd, edition: codex::Edition::Current, clock, rng };
        let mut rollout = codex::Rollout::start(self.harness.home(), opening).unwrap();
        rollout.begin_turn("gpt-5.5", "go on").unwrap();
        rollout.used(TOKENS).unwrap();
        rollout.count().unwrap();
        rollout.end_turn("done").unwrap();
        let (thread, path) = (rollout.thread().to_string(), rollout.path().to_owned());
        rollout.finish().unwrap();
        (thread, path)
    }

    /// Writes a rollout of Codex whose last call, of some seconds ago, has no result yet, and returns its path.
    pub(crate) fn codex_thread_in_a_call(&self) -> PathBuf {
        let clock = Clock::at(now());
        let cwd = self.project.to_str().unwrap();
        let opening = codex::Opening { cwd, edition: codex::Edition::Current, clock, rng: Rng::new(1) };
        let mut rollout = codex::Rollout::start(self.harness.home(), opening).unwrap();
        rollout.begin_turn("gpt-5.5", "go on").unwrap();
        rollout.call(r#"{\"cmd\":\"make\"}"#).unwrap();
        rollout.used(TOKENS).unwrap();
        let path = rollout.path().to_owned();
        rollout.finish().unwrap();
        path
    }

    /// Writes a chat of Gemini CLI, and returns its session.
    pub(crate) fn gemini_chat(&self) -> String {
        let home = self.harness.home();
        let opening = gemini::Opening {
            project: "shop",
            layout: gemini::Layout::Lines,
            clock: Clock::at(now()),
            rng: Rng::new(1),
        };
        gemini::Chat::project(home, "shop", self.project.to_str().unwrap()).unwrap();
        let mut chat = gemini::Chat::start(home, opening).unwrap();
        chat.prompt("go on").unwrap();
        chat.respond("gemini-2.5-pro", TOKENS, "done", None).unwrap();
        let session = chat.session().to_string();
        chat.finish().unwrap();
        session
    }

    /// Writes a session of Copilot, and returns its directory.
    pub(crate) fn copilot_session(&self, session: &str) -> PathBuf {
        let line = serde_json::json!({
            "type": "session.start", "id": "a1", "timestamp": now().to_string(),
            "data": { "sessionId": session, "copilotVersion": "1.0.102", "context": { "cwd": self.project } },
        });
        let path = format!(".copilot/session-state/{session}/events.jsonl");
        self.harness.home().write(path, format!("{line}\n")).unwrap().parent().unwrap().to_owned()
    }
}

fn row(agent: &Value) -> Row {
    let text = |of: &str| agent[of].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let join = || Some((text("session_id")?, text("join_tier")?, text("join_confidence")?));
    Row {
        pid: u32::try_from(agent["pid"].as_u64().unwrap()).unwrap(),
        client: text("client").unwrap(),
        session: join(),
        danger: text("dangerous_flag"),
    }
}

/// Each bucket has another number.
const TOKENS: Tokens =
    Tokens { input: 100, cache_read: 2000, cache_write_5m: 0, cache_write_1h: 0, output: 30, reasoning_output: 0 };

/// The start time of a process, in the unit of the system.
pub(crate) fn started(pid: u32) -> u64 {
    let table = agtop_os::native().processes().unwrap();
    table.iter().find(|process| process.id.pid == pid).unwrap().id.started
}

/// The current time: agents write while they run.
fn now() -> Stamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Stamp(i64::try_from(since_epoch.as_millis()).unwrap())
}
