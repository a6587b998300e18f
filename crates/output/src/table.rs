use std::io::{Result, Write};

use agtop_format::text;
use agtop_model::{Field, FieldKind, SnapshotRow, field};

use crate::View;
use crate::cell::{Cell, cell};
use crate::tone::Tone;

/// Columns between two columns.
const GAP: usize = 2;

/// No column is wider, not even in a pipe: one hostile name would else pad every row.
const WIDEST: usize = 120;

/// A column of a surface's own choice.
pub(crate) struct Column {
    /// The field it shows.
    pub(crate) field: &'static str,
    /// The fewest columns in which it still says something.
    pub(crate) least: usize,
    /// When room is short, columns of a higher rank go first.
    pub(crate) rank: u8,
}

/// Writes a table of the rows: the view's fields if it names some, else those of `columns` that fit.
pub(crate) fn write(rows: &[SnapshotRow<'_>], columns: &[Column], view: &View, out: &mut dyn Write) -> Result<()> {
    let mut table = match &view.fields {
        Some(fields) => fields.iter().map(|field| Filled::new(field, CHOSEN, rows, view)).collect(),
        None => columns.iter().filter_map(|column| Filled::of(column, rows, view)).collect::<Vec<_>>(),
    };
    draw(&mut table, rows.len(), view, out)
}

/// Writes a heading and that many rows of the columns, made to fit.
pub(crate) fn draw(table: &mut Vec<Filled>, rows: usize, view: &View, out: &mut dyn Write) -> Result<()> {
    if let Some(width) = view.width {
        fit(table, width);
    }
    write_line(table, |column| Some(&column.heading), view, out)?;
    (0..rows).try_for_each(|row| write_line(table, |column| column.cells.get(row), view, out))
}

/// How a column that the person chose gives way: it shrinks, and never goes.
const CHOSEN: (usize, u8) = (4, 0);

/// How a column's cells stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text, which may be cut.
    Left,
    /// Numbers, which may not.
    Right,
}

/// A column with its cells.
pub(crate) struct Filled {
    heading: Cell,
    cells: Vec<Cell>,
    align: Align,
    width: usize,
    least: usize,
    rank: u8,
}

impl Filled {
    fn of(column: &Column, rows: &[SnapshotRow<'_>], view: &View) -> Option<Self> {
        field(column.field).map(|field| Self::new(field, (column.least, column.rank), rows, view))
    }

    fn new(field: &Field, room: (usize, u8), rows: &[SnapshotRow<'_>], view: &View) -> Self {
        let cells = rows.iter().map(|row| cell(field, row, &view.cells())).collect();
        let align = if matches!(field.kind, FieldKind::Text | FieldKind::Time) { Align::Left } else { Align::Right };
        Self::of_cells(field.title, align, room, cells)
    }

    /// A column of these cells, with the fewest columns it needs and its rank as [`Column`] has them.
    pub(crate) fn of_cells(heading: &str, align: Align, (least, rank): (usize, u8), cells: Vec<Cell>) -> Self {
        let heading = Cell::new(heading, Tone::Strong);
        let widest = cells.iter().map(Cell::width).max().unwrap_or(0).max(heading.width()).min(WIDEST);
        // Half a number is a wrong number.
        let least = if align == Align::Right { widest } else { least.min(widest) };
        Self { heading, cells, align, width: widest, least, rank }
    }
}

/// Makes the table as narrow as `width`: drops columns while they cannot all be shown, then shrinks the widest.
fn fit(table: &mut Vec<Filled>, width: usize) {
    let taken = |table: &[Filled], of: fn(&Filled) -> usize| {
        table.iter().map(of).sum::<usize>() + GAP * table.len().saturating_sub(1)
    };
    while taken(table, |column| column.least) > width {
        let last = table.iter().map(|column| column.rank).max().unwrap_or(0);
        let Some(at) = table.iter().rposition(|column| column.rank == last && last > 0) else { break };
        table.remove(at);
    }
    while taken(table, |column| column.width) > width {
        let widest = table.iter_mut().filter(|column| column.width > column.least).max_by_key(|column| column.width);
        let Some(column) = widest else { break };
        column.width -= 1;
    }
}

fn write_line<'t>(
    table: &'t [Filled],
    cell_of: impl Fn(&'t Filled) -> Option<&'t Cell>,
    view: &View,
    out: &mut dyn Write,
) -> Result<()> {
    for (at, column) in table.iter().enumerate() {
        let Some(cell) = cell_of(column) else { continue };
        let shown = text::truncate(cell.text(), column.width);
        let blanks = column.width.saturating_sub(text::width(&shown));
        let (before, behind) = match column.align {
            Align::Left => (0, blanks),
            Align::Right => (blanks, 0),
        };
        write!(out, "{:before$}", "")?;
        cell.write(&shown, view.colour, out)?;
        if at + 1 < table.len() {
            write!(out, "{:blanks$}", "", blanks = behind + GAP)?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_query::{fields, select};

    use super::*;
    use crate::testing::view;

    const COLUMNS: &[Column] = &[
        Column { field: "status", least: 8, rank: 0 },
        Column { field: "session", least: 8, rank: 1 },
        Column { field: "tokens", least: 0, rank: 2 },
    ];

    fn lines(view: &View) -> Vec<String> {
        let snapshot = testing::rich();
        let mut out = Vec::new();
        write(&select::agents(&snapshot, &view.selection), COLUMNS, view, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_narrow_table_drops_the_least_important_and_shrinks_the_rest() {
        let wide = lines(&view());
        assert_eq!(wide[0].split_whitespace().collect::<Vec<_>>(), ["STATUS", "SESSION", "TOKENS"]);
        let narrow = lines(&View { width: Some(20), ..view() });
        assert_eq!(narrow[0].split_whitespace().collect::<Vec<_>>(), ["STATUS", "SESSION"]);
        assert!(narrow.iter().all(|line| text::width(line) <= 20), "{narrow:#?}");
        assert!(narrow.iter().any(|line| line.contains('…')));
    }

    #[test]
    fn numbers_are_aligned_at_their_last_digit() {
        let ends: Vec<usize> = lines(&view()).iter().map(|line| text::width(line)).collect();
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}");
    }

    #[test]
    fn columns_that_were_asked_for_are_never_dropped() {
        let asked = fields("cost,session,cwd,pid").unwrap();
        let shown = lines(&View { width: Some(20), fields: Some(asked), ..view() });
        assert_eq!(shown[0].split_whitespace().collect::<Vec<_>>(), ["COST", "SES…", "DIR…", "PID"]);
    }
}
