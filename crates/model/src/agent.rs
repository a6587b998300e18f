use std::sync::Arc;

use crate::{ClientId, Evidence, OpenFiles, ProcId, Process, Reading, Session, Sockets, Status, Untrusted};

/// A live agent: one process that is an agent, joined with the session it works on.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Which client it is.
    pub client: ClientId,
    /// What rows call it: the client's name, or the label of the user's matcher.
    pub label: Untrusted,
    /// The process.
    pub process: Arc<Process>,
    /// Processor use over the last interval, in percent of one processor; may exceed 100.
    pub cpu_percent: Reading<f64>,
    /// Name of the parent process.
    pub launcher: Option<Untrusted>,
    /// The session it works on.
    pub session: Option<Arc<Session>>,
    /// How the session was found.
    pub join: Option<Join>,
    /// The flag that lets it act without asking, as written on its command line.
    pub danger: Option<Untrusted>,
    /// Direct children: pid and name.
    pub children: Vec<(u32, Untrusted)>,
    /// Helpers (MCP servers, app servers) below it.
    pub helpers: Vec<ProcId>,
    /// Regular files it holds open.
    pub files: Reading<OpenFiles>,
    /// Its TCP connections.
    pub sockets: Reading<Sockets>,
    /// Skills it can use.
    pub skills: Vec<Untrusted>,
    /// What it is doing.
    pub status: Status,
    /// What decided that.
    pub evidence: Evidence,
}

/// What a process is to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// An agent: a row of its own.
    Agent,
    /// Something an agent runs (an MCP server, an app server, a desktop shell): never a row.
    Helper,
}

/// How a process was joined with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Join {
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
