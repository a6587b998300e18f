//! Which process wrote which event.

use agtop_model::MessageKey;

use super::wire::Line;

/// Maximum number of processes per session: killed processes never record their end, and no real file has more writers
/// at once.
const MAX_RUNS: usize = 8;

/// The processes that write to a session's events.
///
/// A process starts with `session.start` or `session.resume`. Two may run at once (`--continue` takes the newest
/// session even if it is in use), and then their events interleave in one file. Each process links its events to its
/// previous one, so an event belongs to the process whose last event is its parent.
#[derive(Debug, Default)]
pub(super) struct ProcessRuns {
    list: Vec<ProcessRun>,
    /// The process that wrote the current event.
    current: usize,
}

/// The part of a session that one process wrote.
#[derive(Debug, Default)]
pub(super) struct ProcessRun {
    /// Its first event.
    began: String,
    /// Its first user request.
    first_interaction: Option<String>,
    last_event: String,
    turn: Option<String>,
    /// The messages whose output was emitted and that its totals replace.
    pub(super) messages: Vec<MessageKey>,
}

impl ProcessRuns {
    /// Finds the process that wrote this event: the newest, if links do not identify one.
    pub(super) fn follow(&mut self, line: &Line<'_>, start: RunStart) {
        let id = line.id.as_deref().unwrap_or_default();
        let parent = line.parent_id.as_deref().unwrap_or_default();
        if start == RunStart::Process || self.list.is_empty() {
            if self.list.len() >= MAX_RUNS {
                self.list.remove(0);
            }
            self.list.push(ProcessRun { began: id.to_owned(), last_event: id.to_owned(), ..ProcessRun::default() });
            self.current = self.list.len() - 1;
            return;
        }
        let newest = self.list.len() - 1;
        self.current = self.list.iter().rposition(|run| run.last_event == parent).unwrap_or(newest);
        let last_event = &mut self.current().last_event;
        last_event.clear();
        last_event.push_str(id);
    }

    /// The process that wrote the current event; [`follow`](Self::follow) must have been called before.
    pub(super) fn current(&mut self) -> &mut ProcessRun {
        &mut self.list[self.current]
    }
}

/// What an event starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunStart {
    /// A process's part of the session.
    Process,
    /// Nothing.
    Nothing,
}

impl ProcessRun {
    /// Records the user request that the process serves.
    pub(super) fn note_interaction(&mut self, interaction: Option<&str>) {
        if self.first_interaction.is_none() {
            self.first_interaction = interaction.filter(|id| !id.is_empty()).map(str::to_owned);
        }
    }

    /// Records the start of a turn of the agent's loop; turns are numbered within an interaction.
    pub(super) fn note_turn(&mut self, turn: Option<&str>) {
        self.turn = turn.map(str::to_owned);
    }

    /// The current turn of the agent's loop.
    pub(super) fn turn(&self) -> Option<&str> {
        self.turn.as_deref()
    }

    /// The name in the keys of its totals.
    pub(super) fn name(&self) -> &str {
        self.first_interaction.as_deref().unwrap_or(&self.began)
    }
}
