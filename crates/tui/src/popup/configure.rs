use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
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

/// Names next to and below each other, and what the chosen one means in the last row.
pub(crate) fn draw_in_panel(app: &App, index: usize, area: Rect, buffer: &mut Buffer) {
    let rows = area.height.saturating_sub(1).max(1);
    let (height, across) = (usize::from(rows), usize::from((area.width / CELL).max(1)));
    let ids = configurable(app.columns());
    let first = (index / height + 1).saturating_sub(across) * height;
    let places = (0..area.width / CELL).flat_map(|x| (0..rows).map(move |y| (x * CELL, y)));
    for (((x, y), id), at) in places.zip(ids.iter().skip(first)).zip(first..) {
        let choice = app.columns().iter().find(|choice| choice.id == *id);
        let place = Rect { x: area.x + x, y: area.y + y, width: CELL - 2, height: 1 };
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
