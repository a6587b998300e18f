use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, EventKind, FileId, SessionKey, StopReason, Timestamp, ToolKey, Untrusted,
};
use foldhash::fast::RandomState;

use super::family::Family;
use super::pushed_failures::is_same;
use super::sums::{Rates, SpendSum};
use super::turns::{TurnBook, TurnIdx};
use super::{BySession, SessionIdx, World};

/// What happened in the last minutes and since agtop started, with the times that records carry.
#[derive(Debug)]
pub(super) struct Lately {
    began: Timestamp,
    sessions: BySession<Recent>,
    /// Calls among the notes: copies of a transcript tell the same one again.
    calls: HashSet<ToolKey, RandomState>,
}

/// What happened in one session, and its sums, which hold as long as it is quiet and time moves nothing out of a window.
#[derive(Debug, Default)]
struct Recent {
    turns: Vec<TurnIdx>,
    notes: VecDeque<Note>,
    /// Whether a failure was noted that no file tells.
    has_pushed: bool,
    sums: Option<Sums>,
}

/// Something other than a response that counts in rates.
#[derive(Clone, Copy, Debug)]
struct Note {
    at: Timestamp,
    file: FileId,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Call(ToolKey),
    Error,
    Compaction,
}

/// What a session came to.
#[derive(Debug)]
struct Sums {
    rolling: [ActivityWindow; 3],
    since_start: ActivityWindow,
    stops: Vec<StopReason>,
    compactions: u64,
    /// The moment at which they were made, and the first one at which something is in a window no more.
    holds: (Timestamp, Timestamp),
}

/// The longest rolling window.
const LONGEST: Duration = ActivityRates::ROLLING_SPANS[2];
/// No more than this is remembered of a session that is no response; a flood of events loses the oldest.
const MOST_NOTES: usize = 20_000;
/// What was pushed is in no file.
const PUSHED: FileId = FileId(u32::MAX);
/// The end of time.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl Lately {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, sessions: HashMap::default(), calls: HashSet::default() }
    }

    pub(super) fn note_turn(&mut self, at: Timestamp, session: SessionIdx, turn: TurnIdx) {
        if at >= self.began.minus(LONGEST) {
            self.sessions.entry(session).or_default().take(turn);
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
        let recent = self.sessions.entry(session).or_default();
        recent.has_pushed |= file == PUSHED;
        if recent.notes.len() == MOST_NOTES {
            recent.notes.pop_front();
        }
        recent.notes.push_back(Note { at, file, what });
        recent.sums = None;
    }

    /// Notes a failed request that no file tells.
    pub(super) fn note_pushed_failure(&mut self, session: SessionIdx, at: Timestamp) {
        self.note(Some(at), session, PUSHED, &EventKind::Error(Untrusted::from("")));
    }

    /// A file tells of a failure that was pushed.
    pub(super) fn forget_pushed_failure(&mut self, session: SessionIdx, at: Timestamp) {
        let Some(recent) = self.sessions.get_mut(&session) else { return };
        if !recent.has_pushed {
            return;
        }
        let before = recent.notes.len();
        recent.notes.retain(|note| note.file != PUSHED || !is_same(note.at, at));
        if recent.notes.len() != before {
            recent.sums = None;
        }
    }

    /// A file is about to be read anew: what has no id of its own would count again.
    pub(super) fn forget_file(&mut self, file: FileId) {
        for recent in self.sessions.values_mut() {
            let before = recent.notes.len();
            recent.notes.retain(|note| note.file != file || matches!(note.what, What::Call(_)));
            if recent.notes.len() != before {
                recent.sums = None;
            }
        }
    }

    /// Takes notice that responses of these sessions count otherwise than before, perhaps in other sessions.
    pub(super) fn recount(&mut self, stale: &[SessionIdx], turns: &TurnBook) {
        for session in stale {
            let Some(recent) = self.sessions.get_mut(session) else { continue };
            recent.sums = None;
            let is_elsewhere = |turn: &mut TurnIdx| turns.owner(*turn).is_some_and(|owner| owner != *session);
            let moved: Vec<TurnIdx> = recent.turns.extract_if(.., is_elsewhere).collect();
            for turn in moved {
                if let Some(owner) = turns.owner(turn) {
                    self.sessions.entry(owner).or_default().take(turn);
                }
            }
        }
    }

    /// Sums over all sessions, and over each session with its sub-agents for the rolling windows.
    pub(super) fn paces(&mut self, world: &World, family: &Family, rates: &Rates<'_>, now: Timestamp) -> Told {
        let mut told = Told::over(now.since(self.began));
        let mut stops: HashMap<StopReason, u64> = HashMap::new();
        self.sessions.retain(|&session, recent| {
            let is_covered = world.lens.scope.plan.covers(world.sessions[session.at()].key.client);
            let by_plan = |sums: Sums| if is_covered { sums.covered() } else { sums };
            let sums = recent.sums((self.began, now), &world.turns, rates, by_plan);
            merge(&mut told.all.since_start, &sums.since_start);
            told.all.compactions += sums.compactions;
            for stop in &sums.stops {
                *stops.entry(*stop).or_default() += 1;
            }
            if !sums.rolling[2].is_empty() {
                let root = &world.sessions[family.root(session).at()].key;
                let nothing = || ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty);
                let of_root = told.by_session.entry(root.clone()).or_insert_with(nothing);
                for ((all, own), sum) in told.all.rolling.iter_mut().zip(of_root).zip(&sums.rolling) {
                    merge(all, sum);
                    merge(own, sum);
                }
            }
            !recent.turns.is_empty() || !recent.notes.is_empty()
        });
        told.all.stops = stops.into_iter().collect();
        told.all.stops.sort_by_key(|&(stop, times)| (std::cmp::Reverse(times), stop.as_str()));
        told
    }
}

impl Recent {
    fn take(&mut self, turn: TurnIdx) {
        self.turns.push(turn);
        self.sums = None;
    }

    /// Its sums from `began` to now: as they were, or else summed up again, without what is in no window any more.
    /// `by_plan` says who pays for them.
    fn sums(
        &mut self,
        (began, now): (Timestamp, Timestamp),
        turns: &TurnBook,
        rates: &Rates<'_>,
        by_plan: impl FnOnce(Sums) -> Sums,
    ) -> &Sums {
        let kept = self.sums.take().filter(|sums| sums.holds.0 <= now && now < sums.holds.1);
        let sums = kept.unwrap_or_else(|| {
            let oldest = began.min(now.minus(LONGEST));
            self.turns.retain(|&turn| turns.counted_at(turn).is_none_or(|turn| turn.at() >= oldest));
            self.notes.retain(|note| note.at >= oldest);
            by_plan(self.sum_up(began, turns, rates, now))
        });
        self.sums.insert(sums)
    }

    fn sum_up(&self, began: Timestamp, turns: &TurnBook, rates: &Rates<'_>, now: Timestamp) -> Sums {
        let mut sums = Sums::at(now);
        for turn in self.turns.iter().filter_map(|&turn| turns.counted_at(turn)) {
            let mut sum = SpendSum::default();
            sum.add(turn, rates);
            sums.add(turn.at(), began, |pace| {
                pace.requests += sum.turns;
                pace.stops += u64::from(turn.response.stop.is_some());
                pace.cut_off += u64::from(turn.response.stop == Some(StopReason::MaxTokens));
                pace.usage += sum.usage;
                pace.spend += sum.spend;
            });
            sums.stops.extend(turn.response.stop.filter(|_| turn.at() >= began));
        }
        for note in &self.notes {
            sums.add(note.at, began, |pace| match note.what {
                What::Call(_) => pace.tool_calls += 1,
                What::Error => pace.errors += 1,
                What::Compaction => {}
            });
        }
        let is_compaction = |note: &&Note| note.what == What::Compaction && note.at >= began;
        sums.compactions = self.notes.iter().filter(is_compaction).count() as u64;
        sums
    }
}

impl Sums {
    fn at(now: Timestamp) -> Self {
        Self {
            rolling: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
            since_start: ActivityWindow::default(),
            stops: Vec::new(),
            compactions: 0,
            holds: (now, NEVER),
        }
    }

    /// The same, where a subscription covers all of it.
    fn covered(mut self) -> Self {
        self.rolling.iter_mut().chain([&mut self.since_start]).for_each(|pace| pace.spend.cover());
        self
    }

    fn add(&mut self, at: Timestamp, began: Timestamp, add: impl Fn(&mut ActivityWindow)) {
        if at >= began {
            add(&mut self.since_start);
        }
        let age = self.holds.0.since(at);
        for pace in self.rolling.iter_mut().filter(|pace| age <= pace.span) {
            add(pace);
            self.holds.1 = self.holds.1.min(at.plus(pace.span).plus(Duration::from_millis(1)));
        }
    }
}

/// Adds what happened beside; the span stays.
fn merge(sum: &mut ActivityWindow, other: &ActivityWindow) {
    sum.requests += other.requests;
    sum.errors += other.errors;
    sum.tool_calls += other.tool_calls;
    sum.stops += other.stops;
    sum.cut_off += other.cut_off;
    sum.usage += other.usage;
    sum.spend += other.spend;
}

/// The sums of all windows.
pub(crate) struct Told {
    pub(crate) all: ActivityRates,
    pub(crate) by_session: HashMap<SessionKey, [ActivityWindow; 3]>,
}

impl Told {
    fn over(since_start: Duration) -> Self {
        let all = ActivityRates {
            rolling: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
            since_start: ActivityWindow::empty(since_start),
            ..ActivityRates::default()
        };
        Self { all, by_session: HashMap::new() }
    }
}
