use std::time::Duration;

use agtop_format::{money, project, text, units};
use agtop_model::{ActivityRates, ActivityWindow, Snapshot, Spend};
use ratatui::text::{Line, Span};

use super::timings;
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::thresholds::Thresholds;
use crate::widgets::{bar, right_aligned, spark, whole};

/// The thresholds that a value is compared with, and the columns that it may take.
struct Rating<'a> {
    thresholds: &'a Thresholds,
    room: usize,
}

/// A row of the table: its name, and its value and tone in a window of time.
struct Metric {
    name: &'static str,
    value: fn(&ActivityWindow, &Rating<'_>) -> (String, Tone),
}

fn count(n: u64) -> (String, Tone) {
    (units::count(n), if n == 0 { Tone::Faint } else { Tone::Text })
}

fn rate(number: Option<f64>) -> (String, Tone) {
    match number {
        Some(number) if number >= 100.0 => count(whole(number)),
        Some(number) if number > 0.0 => (format!("{number:.1}"), Tone::Text),
        Some(_) => ("0".to_owned(), Tone::Faint),
        None => ("–".to_owned(), Tone::Faint),
    }
}

static METRICS: &[Metric] = &[
    Metric { name: "requests", value: |pace, _| count(pace.requests) },
    Metric { name: "requests / min", value: |pace, _| rate(pace.requests_per_minute()) },
    Metric {
        name: "errors",
        value: |pace, _| (pace.errors.to_string(), if pace.errors > 0 { Tone::Bad } else { Tone::Faint }),
    },
    Metric {
        name: "error rate",
        value: |pace, _| pace.error_percent().map_or_else(|| rate(None), |p| (units::percent(p), Tone::Text)),
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
            (sum(&pace.spend, rating.room), if pace.spend.is_empty() { Tone::Faint } else { Tone::Text })
        },
    },
    Metric { name: "cost / hour", value: cost_per_hour },
    Metric { name: "tool calls", value: |pace, _| count(pace.tool_calls) },
    Metric { name: "cut off (max_tokens)", value: max_tokens_share },
];

fn hit_rate(pace: &ActivityWindow, rating: &Rating<'_>) -> (String, Tone) {
    let Some(percent) = pace.hit_percent() else { return rate(None) };
    let tone = if percent < rating.thresholds.cache_hit {
        Tone::Bad
    } else if percent < rating.thresholds.cache_hit_warn {
        Tone::Warn
    } else {
        Tone::Good
    };
    (units::percent(percent), tone)
}

/// A response that was cut off has to be requested again.
fn max_tokens_share(pace: &ActivityWindow, _: &Rating<'_>) -> (String, Tone) {
    let Some(percent) = pace.max_tokens_percent() else { return rate(None) };
    (units::percent(percent), if percent > 0.0 { Tone::Warn } else { Tone::Faint })
}

/// The cost, with a mark for what a subscription covers.
fn sum(spend: &Spend, room: usize) -> String {
    money::within(&money::amount(spend), room, spend).into_owned()
}

fn cost_per_hour(pace: &ActivityWindow, rating: &Rating<'_>) -> (String, Tone) {
    let Some(hour) = pace.spend_per_hour() else { return rate(None) };
    (
        sum(&hour, rating.room),
        if hour.metered().amount.as_usd() > rating.thresholds.burn { Tone::Warn } else { Tone::Text },
    )
}

/// Columns at the edges of the screen that a view leaves empty.
const SIDE_MARGINS: usize = 3;
/// Blanks between two tables.
const TABLE_GAP: usize = 4;
/// Columns of names.
const NAME_COLUMNS: usize = 20;
/// Fewest columns of a value.
const MIN_VALUE_COLUMNS: usize = 7;

/// Most columns of a value, and of one that is partly covered by a subscription.
const MAX_VALUE_COLUMNS: usize = 14;
const MAX_MIXED_VALUE_COLUMNS: usize = 23;

/// Columns of each of the four values of a row.
fn value_width(paces: &ActivityRates, width: u16) -> usize {
    let width = usize::from(width);
    let is_mixed = paces.rolling.iter().chain([&paces.since_start]).any(|pace| money::is_mixed(&pace.spend));
    let beside = width.saturating_sub(NAME_COLUMNS + TABLE_GAP + timings::TABLE_COLUMNS + SIDE_MARGINS) / 4;
    let most = if is_mixed { beside.clamp(MAX_VALUE_COLUMNS, MAX_MIXED_VALUE_COLUMNS) } else { MAX_VALUE_COLUMNS };
    (width.saturating_sub(NAME_COLUMNS + 3) / 4).clamp(MIN_VALUE_COLUMNS, most)
}

/// The heading of the column that counts since agtop started, at most this wide.
fn started(span: Duration, columns: usize) -> String {
    let span = units::span(span);
    let forms = [format!("since start ({span})"), format!("start ({span})"), "since start".to_owned()];
    forms.into_iter().find(|form| text::width(form) < columns).unwrap_or_else(|| "start".to_owned())
}

pub(crate) fn lines(render: RenderContext<'_>, snapshot: &Snapshot, width: u16) -> Vec<Line<'static>> {
    let mut lines = table(render, snapshot, value_width(&snapshot.rates, width));
    let timings = timings::lines(render.look, snapshot);
    // Beside the table where there is room, else below everything.
    let column = lines.iter().map(Line::width).max().unwrap_or(0) + TABLE_GAP;
    let below = if column + timings::TABLE_COLUMNS + SIDE_MARGINS <= usize::from(width) {
        lines = timings::beside(lines, timings, column);
        Vec::new()
    } else {
        timings
    };
    lines.push(Line::default());
    lines.extend(totals(render.look, snapshot, usize::from(width).saturating_sub(NAME_COLUMNS + 3).min(56)));
    lines.push(Line::default());
    lines.extend(by_agent(render, snapshot, width));
    if !below.is_empty() {
        lines.push(Line::default());
        lines.extend(below);
    }
    lines
}

fn table(render: RenderContext<'_>, snapshot: &Snapshot, value_width: usize) -> Vec<Line<'static>> {
    let look = render.look;
    let paces = &snapshot.rates;
    let started = started(paces.since_start.span, value_width);
    let rating = Rating { thresholds: render.thresholds, room: value_width - 1 };
    let headings = ["1 min".to_owned(), "5 min".to_owned(), "15 min".to_owned(), started];
    let mut first = vec![look.span(text::left("", NAME_COLUMNS), Tone::Dim)];
    first.extend(headings.iter().map(|heading| look.span(text::right(heading, value_width), Tone::Dim)));
    let mut lines = vec![Line::from(first)];
    for metric in METRICS {
        let mut spans = vec![look.span(text::left(metric.name, NAME_COLUMNS), Tone::Dim)];
        for pace in paces.rolling.iter().chain([&paces.since_start]) {
            let (value, tone) = (metric.value)(pace, &rating);
            spans.extend(right_aligned(look, value, value_width, tone));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Since agtop started: why models stopped, and how many contexts were compacted.
fn totals(look: &Look, snapshot: &Snapshot, trend_width: usize) -> Vec<Line<'static>> {
    let paces = &snapshot.rates;
    let mut stops = vec![look.span(text::left("stops", NAME_COLUMNS), Tone::Dim)];
    for (reason, times) in &paces.stops {
        let tone = if matches!(reason, agtop_model::StopReason::MaxTokens) { Tone::Warn } else { Tone::Text };
        stops.push(look.span(times.to_string(), tone));
        stops.push(look.span(format!(" {}   ", reason.as_str().replace('_', " ")), Tone::Dim));
    }
    if paces.stops.is_empty() {
        stops.push(look.span("none yet", Tone::Faint));
    }
    let compactions = vec![
        look.span(text::left("compactions", NAME_COLUMNS), Tone::Dim),
        look.span(paces.compactions.to_string(), Tone::Text),
    ];
    let series: Vec<f64> = snapshot.history.points().map(|point| point.fresh_tokens_per_minute).collect();
    let trend = vec![
        look.span(text::left("in + out / min", NAME_COLUMNS), Tone::Dim),
        look.span(spark(&series, trend_width, None), Tone::Accent),
    ];
    vec![Line::from(stops), Line::from(compactions), Line::from(trend)]
}

/// Agents with requests in the last five minutes, by tokens.
fn by_agent(render: RenderContext<'_>, snapshot: &Snapshot, width: u16) -> Vec<Line<'static>> {
    let look = render.look;
    let mut busy: Vec<_> = snapshot.agents.iter().filter(|agent| agent.rates[1].requests > 0).collect();
    busy.sort_by_key(|agent| std::cmp::Reverse(agent.rates[1].usage.fresh()));
    let most = busy.iter().map(|agent| agent.rates[1].usage.fresh()).max().unwrap_or(0);
    let heading = format!(
        "{} {:>14}{:>14}{:>14}",
        text::left("agents, 5 min", NAME_COLUMNS),
        "in + out / min",
        "cost / hour",
        "requests"
    );
    let mut lines = vec![Line::from(look.span(heading, Tone::Dim))];
    for agent in busy {
        let pace = &agent.rates[1];
        let name = format!("{} {}", agent.label.for_terminal(), project(agent));
        let name = text::left(&text::truncate(&name, NAME_COLUMNS), NAME_COLUMNS);
        let (tokens, tokens_tone) = rate(pace.fresh_tokens_per_minute());
        let (cost, cost_tone) =
            cost_per_hour(pace, &Rating { thresholds: render.thresholds, room: MAX_VALUE_COLUMNS - 1 });
        let share = pace.usage.fresh() as f64 / most.max(1) as f64;
        let room = usize::from(width).saturating_sub(NAME_COLUMNS + 50).min(40);
        let mut spans: Vec<Span<'static>> = vec![look.span(format!("{name} "), Tone::Text)];
        spans.extend(right_aligned(look, tokens, 14, tokens_tone));
        spans.extend(right_aligned(look, cost, 14, cost_tone));
        spans.push(look.span(format!("{:>14}   ", pace.requests), Tone::Text));
        spans.extend(bar(look, share, room, Tone::Accent));
        lines.push(Line::from(spans));
    }
    if lines.len() == 1 {
        lines.push(Line::from(look.span("no agent is working", Tone::Faint)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use agtop_model::Usage;

    use super::*;

    #[test]
    fn a_hit_rate_is_amber_below_60_and_red_below_30_percent() {
        let rated = |read: u64| {
            let usage = Usage { cache_read: read, input: 100 - read, ..Usage::default() };
            hit_rate(
                &ActivityWindow { requests: 1, usage, ..ActivityWindow::default() },
                &Rating { thresholds: &Thresholds::default(), room: 9 },
            )
        };
        let cases = [(60, "60%", Tone::Good), (59, "59%", Tone::Warn), (30, "30%", Tone::Warn), (29, "29%", Tone::Bad)];
        for (read, text, tone) in cases {
            assert_eq!(rated(read), (text.to_owned(), tone));
        }
    }
}
