use agtop_format::units;
use agtop_model::{Allowance, ClientId, RateLimit, RateLimitWindow, Snapshot, Untrusted};
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::look::Ink;
use crate::quota::used_up_in;
use crate::widgets::{bar, spark};

/// Readings shown of a window.
const READINGS: usize = 40;
/// Columns of a window's name.
const NAME: usize = 8;

pub(super) fn lines(app: &App, width: u16) -> Vec<Line<'static>> {
    let Some(snapshot) = app.snapshot.as_deref() else { return Vec::new() };
    let lines: Vec<_> = snapshot.allowances().flat_map(|known| account(app, snapshot, known, width)).collect();
    if lines.is_empty() { unknown(app, snapshot) } else { lines }
}

fn unknown(app: &App, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let say = |text: String| Line::from(app.look.span(text, Ink::Dim));
    let Some(last) = snapshot.rate_limits.iter().map(|(_, read, _)| *read).max() else {
        return vec![
            say("No agent has told how much of an allowance is used.".to_owned()),
            say("Codex writes it into its sessions; Claude Code tells it to a status line only.".to_owned()),
        ];
    };
    let ago = units::span(snapshot.now.since(last));
    vec![say(format!("Every window has started again since an allowance was last read, {ago} ago."))]
}

fn account(app: &App, snapshot: &Snapshot, known: Allowance<'_>, width: u16) -> Vec<Line<'static>> {
    let look = &app.look;
    let (client, limit) = (known.client, known.limit);
    let harmless = |text: &str| Untrusted::from(text).for_terminal().into_owned();
    let plan = limit.plan.as_ref().map(|plan| format!("  {}", plan.for_terminal())).unwrap_or_default();
    let name = if *limit.limit == *client.as_str() { String::new() } else { format!("  {}", harmless(&limit.limit)) };
    let mut lines = vec![Line::from(vec![
        look.span(client.as_str(), Ink::Strong),
        look.span(format!("{name}{plan}"), Ink::Text),
        look.span(format!("   read {} ago", units::span(snapshot.now.since(known.read))), Ink::Dim),
    ])];
    for window in known.windows() {
        lines.push(gauge(app, snapshot, window, width));
        lines.extend(trend(app, client, limit, window));
    }
    lines.push(Line::default());
    lines
}

/// How wide bars are on a screen of that width.
fn bar_width(width: u16) -> usize {
    usize::from(width).saturating_sub(60).clamp(10, 60)
}

fn gauge(app: &App, snapshot: &Snapshot, window: &RateLimitWindow, width: u16) -> Line<'static> {
    let look = &app.look;
    let percent = window.used_percent;
    let ink = Ink::rising(percent, 70.0, app.options.thresholds.quota);
    let mut spans: Vec<Span<'static>> =
        vec![look.span(format!("  {:<NAME$} ", units::window(window.minutes)), Ink::Text)];
    spans.extend(bar(look, percent / 100.0, bar_width(width), ink));
    spans.push(look.span(format!(" {percent:>4.0}%"), if ink == Ink::Good { Ink::Text } else { ink }));
    if let Some(resets) = window.resets_at {
        spans.push(look.span(format!("   ↻ in {}", units::span(resets.since(snapshot.now))), Ink::Dim));
        spans.push(look.span(format!(" ({})", units::moment(resets, &app.options.zone)), Ink::Dim));
    }
    Line::from(spans)
}

/// How it went on, and when it will be used up if it goes on so.
fn trend(app: &App, client: ClientId, limit: &RateLimit, window: &RateLimitWindow) -> Option<Line<'static>> {
    let look = &app.look;
    let readings = app.quotas.readings(client, &limit.limit, window);
    let now = app.snapshot.as_deref()?.now;
    let forecast = match used_up_in(window, now) {
        Some(until) => look.span(format!("used up in {} at this rate", units::span(until)), Ink::Warn),
        None => look.span("lasts until the reset", Ink::Dim),
    };
    window.resets_at?;
    let mut spans = vec![Span::raw(format!("  {:<NAME$} ", "")), forecast];
    if readings.len() > 1 {
        spans.push(look.span("   recent ", Ink::Dim));
        spans.push(look.span(spark(&readings, readings.len().min(READINGS), Some(100.0)), Ink::Accent));
    }
    Some(Line::from(spans))
}
