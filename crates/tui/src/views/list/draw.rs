use agtop_format::text;
use agtop_model::{ClientId, Liveness, Snapshot, SnapshotRow};
use agtop_output::empty_hint;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::item::ListItem;
use super::rows::ListArrangement;
use super::selection::RowList;
use super::state::Lists;
use super::sum_row::SumRow;
use super::twig::TreePlace;
use crate::columns::{CellContent, Column, ColumnChoice, LOGO_COLUMN, PlacedColumn, place};
use crate::logos::{LOGO_AND_GAP_COLUMNS, Logos, client_of};
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::view_id::ViewId;
use crate::widgets::{Side, cols, put, wrap};

/// Columns at the left edge of a table: the mark of agents that act without asking, and a blank.
const LEFT_MARGIN: u16 = 2;

/// Fewest columns of a table with a blank before its scrollbar.
const MIN_SPACIOUS_TABLE: u16 = 100;

/// The table of a list.
pub(crate) struct ListTable<'a> {
    pub(crate) render: RenderContext<'a>,
    pub(crate) view: ViewId,
    pub(crate) lists: &'a Lists,
    /// The list of the view.
    pub(crate) list: &'a RowList,
    pub(crate) columns: &'a [ColumnChoice],
    pub(crate) snapshot: Option<&'a Snapshot>,
    pub(crate) logos: Option<&'a Logos>,
}

impl ListTable<'_> {
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let inner = inner(area);
        let placed = self.placed(area);
        self.draw_headings(inner, &placed, buffer);
        let Some(snapshot) = self.snapshot else { return };
        let list = self.list;
        if list.items.is_empty() {
            self.draw_empty(inner, buffer);
            return;
        }
        let rows = (area.top() + 1..area.bottom()).map(|y| Rect { y, height: 1, ..area });
        for ((row, item), at) in rows.zip(list.items.iter().skip(list.offset)).zip(list.offset..) {
            self.draw_item(snapshot, item, row, &placed, buffer);
            if at == list.index {
                buffer.set_style(row, self.render.look.selected());
            }
        }
        self.draw_logos(inner, &placed, buffer);
        draw_scrollbar(self.render.look, area, list.offset, list.items.len(), buffer);
    }

    /// The columns and their places in the table.
    fn placed(&self, area: Rect) -> Vec<PlacedColumn> {
        let visible = || self.list.items.iter().skip(self.list.offset).take(usize::from(area.height));
        let rows: Vec<(SnapshotRow<'_>, TreePlace)> = self.snapshot.map_or_else(Vec::new, |snapshot| {
            visible().filter_map(|item| Some((item.row(snapshot)?, item.place()?))).collect()
        });
        let sums: Vec<SumRow> = visible().filter_map(|item| SumRow::of(self.render.look, item)).collect();
        let content = |column: &Column| {
            let of_rows = column.content(&self.render, rows.iter().map(|(row, _)| row));
            let of_sums = sums.iter().filter_map(|sum| sum.width_in(column.id)).max();
            let of_twigs = rows.iter().map(|(_, place)| cols(text::width(&place.twig()))).max().unwrap_or_default();
            let deeper = if column.id == LOGO_COLUMN && self.is_tree() { of_twigs } else { 0 };
            of_rows.wider_by(deeper).max(of_sums.map_or(CellContent::Blank, CellContent::Width))
        };
        place(self.columns, (inner(area).width, self.logo_columns()), &content)
    }

    /// The ids of the columns for which an area has room.
    pub(crate) fn columns_in(&self, area: Rect) -> Vec<&'static str> {
        self.placed(area).iter().map(|placed| placed.column.id).collect()
    }

    /// The column at `x` of the terminal.
    pub(crate) fn column_at(&self, area: Rect, x: u16) -> Option<Column> {
        let inside = x.checked_sub(inner(area).x)?;
        let hit = self.placed(area).into_iter().find(|placed| (placed.x..placed.x + placed.width).contains(&inside));
        hit.map(|placed| placed.column)
    }

    fn is_tree(&self) -> bool {
        self.view == ViewId::Agents && self.lists.settings(self.view).arrangement == ListArrangement::Tree
    }

    /// Draws logos after the highlight of the chosen row, which would change them.
    fn draw_logos(&self, inner: Rect, placed: &[PlacedColumn], buffer: &mut Buffer) {
        let (Some(known), Some(snapshot)) = (self.logos, self.snapshot) else { return };
        let list = self.list;
        let Some(column) = placed.iter().find(|placed| placed.column.id == LOGO_COLUMN) else { return };
        let rows = (inner.top() + 1..inner.bottom()).zip(list.items.iter().skip(list.offset));
        let wanted: Vec<(ClientId, Position)> = rows
            .filter_map(|(y, item)| Some((client_of(&item.row(snapshot)?)?, Position::new(inner.x + column.x, y))))
            .collect();
        known.draw(&wanted, buffer);
    }

    fn draw_headings(&self, area: Rect, placed: &[PlacedColumn], buffer: &mut Buffer) {
        let sorted_by = self.lists.settings(self.view).sort.key.as_str();
        for PlacedColumn { column, x, width } in placed {
            let tone = if column.id == sorted_by { Tone::Accent } else { Tone::Dim };
            let place = Rect { x: area.x + x, width: *width, height: 1, ..area };
            put(buffer, place, &Line::from(self.render.look.span(column.title, tone)), column.side);
        }
    }

    /// Draws why the list is empty, and what the user can do about it.
    fn draw_empty(&self, area: Rect, buffer: &mut Buffer) {
        let text = match (self.lists.is_narrowed(self.view), self.view) {
            (true, _) => "Nothing passes the filter. Esc clears it.",
            (false, ViewId::Agents) => "No agent is running. Start one, or press 2 for past sessions.",
            (false, _) => "No session was found. `agtop doctor` shows where agtop looked.",
        };
        let look = self.render.look;
        let mut lines = vec![Line::from(look.span(text, Tone::Text))];
        if !self.lists.is_narrowed(self.view)
            && let Some(snapshot) = self.snapshot
        {
            lines.push(Line::default());
            let hints = empty_hint(&snapshot.health).into_iter().map(|hint| Line::from(look.span(hint, Tone::Dim)));
            lines.extend(hints.flat_map(|hint| wrap(&hint, usize::from(area.width))));
        }
        let below = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        for (row, line) in below.rows().zip(&lines) {
            put(buffer, row, line, Side::Left);
        }
    }

    fn draw_item(&self, snapshot: &Snapshot, item: &ListItem, row: Rect, placed: &[PlacedColumn], buffer: &mut Buffer) {
        let (look, inner) = (self.render.look, inner(row));
        if let Some(sum) = SumRow::of(look, item) {
            sum.draw(inner, placed, buffer);
        }
        let (Some(cells), Some(place)) = (item.row(snapshot), item.place()) else { return };
        if cells.agent.is_some_and(|agent| agent.danger.is_some()) {
            let mark = Span::styled("▌", look.fill(Tone::Warn));
            put(buffer, Rect { width: 1, ..row }, &Line::from(mark), Side::Left);
        }
        for placed in placed {
            self.draw_cell((&cells, place), placed, inner, buffer);
        }
        let is_gone = cells.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped);
        if is_gone {
            buffer.set_style(row, look.style(Tone::Faint).add_modifier(Modifier::CROSSED_OUT));
        }
    }

    fn draw_cell(
        &self,
        (cells, place): (&SnapshotRow<'_>, TreePlace),
        PlacedColumn { column, x, width }: &PlacedColumn,
        inner: Rect,
        buffer: &mut Buffer,
    ) {
        let margin = if column.id == LOGO_COLUMN { self.logo_columns().min(*width) } else { 0 };
        let area = Rect { x: inner.x + x + margin, width: width - margin, ..inner };
        let mut line = column.cell(&self.render, cells, area.width);
        if column.id == LOGO_COLUMN && self.is_tree() {
            line.spans.insert(0, self.render.look.span(place.twig(), Tone::Faint));
        }
        put(buffer, area, &line, column.side);
    }

    /// Columns that logos take before the names of agents.
    fn logo_columns(&self) -> u16 {
        self.logos.map_or(0, |_| LOGO_AND_GAP_COLUMNS)
    }
}

/// The area of the cells of a table, or of a row of it. The last column is for the scrollbar, with a blank before it
/// where there is room.
fn inner(area: Rect) -> Rect {
    let right = if area.width < MIN_SPACIOUS_TABLE { 1 } else { 2 };
    Rect { x: area.x + LEFT_MARGIN, width: area.width.saturating_sub(LEFT_MARGIN + right), ..area }
}

/// Draws a scrollbar at the right edge of a long list.
fn draw_scrollbar(look: &Look, area: Rect, offset: usize, items: usize, buffer: &mut Buffer) {
    let rows = usize::from(area.height.saturating_sub(1));
    if items <= rows || rows == 0 {
        return;
    }
    let length = (rows * rows / items).max(1);
    let start = offset * (rows - length) / (items - rows);
    let x = area.right().saturating_sub(1);
    for at in 0..rows {
        let is_mark = (start..start + length).contains(&at);
        let (symbol, tone) = if is_mark { ("█", Tone::Dim) } else { ("│", Tone::Faint) };
        buffer.set_stringn(x, area.y + 1 + cols(at), symbol, 1, look.style(tone));
    }
}
