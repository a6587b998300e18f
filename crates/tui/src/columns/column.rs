use agtop_model::{FIELDS, Field, FieldKind, SnapshotRow, field};
use ratatui::text::Line;

use super::cells;
use super::spec::COLUMN_SPECS;
use crate::render_context::RenderContext;
use crate::widgets::Side;

/// Columns whose amounts have a mark where a subscription covers them, and their width with the mark.
const BILLED_COLUMNS: &[&str] = &["cost", "cost_rate"];
const BILLED_COLUMN_WIDTH: u16 = 13;

/// All columns: those with a specification, then the other fields of the model.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    let others = FIELDS.iter().map(|field| field.id).filter(|id| COLUMN_SPECS.iter().all(|spec| spec.id != *id));
    COLUMN_SPECS.iter().map(|spec| spec.id).chain(others)
}

/// A column, ready to be placed.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    pub(crate) width: (u16, u16),
    /// Most columns of the terminal once all columns have their usual width.
    pub(crate) spare: u16,
    pub(crate) rank: u8,
    pub(crate) side: Side,
    pub(super) source: CellSource,
}

#[derive(Clone, Copy)]
pub(super) enum CellSource {
    Custom(fn(&RenderContext<'_>, &SnapshotRow<'_>, u16) -> Line<'static>),
    Field(&'static Field),
}

impl Column {
    /// The column with this id.
    pub(crate) fn find(id: &str) -> Option<Self> {
        let known = field(id);
        if let Some(spec) = COLUMN_SPECS.iter().find(|spec| spec.id == id) {
            let draw = spec.cell.map(CellSource::Custom).or(known.map(CellSource::Field))?;
            let help = known.map_or(spec.help, |field| field.help);
            let (id, title) = (spec.id, spec.title);
            let (width, rank, side) = (spec.width, spec.rank, spec.side);
            let spare = if BILLED_COLUMNS.contains(&id) { BILLED_COLUMN_WIDTH } else { width.1 };
            return Some(Self { id, title, help, width, spare, rank, side, source: draw });
        }
        known.map(|field| Self {
            id: field.id,
            title: field.title,
            help: field.help,
            width: usual_width(field),
            spare: usual_width(field).1,
            rank: 20,
            side: if field.kind == FieldKind::Text { Side::Left } else { Side::Right },
            source: CellSource::Field(field),
        })
    }

    pub(crate) fn cell(&self, render: &RenderContext<'_>, row: &SnapshotRow<'_>, width: u16) -> Line<'static> {
        match self.source {
            CellSource::Custom(draw) => draw(render, row, width),
            CellSource::Field(field) => cells::field_cell(render, field, row),
        }
    }
}

/// Fewest and most columns of values of this kind and of the title.
fn usual_width(field: &Field) -> (u16, u16) {
    let title = u16::try_from(field.title.len()).unwrap_or(8);
    let (least, most) = match field.kind {
        FieldKind::Text => (8, 20),
        FieldKind::Count | FieldKind::Percent => (5, 5),
        FieldKind::Tokens | FieldKind::Bytes => (6, 6),
        FieldKind::Money => (8, 8),
        FieldKind::Span => (7, 7),
        FieldKind::Time => (16, 16),
    };
    (least.max(title), most.max(title))
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
}
