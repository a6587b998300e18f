use std::cmp::Reverse;

use agtop_format::{project, text, units};
use agtop_model::{Activity, ActivityKind, Agent, LifecycleChange, Timestamp};
use ratatui::text::{Line, Span};

use super::input::PanelInput;
use crate::activity_line::activity_spans;
use crate::dashboard::frame::PanelContent;
use crate::figures::live_agents;
use crate::look::Tone;

/// Columns of how long ago something was.
const AGO_COLUMNS: usize = 7;
/// Columns of the project.
const PROJECT_COLUMNS: usize = 13;
/// Most events that are sorted for a panel: no panel has more rows.
const MAX_EVENTS: usize = 200;

/// What all agents did last, and which started and exited, the newest first.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let mut events = agents_events(input, |_| true);
    events.extend(lifecycle(input));
    panel(input, events, "nothing has happened yet")
}

/// What failed last.
pub(super) fn errors(input: &PanelInput<'_>) -> PanelContent {
    let is_error =
        |kind: &ActivityKind| matches!(kind, ActivityKind::Failed(_) | ActivityKind::Returned { outcome: Err(()), .. });
    let mut events = agents_events(input, is_error);
    let minutes = Some(input.snapshot.rates.fifteen_minutes());
    // A cause that the transcript has as well is the event above.
    let has_failed = |agent: &&Agent| {
        let recent = agent.session.iter().flat_map(|session| &session.recent);
        recent.into_iter().any(|activity| matches!(activity.kind, ActivityKind::Failed(_)))
    };
    let unrecorded = live_agents(input.snapshot).filter(|agent| !has_failed(agent));
    let causes = unrecorded.filter_map(|agent| Some((agent, agent.cause.as_ref()?)));
    events.extend(causes.map(|(agent, cause)| {
        let look = input.render.look;
        let spans = vec![look.span(format!("× {}", cause.for_terminal()), Tone::Bad)];
        (agent.status_since, project(agent), spans)
    }));
    let mut content = panel(input, events, "no error");
    if let Some(window) = minutes.filter(|window| window.errors > 0) {
        let value = format!("{} failed requests in {}", window.errors, units::span(window.span));
        content.value = vec![input.render.look.span(value, Tone::Bad)];
    }
    content
}

/// When it was, in which project, and what it was.
type Event = (Timestamp, String, Vec<Span<'static>>);

fn agents_events(input: &PanelInput<'_>, is_wanted: fn(&ActivityKind) -> bool) -> Vec<Event> {
    let mut found: Vec<(Timestamp, &Agent, &Activity)> = Vec::new();
    for agent in live_agents(input.snapshot) {
        let recent = agent.session.iter().flat_map(|session| &session.recent);
        let wanted = recent.filter(|activity| is_wanted(&activity.kind));
        found.extend(wanted.filter_map(|activity| Some((activity.at?, agent, activity))));
    }
    found.sort_by_key(|(at, ..)| Reverse(*at));
    let newest = found.into_iter().take(MAX_EVENTS);
    newest.map(|(at, agent, activity)| (at, project(agent), activity_spans(&input.render, activity))).collect()
}

fn lifecycle(input: &PanelInput<'_>) -> impl Iterator<Item = Event> {
    let look = input.render.look;
    input.snapshot.lifecycle_events.iter().take(MAX_EVENTS).map(|event| {
        let (sign, tone) = match event.change {
            LifecycleChange::Spawned => ("+ started ", Tone::Good),
            LifecycleChange::Exited => ("– exited ", Tone::Dim),
        };
        let project = event.project.as_ref().map(|project| project.for_terminal().into_owned()).unwrap_or_default();
        let label = look.span(event.label.for_terminal().into_owned(), Tone::Text);
        (event.at, project, vec![look.span(sign, tone), label])
    })
}

fn panel(input: &PanelInput<'_>, mut events: Vec<Event>, empty: &'static str) -> PanelContent {
    let look = input.render.look;
    events.sort_by_key(|(at, ..)| Reverse(*at));
    let line = |(at, project, what): Event| {
        let ago = units::span(input.snapshot.now.since(at));
        let project = text::left(&text::truncate(&project, PROJECT_COLUMNS), PROJECT_COLUMNS);
        let mut spans =
            vec![look.span(format!("{ago:>AGO_COLUMNS$} "), Tone::Dim), look.span(format!("{project} "), Tone::Dim)];
        spans.extend(what);
        Line::from(spans)
    };
    PanelContent { lines: events.into_iter().map(line).collect(), empty, ..PanelContent::default() }
}
