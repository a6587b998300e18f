use std::borrow::Cow;
use std::time::Duration;

use agtop_format::{Content, money, units};
use agtop_model::{Basis, Billing, Field, Gap, Liveness, Row, Session, Status, Untrusted, Value};
use agtop_output::shown;
use ratatui::text::{Line, Span};

use crate::cpu::smoothed_cpu;
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::widgets;

/// How long a silent agent may be silent before its row says so.
pub(crate) const IDLE_DIM_AFTER: Duration = Duration::from_mins(5);

/// What stands for a value that is missing.
const MISSING_VALUE: &str = "–";

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
pub(crate) fn status_span(look: &Look, row: &Row<'_>) -> Span<'static> {
    if row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped) {
        return look.span("– ended", Tone::Dim);
    }
    let status = row.status();
    Span::styled(format!("{} {}", status.glyph(), status_word(status)), look.status(status))
}

pub(super) fn status(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    Line::from(status_span(render.look, row))
}

fn missing(render: &RenderContext<'_>) -> Line<'static> {
    Line::from(render.look.span(MISSING_VALUE, Tone::Faint))
}

fn plain(render: &RenderContext<'_>, text: impl Into<Cow<'static, str>>) -> Line<'static> {
    Line::from(render.look.span(text, Tone::Text))
}

/// A number that is nothing most of the time is dim when it is.
fn dim_if_zero(render: &RenderContext<'_>, value: f64, text: String) -> Line<'static> {
    let tone = if value > 0.0 { Tone::Text } else { Tone::Faint };
    Line::from(render.look.span(text, tone))
}

pub(super) fn cpu(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    let Some(percent) = row.agent.and_then(smoothed_cpu) else { return missing(render) };
    let tone = if percent >= 100.0 { Tone::Warn } else { Tone::Text };
    if percent < 0.05 {
        dim_if_zero(render, 0.0, "0%".to_owned())
    } else {
        Line::from(render.look.span(units::percent(percent), tone))
    }
}

pub(super) fn tokens_per_minute(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    let Some(agent) = row.agent else { return missing(render) };
    let tokens = agent.paces[1].fresh_tokens_per_minute().unwrap_or(0.0);
    dim_if_zero(render, tokens, units::count(widgets::whole(tokens)))
}

pub(super) fn usd_per_hour(render: &RenderContext<'_>, row: &Row<'_>, width: u16) -> Line<'static> {
    match row.agent.and_then(|agent| agent.paces[1].spend_per_hour()) {
        Some(hour) => {
            let text = money::amount(&hour);
            let is_paid = !hour.is_nothing() && hour.billing == Billing::Metered;
            let text = money::within(&text, usize::from(width), &hour).into_owned();
            dim_if_zero(render, if is_paid { 1.0 } else { 0.0 }, text)
        }
        None => missing(render),
    }
}

pub(super) fn read_rate(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    rate(render, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.read))
}

pub(super) fn write_rate(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    rate(render, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.written))
}

fn rate(render: &RenderContext<'_>, bytes: Option<f64>) -> Line<'static> {
    bytes.map_or_else(|| missing(render), |bytes| dim_if_zero(render, bytes, units::bytes(widgets::whole(bytes))))
}

/// Money, or the word that says why there is none.
pub(super) fn cost(render: &RenderContext<'_>, row: &Row<'_>, width: u16) -> Line<'static> {
    let Some(session) = row.session else { return missing(render) };
    let spend = &session.spend;
    if spend.is_nothing() {
        return missing(render);
    }
    let is_amount = spend.basis() != Basis::Local && spend.known().is_some() && spend.billing == Billing::Metered;
    let text = money::spend(spend);
    let text = money::within(&text, usize::from(width), spend).into_owned();
    Line::from(render.look.span(text, if is_amount { Tone::Text } else { Tone::Dim }))
}

/// A bar and a number; both are there, so that neither colour nor length tells alone.
pub(super) fn context(render: &RenderContext<'_>, row: &Row<'_>, width: u16) -> Line<'static> {
    let Some(context) = row.session.and_then(|session| session.context.ok()) else { return missing(render) };
    let percent = context.percent();
    let tone = Tone::rising(percent, render.thresholds.context_warn, render.thresholds.context_bad);
    let bar = usize::from(width.saturating_sub(5));
    let mut spans = widgets::bar(render.look, percent / 100.0, bar, tone);
    let tone = if tone == Tone::Good { Tone::Text } else { tone };
    let number = format!("{percent:.0}%");
    spans.push(Span::raw(" ".repeat(5_usize.saturating_sub(number.len()))));
    spans.push(render.look.span(number, tone));
    Line::from(spans)
}

pub(super) fn idle_time(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    let Some(idle_time) = row.session.and_then(|session| session.quiet_for(row.now)) else { return missing(render) };
    let tone = if idle_time > IDLE_DIM_AFTER { Tone::Dim } else { Tone::Text };
    Line::from(render.look.span(units::span(idle_time), tone))
}

/// Disk traffic at which the line of activity is as high as with a whole processor, in bytes per second.
const FULL_SCALE_DISK_BYTES_PER_SECOND: f64 = 50e6;

pub(super) fn activity(render: &RenderContext<'_>, row: &Row<'_>, width: u16) -> Line<'static> {
    let Some(agent) = row.agent else { return missing(render) };
    let disk = agent.io_rate.map_or(0.0, |rate| (rate.read + rate.written) / FULL_SCALE_DISK_BYTES_PER_SECOND * 100.0);
    let mut values: Vec<f64> = agent.cpu_history.iter().map(|&percent| f64::from(percent)).collect();
    if let Some(last) = values.last_mut() {
        *last = last.max(disk);
    }
    let tone = if agent.status == Status::Idle { Tone::Dim } else { Tone::Accent };
    Line::from(render.look.span(widgets::spark(&values, usize::from(width), Some(100.0)), tone))
}

/// The project; of a sub-agent, which has none of its own, its name.
pub(super) fn project(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    let Some(known) = agtop_model::field("project") else { return missing(render) };
    match ((known.get)(row), row.session.and_then(|session| session.public_title.as_ref())) {
        (Value::Gap(_), Some(title)) => Line::from(render.look.span(title.text.for_terminal().into_owned(), Tone::Dim)),
        (Value::Untrusted(text), _) => plain(render, text.for_terminal().into_owned()),
        _ => missing(render),
    }
}

pub(super) fn doing_cell(render: &RenderContext<'_>, row: &Row<'_>, _: u16) -> Line<'static> {
    row.session.and_then(|session| doing(render, session)).map_or_else(|| missing(render), Line::from)
}

/// The tool that runs and what it works on; where none runs, the session's name.
pub(crate) fn doing(render: &RenderContext<'_>, session: &Session) -> Option<Vec<Span<'static>>> {
    if let Some(call) = session.in_flight.iter().rev().find(|call| !call.is_subagent).or(session.in_flight.last()) {
        let target = call.target.as_ref().filter(|_| render.content == Content::Included);
        let mut spans = vec![render.look.span(call.name.for_terminal().into_owned(), Tone::Text)];
        spans.extend(target.map(|target| render.look.span(format!(" {}", target.for_terminal()), Tone::Dim)));
        return Some(spans);
    }
    let title = if render.content == Content::Included { &session.title } else { &session.public_title };
    let title = title.as_ref()?;
    Some(vec![render.look.span(title.text.for_terminal().into_owned(), Tone::Dim)])
}

/// A field of the model, by its kind.
pub(super) fn field(render: &RenderContext<'_>, field: &Field, row: &Row<'_>, _: u16) -> Line<'static> {
    match (field.get)(row) {
        Value::Gap(Gap::Denied) => Line::from(render.look.span("denied", Tone::Faint)),
        Value::Gap(_) => missing(render),
        Value::Text(text) => plain(render, Untrusted::from(&*text).for_terminal().into_owned()),
        Value::Untrusted(text) => plain(render, text.for_terminal().into_owned()),
        Value::Status(status) => plain(render, status_word(status)),
        Value::Count(n) if field.id == "pid" => Line::from(render.look.span(n.to_string(), Tone::Dim)),
        Value::Count(n) => dim_if_zero(render, n as f64, if n < 100_000 { n.to_string() } else { units::count(n) }),
        ref value @ (Value::Tokens(n) | Value::Bytes(n)) => dim_if_zero(render, n as f64, shown(value, render.zone)),
        value => plain(render, shown(&value, render.zone)),
    }
}
