use std::collections::BTreeMap;

use agtop_format::{money as money_text, units};
use agtop_model::{Agent, ClientId, RateLimitWindow, Snapshot, Status};
use agtop_output::status_word;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::clock::ClockPrecision;
use crate::data::{Data, UpdateMode};
use crate::figures::{live_agents, resident_memory, spent_today, today, window_outlook, windows_by_use};
use crate::look::{Look, Tone};
use crate::message::Progress;
use crate::render_context::RenderContext;
use crate::widgets::{self, Side, bar, cols, put, spark};

/// Blanks between two parts.
const HEADER_GAP: usize = 3;

/// On screens narrower than this, the counts of working and idle agents have a mark and no word.
const NARROW_HEADER_COLUMNS: u16 = 100;

/// Which counts of agents have a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StatusLabels {
    All,
    /// Those of agents that wait for the user or have failed.
    Urgent,
}

/// A part of the header. The part with the highest rank is dropped first where there is no room.
struct HeaderPart {
    rank: u8,
    line: Line<'static>,
}

pub(crate) fn draw(render: RenderContext<'_>, data: &Data, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = inner(area);
    let clock_width = draw_clock(render, data, area, buffer);
    let first = Rect { width: inner.width.saturating_sub(clock_width + cols(HEADER_GAP)), ..inner };
    let Some(snapshot) = data.snapshot.as_deref() else {
        put(buffer, first, &scan_note(render.look), Side::Left);
        return;
    };
    let words = if area.width < NARROW_HEADER_COLUMNS { StatusLabels::Urgent } else { StatusLabels::All };
    let (mut top, below) = (agent_parts(render.look, data, snapshot, words), usage_parts(render, snapshot));
    top.push(machine(render.look, snapshot));
    if area.height == 1 {
        let all = top.into_iter().chain(below).collect();
        put(buffer, first, &fit_parts(all, first.width), Side::Left);
    } else {
        put(buffer, first, &fit_parts(top, first.width), Side::Left);
        let second = Rect { y: area.y + 1, ..inner };
        put(buffer, second, &fit_parts(below, second.width), Side::Left);
    }
}

fn inner(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: 1, ..area }
}

/// Draws the clock, and returns how many columns it takes.
pub(crate) fn draw_clock(render: RenderContext<'_>, data: &Data, area: Rect, buffer: &mut Buffer) -> u16 {
    let clock = clock(render, data);
    put(buffer, inner(area), &clock, Side::Right);
    cols(clock.width())
}

/// As many parts as fit in a row, in their order.
fn fit_parts(mut parts: Vec<HeaderPart>, room: u16) -> Line<'static> {
    let width = |parts: &[HeaderPart]| {
        let text: usize = parts.iter().map(|part| part.line.width()).sum();
        text + HEADER_GAP * parts.len().saturating_sub(1)
    };
    while width(&parts) > usize::from(room) && parts.len() > 1 {
        let least = parts.iter().enumerate().max_by_key(|(_, part)| part.rank).map_or(0, |(at, _)| at);
        parts.remove(least);
    }
    let mut spans = Vec::new();
    for part in parts {
        if !spans.is_empty() {
            spans.push(Span::raw(" ".repeat(HEADER_GAP)));
        }
        spans.extend(part.line.spans);
    }
    Line::from(spans)
}

fn clock(render: RenderContext<'_>, data: &Data) -> Line<'static> {
    let look = render.look;
    let mut spans = Vec::new();
    if data.updates == UpdateMode::Paused {
        spans.push(Span::styled("■ paused  ", look.bold(Tone::Warn)));
    }
    let time = data.clock.map(|now| units::second(now, render.zone));
    let time = time.as_deref().and_then(|text| text.split(' ').nth(1)).unwrap_or("");
    let shown = match render.clock {
        ClockPrecision::Minutes => time.rsplit_once(':').map_or(time, |(minutes, _)| minutes),
        ClockPrecision::Seconds => time,
    };
    spans.push(look.span(shown.to_owned(), Tone::Dim));
    Line::from(spans)
}

fn scan_note(look: &Look) -> Line<'static> {
    Line::from(vec![look.span("agtop  ", Tone::Strong), look.span("looking for agents", Tone::Dim)])
}

/// The counts of agents by status, the most urgent first, and the progress of the scan while it runs.
fn agent_parts(look: &Look, data: &Data, snapshot: &Snapshot, words: StatusLabels) -> Vec<HeaderPart> {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for agent in live_agents(snapshot) {
        *counts.entry(counted_as(agent.status)).or_default() += 1;
    }
    let mut parts = vec![HeaderPart { rank: 21, line: Line::from(look.span("agtop", Tone::Strong)) }];
    parts.extend(scanning(look, data.progress));
    parts.extend(refused_hooks(look, snapshot));
    if counts.is_empty() {
        parts.push(HeaderPart { rank: 0, line: Line::from(look.span("no live agents", Tone::Dim)) });
    }
    for (rank, (status, count)) in (0..).zip(counts) {
        let tone = Tone::of(status);
        let mut line = Line::from(Span::styled(format!("{} {count}", status.glyph()), look.status(status)));
        if words == StatusLabels::All || matches!(tone, Tone::Warn | Tone::Bad) {
            let tone = if tone == Tone::Warn { Tone::Text } else { Tone::Dim };
            line.push_span(look.span(format!(" {}", status_word(status)), tone));
        }
        // The count of working agents outranks those of failed ones, which the alerts show as well.
        parts.push(HeaderPart { rank: if tone == Tone::Good { 0 } else { rank }, line });
    }
    parts
}

/// Counts all working agents together.
const fn counted_as(status: Status) -> Status {
    match status {
        Status::Spawning | Status::Active => Status::Working,
        other => other,
    }
}

fn scanning(look: &Look, progress: Progress) -> Option<HeaderPart> {
    if progress.total == 0 || progress.done >= progress.total {
        return None;
    }
    let share = progress.done as f64 / progress.total as f64;
    let mut spans = vec![look.span("reading history ", Tone::Dim)];
    spans.extend(bar(look, share, 10, Tone::Accent));
    spans.push(look.span(format!(" {:.0}%", share * 100.0), Tone::Text));
    Some(HeaderPart { rank: 1, line: Line::from(spans) })
}

/// A warning that hook events cannot be received everywhere.
fn refused_hooks(look: &Look, snapshot: &Snapshot) -> Option<HeaderPart> {
    let is_deaf = !snapshot.health.hooks.is_empty();
    is_deaf.then(|| HeaderPart { rank: 1, line: Line::from(look.span("hooks refused: agtop doctor", Tone::Bad)) })
}

/// Costs, token rates, and rate limits.
fn usage_parts(render: RenderContext<'_>, snapshot: &Snapshot) -> Vec<HeaderPart> {
    let mut parts = vec![money(render, snapshot), tokens(render.look, snapshot)];
    parts.extend(allowances(render, snapshot));
    parts
}

fn money(render: RenderContext<'_>, snapshot: &Snapshot) -> HeaderPart {
    let look = render.look;
    let today = spent_today(snapshot, &today(snapshot, render.zone));
    let hour = snapshot.rates.five_minutes().spend_per_hour().unwrap_or_default();
    let spans = vec![
        look.span(money_text::parts(&today), Tone::Strong),
        look.span(" today  ", Tone::Dim),
        look.span(money_text::parts_per_hour(&hour), Tone::Text),
    ];
    HeaderPart { rank: 0, line: Line::from(spans) }
}

fn tokens(look: &Look, snapshot: &Snapshot) -> HeaderPart {
    let series: Vec<f64> = snapshot.history.points().map(|point| point.fresh_tokens_per_minute).collect();
    let rate = snapshot.rates.five_minutes().fresh_tokens_per_minute().unwrap_or(0.0);
    let spans = vec![
        look.span(format!("{:>4}", units::count(widgets::whole(rate))), Tone::Text),
        look.span(" tok/min ", Tone::Dim),
        look.span(spark(&series, 12, None), Tone::Accent),
    ];
    HeaderPart { rank: 2, line: Line::from(spans) }
}

fn machine(look: &Look, snapshot: &Snapshot) -> HeaderPart {
    let cpu: f64 = Agent::each_process(live_agents(snapshot)).filter_map(|agent| agent.cpu_percent.ok()).sum();
    let memory = resident_memory(snapshot);
    let spans = vec![
        look.span("cpu ", Tone::Dim),
        look.span(format!("{:>4}", units::percent(cpu)), Tone::Text),
        look.span("  mem ", Tone::Dim),
        look.span(units::bytes(memory), Tone::Text),
    ];
    HeaderPart { rank: 20, line: Line::from(spans) }
}

/// A bar for each window of each account: how much is used, when it resets, and whether it will be used up before.
fn allowances(render: RenderContext<'_>, snapshot: &Snapshot) -> Vec<HeaderPart> {
    let look = render.look;
    let open = windows_by_use(snapshot);
    let part = |(at, (client, window)): (usize, (ClientId, &RateLimitWindow))| {
        let percent = window.used_percent;
        let tone = Tone::rising(percent, 70.0, render.thresholds.quota);
        let mut spans = vec![look.span(format!("{client} {} ", units::window(window.minutes)), Tone::Dim)];
        spans.extend(bar(look, percent / 100.0, 8, tone));
        spans.push(look.span(format!(" {percent:.0}%"), if tone == Tone::Good { Tone::Text } else { tone }));
        if let Some((text, tone)) = window_outlook(window, snapshot.now) {
            spans.push(look.span(format!(" {text}"), tone));
        }
        HeaderPart { rank: 4 + u8::try_from(at).unwrap_or(u8::MAX - 4), line: Line::from(spans) }
    };
    open.into_iter().enumerate().map(part).collect()
}
