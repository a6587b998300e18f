//! What an agent is doing, decided by the best evidence: [`EVIDENCE_IN_ORDER`] is the order.
//!
//! `needs_permission` and `needs_input` come from [`waits`], except that a turn which ended a short time
//! ago is `needs_input` too.

use std::time::Duration;

use agtop_clients::Client;
use agtop_model::{
    ActivityKind, Agent, EventKind, Evidence, InFlight, Phase, ProcessState, Session, Status, Timestamp, Untrusted,
    VendorActivity,
};

use super::hook_state::HookActivity;
use super::waits::{self, MIN_WAIT};
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
/// An agent that makes the same call on the same target this often in a row is stuck.
const LOOP_REPEATS: u32 = 5;
/// A turn without records for this long is stalled.
const STALLED_AFTER: Duration = Duration::from_mins(10);
/// A tool that takes this many times its usual time is stalled.
const STALLED_TOOL_FACTOR: u32 = 3;

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

/// A live agent with everything that decides its status.
#[derive(Clone, Copy)]
struct LiveAgent<'a> {
    agent: &'a Agent,
    /// The session that it works on.
    session: Option<&'a Session>,
    sources: StatusSources<'a>,
    now: Timestamp,
}

type Verdict = (Status, Evidence);

/// The evidence, best first. The first function that returns a status decides; if none does, [`by_age`] does.
const EVIDENCE_IN_ORDER: [fn(&LiveAgent<'_>) -> Option<Verdict>; 7] =
    [by_process_state, by_failure_hook, by_status_file, by_hook, by_inferred_wait, by_transcript, by_cpu];

/// The status of a live agent, and what decided it.
pub(crate) fn of_agent(agent: &Agent, sources: StatusSources<'_>, now: Timestamp) -> Verdict {
    let live = LiveAgent { agent, session: agent.session.as_deref(), sources, now };
    EVIDENCE_IN_ORDER.iter().find_map(|decide| decide(&live)).unwrap_or_else(|| by_age(&live))
}

/// A stopped process does nothing, whatever it reported before.
fn by_process_state(live: &LiveAgent<'_>) -> Option<Verdict> {
    (live.agent.process.state == ProcessState::Stopped).then_some((Status::Stopped, Evidence::Process))
}

/// The status after a turn that ended because a request failed; a vendor's file only says that the turn has ended.
fn by_failure_hook(live: &LiveAgent<'_>) -> Option<Verdict> {
    let hook = live.sources.hook.filter(|hook| hook.activity == VendorActivity::Idle)?;
    let reason = hook.failure.clone()?;
    let has_continued =
        !matches!(live.sources.status_file, None | Some(VendorActivity::Idle | VendorActivity::Background));
    let status = match Phase::Open.after(&EventKind::Error(reason)) {
        Phase::Limited => Status::RateLimited,
        _ => Status::Error,
    };
    (!has_continued).then_some((status, Evidence::Hook))
}

/// The status by the vendor's file of live processes.
fn by_status_file(live: &LiveAgent<'_>) -> Option<Verdict> {
    live.sources.status_file.map(|activity| (of_reported(activity, live), Evidence::StatusFile))
}

/// The status by hooks. An agent that has just sent an event is not stalled, even if its transcript has not grown.
fn by_hook(live: &LiveAgent<'_>) -> Option<Verdict> {
    let hook = live.sources.hook?;
    let is_looping = live.session.is_some_and(|session| session.repeats >= LOOP_REPEATS);
    let is_recent = live.now.since(hook.at) <= STALLED_AFTER;
    let status = if hook.activity == VendorActivity::Busy && is_recent && !is_looping {
        working(live.session)
    } else {
        of_reported(hook.activity, live)
    };
    Some((status, Evidence::Hook))
}

/// The wait that the calls in the transcript show, though nothing reports it.
fn by_inferred_wait(live: &LiveAgent<'_>) -> Option<Verdict> {
    let session = live.written_session()?;
    let wait = waits::inferred_wait(live.agent, session, live.sources.children, live.now)?;
    Some((wait, Evidence::Transcript))
}

/// The status by the phase of the transcript.
fn by_transcript(live: &LiveAgent<'_>) -> Option<Verdict> {
    let session = live.written_session()?;
    let idle = session.idle_for(live.now)?;
    if session.phase == Phase::Open && !records_turn_ends(live.agent) {
        return Some(by_silence(live, session, idle));
    }
    let status = match session.phase {
        Phase::AwaitsUser => waits::reported_wait(Some(session)),
        Phase::Failed => Status::Error,
        Phase::Limited => Status::RateLimited,
        Phase::Finished if has_background_subagent(live, session) => Status::Working,
        Phase::Finished if idle <= ATTENTION_WINDOW => Status::NeedsInput,
        Phase::Open if is_stalled(session, live.now) => Status::Stalled,
        Phase::Open if !session.in_flight.is_empty() || idle <= STALLED_AFTER => working(Some(session)),
        Phase::Fresh | Phase::Open | Phase::Finished | Phase::Ended => return None,
    };
    Some((status, Evidence::Transcript))
}

/// The status where transcripts contain neither the end of a turn nor a tool call before its result. An agent that runs
/// a command works; one below which no command has run for some time waits for the user: for a prompt or for permission.
fn by_silence(live: &LiveAgent<'_>, session: &Session, idle: Duration) -> Verdict {
    let last = session.last_active.unwrap_or(Timestamp::EARLIEST);
    let commands = live.sources.children.command_absence(live.agent.process.id, last, live.now);
    let is_calm = idle >= MIN_WAIT && live.agent.cpu_percent.is_ok_and(|percent| percent < BUSY_CPU_PERCENT);
    match (commands, idle <= ATTENTION_WINDOW) {
        (CommandAbsence::Confirmed, true) if is_calm => (Status::NeedsInput, Evidence::Age),
        (CommandAbsence::Confirmed, false) if is_calm => (Status::Idle, Evidence::Age),
        _ => (working(Some(session)), Evidence::Transcript),
    }
}

/// The status by processor use, if that is more than nothing.
fn by_cpu(live: &LiveAgent<'_>) -> Option<Verdict> {
    match live.agent.cpu_percent {
        Ok(percent) if percent >= BUSY_CPU_PERCENT => Some((Status::Working, Evidence::Cpu)),
        Ok(percent) if percent >= ACTIVE_CPU_PERCENT => Some((Status::Active, Evidence::Cpu)),
        _ => None,
    }
}

/// The status by how long the session has been idle; without a session, the agent is idle.
fn by_age(live: &LiveAgent<'_>) -> Verdict {
    match live.session.and_then(|session| session.idle_for(live.now)) {
        Some(idle) if idle <= ACTIVE_WINDOW => (Status::Active, Evidence::Age),
        Some(_) => (Status::Idle, Evidence::Age),
        None if live.agent.cpu_percent.is_ok() => (Status::Idle, Evidence::Cpu),
        None => (Status::Idle, Evidence::Presence),
    }
}

/// The status of an agent whose vendor's file or hooks report this activity.
fn of_reported(activity: VendorActivity, live: &LiveAgent<'_>) -> Status {
    let session = live.session;
    let is_delegated = session.is_some_and(|session| has_background_subagent(live, session));
    let phase = session.map_or(Phase::Fresh, |session| session.phase);
    let is_wanted = session.and_then(|session| session.idle_for(live.now)).is_some_and(|idle| idle <= ATTENTION_WINDOW);
    match (activity, phase) {
        (VendorActivity::NeedsInput, _) => Status::NeedsInput,
        (VendorActivity::AwaitsUser, _) if has_hook_question(live) => Status::NeedsInput,
        (VendorActivity::NeedsPermission | VendorActivity::AwaitsUser, _) => waits::reported_wait(session),
        _ if is_delegated => Status::Working,
        (_, Phase::Limited) => Status::RateLimited,
        (VendorActivity::Busy, _) if session.is_some_and(|session| is_stalled(session, live.now)) => Status::Stalled,
        (VendorActivity::Busy, _) => working(session),
        (VendorActivity::Idle, Phase::Failed) => Status::Error,
        (VendorActivity::Idle | VendorActivity::Background, phase) if phase != Phase::Fresh && is_wanted => {
            Status::NeedsInput
        }
        (VendorActivity::Background, _) => Status::Active,
        (VendorActivity::Idle, _) => Status::Idle,
    }
}

/// Whether the last hook event was a question to the user.
fn has_hook_question(live: &LiveAgent<'_>) -> bool {
    live.sources.hook.is_some_and(|hook| hook.activity == VendorActivity::NeedsInput)
}

fn working(session: Option<&Session>) -> Status {
    let has_subagent = session.is_some_and(|session| session.in_flight.iter().any(|call| call.is_subagent));
    if has_subagent { Status::Spawning } else { Status::Working }
}

/// Whether an open turn is stalled: the agent repeats itself, or nothing has happened for too long. A running subagent
/// is never too slow, since its own transcript shows what it does.
fn is_stalled(session: &Session, now: Timestamp) -> bool {
    let is_silent = match session.in_flight.last() {
        Some(call) if call.is_subagent => false,
        Some(call) => {
            let usual = call.usual.map(|usual| usual.saturating_mul(STALLED_TOOL_FACTOR));
            let longest = usual.unwrap_or_default().max(STALLED_AFTER);
            call.since.is_some_and(|since| now.since(since) > longest)
        }
        None => session.idle_for(now).is_some_and(|idle| idle > STALLED_AFTER && idle <= ATTENTION_WINDOW),
    };
    session.repeats >= LOOP_REPEATS || is_silent
}

/// Whether subagents still work after the turn that started them has ended: this process has started one that has not
/// ended, or one of its subagents is in the middle of a turn.
fn has_background_subagent(live: &LiveAgent<'_>, session: &Session) -> bool {
    let started = live.earliest_start();
    let is_running = |call: &InFlight| call.is_subagent && call.since.is_some_and(|since| started <= since);
    let works = |child: &Session| {
        let is_recent = child.idle_for(live.now).is_some_and(|idle| idle <= STALLED_AFTER);
        child.phase == Phase::Open && is_recent && child.started.is_some_and(|begun| started <= begun)
    };
    let is_recent = session.idle_for(live.now).is_some_and(|idle| idle <= ATTENTION_WINDOW);
    session.phase == Phase::Finished
        && ((is_recent && session.in_flight.iter().any(is_running))
            || session.children.iter().any(|child| works(child)))
}

/// Whether transcripts of the agent's client show that a turn has ended.
fn records_turn_ends(agent: &Agent) -> bool {
    agtop_clients::client(agent.client.as_str()).is_none_or(Client::records_turn_ends)
}

impl<'a> LiveAgent<'a> {
    /// The session, if its transcript was written since the process started: older records say nothing about what the
    /// process is doing.
    fn written_session(&self) -> Option<&'a Session> {
        let is_written = |session: &&Session| session.last_active.is_some_and(|last| self.earliest_start() <= last);
        self.session.filter(is_written)
    }

    /// When the process may have started at the earliest.
    fn earliest_start(&self) -> Timestamp {
        let started = self.agent.process.started_at;
        started.map_or(Timestamp::EARLIEST, |started| started.minus(MAX_CLOCK_DIFFERENCE))
    }
}

/// Why an agent is rate limited or has failed, as its hook or its transcript says.
pub(crate) fn cause(agent: &Agent, sources: StatusSources<'_>) -> Option<Untrusted> {
    if !matches!(agent.status, Status::RateLimited | Status::Error) {
        return None;
    }
    let by_hook = sources.hook.and_then(|hook| hook.failure.clone());
    let last = |session: &Session| {
        session.recent.iter().rev().find_map(|activity| match &activity.kind {
            ActivityKind::Failed(reason) => Some(reason.clone()),
            _ => None,
        })
    };
    by_hook.or_else(|| agent.session.as_deref().and_then(last))
}
