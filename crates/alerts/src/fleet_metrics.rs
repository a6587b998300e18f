//! The words of the filter language for all agents together.

use std::sync::Arc;

use agtop_model::{ActivityWindow, Agent, FieldKind, FieldValue, Gap, Liveness, Snapshot};
use agtop_query::{FilterWord, Substring, needs_user};

/// A figure of all agents together.
pub(super) struct FleetMetric {
    pub(super) id: &'static str,
    kind: FieldKind,
    get: for<'a> fn(&'a Snapshot) -> FieldValue<'a>,
    /// The value in a line that shows nothing else, made from the number with its unit.
    phrase: fn(&str) -> String,
}

pub(super) static FLEET_METRICS: &[FleetMetric] = &[
    FleetMetric {
        id: "agents",
        kind: FieldKind::Count,
        get: |snapshot| count(live_agents(snapshot).count()),
        phrase: str::to_owned,
    },
    FleetMetric {
        id: "waiting",
        kind: FieldKind::Count,
        get: |snapshot| count(live_agents(snapshot).filter(|agent| needs_user(agent.status)).count()),
        phrase: str::to_owned,
    },
    FleetMetric {
        id: "burn",
        kind: FieldKind::Money,
        get: |snapshot| FieldValue::spent_per_hour(&last_minute(snapshot).metered()),
        phrase: |n| format!("{n}/h"),
    },
    FleetMetric {
        id: "minute_cost",
        kind: FieldKind::Money,
        get: |snapshot| FieldValue::spent_in(&last_minute(snapshot).metered()),
        phrase: per_minute,
    },
    FleetMetric {
        id: "minute_tokens",
        kind: FieldKind::Tokens,
        get: |snapshot| FieldValue::Tokens(last_minute(snapshot).usage.total()),
        phrase: per_minute,
    },
    FleetMetric {
        id: "minute_output",
        kind: FieldKind::Tokens,
        get: |snapshot| FieldValue::Tokens(last_minute(snapshot).usage.output),
        phrase: per_minute,
    },
    FleetMetric {
        id: "minute_errors",
        kind: FieldKind::Count,
        get: |snapshot| FieldValue::Count(last_minute(snapshot).errors),
        phrase: per_minute,
    },
    FleetMetric {
        id: "minute_hit",
        kind: FieldKind::Percent,
        get: |snapshot| {
            last_minute(snapshot).hit_percent().map_or(FieldValue::Gap(Gap::NotReported), FieldValue::Percent)
        },
        phrase: per_minute,
    },
    FleetMetric {
        id: "lost_records",
        kind: FieldKind::Count,
        get: |snapshot| FieldValue::Count(lost_records(snapshot)),
        phrase: |n| format!("{n} {}: agtop doctor", if n == "1" { "record" } else { "records" }),
    },
];

impl FilterWord for &'static FleetMetric {
    type Subject<'a> = &'a Snapshot;
    const HAS_FREE_TEXT: bool = false;

    fn named(name: &str) -> Option<Self> {
        FLEET_METRICS.iter().find(|metric| metric.id == name)
    }

    fn id(self) -> &'static str {
        self.id
    }

    fn kind(self) -> FieldKind {
        self.kind
    }

    fn value<'a>(self, subject: &Self::Subject<'a>) -> FieldValue<'a> {
        (self.get)(subject)
    }

    fn contains(_: &Substring, _: &Self::Subject<'_>) -> bool {
        false
    }

    fn phrase(self, shown: &str) -> String {
        (self.phrase)(shown)
    }
}

/// The agents that run. One that has just ended is in one more snapshot.
pub(super) fn live_agents(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Agent>> {
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
