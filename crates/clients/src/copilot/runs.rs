//! Which process wrote which event.

use agtop_model::MessageKey;

use super::wire::Line;

/// Killed processes never say that they ended; more than this many write to one session at once in no honest file.
const MOST_RUNS: usize = 8;

/// The processes that write to a session's events.
///
/// A process begins with `session.start` or `session.resume`. Two may run at once (`--continue` takes the newest session
/// even while it is live), and then their events interleave in one file. Each links its events to the one it wrote
/// before, so that an event belongs to the process whose last event is its parent.
#[derive(Debug, Default)]
pub(super) struct Runs {
    list: Vec<Run>,
    /// The one that wrote the event at hand.
    current: usize,
}

/// One process's part of a session.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The event it began with.
    began: String,
    /// Its first request of the person.
    first_interaction: Option<String>,
    last_event: String,
    turn: Option<String>,
    /// The messages whose output was told, for its totals to replace.
    pub(super) messages: Vec<MessageKey>,
}

impl Runs {
    /// Finds the process that wrote this event: the newest, where links do not tell.
    pub(super) fn follow(&mut self, line: &Line<'_>, begins: Begins) {
        let id = line.id.as_deref().unwrap_or_default();
        let parent = line.parent_id.as_deref().unwrap_or_default();
        if begins == Begins::Process || self.list.is_empty() {
            if self.list.len() >= MOST_RUNS {
                self.list.remove(0);
            }
            self.list.push(Run { began: id.to_owned(), last_event: id.to_owned(), ..Run::default() });
            self.current = self.list.len() - 1;
            return;
        }
        let newest = self.list.len() - 1;
        self.current = self.list.iter().rposition(|run| run.last_event == parent).unwrap_or(newest);
        let last_event = &mut self.current().last_event;
        last_event.clear();
        last_event.push_str(id);
    }

    /// The process that wrote the event at hand. An event has been followed before.
    pub(super) fn current(&mut self) -> &mut Run {
        &mut self.list[self.current]
    }
}

/// What an event is the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// A process's part of the session.
    Process,
    /// Nothing: it goes on.
    Nothing,
}

impl Run {
    /// It serves this request of the person.
    pub(super) fn note_interaction(&mut self, interaction: Option<&str>) {
        if self.first_interaction.is_none() {
            self.first_interaction = interaction.filter(|id| !id.is_empty()).map(str::to_owned);
        }
    }

    /// A round of the agent's loop begins; they are numbered within an interaction.
    pub(super) fn note_turn(&mut self, turn: Option<&str>) {
        self.turn = turn.map(str::to_owned);
    }

    /// The round of the agent's loop it is in.
    pub(super) fn turn(&self) -> Option<&str> {
        self.turn.as_deref()
    }

    /// What its totals are keyed by.
    pub(super) fn name(&self) -> &str {
        self.first_interaction.as_deref().unwrap_or(&self.began)
    }
}
