use agtop_model::{ActivityRates, ActivityWindow, LifecycleEvent, Snapshot};
use serde::Serialize;

use crate::json::wire;

/// Series over the snapshots of one run, oldest first. One snapshot has none.
#[derive(Default, Serialize)]
pub(crate) struct History {
    total: Vec<f64>,
    active: Vec<f64>,
    busy: Vec<f64>,
    cpu: Vec<f64>,
    mem: Vec<f64>,
    tokens_rate: Vec<f64>,
    fresh_tokens_rate: Vec<f64>,
}

impl History {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let series = |value: fn(&agtop_model::HistoryPoint) -> f64| {
            snapshot.history.points().map(|point| wire::finite(value(point)).unwrap_or(0.0)).collect()
        };
        Self {
            total: series(|point| point.agents.into()),
            active: series(|point| point.active.into()),
            busy: series(|point| point.busy.into()),
            cpu: series(|point| point.cpu_percent),
            mem: series(|point| point.memory as f64),
            tokens_rate: series(|point| point.tokens_per_minute),
            fresh_tokens_rate: series(|point| point.fresh_tokens_per_minute),
        }
    }
}

/// An agent that came or went.
#[derive(Serialize)]
pub(crate) struct Coming {
    at_ms: i64,
    kind: &'static str,
    pid: u32,
    label: String,
    client: &'static str,
    project: Option<String>,
}

impl From<&LifecycleEvent> for Coming {
    fn from(entry: &LifecycleEvent) -> Self {
        Self {
            at_ms: entry.at.as_millis(),
            kind: entry.change.as_str(),
            pid: entry.process.pid,
            label: entry.label.raw().to_owned(),
            client: entry.client.as_str(),
            project: entry.project.as_ref().map(|project| project.raw().to_owned()),
        }
    }
}

/// What was used lately.
#[derive(Serialize)]
pub(crate) struct Rates {
    #[serde(rename = "1m")]
    one_minute: Window,
    #[serde(rename = "5m")]
    five_minutes: Window,
    #[serde(rename = "15m")]
    fifteen_minutes: Window,
    since_start: Window,
    stop_reasons: Vec<(&'static str, u64)>,
    compactions: u64,
}

impl From<&ActivityRates> for Rates {
    fn from(paces: &ActivityRates) -> Self {
        Self {
            one_minute: paces.one_minute().into(),
            five_minutes: paces.five_minutes().into(),
            fifteen_minutes: paces.fifteen_minutes().into(),
            since_start: (&paces.since_start).into(),
            stop_reasons: paces.stops.iter().map(|(stop, times)| (stop.as_str(), *times)).collect(),
            compactions: paces.compactions,
        }
    }
}

/// Sums and rates over a span of time. A rate is null where there is nothing to divide by, an amount where no price is
/// known.
#[derive(Serialize)]
pub(crate) struct Window {
    requests: u64,
    requests_per_minute: Option<f64>,
    errors: u64,
    error_rate: Option<f64>,
    input_tokens: u64,
    output_tokens: u64,
    tokens_per_minute: Option<f64>,
    fresh_tokens_per_minute: Option<f64>,
    cache_hit_tokens: u64,
    cache_write_tokens: u64,
    cache_hit_rate: Option<f64>,
    cost_usd: Option<f64>,
    cost_per_hour_usd: Option<f64>,
    tool_calls: u64,
    max_tokens_share: Option<f64>,
}

impl From<&ActivityWindow> for Window {
    fn from(pace: &ActivityWindow) -> Self {
        let share = |percent: Option<f64>| percent.map(|percent| percent / 100.0).and_then(wire::finite);
        let is_free = pace.requests == 0;
        Self {
            requests: pace.requests,
            requests_per_minute: pace.requests_per_minute().and_then(wire::finite),
            errors: pace.errors,
            error_rate: share(pace.error_percent()),
            input_tokens: pace.usage.input,
            output_tokens: pace.usage.output,
            tokens_per_minute: pace.tokens_per_minute().and_then(wire::finite),
            fresh_tokens_per_minute: pace.fresh_tokens_per_minute().and_then(wire::finite),
            cache_hit_tokens: pace.usage.cache_read,
            cache_write_tokens: pace.usage.cache_write(),
            cache_hit_rate: share(pace.hit_percent()),
            cost_usd: if is_free { Some(0.0) } else { wire::dollars(&pace.spend) },
            cost_per_hour_usd: pace.usd_per_hour().and_then(wire::finite),
            tool_calls: pace.tool_calls,
            max_tokens_share: share(pace.max_tokens_percent()),
        }
    }
}
