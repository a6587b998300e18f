use std::collections::BTreeMap;

use agtop_format::{money as spent, units};
use agtop_model::{Agent, ClientId, Liveness, RateLimitWindow, Snapshot, Status};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{App, Flow, spent_today};
use crate::columns::{Side, status_word};
use crate::look::{Ink, Look};
use crate::quota::used_up_in;
use crate::widgets::{self, bar, cols, put, spark};

/// Blanks between two things.
const GAP: usize = 3;

/// A header is one row on wide and on low screens, two on others.
pub(crate) fn rows(_: &App, area: Rect) -> u16 {
    if area.width >= 240 || area.height < 12 { 1 } else { 2 }
}

/// On screens narrower than this, counts of agents at work or at rest have a mark and no word.
const NARROW: u16 = 100;

/// Which counts of agents are told with a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    All,
    /// Those that want their person or went wrong.
    Pressing,
}

/// Something the header tells. What is less important goes first when there is no room.
struct Piece {
    rank: u8,
    line: Line<'static>,
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = inner(area);
    let clock_width = draw_clock(app, area, buffer);
    let first = Rect { width: inner.width.saturating_sub(clock_width + cols(GAP)), ..inner };
    let Some(snapshot) = app.snapshot.as_deref() else {
        put(buffer, first, &collecting(app), Side::Left);
        return;
    };
    let words = if area.width < NARROW { Words::Pressing } else { Words::All };
    let (mut top, below) = (who(app, snapshot, words), what(app, snapshot));
    top.push(machine(&app.look, snapshot));
    if area.height == 1 {
        let all = top.into_iter().chain(below).collect();
        put(buffer, first, &fitted(all, first.width), Side::Left);
    } else {
        put(buffer, first, &fitted(top, first.width), Side::Left);
        let second = Rect { y: area.y + 1, ..inner };
        put(buffer, second, &fitted(below, second.width), Side::Left);
    }
}

fn inner(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: 1, ..area }
}

/// Draws the clock, and returns how many columns it takes.
pub(super) fn draw_clock(app: &App, area: Rect, buffer: &mut Buffer) -> u16 {
    let clock = clock(app);
    put(buffer, inner(area), &clock, Side::Right);
    cols(clock.width())
}

/// As many pieces as fit in a row, in their order.
fn fitted(mut pieces: Vec<Piece>, room: u16) -> Line<'static> {
    let width = |pieces: &[Piece]| {
        let text: usize = pieces.iter().map(|piece| piece.line.width()).sum();
        text + GAP * pieces.len().saturating_sub(1)
    };
    while width(&pieces) > usize::from(room) && pieces.len() > 1 {
        let least = pieces.iter().enumerate().max_by_key(|(_, piece)| piece.rank).map_or(0, |(at, _)| at);
        pieces.remove(least);
    }
    let mut spans = Vec::new();
    for piece in pieces {
        if !spans.is_empty() {
            spans.push(Span::raw(" ".repeat(GAP)));
        }
        spans.extend(piece.line.spans);
    }
    Line::from(spans)
}

fn clock(app: &App) -> Line<'static> {
    let look = &app.look;
    let mut spans = Vec::new();
    if app.flow == Flow::Paused {
        spans.push(Span::styled("■ paused  ", look.loud(Ink::Warn)));
    }
    let time = app.clock.map(|now| units::second(now, &app.options.zone));
    let time = time.as_deref().and_then(|text| text.split(' ').nth(1)).unwrap_or("").to_owned();
    spans.push(look.span(time, Ink::Dim));
    Line::from(spans)
}

fn collecting(app: &App) -> Line<'static> {
    let look = &app.look;
    Line::from(vec![look.span("agtop  ", Ink::Strong), look.span("looking for agents", Ink::Dim)])
}

/// Who is there: counts by status, those who want their person first, and the scan while it runs.
fn who(app: &App, snapshot: &Snapshot, words: Words) -> Vec<Piece> {
    let look = &app.look;
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for agent in live(snapshot) {
        *counts.entry(merged(agent.status)).or_default() += 1;
    }
    let mut pieces = vec![Piece { rank: 21, line: Line::from(look.span("agtop", Ink::Strong)) }];
    pieces.extend(scanning(app));
    pieces.extend(deafness(look, snapshot));
    if counts.is_empty() {
        pieces.push(Piece { rank: 0, line: Line::from(look.span("no live agents", Ink::Dim)) });
    }
    for (rank, (status, count)) in (0..).zip(counts) {
        let ink = Ink::of(status);
        let mut line = Line::from(Span::styled(format!("{} {count}", status.glyph()), look.status(status)));
        if words == Words::All || matches!(ink, Ink::Warn | Ink::Bad) {
            let ink = if ink == Ink::Warn { Ink::Text } else { Ink::Dim };
            line.push_span(look.span(format!(" {}", status_word(status)), ink));
        }
        // How many are at work is worth more than how each of the others is in trouble: the strip tells that, too.
        pieces.push(Piece { rank: if ink == Ink::Good { 0 } else { rank }, line });
    }
    pieces
}

/// Agents at work are counted together.
const fn merged(status: Status) -> Status {
    match status {
        Status::Spawning | Status::Active => Status::Working,
        other => other,
    }
}

fn live(snapshot: &Snapshot) -> impl Iterator<Item = &Agent> {
    snapshot.agents.iter().filter(|agent| agent.liveness == Liveness::Live)
}

fn scanning(app: &App) -> Option<Piece> {
    let progress = app.progress;
    if progress.total == 0 || progress.done >= progress.total {
        return None;
    }
    let share = progress.done as f64 / progress.total as f64;
    let mut spans = vec![app.look.span("reading history ", Ink::Dim)];
    spans.extend(bar(&app.look, share, 10, Ink::Accent));
    spans.push(app.look.span(format!(" {:.0}%", share * 100.0), Ink::Text));
    Some(Piece { rank: 1, line: Line::from(spans) })
}

/// That what agents push is not heard everywhere it should be.
fn deafness(look: &Look, snapshot: &Snapshot) -> Option<Piece> {
    let is_deaf = !snapshot.health.hooks.is_empty();
    is_deaf.then(|| Piece { rank: 1, line: Line::from(look.span("hooks refused: agtop doctor", Ink::Bad)) })
}

/// What it costs and uses, and what is about to run out.
fn what(app: &App, snapshot: &Snapshot) -> Vec<Piece> {
    let mut pieces = vec![money(app, snapshot), tokens(&app.look, snapshot)];
    pieces.extend(allowances(app, snapshot));
    pieces
}

fn money(app: &App, snapshot: &Snapshot) -> Piece {
    let look = &app.look;
    let today = spent_today(snapshot, &today(snapshot, &app.options.zone));
    let hour = snapshot.rates.five_minutes().spend_per_hour().unwrap_or_default();
    let spans = vec![
        look.span(spent::parts(&today), Ink::Strong),
        look.span(" today  ", Ink::Dim),
        look.span(spent::parts_per_hour(&hour), Ink::Text),
    ];
    Piece { rank: 0, line: Line::from(spans) }
}

pub(crate) fn today(snapshot: &Snapshot, zone: &TimeZone) -> String {
    units::moment(snapshot.now, zone).split(' ').next().unwrap_or_default().to_owned()
}

fn tokens(look: &Look, snapshot: &Snapshot) -> Piece {
    let series: Vec<f64> = snapshot.history.points().map(|point| point.fresh_tokens_per_minute).collect();
    let rate = snapshot.rates.five_minutes().fresh_tokens_per_minute().unwrap_or(0.0);
    let spans = vec![
        look.span(format!("{:>4}", units::count(widgets::whole(rate))), Ink::Text),
        look.span(" tok/min ", Ink::Dim),
        look.span(spark(&series, 12, None), Ink::Accent),
    ];
    Piece { rank: 2, line: Line::from(spans) }
}

fn machine(look: &Look, snapshot: &Snapshot) -> Piece {
    let cpu: f64 = Agent::each_process(live(snapshot)).filter_map(|agent| agent.cpu_percent.ok()).sum();
    let memory =
        Agent::each_process(live(snapshot)).filter_map(|agent| agent.process.rss.ok()).fold(0, u64::saturating_add);
    let spans = vec![
        look.span("cpu ", Ink::Dim),
        look.span(format!("{:>4}", units::percent(cpu)), Ink::Text),
        look.span("  mem ", Ink::Dim),
        look.span(units::bytes(memory), Ink::Text),
    ];
    Piece { rank: 20, line: Line::from(spans) }
}

/// One bar a window of each account: how much is used, when it starts anew, and whether it will be used up before.
fn allowances(app: &App, snapshot: &Snapshot) -> Vec<Piece> {
    let look = &app.look;
    let open = snapshot.allowances().flat_map(|known| known.windows().map(move |window| (known.client, window)));
    let mut open: Vec<_> = open.collect();
    open.sort_by(|(_, one), (_, other)| other.used_percent.total_cmp(&one.used_percent));
    let piece = |(at, (client, window)): (usize, (ClientId, &RateLimitWindow))| {
        let percent = window.used_percent;
        let ink = Ink::rising(percent, 70.0, app.options.thresholds.quota);
        let mut spans = vec![look.span(format!("{client} {} ", units::window(window.minutes)), Ink::Dim)];
        spans.extend(bar(look, percent / 100.0, 8, ink));
        spans.push(look.span(format!(" {percent:.0}%"), if ink == Ink::Good { Ink::Text } else { ink }));
        if let Some(until) = used_up_in(window, snapshot.now) {
            spans.push(Span::raw(" "));
            spans.push(look.span(format!("full in {}", units::span(until)), Ink::Warn));
        } else if let Some(resets) = window.resets_at {
            spans.push(look.span(format!(" ↻ {}", units::span(resets.since(snapshot.now))), Ink::Dim));
        }
        Piece { rank: 4 + u8::try_from(at).unwrap_or(u8::MAX - 4), line: Line::from(spans) }
    };
    open.into_iter().enumerate().map(piece).collect()
}
