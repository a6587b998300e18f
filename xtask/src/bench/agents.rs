//! Fake agents: processes that Claude Code's own files join to transcripts, which can be appended to.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use super::measure::OwnedProcess;
use super::reaper::{Leftover, Reaper, Removed, Scratch};

/// The longest time that a new process takes to become its program.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The start of each script: a process that the reaper does not know of yet ends with the benchmark.
const WAIT_FOR_START: &str = "read start || exit;";

/// How many processes there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProcessCounts {
    pub(super) agents: usize,
    /// Processes below each agent.
    pub(super) children: usize,
    /// Processes that are no agents.
    pub(super) plain: usize,
    /// Records in each transcript from the start on; about a kilobyte each.
    pub(super) records: usize,
}

/// Processes and files; both are gone when this is dropped.
pub(super) struct FakeAgents {
    // Processes end before the files that they could write are removed.
    processes: Vec<OwnedProcess>,
    agents: Vec<Agent>,
    files: Vec<Removed>,
    /// Where the agents' program is, and where they work.
    place: Scratch,
    reaper: Reaper,
    records: u64,
}

struct Agent {
    session: String,
    transcript: PathBuf,
    cwd: PathBuf,
    /// The call that has not returned, if the last record was one.
    open: Option<u64>,
}

impl FakeAgents {
    /// Starts processes, and writes into the home what agents would have written there.
    pub(super) fn open(home: &Path, counts: ProcessCounts, reaper: &Reaper) -> Result<Self> {
        let place = Scratch::create(reaper)?;
        let program = place.path().join("claude");
        fs::copy("/bin/sh", &program)?;
        let reaper = reaper.clone();
        let mut fake_agents =
            Self { processes: Vec::new(), agents: Vec::new(), files: Vec::new(), place, reaper, records: 0 };
        for at in 0..counts.agents {
            fake_agents.start_agent(home, &program, at, counts)?;
        }
        let rest = format!(
            "{WAIT_FOR_START} n=0; while [ $n -lt {} ]; do sleep 100000 & n=$((n+1)); done; wait",
            counts.plain
        );
        fake_agents.start(Command::new("sh").arg("-c").arg(rest))?;
        Ok(fake_agents)
    }

    /// What every agent's project is called: nothing else on a screen is.
    pub(super) const PROJECT: &str = "bench-";

    fn start_agent(&mut self, home: &Path, program: &Path, at: usize, counts: ProcessCounts) -> Result<()> {
        let cwd = self.place.path().join(format!("{}{at:03}", Self::PROJECT));
        fs::create_dir(&cwd)?;
        let below = "sleep 100000 & ".repeat(counts.children);
        // The shell is to stay what it is, instead of becoming the only program that it would run.
        let script = format!("{WAIT_FOR_START} {below} sleep 100000 & wait");
        let pid = self.start(Command::new(program).arg0("claude").args(["-c", &script]).current_dir(&cwd))?;
        let session = format!("be9c0000-0000-4000-8000-{at:012x}");
        let directory: String =
            cwd.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let directory = home.join(".claude/projects").join(directory);
        let transcript = directory.join(format!("{session}.jsonl"));
        self.create_directory(&directory)?;
        self.agents.push(Agent { session, transcript, cwd, open: None });
        for _ in 0..counts.records.max(1) {
            self.append(at, "src/main.rs")?;
        }
        self.enter(home, pid, at)
    }

    fn start(&mut self, command: &mut Command) -> Result<u32> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = OwnedProcess::spawn(command, &self.reaper)?;
        if let Some(mut stdin) = process.stdin() {
            stdin.write_all(b"\n")?;
        }
        let pid = process.id();
        self.processes.push(process);
        Ok(pid)
    }

    /// Makes a directory, and those above it that the home lacks.
    fn create_directory(&mut self, directory: &Path) -> Result<()> {
        let lacking = directory.ancestors().take_while(|ancestor| !ancestor.exists()).last();
        if let Some(topmost) = lacking {
            self.files.push(Removed::watch(Leftover::Path(topmost.to_owned()), &self.reaper)?);
        }
        Ok(fs::create_dir_all(directory)?)
    }

    /// Says which session the process works on, as Claude Code does.
    fn enter(&mut self, home: &Path, pid: u32, at: usize) -> Result<()> {
        let Some(agent) = self.agents.get(at) else { return Ok(()) };
        let entry = serde_json::json!({
            "pid": pid, "sessionId": agent.session, "cwd": agent.cwd, "startedAt": now(), "procStart": started(pid)?,
            "version": "2.1.197", "peerProtocol": 1, "kind": "interactive", "entrypoint": "cli", "status": "busy",
        });
        let sessions = home.join(".claude/sessions");
        let path = sessions.join(format!("{pid}.json"));
        self.files.push(Removed::watch(Leftover::Path(path.clone()), &self.reaper)?);
        let entry = entry.to_string();
        self.create_directory(&sessions)?;
        Ok(fs::write(&path, entry)?)
    }

    /// Appends the next record of an agent: a call of a tool on that target, or, if one is open, what it returned.
    pub(super) fn append(&mut self, at: usize, target: &str) -> Result<()> {
        let at = at % self.agents.len().max(1);
        self.records += 1;
        let record = self.records;
        let Some(agent) = self.agents.get_mut(at) else { return Ok(()) };
        let message = if let Some(call) = agent.open.take() {
            returned(call)
        } else {
            agent.open = Some(record);
            called(record, target)
        };
        let envelope = serde_json::json!({
            "parentUuid": uuid(record - 1), "isSidechain": false, "type": message["role"], "uuid": uuid(record),
            "timestamp": timestamp(), "userType": "external", "entrypoint": "cli", "cwd": agent.cwd,
            "sessionId": agent.session, "version": "2.1.197", "gitBranch": "main", "requestId": format!("req_{record:x}"),
            "message": message,
        });
        let mut file = File::options().create(true).append(true).open(&agent.transcript)?;
        Ok(file.write_all(format!("{envelope}\n").as_bytes())?)
    }

    /// Whether the next record of that agent is a call.
    pub(super) fn calls_next(&self, at: usize) -> bool {
        self.agents.get(at % self.agents.len().max(1)).is_some_and(|agent| agent.open.is_none())
    }
}

/// A response that calls a tool.
fn called(record: u64, target: &str) -> serde_json::Value {
    serde_json::json!({
        "id": format!("msg_bench{record:x}"), "type": "message", "role": "assistant", "model": "claude-opus-4-8",
        "content": [
            { "type": "text", "text": "x".repeat(400) },
            { "type": "tool_use", "id": format!("toolu_bench{record:x}"), "name": "Read", "input": { "file_path": target } },
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {
            "input_tokens": 3, "cache_creation_input_tokens": 812, "cache_read_input_tokens": 40_000 + record,
            "output_tokens": 97, "service_tier": "standard",
            "cache_creation": { "ephemeral_5m_input_tokens": 812, "ephemeral_1h_input_tokens": 0 },
        },
    })
}

fn returned(call: u64) -> serde_json::Value {
    serde_json::json!({
        "role": "user",
        "content": [{ "tool_use_id": format!("toolu_bench{call:x}"), "type": "tool_result", "content": "y".repeat(600) }],
    })
}

fn uuid(record: u64) -> String {
    format!("be9c1111-0000-4000-8000-{record:012x}")
}

fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(0)
}

fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// When the process started, as the kernel counts: the 22nd field of stat (proc(5)). Until a process that was just made
/// is its program, it says nothing that counts.
fn started(pid: u32) -> Result<String> {
    let until = Instant::now() + START_TIMEOUT;
    while fs::read(format!("/proc/{pid}/cmdline"))?.is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().nth(19).map(str::to_owned).context("stat is too short")
}
