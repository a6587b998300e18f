use agtop_format::units;
use agtop_model::{Snapshot, Untrusted};
use agtop_query::FilterError;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::command_line::completions;
use crate::data::Data;
use crate::layout::LayoutMode;
use crate::look::{Look, Theme, Tone};
use crate::popup::Overlay;
use crate::prompt::{Prompt, PromptKind};
use crate::status_message::StatusMessage;
use crate::view_id::ViewId;
use crate::widgets::{Side, cols, put};

/// Screens at least this wide have room for the providers.
const WIDE_FOOTER_COLUMNS: u16 = 180;

/// Blanks between two keys.
const HINT_GAP: usize = 3;

/// Columns of a key and its word.
fn hint_width((key, word): &(&str, &str)) -> usize {
    agtop_format::text::width(key) + 1 + agtop_format::text::width(word) + HINT_GAP
}

/// The last row of the screen.
pub(crate) struct Footer<'a> {
    pub(crate) look: &'a Look,
    pub(crate) data: &'a Data,
    pub(crate) view: ViewId,
    pub(crate) mode: LayoutMode,
    /// Columns of the terminal.
    pub(crate) columns: u16,
    pub(crate) overlay: Option<&'a Overlay>,
    pub(crate) prompt: Option<&'a Prompt>,
    pub(crate) filter_error: Option<&'a FilterError>,
    pub(crate) status: Option<&'a StatusMessage>,
    /// How many lines the search in a popup finds, of how many.
    pub(crate) found: Option<(usize, usize)>,
    /// The themes that the command line completes.
    pub(crate) themes: &'a [Theme],
}

impl Footer<'_> {
    /// Draws the prompt, the last message, or the most useful keys. Returns the position of the cursor
    /// while a prompt is open.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        if let Some(prompt) = self.prompt {
            return Some(self.draw_prompt(prompt, inner, buffer));
        }
        let right = self.facts();
        let keys = if let Some(message) = self.status {
            let tone = if message.outcome.is_ok() { Tone::Text } else { Tone::Bad };
            Line::from(self.look.span(Untrusted::from(&*message.text).for_terminal().into_owned(), tone))
        } else {
            // On wide screens, the facts on the right have priority over the last keys.
            let taken = if inner.width >= 100 { cols(right.width()) + 3 } else { 0 };
            self.hints(inner.width.saturating_sub(taken))
        };
        put(buffer, inner, &keys, Side::Left);
        if keys.width() + right.width() + 3 <= usize::from(inner.width) {
            put(buffer, inner, &right, Side::Right);
        }
        None
    }

    fn draw_prompt(&self, prompt: &Prompt, area: Rect, buffer: &mut Buffer) -> Position {
        let look = self.look;
        let sign = match prompt.kind {
            PromptKind::Filter => "filter ",
            PromptKind::Find => "find ",
            PromptKind::Command => ":",
        };
        let (text, head) = (prompt.text(), prompt.head());
        let sign_width = cols(sign.len());
        put(buffer, area, &Line::from(look.span(sign, Tone::Accent)), Side::Left);
        let place = Rect { x: area.x + sign_width, width: area.width.saturating_sub(sign_width), ..area };
        // A long line shows its end.
        let hidden = agtop_format::text::width(&head).saturating_sub(usize::from(place.width.saturating_sub(1)));
        let shown: String = text.chars().skip(hidden).collect();
        put(buffer, place, &Line::from(look.span(shown.clone(), Tone::Text)), Side::Left);
        let after = cols(agtop_format::text::width(&shown)) + 3;
        let beside = Rect { x: place.x + after, width: place.width.saturating_sub(after), ..place };
        put(buffer, beside, &self.beside_prompt(prompt), Side::Left);
        let cursor = place.x + cols(agtop_format::text::width(&head).saturating_sub(hidden));
        Position::new(cursor.min(area.right().saturating_sub(1)), area.y)
    }

    /// The error in the text, or its completions.
    fn beside_prompt(&self, prompt: &Prompt) -> Line<'static> {
        let look = self.look;
        match prompt.kind {
            PromptKind::Filter => match self.filter_error {
                Some(error) => Line::from(Span::styled(format!("× {error}"), look.style(Tone::Bad))),
                None if prompt.text().is_empty() => {
                    Line::from(look.span("word   project:api   cpu>50   status:working   !x   a or b", Tone::Dim))
                }
                None => Line::from(look.span("Enter keeps it, Esc clears it", Tone::Dim)),
            },
            PromptKind::Find => {
                let (found, all) = self.found.unwrap_or_default();
                Line::from(look.span(format!("{found}/{all} lines"), Tone::Dim))
            }
            PromptKind::Command => {
                let found = completions(&prompt.head(), self.themes);
                Line::from(look.span(found.join("  "), Tone::Dim))
            }
        }
    }

    /// The most useful keys for what is on the screen. Those of the program are always there.
    fn hints(&self, room: u16) -> Line<'static> {
        let of_program: &[(&str, &str)] =
            if self.overlay.is_some() { &[] } else { &[("?", "help"), (":", "command"), ("q", "quit")] };
        let needed: usize = of_program.iter().map(hint_width).sum();
        let room = usize::from(room) + HINT_GAP;
        let mut used = needed;
        let of_view = self.hints_of_view().iter().take_while(|pair| {
            used += hint_width(pair);
            used <= room
        });
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (key, word) in of_view.chain(of_program) {
            spans.push(self.look.span(*key, Tone::Accent));
            spans.push(self.look.span(format!(" {word}{:HINT_GAP$}", ""), Tone::Dim));
        }
        if let Some(last) = spans.last_mut() {
            last.content = last.content.trim_end().to_owned().into();
        }
        Line::from(spans)
    }

    fn hints_of_view(&self) -> &'static [(&'static str, &'static str)] {
        match (self.overlay, self.view) {
            (Some(Overlay::Menu(menu)), _) => menu.hints,
            (Some(Overlay::Configure { .. }), _) => {
                &[("Space", "show or hide"), ("← →", "move"), ("+ -", "width"), ("Esc", "done and save")]
            }
            (Some(Overlay::Detail { .. }), _) => {
                &[("Esc", "close"), ("j k", "scroll"), ("/", "find"), ("y", "copy"), ("K", "signal"), ("e", "explain")]
            }
            (Some(_), _) => &[("Esc", "close"), ("j k", "scroll")],
            (None, _) if self.mode == LayoutMode::Dashboard => {
                &[("1-9", "panels"), ("p", "preset"), ("d", "close"), ("Enter", "details"), ("/", "filter")]
            }
            (None, ViewId::Agents | ViewId::Sessions) => &[
                ("Enter", "details"),
                ("/", "filter"),
                ("s", "sort"),
                ("F", "focus"),
                ("g", "group"),
                ("t", "tree"),
                ("K", "signal"),
                ("o", "go to"),
                ("d", "dashboard"),
            ],
            (None, ViewId::Usage) => &[
                ("← →", "sum by"),
                ("w", "day, week, month"),
                ("Enter", "open"),
                ("Esc", "back"),
                ("x", "exact"),
                ("l", "log scale"),
            ],
            (None, _) => &[("1-5", "views"), ("p", "pause"), ("d", "dashboard")],
        }
    }

    /// The providers, the price list, and the resources that agtop itself uses.
    fn facts(&self) -> Line<'static> {
        let look = self.look;
        let mut spans = Vec::new();
        if let Some(snapshot) = &self.data.snapshot {
            let providers = providers(snapshot);
            if self.columns >= WIDE_FOOTER_COLUMNS && !providers.is_empty() {
                spans.push(look.span("providers ", Tone::Dim));
                spans.push(look.span(format!("{}   ", providers.join(" ")), Tone::Dim));
            }
            spans.push(look.span("prices ", Tone::Dim));
            let prices = Untrusted::new(std::sync::Arc::clone(&snapshot.prices));
            spans.push(look.span(prices.for_terminal().into_owned(), Tone::Dim));
        }
        let own: Vec<String> =
            [self.data.self_stats.cpu_percent.map(units::percent), self.data.self_stats.memory.map(units::bytes)]
                .into_iter()
                .flatten()
                .collect();
        if !own.is_empty() {
            spans.push(look.span("   agtop ", Tone::Dim));
            spans.push(look.span(own.join(" "), Tone::Dim));
        }
        Line::from(spans)
    }
}

/// The clients of live agents, each once.
fn providers(snapshot: &Snapshot) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = snapshot.agents.iter().map(|agent| agent.client.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
