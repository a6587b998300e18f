use std::collections::HashMap;

use agtop_model::{Agent, Deed, Evidence, ProcId, Session, Status, Timestamp};

/// Since when agents have been doing what they do, where nothing but looking at them tells.
#[derive(Debug, Default)]
pub(crate) struct Standings(HashMap<ProcId, (Status, Timestamp)>);

impl Standings {
    /// Sets [`Agent::status_since`]. What a record or a hook dates counts; else it is when the status was first seen, or,
    /// of an agent that has been idle at every look, the start of its process.
    pub(crate) fn note(&mut self, agents: &mut [Agent], pushed_at: &[Option<Timestamp>], now: Timestamp) {
        let before = std::mem::take(&mut self.0);
        for (agent, pushed_at) in agents.iter_mut().zip(pushed_at) {
            let id = agent.process.id;
            let started = agent.process.started_at.ok();
            let seen = match before.get(&id) {
                Some(&(status, since)) if status == agent.status => since,
                None if agent.status == Status::Idle => started.unwrap_or(now),
                _ => now,
            };
            let since = dated(agent, *pushed_at).unwrap_or(seen);
            agent.status_since = since.max(started.unwrap_or(since)).min(now);
            self.0.insert(id, (agent.status, seen));
        }
    }
}

/// Since when, by what is dated.
fn dated(agent: &Agent, pushed_at: Option<Timestamp>) -> Option<Timestamp> {
    let session = agent.session.as_deref();
    match (agent.status, agent.evidence) {
        (Status::Working | Status::Spawning | Status::Active, Evidence::Cpu) => None,
        (Status::Working | Status::Spawning | Status::Active, _) => session.and_then(turn_start).or(pushed_at),
        (_, Evidence::Hook) => pushed_at,
        _ => session.and_then(|session| session.last_active),
    }
}

/// When the turn began; in a long one, when the oldest thing happened that is still known.
fn turn_start(session: &Session) -> Option<Timestamp> {
    let asked = session.recent.iter().rev().find(|happening| matches!(happening.deed, Deed::Asked(_)));
    let oldest = || session.recent.iter().find_map(|happening| happening.at);
    asked.and_then(|happening| happening.at).or_else(oldest).or(session.last_active)
}
