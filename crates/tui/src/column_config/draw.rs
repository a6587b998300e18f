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
            put(buffer, row, &line(look, id, choice), Side::Left);
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
            let mut line = line(look, id, choice);
            // Only the chosen column shows its help.
            line.spans.pop();
            put(buffer, place, &line, Side::Left);
            if at == index {
                buffer.set_style(place, look.selected());
            }
        }
        if let Some(column) = ids.get(index).and_then(|id| Column::find(id)) {
            let place = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            let text = format!("{} of {}   {}: {}", index + 1, ids.len(), column.title, column.help);
            put(buffer, place, &Line::from(look.span(text, Tone::Dim)), Side::Left);
        }
    }
}

fn line(look: &Look, id: &str, choice: Option<&ColumnChoice>) -> Line<'static> {
    let Some(column) = Column::find(id) else { return Line::default() };
    let (mark, tone) = if choice.is_some() { ("✓", Tone::Text) } else { (" ", Tone::Dim) };
    let width = choice.and_then(|choice| choice.width).map_or_else(|| "auto".to_owned(), |width| width.to_string());
    let width = if choice.is_some() { width } else { String::new() };
    Line::from(vec![
        look.span(format!("{mark} "), Tone::Good),
        look.span(format!("{:<14}", column.id), tone),
        look.span(format!("{width:>5}"), Tone::Dim),
        look.span(format!("  {}", column.help), Tone::Dim),
    ])
}
