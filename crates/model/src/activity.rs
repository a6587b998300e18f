use crate::{ClientId, ProcId, StopReason, Timestamp, Untrusted};

/// One of the last things that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// When; `None` if the record does not say.
    pub at: Option<Timestamp>,
    /// What.
    pub kind: ActivityKind,
}

/// What happened in a session, as far as people follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// The user sent a prompt. Its text is private: shown only where asked for.
    Asked(Option<Untrusted>),
    /// The agent wrote a message. Its text is private: shown only where asked for.
    Said(Untrusted),
    /// The model called a tool, on that. The target is private: shown only where asked for.
    Called {
        /// The tool.
        tool: Untrusted,
        /// What it works on.
        target: Option<Untrusted>,
    },
    /// A tool answered.
    Returned {
        /// The tool.
        tool: Untrusted,
        /// Whether it succeeded.
        outcome: Result<(), ()>,
    },
    /// A subagent was started. The task is private: shown only where asked for.
    Delegated {
        /// Its kind.
        name: Untrusted,
        /// Its task.
        task: Option<Untrusted>,
    },
    /// The model stopped.
    Stopped(StopReason),
    /// A request failed, for this reason.
    Failed(Untrusted),
    /// The context was summarised.
    Compacted,
    /// The agent began to wait for the user.
    Waited,
}

/// An agent's process started or exited while agtop ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// When it was noticed.
    pub at: Timestamp,
    /// What happened.
    pub change: LifecycleChange,
    /// The process.
    pub process: ProcId,
    /// Its client.
    pub client: ClientId,
    /// What rows call it.
    pub label: Untrusted,
    /// The last part of its working directory.
    pub project: Option<Untrusted>,
}

/// Whether a process started or exited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleChange {
    /// It was not there before.
    Spawned,
    /// It has exited.
    Exited,
}

impl LifecycleChange {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spawned => "spawn",
            Self::Exited => "exit",
        }
    }
}
