use agtop_model::{ClientId, RateLimit, Snapshot, Timestamp, Untrusted, Window};
use agtop_render::units;
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
    if snapshot.rate_limits.is_empty() {
        return unknown(app);
    }
    let limits = snapshot.rate_limits.iter();
    limits.flat_map(|(client, at, limit)| account(app, snapshot, (*client, *at, limit), width)).collect()
}

fn unknown(app: &App) -> Vec<Line<'static>> {
    let say = |text: &'static str| Line::from(app.look.span(text, Ink::Dim));
    vec![
        say("No agent has told how much of an allowance is used."),
        say("Codex writes it into its sessions; Claude Code tells it to a status line only."),
    ]
}

fn account(
    app: &App,
    snapshot: &Snapshot,
    (client, at, limit): (ClientId, Timestamp, &RateLimit),
    width: u16,
) -> Vec<Line<'static>> {
    let look = &app.look;
    let harmless = |text: &str| Untrusted::from(text).for_terminal().into_owned();
    let plan = limit.plan.as_ref().map(|plan| format!("  {}", plan.for_terminal())).unwrap_or_default();
    let name = if *limit.limit == *client.as_str() { String::new() } else { format!("  {}", harmless(&limit.limit)) };
    let mut lines = vec![Line::from(vec![
        look.span(client.as_str(), Ink::Strong),
        look.span(format!("{name}{plan}"), Ink::Text),
        look.span(format!("   read {} ago", units::span(snapshot.now.since(at))), Ink::Dim),
    ])];
    for window in &limit.windows {
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

fn gauge(app: &App, snapshot: &Snapshot, window: &Window, width: u16) -> Line<'static> {
    let look = &app.look;
    if window.resets_at.is_some_and(|at| at <= snapshot.now) {
        let name = format!("  {:<NAME$} ", units::window(window.minutes));
        return Line::from(vec![
            look.span(name, Ink::Text),
            look.span("started anew since, not read again yet", Ink::Dim),
        ]);
    }
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
fn trend(app: &App, client: ClientId, limit: &RateLimit, window: &Window) -> Option<Line<'static>> {
    let look = &app.look;
    let readings = app.quotas.readings(client, &limit.limit, window);
    let now = app.snapshot.as_deref()?.now;
    let forecast = match used_up_in(window, now) {
        Some(until) => look.span(format!("used up in {} at this rate", units::span(until)), Ink::Warn),
        None => look.span("lasts until it starts anew", Ink::Dim),
    };
    window.resets_at.filter(|at| *at > now)?;
    let mut spans = vec![Span::raw(format!("  {:<NAME$} ", "")), forecast];
    if readings.len() > 1 {
        spans.push(look.span("   lately ", Ink::Dim));
        spans.push(look.span(spark(&readings, readings.len().min(READINGS), Some(100.0)), Ink::Accent));
    }
    Some(Line::from(spans))
}
