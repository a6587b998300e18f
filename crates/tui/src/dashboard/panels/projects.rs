use std::cmp::Reverse;
use std::collections::BTreeMap;

use agtop_format::{money, project, text, units};
use agtop_model::Agent;
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::live_agents;
use crate::look::Tone;
use crate::views::UsageTotals;

/// Columns of the agents, tokens and cost of a project.
const NUMBER_COLUMNS: usize = 3 + 7 + 10;

/// The projects of live agents, the most expensive first.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let mut projects: BTreeMap<String, Vec<&Agent>> = BTreeMap::new();
    for agent in live_agents(input.snapshot) {
        projects.entry(project(agent)).or_default().push(agent);
    }
    let sums = |(name, agents): (String, Vec<&Agent>)| (name, agents.len(), UsageTotals::by(agents.into_iter()));
    let mut projects: Vec<_> = projects.into_iter().map(sums).collect();
    projects.sort_by_key(|(_, _, used)| Reverse((used.spend.known(), used.tokens)));
    let names = usize::from(input.columns).saturating_sub(NUMBER_COLUMNS);
    let count = projects.len();
    let line = |(name, agents, used): (String, usize, UsageTotals)| {
        Line::from(vec![
            look.span(text::left(&text::truncate(&name, names), names), Tone::Text),
            look.span(format!("{agents:>3}"), Tone::Dim),
            look.span(format!("{:>7}", units::count(used.tokens)), Tone::Dim),
            look.span(format!("{:>10}", money::spend(&used.spend)), Tone::Text),
        ])
    };
    PanelContent {
        value: vec![look.span(count.to_string(), Tone::Text)],
        note: "agents  tokens  cost".to_owned(),
        lines: projects.into_iter().map(line).collect(),
        empty: "no agent is running",
        ..PanelContent::default()
    }
}
