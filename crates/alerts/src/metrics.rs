//! The words of the filter language for all agents together, and for a window of a rate limit.

use std::borrow::Cow;

use agtop_model::{
    ActivityWindow, Agent, ClientId, FieldKind, FieldValue, Gap, Liveness, RateLimit, RateLimitWindow, Snapshot,
    Untrusted,
};
use agtop_query::{FilterWord, Substring, needs_user};

/// A window of a rate limit of an account.
#[derive(Clone, Copy)]
pub(super) struct QuotaWindow<'a> {
    pub(super) client: ClientId,
    pub(super) limit: &'a RateLimit,
    pub(super) window: &'a RateLimitWindow,
}

type FleetGetter = for<'a> fn(&'a Snapshot) -> FieldValue<'a>;
type QuotaGetter = for<'a> fn(&QuotaWindow<'a>) -> FieldValue<'a>;

/// A word, and how its value is read.
pub(super) struct Metric<G> {
    id: &'static str,
    kind: FieldKind,
    get: G,
    /// The value in a line that shows nothing else, made from the number with its unit.
    phrase: fn(&str) -> String,
}

/// What a set of metrics is read from.
pub(super) trait MetricSource: Copy + 'static {
    /// What they are read from.
    type Subject<'a>;
    /// A function that reads one of them.
    type Getter: Copy + 'static;

    /// All of them.
    fn metrics() -> &'static [Metric<Self::Getter>];

    /// Calls the getter.
    fn read<'a>(getter: &Self::Getter, subject: &Self::Subject<'a>) -> FieldValue<'a>;
}

/// A metric as a word of the filter language.
#[derive(Clone, Copy)]
pub(super) struct MetricWord<T: MetricSource>(&'static Metric<T::Getter>);

/// All agents together.
#[derive(Clone, Copy)]
pub(super) enum FleetMetrics {}

/// One window of a rate limit.
#[derive(Clone, Copy)]
pub(super) enum QuotaMetrics {}

impl MetricSource for FleetMetrics {
    type Subject<'a> = &'a Snapshot;
    type Getter = FleetGetter;

    fn metrics() -> &'static [Metric<FleetGetter>] {
        FLEET_METRICS
    }

    fn read<'a>(getter: &Self::Getter, subject: &Self::Subject<'a>) -> FieldValue<'a> {
        getter(subject)
    }
}

impl MetricSource for QuotaMetrics {
    type Subject<'a> = QuotaWindow<'a>;
    type Getter = QuotaGetter;

    fn metrics() -> &'static [Metric<QuotaGetter>] {
        QUOTA_METRICS
    }

    fn read<'a>(getter: &Self::Getter, subject: &Self::Subject<'a>) -> FieldValue<'a> {
        getter(subject)
    }
}

static FLEET_METRICS: &[Metric<FleetGetter>] = &[
    Metric {
        id: "agents",
        kind: FieldKind::Count,
        get: |snapshot| count(live_agents(snapshot).count()),
        phrase: str::to_owned,
    },
    Metric {
        id: "waiting",
        kind: FieldKind::Count,
        get: |snapshot| count(live_agents(snapshot).filter(|agent| needs_user(agent.status)).count()),
        phrase: str::to_owned,
    },
    Metric {
        id: "burn",
        kind: FieldKind::Money,
        get: |snapshot| FieldValue::spent_per_hour(&last_minute(snapshot).metered()),
        phrase: |n| format!("{n}/h"),
    },
    Metric {
        id: "minute_cost",
        kind: FieldKind::Money,
        get: |snapshot| FieldValue::spent_in(&last_minute(snapshot).metered()),
        phrase: per_minute,
    },
    Metric {
        id: "minute_tokens",
        kind: FieldKind::Tokens,
        get: |snapshot| FieldValue::Tokens(last_minute(snapshot).usage.total()),
        phrase: per_minute,
    },
    Metric {
        id: "minute_output",
        kind: FieldKind::Tokens,
        get: |snapshot| FieldValue::Tokens(last_minute(snapshot).usage.output),
        phrase: per_minute,
    },
    Metric {
        id: "minute_errors",
        kind: FieldKind::Count,
        get: |snapshot| FieldValue::Count(last_minute(snapshot).errors),
        phrase: per_minute,
    },
    Metric {
        id: "minute_hit",
        kind: FieldKind::Percent,
        get: |snapshot| {
            last_minute(snapshot).hit_percent().map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Percent)
        },
        phrase: per_minute,
    },
    Metric {
        id: "lost_records",
        kind: FieldKind::Count,
        get: |snapshot| FieldValue::Count(lost_records(snapshot)),
        phrase: |n| format!("{n} {}: agtop doctor", if n == "1" { "record" } else { "records" }),
    },
];

static QUOTA_METRICS: &[Metric<QuotaGetter>] = &[
    Metric {
        id: "used",
        kind: FieldKind::Percent,
        get: |quota| FieldValue::Percent(quota.window.used_percent),
        phrase: str::to_owned,
    },
    Metric {
        id: "minutes",
        kind: FieldKind::Count,
        get: |quota| FieldValue::Count(quota.window.minutes.into()),
        phrase: |n| format!("window of {n} min"),
    },
    Metric {
        id: "client",
        kind: FieldKind::Text,
        get: |quota| FieldValue::Text(quota.client.as_str().into()),
        phrase: str::to_owned,
    },
    Metric {
        id: "limit",
        kind: FieldKind::Text,
        get: |quota| FieldValue::Untrusted(Cow::Owned(Untrusted::new(&*quota.limit.limit))),
        phrase: str::to_owned,
    },
];

impl<T: MetricSource> FilterWord for MetricWord<T> {
    type Subject<'a> = T::Subject<'a>;
    const HAS_FREE_TEXT: bool = false;

    fn named(name: &str) -> Option<Self> {
        T::metrics().iter().find(|metric| metric.id == name).map(Self)
    }

    fn id(self) -> &'static str {
        self.0.id
    }

    fn kind(self) -> FieldKind {
        self.0.kind
    }

    fn value<'a>(self, subject: &Self::Subject<'a>) -> FieldValue<'a> {
        T::read(&self.0.get, subject)
    }

    fn contains(_: &Substring, _: &Self::Subject<'_>) -> bool {
        false
    }

    fn phrase(self, shown: &str) -> String {
        (self.0.phrase)(shown)
    }
}

/// The names of all metrics.
#[cfg(test)]
pub(super) fn metric_names() -> impl Iterator<Item = &'static str> {
    FLEET_METRICS.iter().map(|metric| metric.id).chain(QUOTA_METRICS.iter().map(|metric| metric.id))
}

/// The agents that run. One that has just ended is in one more snapshot.
pub(super) fn live_agents(snapshot: &Snapshot) -> impl Iterator<Item = &Agent> {
    snapshot.agents.iter().filter(|agent| agent.liveness == Liveness::Live)
}

fn last_minute(snapshot: &Snapshot) -> &ActivityWindow {
    snapshot.rates.one_minute()
}

/// The number of lost records; 0 as long as nothing is missing from the sums.
fn lost_records(snapshot: &Snapshot) -> u64 {
    if snapshot.health.is_degraded() { snapshot.health.issues_total() } else { 0 }
}

fn per_minute(shown: &str) -> String {
    format!("{shown} in a minute")
}

fn count(n: usize) -> FieldValue<'static> {
    FieldValue::Count(n as u64)
}
