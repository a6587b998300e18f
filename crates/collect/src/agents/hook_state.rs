//! What hooks report about sessions: what agents are doing now.

use std::collections::HashMap;
use std::time::Duration;

use agtop_clients::{HookEvent, HookMeaning};
use agtop_hooks::{Listener, ReceivedEvent, RefusedCounts};
use agtop_ledger::SessionTag;
use agtop_model::{Agent, EventKind, Quantiles, SessionKey, Timestamp, ToolKey, Untrusted, VendorActivity};

use crossbeam_channel::Receiver;

use super::hosts::{Hosts, find_session};
use super::latency_samples::LatencySamples;
use crate::limits::MAX_CLOCK_DIFFERENCE;
use crate::state::World;

/// The state of sessions as hooks report it: before their transcripts do, and what transcripts never contain.
///
/// Nothing from hooks is counted: usage, prompts and calls come from transcripts, once. If only the sender of an event
/// says to which agent it belongs, nothing but the tag of the session is used.
#[derive(Default)]
pub(crate) struct HookState {
    listener: Option<Listener>,
    wakes: Option<Receiver<()>>,
    sessions: HashMap<SessionKey, HookSession>,
    running_tools: HashMap<ToolKey, RunningTool>,
    /// From prompts to the first tool.
    first_tools: LatencySamples,
    /// From prompts to the end of the turn.
    turns: LatencySamples,
    /// New tags of sessions, until [`Self::take_tags`].
    tags: Vec<SessionTag>,
    /// How many events were taken.
    changes: u64,
    /// The last logged counts of refused events.
    logged_refused: RefusedCounts,
}

/// Whether events can wait for the next regular snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// They can.
    Routine,
    /// One of them says that an agent waits for the user now.
    NeedsUser,
}

/// The state of one session, by its last event.
#[derive(Debug)]
struct HookSession {
    /// When the last event arrived, even if it was only a reminder.
    at: Timestamp,
    /// Since when `activity` and `failure` have been as they are.
    since: Timestamp,
    activity: Option<VendorActivity>,
    /// Why the last request failed, until something else happens.
    failure: Option<Untrusted>,
    /// The ancestors of the process that sent the event.
    ancestors: Vec<u32>,
    /// When the user sent the current prompt.
    prompted: Option<Timestamp>,
    /// Whether a tool was called since.
    has_called: bool,
}

/// A tool that runs.
#[derive(Debug)]
struct RunningTool {
    session: SessionKey,
    since: Timestamp,
}

/// The last event of an agent's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastPush<'a> {
    /// The session, which may be a subagent.
    pub(crate) session: &'a SessionKey,
    /// What the agent is doing.
    pub(crate) activity: Option<VendorActivity>,
    /// Why its last request failed, if nothing has happened since.
    pub(crate) failure: Option<&'a Untrusted>,
    /// When the event arrived.
    pub(crate) at: Timestamp,
    /// Since when the agent has been doing this.
    pub(crate) since: Timestamp,
}

/// What an agent is doing, by its last event.
#[derive(Clone, Debug)]
pub(crate) struct HookActivity {
    /// What the agent is doing.
    pub(crate) activity: VendorActivity,
    /// Why its last request failed, if nothing has happened since.
    pub(crate) failure: Option<Untrusted>,
    /// When the event arrived.
    pub(crate) at: Timestamp,
    /// Since when the agent has been doing this.
    pub(crate) since: Timestamp,
}

/// A session without events for this long is forgotten.
const RETENTION: Duration = Duration::from_mins(30);
/// Sessions, and running tools, that are kept at most; further ones replace the oldest.
const MAX_TRACKED: usize = 4096;

impl HookState {
    /// Reads events from this listener; `wakes` fires when one arrives.
    pub(crate) fn attach(&mut self, listener: Listener, wakes: Receiver<()>) {
        self.listener = Some(listener);
        self.wakes = Some(wakes);
    }

    /// Fires when an event arrives; never without a listener.
    pub(crate) fn wakes(&self) -> Receiver<()> {
        self.wakes.clone().unwrap_or_else(crossbeam_channel::never)
    }

    /// How many events were refused so far; `None` without a listener.
    pub(crate) fn refused(&self) -> Option<RefusedCounts> {
        self.listener.as_ref().map(Listener::refused)
    }

    /// Where the listener could not be set up, and why, as text for the user.
    pub(crate) fn setbacks(&self) -> Vec<String> {
        let listener = self.listener.iter();
        listener.flat_map(|listener| listener.unusable_dirs().iter().map(ToString::to_string)).collect()
    }

    /// Takes the events that have arrived.
    pub(crate) fn receive(&mut self, world: &mut World, now: Timestamp) -> Urgency {
        let received = self.listener.as_mut().map(Listener::poll).unwrap_or_default();
        let urgencies = received.into_iter().map(|received| self.note(received, world));
        let urgency = urgencies.max().unwrap_or(Urgency::Routine);
        if let Some(listener) = &mut self.listener {
            listener.acknowledge();
            let refused = listener.refused();
            if std::mem::replace(&mut self.logged_refused, refused) != refused {
                tracing::debug!(?refused, "hooks: refused so far");
            }
        }
        self.sessions.retain(|_, session| now.since(session.at) <= RETENTION);
        self.running_tools.retain(|_, running| now.since(running.since) <= RETENTION);
        urgency
    }

    /// A number that changes with every event that says what an agent is doing.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    fn note(&mut self, received: ReceivedEvent, world: &mut World) -> Urgency {
        let ReceivedEvent { event: hook, sender, tag, .. } = received;
        if let Some(text) = tag.filter(|tag| world.tag(&hook.session, tag)) {
            self.tags.push(SessionTag { session: hook.session.clone(), text, at: hook.at });
        }
        let (client, id, meaning) = (hook.session.client, &hook.session.id, hook.meaning);
        tracing::debug!(%client, session = ?id, ?meaning, sender = sender.pid, proof = ?sender.proof, "hook: an event");
        // Any process can claim that an agent is among its ancestors.
        if !sender.proof.is_verified() {
            return Urgency::Routine;
        }
        for event in &hook.events {
            if let EventKind::Facts(facts) = &event.kind {
                world.note_context(&hook.session, hook.at, facts);
            }
        }
        let before = self.activity_in(&hook.session);
        match hook.meaning {
            HookMeaning::Measures => return Urgency::Routine,
            HookMeaning::SessionEnds => drop(self.sessions.remove(&hook.session)),
            _ => self.note_activity(&hook, sender.ancestors, world),
        }
        self.changes += 1;
        let now = self.activity_in(&hook.session);
        let has_begun_to_wait = now != before && now.is_some_and(VendorActivity::awaits_user);
        if has_begun_to_wait { Urgency::NeedsUser } else { Urgency::Routine }
    }

    /// What the agent of a session is doing, by its last event.
    fn activity_in(&self, session: &SessionKey) -> Option<VendorActivity> {
        self.sessions.get(session).and_then(|session| session.activity)
    }

    fn note_activity(&mut self, hook: &HookEvent, ancestors: Vec<u32>, world: &mut World) {
        if self.sessions.len() >= MAX_TRACKED && !self.sessions.contains_key(&hook.session) {
            drop_oldest(&mut self.sessions, |session| session.at);
        }
        let session = self.sessions.entry(hook.session.clone()).or_insert_with(|| HookSession::new(hook.at));
        session.at = session.at.max(hook.at);
        world.note_alive(&hook.session, session.at);
        session.ancestors = ancestors;
        let before = session.activity;
        session.set(activity(hook).or(before), failure(hook, session.failure.clone()));
        if let (HookMeaning::TurnFails | HookMeaning::Fails, Some(reason)) = (hook.meaning, &session.failure) {
            world.note_pushed_failure(&hook.session, hook.at, reason);
        }
        match hook.meaning {
            HookMeaning::Prompts => (session.prompted, session.has_called) = (Some(hook.at), false),
            HookMeaning::ToolStarts if !session.has_called => {
                session.has_called = true;
                self.first_tools.note(session.prompted, hook.at);
            }
            HookMeaning::TurnEnds => self.turns.note(session.prompted.take(), hook.at),
            _ => {}
        }
        if [before, session.activity].into_iter().flatten().any(VendorActivity::awaits_user) {
            // The time of a call says nothing about its tool if the agent waited for the user in between.
            self.running_tools.retain(|_, running| running.session != hook.session);
        }
        self.time_calls(hook, world);
    }

    /// Measures tool calls: by the duration that the client reports, or from their start to their end.
    fn time_calls(&mut self, hook: &HookEvent, world: &mut World) {
        for event in &hook.events {
            match &event.kind {
                EventKind::ToolStarted { tool, .. } => {
                    if self.running_tools.len() >= MAX_TRACKED {
                        drop_oldest(&mut self.running_tools, |running| running.since);
                    }
                    self.running_tools.insert(*tool, RunningTool { session: hook.session.clone(), since: hook.at });
                }
                EventKind::ToolEnded { tool, .. } => {
                    let running = self.running_tools.remove(tool);
                    if let (true, Some(running), Some(name)) =
                        (world.note_answer(&hook.session, *tool), running, &hook.tool)
                    {
                        let between = hook.at.since(running.since);
                        let took = hook.took.filter(|took| *took <= between).unwrap_or(between);
                        world.time_call(&hook.session, Some(hook.at), (name, took));
                    }
                }
                _ => {}
            }
        }
    }

    /// The tags of sessions that are new since the last call.
    pub(crate) fn take_tags(&mut self) -> Vec<SessionTag> {
        std::mem::take(&mut self.tags)
    }

    /// The last event from the agent's process, or from one that it started. If a session waits for the user, its event
    /// is preferred.
    pub(crate) fn last_push(&self, agent: &Agent) -> Option<LastPush<'_>> {
        self.last_push_of(agent, |_| true)
    }

    /// The same among the sessions that `is_meant` accepts.
    fn last_push_of(&self, agent: &Agent, is_meant: impl Fn(&SessionKey) -> bool) -> Option<LastPush<'_>> {
        let pid = agent.process.id.pid;
        let started =
            agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(MAX_CLOCK_DIFFERENCE));
        let is_its = |(key, session): &(&SessionKey, &HookSession)| {
            key.client == agent.client && session.at >= started && session.ancestors.contains(&pid) && is_meant(key)
        };
        let rank = |(_, session): &(&SessionKey, &HookSession)| {
            (session.activity.is_some_and(VendorActivity::awaits_user), session.at)
        };
        let (key, session) = self.sessions.iter().filter(is_its).max_by_key(rank)?;
        let HookSession { at, since, activity, ref failure, .. } = *session;
        Some(LastPush { session: key, activity, failure: failure.as_ref(), at, since })
    }

    /// What the agent is doing, and since when, unless its transcript has newer records. A host sends the events of all its
    /// sessions: each of its rows gets those of its own session and of the subagents of that.
    pub(crate) fn activity_of(&self, agent: &Agent, hosts: &Hosts) -> Option<HookActivity> {
        let push = match hosts.session_of(agent) {
            Some(session) => self.last_push_of(agent, |key| find_session(session, key).is_some()),
            None => self.last_push(agent),
        }?;
        let session = agent.session.as_deref().and_then(|session| find_session(session, push.session));
        let last = session.and_then(|session| session.last_active);
        let activity = push.activity.filter(|_| last.is_none_or(|last| last <= push.at.plus(MAX_CLOCK_DIFFERENCE)))?;
        Some(HookActivity { activity, failure: push.failure.cloned(), at: push.at, since: push.since })
    }

    /// How long it takes from a prompt to the first tool, and to the end of the turn.
    pub(crate) fn latencies(&self) -> [Option<Quantiles>; 2] {
        [self.first_tools.quantiles(), self.turns.quantiles()]
    }
}

impl HookSession {
    fn new(at: Timestamp) -> Self {
        Self { at, since: at, activity: None, failure: None, ancestors: Vec::new(), prompted: None, has_called: false }
    }

    /// Sets the state after an event. If it does not change, `since` stays.
    fn set(&mut self, activity: Option<VendorActivity>, failure: Option<Untrusted>) {
        if (self.activity, &self.failure) != (activity, &failure) {
            self.since = self.at;
        }
        (self.activity, self.failure) = (activity, failure);
    }
}

/// Why the last request failed, after this event. A reminder that the agent is idle changes nothing.
fn failure(hook: &HookEvent, before: Option<Untrusted>) -> Option<Untrusted> {
    match hook.meaning {
        HookMeaning::TurnFails | HookMeaning::Fails => hook.events.iter().find_map(|event| match &event.kind {
            EventKind::Error(reason) => Some(reason.clone()),
            _ => None,
        }),
        HookMeaning::Notifies | HookMeaning::Measures | HookMeaning::Other => before,
        _ => None,
    }
}

/// What a session is doing after this event; `None` if the event does not say.
fn activity(hook: &HookEvent) -> Option<VendorActivity> {
    match hook.meaning {
        HookMeaning::RequestsPermission => Some(VendorActivity::NeedsPermission),
        HookMeaning::RequestsInput => Some(VendorActivity::NeedsInput),
        HookMeaning::SessionStarts | HookMeaning::TurnEnds | HookMeaning::TurnFails => Some(VendorActivity::Idle),
        HookMeaning::Prompts
        | HookMeaning::InputGiven
        | HookMeaning::ToolStarts
        | HookMeaning::ToolEnds
        | HookMeaning::ToolFails
        | HookMeaning::SubagentStarts
        | HookMeaning::SubagentEnds
        | HookMeaning::CompactionStarts
        | HookMeaning::Compacted => Some(VendorActivity::Busy),
        HookMeaning::Notifies => hook.events.iter().find_map(|event| match event.kind {
            EventKind::NeedsPermission => Some(VendorActivity::NeedsPermission),
            EventKind::NeedsInput => Some(VendorActivity::NeedsInput),
            EventKind::TurnEnded => Some(VendorActivity::Idle),
            _ => None,
        }),
        HookMeaning::Fails
        | HookMeaning::Moves
        | HookMeaning::SessionEnds
        | HookMeaning::Measures
        | HookMeaning::Other => None,
    }
}

fn drop_oldest<K: Clone + Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>, at: impl Fn(&V) -> Timestamp) {
    let oldest = map.iter().min_by_key(|(_, value)| at(value)).map(|(key, _)| key.clone());
    oldest.map(|key| map.remove(&key));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_clients::PayloadOrigin;
    use agtop_hooks::{DedupStatus, EventSender, SenderProof};
    use agtop_model::{FileId, Provenance, SourcePosition};
    use agtop_prices::PriceBook;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::state::{PricingContext, Scope};

    fn received(session: &str, at: Timestamp) -> ReceivedEvent {
        let client = agtop_clients::client("claude").unwrap();
        let payload = format!(r#"{{"session_id":"{session}","hook_event_name":"Stop"}}"#);
        let source = Provenance { file: FileId(0), place: SourcePosition::Entry(0) };
        let event = client.hooks().unwrap().decode(payload.as_bytes(), PayloadOrigin { at, source }).unwrap();
        let sender = EventSender { pid: 7, ancestors: vec![6], proof: SenderProof::Kernel };
        ReceivedEvent { client: client.info().id, event, sender, dedup: DedupStatus::New, tag: None, payload: None }
    }

    fn world(now: Timestamp) -> World {
        let pricing =
            PricingContext { prices: Arc::new(PriceBook::bundled()), scope: Scope::default(), zone: TimeZone::UTC };
        World::new(now, pricing)
    }

    #[test]
    fn a_session_without_events_for_half_an_hour_is_forgotten() {
        let now = Timestamp::from_millis(1_795_264_200_000);
        let (mut hooks, mut world) = (HookState::default(), world(now));
        for (session, minutes) in [("recent", 29), ("old", 31)] {
            hooks.note(received(session, now.minus(Duration::from_mins(minutes))), &mut world);
        }
        hooks.receive(&mut world, now);
        assert_eq!(hooks.sessions.keys().map(|key| &*key.id).collect::<Vec<_>>(), ["recent"]);
    }

    #[test]
    fn when_there_are_too_many_sessions_the_oldest_are_forgotten() {
        let now = Timestamp::from_millis(1_795_264_200_000);
        let (mut hooks, mut world) = (HookState::default(), world(now));
        for n in 0..MAX_TRACKED + 3 {
            hooks.note(received(&n.to_string(), now.plus(Duration::from_millis(n as u64))), &mut world);
        }
        assert_eq!(hooks.sessions.len(), MAX_TRACKED);
        assert!(!hooks.sessions.keys().any(|key| ["0", "1", "2"].contains(&&*key.id)));
    }
}
