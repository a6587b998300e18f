//! What an agent is doing, decided by the best evidence.

use std::time::Duration;

use agtop_clients::{Client, is_question_tool};
use agtop_model::{
    ActivityKind, Agent, EventKind, Evidence, InFlight, Phase, Reading, Session, Status, Timestamp, Untrusted,
    VendorActivity,
};

use super::hook_state::HookActivity;
use crate::limits::MAX_CLOCK_DIFFERENCE;
use crate::processes::child_history::{ChildHistory, CommandAbsence};

/// An agent whose transcript was written within this time is active.
const ACTIVE_WINDOW: Duration = Duration::from_mins(5);
/// A finished turn waits for the user for this long; after that, the user is evidently away.
const ATTENTION_WINDOW: Duration = Duration::from_mins(30);
/// Processor use, in percent of one processor, that only work explains.
const BUSY_CPU_PERCENT: f64 = 10.0;
/// Processor use, in percent of one processor, that an idle terminal program does not reach.
const ACTIVE_CPU_PERCENT: f64 = 3.0;

/// What is known about an agent besides its process and its session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusSources<'a> {
    /// The activity that the vendor's file of live processes states.
    pub(crate) status_file: Option<VendorActivity>,
    /// The activity that hooks reported last.
    pub(crate) hook: Option<&'a HookActivity>,
    /// Which commands ran below the agent.
    pub(crate) children: &'a ChildHistory,
}

/// The status of a live agent. The vendor's file counts before hooks, hooks before the transcript, and the transcript
/// before processor use.
pub(crate) fn of_agent(agent: &Agent, sources: StatusSources<'_>, now: Timestamp) -> (Status, Evidence) {
    let session = agent.session.as_deref();
    let own = session.filter(|session| is_written_by(agent, session));
    let by_file = || sources.status_file.map(|activity| (by_vendor(activity, agent, now), Evidence::StatusFile));
    let by_hook = || sources.hook.map(|hook| (by_hook(hook, agent, now), Evidence::Hook));
    let waits = |session: &Session| {
        let asks = has_asked(session, now) && session.phase == Phase::Open;
        let awaits = || awaits_permission(agent, session, sources.children, now).then_some(Status::NeedsPermission);
        if asks { Some(Status::NeedsInput) } else { awaits() }
    };
    let waiting = || own.and_then(waits).map(|status| (status, Evidence::Transcript));
    let by_transcript =
        || waiting().or_else(|| own.and_then(|session| by_transcript(agent, session, sources.children, now)));
    let by_failure = || failed(sources).map(|status| (status, Evidence::Hook));
    by_failure()
        .or_else(by_file)
        .or_else(by_hook)
        .or_else(by_transcript)
        .or_else(|| by_cpu(agent.cpu_percent))
        .unwrap_or_else(|| match session.and_then(|session| session.idle_for(now)) {
            Some(idle) if idle <= ACTIVE_WINDOW => (Status::Active, Evidence::Age),
            Some(_) => (Status::Idle, Evidence::Age),
            None if agent.cpu_percent.is_ok() => (Status::Idle, Evidence::Cpu),
            None => (Status::Idle, Evidence::Presence),
        })
}

/// Why an agent is rate limited or has failed, as its hook or its transcript says.
pub(crate) fn cause(agent: &Agent, sources: StatusSources<'_>) -> Option<Untrusted> {
    if !matches!(agent.status, Status::RateLimited | Status::Error) {
        return None;
    }
    let pushed = sources.hook.and_then(|hook| hook.failure.clone());
    let last = |session: &Session| {
        session.recent.iter().rev().find_map(|activity| match &activity.kind {
            ActivityKind::Failed(reason) => Some(reason.clone()),
            _ => None,
        })
    };
    pushed.or_else(|| agent.session.as_deref().and_then(last))
}

/// Whether the transcript was written since the process started: older records say nothing about what it is doing.
fn is_written_by(agent: &Agent, session: &Session) -> bool {
    let started = agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(MAX_CLOCK_DIFFERENCE));
    session.last_active.is_some_and(|last| started <= last)
}

/// Tools that run a command: while one runs, the agent has a child.
const COMMAND_TOOLS: &[&str] =
    &["Bash", "bash", "exec", "exec_command", "shell", "local_shell", "run_shell_command", "run_in_terminal"];
/// Tools that finish at once when they are allowed.
const INSTANT_TOOLS: &[&str] =
    &["Edit", "Write", "MultiEdit", "NotebookEdit", "apply_patch", "edit", "write", "write_file", "replace"];
/// A tool that was allowed has a child, or has finished, within this time.
const MIN_WAIT: Duration = Duration::from_secs(3);

/// Whether the agent waits for permission: it has called a tool that would show that it runs, and nothing has shown for
/// long enough. An agent that may act without permission never waits.
fn awaits_permission(agent: &Agent, session: &Session, children: &ChildHistory, now: Timestamp) -> bool {
    let shows_nothing = |flight: &InFlight, since: Timestamp| {
        let name = flight.name.raw();
        let is_absent = || children.command_absence(agent.process.id, since, now) == CommandAbsence::Confirmed;
        INSTANT_TOOLS.contains(&name) || (COMMAND_TOOLS.contains(&name) && is_absent())
    };
    agent.danger.is_none()
        && session.phase == Phase::Open
        && session.in_flight.last().is_some_and(|flight| {
            flight.since.is_some_and(|since| now.since(since) >= MIN_WAIT && shows_nothing(flight, since))
        })
}

/// Whether the last tool that is in flight waits for an answer of the user.
fn asks(session: &Session) -> bool {
    session.in_flight.last().is_some_and(|flight| is_question_tool(flight.name.raw()))
}

/// The same, for so long that no hook or setting has answered instead of the user.
fn has_asked(session: &Session, now: Timestamp) -> bool {
    let since = session.in_flight.last().and_then(|flight| flight.since);
    asks(session) && since.is_some_and(|since| now.since(since) >= MIN_WAIT)
}

/// Whether subagents still work after the turn that started them has ended: this process has started one that has not
/// ended, or one of its subagents is in the middle of a turn.
fn has_background_subagent(agent: &Agent, session: &Session, now: Timestamp) -> bool {
    let started = agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(MAX_CLOCK_DIFFERENCE));
    let is_running = |flight: &InFlight| flight.is_subagent && flight.since.is_some_and(|since| started <= since);
    let works = |child: &Session| {
        let is_recent = child.idle_for(now).is_some_and(|idle| idle <= STALLED_AFTER);
        child.phase == Phase::Open && is_recent && child.started.is_some_and(|begun| started <= begun)
    };
    let is_recent = session.idle_for(now).is_some_and(|idle| idle <= ATTENTION_WINDOW);
    session.phase == Phase::Finished
        && ((is_recent && session.in_flight.iter().any(is_running))
            || session.children.iter().any(|child| works(child)))
}

fn by_vendor(activity: VendorActivity, agent: &Agent, now: Timestamp) -> Status {
    let session = agent.session.as_deref();
    let is_delegated = session.is_some_and(|session| has_background_subagent(agent, session, now));
    let phase = session.map_or(Phase::Fresh, |session| session.phase);
    let is_wanted = session.and_then(|session| session.idle_for(now)).is_some_and(|idle| idle <= ATTENTION_WINDOW);
    match (activity, phase) {
        (VendorActivity::NeedsInput, _) => Status::NeedsInput,
        (VendorActivity::NeedsPermission, _) if session.is_some_and(asks) => Status::NeedsInput,
        (VendorActivity::NeedsPermission, _) => Status::NeedsPermission,
        _ if is_delegated => Status::Working,
        (_, Phase::Limited) => Status::RateLimited,
        (VendorActivity::Busy, _) => {
            session.and_then(|session| stalled(session, now)).unwrap_or_else(|| working(session))
        }
        (VendorActivity::Idle, Phase::Failed) => Status::Error,
        (VendorActivity::Idle | VendorActivity::Background, phase) if phase != Phase::Fresh && is_wanted => {
            Status::NeedsInput
        }
        (VendorActivity::Background, _) => Status::Active,
        (VendorActivity::Idle, _) => Status::Idle,
    }
}

/// The status after a turn that ended because a request failed; a vendor's file only says that the turn has ended.
fn failed(sources: StatusSources<'_>) -> Option<Status> {
    let pushed = sources.hook.filter(|pushed| pushed.activity == VendorActivity::Idle)?;
    let reason = pushed.failure.clone()?;
    let has_continued = !matches!(sources.status_file, None | Some(VendorActivity::Idle | VendorActivity::Background));
    let status = match Phase::Open.after(&EventKind::Error(reason)) {
        Phase::Limited => Status::RateLimited,
        _ => Status::Error,
    };
    (!has_continued).then_some(status)
}

/// The status by hooks. An agent that has just sent an event is not stalled, even if its transcript has not grown.
fn by_hook(pushed: &HookActivity, agent: &Agent, now: Timestamp) -> Status {
    let (activity, at) = (pushed.activity, pushed.at);
    let session = agent.session.as_deref();
    let is_looping = session.is_some_and(|session| session.repeats >= LOOP_REPEATS);
    if activity == VendorActivity::Busy && now.since(at) <= STALLED_AFTER && !is_looping {
        return working(session);
    }
    by_vendor(activity, agent, now)
}

fn working(session: Option<&Session>) -> Status {
    let has_subagent = session.is_some_and(|session| session.in_flight.iter().any(|flight| flight.is_subagent));
    if has_subagent { Status::Spawning } else { Status::Working }
}

fn by_transcript(
    agent: &Agent,
    session: &Session,
    children: &ChildHistory,
    now: Timestamp,
) -> Option<(Status, Evidence)> {
    let idle = session.idle_for(now)?;
    if session.phase == Phase::Open && !tells_turn_ends(agent) {
        let last = session.last_active.unwrap_or(Timestamp::EARLIEST);
        return Some(by_silence(agent, session, children.command_absence(agent.process.id, last, now), idle));
    }
    let status = match session.phase {
        Phase::AwaitsUser if asks(session) => Status::NeedsInput,
        Phase::AwaitsUser => Status::NeedsPermission,
        Phase::Failed => Status::Error,
        Phase::Limited => Status::RateLimited,
        Phase::Finished if has_background_subagent(agent, session, now) => Status::Working,
        Phase::Finished if idle <= ATTENTION_WINDOW => Status::NeedsInput,
        Phase::Open => match stalled(session, now) {
            Some(stalled) => stalled,
            None if !session.in_flight.is_empty() || idle <= STALLED_AFTER => working(Some(session)),
            None => return None,
        },
        _ => return None,
    };
    Some((status, Evidence::Transcript))
}

fn tells_turn_ends(agent: &Agent) -> bool {
    agtop_clients::client(agent.client.as_str()).is_none_or(Client::records_turn_ends)
}

/// The status where transcripts contain neither the end of a turn nor a tool call before its result. An agent that runs
/// a command works; one below which no command has run for some time waits for the user: for a prompt or for permission.
fn by_silence(agent: &Agent, session: &Session, commands: CommandAbsence, idle: Duration) -> (Status, Evidence) {
    let is_calm = idle >= MIN_WAIT && agent.cpu_percent.is_ok_and(|percent| percent < BUSY_CPU_PERCENT);
    match (commands, idle <= ATTENTION_WINDOW) {
        (CommandAbsence::Confirmed, true) if is_calm => (Status::NeedsInput, Evidence::Age),
        (CommandAbsence::Confirmed, false) if is_calm => (Status::Idle, Evidence::Age),
        _ => (working(Some(session)), Evidence::Transcript),
    }
}

/// An agent that makes the same call on the same target this often in a row is stuck.
const LOOP_REPEATS: u32 = 5;
/// A turn without records for this long is stalled.
const STALLED_AFTER: Duration = Duration::from_mins(10);
/// A tool that takes this many times its usual time is stalled.
const STALLED_TOOL_FACTOR: u32 = 3;

/// Whether an open turn is stalled: the agent repeats itself, or nothing has happened for too long. A running subagent
/// is never too slow, since its own transcript shows what it does.
fn stalled(session: &Session, now: Timestamp) -> Option<Status> {
    let is_silent = match session.in_flight.last() {
        Some(flight) if flight.is_subagent => false,
        Some(flight) => {
            let most = flight
                .usual
                .map_or(STALLED_AFTER, |usual| usual.saturating_mul(STALLED_TOOL_FACTOR).max(STALLED_AFTER));
            flight.since.is_some_and(|since| now.since(since) > most)
        }
        None => session.idle_for(now).is_some_and(|idle| idle > STALLED_AFTER && idle <= ATTENTION_WINDOW),
    };
    (session.repeats >= LOOP_REPEATS || is_silent).then_some(Status::Stalled)
}

fn by_cpu(cpu: Reading<f64>) -> Option<(Status, Evidence)> {
    match cpu {
        Ok(percent) if percent >= BUSY_CPU_PERCENT => Some((Status::Working, Evidence::Cpu)),
        Ok(percent) if percent >= ACTIVE_CPU_PERCENT => Some((Status::Active, Evidence::Cpu)),
        _ => None,
    }
}
