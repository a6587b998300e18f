use std::collections::HashMap;
use std::sync::Arc;

use agtop_format::{project, units};
use agtop_model::{Agent, ProcId, Process};
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::live_agents;
use crate::look::Tone;

/// Columns of a port or of the word for a server.
const NAME_COLUMNS: usize = 6;

/// The ports that agents listen on, and their MCP servers and other helpers with their states and memory.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let processes: HashMap<ProcId, &Arc<Process>> =
        input.snapshot.processes.iter().map(|process| (process.id, process)).collect();
    let mut ports: Vec<(u16, &Agent)> = Vec::new();
    let mut helpers: Vec<(&Process, &Agent)> = Vec::new();
    for agent in Agent::each_process(live_agents(input.snapshot)) {
        if let Ok(sockets) = &agent.sockets {
            ports.extend(sockets.listening.iter().map(|port| (*port, agent)));
        }
        helpers.extend(agent.helpers.iter().filter_map(|id| Some((&***processes.get(id)?, agent))));
    }
    ports.sort_by_key(|(port, _)| *port);
    helpers.sort_by_key(|(process, _)| std::cmp::Reverse(process.rss.unwrap_or(0)));
    let owner = |agent: &Agent| format!("  {} {}", agent.label.for_terminal(), project(agent));
    let value = format!("{} ports  {} servers", ports.len(), helpers.len());
    let port_line = |(port, agent): (u16, &Agent)| {
        Line::from(vec![
            look.span(format!("{:<NAME_COLUMNS$} ", format!(":{port}")), Tone::Accent),
            look.span(agent.process.name.for_terminal().into_owned(), Tone::Text),
            look.span(owner(agent), Tone::Dim),
        ])
    };
    let helper_line = |(process, agent): (&Process, &Agent)| {
        let memory = process.rss.map_or_else(|_| String::new(), units::bytes);
        Line::from(vec![
            look.span(format!("{memory:>NAME_COLUMNS$} "), Tone::Text),
            look.span(process.name.for_terminal().into_owned(), Tone::Text),
            look.span(format!("  {}", process.state.word()), Tone::Dim),
            look.span(owner(agent), Tone::Dim),
        ])
    };
    let lines = ports.into_iter().map(port_line).chain(helpers.into_iter().map(helper_line)).collect();
    PanelContent {
        value: vec![look.span(value, Tone::Text)],
        lines,
        empty: "no agent listens on a port or has a server",
        ..PanelContent::default()
    }
}
