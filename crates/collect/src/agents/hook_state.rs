use std::collections::HashMap;
use std::time::Duration;

use agtop_clients::{Meaning, Told};
use agtop_hooks::{Listener, ReceivedEvent, RefusedCounts};
use agtop_ledger::SessionTag;
use agtop_model::{Agent, EventKind, Quantiles, Session, SessionKey, Timestamp, ToolKey, Untrusted, VendorActivity};

use crossbeam_channel::Receiver;

use crate::agents::join::Hosts;
use crate::state::World;

/// What agents push: the present, before their transcripts tell of it, and what these never tell.
///
/// Nothing of it is counted: usage, prompts and calls come from transcripts, once. Of an event of which only its sender
/// says whose it is no more is used than what the session is called.
#[derive(Default)]
pub(crate) struct Pushes {
    listener: Option<Listener>,
    woken: Option<Receiver<()>>,
    lives: HashMap<SessionKey, Live>,
    running: HashMap<ToolKey, Running>,
    first_tools: Samples,
    turns: Samples,
    /// What sessions were newly called, and nobody has asked for yet.
    tags: Vec<SessionTag>,
    /// What the log said of refused events last.
    said: RefusedCounts,
}

/// Where a session stands, by what was pushed last.
#[derive(Debug)]
struct Live {
    /// When something was pushed last, if only a reminder.
    at: Timestamp,
    /// Since when it has stood there.
    since: Timestamp,
    activity: Option<VendorActivity>,
    /// Why the last request failed, until something else happens.
    failure: Option<Untrusted>,
    /// The processes that started the one which pushed.
    ancestors: Vec<u32>,
    /// When the person asked what is being worked on.
    asked: Option<Timestamp>,
    /// Whether a tool was called since.
    has_called: bool,
}

/// A tool that runs.
#[derive(Debug)]
struct Running {
    session: SessionKey,
    since: Timestamp,
}

/// What was pushed of an agent's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The session, which may be a sub-agent.
    pub(crate) session: &'a SessionKey,
    /// What it is doing.
    pub(crate) activity: Option<VendorActivity>,
    /// Why its last request failed, if nothing has happened since.
    pub(crate) failure: Option<&'a Untrusted>,
    /// When something was pushed last.
    pub(crate) at: Timestamp,
    /// Since when it has been so.
    pub(crate) since: Timestamp,
}

/// What an agent is doing, by what was pushed last.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    /// What it is doing.
    pub(crate) activity: VendorActivity,
    /// Why its last request failed, if nothing has happened since.
    pub(crate) failure: Option<Untrusted>,
    /// When something was pushed last.
    pub(crate) at: Timestamp,
    /// Since when it has been so.
    pub(crate) since: Timestamp,
}

/// Nothing of a session is remembered that has been quiet for so long (features S4-LMT-05).
const KEPT: Duration = Duration::from_mins(30);
/// Sessions and calls of which something is remembered; a flood loses the oldest.
const MOST: usize = 4096;
/// The clocks of hooks and those of transcripts differ by this much at most: they are the same machine's, but what a
/// transcript says at the same moment is written a little later.
const CLOCKS: Duration = Duration::from_secs(2);

impl Pushes {
    /// Listens from now on; `woken` tells that something has come in.
    pub(crate) fn listen(&mut self, listener: Listener, woken: Receiver<()>) {
        self.listener = Some(listener);
        self.woken = Some(woken);
    }

    /// Tells that something has come in; never, if nobody listens.
    pub(crate) fn woken(&self) -> Receiver<()> {
        self.woken.clone().unwrap_or_else(crossbeam_channel::never)
    }

    /// What was refused so far, if anybody listens.
    pub(crate) fn refused(&self) -> Option<RefusedCounts> {
        self.listener.as_ref().map(Listener::refused)
    }

    /// Places in which nothing is heard, and why, for people.
    pub(crate) fn setbacks(&self) -> Vec<String> {
        let listener = self.listener.iter();
        listener.flat_map(|listener| listener.unusable_dirs().iter().map(ToString::to_string)).collect()
    }

    /// Takes what has come in.
    pub(crate) fn take(&mut self, world: &mut World, now: Timestamp) {
        let received = self.listener.as_mut().map(Listener::poll).unwrap_or_default();
        for received in received {
            self.note(received, world);
        }
        if let Some(listener) = &mut self.listener {
            listener.acknowledge();
            let refused = listener.refused();
            if std::mem::replace(&mut self.said, refused) != refused {
                tracing::debug!(?refused, "hooks: refused so far");
            }
        }
        self.lives.retain(|_, live| now.since(live.at) <= KEPT);
        self.running.retain(|_, running| now.since(running.since) <= KEPT);
    }

    fn note(&mut self, received: ReceivedEvent, world: &mut World) {
        let ReceivedEvent { told, sender, tag, .. } = received;
        if let Some(text) = tag.filter(|tag| world.tag(&told.session, tag)) {
            self.tags.push(SessionTag { session: told.session.clone(), text, at: told.at });
        }
        let (client, session, meaning) = (told.session.client, &told.session.id, told.meaning);
        tracing::debug!(%client, ?session, ?meaning, sender = sender.pid, proof = ?sender.proof, "hook: an event");
        // Anybody can say that an agent is among their ancestors.
        if !sender.proof.is_verified() {
            return;
        }
        for event in &told.events {
            if let EventKind::Facts(facts) = &event.kind {
                world.note_context(&told.session, told.at, facts);
            }
        }
        if told.meaning == Meaning::Measures {
            return;
        }
        if told.meaning == Meaning::SessionEnds {
            self.lives.remove(&told.session);
            return;
        }
        if self.lives.len() >= MOST && !self.lives.contains_key(&told.session) {
            drop_oldest(&mut self.lives, |live| live.at);
        }
        let live = self.lives.entry(told.session.clone()).or_insert_with(|| Live::new(told.at));
        live.at = live.at.max(told.at);
        world.note_alive(&told.session, live.at);
        live.ancestors = sender.ancestors;
        let before = live.activity;
        live.stand(activity(&told).or(before), failure(&told, live.failure.clone()));
        if let (Meaning::TurnFails | Meaning::Fails, Some(reason)) = (told.meaning, &live.failure) {
            world.note_pushed_failure(&told.session, told.at, reason);
        }
        match told.meaning {
            Meaning::Prompts => (live.asked, live.has_called) = (Some(told.at), false),
            Meaning::ToolStarts if !live.has_called => {
                live.has_called = true;
                self.first_tools.note(live.asked, told.at);
            }
            Meaning::TurnEnds => self.turns.note(live.asked.take(), told.at),
            _ => {}
        }
        let waited = before == Some(VendorActivity::Waiting) || live.activity == Some(VendorActivity::Waiting);
        self.time_calls(&told, waited, world);
    }

    /// Measures tool calls by what the client says, or else from their start to their end. When somebody was waited for
    /// in between, that says nothing of the tool.
    fn time_calls(&mut self, told: &Told, waited: bool, world: &mut World) {
        if waited {
            self.running.retain(|_, running| running.session != told.session);
        }
        for event in &told.events {
            match &event.kind {
                EventKind::ToolStarted { tool, .. } => {
                    if self.running.len() >= MOST {
                        drop_oldest(&mut self.running, |running| running.since);
                    }
                    self.running.insert(*tool, Running { session: told.session.clone(), since: told.at });
                }
                EventKind::ToolEnded { tool, .. } => {
                    let running = self.running.remove(tool);
                    if let (true, Some(running), Some(name)) =
                        (world.note_answer(&told.session, *tool), running, &told.tool)
                    {
                        let between = told.at.since(running.since);
                        let took = told.took.filter(|took| *took <= between).unwrap_or(between);
                        world.time_call(&told.session, Some(told.at), (name, took));
                    }
                }
                _ => {}
            }
        }
    }

    /// What sessions were called since the last time.
    pub(crate) fn take_tags(&mut self) -> Vec<SessionTag> {
        std::mem::take(&mut self.tags)
    }

    /// What was pushed last by the agent's process, or one that it started; a wait counts before everything else.
    pub(crate) fn of(&self, agent: &Agent) -> Option<Word<'_>> {
        self.last(agent, |_| true)
    }

    /// The same of the sessions of which that is true.
    fn last(&self, agent: &Agent, is_meant: impl Fn(&SessionKey) -> bool) -> Option<Word<'_>> {
        let pid = agent.process.id.pid;
        let began = agent.process.started_at.map_or(Timestamp::EARLIEST, |started| started.minus(CLOCKS));
        let is_its = |(session, live): &(&SessionKey, &Live)| {
            session.client == agent.client && live.at >= began && live.ancestors.contains(&pid) && is_meant(session)
        };
        let rank = |(_, live): &(&SessionKey, &Live)| (live.activity == Some(VendorActivity::Waiting), live.at);
        let (session, live) = self.lives.iter().filter(is_its).max_by_key(rank)?;
        let Live { at, since, activity, ref failure, .. } = *live;
        Some(Word { session, activity, failure: failure.as_ref(), at, since })
    }

    /// What the agent is doing, and since when, unless its transcript has gone on since. A host pushes what all its
    /// sessions do: of that a row of its own gets what was pushed of its session, and of those below that.
    pub(crate) fn activity_of(&self, agent: &Agent, hosts: &Hosts) -> Option<Pushed> {
        let word = match hosts.session_of(agent) {
            Some(session) => self.last(agent, |key| find(session, key).is_some()),
            None => self.of(agent),
        }?;
        let told = agent.session.as_deref().and_then(|session| find(session, word.session));
        let last = told.and_then(|session| session.last_active);
        let activity = word.activity.filter(|_| last.is_none_or(|last| last <= word.at.plus(CLOCKS)))?;
        Some(Pushed { activity, failure: word.failure.cloned(), at: word.at, since: word.since })
    }

    /// How long it took from a prompt to the first tool, and to the end of the turn.
    pub(crate) fn latencies(&self) -> [Option<Quantiles>; 2] {
        [self.first_tools.quantiles(), self.turns.quantiles()]
    }
}

impl Live {
    fn new(at: Timestamp) -> Self {
        Self { at, since: at, activity: None, failure: None, ancestors: Vec::new(), asked: None, has_called: false }
    }

    /// Notes where it stands as of the last event. Where that is where it stood, it has stood there ever since.
    fn stand(&mut self, activity: Option<VendorActivity>, failure: Option<Untrusted>) {
        if (self.activity, &self.failure) != (activity, &failure) {
            self.since = self.at;
        }
        (self.activity, self.failure) = (activity, failure);
    }
}

/// Why the last request failed, after this. A reminder that the agent is idle is no news.
fn failure(told: &Told, before: Option<Untrusted>) -> Option<Untrusted> {
    match told.meaning {
        Meaning::TurnFails | Meaning::Fails => told.events.iter().find_map(|event| match &event.kind {
            EventKind::Error(reason) => Some(reason.clone()),
            _ => None,
        }),
        Meaning::Notifies | Meaning::Measures | Meaning::Other => before,
        _ => None,
    }
}

/// What a session does after this.
fn activity(told: &Told) -> Option<VendorActivity> {
    match told.meaning {
        Meaning::Waits => Some(VendorActivity::Waiting),
        Meaning::SessionStarts | Meaning::TurnEnds | Meaning::TurnFails => Some(VendorActivity::Idle),
        Meaning::Prompts
        | Meaning::ToolStarts
        | Meaning::ToolEnds
        | Meaning::ToolFails
        | Meaning::SubagentStarts
        | Meaning::SubagentEnds
        | Meaning::CompactionStarts
        | Meaning::Compacted => Some(VendorActivity::Busy),
        Meaning::Notifies => told.events.iter().find_map(|event| match event.kind {
            EventKind::Waiting => Some(VendorActivity::Waiting),
            EventKind::TurnEnded => Some(VendorActivity::Idle),
            _ => None,
        }),
        Meaning::Fails | Meaning::Moves | Meaning::SessionEnds | Meaning::Measures | Meaning::Other => None,
    }
}

/// The session of that key among a session and its sub-agents.
pub(crate) fn find<'s>(session: &'s Session, key: &SessionKey) -> Option<&'s Session> {
    if session.key == *key {
        return Some(session);
    }
    session.children.iter().find_map(|child| find(child, key))
}

fn drop_oldest<K: Clone + Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>, at: impl Fn(&V) -> Timestamp) {
    let oldest = map.iter().min_by_key(|(_, value)| at(value)).map(|(key, _)| key.clone());
    oldest.map(|key| map.remove(&key));
}

/// The last spans of one kind.
#[derive(Debug, Default)]
struct Samples(std::collections::VecDeque<Duration>);

impl Samples {
    const KEPT: usize = 256;

    fn note(&mut self, from: Option<Timestamp>, to: Timestamp) {
        let Some(from) = from.filter(|&from| from <= to) else { return };
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back(to.since(from));
    }

    fn quantiles(&self) -> Option<Quantiles> {
        Quantiles::of(self.0.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_clients::Stamp;
    use agtop_hooks::{DedupStatus, EventSender, SenderProof};
    use agtop_model::{FileId, Provenance, SourcePosition};
    use agtop_prices::PriceBook;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::state::{Lens, Scope};

    fn received(session: &str, at: Timestamp) -> ReceivedEvent {
        let client = agtop_clients::client("claude").unwrap();
        let payload = format!(r#"{{"session_id":"{session}","hook_event_name":"Stop"}}"#);
        let source = Provenance { file: FileId(0), place: SourcePosition::Entry(0) };
        let told = client.hooks().unwrap().decode(payload.as_bytes(), Stamp { at, source }).unwrap();
        let sender = EventSender { pid: 7, ancestors: vec![6], proof: SenderProof::Kernel };
        ReceivedEvent { client: client.info().id, told, sender, dedup: DedupStatus::New, tag: None, payload: None }
    }

    fn world(now: Timestamp) -> World {
        let lens = Lens { prices: Arc::new(PriceBook::bundled()), scope: Scope::default(), zone: TimeZone::UTC };
        World::new(now, lens)
    }

    #[test]
    fn a_session_that_was_quiet_for_half_an_hour_is_forgotten() {
        let now = Timestamp::from_millis(1_795_264_200_000);
        let (mut pushes, mut world) = (Pushes::default(), world(now));
        for (session, minutes) in [("young", 29), ("old", 31)] {
            pushes.note(received(session, now.minus(Duration::from_mins(minutes))), &mut world);
        }
        pushes.take(&mut world, now);
        assert_eq!(pushes.lives.keys().map(|key| &*key.id).collect::<Vec<_>>(), ["young"]);
    }

    #[test]
    fn of_a_flood_of_sessions_the_oldest_are_forgotten() {
        let now = Timestamp::from_millis(1_795_264_200_000);
        let (mut pushes, mut world) = (Pushes::default(), world(now));
        for n in 0..MOST + 3 {
            pushes.note(received(&n.to_string(), now.plus(Duration::from_millis(n as u64))), &mut world);
        }
        assert_eq!(pushes.lives.len(), MOST);
        assert!(!pushes.lives.keys().any(|key| ["0", "1", "2"].contains(&&*key.id)));
    }
}
