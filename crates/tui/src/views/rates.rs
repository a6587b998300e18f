use std::time::Duration;

use agtop_format::{money, text, units};
use agtop_model::{ActivityRates, ActivityWindow, Snapshot, Spend};
use ratatui::text::{Line, Span};

use super::timings;
use crate::alerts::Thresholds;
use crate::app::{App, project};
use crate::look::{Ink, Look};
use crate::widgets::{spark, whole};

/// What a value is rated by, and the columns that it may take.
struct Rating<'a> {
    thresholds: &'a Thresholds,
    room: usize,
}

/// A row of the table: what it is called, and its value in a span of time with the ink that rates it.
struct Metric {
    name: &'static str,
    value: fn(&ActivityWindow, &Rating<'_>) -> (String, Ink),
}

fn count(n: u64) -> (String, Ink) {
    (units::count(n), if n == 0 { Ink::Faint } else { Ink::Text })
}

fn rate(number: Option<f64>) -> (String, Ink) {
    match number {
        Some(number) if number >= 100.0 => count(whole(number)),
        Some(number) if number > 0.0 => (format!("{number:.1}"), Ink::Text),
        Some(_) => ("0".to_owned(), Ink::Faint),
        None => ("–".to_owned(), Ink::Faint),
    }
}

static METRICS: &[Metric] = &[
    Metric { name: "requests", value: |pace, _| count(pace.requests) },
    Metric { name: "requests / min", value: |pace, _| rate(pace.requests_per_minute()) },
    Metric {
        name: "errors",
        value: |pace, _| (pace.errors.to_string(), if pace.errors > 0 { Ink::Bad } else { Ink::Faint }),
    },
    Metric {
        name: "error rate",
        value: |pace, _| pace.error_percent().map_or_else(|| rate(None), |p| (units::percent(p), Ink::Text)),
    },
    Metric { name: "input tokens", value: |pace, _| count(pace.usage.input) },
    Metric { name: "output tokens", value: |pace, _| count(pace.usage.output) },
    Metric { name: "in + out / min", value: |pace, _| rate(pace.fresh_tokens_per_minute()) },
    Metric { name: "cache reads", value: |pace, _| count(pace.usage.cache_read) },
    Metric { name: "cache writes", value: |pace, _| count(pace.usage.cache_write()) },
    Metric { name: "cache hit rate", value: hit_rate },
    Metric {
        name: "cost",
        value: |pace, rating| {
            (sum(&pace.spend, rating.room), if pace.spend.is_empty() { Ink::Faint } else { Ink::Text })
        },
    },
    Metric { name: "cost / hour", value: cost_per_hour },
    Metric { name: "tool calls", value: |pace, _| count(pace.tool_calls) },
    Metric { name: "cut off (max_tokens)", value: max_tokens_share },
];

fn hit_rate(pace: &ActivityWindow, rating: &Rating<'_>) -> (String, Ink) {
    let Some(percent) = pace.hit_percent() else { return rate(None) };
    let ink = if percent < rating.thresholds.cache_hit {
        Ink::Bad
    } else if percent < rating.thresholds.cache_hit_warn {
        Ink::Warn
    } else {
        Ink::Good
    };
    (units::percent(percent), ink)
}

/// Answers that were cut off are answers that somebody has to ask for again.
fn max_tokens_share(pace: &ActivityWindow, _: &Rating<'_>) -> (String, Ink) {
    let Some(percent) = pace.max_tokens_percent() else { return rate(None) };
    (units::percent(percent), if percent > 0.0 { Ink::Warn } else { Ink::Faint })
}

/// What was spent, with the mark of what a subscription covers.
fn sum(spend: &Spend, room: usize) -> String {
    money::within(&money::amount(spend), room, spend).into_owned()
}

fn cost_per_hour(pace: &ActivityWindow, rating: &Rating<'_>) -> (String, Ink) {
    let Some(hour) = pace.spend_per_hour() else { return rate(None) };
    (
        sum(&hour, rating.room),
        if hour.metered().amount.as_usd() > rating.thresholds.burn { Ink::Warn } else { Ink::Text },
    )
}

/// Columns at the edges of the screen that a view leaves empty.
const EDGES: usize = 3;
/// Blanks between two tables.
const BETWEEN: usize = 4;
/// Columns of names.
const NAME: usize = 20;
/// Columns that a value has at least.
const LEAST_VALUE: usize = 7;

/// Columns that a value has at most, and where sums are paid by use in part and covered in part.
const MOST_VALUE: usize = 14;
const MOST_MIXED: usize = 23;

/// Columns of a value, where four are next to each other.
fn value_width(paces: &ActivityRates, width: u16) -> usize {
    let width = usize::from(width);
    let is_mixed = paces.rolling.iter().chain([&paces.since_start]).any(|pace| money::is_mixed(&pace.spend));
    let beside = width.saturating_sub(NAME + BETWEEN + timings::WIDTH + EDGES) / 4;
    let most = if is_mixed { beside.clamp(MOST_VALUE, MOST_MIXED) } else { MOST_VALUE };
    (width.saturating_sub(NAME + 3) / 4).clamp(LEAST_VALUE, most)
}

/// What the column is headed that counts since agtop started, in its columns.
fn started(span: Duration, columns: usize) -> String {
    let span = units::span(span);
    let forms = [format!("since start ({span})"), format!("start ({span})"), "since start".to_owned()];
    forms.into_iter().find(|form| text::width(form) < columns).unwrap_or_else(|| "start".to_owned())
}

pub(super) fn lines(app: &App, width: u16) -> Vec<Line<'static>> {
    let Some(snapshot) = app.snapshot.as_deref() else { return Vec::new() };
    let mut lines = table(app, snapshot, value_width(&snapshot.rates, width));
    let timings = timings::lines(&app.look, snapshot);
    // Beside the table where there is room, else below everything.
    let column = lines.iter().map(Line::width).max().unwrap_or(0) + BETWEEN;
    let below = if column + timings::WIDTH + EDGES <= usize::from(width) {
        lines = timings::beside(lines, timings, column);
        Vec::new()
    } else {
        timings
    };
    lines.push(Line::default());
    lines.extend(totals(&app.look, snapshot, usize::from(width).saturating_sub(NAME + 3).min(56)));
    lines.push(Line::default());
    lines.extend(by_agent(app, snapshot, width));
    if !below.is_empty() {
        lines.push(Line::default());
        lines.extend(below);
    }
    lines
}

/// A value at the right end of its room. The room has no style: without colours that would be a bar.
pub(super) fn right(look: &Look, value: String, room: usize, ink: Ink) -> [Span<'static>; 2] {
    let blanks = room.saturating_sub(text::width(&value));
    [Span::raw(" ".repeat(blanks)), look.span(value, ink)]
}

fn table(app: &App, snapshot: &Snapshot, value_width: usize) -> Vec<Line<'static>> {
    let look = &app.look;
    let paces = &snapshot.rates;
    let started = started(paces.since_start.span, value_width);
    let rating = Rating { thresholds: &app.options.thresholds, room: value_width - 1 };
    let headings = ["1 min".to_owned(), "5 min".to_owned(), "15 min".to_owned(), started];
    let mut first = vec![look.span(text::left("", NAME), Ink::Dim)];
    first.extend(headings.iter().map(|heading| look.span(text::right(heading, value_width), Ink::Dim)));
    let mut lines = vec![Line::from(first)];
    for metric in METRICS {
        let mut spans = vec![look.span(text::left(metric.name, NAME), Ink::Dim)];
        for pace in paces.rolling.iter().chain([&paces.since_start]) {
            let (value, ink) = (metric.value)(pace, &rating);
            spans.extend(right(look, value, value_width, ink));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// What agtop saw since it started: why models stopped, and contexts that were summarised.
fn totals(look: &Look, snapshot: &Snapshot, trend_width: usize) -> Vec<Line<'static>> {
    let paces = &snapshot.rates;
    let mut stops = vec![look.span(text::left("stops", NAME), Ink::Dim)];
    for (reason, times) in &paces.stops {
        let ink = if matches!(reason, agtop_model::StopReason::MaxTokens) { Ink::Warn } else { Ink::Text };
        stops.push(look.span(times.to_string(), ink));
        stops.push(look.span(format!(" {}   ", reason.as_str().replace('_', " ")), Ink::Dim));
    }
    if paces.stops.is_empty() {
        stops.push(look.span("none yet", Ink::Faint));
    }
    let compactions =
        vec![look.span(text::left("compactions", NAME), Ink::Dim), look.span(paces.compactions.to_string(), Ink::Text)];
    let series: Vec<f64> = snapshot.history.points().map(|point| point.fresh_tokens_per_minute).collect();
    let trend = vec![
        look.span(text::left("in + out / min", NAME), Ink::Dim),
        look.span(spark(&series, trend_width, None), Ink::Accent),
    ];
    vec![Line::from(stops), Line::from(compactions), Line::from(trend)]
}

/// Who is behind it: agents by tokens of the last five minutes, those without any left out.
fn by_agent(app: &App, snapshot: &Snapshot, width: u16) -> Vec<Line<'static>> {
    let look = &app.look;
    let mut busy: Vec<_> = snapshot.agents.iter().filter(|agent| agent.rates[1].requests > 0).collect();
    busy.sort_by_key(|agent| std::cmp::Reverse(agent.rates[1].usage.fresh()));
    let most = busy.iter().map(|agent| agent.rates[1].usage.fresh()).max().unwrap_or(0);
    let heading = format!(
        "{} {:>14}{:>14}{:>14}",
        text::left("agents, 5 min", NAME),
        "in + out / min",
        "cost / hour",
        "requests"
    );
    let mut lines = vec![Line::from(look.span(heading, Ink::Dim))];
    for agent in busy {
        let pace = &agent.rates[1];
        let name = format!("{} {}", agent.label.for_terminal(), project(agent));
        let name = text::left(&text::truncate(&name, NAME), NAME);
        let (tokens, tokens_ink) = rate(pace.fresh_tokens_per_minute());
        let (cost, cost_ink) =
            cost_per_hour(pace, &Rating { thresholds: &app.options.thresholds, room: MOST_VALUE - 1 });
        let share = pace.usage.fresh() as f64 / most.max(1) as f64;
        let room = usize::from(width).saturating_sub(NAME + 50).min(40);
        let mut spans: Vec<Span<'static>> = vec![look.span(format!("{name} "), Ink::Text)];
        spans.extend(right(look, tokens, 14, tokens_ink));
        spans.extend(right(look, cost, 14, cost_ink));
        spans.push(look.span(format!("{:>14}   ", pace.requests), Ink::Text));
        spans.extend(crate::widgets::bar(look, share, room, Ink::Accent));
        lines.push(Line::from(spans));
    }
    if lines.len() == 1 {
        lines.push(Line::from(look.span("nobody is at work", Ink::Faint)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use agtop_model::Usage;

    use super::*;

    #[test]
    fn s4_win_14_a_hit_rate_is_amber_below_sixty_and_red_below_thirty() {
        let rated = |read: u64| {
            let usage = Usage { cache_read: read, input: 100 - read, ..Usage::default() };
            hit_rate(
                &ActivityWindow { requests: 1, usage, ..ActivityWindow::default() },
                &Rating { thresholds: &Thresholds::default(), room: 9 },
            )
        };
        let cases = [(60, "60%", Ink::Good), (59, "59%", Ink::Warn), (30, "30%", Ink::Warn), (29, "29%", Ink::Bad)];
        for (read, text, ink) in cases {
            assert_eq!(rated(read), (text.to_owned(), ink));
        }
    }
}
