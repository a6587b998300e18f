//! Figures of a snapshot that several parts of the screen show.

use std::sync::Arc;

use agtop_format::units;
use agtop_model::{Agent, ClientId, Liveness, RateLimitWindow, Snapshot, Spend, Timestamp};
use jiff::tz::TimeZone;

use crate::look::Tone;
use crate::views::used_up_in;

/// Agents whose processes have not ended.
pub(crate) fn live_agents(snapshot: &Snapshot) -> impl Iterator<Item = &Agent> {
    snapshot.agents.iter().map(Arc::as_ref).filter(|agent| agent.liveness == Liveness::Live)
}

/// The resident memory of all live agents, in bytes.
pub(crate) fn resident_memory(snapshot: &Snapshot) -> u64 {
    let memory = Agent::each_process(live_agents(snapshot)).filter_map(|agent| agent.process.rss.ok());
    memory.fold(0, u64::saturating_add)
}

/// The cost of the day of the snapshot, in the time zone of its days.
pub(crate) fn spent_today(snapshot: &Snapshot, today: &str) -> Spend {
    let days = snapshot.totals.by_day.iter().rev().take_while(|day| day.day == today || day.day == "unknown");
    let mut sum = Spend::default();
    days.filter(|day| day.day == today).for_each(|day| sum += day.spend.spend);
    sum
}

/// The day of the snapshot: `YYYY-MM-DD`.
pub(crate) fn today(snapshot: &Snapshot, zone: &TimeZone) -> String {
    units::moment(snapshot.now, zone).split(' ').next().unwrap_or_default().to_owned()
}

/// The windows of all rate limits, the fullest first.
pub(crate) fn windows_by_use(snapshot: &Snapshot) -> Vec<(ClientId, &RateLimitWindow)> {
    let all = snapshot.allowances().flat_map(|known| known.windows().map(move |window| (known.client, window)));
    let mut all: Vec<_> = all.collect();
    all.sort_by(|(_, one), (_, other)| other.used_percent.total_cmp(&one.used_percent));
    all
}

/// When a window will be used up, if that is before its reset, or else when it resets.
pub(crate) fn window_outlook(window: &RateLimitWindow, now: Timestamp) -> Option<(String, Tone)> {
    let full = used_up_in(window, now).map(|until| (format!("full in {}", units::span(until)), Tone::Warn));
    full.or_else(|| Some((format!("↻ {}", units::span(window.resets_at?.since(now))), Tone::Dim)))
}
