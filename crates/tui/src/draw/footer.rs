use agtop_format::units;
use agtop_model::{Snapshot, Untrusted};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::{App, Asks, Overlay, Prompt, ViewId, completions};
use crate::columns::Side;
use crate::look::Ink;
use crate::widgets::{cols, put};

/// Draws the last row: what is being typed, what was said last, or the keys that matter here. Where the cursor is comes
/// back while something is typed.
pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    if let Some(prompt) = &app.prompt {
        return Some(draw_prompt(app, prompt, inner, buffer));
    }
    let right = facts(app);
    let keys = if let Some(notice) = &app.notice {
        let ink = if notice.outcome.is_ok() { Ink::Text } else { Ink::Bad };
        Line::from(app.look.span(Untrusted::from(&*notice.text).for_terminal().into_owned(), ink))
    } else {
        // Where there is room for both, the facts on the right come before the last of the keys.
        let taken = if inner.width >= 100 { cols(right.width()) + 3 } else { 0 };
        hints(app, inner.width.saturating_sub(taken))
    };
    put(buffer, inner, &keys, Side::Left);
    if keys.width() + right.width() + 3 <= usize::from(inner.width) {
        put(buffer, inner, &right, Side::Right);
    }
    None
}

fn draw_prompt(app: &App, prompt: &Prompt, area: Rect, buffer: &mut Buffer) -> Position {
    let look = &app.look;
    let sign = match prompt.asks {
        Asks::Filter => "filter ",
        Asks::Find => "find ",
        Asks::Command => ":",
    };
    let (text, head) = (prompt.text(), prompt.head());
    let sign_width = cols(sign.len());
    put(buffer, area, &Line::from(look.span(sign, Ink::Accent)), Side::Left);
    let place = Rect { x: area.x + sign_width, width: area.width.saturating_sub(sign_width), ..area };
    // A long line shows its end, where one types.
    let hidden = agtop_format::text::width(&head).saturating_sub(usize::from(place.width.saturating_sub(1)));
    let shown: String = text.chars().skip(hidden).collect();
    put(buffer, place, &Line::from(look.span(shown.clone(), Ink::Text)), Side::Left);
    let after = cols(agtop_format::text::width(&shown)) + 3;
    let beside = Rect { x: place.x + after, width: place.width.saturating_sub(after), ..place };
    put(buffer, beside, &beside_prompt(app, prompt), Side::Left);
    let cursor = place.x + cols(agtop_format::text::width(&head).saturating_sub(hidden));
    Position::new(cursor.min(area.right().saturating_sub(1)), area.y)
}

/// What is wrong with what is typed, or what could follow.
fn beside_prompt(app: &App, prompt: &Prompt) -> Line<'static> {
    let look = &app.look;
    match prompt.asks {
        Asks::Filter => match &app.filtering.error {
            Some(error) => Line::from(Span::styled(format!("× {error}"), look.style(Ink::Bad))),
            None if prompt.text().is_empty() => {
                Line::from(look.span("word   project:api   cpu>50   status:working   !x   a or b", Ink::Dim))
            }
            None => Line::from(look.span("Enter keeps it, Esc clears it", Ink::Dim)),
        },
        Asks::Find => Line::default(),
        Asks::Command => {
            let found = completions(app, &prompt.head());
            Line::from(look.span(found.join("  "), Ink::Dim))
        }
    }
}

/// The keys that matter most, by what is on the screen.
fn hints(app: &App, room: u16) -> Line<'static> {
    let pairs: &[(&str, &str)] = match (&app.overlay, app.view) {
        (Some(Overlay::Confirm(_)), _) => &[("y", "yes"), ("Esc", "no")],
        (Some(Overlay::Configure { .. }), _) => {
            &[("Space", "show or hide"), ("← →", "move"), ("+ -", "width"), ("Esc", "done and save")]
        }
        (Some(Overlay::Detail { .. }), _) => {
            &[("Esc", "close"), ("j k", "scroll"), ("/", "find"), ("y", "copy"), ("K", "end"), ("e", "explain")]
        }
        (Some(_), _) => &[("Esc", "close"), ("j k", "scroll")],
        (None, ViewId::Agents | ViewId::Sessions) => &[
            ("?", "help"),
            ("Enter", "details"),
            ("/", "filter"),
            ("s", "sort"),
            ("F", "focus"),
            ("g", "group"),
            ("t", "tree"),
            ("K", "end"),
            ("o", "go to"),
            ("d", "dashboard"),
            ("q", "quit"),
        ],
        (None, ViewId::Usage) => &[
            ("?", "help"),
            ("← →", "sum by"),
            ("w", "day, week, month"),
            ("Enter", "open"),
            ("Esc", "back"),
            ("q", "quit"),
        ],
        (None, _) => &[("?", "help"), ("1-5", "views"), ("p", "pause"), ("d", "dashboard"), ("q", "quit")],
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (key, word) in pairs {
        let width = agtop_format::text::width(key) + 1 + word.len() + 3;
        if used + width > usize::from(room) + 3 {
            break;
        }
        used += width;
        spans.push(app.look.span(*key, Ink::Accent));
        spans.push(app.look.span(format!(" {word}   "), Ink::Dim));
    }
    if let Some(last) = spans.last_mut() {
        last.content = last.content.trim_end().to_owned().into();
    }
    Line::from(spans)
}

/// On screens at least this wide, there is room for whose agents are shown.
const WIDE: u16 = 180;

/// Whose agents are shown, where prices come from, and what agtop itself uses.
fn facts(app: &App) -> Line<'static> {
    let look = &app.look;
    let mut spans = Vec::new();
    if let Some(snapshot) = &app.snapshot {
        let providers = providers(snapshot);
        if app.size.columns >= WIDE && !providers.is_empty() {
            spans.push(look.span("providers ", Ink::Dim));
            spans.push(look.span(format!("{}   ", providers.join(" ")), Ink::Dim));
        }
        spans.push(look.span("prices ", Ink::Dim));
        let prices = Untrusted::new(std::sync::Arc::clone(&snapshot.prices));
        spans.push(look.span(prices.for_terminal().into_owned(), Ink::Dim));
    }
    let own: Vec<String> =
        [app.own.cpu_percent.map(units::percent), app.own.memory.map(units::bytes)].into_iter().flatten().collect();
    if !own.is_empty() {
        spans.push(look.span("   agtop ", Ink::Dim));
        spans.push(look.span(own.join(" "), Ink::Dim));
    }
    Line::from(spans)
}

/// The clients of live agents, each once.
fn providers(snapshot: &Snapshot) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = snapshot.agents.iter().map(|agent| agent.client.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
