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
    /// The person spoke. What they said is private: shown only where asked for.
    Asked(Option<Untrusted>),
    /// The agent spoke. What it said is private: shown only where asked for.
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
    /// A sub-agent was sent off. The task is private: shown only where asked for.
    Delegated {
        /// Its kind.
        name: Untrusted,
        /// What it shall do.
        task: Option<Untrusted>,
    },
    /// The model stopped.
    Stopped(StopReason),
    /// A request failed, for this reason.
    Failed(Untrusted),
    /// The context was summarised.
    Compacted,
    /// The agent began to wait for its person.
    Waited,
}

/// An agent's process came or went while agtop looked.
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

/// Whether a process came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleChange {
    /// It was not there before.
    Spawned,
    /// It is there no more.
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
