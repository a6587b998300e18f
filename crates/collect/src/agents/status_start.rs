use std::collections::HashMap;

use agtop_model::{ActivityKind, Agent, Evidence, ProcId, Session, SessionKey, Status, Timestamp};

use super::hosts::Hosts;

/// Since when agents have had their status, as far as only repeated observation shows.
#[derive(Debug, Default)]
pub(crate) struct StatusStarts(HashMap<RowKey, LastStatus>);

/// An agent's process; for a host, which has several rows, also the session.
type RowKey = (ProcId, Option<SessionKey>);

/// The status of an agent when it was last observed.
#[derive(Debug)]
struct LastStatus {
    status: Status,
    /// When it was first observed.
    first_seen: Timestamp,
    /// Its session, and how many prompts that had.
    prompted: Option<(SessionKey, u64)>,
    /// The earliest known start of its current work.
    work: Option<Timestamp>,
}

/// What else is known about the agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownStarts<'a> {
    /// Which processes have several rows.
    pub(crate) hosts: &'a Hosts,
    /// For each agent, since when hooks have reported its activity.
    pub(crate) pushed: &'a [Option<Timestamp>],
}

impl StatusStarts {
    /// Sets [`Agent::status_since`]: the time in a record or a hook; otherwise when the status was first observed; for an
    /// agent that was idle in every observation, the start of its process.
    pub(crate) fn note(&mut self, agents: &mut [Agent], starts: KnownStarts<'_>, now: Timestamp) {
        let before = std::mem::take(&mut self.0);
        for (agent, pushed) in agents.iter_mut().zip(starts.pushed) {
            let row = row_key(agent, starts.hosts);
            let status = set_start(agent, before.get(&row), *pushed, now);
            self.0.insert(row, status);
        }
    }

    /// The same for one of the agents, with the hosts and since when hooks have reported its activity.
    pub(crate) fn update(&mut self, agent: &mut Agent, (hosts, pushed): (&Hosts, Option<Timestamp>), now: Timestamp) {
        let row = row_key(agent, hosts);
        let status = set_start(agent, self.0.get(&row), pushed, now);
        self.0.insert(row, status);
    }
}

fn row_key(agent: &Agent, hosts: &Hosts) -> RowKey {
    (agent.process.id, hosts.session_of(agent).map(|session| session.key.clone()))
}

/// Sets since when the agent has had its status. Returns what the next observation needs.
fn set_start(agent: &mut Agent, last: Option<&LastStatus>, pushed: Option<Timestamp>, now: Timestamp) -> LastStatus {
    let started = agent.process.started_at.ok();
    let first_seen = match last {
        Some(last) if last.status == agent.status => last.first_seen,
        None if agent.status == Status::Idle => started.unwrap_or(now),
        _ => now,
    };
    let prompted = agent.session.as_deref().map(|session| (session.key.clone(), session.prompts));
    let known = last.filter(|last| last.prompted.is_none() || last.prompted == prompted);
    let work = is_working(agent.status)
        .then(|| work_start(agent, pushed, known.and_then(|last| last.work)).unwrap_or(first_seen));
    let since = work.or_else(|| dated(agent, pushed)).unwrap_or(first_seen);
    agent.status_since = since.max(started.unwrap_or(since)).min(now);
    LastStatus { status: agent.status, first_seen, prompted, work }
}

fn is_working(status: Status) -> bool {
    matches!(status, Status::Working | Status::Spawning | Status::Active)
}

/// Since when an agent has been working: since the last prompt, if that is still among the recent activities. In a long
/// turn it is not; then the earliest known time counts.
fn work_start(agent: &Agent, pushed: Option<Timestamp>, known: Option<Timestamp>) -> Option<Timestamp> {
    let session = agent.session.as_deref().filter(|_| agent.evidence != Evidence::Cpu);
    let pushed = pushed.filter(|_| agent.evidence == Evidence::Hook);
    let earliest = || [session.and_then(oldest), pushed, known].into_iter().flatten().min();
    session.and_then(prompted_at).or_else(earliest)
}

/// Since when an agent that does not work has had its status, by the time of a record or a hook.
fn dated(agent: &Agent, pushed: Option<Timestamp>) -> Option<Timestamp> {
    match agent.evidence {
        Evidence::Hook => pushed,
        _ => agent.session.as_deref().and_then(|session| session.last_active),
    }
}

/// When the last known prompt was sent.
fn prompted_at(session: &Session) -> Option<Timestamp> {
    let prompt = session.recent.iter().rev().find(|activity| matches!(activity.kind, ActivityKind::Asked(_)));
    prompt.and_then(|activity| activity.at)
}

/// When the oldest known activity happened.
fn oldest(session: &Session) -> Option<Timestamp> {
    session.recent.iter().find_map(|activity| activity.at).or(session.last_active)
}
