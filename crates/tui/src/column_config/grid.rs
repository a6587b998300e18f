use ratatui::layout::{Position, Rect};

use crate::columns::{self, Column, ColumnChoice};

/// The visible columns in their order, then the others.
pub(crate) fn configurable(choices: &[ColumnChoice]) -> Vec<&'static str> {
    let shown = choices.iter().filter_map(|choice| Column::find(&choice.id)).map(|column| column.id);
    let others = columns::ids().filter(|id| choices.iter().all(|choice| choice.id != *id));
    shown.chain(others).collect()
}

/// Columns of the terminal that the name and width of a column take in the panel.
const CONFIG_CELL_COLUMNS: u16 = 24;

/// Names in a grid, in all rows of an area but the last.
pub(super) struct Grid {
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
    pub(super) fn around(index: usize, area: Rect) -> Self {
        let (rows, across) = (area.height.saturating_sub(1).max(1), (area.width / CONFIG_CELL_COLUMNS).max(1));
        let height = usize::from(rows);
        let first = (index / height + 1).saturating_sub(usize::from(across)) * height;
        Self { area, rows, across, first }
    }

    /// The indices of the visible names, and the area of each.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, Rect)> {
        let Rect { x, y, .. } = self.area;
        let cells = (0..self.across).flat_map(|across| (0..self.rows).map(move |down| (across, down)));
        let place = move |(across, down)| Rect {
            x: x + across * CONFIG_CELL_COLUMNS,
            y: y + down,
            width: CONFIG_CELL_COLUMNS - 2,
            height: 1,
        };
        (self.first..).zip(cells.map(place))
    }
}

/// The column at that position of the panel, while `index` is chosen.
pub(crate) fn column_at(choices: &[ColumnChoice], index: usize, area: Rect, position: Position) -> Option<usize> {
    let hit = Grid::around(index, area).places().find(|(_, place)| place.contains(position));
    hit.map(|(at, _)| at).filter(|at| *at < configurable(choices).len())
}
