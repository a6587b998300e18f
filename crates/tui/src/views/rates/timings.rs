//! How long things take: tools, turns, and what runs longest now.

use std::time::Duration;

use agtop_format::{project, text, units};
use agtop_model::{Quantiles, Snapshot};
use ratatui::text::{Line, Span};

use crate::look::{Look, Tone};
use crate::widgets::right_aligned;

/// Columns of names, of a time, and of a number of calls.
const NAME_COLUMNS: usize = 22;
const TIME_COLUMNS: usize = 9;
const CALLS_COLUMNS: usize = 7;
/// Columns of the whole table.
pub(super) const TABLE_COLUMNS: usize = NAME_COLUMNS + 3 * TIME_COLUMNS + CALLS_COLUMNS;
/// Tools that are shown, the slowest first.
const MAX_TOOL_ROWS: usize = 8;

/// The table: prompts and turns, then tools, then the call that has been running longest.
pub(super) fn lines(look: &Look, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let timings = &snapshot.timings;
    let mut lines = vec![heading(look)];
    let latencies = [("prompt to first tool", timings.first_tool), ("turn", timings.turn)];
    lines.extend(latencies.into_iter().filter_map(|(name, times)| Some(row(look, name, times?))));
    for tool in timings.tools.iter().take(MAX_TOOL_ROWS) {
        let name = format!("{} {}", tool.tool.for_terminal(), tool.client.as_str());
        lines.push(row(look, &name, tool.times));
    }
    if lines.len() == 1 {
        lines.push(Line::from(look.span("no call has been timed yet", Tone::Faint)));
    }
    lines.extend(longest_now(look, snapshot));
    lines
}

fn heading(look: &Look) -> Line<'static> {
    let times = ["median", "95% in", "longest"].map(|title| text::right(title, TIME_COLUMNS)).concat();
    let heading =
        format!("{}{times}{}", text::left("how long it takes", NAME_COLUMNS), text::right("times", CALLS_COLUMNS));
    Line::from(look.span(heading, Tone::Dim))
}

fn row(look: &Look, name: &str, times: Quantiles) -> Line<'static> {
    let name = text::left(&text::truncate(name, NAME_COLUMNS - 1), NAME_COLUMNS);
    let mut spans = vec![look.span(name, Tone::Dim)];
    for (time, tone) in [(times.median, Tone::Text), (times.p95, Tone::Text), (times.longest, Tone::Dim)] {
        spans.extend(right_aligned(look, units::latency(time), TIME_COLUMNS, tone));
    }
    spans.extend(right_aligned(look, times.count.to_string(), CALLS_COLUMNS, Tone::Dim));
    Line::from(spans)
}

/// The call that has been running longest, and how long such calls usually take.
fn longest_now(look: &Look, snapshot: &Snapshot) -> Option<Line<'static>> {
    let calls = snapshot.agents.iter().flat_map(|agent| {
        let calls = agent.session.iter().flat_map(|session| &session.in_flight);
        calls.filter(|call| !call.is_subagent).filter_map(move |call| Some((call.since?, call, agent)))
    });
    let (since, call, agent) = calls.min_by_key(|(since, ..)| *since)?;
    let span = snapshot.now.since(since);
    let tone = if call.usual.is_some_and(|usual| is_long(span, usual)) { Tone::Warn } else { Tone::Text };
    let usual = call.usual.map(|usual| format!(", 95% in {}", units::latency(usual))).unwrap_or_default();
    let name = format!("{} {}", call.name.for_terminal(), units::latency(span));
    let who = format!("  {} {}", agent.label.for_terminal(), project(agent));
    Some(Line::from(vec![
        look.span(text::left("longest now", NAME_COLUMNS), Tone::Dim),
        look.span(name, tone),
        look.span(format!("{who}{usual}"), Tone::Dim),
    ]))
}

/// Whether a call takes much longer than nearly all others.
fn is_long(span: Duration, usual: Duration) -> bool {
    span > usual * 2
}

/// Puts lines to the right of others, from a column on.
pub(super) fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, column: usize) -> Vec<Line<'static>> {
    let rows = left.len().max(right.len());
    let mut lines: Vec<Line<'static>> = left;
    lines.resize(rows, Line::default());
    for (line, right) in lines.iter_mut().zip(right) {
        let blanks = column.saturating_sub(line.width());
        line.spans.push(Span::raw(" ".repeat(blanks)));
        line.spans.extend(right.spans);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_model::{ClientId, Timings, ToolTime};

    use super::*;
    use crate::Options;
    use agtop_demo as demo;

    fn text_lines(snapshot: &Snapshot) -> Vec<String> {
        let look = crate::App::new(Options::with_defaults("1", "linux")).look;
        lines(&look, snapshot).iter().map(ToString::to_string).collect()
    }

    fn times(millis: &[u64]) -> Quantiles {
        Quantiles::of(millis.iter().map(|&span| Duration::from_millis(span))).unwrap()
    }

    #[test]
    fn timings_list_prompts_turns_and_the_slowest_tools() {
        let tool = |n: u64| ToolTime {
            client: ClientId::new("claude"),
            tool: format!("T{n}\u{1b}[31m").into(),
            times: times(&[100, 1400, n * 60_000]),
        };
        let timings = Timings {
            tools: (0..20).rev().map(tool).collect(),
            first_tool: Some(times(&[2500])),
            ..Timings::default()
        };
        let lines = text_lines(&Snapshot { timings: Arc::new(timings), ..demo::crowd(0, 0) });
        assert_eq!(lines.len(), 2 + MAX_TOOL_ROWS);
        assert_eq!(lines[1], "prompt to first tool       2.5s     2.5s     2.5s      1");
        assert_eq!(lines[2], "T19 claude                 1.4s   19m00s   19m00s      3");
        assert!(lines.iter().all(|line| line.len() == TABLE_COLUMNS), "{lines:?}");
    }

    #[test]
    fn without_timings_a_note_is_shown() {
        let snapshot = Snapshot { timings: Arc::default(), ..demo::crowd(0, 0) };
        assert_eq!(text_lines(&snapshot)[1..], ["no call has been timed yet"]);
    }

    #[test]
    fn the_call_that_runs_longest_is_named_with_its_agent() {
        let lines = text_lines(&demo::crowd(14, 14));
        let last = lines.last().unwrap();
        assert!(last.starts_with("longest now") && last.contains("95% in"), "{last}");
    }

    #[test]
    fn tables_are_side_by_side_whichever_is_longer() {
        let lines = |n: usize| vec![Line::from("ab"); n];
        let both =
            |left, right| beside(lines(left), lines(right), 4).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(both(2, 1), ["ab  ab", "ab"]);
        assert_eq!(both(1, 2), ["ab  ab", "    ab"]);
    }
}
