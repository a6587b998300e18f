//! What can be asked of all agents together, and of a window of an allowance: the same language, other words.

use std::borrow::Cow;

use agtop_model::{
    ActivityWindow, Agent, ClientId, FieldKind, FieldValue, Gap, Liveness, RateLimit, RateLimitWindow, Snapshot,
    Untrusted,
};
use agtop_query::{Substring, Word, needs_its_person};

/// A window of an account's allowance.
#[derive(Clone, Copy)]
pub(super) struct Allowance<'a> {
    pub(super) client: ClientId,
    pub(super) limit: &'a RateLimit,
    pub(super) window: &'a RateLimitWindow,
}

type OfFleet = for<'a> fn(&'a Snapshot) -> FieldValue<'a>;
type OfQuota = for<'a> fn(&Allowance<'a>) -> FieldValue<'a>;

/// A word, and how it is read from what it asks.
pub(crate) struct Metric<G> {
    id: &'static str,
    kind: FieldKind,
    get: G,
    /// The value in a line, around the number alone.
    phrase: fn(&str) -> String,
}

/// What words are about.
pub(crate) trait Topic: Copy + 'static {
    /// What is asked.
    type Of<'a>;
    /// How it is asked.
    type Get: Copy + 'static;

    /// The words.
    fn metrics() -> &'static [Metric<Self::Get>];

    /// Asks it.
    fn ask<'a>(get: &Self::Get, of: &Self::Of<'a>) -> FieldValue<'a>;
}

/// A word about a topic.
#[derive(Clone, Copy)]
pub(super) struct About<T: Topic>(&'static Metric<T::Get>);

/// All agents together.
#[derive(Clone, Copy)]
pub(super) enum Fleet {}

/// A window of an allowance.
#[derive(Clone, Copy)]
pub(super) enum Quota {}

impl Topic for Fleet {
    type Of<'a> = &'a Snapshot;
    type Get = OfFleet;

    fn metrics() -> &'static [Metric<OfFleet>] {
        FLEET
    }

    fn ask<'a>(get: &Self::Get, of: &Self::Of<'a>) -> FieldValue<'a> {
        get(of)
    }
}

impl Topic for Quota {
    type Of<'a> = Allowance<'a>;
    type Get = OfQuota;

    fn metrics() -> &'static [Metric<OfQuota>] {
        QUOTA
    }

    fn ask<'a>(get: &Self::Get, of: &Self::Of<'a>) -> FieldValue<'a> {
        get(of)
    }
}

static FLEET: &[Metric<OfFleet>] = &[
    Metric { id: "agents", kind: FieldKind::Count, get: |all| count(live(all).count()), phrase: str::to_owned },
    Metric {
        id: "waiting",
        kind: FieldKind::Count,
        get: |all| count(live(all).filter(|agent| needs_its_person(agent.status)).count()),
        phrase: str::to_owned,
    },
    Metric {
        id: "burn",
        kind: FieldKind::Money,
        get: |all| FieldValue::spent_per_hour(&minute(all).metered()),
        phrase: |n| format!("{n}/h"),
    },
    Metric {
        id: "minute_cost",
        kind: FieldKind::Money,
        get: |all| FieldValue::spent_in(&minute(all).metered()),
        phrase: in_a_minute,
    },
    Metric {
        id: "minute_tokens",
        kind: FieldKind::Tokens,
        get: |all| FieldValue::Tokens(minute(all).usage.total()),
        phrase: in_a_minute,
    },
    Metric {
        id: "minute_output",
        kind: FieldKind::Tokens,
        get: |all| FieldValue::Tokens(minute(all).usage.output),
        phrase: in_a_minute,
    },
    Metric {
        id: "minute_errors",
        kind: FieldKind::Count,
        get: |all| FieldValue::Count(minute(all).errors),
        phrase: in_a_minute,
    },
    Metric {
        id: "minute_hit",
        kind: FieldKind::Percent,
        get: |all| minute(all).hit_percent().map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Percent),
        phrase: in_a_minute,
    },
    Metric {
        id: "lost_records",
        kind: FieldKind::Count,
        get: |all| FieldValue::Count(lost_records(all)),
        phrase: |n| format!("{n} {}: agtop doctor", if n == "1" { "record" } else { "records" }),
    },
];

static QUOTA: &[Metric<OfQuota>] = &[
    Metric {
        id: "used",
        kind: FieldKind::Percent,
        get: |of| FieldValue::Percent(of.window.used_percent),
        phrase: str::to_owned,
    },
    Metric {
        id: "minutes",
        kind: FieldKind::Count,
        get: |of| FieldValue::Count(of.window.minutes.into()),
        phrase: |n| format!("window of {n} min"),
    },
    Metric {
        id: "client",
        kind: FieldKind::Text,
        get: |of| FieldValue::Text(of.client.as_str().into()),
        phrase: str::to_owned,
    },
    Metric {
        id: "limit",
        kind: FieldKind::Text,
        get: |of| FieldValue::Untrusted(Cow::Owned(Untrusted::new(&*of.limit.limit))),
        phrase: str::to_owned,
    },
];

impl<T: Topic> Word for About<T> {
    type Of<'a> = T::Of<'a>;
    const IS_SEARCHED: bool = false;

    fn named(name: &str) -> Option<Self> {
        T::metrics().iter().find(|metric| metric.id == name).map(Self)
    }

    fn id(self) -> &'static str {
        self.0.id
    }

    fn kind(self) -> FieldKind {
        self.0.kind
    }

    fn value<'a>(self, of: &Self::Of<'a>) -> FieldValue<'a> {
        T::ask(&self.0.get, of)
    }

    fn holds(_: &Substring, _: &Self::Of<'_>) -> bool {
        false
    }

    fn phrase(self, shown: &str) -> String {
        (self.0.phrase)(shown)
    }
}

/// The names of all words.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    FLEET.iter().map(|metric| metric.id).chain(QUOTA.iter().map(|metric| metric.id))
}

/// Agents that run; one that has just ended is in the snapshot once more.
pub(super) fn live(snapshot: &Snapshot) -> impl Iterator<Item = &Agent> {
    snapshot.agents.iter().filter(|agent| agent.liveness == Liveness::Live)
}

fn minute(snapshot: &Snapshot) -> &ActivityWindow {
    snapshot.rates.one_minute()
}

/// Nothing, as long as nothing is missing from the sums.
fn lost_records(snapshot: &Snapshot) -> u64 {
    if snapshot.health.is_degraded() { snapshot.health.issues_total() } else { 0 }
}

fn in_a_minute(shown: &str) -> String {
    format!("{shown} in a minute")
}

fn count(n: usize) -> FieldValue<'static> {
    FieldValue::Count(n as u64)
}
