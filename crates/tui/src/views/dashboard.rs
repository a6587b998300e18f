use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use agtop_format::{money, project, text, units};
use agtop_model::{Agent, HistoryPoint, LifecycleChange, Snapshot, Status};
use agtop_output::status_word;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::list::UsageTotals;
use crate::columns::doing;
use crate::look::Tone;
use crate::render_context::RenderContext;
use crate::widgets::{Gauge, Side, gauge, graph, heading, put, whole};

/// Draws the dashboard: graphs of the machine above, agents and events below.
pub(crate) fn draw(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let [above, below] =
        Layout::vertical([Constraint::Percentage(48), Constraint::Percentage(52)]).spacing(1).areas(inner);
    let graphs: &[Graph] = &[cpu, memory, tokens];
    for (place, graph) in across(above, graphs.len()).zip(graphs) {
        graph(render, snapshot, place, buffer);
    }
    let lists: &[Graph] = if area.width >= 130 {
        &[statuses, projects, activity, tasks]
    } else if area.width >= 80 {
        &[statuses, projects, activity]
    } else {
        &[statuses, activity]
    };
    for (place, list) in across(below, lists.len()).zip(lists) {
        list(render, snapshot, place, buffer);
    }
}

type Graph = fn(RenderContext<'_>, &Snapshot, Rect, &mut Buffer);

fn across(area: Rect, parts: usize) -> impl Iterator<Item = Rect> {
    let share = u32::try_from(parts).unwrap_or(1);
    Layout::horizontal(std::iter::repeat_n(Constraint::Ratio(1, share), parts))
        .spacing(2)
        .split(area)
        .to_vec()
        .into_iter()
}

fn series(snapshot: &Snapshot, get: fn(&HistoryPoint) -> f64) -> Vec<f64> {
    snapshot.history.points().map(get).collect()
}

/// The area below a heading.
fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

fn cpu(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let series = series(snapshot, |point| point.cpu_percent);
    let now = series.last().copied().unwrap_or(0.0);
    let machine = snapshot.system.as_ref().and_then(|system| system.cpu_percent.ok());
    let machine = machine.map(|percent| format!(", machine {}", units::percent(percent))).unwrap_or_default();
    heading(buffer, area, render.look, "CPU", &format!("{}{machine}", units::percent(now)));
    graph(buffer, below(area), render.look, &series, Some(series.iter().copied().fold(100.0, f64::max)));
}

fn memory(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let series = series(snapshot, |point| point.memory as f64);
    let now = units::bytes(whole(series.last().copied().unwrap_or(0.0)));
    let total = snapshot.system.as_ref().and_then(|system| system.memory_total.ok());
    let of = total.map(|total| format!(" of {}", units::bytes(total))).unwrap_or_default();
    heading(buffer, area, render.look, "Memory", &format!("{now}{of}"));
    graph(buffer, below(area), render.look, &series, Some(series.iter().copied().fold(1.0, f64::max) * 1.2));
}

fn tokens(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let series = series(snapshot, |point| point.fresh_tokens_per_minute);
    let now = units::count(whole(series.last().copied().unwrap_or(0.0)));
    heading(buffer, area, render.look, "Tokens", &format!("{now}/min"));
    graph(buffer, below(area), render.look, &series, None);
}

fn statuses(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let look = render.look;
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for agent in &*snapshot.agents {
        *counts.entry(agent.status).or_default() += 1;
    }
    heading(buffer, area, look, "Status", &format!("{} agents", snapshot.agents.len()));
    let most = counts.values().copied().max().unwrap_or(1);
    for (row, (status, count)) in below(area).rows().zip(counts) {
        let label = format!("{} {}", status.glyph(), status_word(status));
        let line = gauge(
            look,
            Gauge {
                label: &label,
                label_width: 12,
                share: count as f64 / most as f64,
                bar_width: usize::from(area.width).saturating_sub(19),
                tone: Tone::of(status),
                value: vec![look.span(format!("{count:>4}"), Tone::Text)],
            },
        );
        put(buffer, row, &line, Side::Left);
    }
}

fn projects(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let look = render.look;
    let mut projects: BTreeMap<String, Vec<&Agent>> = BTreeMap::new();
    for agent in &*snapshot.agents {
        projects.entry(project(agent)).or_default().push(agent);
    }
    heading(buffer, area, look, "Projects", &projects.len().to_string());
    let sums = |(name, agents): (String, Vec<&Agent>)| (name, agents.len(), UsageTotals::by(agents.into_iter()));
    let mut projects: Vec<_> = projects.into_iter().map(sums).collect();
    projects.sort_by_key(|(_, _, used)| Reverse((used.spend.known(), used.tokens)));
    // In a narrow area, a readable name is preferred to tokens.
    let has_room = area.width >= 32;
    let names = usize::from(area.width).saturating_sub(if has_room { 20 } else { 13 });
    for (row, (name, agents, used)) in below(area).rows().zip(projects) {
        let line = Line::from(vec![
            look.span(text::left(&text::truncate(&name, names), names), Tone::Text),
            look.span(format!("{agents:>3}"), Tone::Dim),
            look.span(if has_room { format!("{:>7}", units::count(used.tokens)) } else { String::new() }, Tone::Dim),
            look.span(format!("{:>10}", money::spend(&used.spend)), Tone::Text),
        ]);
        put(buffer, row, &line, Side::Left);
    }
}

fn activity(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let look = render.look;
    heading(buffer, area, look, "Started and exited", "");
    let room = below(area);
    for (row, event) in room.rows().zip(snapshot.lifecycle_events.iter()) {
        let (sign, tone) = match event.change {
            LifecycleChange::Spawned => ("+ started", Tone::Good),
            LifecycleChange::Exited => ("– exited", Tone::Dim),
        };
        let project = event.project.as_ref().map(|project| format!(" {}", project.for_terminal())).unwrap_or_default();
        let line = Line::from(vec![
            look.span(format!("{:>6} ", units::span(snapshot.now.since(event.at))), Tone::Dim),
            look.span(format!("{sign} "), tone),
            look.span(event.label.for_terminal().into_owned(), Tone::Text),
            look.span(project, Tone::Dim),
        ]);
        put(buffer, row, &line, Side::Left);
    }
    if snapshot.lifecycle_events.is_empty() {
        put(buffer, room, &Line::from(look.span("none yet", Tone::Faint)), Side::Left);
    }
}

fn tasks(render: RenderContext<'_>, snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let look = render.look;
    heading(buffer, area, look, "Doing", "");
    let mut recent: Vec<&Agent> =
        snapshot.agents.iter().map(Arc::as_ref).filter(|agent| agent.session.is_some()).collect();
    recent.sort_by_key(|agent| Reverse(agent.session.as_ref().and_then(|session| session.last_active)));
    for (row, agent) in below(area).rows().zip(recent) {
        let mut spans: Vec<Span<'static>> = vec![
            Span::styled(agent.status.glyph(), look.style(Tone::of(agent.status))),
            look.span(format!(" {} ", text::left(&text::truncate(&project(agent), 10), 10)), Tone::Text),
        ];
        spans.extend(agent.session.as_deref().and_then(|session| doing(&render, session)).unwrap_or_default());
        put(buffer, row, &Line::from(spans), Side::Left);
    }
}
