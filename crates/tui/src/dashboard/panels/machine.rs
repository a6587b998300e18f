use agtop_format::units;
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::resident_memory;
use crate::look::Tone;
use crate::widgets::{Chart, Gauge, Gradient, gauge};

/// Columns of the names of gauges.
const LABEL_COLUMNS: usize = 7;
/// Columns of the values of gauges.
const VALUE_COLUMNS: usize = 18;

/// The processor use of all agents, beside that of the machine, and memory.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let (values, span) = input.history(|point| point.cpu_percent);
    let now = values.last().copied().unwrap_or(0.0);
    // Several agents that use a whole processor each are more than 100 percent.
    let top = values.iter().copied().fold(100.0, f64::max);
    let system = input.snapshot.system.as_deref();
    let machine = system.and_then(|system| system.cpu_percent.ok());
    let mut lines: Vec<Line<'static>> = Vec::new();
    let gauge_line = |label: &'static str, share: f64, value: String| {
        let bar_width = usize::from(input.columns).saturating_sub(LABEL_COLUMNS + VALUE_COLUMNS + 2);
        let value = vec![look.span(format!("{value:>VALUE_COLUMNS$}"), Tone::Text)];
        let tone = Tone::rising(share * 100.0, 70.0, 90.0);
        gauge(look, Gauge { label, label_width: LABEL_COLUMNS, share, bar_width, tone, value })
    };
    let memory = resident_memory(input.snapshot);
    if let Some(total) = system.and_then(|system| system.memory_total.ok()) {
        let value = format!("{} of {}", units::bytes(memory), units::bytes(total));
        lines.push(gauge_line("memory", memory as f64 / total.max(1) as f64, value));
    }
    if let Some(percent) = machine {
        lines.push(gauge_line("machine", percent / 100.0, units::percent(percent)));
    }
    PanelContent {
        value: vec![look.span(format!("cpu {}", units::percent(now)), Tone::Text)],
        note: format!("max {}  {span}", units::percent(values.iter().copied().fold(0.0, f64::max))),
        chart: Some(Chart { values, top, gradient: Gradient::Load }),
        lines,
        ..PanelContent::default()
    }
}
