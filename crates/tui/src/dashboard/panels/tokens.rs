use agtop_format::units;
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::look::Tone;
use crate::widgets::{Chart, Gradient, whole};

/// Columns of the names of kinds.
const LABEL_COLUMNS: usize = 11;
/// Columns of the values.
const VALUE_COLUMNS: usize = 6;

/// Tokens per minute: input and output as a chart, all kinds as numbers of the last minute.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let (values, span) = input.history(|point| point.fresh_tokens_per_minute);
    let now = values.last().copied().unwrap_or(0.0);
    let top = values.iter().copied().fold(0.0, f64::max);
    let minute = input.snapshot.rates.one_minute();
    let usage = &minute.usage;
    let line = |kinds: [(&'static str, u64); 2]| {
        let kind = |(name, tokens): (&'static str, u64)| {
            let value = format!("{:<VALUE_COLUMNS$}", units::count(tokens));
            [look.span(format!("{name:<LABEL_COLUMNS$} "), Tone::Dim), look.span(value, Tone::Text)]
        };
        Line::from(kinds.into_iter().flat_map(kind).collect::<Vec<_>>())
    };
    let lines = vec![
        line([("input", usage.input), ("output", usage.output)]),
        line([("cache read", usage.cache_read), ("cache write", usage.cache_write())]),
    ];
    PanelContent {
        value: vec![look.span(format!("{}/min in and out", units::count(whole(now))), Tone::Text)],
        note: format!("max {}  {span}", units::count(whole(top))),
        chart: Some(Chart { values, top, gradient: Gradient::Amount }),
        lines,
        ..PanelContent::default()
    }
}
