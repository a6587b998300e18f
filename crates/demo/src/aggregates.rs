//! Totals, rates, timings and history of the demo.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    ActivityRates, ActivityWindow, Agent, ClientId, DayModel, History, HistoryPoint, ModelSpend, PicoUsd, Quantiles,
    Session, Spend, StopReason, Timestamp, Timings, ToolTime, Totals, Usage, UsageRow,
};
use jiff::tz::TimeZone;

use crate::catalog::{CLAUDE, CODEX};
use crate::moment::DemoMoment;
use crate::random::{fraction, whole};
use crate::sessions::is_at_work;
use crate::story::{StepKind, tool};
use crate::usage_rows;

/// How long tools take, the slowest first.
pub(super) fn timings(agents: &[Agent]) -> Timings {
    let spans = |n: usize, millis: f64| {
        let span =
            |stream: u64| Duration::from_secs_f64(millis / 1000.0 * (0.3 + 6.0 * fraction(n, 900 + stream).powi(6)));
        Quantiles::of((0..64).map(span))
    };
    let clients = [CLAUDE, CODEX].into_iter().filter(|client| agents.iter().any(|agent| agent.client == *client));
    let tools =
        clients.flat_map(|client| tool_millis(client).into_iter().map(move |(tool, millis)| (client, tool, millis)));
    let mut tools: Vec<ToolTime> = tools
        .enumerate()
        .filter_map(|(n, (client, tool, millis))| {
            Some(ToolTime { client, tool: tool.into(), times: spans(n, millis)? })
        })
        .collect();
    tools.sort_by_key(|tool| std::cmp::Reverse(tool.times.p95));
    let is_measured = !tools.is_empty();
    let latency = |n, millis| spans(n, millis).filter(|_| is_measured);
    let by_session = agents.iter().enumerate().filter_map(|(at, agent)| {
        let session = agent.session.as_ref()?;
        let is_own =
            |tool: &&ToolTime| tool.client == agent.client && session.tools.iter().any(|used| used.name == tool.tool);
        // Each session has times of its own, for the tools that it used.
        let own = |(n, tool): (usize, &ToolTime)| {
            Some(ToolTime { times: spans(at * 31 + n, tool.times.median.as_secs_f64() * 900.0)?, ..tool.clone() })
        };
        let mut own: Vec<ToolTime> = tools.iter().filter(is_own).enumerate().filter_map(own).collect();
        own.sort_by_key(|tool| std::cmp::Reverse(tool.times.p95));
        Some((session.key.clone(), own.into()))
    });
    let by_session = Arc::new(by_session.collect());
    Timings { by_session, tools, first_tool: latency(70, 3_000.0), turn: latency(71, 48_000.0) }
}

/// Typical times of tool calls in milliseconds.
const STEP_MILLIS: [(StepKind, f64); 4] =
    [(StepKind::Run, 4_200.0), (StepKind::Read, 60.0), (StepKind::Edit, 90.0), (StepKind::Search, 220.0)];

/// The tools of that client, each with a typical time in milliseconds; the longest of those with one name.
fn tool_millis(client: ClientId) -> Vec<(&'static str, f64)> {
    let mut all: Vec<(&str, f64)> = Vec::new();
    for (kind, millis) in STEP_MILLIS {
        if let Some(name) = tool(client, kind).filter(|name| all.iter().all(|(known, _)| known != name)) {
            all.push((name, millis));
        }
    }
    all
}

/// The totals of the usage of all time.
pub(super) fn totals(moment: &DemoMoment, sessions: &[Arc<Session>]) -> Totals {
    let mut totals = Totals { time_zone: moment.zone.iana_name().unwrap_or("UTC").to_owned(), ..Totals::default() };
    let table = usage_rows::table(moment, sessions);
    let mut days: BTreeMap<(String, ClientId, Option<Arc<str>>), ModelSpend> = BTreeMap::new();
    for row in &table.rows {
        let Some(session) = table.session(row) else { continue };
        let day = row.at.map_or_else(String::new, |at| day(at, moment.zone));
        let entry = days.entry((day, session.client(), row.model.clone()));
        entry.or_insert_with(|| no_usage(row.model.as_deref())).merge(&of_row(row));
    }
    totals.by_day = days.into_iter().map(|((day, client, _), spend)| DayModel { day, client, spend }).collect();
    for day in totals.by_day.clone() {
        totals.usage += day.spend.usage;
        totals.spend += day.spend.spend;
        totals.turns += day.spend.turns;
    }
    totals.by_model = by_model(&totals.by_day);
    totals.by_client = by_client(&totals.by_day);
    totals
}

fn of_row(row: &UsageRow) -> ModelSpend {
    ModelSpend { model: row.model.clone(), usage: row.usage, spend: row.spend, turns: row.turns }
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| "unknown".to_owned(), |at| at.to_zoned(zone.clone()).date().to_string())
}

fn no_usage(model: Option<&str>) -> ModelSpend {
    ModelSpend { model: model.map(Arc::from), usage: Usage::default(), spend: Spend::default(), turns: 0 }
}

fn by_model(days: &[DayModel]) -> Vec<ModelSpend> {
    let mut models: BTreeMap<Option<Arc<str>>, ModelSpend> = BTreeMap::new();
    for day in days {
        models.entry(day.spend.model.clone()).or_insert_with(|| no_usage(day.spend.model.as_deref())).merge(&day.spend);
    }
    let mut models: Vec<ModelSpend> = models.into_values().collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.spend.amount));
    models
}

fn by_client(days: &[DayModel]) -> Vec<(ClientId, ModelSpend)> {
    let mut clients: BTreeMap<ClientId, ModelSpend> = BTreeMap::new();
    for day in days {
        clients.entry(day.client).or_insert_with(|| no_usage(None)).merge(&day.spend);
    }
    clients.into_iter().collect()
}

pub(super) fn rates(agents: &[Agent], elapsed: f64) -> ActivityRates {
    let sum = |at: usize, span: Duration| {
        let mut all = ActivityWindow::empty(span);
        for window in agents.iter().filter_map(|agent| agent.rates.get(at)) {
            all.requests += window.requests;
            all.tool_calls += window.tool_calls;
            all.stops += window.stops;
            all.usage += window.usage;
            all.spend += window.spend;
        }
        all.errors = all.requests / 60;
        all.cut_off = all.stops / 120;
        all
    };
    let [one, five, fifteen] = ActivityRates::ROLLING_SPANS;
    let fifteen_minutes = sum(2, fifteen);
    ActivityRates {
        rolling: [sum(0, one), sum(1, five), fifteen_minutes],
        since_start: share_of(&fifteen_minutes, elapsed),
        stops: vec![(StopReason::ToolUse, 212), (StopReason::EndTurn, 41), (StopReason::MaxTokens, 2)],
        compactions: 3,
    }
}

/// The share of a quarter of an hour that falls into that many seconds.
fn share_of(quarter: &ActivityWindow, seconds: f64) -> ActivityWindow {
    let share = seconds / quarter.span.as_secs_f64();
    let share_of_count = |count: u64| whole(count as f64 * share);
    let usage = &quarter.usage;
    let usage = Usage {
        input: share_of_count(usage.input),
        cache_read: share_of_count(usage.cache_read),
        cache_write_5m: share_of_count(usage.cache_write_5m),
        output: share_of_count(usage.output),
        ..Usage::default()
    };
    let money = |amount: PicoUsd| PicoUsd::from_usd(amount.as_usd() * share).unwrap_or_default();
    let Spend { amount, covered, embedded, .. } = quarter.spend;
    let (amount, covered, embedded) = (money(amount), money(covered), money(embedded));
    ActivityWindow {
        span: Duration::from_secs_f64(seconds),
        requests: share_of_count(quarter.requests),
        errors: share_of_count(quarter.errors),
        tool_calls: share_of_count(quarter.tool_calls),
        stops: share_of_count(quarter.stops),
        cut_off: share_of_count(quarter.cut_off),
        usage,
        spend: Spend { amount, covered, embedded, ..quarter.spend },
    }
}

/// A number from 0 to 1 that changes smoothly, to another value each second.
fn noise(when: f64, stream: u64) -> f64 {
    let second = when.floor();
    let value = |offset: f64| fraction(usize::try_from(whole(second + offset + 100_000.0)).unwrap_or(0), stream);
    let part = when - second;
    let part = part * part * (3.0 - 2.0 * part);
    value(0.0) * (1.0 - part) + value(1.0) * part
}

/// How busy the processors were at that time, around 1: builds and tests come and go.
fn cpu_wave(when: f64) -> f64 {
    1.0 + 0.35 * (when / 17.0).sin() + 0.2 * (when / 5.0).sin() + 0.25 * (noise(when / 2.0, 61) - 0.5)
}

/// How many tokens were used at that time, around 1: in bursts, when responses end.
fn token_wave(when: f64) -> f64 {
    let burst = noise(when / 7.0, 62).powi(4) * 2.6;
    0.45 + burst + 0.3 * (when / 41.0).cos()
}

pub(super) fn history(moment: &DemoMoment, agents: &[Agent], rates: &ActivityRates) -> History {
    let mut history = History::default();
    let count = |is_one: fn(&Agent) -> bool| u32::try_from(agents.iter().filter(|a| is_one(a)).count()).unwrap_or(0);
    let cpu: f64 = agents.iter().filter_map(|agent| agent.cpu_percent.ok()).sum();
    let memory: u64 = agents.iter().filter_map(|agent| agent.process.rss.ok()).sum();
    let minute = rates.one_minute();
    let (fresh, tokens) = (minute.fresh_tokens_per_minute().unwrap_or(0.0), minute.tokens_per_minute().unwrap_or(0.0));
    for back in (0..160_u32).rev() {
        let when = moment.elapsed - 1.5 * f64::from(back);
        let wave = cpu_wave(when) / cpu_wave(moment.elapsed);
        let tokens_wave = token_wave(when) / token_wave(moment.elapsed);
        history.push(HistoryPoint {
            at: moment.ago(1.5 * f64::from(back)),
            agents: count(|_| true),
            busy: count(|agent| is_at_work(agent.status)),
            active: count(|agent| agent.status == agtop_model::Status::Active),
            cpu_percent: cpu * wave,
            memory: whole(memory as f64 * (0.9 + 0.1 * wave)),
            fresh_tokens_per_minute: fresh * tokens_wave,
            tokens_per_minute: tokens * tokens_wave,
        });
    }
    history
}
