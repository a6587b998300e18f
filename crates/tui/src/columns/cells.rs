use std::time::Duration;

use agtop_format::{Content, money, text, units, without_vendor};
use agtop_model::{Billing, Field, FieldValue, Liveness, Session, SnapshotRow, Status, field};
use agtop_output::{Cell, cell, missing, status_cell, zero_faint};
use ratatui::text::{Line, Span};

use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::widgets;

/// How long an agent may be idle before the time is dimmed.
const IDLE_DIM_AFTER: Duration = Duration::from_mins(5);

/// A field of the model as all outputs write it.
pub(super) fn field_cell(render: &RenderContext<'_>, field: &Field, row: &SnapshotRow<'_>) -> Line<'static> {
    to_line(render, &cell(field, row, &render.cells()))
}

fn to_line(render: &RenderContext<'_>, cell: &Cell) -> Line<'static> {
    Line::from(render.look.span(cell.text().to_owned(), cell.tone()))
}

/// The mark and the word of a row's status.
pub(crate) fn status_span(look: &Look, row: &SnapshotRow<'_>) -> Span<'static> {
    let cell = status_cell(row);
    let has_ended = row.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped);
    let style = if has_ended { look.style(cell.tone()) } else { look.status(row.status()) };
    Span::styled(cell.text().to_owned(), style)
}

/// Whether a cell has no value.
pub(super) fn is_missing(line: &Line<'_>) -> bool {
    let missing = missing();
    line.spans.iter().map(|span| span.content.trim()).all(|text| text.is_empty() || text == missing.text())
}

pub(super) fn status(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    Line::from(status_span(render.look, row))
}

pub(super) fn tokens_per_minute(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let tokens = row.agent.map(|agent| agent.rates[1].fresh_tokens_per_minute().unwrap_or(0.0));
    let cell = tokens.map_or_else(missing, |tokens| zero_faint(tokens, units::count(widgets::whole(tokens))));
    to_line(render, &cell)
}

pub(super) fn usd_per_hour(render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let hour = row.agent.and_then(|agent| agent.rates[1].spend_per_hour());
    let cell = hour.map_or_else(missing, |hour| {
        let is_paid = !hour.is_empty() && hour.billing == Billing::Metered;
        let text = money::within(&money::amount(&hour), usize::from(width), &hour).into_owned();
        zero_faint(if is_paid { 1.0 } else { 0.0 }, text)
    });
    to_line(render, &cell)
}

pub(super) fn read_rate(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    byte_rate(render, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.read))
}

pub(super) fn write_rate(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    byte_rate(render, row.agent.and_then(|agent| agent.io_rate.ok()).map(|rate| rate.written))
}

fn byte_rate(render: &RenderContext<'_>, bytes: Option<f64>) -> Line<'static> {
    to_line(render, &bytes.map_or_else(missing, |bytes| zero_faint(bytes, units::bytes(widgets::whole(bytes)))))
}

/// The cost, or the word that says why there is none, shortened to the width.
pub(super) fn cost(render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let (Some(session), Some(cost)) = (row.session, field("cost")) else { return to_line(render, &missing()) };
    let cell = cell(cost, row, &render.cells());
    let text = money::within(cell.text(), usize::from(width), &session.spend).into_owned();
    Line::from(render.look.span(text, cell.tone()))
}

/// A bar and a number; both are there, so that neither colour nor length is needed alone.
pub(super) fn context(render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(context) = row.session.and_then(|session| session.context.ok()) else {
        return to_line(render, &missing());
    };
    let percent = context.percent();
    let tone = render.cells().context_tone(percent);
    let bar = usize::from(width.saturating_sub(5));
    let mut spans = widgets::bar(render.look, percent / 100.0, bar, tone);
    let tone = if tone == Tone::Good { Tone::Text } else { tone };
    spans.extend(widgets::right_aligned(render.look, format!("{percent:.0}%"), 5, tone));
    Line::from(spans)
}

pub(super) fn idle_time(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let idle = row.session.and_then(|session| session.idle_for(row.now));
    let cell = idle.map_or_else(missing, |idle| {
        Cell::new(units::span(idle), if idle > IDLE_DIM_AFTER { Tone::Dim } else { Tone::Text })
    });
    to_line(render, &cell)
}

/// Disk traffic that the sparkline of activity shows like a fully used processor, in bytes per second.
const FULL_SCALE_DISK_BYTES_PER_SECOND: f64 = 50e6;

pub(super) fn activity(render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(agent) = row.agent else { return to_line(render, &missing()) };
    let disk = agent.io_rate.map_or(0.0, |rate| (rate.read + rate.written) / FULL_SCALE_DISK_BYTES_PER_SECOND * 100.0);
    let mut values: Vec<f64> = agent.cpu_history.iter().map(|&percent| f64::from(percent)).collect();
    if let Some(last) = values.last_mut() {
        *last = last.max(disk);
    }
    let tone = if agent.status == Status::Idle { Tone::Dim } else { Tone::Accent };
    Line::from(render.look.span(widgets::spark(&values, usize::from(width), Some(100.0)), tone))
}

/// The project; for a subagent, which has no project of its own, its name.
pub(super) fn project(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(known) = field("project") else { return to_line(render, &missing()) };
    match ((known.get)(row), row.session.and_then(|session| session.public_title.as_ref())) {
        (FieldValue::Gap(_), Some(title)) => {
            Line::from(render.look.span(title.text.for_terminal().into_owned(), Tone::Dim))
        }
        (FieldValue::Untrusted(text), _) => Line::from(render.look.span(text.for_terminal().into_owned(), Tone::Text)),
        _ => to_line(render, &missing()),
    }
}

/// The model, without its vendor: details have the whole name.
pub(super) fn model(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    let Some(field) = field("model") else { return to_line(render, &missing()) };
    let cell = cell(field, row, &render.cells());
    Line::from(render.look.span(short_model(cell.text()).to_owned(), cell.tone()))
}

/// The session's id, or the end of it that tells it from others where the whole does not fit.
pub(super) fn session(render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
    let Some(field) = field("session") else { return to_line(render, &missing()) };
    let cell = cell(field, row, &render.cells());
    if text::width(cell.text()) <= usize::from(width) {
        return to_line(render, &cell);
    }
    Line::from(render.look.span(short_session(cell.text(), usize::from(width)), cell.tone()))
}

/// A model's name without provider, vendor and date: `anthropic/claude-opus-4-7-20260416` is `opus-4-7`.
pub(super) fn short_model(name: &str) -> &str {
    let name = without_vendor(name);
    let is_date = |end: &str| end.len() == 8 && end.bytes().all(|byte| byte.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, end)| is_date(end)).map_or(name, |(start, _)| start)
}

/// A session's id of at most `room` columns. Ids that begin with the time of their making (version 7) are told apart by
/// their ends.
pub(super) fn short_session(id: &str, room: usize) -> String {
    let is_by_time = id.as_bytes().get(14) == Some(&b'7') && id.as_bytes().get(13) == Some(&b'-');
    if !is_by_time || !id.is_ascii() {
        return id.to_owned();
    }
    let (id, suffix) = id.split_once('+').map_or((id, String::new()), |(id, suffix)| (id, format!("+{suffix}")));
    let kept = room.saturating_sub(suffix.len() + 1).min(id.len());
    format!("…{}{suffix}", id.get(id.len() - kept..).unwrap_or_default())
}

pub(super) fn doing_cell(render: &RenderContext<'_>, row: &SnapshotRow<'_>, _: u16) -> Line<'static> {
    row.session.and_then(|session| doing(render, session)).map_or_else(|| to_line(render, &missing()), Line::from)
}

/// The running tool and its target; if none runs, the title of the session.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_model_keeps_its_version() {
        for (name, short) in [
            ("claude-opus-4-7", "opus-4-7"),
            ("anthropic/claude-sonnet-4-6-20260217", "sonnet-4-6"),
            ("gpt-5.2-codex", "gpt-5.2-codex"),
            ("models/gemini-3-pro", "gemini-3-pro"),
            ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ] {
            assert_eq!(short_model(name), short);
        }
    }

    #[test]
    fn ids_that_begin_with_a_time_show_their_end() {
        let codex = "01a1fdab-7c2e-7d10-9a55-0f3c5b1e77aa";
        assert_eq!(short_session(codex, 9), "…5b1e77aa");
        assert_eq!(short_session(&format!("{codex}+12"), 9), "…e77aa+12");
        let random = "752875dd-e18a-4a4c-a793-3619184f4930";
        assert_eq!(short_session(random, 9), random, "is cut at its end as any text");
    }
}
