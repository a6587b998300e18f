//! Whether an agent waits for its user, and for what: `needs_permission` or `needs_input`.
//!
//! A wait is reported by the vendor's file, a hook or the transcript ([`reported_wait`]), or it is inferred from a tool
//! call that goes on without a sign of its tool ([`inferred_wait`]).

use std::time::Duration;

use agtop_clients::is_question_tool;
use agtop_model::{Agent, InFlight, Phase, Session, Status, Timestamp};

use crate::processes::child_history::{ChildHistory, CommandAbsence};

/// Tools that run a command: while one runs, the agent has a child.
const COMMAND_TOOLS: &[&str] =
    &["Bash", "bash", "exec", "exec_command", "shell", "local_shell", "run_shell_command", "run_in_terminal"];
/// Tools that finish at once when they are allowed.
const INSTANT_TOOLS: &[&str] =
    &["Edit", "Write", "MultiEdit", "NotebookEdit", "apply_patch", "edit", "write", "write_file", "replace"];
/// A tool that was allowed has a child, or has finished, within this time.
pub(super) const MIN_WAIT: Duration = Duration::from_secs(3);

/// What an agent waits for that reports a wait: a permission, unless the last call is a question. Transcripts and some
/// versions of the vendor's file do not distinguish them.
pub(super) fn reported_wait(session: Option<&Session>) -> Status {
    if session.is_some_and(calls_question_tool) { Status::NeedsInput } else { Status::NeedsPermission }
}

/// The wait that the calls of an open turn show, though nothing reports it.
pub(super) fn inferred_wait(
    agent: &Agent,
    session: &Session,
    children: &ChildHistory,
    now: Timestamp,
) -> Option<Status> {
    if session.phase != Phase::Open {
        None
    } else if has_waited_for_answer(session, now) {
        Some(Status::NeedsInput)
    } else if has_waited_for_permission(agent, session, children, now) {
        Some(Status::NeedsPermission)
    } else {
        None
    }
}

/// Whether the agent has called a tool that would show that it runs, and nothing has shown for long enough. An agent
/// that may act without permission never waits for one.
fn has_waited_for_permission(agent: &Agent, session: &Session, children: &ChildHistory, now: Timestamp) -> bool {
    let shows_nothing = |call: &InFlight, since: Timestamp| {
        let name = call.name.raw();
        let is_absent = || children.command_absence(agent.process.id, since, now) == CommandAbsence::Confirmed;
        INSTANT_TOOLS.contains(&name) || (COMMAND_TOOLS.contains(&name) && is_absent())
    };
    let waits =
        |call: &InFlight| call.since.is_some_and(|since| now.since(since) >= MIN_WAIT && shows_nothing(call, since));
    agent.danger.is_none() && session.in_flight.last().is_some_and(waits)
}

/// Whether the agent has asked the user something, so long ago that no hook or setting has answered instead.
fn has_waited_for_answer(session: &Session, now: Timestamp) -> bool {
    let since = session.in_flight.last().and_then(|call| call.since);
    calls_question_tool(session) && since.is_some_and(|since| now.since(since) >= MIN_WAIT)
}

/// Whether the last call that is in flight ends with an answer of the user.
fn calls_question_tool(session: &Session) -> bool {
    session.in_flight.last().is_some_and(|call| is_question_tool(call.name.raw()))
}
