use std::time::Duration;

/// An agent that waits counts as busy for this long: the rule of agtop 2.3 for idle transcripts.
const BUSY_SPAN: Duration = Duration::from_secs(30);
/// An agent that waits counts as active for this long.
const ACTIVE_SPAN: Duration = Duration::from_mins(5);

/// What an agent or session is doing, in the one vocabulary of all surfaces.
///
/// Ordered by how much it needs the user, most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Waits for the user's permission.
    NeedsPermission,
    /// Asked the user something, or finished its turn.
    NeedsInput,
    /// In the middle of a turn, but silent beyond its usual time, or going round in circles.
    Stalled,
    /// The vendor refuses further requests for now.
    RateLimited,
    /// The last thing that happened was an error.
    Error,
    /// Its process was stopped by a signal (SIGSTOP, SIGTSTP) and does nothing until it is continued.
    Stopped,
    /// Runs one or more sub-agents.
    Spawning,
    /// In the middle of a turn.
    Working,
    /// Did something in the last minutes.
    Active,
    /// Alive and idle.
    Idle,
    /// No process; the last turn ended, within a day.
    Done,
    /// No process; something was left unfinished, within a day.
    Resumable,
    /// No process, and nothing happened for a day.
    Stale,
    /// Not enough is known.
    #[default]
    Unknown,
}

impl Status {
    /// Every status, in order.
    pub const ALL: [Self; 14] = [
        Self::NeedsPermission,
        Self::NeedsInput,
        Self::Stalled,
        Self::RateLimited,
        Self::Error,
        Self::Stopped,
        Self::Spawning,
        Self::Working,
        Self::Active,
        Self::Idle,
        Self::Done,
        Self::Resumable,
        Self::Stale,
        Self::Unknown,
    ];

    /// The name in JSON, filters and help.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeedsPermission => "needs_permission",
            Self::NeedsInput => "needs_input",
            Self::Stalled => "stalled",
            Self::RateLimited => "rate_limited",
            Self::Error => "error",
            Self::Stopped => "stopped",
            Self::Spawning => "spawning",
            Self::Working => "working",
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Done => "done",
            Self::Resumable => "resumable",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }

    /// One column of the same meaning without colour.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::NeedsPermission | Self::NeedsInput => "!",
            Self::Stalled | Self::RateLimited | Self::Error => "×",
            Self::Stopped => "■",
            Self::Spawning => "◆",
            Self::Working => "●",
            Self::Active => "◐",
            Self::Idle => "○",
            Self::Done => "✓",
            Self::Resumable => "◌",
            Self::Stale => "·",
            Self::Unknown => "?",
        }
    }

    /// What it means and what decides it, in one line for help.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NeedsPermission => "asks for a permission: a hook, its status file, or a call that waits",
            Self::NeedsInput => "has asked you, or its turn has ended within 30 minutes",
            Self::Stalled => "no record for 10 minutes in a turn, or the same call 5 times",
            Self::RateLimited => "the vendor refuses requests for now",
            Self::Error => "the last request failed",
            Self::Stopped => "its process was stopped (SIGSTOP, Ctrl-Z): continue it",
            Self::Spawning => "in a turn, with subagents at work",
            Self::Working => "in the middle of a turn",
            Self::Active => "wrote something within 5 minutes; no turn is known to run",
            Self::Idle => "alive, and nothing to do",
            Self::Done => "exited; its last turn ended within a day",
            Self::Resumable => "exited in the middle of a turn within a day",
            Self::Stale => "exited more than a day ago",
            Self::Unknown => "too little is known",
        }
    }

    /// The badge of agtop 2.3's JSON for the same state, after so long in it. That version called an agent busy until its
    /// transcript had been idle for 30 seconds, and active until five minutes; so is one that does not go on by itself.
    pub fn badge(self, lasts: Duration) -> &'static str {
        match self {
            Self::NeedsPermission | Self::NeedsInput | Self::Stalled | Self::RateLimited if lasts <= BUSY_SPAN => {
                "busy"
            }
            Self::NeedsPermission | Self::NeedsInput | Self::Stalled | Self::RateLimited | Self::Error => {
                if lasts <= ACTIVE_SPAN { "active" } else { "idle" }
            }
            Self::Working => "busy",
            Self::Spawning => "spawning",
            Self::Active => "active",
            Self::Idle | Self::Stopped | Self::Unknown => "idle",
            Self::Resumable => "waiting",
            Self::Done => "completed",
            Self::Stale => "stale",
        }
    }
}

/// What decided a [`Status`], most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// The state of the process.
    Process,
    /// The vendor's own status file of the live process.
    StatusFile,
    /// An event the agent pushed.
    Hook,
    /// What the transcript says last.
    Transcript,
    /// An open connection to a model.
    Socket,
    /// Processor use.
    Cpu,
    /// The process is there, and that is all.
    Presence,
    /// How long ago something was written.
    Age,
}

impl Evidence {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::StatusFile => "status_file",
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::Socket => "socket",
            Self::Cpu => "cpu",
            Self::Presence => "presence",
            Self::Age => "age",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An agent whose user had not answered was `busy` for half an hour, and one that had stalled for as long as it lived.
    #[test]
    fn what_does_not_go_on_by_itself_is_not_busy_for_long() {
        let badges = |status: Status| [0, 30, 31, 300, 301].map(|n| status.badge(Duration::from_secs(n)));
        for status in [Status::NeedsPermission, Status::NeedsInput, Status::Stalled, Status::RateLimited] {
            assert_eq!(badges(status), ["busy", "busy", "active", "active", "idle"], "{status:?}");
        }
        assert_eq!(badges(Status::Error), ["active", "active", "active", "active", "idle"]);
        assert_eq!(badges(Status::Working), ["busy"; 5]);
        assert_eq!(badges(Status::Resumable), ["waiting"; 5]);
    }
}
