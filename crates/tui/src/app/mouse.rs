//! What the mouse does: a click chooses, a double click opens, the wheel scrolls.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::App;
use crate::bars::{alert_at, view_titles};
use crate::column_config::column_at;
use crate::command::Command;
use crate::keys::KeyAction;
use crate::panel::{self, PanelTab};
use crate::popup::Overlay;
use crate::view_id::ViewId;
use crate::views::{Sort, SortDirection};
use crate::widgets::title_places;

/// Two clicks within this time are one double click.
const DOUBLE_CLICK_TIME: Duration = Duration::from_millis(400);
/// Rows a step of the wheel moves by.
const WHEEL_ROWS: usize = 3;

impl App {
    pub(super) fn handle_mouse(&mut self, event: MouseEvent, at: Duration) -> Vec<Command> {
        let position = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.scroll_by_wheel(KeyAction::Down),
            MouseEventKind::ScrollUp => self.scroll_by_wheel(KeyAction::Up),
            MouseEventKind::Down(MouseButton::Left) => return self.click(position, at),
            _ => {}
        }
        Vec::new()
    }

    fn scroll_by_wheel(&mut self, action: KeyAction) {
        for _ in 0..WHEEL_ROWS {
            // Moving returns no commands.
            drop(if self.overlay.is_some() { self.act_on_overlay(action) } else { self.act(action) });
        }
    }

    fn click(&mut self, position: Position, at: Duration) -> Vec<Command> {
        let is_double = self.last_click.is_some_and(|(before, row)| {
            row == position.y && at.checked_sub(before).is_some_and(|between| between <= DOUBLE_CLICK_TIME)
        });
        self.last_click = Some((at, position.y));
        if let Some(index) = self.column_chosen_in_panel()
            && let Some(at) = self.column_at(index, position)
        {
            self.overlay = Some(Overlay::Configure { index: at });
            // Two clicks in a row may be on different columns.
            return if is_double && at == index { self.act_on_overlay(KeyAction::Open) } else { Vec::new() };
        }
        if let Some(overlay) = &self.overlay {
            let is_beside = !self.popup_area().contains(position);
            let is_question = matches!(overlay, Overlay::Menu(_));
            return if is_beside && !is_question { self.act_on_overlay(KeyAction::Back) } else { Vec::new() };
        }
        let zones = self.zones(self.layout.size.area());
        if zones.tabs.contains(position) {
            self.click_on_tabs(zones.tabs, position.x);
        } else if zones.strip.contains(position) {
            if let Some(about) = alert_at(&self.alerts.shown, zones.strip, position) {
                self.choose_identity(&about);
            }
        } else if zones.panel.is_some_and(|panel| panel.contains(position)) {
            self.click_on_panel(zones.panel.unwrap_or_default(), position);
        } else if zones.main.contains(position) {
            return self.click_on_main(zones.main, position, is_double);
        }
        Vec::new()
    }

    /// The area of the popup, or of the panel while it shows the columns.
    fn popup_area(&self) -> Rect {
        let screen = self.layout.size.area();
        let panel = self.column_chosen_in_panel().and_then(|_| self.zones(screen).panel);
        panel.unwrap_or_else(|| self.popup().area(screen))
    }

    fn column_at(&self, index: usize, position: Position) -> Option<usize> {
        let panel = self.zones(self.layout.size.area()).panel?;
        column_at(self.columns(), index, panel::inner(panel), position)
    }

    fn click_on_tabs(&mut self, area: Rect, x: u16) {
        let titles = view_titles();
        let hit = title_places(area, &titles).into_iter().position(|place| place.contains(&x));
        if let Some(view) = hit.and_then(|at| ViewId::ALL.get(at)) {
            self.show_view(*view);
        }
    }

    fn click_on_panel(&mut self, area: Rect, position: Position) {
        let titles = panel::titles();
        let hit = title_places(area, &titles).into_iter().position(|place| place.contains(&position.x));
        if position.y == area.y
            && let Some(tab) = hit.and_then(|at| PanelTab::ALL.get(at))
        {
            self.layout.tab = *tab;
        }
    }

    /// A click on a heading sorts; a click on a row chooses it; a double click opens it.
    fn click_on_main(&mut self, area: Rect, position: Position, is_double: bool) -> Vec<Command> {
        let Some(snapshot) = self.data.snapshot.clone() else { return Vec::new() };
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
                return self.act(KeyAction::Open);
            }
        }
        Vec::new()
    }

    fn sort_by_heading(&mut self, area: Rect, x: u16) {
        let column = self.table().and_then(|table| table.column_at(area, x));
        let Some(Ok(key)) = column.map(|column| column.id.parse()) else { return };
        let key: agtop_query::SortKey = key;
        let is_same = key.as_str() == self.settings().sort.key.as_str();
        let direction = if is_same { self.settings().sort.direction.reversed() } else { SortDirection::Default };
        self.set_sort(Sort { key, direction });
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo as demo;
    use crossterm::event::KeyModifiers;

    use super::*;
    use crate::keys::key;
    use crate::testing::{app_at, text_of};
    use crate::{Message, Options, ViewId};

    fn app() -> App {
        app_at((140, 40), Options::with_defaults("1.0.0", "linux"), demo::crowd(14, 60))
    }

    fn mouse(kind: MouseEventKind, row: u16) -> MouseEvent {
        MouseEvent { kind, column: 20, row, modifiers: KeyModifiers::NONE }
    }

    #[test]
    fn the_mouse_chooses_opens_and_scrolls() {
        let mut app = app();
        let first = app.zones(app.layout.size.area()).main.y + 1;
        let click = MouseEventKind::Down(MouseButton::Left);
        let at = Duration::from_millis;
        app.update(Message::Mouse(mouse(click, first + 4), at(0)));
        assert_eq!((app.lists.agents.index, app.overlay.is_none()), (4, true));
        app.update(Message::Mouse(mouse(click, first + 4), at(1000)));
        assert!(app.overlay.is_none(), "two slow clicks are not a double click");
        app.update(Message::Mouse(mouse(click, first + 4), at(1200)));
        assert!(matches!(app.overlay, Some(Overlay::Detail { .. })));
        app.update(Message::Key(key("Esc").unwrap()));
        app.update(Message::Mouse(mouse(MouseEventKind::ScrollDown, first), at(3000)));
        assert_eq!(app.lists.agents.index, 7);
        app.update(Message::Mouse(mouse(MouseEventKind::ScrollUp, first), at(3000)));
        assert_eq!(app.lists.agents.index, 4);
    }

    #[test]
    fn a_click_on_a_heading_sorts_and_a_second_one_reverses() {
        let mut app = app();
        let zones = app.zones(app.layout.size.area());
        let screen = text_of(&app, 140, 40);
        let heading = screen.lines().nth(usize::from(zones.main.y)).unwrap();
        let column = u16::try_from(heading.find("COST").unwrap()).unwrap();
        let click = |at| {
            let kind = MouseEventKind::Down(MouseButton::Left);
            Message::Mouse(MouseEvent { kind, column, row: zones.main.y, modifiers: KeyModifiers::NONE }, at)
        };
        app.update(click(Duration::ZERO));
        assert_eq!((app.settings().sort.key.as_str(), app.settings().sort.direction), ("cost", SortDirection::Default));
        app.update(click(Duration::from_secs(5)));
        assert_eq!(app.settings().sort.direction, SortDirection::Reversed);
    }

    /// A click on the first place where this text is on the screen.
    fn click_on(app: &mut App, text: &str) {
        let screen = text_of(app, 140, 40);
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        let column = line.split(text).next().unwrap().chars().count();
        let kind = MouseEventKind::Down(MouseButton::Left);
        let [column, row] = [column, row].map(|at| u16::try_from(at).unwrap());
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        app.update(Message::Mouse(event, Duration::from_secs(100)));
    }

    #[test]
    fn clicks_select_views_and_tabs() {
        let mut app = app();
        click_on(&mut app, "3 Rates");
        assert_eq!(app.layout.view, ViewId::Rates);
        click_on(&mut app, "2 Sessions");
        click_on(&mut app, "Timeline");
        assert_eq!((app.layout.view, app.layout.tab), (ViewId::Sessions, PanelTab::Timeline));
    }

    #[test]
    fn a_click_on_an_alert_goes_to_its_agent() {
        let mut app = app();
        app.update(Message::Key(key("4").unwrap()));
        click_on(&mut app, "× stalled codex");
        assert_eq!(app.layout.view, ViewId::Agents);
        assert_eq!(app.chosen_agent().map(|agent| agent.status), Some(agtop_model::Status::Stalled));
    }

    #[test]
    fn a_click_chooses_a_column_in_the_config_tab_and_a_double_click_hides_it() {
        let mut app = app();
        app.update(Message::Key(key("c").unwrap()));
        let panel = app.zones(app.layout.size.area()).panel.unwrap();
        let click = MouseEvent { column: panel.x + 4, ..mouse(MouseEventKind::Down(MouseButton::Left), panel.y + 3) };
        app.update(Message::Mouse(click, Duration::from_secs(1)));
        assert_eq!(app.column_chosen_in_panel(), Some(2));
        assert!(app.columns().iter().any(|choice| choice.id == "pid"));
        app.update(Message::Mouse(click, Duration::from_millis(1_200)));
        assert!(app.columns().iter().all(|choice| choice.id != "pid"));
    }

    #[test]
    fn a_click_beside_the_columns_saves_them() {
        let mut app = app();
        app.update(Message::Key(key("c").unwrap()));
        app.update(Message::Key(key("Space").unwrap()));
        let click = mouse(MouseEventKind::Down(MouseButton::Left), 8);
        let commands = app.update(Message::Mouse(click, Duration::from_secs(1)));
        assert!(matches!(commands[..], [Command::Save(_)]) && app.overlay.is_none());
    }

    #[test]
    fn a_click_beside_details_closes_them() {
        let mut app = app();
        app.update(Message::Key(key("Enter").unwrap()));
        click_on(&mut app, "agtop");
        assert!(app.overlay.is_none());
    }
}
