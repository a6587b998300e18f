//! How long things take: tools, turns, and what runs longest now.

use std::time::Duration;

use agtop_format::{text, units};
use agtop_model::{Quantiles, Snapshot};
use ratatui::text::{Line, Span};

use super::rates::right;
use crate::app::project;
use crate::look::{Ink, Look};

/// Columns of names, of a time, and of a number of calls.
const NAME: usize = 22;
const TIME: usize = 9;
const CALLS: usize = 7;
/// Columns of the whole table.
pub(super) const WIDTH: usize = NAME + 3 * TIME + CALLS;
/// Tools that are shown, the slowest first.
const MOST_TOOLS: usize = 8;

/// The table: prompts and turns, then tools, then the call that has been running longest.
pub(super) fn lines(look: &Look, snapshot: &Snapshot) -> Vec<Line<'static>> {
    let timings = &snapshot.timings;
    let mut lines = vec![heading(look)];
    let latencies = [("prompt to first tool", timings.first_tool), ("turn", timings.turn)];
    lines.extend(latencies.into_iter().filter_map(|(name, times)| Some(row(look, name, times?))));
    for tool in timings.tools.iter().take(MOST_TOOLS) {
        let name = format!("{} {}", tool.tool.for_terminal(), tool.client.as_str());
        lines.push(row(look, &name, tool.times));
    }
    if lines.len() == 1 {
        lines.push(Line::from(look.span("no call has been timed yet", Ink::Faint)));
    }
    lines.extend(longest_now(look, snapshot));
    lines
}

fn heading(look: &Look) -> Line<'static> {
    let times = ["median", "95% in", "longest"].map(|title| text::right(title, TIME)).concat();
    let heading = format!("{}{times}{}", text::left("how long it takes", NAME), text::right("times", CALLS));
    Line::from(look.span(heading, Ink::Dim))
}

fn row(look: &Look, name: &str, times: Quantiles) -> Line<'static> {
    let name = text::left(&text::truncate(name, NAME - 1), NAME);
    let mut spans = vec![look.span(name, Ink::Dim)];
    for (time, ink) in [(times.median, Ink::Text), (times.p95, Ink::Text), (times.longest, Ink::Dim)] {
        spans.extend(right(look, units::latency(time), TIME, ink));
    }
    spans.extend(right(look, times.count.to_string(), CALLS, Ink::Dim));
    Line::from(spans)
}

/// The running call that began first, beside what is usual for it.
fn longest_now(look: &Look, snapshot: &Snapshot) -> Option<Line<'static>> {
    let calls = snapshot.agents.iter().flat_map(|agent| {
        let calls = agent.session.iter().flat_map(|session| &session.in_flight);
        calls.filter(|call| !call.is_subagent).filter_map(move |call| Some((call.since?, call, agent)))
    });
    let (since, call, agent) = calls.min_by_key(|(since, ..)| *since)?;
    let span = snapshot.now.since(since);
    let ink = if call.usual.is_some_and(|usual| is_long(span, usual)) { Ink::Warn } else { Ink::Text };
    let usual = call.usual.map(|usual| format!(", 95% in {}", units::latency(usual))).unwrap_or_default();
    let name = format!("{} {}", call.name.for_terminal(), units::latency(span));
    let who = format!("  {} {}", agent.label.for_terminal(), project(agent));
    Some(Line::from(vec![
        look.span(text::left("longest now", NAME), Ink::Dim),
        look.span(name, ink),
        look.span(format!("{who}{usual}"), Ink::Dim),
    ]))
}

/// Well beyond what nearly all calls take.
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

    fn told(snapshot: &Snapshot) -> Vec<String> {
        let look = crate::App::new(Options::usual("1", "linux")).look;
        lines(&look, snapshot).iter().map(ToString::to_string).collect()
    }

    fn times(millis: &[u64]) -> Quantiles {
        Quantiles::of(millis.iter().map(|&span| Duration::from_millis(span))).unwrap()
    }

    #[test]
    fn the_slowest_tools_prompts_and_turns_are_told() {
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
        let told = told(&Snapshot { timings: Arc::new(timings), ..demo::crowd(0, 0) });
        assert_eq!(told.len(), 2 + MOST_TOOLS);
        assert_eq!(told[1], "prompt to first tool       2.5s     2.5s     2.5s      1");
        assert_eq!(told[2], "T19 claude                 1.4s   19m00s   19m00s      3");
        assert!(told.iter().all(|line| line.len() == WIDTH), "{told:?}");
    }

    #[test]
    fn where_nothing_was_timed_that_is_said() {
        let snapshot = Snapshot { timings: Arc::default(), ..demo::crowd(0, 0) };
        assert_eq!(told(&snapshot)[1..], ["no call has been timed yet"]);
    }

    #[test]
    fn the_call_that_runs_longest_is_named_with_its_agent() {
        let told = told(&demo::crowd(14, 14));
        let last = told.last().unwrap();
        assert!(last.starts_with("longest now") && last.contains("95% in"), "{last}");
    }

    #[test]
    fn tables_stand_side_by_side_whichever_is_longer() {
        let lines = |n: usize| vec![Line::from("ab"); n];
        let both =
            |left, right| beside(lines(left), lines(right), 4).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(both(2, 1), ["ab  ab", "ab"]);
        assert_eq!(both(1, 2), ["ab  ab", "    ab"]);
    }
}
