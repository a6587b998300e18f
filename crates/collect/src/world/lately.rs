use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use agtop_model::{EventKind, FileId, Pace, Paces, SessionKey, StopReason, Timestamp, ToolKey};

use super::SessionIdx;
use super::World;
use super::family::Family;
use super::sums::{Rates, SpendSum};
use super::turns::{TurnBook, TurnIdx};

/// What happened in the last minutes and since agtop started, with the times that records carry.
#[derive(Debug)]
pub(super) struct Lately {
    began: Timestamp,
    turns: Vec<TurnIdx>,
    notes: VecDeque<Note>,
    /// Calls among the notes: copies of a transcript tell the same one again.
    calls: HashSet<ToolKey>,
}

/// Something other than a response that counts in rates.
#[derive(Clone, Copy, Debug)]
struct Note {
    at: Timestamp,
    session: SessionIdx,
    file: FileId,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Call(ToolKey),
    Error,
    Compaction,
}

/// The longest rolling window.
const LONGEST: Duration = Paces::SPANS[2];
/// No more than this is remembered of what is no response; a flood of events loses the oldest.
const MOST_NOTES: usize = 100_000;

impl Lately {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, turns: Vec::new(), notes: VecDeque::new(), calls: HashSet::new() }
    }

    pub(super) fn note_turn(&mut self, at: Timestamp, turn: TurnIdx) {
        if at >= self.began.minus(LONGEST) {
            self.turns.push(turn);
        }
    }

    pub(super) fn note(&mut self, at: Option<Timestamp>, session: SessionIdx, file: FileId, kind: &EventKind) {
        let what = match kind {
            EventKind::ToolStarted { tool, .. } => What::Call(*tool),
            EventKind::Error(_) => What::Error,
            EventKind::Compacted => What::Compaction,
            _ => return,
        };
        let Some(at) = at.filter(|&at| at >= self.began.minus(LONGEST)) else { return };
        if let What::Call(call) = what
            && !self.calls.insert(call)
        {
            return;
        }
        if self.notes.len() == MOST_NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(Note { at, session, file, what });
    }

    /// A file is about to be read anew: what has no id of its own would count again.
    pub(super) fn forget_file(&mut self, file: FileId) {
        self.notes.retain(|note| note.file != file || matches!(note.what, What::Call(_)));
    }

    /// Sums over all sessions, and over each session with its sub-agents for the rolling windows.
    pub(super) fn paces(&self, world: &World, family: &Family, rates: &Rates<'_>, now: Timestamp) -> Told {
        let mut told = Told::over(now.since(self.began));
        let mut stops: HashMap<StopReason, u64> = HashMap::new();
        for turn in self.turns.iter().filter_map(|&turn| world.turns.counted_at(turn)) {
            let mut sum = SpendSum::default();
            sum.add(turn, rates);
            told.add(world, family, turn.session, (now, turn.at), self.began, |pace| {
                pace.requests += sum.turns;
                pace.usage += sum.usage;
                pace.spend += sum.spend;
            });
            if let Some(stop) = turn.stop.filter(|_| turn.at >= self.began) {
                *stops.entry(stop).or_default() += 1;
            }
        }
        for note in &self.notes {
            told.add(world, family, note.session, (now, note.at), self.began, |pace| match note.what {
                What::Call(_) => pace.tool_calls += 1,
                What::Error => pace.errors += 1,
                What::Compaction => {}
            });
        }
        let is_compaction = |note: &&Note| note.what == What::Compaction && note.at >= self.began;
        told.all.compactions = self.notes.iter().filter(is_compaction).count() as u64;
        told.all.stops = stops.into_iter().collect();
        told.all.stops.sort_by_key(|&(stop, times)| (std::cmp::Reverse(times), stop.as_str()));
        told
    }

    /// Forgets what is in no window any more.
    pub(super) fn prune(&mut self, turns: &TurnBook, now: Timestamp) {
        let oldest = self.began.min(now.minus(LONGEST));
        self.turns.retain(|&turn| turns.counted_at(turn).is_none_or(|turn| turn.at >= oldest));
    }
}

/// The sums of all windows.
pub(crate) struct Told {
    pub(crate) all: Paces,
    pub(crate) by_session: HashMap<SessionKey, [Pace; 3]>,
}

impl Told {
    fn over(since_start: Duration) -> Self {
        let all = Paces {
            rolling: Paces::SPANS.map(Pace::nothing_over),
            since_start: Pace::nothing_over(since_start),
            ..Paces::default()
        };
        Self { all, by_session: HashMap::new() }
    }

    fn add(
        &mut self,
        world: &World,
        family: &Family,
        session: SessionIdx,
        (now, at): (Timestamp, Timestamp),
        began: Timestamp,
        add: impl Fn(&mut Pace),
    ) {
        if at >= began {
            add(&mut self.all.since_start);
        }
        let age = now.since(at);
        if age > LONGEST {
            return;
        }
        let root = &world.sessions[family.root(session).at()].key;
        let nothing = || Paces::SPANS.map(Pace::nothing_over);
        let own = self.by_session.entry(root.clone()).or_insert_with(nothing);
        for (all, own) in self.all.rolling.iter_mut().zip(own).filter(|(all, _)| age <= all.span) {
            add(all);
            add(own);
        }
    }
}
