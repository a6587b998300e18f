use std::collections::HashMap;

use agtop_model::{ActivityKind, Agent, Evidence, ProcId, Session, SessionKey, Status, Timestamp};

use crate::agents::join::Hosts;

/// Since when agents have been doing what they do, as far as only looking at them again and again tells.
#[derive(Debug, Default)]
pub(crate) struct StatusStarts(HashMap<Row, LastStatus>);

/// An agent's process, and of one that works on several sessions for others the session, too.
type Row = (ProcId, Option<SessionKey>);

/// What an agent did when it was looked at last.
#[derive(Debug)]
struct LastStatus {
    status: Status,
    /// When that was first seen.
    seen: Timestamp,
    /// Its session, and how often it had been prompted.
    prompted: Option<(SessionKey, u64)>,
    /// The earliest known start of what it works on.
    work: Option<Timestamp>,
}

/// What else is known of the agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownStarts<'a> {
    /// Which processes have several rows.
    pub(crate) hosts: &'a Hosts,
    /// Of each agent, since when it has been doing what it pushed.
    pub(crate) pushed: &'a [Option<Timestamp>],
}

impl StatusStarts {
    /// Sets [`Agent::status_since`]. What a record or a hook dates counts; else it is when the status was first seen, or,
    /// of an agent that has been idle at every look, the start of its process.
    pub(crate) fn note(&mut self, agents: &mut [Agent], starts: KnownStarts<'_>, now: Timestamp) {
        let before = std::mem::take(&mut self.0);
        for (agent, pushed) in agents.iter_mut().zip(starts.pushed) {
            let row = (agent.process.id, starts.hosts.session_of(agent).map(|session| session.key.clone()));
            let started = agent.process.started_at.ok();
            let last = before.get(&row);
            let seen = match last {
                Some(last) if last.status == agent.status => last.seen,
                None if agent.status == Status::Idle => started.unwrap_or(now),
                _ => now,
            };
            let prompted = agent.session.as_deref().map(|session| (session.key.clone(), session.prompts));
            let known = last.filter(|last| last.prompted.is_none() || last.prompted == prompted);
            let work = is_at_work(agent.status)
                .then(|| work_start(agent, *pushed, known.and_then(|last| last.work)).unwrap_or(seen));
            let since = work.or_else(|| dated(agent, *pushed)).unwrap_or(seen);
            agent.status_since = since.max(started.unwrap_or(since)).min(now);
            self.0.insert(row, LastStatus { status: agent.status, seen, prompted, work });
        }
    }
}

fn is_at_work(status: Status) -> bool {
    matches!(status, Status::Working | Status::Spawning | Status::Active)
}

/// Since when an agent has been at work: since the prompt, as long as that is among what happened last. In a long turn
/// it is not; then the earliest of what was ever known counts.
fn work_start(agent: &Agent, pushed: Option<Timestamp>, known: Option<Timestamp>) -> Option<Timestamp> {
    let session = agent.session.as_deref().filter(|_| agent.evidence != Evidence::Cpu);
    let pushed = pushed.filter(|_| agent.evidence == Evidence::Hook);
    let earliest = || [session.and_then(oldest), pushed, known].into_iter().flatten().min();
    session.and_then(asked).or_else(earliest)
}

/// Since when an agent that is not at work has been as it is, by what is dated.
fn dated(agent: &Agent, pushed: Option<Timestamp>) -> Option<Timestamp> {
    match agent.evidence {
        Evidence::Hook => pushed,
        _ => agent.session.as_deref().and_then(|session| session.last_active),
    }
}

/// When the last prompt was given that is still known.
fn asked(session: &Session) -> Option<Timestamp> {
    let asked = session.recent.iter().rev().find(|happening| matches!(happening.kind, ActivityKind::Asked(_)));
    asked.and_then(|happening| happening.at)
}

/// When the oldest thing happened that is still known.
fn oldest(session: &Session) -> Option<Timestamp> {
    session.recent.iter().find_map(|happening| happening.at).or(session.last_active)
}
