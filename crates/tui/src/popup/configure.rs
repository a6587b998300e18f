use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::{App, ViewId};
use crate::columns::{self, Column, ColumnChoice, Side};
use crate::look::Ink;
use crate::widgets::put;

/// The columns that are shown in their order, and then the others.
pub(crate) fn configurable(choices: &[ColumnChoice]) -> Vec<&'static str> {
    let shown = choices.iter().filter_map(|choice| Column::find(&choice.id)).map(|column| column.id);
    let others = columns::ids().filter(|id| choices.iter().all(|choice| choice.id != *id));
    shown.chain(others).collect()
}

pub(super) fn area(screen: Rect) -> Rect {
    super::centred(screen, 84, screen.height)
}

pub(super) fn draw(app: &App, index: usize, screen: Rect, buffer: &mut Buffer) {
    let view = if app.view == ViewId::Sessions { "sessions" } else { "agents" };
    let title = Line::from(Span::styled(format!("Columns of the {view} view"), app.look.loud(Ink::Accent)));
    let inner = super::window(app, area(screen), title, buffer);
    let ids = configurable(app.columns());
    let rows = usize::from(inner.height);
    let offset = (index + 1).saturating_sub(rows);
    for ((row, id), at) in inner.rows().zip(ids.iter().skip(offset)).zip(offset..) {
        let choice = app.columns().iter().find(|choice| choice.id == *id);
        put(buffer, row, &line(app, id, choice), Side::Left);
        if at == index {
            buffer.set_style(row, app.look.selected());
        }
    }
}

/// Columns of the terminal for a column's name and width, in the panel.
const CELL: u16 = 24;

/// Names next to and below each other, in all rows of an area but the last.
struct Grid {
    area: Rect,
    /// Rows of names.
    rows: u16,
    /// Columns of names.
    across: u16,
    /// The first name that is shown.
    first: usize,
}

impl Grid {
    /// A grid that shows the chosen name.
    fn around(index: usize, area: Rect) -> Self {
        let (rows, across) = (area.height.saturating_sub(1).max(1), (area.width / CELL).max(1));
        let height = usize::from(rows);
        let first = (index / height + 1).saturating_sub(usize::from(across)) * height;
        Self { area, rows, across, first }
    }

    /// Names that can be seen, by their numbers, and where each is.
    fn places(&self) -> impl Iterator<Item = (usize, Rect)> {
        let Rect { x, y, .. } = self.area;
        let cells = (0..self.across).flat_map(|across| (0..self.rows).map(move |down| (across, down)));
        let place = move |(across, down)| Rect { x: x + across * CELL, y: y + down, width: CELL - 2, height: 1 };
        (self.first..).zip(cells.map(place))
    }
}

/// The columns in the panel, and what the chosen one means in the last row.
pub(crate) fn draw_in_panel(app: &App, index: usize, area: Rect, buffer: &mut Buffer) {
    let ids = configurable(app.columns());
    for (at, place) in Grid::around(index, area).places() {
        let Some(id) = ids.get(at) else { break };
        let choice = app.columns().iter().find(|choice| choice.id == *id);
        let mut line = line(app, id, choice);
        // What it means is told of the chosen one alone.
        line.spans.pop();
        put(buffer, place, &line, Side::Left);
        if at == index {
            buffer.set_style(place, app.look.selected());
        }
    }
    if let Some(column) = ids.get(index).and_then(|id| Column::find(id)) {
        let place = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        let text = format!("{} of {}   {}: {}", index + 1, ids.len(), column.title, column.help);
        put(buffer, place, &Line::from(app.look.span(text, Ink::Dim)), Side::Left);
    }
}

/// The column at that position of the panel, while `index` is chosen.
pub(crate) fn column_at(app: &App, index: usize, area: Rect, position: Position) -> Option<usize> {
    let hit = Grid::around(index, area).places().find(|(_, place)| place.contains(position));
    hit.map(|(at, _)| at).filter(|at| *at < configurable(app.columns()).len())
}

fn line(app: &App, id: &str, choice: Option<&ColumnChoice>) -> Line<'static> {
    let look = &app.look;
    let Some(column) = Column::find(id) else { return Line::default() };
    let (mark, ink) = if choice.is_some() { ("✓", Ink::Text) } else { (" ", Ink::Dim) };
    let width = choice.and_then(|choice| choice.width).map_or_else(|| "auto".to_owned(), |width| width.to_string());
    let width = if choice.is_some() { width } else { String::new() };
    Line::from(vec![
        look.span(format!("{mark} "), Ink::Good),
        look.span(format!("{:<14}", column.id), ink),
        look.span(format!("{width:>5}"), Ink::Dim),
        look.span(format!("  {}", column.help), Ink::Dim),
    ])
}
