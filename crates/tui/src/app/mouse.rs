//! What the mouse does: a click chooses, a double click opens, the wheel scrolls.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{App, Direction, Overlay, Sort};
use crate::columns;
use crate::keys::Action;
use crate::layout::zones;
use crate::{Command, draw};

/// Two clicks within this time are one double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// Rows a step of the wheel moves by.
const WHEEL: usize = 3;

impl App {
    pub(super) fn point(&mut self, event: MouseEvent, at: Duration) -> Vec<Command> {
        let position = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(Action::Down),
            MouseEventKind::ScrollUp => self.wheel(Action::Up),
            MouseEventKind::Down(MouseButton::Left) => return self.click(position, at),
            _ => {}
        }
        Vec::new()
    }

    fn wheel(&mut self, action: Action) {
        for _ in 0..WHEEL {
            // Moving asks for nothing to be done.
            drop(if self.overlay.is_some() { self.act_above(action) } else { self.act(action) });
        }
    }

    fn click(&mut self, position: Position, at: Duration) -> Vec<Command> {
        let is_double = self.clicked.is_some_and(|(before, row)| {
            row == position.y && at.checked_sub(before).is_some_and(|between| between <= DOUBLE)
        });
        self.clicked = Some((at, position.y));
        if let Some(overlay) = &self.overlay {
            if !matches!(overlay, Overlay::Confirm(_)) && !crate::popup::area(self).contains(position) {
                self.overlay = None;
            }
            return Vec::new();
        }
        let zones = zones(self, self.size.area());
        if zones.tabs.contains(position) {
            self.click_on_tabs(zones.tabs, position.x);
        } else if zones.strip.contains(position) {
            if let Some(about) = draw::alert_at(self, zones.strip, position) {
                self.choose_identity(&about);
            }
        } else if zones.panel.is_some_and(|panel| panel.contains(position)) {
            self.click_on_panel(zones.panel.unwrap_or_default(), position);
        } else if zones.main.contains(position) {
            return self.click_on_main(zones.main, position, is_double);
        }
        Vec::new()
    }

    fn click_on_tabs(&mut self, area: ratatui::layout::Rect, x: u16) {
        let titles = draw::view_titles();
        let hit = draw::tab_places(area, &titles).into_iter().position(|place| place.contains(&x));
        if let Some(view) = hit.and_then(|at| super::ViewId::ALL.get(at)) {
            self.go(*view);
        }
    }

    fn click_on_panel(&mut self, area: ratatui::layout::Rect, position: Position) {
        let titles = crate::panel::titles();
        let hit = draw::tab_places(area, &titles).into_iter().position(|place| place.contains(&position.x));
        if position.y == area.y
            && let Some(tab) = hit.and_then(|at| super::Tab::ALL.get(at))
        {
            self.tab = *tab;
        }
    }

    /// The heading sorts, a row is chosen, and opened by a double click.
    fn click_on_main(&mut self, area: ratatui::layout::Rect, position: Position, is_double: bool) -> Vec<Command> {
        let Some(snapshot) = self.snapshot.clone() else { return Vec::new() };
        let row = usize::from(position.y - area.y);
        let Some(list) = self.list_mut() else { return Vec::new() };
        let Some(line) = row.checked_sub(1) else {
            self.sort_by_heading(area, position.x);
            return Vec::new();
        };
        let index = list.offset + line;
        if index < list.items.len() {
            list.choose(index, &snapshot);
            if is_double {
                return self.act(Action::Open);
            }
        }
        Vec::new()
    }

    fn sort_by_heading(&mut self, area: ratatui::layout::Rect, x: u16) {
        let room = area.width.saturating_sub(draw::EDGE);
        let placed = columns::place(self.columns(), room);
        let inside = x.saturating_sub(area.x + draw::EDGE);
        let hit = placed.iter().find(|placed| (placed.x..placed.x + placed.width).contains(&inside));
        let Some(Ok(key)) = hit.map(|placed| placed.column.id.parse()) else { return };
        let key: agtop_render::SortKey = key;
        let is_same = key.as_str() == self.sort.key.as_str();
        let direction = if is_same { self.sort.direction.turned() } else { Direction::Usual };
        self.resort(Sort { key, direction });
    }
}
