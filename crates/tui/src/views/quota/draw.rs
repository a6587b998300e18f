use agtop_format::units;
use agtop_model::{Allowance, ClientId, RateLimit, RateLimitWindow, Snapshot, Untrusted};
use ratatui::text::{Line, Span};

use super::forecast::used_up_in;
use super::history::QuotaHistory;
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::widgets::{bar, spark};

/// Readings shown of a window.
const SHOWN_READINGS: usize = 40;
/// Columns of a window's name.
const NAME_COLUMNS: usize = 8;

/// The quota view.
pub(crate) struct QuotaView<'a> {
    pub(crate) render: RenderContext<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) history: &'a QuotaHistory,
    /// Columns of the view.
    pub(crate) width: u16,
}

impl QuotaView<'_> {
    pub(crate) fn lines(&self) -> Vec<Line<'static>> {
        let lines: Vec<_> = self.snapshot.allowances().flat_map(|known| self.account(known)).collect();
        if lines.is_empty() { unknown(self.render.look, self.snapshot) } else { lines }
    }

    fn account(&self, known: Allowance<'_>) -> Vec<Line<'static>> {
        let look = self.render.look;
        let (client, limit) = (known.client, known.limit);
        let harmless = |text: &str| Untrusted::from(text).for_terminal().into_owned();
        let plan = limit.plan.as_ref().map(|plan| format!("  {}", plan.for_terminal())).unwrap_or_default();
        let name =
            if *limit.limit == *client.as_str() { String::new() } else { format!("  {}", harmless(&limit.limit)) };
        let mut lines = vec![Line::from(vec![
            look.span(client.as_str(), Tone::Strong),
            look.span(format!("{name}{plan}"), Tone::Text),
            look.span(format!("   read {} ago", units::span(self.snapshot.now.since(known.read))), Tone::Dim),
        ])];
        for window in known.windows() {
            lines.push(self.gauge(window));
            lines.extend(self.trend(client, limit, window));
        }
        lines.push(Line::default());
        lines
    }

    fn gauge(&self, window: &RateLimitWindow) -> Line<'static> {
        let look = self.render.look;
        let percent = window.used_percent;
        let tone = Tone::rising(percent, 70.0, self.render.thresholds.quota);
        let mut spans: Vec<Span<'static>> =
            vec![look.span(format!("  {:<NAME_COLUMNS$} ", units::window(window.minutes)), Tone::Text)];
        spans.extend(bar(look, percent / 100.0, bar_width(self.width), tone));
        spans.push(look.span(format!(" {percent:>4.0}%"), if tone == Tone::Good { Tone::Text } else { tone }));
        if let Some(resets) = window.resets_at {
            spans.push(look.span(format!("   ↻ in {}", units::span(resets.since(self.snapshot.now))), Tone::Dim));
            spans.push(look.span(format!(" ({})", units::moment(resets, self.render.zone)), Tone::Dim));
        }
        Line::from(spans)
    }

    /// The recent readings, and when the window will be used up at this rate.
    fn trend(&self, client: ClientId, limit: &RateLimit, window: &RateLimitWindow) -> Option<Line<'static>> {
        let look = self.render.look;
        let readings = self.history.readings(client, &limit.limit, window);
        let now = self.snapshot.now;
        let forecast = match used_up_in(window, now) {
            Some(until) => look.span(format!("used up in {} at this rate", units::span(until)), Tone::Warn),
            None => look.span("lasts until the reset", Tone::Dim),
        };
        window.resets_at?;
        let mut spans = vec![Span::raw(format!("  {:<NAME_COLUMNS$} ", "")), forecast];
        if readings.len() > 1 {
            spans.push(look.span("   recent ", Tone::Dim));
            spans.push(look.span(spark(&readings, readings.len().min(SHOWN_READINGS), Some(100.0)), Tone::Accent));
        }
        Some(Line::from(spans))
    }
}

fn unknown(look: &Look, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let say = |text: String| Line::from(look.span(text, Tone::Dim));
    let Some(last) = snapshot.rate_limits.iter().map(|(_, read, _)| *read).max() else {
        return vec![
            say("No agent has reported how much of a rate limit is used.".to_owned()),
            say("Codex writes it to its transcripts; Claude Code reports it to a status line only.".to_owned()),
        ];
    };
    let ago = units::span(snapshot.now.since(last));
    vec![say(format!("Every window has reset since a rate limit was last read, {ago} ago."))]
}

/// Columns of bars on a screen of this width.
fn bar_width(width: u16) -> usize {
    usize::from(width).saturating_sub(60).clamp(10, 60)
}
