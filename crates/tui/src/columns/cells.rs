use std::borrow::Cow;

use agtop_format::{Content, money, units};
use agtop_model::{Billing, CostBasis, Field, FieldValue, Gap, Liveness, Session, SnapshotRow, Status, Untrusted};
use agtop_output::shown;
use ratatui::text::{Line, Span};

use super::Pen;
use crate::app::smooth_cpu;
use crate::look::{Ink, Look};
use crate::widgets;

/// What stands for a value that is missing.
const MISSING: &str = "–";

/// What people call a status, in a word or two.
pub(crate) const fn status_word(status: Status) -> &'static str {
    match status {
        Status::NeedsPermission => "permission",
        Status::NeedsInput => "your turn",
        Status::Stalled => "stalled",
        Status::RateLimited => "rate limit",
        Status::Error => "error",
        Status::Spawning => "spawning",
        Status::Working => "working",
        Status::Active => "active",
        Status::Idle => "idle",
        Status::Done => "done",
        Status::Resumable => "resumable",
        Status::Stale => "stale",
        Status::Unknown => "unknown",
    }
}

/// The mark and the word of what a row is doing; of an agent that has just ended, that it has.
pub(crate) fn standing(look: &Look, row: &SnapshotRow<'_>) -> Span<'static> {
    if row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped) {
        return look.span("– ended", Ink::Dim);
    }
    let status = row.status();
    Span::styled(format!("{} {}", status.glyph(), status_word(status)), look.status(status))
}

pub(super) fn status(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    Line::from(standing(pen.look, row))
}

fn missing(pen: &Pen<'_>) -> Line<'static> {
    Line::from(pen.look.span(MISSING, Ink::Faint))
}

fn plain(pen: &Pen<'_>, text: impl Into<Cow<'static, str>>) -> Line<'static> {
    Line::from(pen.look.span(text, Ink::Text))
}

/// A number that is nothing most of the time is dim when it is.
fn quiet_zero(pen: &Pen<'_>, value: f64, text: String) -> Line<'static> {
    let ink = if value > 0.0 { Ink::Text } else { Ink::Faint };
    Line::from(pen.look.span(text, ink))
}

pub(super) fn cpu(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(percent) = row.agent.and_then(smooth_cpu) else { return missing(pen) };
    let ink = if percent >= 100.0 { Ink::Warn } else { Ink::Text };
    if percent < 0.05 {
        quiet_zero(pen, 0.0, "0%".to_owned())
    } else {
        Line::from(pen.look.span(units::percent(percent), ink))
    }
}

pub(super) fn tokens_per_minute(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(agent) = row.agent else { return missing(pen) };
    let tokens = agent.rates[1].fresh_tokens_per_minute().unwrap_or(0.0);
    quiet_zero(pen, tokens, units::count(widgets::whole(tokens)))
}

pub(super) fn usd_per_hour(pen: &Pen<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    match row.agent.and_then(|agent| agent.rates[1].spend_per_hour()) {
        Some(hour) => {
            let text = money::amount(&hour);
            let is_paid = !hour.is_empty() && hour.billing == Billing::Metered;
            let text = money::within(&text, usize::from(width), &hour).into_owned();
            quiet_zero(pen, if is_paid { 1.0 } else { 0.0 }, text)
        }
        None => missing(pen),
    }
}

pub(super) fn read_rate(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    rate(pen, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.read))
}

pub(super) fn write_rate(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    rate(pen, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.written))
}

fn rate(pen: &Pen<'_>, bytes: Option<f64>) -> Line<'static> {
    bytes.map_or_else(|| missing(pen), |bytes| quiet_zero(pen, bytes, units::bytes(widgets::whole(bytes))))
}

/// Money, or the word that says why there is none.
pub(super) fn cost(pen: &Pen<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(session) = row.session else { return missing(pen) };
    let spend = &session.spend;
    if spend.is_empty() {
        return missing(pen);
    }
    let is_amount = spend.basis() != CostBasis::Local && spend.known().is_some() && spend.billing == Billing::Metered;
    let text = money::spend(spend);
    let text = money::within(&text, usize::from(width), spend).into_owned();
    Line::from(pen.look.span(text, if is_amount { Ink::Text } else { Ink::Dim }))
}

/// A bar and a number; both are there, so that neither colour nor length tells alone.
pub(super) fn context(pen: &Pen<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(context) = row.session.and_then(|session| session.context.ok()) else { return missing(pen) };
    let percent = context.percent();
    let ink = Ink::rising(percent, pen.thresholds.context_warn, pen.thresholds.context_bad);
    let bar = usize::from(width.saturating_sub(5));
    let mut spans = widgets::bar(pen.look, percent / 100.0, bar, ink);
    let ink = if ink == Ink::Good { Ink::Text } else { ink };
    let number = format!("{percent:.0}%");
    spans.push(Span::raw(" ".repeat(5_usize.saturating_sub(number.len()))));
    spans.push(pen.look.span(number, ink));
    Line::from(spans)
}

pub(super) fn quiet(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(quiet) = row.session.and_then(|session| session.idle_for(row.now)) else { return missing(pen) };
    let ink = if quiet > crate::alerts::QUIET { Ink::Dim } else { Ink::Text };
    Line::from(pen.look.span(units::span(quiet), ink))
}

/// Disk traffic at which the line of activity is as high as with a whole processor, in bytes per second.
const BUSY_DISK: f64 = 50e6;

pub(super) fn activity(pen: &Pen<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(agent) = row.agent else { return missing(pen) };
    let disk = agent.io_rate.map_or(0.0, |rate| (rate.read + rate.written) / BUSY_DISK * 100.0);
    let mut values: Vec<f64> = agent.cpu_history.iter().map(|&percent| f64::from(percent)).collect();
    if let Some(last) = values.last_mut() {
        *last = last.max(disk);
    }
    let ink = if agent.status == Status::Idle { Ink::Dim } else { Ink::Accent };
    Line::from(pen.look.span(widgets::spark(&values, usize::from(width), Some(100.0)), ink))
}

/// The project; of a sub-agent, which has none of its own, its name.
pub(super) fn project(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(known) = agtop_model::field("project") else { return missing(pen) };
    match ((known.get)(row), row.session.and_then(|session| session.public_title.as_ref())) {
        (FieldValue::Gap(_), Some(title)) => {
            Line::from(pen.look.span(title.text.for_terminal().into_owned(), Ink::Dim))
        }
        (FieldValue::Untrusted(text), _) => plain(pen, text.for_terminal().into_owned()),
        _ => missing(pen),
    }
}

pub(super) fn doing_cell(pen: &Pen<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    row.session.and_then(|session| doing(pen, session)).map_or_else(|| missing(pen), Line::from)
}

/// The tool that runs and what it works on; where none runs, the session's name.
pub(crate) fn doing(pen: &Pen<'_>, session: &Session) -> Option<Vec<Span<'static>>> {
    if let Some(call) = session.in_flight.iter().rev().find(|call| !call.is_subagent).or(session.in_flight.last()) {
        let target = call.target.as_ref().filter(|_| pen.content == Content::Included);
        let mut spans = vec![pen.look.span(call.name.for_terminal().into_owned(), Ink::Text)];
        spans.extend(target.map(|target| pen.look.span(format!(" {}", target.for_terminal()), Ink::Dim)));
        return Some(spans);
    }
    let title = if pen.content == Content::Included { &session.title } else { &session.public_title };
    let title = title.as_ref()?;
    Some(vec![pen.look.span(title.text.for_terminal().into_owned(), Ink::Dim)])
}

/// A field of the model, by its kind.
pub(super) fn field(pen: &Pen<'_>, field: &Field, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    match (field.get)(row) {
        FieldValue::Gap(Gap::Denied) => Line::from(pen.look.span("denied", Ink::Faint)),
        FieldValue::Gap(_) => missing(pen),
        FieldValue::Text(text) => plain(pen, Untrusted::from(&*text).for_terminal().into_owned()),
        FieldValue::Untrusted(text) => plain(pen, text.for_terminal().into_owned()),
        FieldValue::Status(status) => plain(pen, status_word(status)),
        FieldValue::Count(n) if field.id == "pid" => Line::from(pen.look.span(n.to_string(), Ink::Dim)),
        FieldValue::Count(n) => quiet_zero(pen, n as f64, if n < 100_000 { n.to_string() } else { units::count(n) }),
        ref value @ (FieldValue::Tokens(n) | FieldValue::Bytes(n)) => quiet_zero(pen, n as f64, shown(value, pen.zone)),
        value => plain(pen, shown(&value, pen.zone)),
    }
}
