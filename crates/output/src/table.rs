use std::io::{Result, Write};

use agtop_format::{Charset, ascii, text, without_vendor};
use agtop_model::{ColumnLayout, Field, FieldKind, SnapshotRow, field};

use crate::View;
use crate::cell::{Cell, MISSING, cell, status_cell};
use crate::tone::Tone;

/// Blanks between two columns.
const COLUMN_GAP: usize = 2;

/// No column is wider, not even in a pipe: otherwise one hostile name would pad every row.
const MAX_COLUMN_WIDTH: usize = 120;

/// No default column is wider: ids that are paths, and long titles, would put the others out of sight. Columns that the
/// user requested have all of their text.
const MAX_DEFAULT_COLUMN_WIDTH: usize = 48;

/// The default columns of a table, from left to right.
pub(crate) struct DefaultColumns {
    /// The fields that they show.
    pub(crate) ids: &'static [&'static str],
    /// The rank of a column in this table.
    pub(crate) rank: fn(&ColumnLayout) -> u8,
}

/// How far a column may shrink, and how soon it is dropped.
#[derive(Clone, Copy)]
pub(crate) struct ColumnRoom {
    /// The smallest width of a text, in columns of the terminal. Numbers are never cut.
    pub(crate) min_text_width: usize,
    /// Columns of the highest rank are dropped first; those of rank 0 are never dropped.
    pub(crate) rank: u8,
}

/// Writes a table of the rows: the fields of the view, or without them those of `columns` that fit and of which a row has
/// a value.
pub(crate) fn write(
    rows: &[SnapshotRow<'_>],
    columns: &DefaultColumns,
    view: &View,
    out: &mut dyn Write,
) -> Result<()> {
    let default_fields = columns.ids.iter().filter_map(|id| field(id));
    let mut table: Vec<_> = match &view.fields {
        Some(fields) => fields.iter().map(|field| TableColumn::new(field, REQUESTED_COLUMN_ROOM, rows, view)).collect(),
        None => default_fields
            .map(|field| TableColumn::new(field, columns.room(field), rows, view))
            .filter(|column| column.rank == 0 || column.has_values())
            .map(|column| column.at_most(MAX_DEFAULT_COLUMN_WIDTH))
            .collect(),
    };
    draw(&mut table, rows.len(), view, out)
}

impl DefaultColumns {
    fn room(&self, field: &Field) -> ColumnRoom {
        ColumnRoom::new(field.column.min_text_width.into(), (self.rank)(&field.column))
    }
}

impl ColumnRoom {
    pub(crate) const fn new(min_text_width: usize, rank: u8) -> Self {
        Self { min_text_width, rank }
    }
}

/// Writes a heading and that many rows of the columns, fitted to the width of the view.
pub(crate) fn draw(table: &mut Vec<TableColumn>, rows: usize, view: &View, out: &mut dyn Write) -> Result<()> {
    if view.charset == Charset::Ascii {
        table.iter_mut().for_each(TableColumn::transliterate);
    }
    if let Some(width) = view.width {
        fit(table, width);
    }
    write_line(table, |column| Some(&column.heading), view, out)?;
    (0..rows).try_for_each(|row| write_line(table, |column| column.cells.get(row), view, out))
}

/// A column that the user requested may shrink, but is never dropped.
const REQUESTED_COLUMN_ROOM: ColumnRoom = ColumnRoom::new(4, 0);

/// The alignment of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text, which may be cut.
    Left,
    /// Numbers, which may not.
    Right,
}

/// The names of models are cut only if they are longer than this without their vendor.
const MAX_MODEL_WIDTH: usize = 20;

/// A column with its cells.
pub(crate) struct TableColumn {
    heading: Cell,
    cells: Vec<Cell>,
    align: Align,
    width: usize,
    min_width: usize,
    rank: u8,
    /// A shorter form of its texts, for a table that is too wide.
    short_text: Option<fn(&str) -> &str>,
}

impl TableColumn {
    fn new(field: &Field, room: ColumnRoom, rows: &[SnapshotRow<'_>], view: &View) -> Self {
        // On a terminal a status has the short word that the screen has; a pipe gets that of JSON.
        let is_short = field.id == "status" && view.width.is_some();
        let of_row = |row| if is_short { status_cell(row) } else { cell(field, row, &view.cells()) };
        let cells = rows.iter().map(of_row).collect();
        let align = if matches!(field.kind, FieldKind::Text | FieldKind::Time) { Align::Left } else { Align::Right };
        let column = Self::of_cells(field.title, align, room, cells);
        match field.id {
            // A cut word would hide which request it is.
            "status" if is_short => Self { min_width: column.width, ..column },
            "model" => {
                let short = column.cells.iter().map(|cell| text::width(without_vendor(cell.text()))).max().unwrap_or(0);
                let min_width = short.max(column.heading.width()).min(MAX_MODEL_WIDTH);
                Self { short_text: Some(without_vendor), min_width, ..column }
            }
            _ => column,
        }
    }

    /// A column of these cells.
    pub(crate) fn of_cells(heading: &str, align: Align, room: ColumnRoom, cells: Vec<Cell>) -> Self {
        let heading = Cell::new(heading, Tone::Strong);
        let widest = cells.iter().map(Cell::width).max().unwrap_or(0).max(heading.width()).min(MAX_COLUMN_WIDTH);
        // A cut number would be a wrong number.
        let min_width = if align == Align::Right { widest } else { room.min_text_width.min(widest) };
        Self { heading, cells, align, width: widest, min_width, rank: room.rank, short_text: None }
    }
}

impl TableColumn {
    /// Whether a cell has a value.
    fn has_values(&self) -> bool {
        self.cells.iter().any(|cell| !matches!(cell.text(), "" | MISSING))
    }

    /// Puts the cells into ASCII, which may make the column wider.
    fn transliterate(&mut self) {
        let (widest, limit) = (self.widest(), self.width);
        for cell in &mut self.cells {
            *cell = Cell::new(ascii(cell.text()), cell.tone());
        }
        // A column that was narrower than its text stays so.
        self.width = if limit < widest { limit } else { self.widest().min(MAX_COLUMN_WIDTH) };
        self.min_width = if self.align == Align::Right { self.width } else { self.min_width.min(self.width) };
    }

    /// Puts the cells into their shorter form, if there is one.
    fn shorten(&mut self) {
        let Some(short_text) = self.short_text else { return };
        for cell in &mut self.cells {
            *cell = Cell::new(short_text(cell.text()), cell.tone());
        }
        self.width = self.width.min(self.widest());
        self.min_width = self.min_width.min(self.width);
    }

    fn widest(&self) -> usize {
        self.cells.iter().map(Cell::width).max().unwrap_or(0).max(self.heading.width())
    }

    /// The column in at most `width` columns of the terminal, unless it has numbers.
    fn at_most(mut self, width: usize) -> Self {
        self.width = self.width.min(width.max(self.min_width));
        self
    }
}

/// Fits the table to `width`: drops columns until the others fit at their minimum, then shrinks the widest.
fn fit(table: &mut Vec<TableColumn>, width: usize) {
    let taken = |table: &[TableColumn], of: fn(&TableColumn) -> usize| {
        table.iter().map(of).sum::<usize>() + COLUMN_GAP * table.len().saturating_sub(1)
    };
    while taken(table, |column| column.min_width) > width {
        let last = table.iter().map(|column| column.rank).max().unwrap_or(0);
        let Some(at) = table.iter().rposition(|column| column.rank == last && last > 0) else { break };
        table.remove(at);
    }
    if taken(table, |column| column.width) > width {
        table.iter_mut().for_each(TableColumn::shorten);
    }
    while taken(table, |column| column.width) > width {
        let widest =
            table.iter_mut().filter(|column| column.width > column.min_width).max_by_key(|column| column.width);
        let Some(column) = widest else { break };
        column.width -= 1;
    }
}

fn write_line<'t>(
    table: &'t [TableColumn],
    cell_of: impl Fn(&'t TableColumn) -> Option<&'t Cell>,
    view: &View,
    out: &mut dyn Write,
) -> Result<()> {
    // Blanks are written before the next text, so that no line ends in blanks.
    let mut blanks = 0;
    for column in table {
        let Some(cell) = cell_of(column) else { continue };
        let shown = text::truncate(cell.text(), column.width);
        let shown = view.charset.text(&shown);
        let padding = column.width.saturating_sub(text::width(&shown));
        let (before, behind) = match column.align {
            Align::Left => (0, padding),
            Align::Right => (padding, 0),
        };
        if shown.is_empty() {
            blanks += column.width + COLUMN_GAP;
            continue;
        }
        write!(out, "{:blanks$}", "", blanks = blanks + before)?;
        cell.write(&shown, view.colour, out)?;
        blanks = behind + COLUMN_GAP;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_query::{fields, select};

    use super::*;
    use crate::testing::view;

    const COLUMNS: DefaultColumns =
        DefaultColumns { ids: &["status", "session", "turns"], rank: |column| column.sessions_rank };

    fn lines(view: &View) -> Vec<String> {
        let snapshot = testing::rich();
        let mut out = Vec::new();
        write(&select::agents(&snapshot, &view.selection), &COLUMNS, view, &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_narrow_table_drops_the_highest_rank_and_shrinks_other_columns() {
        let wide = lines(&view());
        assert_eq!(wide[0].split_whitespace().collect::<Vec<_>>(), ["STATUS", "SESSION", "TURNS"]);
        let narrow = lines(&View { width: Some(24), ..view() });
        assert_eq!(narrow[0].split_whitespace().collect::<Vec<_>>(), ["STATUS", "SESSION"]);
        assert!(narrow.iter().all(|line| text::width(line) <= 24), "{narrow:#?}");
        assert!(narrow.iter().any(|line| line.contains('…')));
    }

    /// `claude-opus-4…` hid the version, although the vendor is in the column before.
    #[test]
    fn a_model_in_a_narrow_table_loses_its_vendor_and_not_its_version() {
        let named = ["claude-opus-4-7", "openrouter/anthropic/claude-sonnet-4-6", "gpt-5-codex", "gemini-3-pro"];
        assert_eq!(named.map(without_vendor), ["opus-4-7", "sonnet-4-6", "gpt-5-codex", "gemini-3-pro"]);
        let fields = fields("client,model").unwrap();
        let at = |width| lines(&View { width, fields: Some(fields.clone()), ..view() });
        assert!(at(Some(80)).iter().any(|line| line.contains("claude-opus-4-7")));
        assert!(at(Some(26)).iter().any(|line| line.ends_with(" opus-4-7")), "{:?}", at(Some(26)));
    }

    #[test]
    fn numbers_are_aligned_at_their_last_digit() {
        let ends: Vec<usize> = lines(&view()).iter().map(|line| text::width(line)).collect();
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}");
    }

    #[test]
    fn a_requested_column_is_never_dropped() {
        let asked = fields("cost,session,cwd,pid").unwrap();
        let shown = lines(&View { width: Some(20), fields: Some(asked), ..view() });
        assert_eq!(shown[0].split_whitespace().collect::<Vec<_>>(), ["COST", "SES…", "DIR…", "PID"]);
    }
}
