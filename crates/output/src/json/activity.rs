use agtop_model::{ActivityRates, ActivityWindow, LifecycleEvent, Snapshot};
use serde::Serialize;

use crate::json::wire;

/// Series over the snapshots of one run, oldest first. One snapshot has none.
#[derive(Default, Serialize)]
pub(crate) struct HistoryJson {
    total: Vec<f64>,
    active: Vec<f64>,
    busy: Vec<f64>,
    cpu: Vec<f64>,
    mem: Vec<f64>,
    tokens_rate: Vec<f64>,
    fresh_tokens_rate: Vec<f64>,
}

impl HistoryJson {
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

/// An agent that started or exited.
#[derive(Serialize)]
pub(crate) struct LifecycleJson {
    at_ms: i64,
    kind: &'static str,
    pid: u32,
    label: String,
    client: &'static str,
    project: Option<String>,
}

impl From<&LifecycleEvent> for LifecycleJson {
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

/// Usage over the last minutes.
#[derive(Serialize)]
pub(crate) struct RatesJson {
    #[serde(rename = "1m")]
    one_minute: RateWindowJson,
    #[serde(rename = "5m")]
    five_minutes: RateWindowJson,
    #[serde(rename = "15m")]
    fifteen_minutes: RateWindowJson,
    since_start: RateWindowJson,
    stop_reasons: Vec<(&'static str, u64)>,
    compactions: u64,
}

impl From<&ActivityRates> for RatesJson {
    fn from(rates: &ActivityRates) -> Self {
        Self {
            one_minute: rates.one_minute().into(),
            five_minutes: rates.five_minutes().into(),
            fifteen_minutes: rates.fifteen_minutes().into(),
            since_start: (&rates.since_start).into(),
            stop_reasons: rates.stops.iter().map(|(stop, times)| (stop.as_str(), *times)).collect(),
            compactions: rates.compactions,
        }
    }
}

/// Sums and rates over a span of time. A rate is null if there is nothing to divide by, an amount if no price is known.
#[derive(Serialize)]
pub(crate) struct RateWindowJson {
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

impl From<&ActivityWindow> for RateWindowJson {
    fn from(window: &ActivityWindow) -> Self {
        let share = |percent: Option<f64>| percent.map(|percent| percent / 100.0).and_then(wire::finite);
        let is_unused = window.requests == 0;
        Self {
            requests: window.requests,
            requests_per_minute: window.requests_per_minute().and_then(wire::finite),
            errors: window.errors,
            error_rate: share(window.error_percent()),
            input_tokens: window.usage.input,
            output_tokens: window.usage.output,
            tokens_per_minute: window.tokens_per_minute().and_then(wire::finite),
            fresh_tokens_per_minute: window.fresh_tokens_per_minute().and_then(wire::finite),
            cache_hit_tokens: window.usage.cache_read,
            cache_write_tokens: window.usage.cache_write(),
            cache_hit_rate: share(window.hit_percent()),
            cost_usd: if is_unused { Some(0.0) } else { wire::dollars(&window.spend) },
            cost_per_hour_usd: window.usd_per_hour().and_then(wire::finite),
            tool_calls: window.tool_calls,
            max_tokens_share: share(window.max_tokens_percent()),
        }
    }
}
