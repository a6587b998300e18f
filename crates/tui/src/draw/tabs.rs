use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::app::{App, Arrangement, Direction, Focus, ViewId};
use crate::columns::Side;
use crate::look::{Ink, Look};
use crate::widgets::{cols, put};

/// The titles of the views, with their keys.
pub(crate) fn view_titles() -> Vec<String> {
    ViewId::ALL.iter().zip(1..).map(|(view, key)| format!("{key} {}", view.title())).collect()
}

/// Where titles stand in a row, one after the other.
pub(crate) fn places(area: Rect, titles: &[String]) -> Vec<Range<u16>> {
    let mut x = area.x + 1;
    titles
        .iter()
        .map(|title| {
            let start = x;
            let end = start + cols(agtop_format::text::width(title));
            x = end + 3;
            start..end
        })
        .collect()
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let rule = "─".repeat(usize::from(area.width));
    put(buffer, area, &Line::from(app.look.span(rule, Ink::Faint)), Side::Left);
    let mut state = state(app);
    if !state.spans.is_empty() {
        state.spans.insert(0, Span::raw(" "));
        state.spans.push(Span::raw(" "));
    }
    let room = area.width.saturating_sub(cols(state.width()) + 2);
    let titles = view_titles();
    for ((place, title), view) in places(area, &titles).into_iter().zip(&titles).zip(ViewId::ALL) {
        let style = if view == app.view {
            app.look.loud(Ink::Accent).add_modifier(Modifier::UNDERLINED)
        } else {
            app.look.style(Ink::Dim)
        };
        if place.end < area.right() {
            around(buffer, area, &place, &app.look);
            buffer.set_stringn(place.start, area.y, title, usize::from(area.width), style);
        }
    }
    let tabs_end = places(area, &titles).last().map_or(0, |place| place.end);
    if tabs_end <= area.x + room {
        put(buffer, Rect { width: area.width.saturating_sub(1), ..area }, &state, Side::Right);
    }
}

/// A blank on either side of a title that stands on a line.
pub(crate) fn around(buffer: &mut Buffer, area: Rect, place: &Range<u16>, look: &Look) {
    for x in [place.start.saturating_sub(1), place.end] {
        buffer.set_stringn(x, area.y, " ", 1, look.ground());
    }
}

/// What is shown of the rows, and in which order: on the right.
fn state(app: &App) -> Line<'static> {
    let look = &app.look;
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut tell = |name: &str, value: String, ink: Ink| {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.push(look.span(format!("{name} "), Ink::Dim));
        spans.push(look.span(value, ink));
    };
    if let Some(list) = app.list() {
        if let Some(pid) = app.pid {
            tell("pid", pid.to_string(), Ink::Accent);
        }
        if app.focus != Focus::All {
            tell("only", app.focus.name().to_owned(), Ink::Accent);
        }
        if !app.filtering.text.is_empty() {
            let text = agtop_format::text::truncate(&app.filtering.text, 40).into_owned();
            let ink = if app.filtering.error.is_some() { Ink::Bad } else { Ink::Accent };
            tell("filter", text, ink);
        }
        match app.arrangement {
            Arrangement::Flat => {}
            Arrangement::Groups => tell("by", "project".to_owned(), Ink::Text),
            Arrangement::Tree => tell("as", "tree".to_owned(), Ink::Text),
        }
        let arrow = if app.sort.direction == Direction::Usual { "▼" } else { "▲" };
        tell("sort", format!("{} {arrow}", app.sort.key.as_str()), Ink::Text);
        let at = if list.items.is_empty() { 0 } else { list.index + 1 };
        tell("row", format!("{at}/{}", list.items.len()), Ink::Text);
    }
    Line::from(spans)
}
