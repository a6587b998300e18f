use std::sync::Arc;
use std::time::Duration;

use crate::{
    ActivityWindow, ClientId, Evidence, Git, OpenFiles, ProcId, Process, Reading, Session, Sockets, Status, Timestamp,
    Untrusted,
};

/// An agent: one process that is one, joined with a session it works on.
///
/// A process that holds several sessions (an app server) is several agents, one for each.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Which client it is.
    pub client: ClientId,
    /// What rows call it: the client's name, or the label of the user's matcher.
    pub label: Untrusted,
    /// The process.
    pub process: Arc<Process>,
    /// Whether it is there, or has just ended.
    pub liveness: Liveness,
    /// Processor use over the last interval, in percent of one processor; may exceed 100.
    pub cpu_percent: Reading<f64>,
    /// Processor use in the last snapshots, oldest first, this one included; at most [`Self::CPU_HISTORY`].
    pub cpu_history: Arc<[f32]>,
    /// Bytes read and written per second over the last interval.
    pub io_rate: Reading<IoRate>,
    /// Name of the parent process.
    pub parent_name: Option<Untrusted>,
    /// Name of the process that started it, wrappers of the agent aside.
    pub launcher: Option<Untrusted>,
    /// The session it works on.
    pub session: Option<Arc<Session>>,
    /// How the session was found.
    pub join: Option<SessionJoin>,
    /// The flag that lets it act without asking, as written on its command line.
    pub danger: Option<Untrusted>,
    /// Direct children: pid and name.
    pub children: Vec<(u32, Untrusted)>,
    /// When the youngest of its living children began that are no helpers, such as a command that a tool runs.
    pub youngest_child: Option<Timestamp>,
    /// The model on its command line, for clients that record it nowhere else.
    pub stated_model: Option<Untrusted>,
    /// Helpers (MCP servers, app servers) below it.
    pub helpers: Vec<ProcId>,
    /// Regular files it holds open.
    pub files: Reading<OpenFiles>,
    /// Its TCP connections.
    pub sockets: Reading<Sockets>,
    /// The git work tree it is in; `NotReported` where there is none.
    pub git: Reading<Git>,
    /// What its session and its sub-agents did in the last one, five and fifteen minutes.
    pub rates: [ActivityWindow; 3],
    /// Skills it can use.
    pub skills: Vec<Untrusted>,
    /// What it is doing.
    pub status: Status,
    /// What decided that.
    pub evidence: Evidence,
    /// Why, where it is rate limited or has failed and something says why.
    pub cause: Option<Untrusted>,
    /// Since when, as far as is known.
    pub status_since: Timestamp,
}

impl Agent {
    /// For how long it has been doing what it does.
    pub fn status_span(&self, now: Timestamp) -> Duration {
        now.since(self.status_since)
    }

    /// The badge of agtop 2.3's JSON for that.
    pub fn badge(&self, now: Timestamp) -> &'static str {
        self.status.badge(self.status_span(now))
    }

    /// How many readings of processor use are kept.
    pub const CPU_HISTORY: usize = 60;

    /// One agent for each process, for sums of what processes use: a process may be several agents.
    pub fn each_process<'a>(agents: impl Iterator<Item = &'a Self>) -> impl Iterator<Item = &'a Self> {
        let mut seen = std::collections::HashSet::new();
        agents.filter(move |agent| seen.insert(agent.process.id))
    }
}

/// Whether a process is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Liveness {
    /// It runs.
    #[default]
    Live,
    /// It was there in the last snapshot and is not any more: it is shown once as it was.
    Stopped,
}

impl Liveness {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stopped => "stopped",
        }
    }
}

/// Bytes moved to and from disks per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IoRate {
    /// Read from disks.
    pub read: f64,
    /// Written to disks.
    pub written: f64,
}

/// What a process is to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessRole {
    /// An agent: a row of its own.
    Agent,
    /// A server that works on sessions for others (`codex app-server`, `opencode serve`): a row for each session that is
    /// known to be its own, and none for itself.
    Host,
    /// Something an agent runs (an MCP server, a language server, a desktop shell): never a row.
    Helper,
}

/// How a process was joined with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionJoin {
    /// By what.
    pub tier: JoinTier,
    /// How sure that is.
    pub confidence: Confidence,
}

/// What joins a process with a session, most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JoinTier {
    /// A file in which the vendor itself names the process.
    Marker,
    /// An event that the process, or one that it started, has pushed.
    Hook,
    /// The session's id on the command line.
    Argument,
    /// The transcript, held open.
    OpenFile,
    /// Same directory, and started at about the same time.
    Score,
}

impl JoinTier {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marker => "marker",
            Self::Hook => "hook",
            Self::Argument => "argument",
            Self::OpenFile => "open_file",
            Self::Score => "score",
        }
    }
}

/// How sure a join is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// It cannot be otherwise.
    High,
    /// It would be odd otherwise.
    Medium,
    /// A guess.
    Low,
}

impl Confidence {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
