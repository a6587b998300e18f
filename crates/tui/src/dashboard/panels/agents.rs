use std::collections::BTreeMap;

use agtop_model::Status;
use agtop_output::status_word;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::live_agents;
use crate::look::Tone;
use crate::widgets::{Gauge, gauge};

/// Columns of a mark and the longest word of a status.
const LABEL_COLUMNS: usize = 13;

/// How many agents have which status.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for agent in live_agents(input.snapshot) {
        *counts.entry(agent.status).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let line = |(status, count): (Status, usize)| {
        gauge(
            look,
            Gauge {
                label: &format!("{} {}", status.glyph(), status_word(status)),
                label_width: LABEL_COLUMNS,
                share: count as f64 / all.max(1) as f64,
                bar_width: usize::from(input.columns).saturating_sub(LABEL_COLUMNS + 6),
                tone: Tone::of(status),
                value: vec![look.span(format!("{count:>4}"), Tone::Text)],
            },
        )
    };
    PanelContent {
        value: vec![look.span(all.to_string(), Tone::Text)],
        lines: counts.into_iter().map(line).collect(),
        empty: "no agent is running",
        ..PanelContent::default()
    }
}
