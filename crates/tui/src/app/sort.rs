use std::cmp::{Ordering, Reverse};

use agtop_model::{Agent, Field, FieldValue, SnapshotRow, Status};
use agtop_query::SortKey;

/// By what rows are sorted, and which way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sort {
    pub(crate) key: SortKey,
    pub(crate) direction: Direction,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The interesting end: large numbers, the start of the alphabet.
    #[default]
    Usual,
    /// The other.
    Turned,
}

impl Direction {
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Usual => Self::Turned,
            Self::Turned => Self::Usual,
        }
    }
}

impl PartialEq for Sort {
    fn eq(&self, other: &Self) -> bool {
        (self.key.as_str(), self.direction) == (other.key.as_str(), other.direction)
    }
}

/// The sort keys that one key goes through: agtop 2's first.
const CYCLE: &[&str] = &["smart", "cpu", "mem", "tokens", "uptime", "client", "cost", "context", "active"];

/// Fields whose small values are the interesting ones.
const SMALLEST_FIRST: &[&str] = &["status", "pid", "active"];

impl Sort {
    /// The next key of the cycle, the usual way round.
    pub(crate) fn next(self) -> Self {
        let at = CYCLE.iter().position(|name| *name == self.key.as_str());
        let next = at.map_or(0, |at| (at + 1) % CYCLE.len());
        let key = CYCLE.get(next).and_then(|name| name.parse().ok()).unwrap_or_default();
        Self { key, direction: Direction::Usual }
    }

    /// Brings rows into order. Rows that are alike in what is sorted by stay in the order of their start, so that no
    /// row moves without a reason; what is missing is always last.
    pub(crate) fn sort<'a, T>(self, things: &mut [T], row: impl Fn(&T) -> SnapshotRow<'a>) {
        things.sort_by_cached_key(|thing| self.rank(&row(thing)));
    }

    /// A row's place in the order.
    pub(crate) fn rank(self, row: &SnapshotRow<'_>) -> Rank {
        let place = match self.key {
            SortKey::Smart => Place::Number(Total(f64::from(urgency(row.status())))),
            SortKey::Field(field) => place(field, row),
        };
        (if self.direction == Direction::Turned { place.turned() } else { place }, start(row))
    }
}

/// The place of a row among others: lower comes first.
pub(crate) type Rank = (Place, Start);

/// When it began, newest first. Those that began together stay in the snapshot's order.
pub(crate) type Start = (Reverse<i64>, u32);

fn start(row: &SnapshotRow<'_>) -> Start {
    let of_session = || row.session.and_then(|session| session.last_active.or(session.started));
    match row.agent {
        Some(agent) => {
            let at = agent.process.started_at.ok().map_or(0, agtop_model::Timestamp::as_millis);
            (Reverse(at), agent.process.id.pid)
        }
        None => (Reverse(of_session().map_or(0, agtop_model::Timestamp::as_millis)), 0),
    }
}

/// How much a status wants its person. Statuses between which an agent at work goes to and fro are alike, so that rows
/// stand still.
const fn urgency(status: Status) -> u8 {
    match status {
        Status::NeedsPermission => 0,
        Status::NeedsInput => 1,
        Status::Stalled => 2,
        Status::RateLimited => 3,
        Status::Error => 4,
        Status::Spawning | Status::Working | Status::Active => 5,
        Status::Idle => 6,
        Status::Done | Status::Resumable | Status::Unknown => 7,
        Status::Stale => 8,
    }
}

/// Processor use smoothed over the last readings, so that a list sorted by it can be read; each reading counts four
/// tenths against those before it, as in agtop 2.
pub(crate) fn smooth_cpu(agent: &Agent) -> Option<f64> {
    let latest = agent.cpu_percent.ok().filter(|percent| percent.is_finite())?;
    let recent = agent.cpu_history.iter().rev().take(12).rev().map(|&percent| f64::from(percent));
    Some(recent.filter(|percent| percent.is_finite()).reduce(|mean, next| 0.6 * mean + 0.4 * next).unwrap_or(latest))
}

/// The place of a value among others.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Number(Total),
    Text(String),
    TurnedText(Reverse<String>),
    Missing,
}

impl Place {
    fn turned(self) -> Self {
        match self {
            Self::Number(Total(number)) => Self::Number(Total(-number)),
            Self::Text(text) => Self::TurnedText(Reverse(text)),
            other => other,
        }
    }
}

/// A number in the total order of IEEE 754.
pub(crate) struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Total {}

fn place(field: &Field, row: &SnapshotRow<'_>) -> Place {
    let number = match (field.get)(row) {
        _ if field.id == "cpu" => row.agent.and_then(smooth_cpu),
        FieldValue::Text(text) => return Place::Text(text.to_lowercase()),
        FieldValue::Untrusted(text) => return Place::Text(text.raw().to_lowercase()),
        FieldValue::Status(status) => Some(f64::from(status as u8)),
        FieldValue::Count(n) | FieldValue::Tokens(n) | FieldValue::Bytes(n) => Some(n as f64),
        FieldValue::Percent(percent) => Some(percent).filter(|percent| !percent.is_nan()),
        FieldValue::Money(amount) | FieldValue::MoneyAtLeast(amount) => Some(amount.as_usd()),
        FieldValue::Span(span) => Some(span.as_secs_f64()),
        FieldValue::Time(at) => Some(at.as_millis() as f64),
        FieldValue::Gap(_) => None,
    };
    let sign = if SMALLEST_FIRST.contains(&field.id) { 1.0 } else { -1.0 };
    number.map_or(Place::Missing, |number| Place::Number(Total(sign * number)))
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;

    use super::*;

    fn pids(sort: Sort, snapshot: &agtop_model::Snapshot) -> Vec<u32> {
        let mut agents: Vec<&Agent> = snapshot.agents.iter().collect();
        sort.sort(&mut agents, |agent| SnapshotRow::of_agent(snapshot.now, agent));
        agents.iter().map(|agent| agent.process.id.pid).collect()
    }

    #[test]
    fn the_cycle_goes_round_through_agtop_2s_keys_first() {
        let mut sort = Sort::default();
        let mut names = vec![];
        for _ in 0..CYCLE.len() {
            names.push(sort.key.as_str());
            sort = sort.next();
        }
        assert_eq!(names[..6], ["smart", "cpu", "mem", "tokens", "uptime", "client"]);
        assert_eq!(sort.key.as_str(), "smart");
    }

    #[test]
    fn rows_stand_still_while_agents_change_between_kinds_of_work() {
        let before = demo::crowd(14, 14);
        let mut after = before.clone();
        after.agents = after
            .agents
            .iter()
            .cloned()
            .map(|agent| match agent.status {
                Status::Working => Agent { status: Status::Active, ..agent },
                Status::Active => Agent { status: Status::Spawning, ..agent },
                _ => agent,
            })
            .collect();
        assert_eq!(pids(Sort::default(), &before), pids(Sort::default(), &after));
    }

    #[test]
    fn turned_round_the_order_is_the_other_way_but_gaps_stay_last() {
        let mut snapshot = demo::crowd(6, 6);
        let mut agents = snapshot.agents.to_vec();
        agents[2].session = None;
        snapshot.agents = agents.into();
        let gap = snapshot.agents[2].process.id.pid;
        let sort = Sort { key: "tokens".parse().unwrap(), direction: Direction::Usual };
        let usual = pids(sort, &snapshot);
        let mut turned = pids(Sort { direction: Direction::Turned, ..sort }, &snapshot);
        assert_eq!((usual[5], turned[5]), (gap, gap));
        turned[..5].reverse();
        assert_eq!(usual, turned);
    }

    #[test]
    fn processor_use_is_smoothed() {
        let mut agent = demo::crowd(1, 1).agents[0].clone();
        agent.cpu_history = [0.0, 100.0].into();
        agent.cpu_percent = Ok(100.0);
        assert!((smooth_cpu(&agent).unwrap() - 40.0).abs() < 1e-9);
    }
}
