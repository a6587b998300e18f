use std::io::{Result, Write};

use agtop_format::{money, text, units};
use agtop_model::{ClientId, PicoUsd, RateLimitWindow, Timestamp, UsageTable};
use agtop_report::{Kind, Line, Options, Report};
use jiff::tz::TimeZone;

use crate::Colour;
use crate::cell::{Cell, cost};
use crate::statusline::StatuslineInput;
use crate::tone::Tone;

/// What a status line is drawn on.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The present moment.
    pub now: Timestamp,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// Whether the line is coloured.
    pub colour: Colour,
}

/// A model's name takes no more columns.
const WIDEST_NAME: usize = 30;

/// Writes one line: the model, what the session, the day and the block cost, how fast, how full the context is, and how
/// much of the allowances is used. What is not known is left out. Usage is what there was lately, if it is at hand.
///
/// # Errors
///
/// Those of `out`.
pub fn line(
    input: Option<&StatuslineInput>,
    usage: Option<&UsageTable>,
    bench: &Bench,
    out: &mut dyn Write,
) -> Result<()> {
    let mut parts = Vec::new();
    match input {
        Some(input) => of_session(input, usage, bench, &mut parts),
        None => parts.push(Cell::new("agtop: no status to read", Tone::Dim)),
    }
    if let Some(usage) = usage {
        lately(usage, bench, &mut parts);
    }
    if let Some(input) = input {
        of_account(input, bench, &mut parts);
    }
    for (at, part) in parts.iter().enumerate() {
        out.write_all(if at > 0 { " · ".as_bytes() } else { b"" })?;
        part.write(part.text(), bench.colour, out)?;
    }
    out.write_all(b"\n")
}

/// The model and the session.
fn of_session(input: &StatuslineInput, usage: Option<&UsageTable>, bench: &Bench, parts: &mut Vec<Cell>) {
    let model = input.model.as_ref().map(|model| model.for_terminal().into_owned());
    parts.extend(model.map(|model| Cell::new(text::truncate(&model, WIDEST_NAME), Tone::Strong)));
    let counted = || usage.and_then(|usage| session_cost(usage, input, bench));
    let cost = input.cost.map(units::money).or_else(counted);
    parts.extend(cost.map(|cost| Cell::new(format!("{cost} session"), Tone::Text)));
    // The pace of the block is better known than that of a session that may have been left alone for hours.
    let has_block = usage.is_some_and(|usage| block(usage, bench).is_some());
    let pace = per_hour(input).filter(|_| !has_block);
    parts.extend(pace.map(|pace| Cell::new(format!("{}/h", units::money(pace)), Tone::Text)));
    if parts.is_empty() {
        parts.push(Cell::new("agtop", Tone::Dim));
    }
}

fn options(kind: Kind, bench: &Bench) -> Options {
    Options { zone: bench.zone.clone(), ..Options::new(kind, bench.now) }
}

/// Claude's block that is not over: other agents have none.
fn block(usage: &UsageTable, bench: &Bench) -> Option<Line> {
    Report::active_block(usage, &Options { clients: vec![ClientId::new("claude")], ..options(Kind::Blocks, bench) })
}

/// What the usage at hand says of the session, where Claude Code says nothing.
fn session_cost(usage: &UsageTable, input: &StatuslineInput, bench: &Bench) -> Option<String> {
    let id = input.session.as_ref()?;
    let report = Report::build(usage, &options(Kind::Session, bench));
    let is_it = |line: &&Line| line.keys.first().is_some_and(|key| key.label(&bench.zone) == *id);
    report.lines.iter().find(is_it).map(|line| cost(Some(&line.sums.spend)))
}

/// Money an hour over the whole session; `None` for one that has hardly begun.
fn per_hour(input: &StatuslineInput) -> Option<PicoUsd> {
    let minutes = input.duration_ms? as f64 / 60_000.0;
    let cost = input.cost?.as_usd();
    if minutes >= 1.0 { PicoUsd::from_usd(cost / minutes * 60.0) } else { None }
}

/// Today, and the block that is not over.
fn lately(usage: &UsageTable, bench: &Bench, parts: &mut Vec<Cell>) {
    let today = Report::build(usage, &options(Kind::Daily, bench)).current;
    let today = today.map_or_else(|| "$0.00".to_owned(), |line| cost(Some(&line.sums.spend)));
    parts.push(Cell::new(format!("{today} today"), Tone::Text));
    let Some(line) = block(usage, bench) else { return };
    let Some(outlook) = line.outlook() else { return };
    let spent = cost(Some(&line.sums.spend));
    parts.push(Cell::new(format!("{spent} block ({} left)", units::span(outlook.left)), Tone::Text));
    let pace = outlook.burn.and_then(|burn| burn.cost_per_hour).map(|pace| money::part_of(&line.sums.spend, pace));
    parts.extend(pace.map(|pace| Cell::new(format!("{pace}/h"), Tone::Text)));
}

/// The context and the allowances.
fn of_account(input: &StatuslineInput, bench: &Bench, parts: &mut Vec<Cell>) {
    let context = input.context_percent;
    parts.extend(context.map(|percent| Cell::new(format!("ctx {}", units::percent(percent)), mark(percent))));
    let open = input.limits.iter().filter(|window| window.is_current(bench.now, bench.now));
    parts.extend(open.map(|window| limit(window, bench)));
}

/// How full something may be before it is worth a look, and before it is urgent, in percent.
fn mark(percent: f64) -> Tone {
    match percent {
        90.0.. => Tone::Bad,
        70.0.. => Tone::Warn,
        _ => Tone::Text,
    }
}

/// `5h 24% until 14:00`: the time within a day, else the day.
fn limit(window: &RateLimitWindow, bench: &Bench) -> Cell {
    let name = match window.minutes {
        minutes if minutes % 1440 == 0 => format!("{}d", minutes / 1440),
        minutes => format!("{}h", minutes / 60),
    };
    let resets = window.resets_at.and_then(|at| {
        let zoned = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(bench.zone.clone());
        let is_soon = at.since(bench.now) < std::time::Duration::from_hours(24);
        Some(zoned.strftime(if is_soon { " until %H:%M" } else { " until %a %H:%M" }).to_string())
    });
    let text = format!("{name} {}{}", units::percent(window.used_percent), resets.unwrap_or_default());
    Cell::new(text, mark(window.used_percent))
}
