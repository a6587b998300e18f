use std::path::PathBuf;
use std::sync::Arc;

use crate::{FileId, RateLimit, ResponseCopy, SessionKey, Timestamp, ToolKey, Untrusted};

/// One fact that a transcript, a database or a hook records about a session.
///
/// Events are facts, not changes: applying one twice, or in another order, changes nothing. Only what concerns the
/// present (what is in flight, what is waited for) depends on the order within one file.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it happened, as the record says; `None` if it does not say.
    pub at: Option<Timestamp>,
    /// The session it concerns.
    pub session: SessionKey,
    /// Where it was read.
    pub source: Provenance,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// The session exists, and this is known about it. Facts add up; a later `Some` replaces an earlier one.
    Facts(Box<SessionFacts>),
    /// The session has a name, of that rank.
    Title(Title),
    /// The user sent a prompt.
    Prompt {
        /// The beginning of the prompt, if it is recent. Private: shown only where asked for, and kept
        /// nowhere but in memory.
        words: Option<Untrusted>,
    },
    /// The beginning of a recent message of the agent. Private: shown only where asked for, and kept nowhere but in
    /// memory.
    Said(Untrusted),
    /// The model answered.
    Response(Box<ResponseCopy>),
    /// The model called a tool.
    ToolStarted {
        /// Which call.
        tool: ToolKey,
        /// The tool's name.
        name: Arc<str>,
        /// What it is used on, such as a file or the first words of a command. Private: shown only where asked for.
        target: Option<Untrusted>,
    },
    /// The tool answered.
    ToolEnded {
        /// Which call.
        tool: ToolKey,
        /// How it ended.
        outcome: Result<(), ()>,
    },
    /// The model started a subagent; `tool` is the call that did it.
    SubagentStarted {
        /// Which call.
        tool: ToolKey,
        /// The kind of sub-agent, such as `code-reviewer`.
        name: Untrusted,
        /// Its task. Private: shown only where asked for.
        task: Option<Untrusted>,
    },
    /// The subagent ended.
    SubagentEnded {
        /// Which call.
        tool: ToolKey,
    },
    /// The context was summarised to make room.
    Compacted,
    /// The agent waits until the user allows a tool; ends with the next event of the session.
    NeedsPermission,
    /// The agent waits for the user's answer to a question; ends with the next event of the session.
    NeedsInput,
    /// The turn is over: nothing is in flight.
    TurnEnded,
    /// How much of an account's allowance is used.
    RateLimit(RateLimit),
    /// A request failed, for this reason.
    Error(Untrusted),
    /// The session itself ended.
    Ended,
    /// The vendor itself says which process works on the session.
    Running(RunningProcess),
    /// The directory behind an abbreviated project name that [`SessionFacts::project`] refers to.
    ProjectRoot {
        /// The abbreviation.
        project: Arc<str>,
        /// The directory.
        root: PathBuf,
    },
    /// The context window of a model, as the client's configuration has it: for all of the client's sessions.
    ModelWindow {
        /// The model, as turns name it.
        model: Arc<str>,
        /// Its size in tokens.
        tokens: u64,
    },
}

/// What is known about a session besides its events. Every field is optional: each source records other parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session that started this one as a sub-agent.
    pub parent: Option<SessionKey>,
    /// The session this one was copied from.
    pub forked_from: Option<SessionKey>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// The directory it works in.
    pub cwd: Option<PathBuf>,
    /// An abbreviated project name, resolved through [`EventKind::ProjectRoot`] where `cwd` is missing.
    pub project: Option<Arc<str>>,
    /// The git branch.
    pub branch: Option<Untrusted>,
    /// The version of the client that wrote it.
    pub version: Option<Untrusted>,
    /// The model in use now, where it is known apart from turns.
    pub model: Option<Arc<str>>,
    /// The model's context window in tokens, as the vendor says.
    pub context_limit: Option<u64>,
    /// Tokens in the context now, where they are known apart from turns.
    pub context_used: Option<u64>,
    /// Who started it: `cli`, `vscode`, `exec`, a sub-agent's kind, …
    pub origin: Option<Untrusted>,
}

/// A session's name with its rank: a name given by the user beats one made by a model, and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// How good a name it is.
    pub rank: TitleRank,
    /// The name.
    pub text: Untrusted,
}

/// How good a session's name is, best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TitleRank {
    /// The first command that the user typed.
    FirstCommand,
    /// The first words of the user. Private: it is message text.
    FirstPrompt,
    /// A summary of the conversation.
    Summary,
    /// The last words of the user. Private: it is message text.
    LastPrompt,
    /// A name a model made.
    Generated,
    /// A name that the user gave.
    Given,
}

impl TitleRank {
    /// Whether the name is message text, which leaves agtop only where asked for.
    pub const fn is_message_text(self) -> bool {
        matches!(self, Self::FirstPrompt | Self::LastPrompt | Self::FirstCommand)
    }
}

/// What a vendor's own file says of a live process. Such files outlive processes that were killed: they count only while
/// the process that they name is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningProcess {
    /// The process.
    pub pid: u32,
    /// When it started, in the unit of [`ProcId`](crate::ProcId), where the vendor records it.
    pub started: Option<u64>,
    /// When it entered itself, where the vendor records it: no earlier than it started.
    pub entered: Option<Timestamp>,
    /// What it is doing, where the vendor records it.
    pub activity: Option<VendorActivity>,
}

/// What a vendor says that its agent is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VendorActivity {
    /// In the middle of a turn.
    Busy,
    /// Its turn is over.
    Idle,
    /// It waits until its user allows a tool.
    NeedsPermission,
    /// It waits for its user's answer to a question.
    NeedsInput,
    /// It waits for its user, for one of both.
    AwaitsUser,
    /// Its turn is over, and a command it started still runs.
    Background,
}

impl VendorActivity {
    /// Whether it waits for its user, whatever for.
    pub const fn awaits_user(self) -> bool {
        matches!(self, Self::NeedsPermission | Self::NeedsInput | Self::AwaitsUser)
    }
}

/// Where an event was read, so that every number can be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Provenance {
    /// The file.
    pub file: FileId,
    /// The place in it.
    pub place: SourcePosition,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourcePosition {
    /// The line that starts at this byte (of the decompressed text).
    Byte(u64),
    /// The n-th entry of a document, from 0.
    Entry(u32),
    /// A row of a table.
    Row {
        /// The table.
        table: &'static str,
        /// Its rowid.
        rowid: i64,
    },
}
