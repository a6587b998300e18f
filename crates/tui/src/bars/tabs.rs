use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::look::{Look, Tone};
use crate::view_id::ViewId;
use crate::views::{ListArrangement, Lists, RowFocus, RowList, SortDirection};
use crate::widgets::{Side, cols, draw_titles, put, title_places};

/// The titles of the views, with their keys.
pub(crate) fn view_titles() -> Vec<String> {
    ViewId::ALL.iter().zip(1..).map(|(view, key)| format!("{key} {}", view.title())).collect()
}

/// Draws the titles of the views, and what decides which rows are shown.
pub(crate) fn draw(look: &Look, view: ViewId, lists: &Lists, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let titles = view_titles();
    draw_titles(look, &titles, ViewId::ALL.iter().position(|one| *one == view), area, buffer);
    let mut state = lists.of(view).map_or_else(Line::default, |list| list_state(look, lists, (view, list)));
    if !state.spans.is_empty() {
        state.spans.insert(0, Span::raw(" "));
        state.spans.push(Span::raw(" "));
    }
    let room = area.width.saturating_sub(cols(state.width()) + 2);
    let tabs_end = title_places(area, &titles).last().map_or(0, |place| place.end);
    if tabs_end <= area.x + room {
        put(buffer, Rect { width: area.width.saturating_sub(1), ..area }, &state, Side::Right);
    }
}

/// The filter, the arrangement and the sort, on the right.
fn list_state(look: &Look, lists: &Lists, (view, list): (ViewId, &RowList)) -> Line<'static> {
    let settings = lists.settings(view);
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut add = |name: &str, value: String, tone: Tone| {
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.push(look.span(format!("{name} "), Tone::Dim));
        spans.push(look.span(value, tone));
    };
    if let Some(pid) = lists.pid {
        add("pid", pid.to_string(), Tone::Accent);
    }
    if settings.focus != RowFocus::All {
        add("only", settings.focus.name().to_owned(), Tone::Accent);
    }
    if !settings.filter.text.is_empty() {
        let text = agtop_format::text::truncate(&settings.filter.text, 40).into_owned();
        let tone = if settings.filter.error.is_some() { Tone::Bad } else { Tone::Accent };
        add("filter", text, tone);
    }
    match settings.arrangement {
        ListArrangement::Flat => {}
        ListArrangement::Groups => add("by", "project".to_owned(), Tone::Text),
        ListArrangement::Tree => add("as", "tree".to_owned(), Tone::Text),
    }
    let arrow = if settings.sort.direction == SortDirection::Default { "▼" } else { "▲" };
    add("sort", format!("{} {arrow}", settings.sort.key.as_str()), Tone::Text);
    let at = if list.items.is_empty() { 0 } else { list.index + 1 };
    add("row", format!("{at}/{}", list.items.len()), Tone::Text);
    Line::from(spans)
}
