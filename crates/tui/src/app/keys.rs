//! What keys do.

use crossterm::event::{KeyCode, KeyEvent};

use super::App;
use super::export::ExportFormat;
use crate::command::Command;
use crate::dashboard::DashboardPanel;
use crate::keys::KeyAction;
use crate::layout::{LayoutMode, MIN_ROWS_FOR_DASHBOARD};
use crate::popup::{Menu, MenuChoice, Overlay};
use crate::prompt::PromptKind;
use crate::view_id::ViewId;
use crate::views::{ListArrangement, Sort};

/// Rows that a page key moves by, as in agtop 2.
pub(super) const PAGE_ROWS: isize = 10;
/// A step beyond the end of any list.
const TO_THE_END: isize = isize::MAX;

impl App {
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Command> {
        if self.prompts.open.is_some() {
            return self.press_in_prompt(key);
        }
        self.status = None;
        if let (Some(Overlay::Menu(menu)), KeyCode::Char(letter), true) =
            (&self.overlay, key.code, key.modifiers.is_empty())
            && let Some(choice) = menu.of_letter(letter).cloned()
        {
            return self.choose_in_menu(choice);
        }
        if self.overlay.is_none() && self.layout.mode == LayoutMode::Dashboard && self.act_on_dashboard(key) {
            return Vec::new();
        }
        let Some(action) = self.keys.press(key) else { return Vec::new() };
        if self.overlay.is_some() { self.act_on_overlay(action) } else { self.act(action) }
    }

    /// Handles the keys that the dashboard has for itself: a digit toggles its panel, `p` shows the next preset, and `Esc`
    /// closes it. Returns whether the key was one of them.
    fn act_on_dashboard(&mut self, key: KeyEvent) -> bool {
        match key.code {
            _ if !key.modifiers.is_empty() => return false,
            KeyCode::Char('p') => {
                let name = self.dashboard.next_preset().to_owned();
                self.report(format!("panels: {name}"));
            }
            KeyCode::Esc => self.layout.toggle_dashboard(),
            KeyCode::Char(digit) => match DashboardPanel::of_digit(digit) {
                Some(panel) => self.dashboard.toggle(panel),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Shows or hides the dashboard, or says why it cannot be shown.
    pub(super) fn toggle_dashboard(&mut self) {
        self.layout.toggle_dashboard();
        if self.layout.mode == LayoutMode::Dashboard && self.layout.size.rows < MIN_ROWS_FOR_DASHBOARD {
            self.layout.toggle_dashboard();
            self.report_failure(format!("the dashboard needs {MIN_ROWS_FOR_DASHBOARD} rows"));
        }
    }

    /// Runs a choice of the open menu.
    fn choose_in_menu(&mut self, choice: MenuChoice) -> Vec<Command> {
        self.overlay = None;
        match choice {
            MenuChoice::Close => {}
            MenuChoice::AskAgain(target) => self.overlay = Some(Overlay::Menu(Menu::of_kill(&target))),
            MenuChoice::Signal(target, signal) => return vec![Command::Signal { process: target.process, signal }],
            MenuChoice::Sort(key) => self.set_sort(Sort { key, ..Sort::default() }),
        }
        Vec::new()
    }

    /// Runs a key's action on the open menu.
    fn act_on_menu(&mut self, action: KeyAction) -> Vec<Command> {
        let Some(Overlay::Menu(menu)) = &mut self.overlay else { return Vec::new() };
        match action {
            KeyAction::Down => menu.step(1),
            KeyAction::Up => menu.step(-1),
            KeyAction::PageDown => menu.step(PAGE_ROWS),
            KeyAction::PageUp => menu.step(-PAGE_ROWS),
            KeyAction::First => menu.step(-TO_THE_END),
            KeyAction::Last => menu.step(TO_THE_END),
            KeyAction::SortMenu => {
                menu.cycle();
                // The list behind the menu shows what the order is like.
                if let Some(MenuChoice::Sort(key)) = menu.chosen() {
                    let key = *key;
                    self.set_sort(Sort { key, ..Sort::default() });
                }
            }
            KeyAction::SortFlip => self.reverse_order(),
            KeyAction::Open => {
                let choice = menu.chosen().cloned();
                return choice.map_or_else(Vec::new, |choice| self.choose_in_menu(choice));
            }
            KeyAction::Quit | KeyAction::Back => self.overlay = None,
            _ => {}
        }
        Vec::new()
    }

    /// Runs a key's action on what covers the view.
    pub(super) fn act_on_overlay(&mut self, action: KeyAction) -> Vec<Command> {
        let Some(overlay) = &mut self.overlay else { return Vec::new() };
        match overlay {
            Overlay::Configure { index } => {
                let index = *index;
                return self.configure(index, action);
            }
            Overlay::Detail { scroll, .. } | Overlay::Help { scroll } | Overlay::Pager { scroll, .. } => match action {
                KeyAction::Down => *scroll += 1,
                KeyAction::Up => *scroll = scroll.saturating_sub(1),
                KeyAction::PageDown => *scroll += PAGE_ROWS.unsigned_abs(),
                KeyAction::PageUp => *scroll = scroll.saturating_sub(PAGE_ROWS.unsigned_abs()),
                KeyAction::First => *scroll = 0,
                KeyAction::Last => *scroll = usize::MAX / 2,
                _ => return self.act_on_text(action),
            },
            Overlay::Menu(_) => return self.act_on_menu(action),
        }
        self.stop_at_the_end();
        Vec::new()
    }

    /// Stops scrolling at the end of a text.
    fn stop_at_the_end(&mut self) {
        let last = self.popup().last_scroll(self.layout.size.area());
        if let Some(Overlay::Detail { scroll, .. } | Overlay::Help { scroll } | Overlay::Pager { scroll, .. }) =
            &mut self.overlay
        {
            *scroll = (*scroll).min(last);
        }
    }

    fn act_on_text(&mut self, action: KeyAction) -> Vec<Command> {
        let is_detail = matches!(self.overlay, Some(Overlay::Detail { .. }));
        match action {
            KeyAction::Quit | KeyAction::Back | KeyAction::Open => self.overlay = None,
            KeyAction::Help if matches!(self.overlay, Some(Overlay::Help { .. })) => self.overlay = None,
            KeyAction::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            KeyAction::Filter if is_detail => self.prompts.start(PromptKind::Find, ""),
            KeyAction::Copy | KeyAction::Kill | KeyAction::GoTo | KeyAction::Explain if is_detail => {
                return self.act(action);
            }
            KeyAction::Pause | KeyAction::Refresh | KeyAction::Theme | KeyAction::Redraw | KeyAction::Suspend => {
                return self.act(action);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Runs a key's action in a view.
    pub(super) fn act(&mut self, action: KeyAction) -> Vec<Command> {
        match action {
            KeyAction::Down => self.step(1),
            KeyAction::Up => self.step(-1),
            KeyAction::PageDown => self.step(PAGE_ROWS),
            KeyAction::PageUp => self.step(-PAGE_ROWS),
            KeyAction::First => self.step(-TO_THE_END),
            KeyAction::Last => self.step(TO_THE_END),
            KeyAction::Left => self.step_grouping(-1),
            KeyAction::Right => self.step_grouping(1),
            KeyAction::Agents => self.show_view(ViewId::Agents),
            KeyAction::Sessions => self.show_view(ViewId::Sessions),
            KeyAction::Rates => self.show_view(ViewId::Rates),
            KeyAction::Usage => self.show_view(ViewId::Usage),
            KeyAction::Quota => self.show_view(ViewId::Quota),
            KeyAction::NextTab => self.layout.step_tab(1),
            KeyAction::PreviousTab => self.layout.step_tab(-1),
            KeyAction::Panel => self.layout.toggle_panel(),
            KeyAction::Dashboard => self.toggle_dashboard(),
            KeyAction::SortMenu => self.open_sort_menu(),
            KeyAction::SortFlip => self.reverse_order(),
            KeyAction::Group => self.arrange(ListArrangement::Groups),
            KeyAction::Tree => self.arrange(ListArrangement::Tree),
            KeyAction::Focus => self.next_focus(),
            KeyAction::Period => self.change_period(),
            KeyAction::Exact => self.usage.toggle_numbers(),
            KeyAction::LogScale => self.usage.toggle_scale(),
            KeyAction::NextWaitingAgent => self.next_waiting_agent(),
            KeyAction::Filter => self.start_filter(),
            KeyAction::CommandLine => self.prompts.start(PromptKind::Command, ""),
            KeyAction::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            KeyAction::Configure => self.start_configuring(),
            KeyAction::Open => self.open(),
            KeyAction::Back => self.back(),
            KeyAction::Theme => self.next_theme(),
            KeyAction::Pause => self.toggle_pause(),
            KeyAction::Wider | KeyAction::Narrower => {}
            KeyAction::Kill => self.ask_to_kill(),
            KeyAction::Quit => return vec![Command::Quit],
            KeyAction::Refresh => return vec![Command::Refresh],
            KeyAction::Suspend => return vec![Command::Suspend],
            KeyAction::Redraw => return vec![Command::Redraw],
            KeyAction::GoTo => return self.go_to_terminal(),
            KeyAction::Explain => return self.explain(),
            KeyAction::Export => return self.export(ExportFormat::Csv),
            KeyAction::Copy => return self.copy(),
        }
        Vec::new()
    }
}
