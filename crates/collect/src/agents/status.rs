use std::time::Duration;

use agtop_clients::Client;
use agtop_model::{
    ActivityKind, Agent, EventKind, Evidence, InFlight, Phase, Reading, Session, Status, Timestamp, Untrusted,
    VendorActivity,
};

use crate::agents::hook_state::Pushed;
use crate::processes::child_history::{CLOCKS, RecentLooks, Stillness};

/// A session without a process is stale after this.
pub(crate) const A_DAY: Duration = Duration::from_hours(24);
/// An agent that wrote something this recently is active.
const RECENT: Duration = Duration::from_mins(5);
/// A finished turn wants its person's attention for this long; after that the person is evidently elsewhere.
const WANTED: Duration = Duration::from_mins(30);
/// Processor use, in percent of one processor, that only work explains.
const BUSY_CPU: f64 = 10.0;
/// Processor use that an idle terminal program does not have.
const ACTIVE_CPU: f64 = 3.0;

/// What a session without a process is doing.
pub(crate) fn without_process(phase: Phase, last: Option<Timestamp>, now: Timestamp) -> (Status, Evidence) {
    let is_old = last.is_none_or(|last| now.since(last) > A_DAY);
    match phase {
        _ if is_old => (Status::Stale, Evidence::Age),
        Phase::Finished | Phase::Ended => (Status::Done, Evidence::Transcript),
        Phase::Fresh | Phase::Open | Phase::Waiting | Phase::Failed | Phase::Limited => {
            (Status::Resumable, Evidence::Transcript)
        }
    }
}

/// What an agent is said to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    /// By its vendor's file of live processes.
    pub(crate) status_file: Option<VendorActivity>,
    /// By what it pushed last, and when.
    pub(crate) hook: Option<&'a Pushed>,
    /// By what ran below it whenever it was looked at.
    pub(crate) looks: &'a RecentLooks,
}

/// What a live agent is doing: its vendor's word counts before what it pushed, that before its transcript's, and that
/// before the processor's.
pub(crate) fn of_agent(agent: &Agent, words: Words<'_>, now: Timestamp) -> (Status, Evidence) {
    let session = agent.session.as_deref();
    let told = session.filter(|session| is_told_by(agent, session));
    let by_file = || words.status_file.map(|activity| (by_vendor(activity, agent, now), Evidence::StatusFile));
    let by_hook = || words.hook.map(|word| (by_hook(word, agent, now), Evidence::Hook));
    let waits = |session: &Session| {
        let asks = asked(session, now) && session.phase == Phase::Open;
        let awaits = || awaits_permission(agent, session, words.looks, now).then_some(Status::NeedsPermission);
        if asks { Some(Status::NeedsInput) } else { awaits() }
    };
    let waiting = || told.and_then(waits).map(|status| (status, Evidence::Transcript));
    let by_transcript =
        || waiting().or_else(|| told.and_then(|session| by_transcript(agent, session, words.looks, now)));
    let by_failure = || failed(words).map(|status| (status, Evidence::Hook));
    by_failure()
        .or_else(by_file)
        .or_else(by_hook)
        .or_else(by_transcript)
        .or_else(|| by_cpu(agent.cpu_percent))
        .unwrap_or_else(|| match session.and_then(|session| session.idle_for(now)) {
            Some(quiet) if quiet <= RECENT => (Status::Active, Evidence::Age),
            Some(_) => (Status::Idle, Evidence::Age),
            None if agent.cpu_percent.is_ok() => (Status::Idle, Evidence::Cpu),
            None => (Status::Idle, Evidence::Presence),
        })
}

/// Why an agent is rate limited or has failed, in the words of its hook or else of its transcript.
pub(crate) fn cause(agent: &Agent, words: Words<'_>) -> Option<Untrusted> {
    if !matches!(agent.status, Status::RateLimited | Status::Error) {
        return None;
    }
    let pushed = words.hook.and_then(|hook| hook.failure.clone());
    let last = |session: &Session| {
        session.recent.iter().rev().find_map(|happening| match &happening.kind {
            ActivityKind::Failed(reason) => Some(reason.clone()),
            _ => None,
        })
    };
    pushed.or_else(|| agent.session.as_deref().and_then(last))
}

/// Whether the transcript tells of this process: what was written before it began says nothing of what it does.
fn is_told_by(agent: &Agent, session: &Session) -> bool {
    let started = agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(CLOCKS));
    session.last_active.is_some_and(|last| started <= last)
}

/// Tools that run a command: while they work, the agent has a child.
const COMMAND_TOOLS: &[&str] =
    &["Bash", "bash", "exec", "exec_command", "shell", "local_shell", "run_shell_command", "run_in_terminal"];
/// Tools that are done in an instant, once they are allowed.
const INSTANT_TOOLS: &[&str] =
    &["Edit", "Write", "MultiEdit", "NotebookEdit", "apply_patch", "edit", "write", "write_file", "replace"];
/// Tools that ask the user something, or show a plan: they end with the user's answer.
const QUESTION_TOOLS: &[&str] = &[
    "AskUserQuestion",
    "ExitPlanMode",
    "ask_followup_question",
    "ask_user",
    "ask_user_question",
    "exit_plan_mode",
    "question",
    "request_user_input",
];
/// A tool that was allowed has a child, or is done, within this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the agent waits for the user to allow a tool: it has called one that shows when it runs, and for long enough
/// nothing shows. Agents that were told not to ask never wait.
fn awaits_permission(agent: &Agent, session: &Session, looks: &RecentLooks, now: Timestamp) -> bool {
    let shows_nothing = |flight: &InFlight, since: Timestamp| {
        let name = flight.name.raw();
        let is_still = || looks.stillness(agent.process.id, since, now) == Stillness::Lasting;
        INSTANT_TOOLS.contains(&name) || (COMMAND_TOOLS.contains(&name) && is_still())
    };
    agent.danger.is_none()
        && session.phase == Phase::Open
        && session.in_flight.last().is_some_and(|flight| {
            flight.since.is_some_and(|since| now.since(since) >= PATIENCE && shows_nothing(flight, since))
        })
}

/// Whether the last tool that is in flight waits for the user's words.
fn asks(session: &Session) -> bool {
    session.in_flight.last().is_some_and(|flight| QUESTION_TOOLS.contains(&flight.name.raw()))
}

/// The same, for long enough that nobody answered in the user's place.
fn asked(session: &Session, now: Timestamp) -> bool {
    let since = session.in_flight.last().and_then(|flight| flight.since);
    asks(session) && since.is_some_and(|since| now.since(since) >= PATIENCE)
}

/// Whether sub-agents are at work after the turn that sent them off: this process has sent one that has not ended, or
/// one that has is in the middle of a turn.
fn has_background_subagent(agent: &Agent, session: &Session, now: Timestamp) -> bool {
    let started = agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(CLOCKS));
    let is_out = |flight: &InFlight| flight.is_subagent && flight.since.is_some_and(|since| started <= since);
    let works = |child: &Session| {
        let is_lively = child.idle_for(now).is_some_and(|quiet| quiet <= SILENCE);
        child.phase == Phase::Open && is_lively && child.started.is_some_and(|begun| started <= begun)
    };
    let is_lively = session.idle_for(now).is_some_and(|quiet| quiet <= WANTED);
    session.phase == Phase::Finished
        && ((is_lively && session.in_flight.iter().any(is_out)) || session.children.iter().any(|child| works(child)))
}

fn by_vendor(activity: VendorActivity, agent: &Agent, now: Timestamp) -> Status {
    let session = agent.session.as_deref();
    let is_delegated = session.is_some_and(|session| has_background_subagent(agent, session, now));
    let phase = session.map_or(Phase::Fresh, |session| session.phase);
    let is_wanted = session.and_then(|session| session.idle_for(now)).is_some_and(|quiet| quiet <= WANTED);
    match (activity, phase) {
        (VendorActivity::Asking, _) => Status::NeedsInput,
        (VendorActivity::Waiting, _) if session.is_some_and(asks) => Status::NeedsInput,
        (VendorActivity::Waiting, _) => Status::NeedsPermission,
        _ if is_delegated => Status::Working,
        (_, Phase::Limited) => Status::RateLimited,
        (VendorActivity::Busy, _) => {
            session.and_then(|session| trouble(session, now)).unwrap_or_else(|| working(session))
        }
        (VendorActivity::Idle, Phase::Failed) => Status::Error,
        (VendorActivity::Idle | VendorActivity::Background, phase) if phase != Phase::Fresh && is_wanted => {
            Status::NeedsInput
        }
        (VendorActivity::Background, _) => Status::Active,
        (VendorActivity::Idle, _) => Status::Idle,
    }
}

/// A turn that ended because a request failed: a vendor's file says no more of it than that the turn is over.
fn failed(words: Words<'_>) -> Option<Status> {
    let pushed = words.hook.filter(|pushed| pushed.activity == VendorActivity::Idle)?;
    let reason = pushed.failure.clone()?;
    let goes_on = !matches!(words.status_file, None | Some(VendorActivity::Idle | VendorActivity::Background));
    let status = match Phase::Open.after(&EventKind::Error(reason)) {
        Phase::Limited => Status::RateLimited,
        _ => Status::Error,
    };
    (!goes_on).then_some(status)
}

/// An agent that has just pushed something is not stuck, however long its transcript has been silent.
fn by_hook(pushed: &Pushed, agent: &Agent, now: Timestamp) -> Status {
    let (activity, at) = (pushed.activity, pushed.at);
    let session = agent.session.as_deref();
    let goes_round = session.is_some_and(|session| session.repeats >= LOOP);
    if activity == VendorActivity::Busy && now.since(at) <= SILENCE && !goes_round {
        return working(session);
    }
    by_vendor(activity, agent, now)
}

fn working(session: Option<&Session>) -> Status {
    let has_subagent = session.is_some_and(|session| session.in_flight.iter().any(|flight| flight.is_subagent));
    if has_subagent { Status::Spawning } else { Status::Working }
}

fn by_transcript(agent: &Agent, session: &Session, looks: &RecentLooks, now: Timestamp) -> Option<(Status, Evidence)> {
    let quiet = session.idle_for(now)?;
    if session.phase == Phase::Open && !tells_turn_ends(agent) {
        let last = session.last_active.unwrap_or(Timestamp::EARLIEST);
        return Some(by_silence(agent, session, looks.stillness(agent.process.id, last, now), quiet));
    }
    let status = match session.phase {
        Phase::Waiting if asks(session) => Status::NeedsInput,
        Phase::Waiting => Status::NeedsPermission,
        Phase::Failed => Status::Error,
        Phase::Limited => Status::RateLimited,
        Phase::Finished if has_background_subagent(agent, session, now) => Status::Working,
        Phase::Finished if quiet <= WANTED => Status::NeedsInput,
        Phase::Open => match trouble(session, now) {
            Some(trouble) => trouble,
            None if !session.in_flight.is_empty() || quiet <= SILENCE => working(Some(session)),
            None => return None,
        },
        _ => return None,
    };
    Some((status, Evidence::Transcript))
}

fn tells_turn_ends(agent: &Agent) -> bool {
    agtop_clients::client(agent.client.as_str()).is_none_or(Client::tells_turn_ends)
}

/// Where transcripts do not tell the end of a turn, nor a tool before it has answered: an agent that runs a command
/// works, and one below which no command has run for a moment waits for the user, for the next prompt or to be allowed
/// something.
fn by_silence(agent: &Agent, session: &Session, since_last: Stillness, quiet: Duration) -> (Status, Evidence) {
    let is_calm = quiet >= PATIENCE && agent.cpu_percent.is_ok_and(|percent| percent < BUSY_CPU);
    match (since_last, quiet <= WANTED) {
        (Stillness::Lasting, true) if is_calm => (Status::NeedsInput, Evidence::Age),
        (Stillness::Lasting, false) if is_calm => (Status::Idle, Evidence::Age),
        _ => (working(Some(session)), Evidence::Transcript),
    }
}

/// The same call on the same thing this often in a row leads nowhere.
const LOOP: u32 = 5;
/// Nobody minds silence shorter than this.
const SILENCE: Duration = Duration::from_mins(10);
/// Beyond this many times its usual time a tool hangs.
const BEYOND_USUAL: u32 = 3;

/// An open turn that goes round in circles, or in which nothing has happened for too long. A sub-agent may take as long
/// as it likes: what it does shows in its own transcript.
fn trouble(session: &Session, now: Timestamp) -> Option<Status> {
    let is_silent = match session.in_flight.last() {
        Some(flight) if flight.is_subagent => false,
        Some(flight) => {
            let most = flight.usual.map_or(SILENCE, |usual| usual.saturating_mul(BEYOND_USUAL).max(SILENCE));
            flight.since.is_some_and(|since| now.since(since) > most)
        }
        None => session.idle_for(now).is_some_and(|quiet| quiet > SILENCE && quiet <= WANTED),
    };
    (session.repeats >= LOOP || is_silent).then_some(Status::Stalled)
}

fn by_cpu(cpu: Reading<f64>) -> Option<(Status, Evidence)> {
    match cpu {
        Ok(percent) if percent >= BUSY_CPU => Some((Status::Working, Evidence::Cpu)),
        Ok(percent) if percent >= ACTIVE_CPU => Some((Status::Active, Evidence::Cpu)),
        _ => None,
    }
}
