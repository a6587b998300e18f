use agtop_format::units;
use agtop_model::{ClientId, RateLimitWindow};
use ratatui::text::Line;

use super::input::PanelInput;
use crate::dashboard::frame::PanelContent;
use crate::figures::{window_outlook, windows_by_use};
use crate::look::Tone;
use crate::widgets::{Gauge, gauge};

/// Columns of the name of a window.
const LABEL_COLUMNS: usize = 13;
/// Columns of the percentage and of the time until the reset.
const VALUE_COLUMNS: usize = 19;

/// How much of each window of each account is used, and when it resets or will be used up.
pub(super) fn content(input: &PanelInput<'_>) -> PanelContent {
    let look = input.render.look;
    let line = |(client, window): &(ClientId, &RateLimitWindow)| -> Line<'static> {
        let percent = window.used_percent;
        let tone = Tone::rising(percent, 70.0, input.render.thresholds.quota);
        let (when, when_tone) = window_outlook(window, input.snapshot.now).unwrap_or((String::new(), Tone::Dim));
        gauge(
            look,
            Gauge {
                label: &format!("{client} {}", units::window(window.minutes)),
                label_width: LABEL_COLUMNS,
                share: percent / 100.0,
                bar_width: usize::from(input.columns).saturating_sub(LABEL_COLUMNS + VALUE_COLUMNS + 2),
                tone,
                value: vec![
                    look.span(format!("{percent:>3.0}% "), if tone == Tone::Good { Tone::Text } else { tone }),
                    look.span(when, when_tone),
                ],
            },
        )
    };
    PanelContent {
        lines: windows_by_use(input.snapshot).iter().map(line).collect(),
        empty: "no agent has reported a rate limit",
        ..PanelContent::default()
    }
}
