use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, BillingPlan, EventKind, FileId, SessionKey, StopReason, Timestamp, ToolKey,
    Untrusted,
};
use foldhash::fast::RandomState;

use super::family::Family;
use super::index::{BySession, ResponseIdx, SessionIdx};
use super::pushed_failures::is_same;
use super::responses::ResponseBook;
use super::session::SessionState;
use super::sums::{Rates, SpendSum};

/// What happened in the last minutes and since agtop started, by the times of records.
#[derive(Debug)]
pub(super) struct RecentActivity {
    /// When agtop started.
    started: Timestamp,
    sessions: BySession<SessionActivity>,
    /// Calls that were counted: copies of a transcript report the same one again.
    calls: HashSet<ToolKey, RandomState>,
}

/// What happened in one session, and its sums. The sums are valid until something happens in the session, or until time
/// moves something out of a window.
#[derive(Debug, Default)]
struct SessionActivity {
    responses: Vec<ResponseIdx>,
    events: VecDeque<RateEvent>,
    /// Whether a failure was noted that no file reports.
    has_pushed: bool,
    sums: Option<ActivitySums>,
}

/// An event other than a response that counts in rates.
#[derive(Clone, Copy, Debug)]
struct RateEvent {
    at: Timestamp,
    file: FileId,
    kind: RateEventKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RateEventKind {
    Call(ToolKey),
    Error,
    Compaction,
}

/// The sums of one session.
#[derive(Debug)]
struct ActivitySums {
    rolling: [ActivityWindow; 3],
    since_start: ActivityWindow,
    stops: Vec<StopReason>,
    compactions: u64,
    /// When they were made, and when the first of what they contain leaves a window.
    valid: (Timestamp, Timestamp),
}

/// The longest rolling window.
const MAX_WINDOW: Duration = ActivityRates::ROLLING_SPANS[2];
/// Events of a session that are kept, at most; further ones replace the oldest.
const MAX_EVENTS: usize = 20_000;
/// The file of an event that a hook reported, and no file.
const PUSHED: FileId = FileId(u32::MAX);
/// A time that never comes.
const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

impl RecentActivity {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { started, sessions: HashMap::default(), calls: HashSet::default() }
    }

    pub(super) fn note_response(&mut self, at: Timestamp, session: SessionIdx, response: ResponseIdx) {
        if at >= self.started.minus(MAX_WINDOW) {
            self.sessions.entry(session).or_default().add_response(response);
        }
    }

    pub(super) fn note(&mut self, at: Option<Timestamp>, session: SessionIdx, file: FileId, kind: &EventKind) {
        let kind = match kind {
            EventKind::ToolStarted { tool, .. } => RateEventKind::Call(*tool),
            EventKind::Error(_) => RateEventKind::Error,
            EventKind::Compacted => RateEventKind::Compaction,
            _ => return,
        };
        let Some(at) = at.filter(|&at| at >= self.started.minus(MAX_WINDOW)) else { return };
        if let RateEventKind::Call(call) = kind
            && !self.calls.insert(call)
        {
            return;
        }
        let own = self.sessions.entry(session).or_default();
        own.has_pushed |= file == PUSHED;
        if own.events.len() == MAX_EVENTS {
            own.events.pop_front();
        }
        own.events.push_back(RateEvent { at, file, kind });
        own.sums = None;
    }

    /// Notes a failed request that no file reports.
    pub(super) fn note_pushed_failure(&mut self, session: SessionIdx, at: Timestamp) {
        self.note(Some(at), session, PUSHED, &EventKind::Error(Untrusted::from("")));
    }

    /// Removes a failure that a hook reported, because a file reports it now.
    pub(super) fn forget_pushed_failure(&mut self, session: SessionIdx, at: Timestamp) {
        if let Some(own) = self.sessions.get_mut(&session).filter(|own| own.has_pushed) {
            own.retain(|event| event.file != PUSHED || !is_same(event.at, at));
        }
    }

    /// Prepares for reading a file again: removes the events without an id, which would count twice.
    pub(super) fn reset_file(&mut self, file: FileId) {
        for own in self.sessions.values_mut() {
            own.retain(|event| event.file != file || matches!(event.kind, RateEventKind::Call(_)));
        }
    }

    /// Notes that responses of these sessions count differently than before, perhaps in other sessions.
    pub(super) fn recount(&mut self, stale: &[SessionIdx], responses: &ResponseBook) {
        for session in stale {
            let Some(own) = self.sessions.get_mut(session) else { continue };
            own.sums = None;
            let is_elsewhere =
                |response: &mut ResponseIdx| responses.owner(*response).is_some_and(|owner| owner != *session);
            let moved: Vec<ResponseIdx> = own.responses.extract_if(.., is_elsewhere).collect();
            for response in moved {
                if let Some(owner) = responses.owner(response) {
                    self.sessions.entry(owner).or_default().add_response(response);
                }
            }
        }
    }

    /// The sums of the rolling windows over a session at the top with its subagents.
    pub(super) fn paces_of(&mut self, root: SessionIdx, context: PaceContext<'_>) -> [ActivityWindow; 3] {
        let mut sum = ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty);
        let mut members = vec![root];
        while let Some(member) = members.pop() {
            members.extend(context.family.children(member));
            if let Some(own) = self.sessions.get_mut(&member) {
                let own = own.sums_in(member, self.started, context);
                sum.iter_mut().zip(&own.rolling).for_each(|(sum, own)| merge(sum, own));
            }
        }
        sum
    }

    /// Sums over all sessions; and for the rolling windows, over each session with its subagents.
    pub(super) fn paces(&mut self, context: PaceContext<'_>) -> PaceSummary {
        let PaceContext { sessions, family, now, .. } = context;
        let mut all = ActivityRates {
            rolling: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
            since_start: ActivityWindow::empty(now.since(self.started)),
            ..ActivityRates::default()
        };
        let mut by_session: HashMap<SessionKey, [ActivityWindow; 3]> = HashMap::new();
        let mut stops: HashMap<StopReason, u64> = HashMap::new();
        self.sessions.retain(|&session, own| {
            let sums = own.sums_in(session, self.started, context);
            merge(&mut all.since_start, &sums.since_start);
            all.compactions += sums.compactions;
            for stop in &sums.stops {
                *stops.entry(*stop).or_default() += 1;
            }
            if !sums.rolling[2].is_empty() {
                let root = &sessions[family.root(session).at()].key;
                let nothing = || ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty);
                let of_root = by_session.entry(root.clone()).or_insert_with(nothing);
                for ((all, own), sum) in all.rolling.iter_mut().zip(of_root).zip(&sums.rolling) {
                    merge(all, sum);
                    merge(own, sum);
                }
            }
            !own.responses.is_empty() || !own.events.is_empty()
        });
        all.stops = stops.into_iter().collect();
        all.stops.sort_by_key(|&(stop, times)| (std::cmp::Reverse(times), stop.as_str()));
        PaceSummary { all: Arc::new(all), by_session }
    }
}

impl SessionActivity {
    fn add_response(&mut self, response: ResponseIdx) {
        self.responses.push(response);
        self.sums = None;
    }

    /// Keeps the events that `stays` accepts.
    fn retain(&mut self, stays: impl Fn(&RateEvent) -> bool) {
        let before = self.events.len();
        self.events.retain(stays);
        if self.events.len() != before {
            self.sums = None;
        }
    }

    /// Its sums from `started` to now, in the billing of its client.
    fn sums_in(&mut self, session: SessionIdx, started: Timestamp, context: PaceContext<'_>) -> &ActivitySums {
        let PaceContext { sessions, responses, plan, rates, now, .. } = context;
        let is_covered = plan.covers(sessions[session.at()].key.client);
        let by_plan = |sums: ActivitySums| if is_covered { sums.covered() } else { sums };
        self.sums((started, now), responses, rates, by_plan)
    }

    /// Its sums from `started` to now. They are made again if they are no longer valid, and what is in no window any more is
    /// dropped. `by_plan` marks what a subscription covers.
    fn sums(
        &mut self,
        (started, now): (Timestamp, Timestamp),
        responses: &ResponseBook,
        rates: &Rates<'_>,
        by_plan: impl FnOnce(ActivitySums) -> ActivitySums,
    ) -> &ActivitySums {
        let kept = self.sums.take().filter(|sums| sums.valid.0 <= now && now < sums.valid.1);
        let sums = kept.unwrap_or_else(|| {
            let oldest = started.min(now.minus(MAX_WINDOW));
            self.responses
                .retain(|&response| responses.counted_at(response).is_none_or(|response| response.at() >= oldest));
            self.events.retain(|event| event.at >= oldest);
            by_plan(self.sum_up(started, responses, rates, now))
        });
        self.sums.insert(sums)
    }

    fn sum_up(&self, started: Timestamp, responses: &ResponseBook, rates: &Rates<'_>, now: Timestamp) -> ActivitySums {
        let mut sums = ActivitySums::at(now);
        for merged in self.responses.iter().filter_map(|&response| responses.counted_at(response)) {
            let mut sum = SpendSum::default();
            sum.add(merged, rates);
            sums.add(merged.at(), started, |pace| {
                pace.requests += sum.turns;
                pace.stops += u64::from(merged.response.stop.is_some());
                pace.cut_off += u64::from(merged.response.stop == Some(StopReason::MaxTokens));
                pace.usage += sum.usage;
                pace.spend += sum.spend;
            });
            sums.stops.extend(merged.response.stop.filter(|_| merged.at() >= started));
        }
        for event in &self.events {
            sums.add(event.at, started, |pace| match event.kind {
                RateEventKind::Call(_) => pace.tool_calls += 1,
                RateEventKind::Error => pace.errors += 1,
                RateEventKind::Compaction => {}
            });
        }
        let is_compaction = |event: &&RateEvent| event.kind == RateEventKind::Compaction && event.at >= started;
        sums.compactions = self.events.iter().filter(is_compaction).count() as u64;
        sums
    }
}

impl ActivitySums {
    fn at(now: Timestamp) -> Self {
        Self {
            rolling: ActivityRates::ROLLING_SPANS.map(ActivityWindow::empty),
            since_start: ActivityWindow::default(),
            stops: Vec::new(),
            compactions: 0,
            valid: (now, NEVER),
        }
    }

    /// The same sums, marked as covered by a subscription.
    fn covered(mut self) -> Self {
        self.rolling.iter_mut().chain([&mut self.since_start]).for_each(|pace| pace.spend.cover());
        self
    }

    fn add(&mut self, at: Timestamp, started: Timestamp, add: impl Fn(&mut ActivityWindow)) {
        if at >= started {
            add(&mut self.since_start);
        }
        let age = self.valid.0.since(at);
        for pace in self.rolling.iter_mut().filter(|pace| age <= pace.span) {
            add(pace);
            self.valid.1 = self.valid.1.min(at.plus(pace.span).plus(Duration::from_millis(1)));
        }
    }
}

/// Adds the counts of another pace; the span stays.
fn merge(sum: &mut ActivityWindow, other: &ActivityWindow) {
    sum.requests += other.requests;
    sum.errors += other.errors;
    sum.tool_calls += other.tool_calls;
    sum.stops += other.stops;
    sum.cut_off += other.cut_off;
    sum.usage += other.usage;
    sum.spend += other.spend;
}

/// What the sums depend on.
#[derive(Clone, Copy)]
pub(super) struct PaceContext<'a> {
    pub(super) sessions: &'a [SessionState],
    pub(super) responses: &'a ResponseBook,
    pub(super) plan: BillingPlan,
    pub(super) family: &'a Family,
    pub(super) rates: &'a Rates<'a>,
    pub(super) now: Timestamp,
}

/// The sums of all windows.
#[derive(Clone, Debug, Default)]
pub(crate) struct PaceSummary {
    pub(crate) all: Arc<ActivityRates>,
    /// Of sessions at the top with their subagents, if they had any activity.
    pub(crate) by_session: HashMap<SessionKey, [ActivityWindow; 3]>,
}
