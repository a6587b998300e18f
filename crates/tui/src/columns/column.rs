use agtop_model::{FIELDS, Field, FieldKind, SnapshotRow, field};
use ratatui::text::Line;

use super::cells;
use super::content::CellContent;
use super::drawn::{DRAWN_COLUMNS, DRAWN_FIELDS, DrawCell, DrawnColumn};
use crate::render_context::RenderContext;
use crate::widgets::{Side, cols};

/// The columns that the user is offered first, in this order. The others follow.
const OFFERED_FIRST: &[&str] = &[
    "status",
    "client",
    "project",
    "cost",
    "context",
    "doing",
    "cpu",
    "tokens_rate",
    "mem",
    "tokens",
    "active",
    "model",
    "pid",
    "activity",
    "read_rate",
    "write_rate",
    "cost_rate",
    "session",
    "title",
    "branch",
    "cwd",
];

/// All columns, in the order in which the user is offered them.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    let all = FIELDS.iter().map(|field| field.id).chain(DRAWN_COLUMNS.iter().map(|column| column.id));
    OFFERED_FIRST.iter().copied().chain(all.filter(|id| !OFFERED_FIRST.contains(id)))
}

/// A column, ready to be placed.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    /// The smallest and the usual width, in columns of the terminal.
    pub(crate) width: (u16, u16),
    /// The greatest width, where contents need it and all columns have their usual width.
    pub(crate) max_width: u16,
    /// The column with the highest rank is dropped first where there is no room.
    pub(crate) rank: u8,
    pub(crate) side: Side,
    pub(super) source: CellSource,
}

#[derive(Clone, Copy)]
pub(super) enum CellSource {
    Drawn(DrawCell),
    Field(&'static Field),
}

impl Column {
    /// The column with this id.
    pub(crate) fn find(id: &str) -> Option<Self> {
        let drawn = || DRAWN_COLUMNS.iter().find(|column| column.id == id).map(Self::of_drawn);
        field(id).map(Self::of_field).or_else(drawn)
    }

    fn of_field(field: &'static Field) -> Self {
        let drawn = DRAWN_FIELDS.iter().find(|drawn| drawn.id == field.id);
        let (width, screen) = (field.screen_width(), field.column.screen);
        Self {
            id: field.id,
            title: field.screen_title(),
            help: field.help,
            width,
            max_width: screen.max_width.unwrap_or(width.1),
            rank: screen.rank,
            side: drawn.map_or(side_of(field.kind), |drawn| drawn.side),
            source: drawn.map_or(CellSource::Field(field), |drawn| CellSource::Drawn(drawn.draw)),
        }
    }

    fn of_drawn(column: &'static DrawnColumn) -> Self {
        let &DrawnColumn { id, title, help, width, max_width, rank, draw } = column;
        Self { id, title, help, width, max_width, rank, side: Side::Left, source: CellSource::Drawn(draw) }
    }

    /// Whether the column takes the room that others leave, whatever it holds.
    pub(crate) const fn fills_the_row(&self) -> bool {
        self.max_width == u16::MAX
    }

    /// Whether its cells are as wide as their text, so that they may be measured.
    pub(crate) fn is_measured(&self) -> bool {
        !self.fills_the_row() && self.width.0 < self.max_width && self.id != "context" && self.id != "activity"
    }

    /// What its cells in these rows hold.
    pub(crate) fn content<'r>(
        &self,
        render: &RenderContext<'_>,
        rows: impl Iterator<Item = &'r SnapshotRow<'r>>,
    ) -> CellContent {
        let is_text = self.is_measured() || self.fills_the_row();
        let width = if is_text { u16::MAX } else { self.width.1 };
        let mut cells = rows.map(|row| self.cell(render, row, width)).filter(|cell| !cells::is_missing(cell));
        // A picture or a number of fixed width is never cut: one that is there is enough.
        let widest =
            if is_text { cells.map(|cell| cols(cell.width())).max() } else { cells.next().map(|_| self.width.0) };
        widest.map_or(CellContent::Blank, CellContent::Width)
    }

    pub(crate) fn cell(&self, render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
        match self.source {
            CellSource::Drawn(draw) => draw(render, row, width),
            CellSource::Field(field) => cells::field_cell(render, field, row),
        }
    }
}

fn side_of(kind: FieldKind) -> Side {
    if kind == FieldKind::Text { Side::Left } else { Side::Right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_and_has_a_help_text() {
        for id in ids() {
            let column = Column::find(id).unwrap();
            assert!(!column.help.is_empty(), "{id}");
            assert!(column.width.0 <= column.width.1 && usize::from(column.width.0) >= column.title.len(), "{id}");
        }
    }

    #[test]
    fn every_drawn_field_is_a_field_and_no_drawn_column_is() {
        assert!(DRAWN_FIELDS.iter().all(|drawn| field(drawn.id).is_some()));
        assert!(DRAWN_COLUMNS.iter().all(|drawn| field(drawn.id).is_none() && ids().any(|id| id == drawn.id)));
    }
}
