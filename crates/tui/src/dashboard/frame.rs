//! The frame of a panel, and what fills it.

use agtop_format::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use super::panel_id::DashboardPanel;
use crate::look::{Look, Tone};
use crate::widgets::{Chart, Side, cols, put};

/// What a panel shows.
#[derive(Default)]
pub(super) struct PanelContent {
    /// The current value, in the title.
    pub(super) value: Vec<Span<'static>>,
    /// What the value is compared with, at the right end of the title: the maximum and the span of a chart.
    pub(super) note: String,
    pub(super) chart: Option<Chart>,
    pub(super) lines: Vec<Line<'static>>,
    /// What is said if there are neither lines nor a chart.
    pub(super) empty: &'static str,
}

/// Fewest rows of a chart that has lines below it.
const MIN_CHART_ROWS: u16 = 3;

/// Draws a panel with its frame.
pub(super) fn draw_panel(look: &Look, panel: DashboardPanel, content: &PanelContent, area: Rect, buffer: &mut Buffer) {
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(look.style(Tone::Faint));
    let inner = block.inner(area);
    block.render(area, buffer);
    draw_title(look, panel, content, area, buffer);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = match &content.chart {
        Some(chart) => {
            // A chart has at least half of the panel, and all of a low one.
            let wanted = cols(content.lines.len()).min(inner.height / 2);
            let rows = inner.height.saturating_sub(wanted);
            let rows = if rows < MIN_CHART_ROWS { inner.height } else { rows };
            chart.draw(look, Rect { height: rows, ..inner }, buffer);
            Rect { y: inner.y + rows, height: inner.height - rows, ..inner }
        }
        None => inner,
    };
    draw_lines(look, content, lines, buffer);
}

fn draw_title(look: &Look, panel: DashboardPanel, content: &PanelContent, area: Rect, buffer: &mut Buffer) {
    let mut title = vec![
        Span::raw(" "),
        Span::styled(panel.digit().to_string(), look.bold(Tone::Accent)),
        look.span(format!(" {} ", panel.title()), Tone::Dim),
    ];
    if !content.value.is_empty() {
        title.extend(content.value.iter().cloned());
        title.push(Span::raw(" "));
    }
    let title = Line::from(title);
    let top = Rect { x: area.x + 2, width: area.width.saturating_sub(4), height: 1, ..area };
    let used = cols(title.width());
    put(buffer, Rect { width: used.min(top.width), ..top }, &title, Side::Left);
    let hidden = content.lines.len().saturating_sub(usize::from(area.height.saturating_sub(2)));
    let note = match &content.note {
        note if note.is_empty() && hidden > 0 => format!(" +{hidden} more "),
        note => format!(" {note} "),
    };
    if !note.trim().is_empty() && used + 1 + cols(text::width(&note)) <= top.width {
        put(buffer, top, &Line::from(look.span(note, Tone::Dim)), Side::Right);
    }
}

/// Draws as many lines as there are rows, the last of which says how many more there are.
fn draw_lines(look: &Look, content: &PanelContent, area: Rect, buffer: &mut Buffer) {
    if content.lines.is_empty() && content.chart.is_none() && area.height > 0 {
        let text = Line::from(look.span(content.empty, Tone::Faint));
        put(buffer, Rect { height: 1, ..area }, &text, Side::Left);
    }
    let rows = usize::from(area.height);
    // Without a note, the title says how many lines are hidden. A low panel has a chart without its lines.
    let is_whole = content.lines.len() <= rows || content.note.is_empty();
    let shown = if is_whole { rows } else { rows.saturating_sub(1) };
    for (row, line) in area.rows().zip(content.lines.iter().take(shown)) {
        put(buffer, row, line, Side::Left);
    }
    if !is_whole && rows > 0 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        let more = format!("+{} more", content.lines.len() - shown);
        put(buffer, last, &Line::from(look.span(more, Tone::Faint)), Side::Left);
    }
}
