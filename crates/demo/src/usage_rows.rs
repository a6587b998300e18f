//! The usage of the demo, from which its totals and its reports are made.

use std::sync::Arc;
use std::time::Duration;

use agtop_model::{Session, SessionDay, Spend, Timestamp, Usage, UsageExtent, UsageRow, UsageTable};

use crate::base;
use crate::catalog::MODELS;
use crate::moment::DemoMoment;
use crate::random::{fraction, whole};
use crate::sessions::{priced, story};

/// Days before today with usage.
const PAST_DAYS: u64 = 120;
const DAY: Duration = Duration::from_hours(24);
/// Days back to which the listed sessions reach: the others used less then.
const LISTED_DAYS: u64 = 8;

/// The usage of the listed sessions, and of older ones that are not listed.
pub(crate) fn table(moment: &DemoMoment, sessions: &[Arc<Session>]) -> UsageTable {
    let mut all: Vec<Arc<Session>> = sessions.to_vec();
    let mut rows = Vec::new();
    for (at, session) in (0_u32..).zip(sessions) {
        rows.extend(session.own_days.iter().map(|day| row(moment, at, session, day)));
    }
    if !sessions.is_empty() {
        for back in 1..=PAST_DAYS {
            add_past_day(moment, back, &mut all, &mut rows);
        }
    }
    UsageTable { sessions: all.into(), rows }
}

/// The usage of a session on a day: at the time of its last activity, on an earlier day 24 hours before it.
fn row(moment: &DemoMoment, at: u32, session: &Session, day: &SessionDay) -> UsageRow {
    let last = session.last_active.unwrap_or(moment.now);
    let is_last = moment.day(last) == day.day;
    UsageRow {
        session: at,
        at: Some(if is_last { last } else { last.minus(DAY) }),
        model: day.spend.model.clone(),
        usage: day.spend.usage,
        spend: day.spend.spend,
        turns: day.spend.turns,
        extent: UsageExtent::Sum,
    }
}

/// The usage of a day that is over: little on weekends, and none on some days.
fn add_past_day(moment: &DemoMoment, back: u64, sessions: &mut Vec<Arc<Session>>, rows: &mut Vec<UsageRow>) {
    let seed = usize::try_from(back).unwrap_or(0) + 900;
    let noon = moment.now.minus(DAY.saturating_mul(u32::try_from(back).unwrap_or(0)));
    let is_weekend = moment.is_weekend(noon);
    if fraction(seed, 1) <= if is_weekend { 0.7 } else { 0.08 } {
        return;
    }
    for (at, model) in MODELS.iter().enumerate().filter(|(at, _)| fraction(seed, 2 + *at as u64) > 0.35) {
        let share = if is_weekend { 0.3 } else { 1.0 } * if back < LISTED_DAYS { 0.4 } else { 1.0 };
        let size = fraction(seed, 20 + at as u64).powi(2) * share;
        let usage = split(whole(1e6 + 4e7 * size / (1.0 + at as f64)));
        let turns = usage.total() / 60_000;
        let spend = priced(moment.plan, *model, &usage, turns);
        let index = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
        sessions.push(Arc::new(past_session(seed * 10 + at, *model, noon, (usage, spend, turns))));
        let extent = UsageExtent::Sum;
        rows.push(UsageRow {
            session: index,
            at: Some(noon),
            model: Some(model.model.into()),
            usage,
            spend,
            turns,
            extent,
        });
    }
}

fn past_session(
    seed: usize,
    model: crate::catalog::DemoModel,
    last: Timestamp,
    (usage, spend, turns): (Usage, Spend, u64),
) -> Session {
    let story = story(seed);
    let id = format!("{:08x}-7b21-4c0d-9a55-{seed:012x}", whole(fraction(seed, 6) * 4e9));
    Session {
        project: Some(story.project.into()),
        branch: Some(story.branch.into()),
        cwd: Some(story.directory()),
        last_active: Some(last),
        own_usage: usage,
        own_spend: spend,
        usage,
        spend,
        turns,
        ..base::session(model.client, &id)
    }
}

fn split(total: u64) -> Usage {
    Usage {
        input: total / 25,
        cache_read: total / 100 * 88,
        cache_write_5m: total / 16,
        output: total / 50,
        ..Usage::default()
    }
}
