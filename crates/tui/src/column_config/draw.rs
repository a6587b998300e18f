use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::grid::{Grid, configurable};
use crate::columns::{Column, ColumnChoice};
use crate::look::{Look, Tone};
use crate::view_id::ViewId;
use crate::widgets::{Side, centred, put, window};

/// Where the columns are chosen, on a screen without a panel.
pub(crate) fn area(screen: Rect) -> Rect {
    centred(screen, 84, screen.height)
}

/// The columns of a view while the user chooses among them.
pub(crate) struct ColumnConfig<'a> {
    pub(crate) look: &'a Look,
    pub(crate) view: ViewId,
    pub(crate) choices: &'a [ColumnChoice],
    /// The columns for which the list has room.
    pub(crate) placed: Vec<&'static str>,
    /// What the chosen row of the list has in the chosen column.
    pub(crate) preview: Option<String>,
    /// The chosen line.
    pub(crate) index: usize,
}

impl ColumnConfig<'_> {
    /// Draws a window over the view.
    pub(crate) fn draw(&self, screen: Rect, buffer: &mut Buffer) {
        let (look, index) = (self.look, self.index);
        let view = if self.view == ViewId::Sessions { "sessions" } else { "agents" };
        let title = Line::from(Span::styled(format!("Columns of the {view} view"), look.bold(Tone::Accent)));
        let inner = window(look, area(screen), title, buffer);
        let ids = configurable(self.choices);
        let rows = usize::from(inner.height);
        let offset = (index + 1).saturating_sub(rows);
        for ((row, id), at) in inner.rows().zip(ids.iter().skip(offset)).zip(offset..) {
            let choice = self.choices.iter().find(|choice| choice.id == *id);
            put(buffer, row, &self.line(id, choice), Side::Left);
            if at == index {
                buffer.set_style(row, look.selected());
            }
        }
    }

    /// Draws the columns in the panel, and the help of the chosen one in the last row.
    pub(crate) fn draw_in_panel(&self, area: Rect, buffer: &mut Buffer) {
        let (look, index) = (self.look, self.index);
        let ids = configurable(self.choices);
        for (at, place) in Grid::around(index, area).places() {
            let Some(id) = ids.get(at) else { break };
            let choice = self.choices.iter().find(|choice| choice.id == *id);
            let mut line = self.line(id, choice);
            // Only the chosen column shows its id and help.
            line.spans.truncate(PANEL_SPANS);
            put(buffer, place, &line, Side::Left);
            if at == index {
                buffer.set_style(place, look.selected());
            }
        }
        if let Some(column) = ids.get(index).and_then(|id| Column::find(id)) {
            let place = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            let preview = self.preview.as_ref().map(|text| format!("   now: {text}")).unwrap_or_default();
            let text = format!("{} of {}   {}: {}{preview}", index + 1, ids.len(), column.id, column.help);
            put(buffer, place, &Line::from(look.span(text, Tone::Dim)), Side::Left);
        }
    }

    fn line(&self, id: &str, choice: Option<&ColumnChoice>) -> Line<'static> {
        let look = self.look;
        let Some(column) = Column::find(id) else { return Line::default() };
        let (mark, tone) = if choice.is_some() { ("✓", Tone::Text) } else { (" ", Tone::Dim) };
        let has_room = self.placed.contains(&column.id);
        let width = match choice {
            Some(_) if !has_room => "no room".to_owned(),
            Some(choice) => choice.width.map_or_else(|| "auto".to_owned(), |width| width.to_string()),
            None => String::new(),
        };
        let width_tone = if has_room { Tone::Dim } else { Tone::Warn };
        Line::from(vec![
            look.span(format!("{mark} "), Tone::Good),
            look.span(format!("{:<11}", column.title), tone),
            look.span(format!("{width:>8}"), width_tone),
            look.span(format!("  {:<14}", column.id), Tone::Dim),
            look.span(format!("  {}", column.help), Tone::Dim),
        ])
    }
}

/// The parts of a line that the panel has room for: the mark, the heading and the width.
const PANEL_SPANS: usize = 3;
