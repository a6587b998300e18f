use agtop_format::{money, units};
use agtop_model::{ClientId, Liveness, Process, Snapshot};
use agtop_output::status_word;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::item::{GroupState, ListItem, ProjectGroup};
use super::rows::ListArrangement;
use super::selection::RowList;
use super::state::Lists;
use crate::columns::{ColumnChoice, LOGO_COLUMN, PlacedColumn, place};
use crate::logos::{LOGO_AND_GAP_COLUMNS, Logos, client_of};
use crate::look::{Look, Tone};
use crate::render_context::RenderContext;
use crate::view_id::ViewId;
use crate::widgets::{Side, cols, put};

/// Columns at the left edge of a table: the mark of agents that act without asking, and a blank.
pub(crate) const LEFT_MARGIN: u16 = 2;

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
        let inner = Rect { x: area.x + LEFT_MARGIN, width: area.width.saturating_sub(LEFT_MARGIN + 1), ..area };
        let placed = place(self.columns, inner.width, self.logo_columns());
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
        let sorted_by = self.lists.sort.key.as_str();
        for PlacedColumn { column, x, width } in placed {
            let tone = if column.id == sorted_by { Tone::Accent } else { Tone::Dim };
            let place = Rect { x: area.x + x, width: *width, height: 1, ..area };
            put(buffer, place, &Line::from(self.render.look.span(column.title, tone)), column.side);
        }
    }

    /// Draws why the list is empty, and what the user can do about it.
    fn draw_empty(&self, area: Rect, buffer: &mut Buffer) {
        let text = match (self.lists.is_narrowed(), self.view) {
            (true, _) => "Nothing passes the filter. Esc clears it.",
            (false, ViewId::Agents) => "No agent is running. Start one, or press 2 for past sessions.",
            (false, _) => "No session was found. `agtop doctor` shows where agtop looked.",
        };
        let place = Rect { y: area.y + 2, height: 1, ..area };
        if place.y < area.bottom() {
            put(buffer, place, &Line::from(self.render.look.span(text, Tone::Dim)), Side::Left);
        }
    }

    fn draw_item(&self, snapshot: &Snapshot, item: &ListItem, row: Rect, placed: &[PlacedColumn], buffer: &mut Buffer) {
        let inner = Rect { x: row.x + LEFT_MARGIN, width: row.width.saturating_sub(LEFT_MARGIN + 1), ..row };
        match item {
            ListItem::Group(group) => put(buffer, inner, &self.group_line(group), Side::Left),
            ListItem::Helper { process, depth } => put(buffer, inner, &self.helper_line(process, *depth), Side::Left),
            ListItem::Row { depth, .. } => {
                let Some(cells) = item.row(snapshot) else { return };
                if cells.agent.is_some_and(|agent| agent.danger.is_some()) {
                    let mark = Span::styled("▌", self.render.look.fill(Tone::Warn));
                    put(buffer, Rect { width: 1, ..row }, &Line::from(mark), Side::Left);
                }
                for PlacedColumn { column, x, width } in placed {
                    let margin = if column.id == LOGO_COLUMN { self.logo_columns().min(*width) } else { 0 };
                    let width = &(width - margin);
                    let place = Rect { x: inner.x + x + margin, width: *width, ..inner };
                    let mut line = column.cell(&self.render, &cells, *width);
                    if *depth > 0 && self.lists.arrangement == ListArrangement::Tree && column.id == "client" {
                        line = self.indented(line, *depth);
                    }
                    put(buffer, place, &line, column.side);
                }
                let is_gone = cells.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped);
                if is_gone {
                    buffer.set_style(row, self.render.look.style(Tone::Faint).add_modifier(Modifier::CROSSED_OUT));
                }
            }
        }
    }

    /// Indents a name of a tree below its parent.
    fn indented(&self, line: Line<'static>, depth: u8) -> Line<'static> {
        let mut spans = vec![self.render.look.span(twig(depth), Tone::Faint)];
        spans.extend(line.spans);
        Line::from(spans)
    }

    fn group_line(&self, group: &ProjectGroup) -> Line<'static> {
        let look = self.render.look;
        let sign = if group.state == GroupState::Expanded { "▾" } else { "▸" };
        let noun = if group.members == 1 { "agent" } else { "agents" };
        let mut spans = vec![
            look.span(format!("{sign} "), Tone::Accent),
            look.span(group.name.clone(), Tone::Strong),
            look.span(format!("  {} {noun}  ", group.members), Tone::Dim),
            Span::styled(
                format!("{} {}", group.status.glyph(), status_word(group.status)),
                look.style(Tone::of(group.status)),
            ),
        ];
        let sums = [
            ("cpu ", units::percent(group.cpu_percent)),
            ("mem ", units::bytes(group.memory)),
            ("tokens ", units::count(group.tokens)),
            ("", money::whole(&group.spend)),
        ];
        for (name, value) in sums {
            spans.push(look.span(format!("   {name}"), Tone::Dim));
            spans.push(look.span(value, Tone::Text));
        }
        Line::from(spans)
    }

    fn helper_line(&self, process: &Process, depth: u8) -> Line<'static> {
        let look = self.render.look;
        let memory = process.rss.map_or_else(|_| String::new(), |bytes| format!("   mem {}", units::bytes(bytes)));
        Line::from(vec![
            look.span(twig(depth), Tone::Faint),
            look.span(process.name.for_terminal().into_owned(), Tone::Dim),
            look.span(format!("   helper   pid {}{memory}", process.id.pid), Tone::Faint),
        ])
    }

    /// Columns that logos take before the names of agents.
    fn logo_columns(&self) -> u16 {
        self.logos.map_or(0, |_| LOGO_AND_GAP_COLUMNS)
    }
}

fn twig(depth: u8) -> String {
    format!("{}└ ", "  ".repeat(usize::from(depth.saturating_sub(1))))
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
