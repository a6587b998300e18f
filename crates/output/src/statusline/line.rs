use std::io::{Result, Write};

use agtop_format::{money, text, units};
use agtop_model::{ClientId, PicoUsd, RateLimitWindow, Timestamp, UsageTable};
use agtop_report::{Report, ReportKind, ReportLine, ReportOptions};
use jiff::tz::TimeZone;

use crate::Colour;
use crate::cell::{Cell, cost};
use crate::statusline::StatuslineInput;
use crate::tone::Tone;

/// How a status line is written.
#[derive(Clone, Debug)]
pub struct StatuslineContext {
    /// The present moment.
    pub now: Timestamp,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Whether the line is coloured.
    pub colour: Colour,
}

/// A longer model name is cut.
const MAX_MODEL_COLUMNS: usize = 30;

/// Writes one line: the model, the cost of the session, the day and the block, the burn rate, the fill of the context
/// window, and the rate limits. Unknown parts are omitted. `usage` is recent usage, if the ledger has it.
///
/// # Errors
///
/// The errors of `out`.
pub fn write_line(
    input: Option<&StatuslineInput>,
    usage: Option<&UsageTable>,
    context: &StatuslineContext,
    out: &mut dyn Write,
) -> Result<()> {
    let mut parts = Vec::new();
    match input {
        Some(input) => session_parts(input, usage, context, &mut parts),
        None => parts.push(Cell::new("agtop: no status to read", Tone::Dim)),
    }
    if let Some(usage) = usage {
        recent_usage(usage, context, &mut parts);
    }
    if let Some(input) = input {
        account_parts(input, context, &mut parts);
    }
    for (at, part) in parts.iter().enumerate() {
        out.write_all(if at > 0 { " · ".as_bytes() } else { b"" })?;
        part.write(part.text(), context.colour, out)?;
    }
    out.write_all(b"\n")
}

/// The model and the session.
fn session_parts(
    input: &StatuslineInput,
    usage: Option<&UsageTable>,
    context: &StatuslineContext,
    parts: &mut Vec<Cell>,
) {
    let model = input.model.as_ref().map(|model| model.for_terminal().into_owned());
    parts.extend(model.map(|model| Cell::new(text::truncate(&model, MAX_MODEL_COLUMNS), Tone::Strong)));
    let counted = || usage.and_then(|usage| session_cost(usage, input, context));
    let cost = input.cost.map(units::money).or_else(counted);
    parts.extend(cost.map(|cost| Cell::new(format!("{cost} session"), Tone::Text)));
    // The burn rate of the block is more exact than that of a session that may have been idle for hours.
    let has_block = usage.is_some_and(|usage| block(usage, context).is_some());
    let rate = per_hour(input).filter(|_| !has_block);
    parts.extend(rate.map(|rate| Cell::new(format!("{}/h", units::money(rate)), Tone::Text)));
    if parts.is_empty() {
        parts.push(Cell::new("agtop", Tone::Dim));
    }
}

fn options(kind: ReportKind, context: &StatuslineContext) -> ReportOptions {
    ReportOptions { zone: context.zone.clone(), ..ReportOptions::new(kind, context.now) }
}

/// The active block of Claude; other clients have no blocks.
fn block(usage: &UsageTable, context: &StatuslineContext) -> Option<ReportLine> {
    Report::active_block(
        usage,
        &ReportOptions { clients: vec![ClientId::new("claude")], ..options(ReportKind::Blocks, context) },
    )
}

/// The cost of the session according to `usage`, for a status without a cost.
fn session_cost(usage: &UsageTable, input: &StatuslineInput, context: &StatuslineContext) -> Option<String> {
    let id = input.session.as_ref()?;
    let report = Report::build(usage, &options(ReportKind::Session, context));
    let is_session = |line: &&ReportLine| line.keys.first().is_some_and(|key| key.label(&context.zone) == *id);
    report.lines.iter().find(is_session).map(|line| cost(Some(&line.sums.spend)))
}

/// Cost an hour over the whole session; `None` in its first minute.
fn per_hour(input: &StatuslineInput) -> Option<PicoUsd> {
    let minutes = input.duration_ms? as f64 / 60_000.0;
    let cost = input.cost?.as_usd();
    if minutes >= 1.0 { PicoUsd::from_usd(cost / minutes * 60.0) } else { None }
}

/// The cost of today and of the active block.
fn recent_usage(usage: &UsageTable, context: &StatuslineContext, parts: &mut Vec<Cell>) {
    let today = Report::build(usage, &options(ReportKind::Daily, context)).current;
    let today = today.map_or_else(|| "$0.00".to_owned(), |line| cost(Some(&line.sums.spend)));
    parts.push(Cell::new(format!("{today} today"), Tone::Text));
    let Some(line) = block(usage, context) else { return };
    let Some(projection) = line.projection() else { return };
    let spent = cost(Some(&line.sums.spend));
    parts.push(Cell::new(format!("{spent} block ({} left)", units::span(projection.left)), Tone::Text));
    let rate = projection.burn.and_then(|burn| burn.cost_per_hour).map(|rate| money::part_of(&line.sums.spend, rate));
    parts.extend(rate.map(|rate| Cell::new(format!("{rate}/h"), Tone::Text)));
}

/// The context window and the rate limits.
fn account_parts(input: &StatuslineInput, context: &StatuslineContext, parts: &mut Vec<Cell>) {
    let used = input.context_percent;
    parts.extend(used.map(|percent| Cell::new(format!("ctx {}", units::percent(percent)), tone_of(percent))));
    let open = input.limits.iter().filter(|window| window.is_current(context.now, context.now));
    parts.extend(open.map(|window| limit(window, context)));
}

/// The tone of a limit that is used to that many percent.
fn tone_of(percent: f64) -> Tone {
    match percent {
        90.0.. => Tone::Bad,
        70.0.. => Tone::Warn,
        _ => Tone::Text,
    }
}

/// `5h 24% until 14:00`: the time within a day, otherwise the day and the time.
fn limit(window: &RateLimitWindow, context: &StatuslineContext) -> Cell {
    let name = match window.minutes {
        minutes if minutes % 1440 == 0 => format!("{}d", minutes / 1440),
        minutes => format!("{}h", minutes / 60),
    };
    let resets = window.resets_at.and_then(|at| {
        let zoned = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(context.zone.clone());
        let is_soon = at.since(context.now) < std::time::Duration::from_hours(24);
        Some(zoned.strftime(if is_soon { " until %H:%M" } else { " until %a %H:%M" }).to_string())
    });
    let text = format!("{name} {}{}", units::percent(window.used_percent), resets.unwrap_or_default());
    Cell::new(text, tone_of(window.used_percent))
}
