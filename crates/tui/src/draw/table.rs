use agtop_format::{money, units};
use agtop_model::{ClientId, Liveness, Process, Snapshot};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::app::{App, Arrangement, Fold, Group, Item, ViewId};
use crate::columns::{LOGO_COLUMN, Placed, Side, place, status_word};
use crate::logos;
use crate::look::Ink;
use crate::widgets::{cols, put};

/// Columns at the left edge of a table: the mark of agents that act without asking, and a blank.
pub(crate) const EDGE: u16 = 2;

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = Rect { x: area.x + EDGE, width: area.width.saturating_sub(EDGE + 1), ..area };
    let placed = place(app.columns(), inner.width, app.logo_room());
    draw_headings(app, inner, &placed, buffer);
    let (Some(list), Some(snapshot)) = (app.list(), app.snapshot.as_deref()) else { return };
    if list.items.is_empty() {
        draw_empty(app, inner, buffer);
        return;
    }
    let rows = (area.top() + 1..area.bottom()).map(|y| Rect { y, height: 1, ..area });
    for ((row, item), at) in rows.zip(list.items.iter().skip(list.offset)).zip(list.offset..) {
        draw_item(app, snapshot, item, row, &placed, buffer);
        if at == list.index {
            buffer.set_style(row, app.look.selected());
        }
    }
    draw_logos(app, inner, &placed, buffer);
    draw_scrollbar(app, area, list.offset, list.items.len(), buffer);
}

/// Last, so that the mark of the chosen row does not change them.
fn draw_logos(app: &App, inner: Rect, placed: &[Placed], buffer: &mut Buffer) {
    let (Some(known), Some(list), Some(snapshot)) = (app.logos(), app.list(), app.snapshot.as_deref()) else { return };
    let Some(column) = placed.iter().find(|placed| placed.column.id == LOGO_COLUMN) else { return };
    let rows = (inner.top() + 1..inner.bottom()).zip(list.items.iter().skip(list.offset));
    let wanted: Vec<(ClientId, Position)> = rows
        .filter_map(|(y, item)| Some((logos::client_of(&item.row(snapshot)?)?, Position::new(inner.x + column.x, y))))
        .collect();
    known.draw(&wanted, buffer);
}

fn draw_headings(app: &App, area: Rect, placed: &[Placed], buffer: &mut Buffer) {
    let sorted_by = app.sort.key.as_str();
    for Placed { column, x, width } in placed {
        let ink = if column.id == sorted_by { Ink::Accent } else { Ink::Dim };
        let place = Rect { x: area.x + x, width: *width, height: 1, ..area };
        put(buffer, place, &Line::from(app.look.span(column.title, ink)), column.side);
    }
}

/// Why there is nothing to see, and what to do about it.
fn draw_empty(app: &App, area: Rect, buffer: &mut Buffer) {
    let is_narrowed = app.filtering.query.is_some() || app.focus != crate::app::Focus::All || app.pid.is_some();
    let text = match (is_narrowed, app.view) {
        (true, _) => "Nothing passes the filter. Esc clears it.",
        (false, ViewId::Agents) => "No agent is running. Start one, or press 2 for past sessions.",
        (false, _) => "No session was found. `agtop doctor` tells where agtop looked.",
    };
    let place = Rect { y: area.y + 2, height: 1, ..area };
    if place.y < area.bottom() {
        put(buffer, place, &Line::from(app.look.span(text, Ink::Dim)), Side::Left);
    }
}

fn draw_item(app: &App, snapshot: &Snapshot, item: &Item, row: Rect, placed: &[Placed], buffer: &mut Buffer) {
    let inner = Rect { x: row.x + EDGE, width: row.width.saturating_sub(EDGE + 1), ..row };
    match item {
        Item::Group(group) => put(buffer, inner, &group_line(app, group), Side::Left),
        Item::Helper { process, depth } => put(buffer, inner, &helper_line(app, process, *depth), Side::Left),
        Item::Row { depth, .. } => {
            let Some(cells) = item.row(snapshot) else { return };
            if cells.agent.is_some_and(|agent| agent.danger.is_some()) {
                let mark = Span::styled("▌", app.look.fill(Ink::Warn));
                put(buffer, Rect { width: 1, ..row }, &Line::from(mark), Side::Left);
            }
            for Placed { column, x, width } in placed {
                let margin = if column.id == LOGO_COLUMN { app.logo_room().min(*width) } else { 0 };
                let width = &(width - margin);
                let place = Rect { x: inner.x + x + margin, width: *width, ..inner };
                let mut line = column.cell(&app.pen(), &cells, *width);
                if *depth > 0 && app.arrangement == Arrangement::Tree && column.id == "client" {
                    line = indented(app, line, *depth);
                }
                put(buffer, place, &line, column.side);
            }
            let is_gone = cells.agent.is_some_and(|agent| agent.liveness == Liveness::Stopped);
            if is_gone {
                buffer.set_style(row, app.look.style(Ink::Faint).add_modifier(Modifier::CROSSED_OUT));
            }
        }
    }
}

/// In a tree, names are set in below what they belong to.
fn indented<'a>(app: &App, line: Line<'a>, depth: u8) -> Line<'a> {
    let mut spans = vec![app.look.span(twig(depth), Ink::Faint)];
    spans.extend(line.spans);
    Line::from(spans)
}

fn twig(depth: u8) -> String {
    format!("{}└ ", "  ".repeat(usize::from(depth.saturating_sub(1))))
}

fn group_line(app: &App, group: &Group) -> Line<'static> {
    let look = &app.look;
    let sign = if group.fold == Fold::Open { "▾" } else { "▸" };
    let noun = if group.members == 1 { "agent" } else { "agents" };
    let mut spans = vec![
        look.span(format!("{sign} "), Ink::Accent),
        look.span(group.name.clone(), Ink::Strong),
        look.span(format!("  {} {noun}  ", group.members), Ink::Dim),
        Span::styled(
            format!("{} {}", group.status.glyph(), status_word(group.status)),
            look.style(Ink::of(group.status)),
        ),
    ];
    let sums = [
        ("cpu ", units::percent(group.cpu_percent)),
        ("mem ", units::bytes(group.memory)),
        ("tokens ", units::count(group.tokens)),
        ("", money::whole(&group.spend)),
    ];
    for (name, value) in sums {
        spans.push(look.span(format!("   {name}"), Ink::Dim));
        spans.push(look.span(value, Ink::Text));
    }
    Line::from(spans)
}

fn helper_line(app: &App, process: &Process, depth: u8) -> Line<'static> {
    let look = &app.look;
    let memory = process.rss.map_or_else(|_| String::new(), |bytes| format!("   mem {}", units::bytes(bytes)));
    Line::from(vec![
        look.span(twig(depth), Ink::Faint),
        look.span(process.name.for_terminal().into_owned(), Ink::Dim),
        look.span(format!("   helper   pid {}{memory}", process.id.pid), Ink::Faint),
    ])
}

/// Where one is in a long list: a mark at the right edge.
fn draw_scrollbar(app: &App, area: Rect, offset: usize, items: usize, buffer: &mut Buffer) {
    let rows = usize::from(area.height.saturating_sub(1));
    if items <= rows || rows == 0 {
        return;
    }
    let length = (rows * rows / items).max(1);
    let start = offset * (rows - length) / (items - rows);
    let x = area.right().saturating_sub(1);
    for at in 0..rows {
        let is_mark = (start..start + length).contains(&at);
        let (symbol, ink) = if is_mark { ("█", Ink::Dim) } else { ("│", Ink::Faint) };
        buffer.set_stringn(x, area.y + 1 + cols(at), symbol, 1, app.look.style(ink));
    }
}
