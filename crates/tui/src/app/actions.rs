//! What the user can do in a view.

use agtop_format::project;
use agtop_model::Liveness;
use agtop_query::{ProcessParents, SortKey};

use super::App;
use super::export::{self, ExportError, ExportFormat};
use crate::columns::Column;
use crate::command::{Command, TerminalTarget};
use crate::popup::{KillTarget, Menu, Overlay};
use crate::status_message::StatusMessage;
use crate::view_id::ViewId;
use crate::views::{ListArrangement, ListItem, RowFocus, RowIdentity, SORT_CYCLE, Sort};

impl App {
    pub(super) fn report(&mut self, text: impl Into<String>) {
        self.status = Some(StatusMessage::done(text));
    }

    pub(super) fn report_failure(&mut self, text: impl Into<String>) {
        self.status = Some(StatusMessage::failed(text));
    }

    /// The greatest number of lines by which a view of text can be scrolled.
    fn last_scroll(&self) -> usize {
        let rows = usize::from(self.zones(self.layout.size.area()).main.height);
        self.text_lines(self.layout.size.columns).map_or(0, |lines| lines.len().saturating_sub(rows))
    }

    pub(super) fn step(&mut self, by: isize) {
        let Some(snapshot) = self.data.snapshot.clone() else { return };
        match self.layout.view {
            ViewId::Agents | ViewId::Sessions => {
                if let Some(list) = self.list_mut() {
                    list.step(by, &snapshot);
                }
            }
            ViewId::Usage => self.usage.choose(self.usage.index.saturating_add_signed(by)),
            ViewId::Rates | ViewId::Quota => {
                self.scroll = self.scroll.saturating_add_signed(by).min(self.last_scroll());
            }
        }
    }

    pub(super) fn step_grouping(&mut self, by: isize) {
        if self.layout.view == ViewId::Usage {
            self.usage.step(by);
            self.usage.choose(0);
            self.refresh_view();
        }
    }

    pub(super) fn show_view(&mut self, view: ViewId) {
        self.layout.view = view;
        self.scroll = 0;
        self.refresh_view();
    }

    pub(super) fn set_sort(&mut self, sort: Sort) {
        self.settings_mut().sort = sort;
        self.report(format!("sorted by {}", sort.key.as_str()));
        self.refresh_view();
    }

    /// Opens the menu of orders: those of agtop 2, then those of the other columns of the list.
    pub(super) fn open_sort_menu(&mut self) {
        if self.list().is_none() {
            self.report_failure("only agents and sessions can be sorted");
            return;
        }
        let columns = self.columns().iter().map(|choice| &*choice.id);
        let mut keys: Vec<(SortKey, String, String)> = Vec::new();
        for id in SORT_CYCLE.iter().copied().chain(columns) {
            let Ok(key) = id.parse::<SortKey>() else { continue };
            if keys.iter().all(|(known, ..)| known.as_str() != key.as_str()) {
                let column = Column::find(id);
                let name = column.map_or_else(|| id.to_owned(), |column| column.title.to_lowercase());
                let note = column.map_or("who needs you first, then by start", |column| column.help);
                keys.push((key, name, note.to_owned()));
            }
        }
        self.overlay = Some(Overlay::Menu(Menu::of_sorts(keys, self.settings().sort.key)));
    }

    pub(super) fn reverse_order(&mut self) {
        let sort = &mut self.settings_mut().sort;
        sort.direction = sort.direction.reversed();
        self.refresh_view();
    }

    /// The same key selects an arrangement and returns to the flat list.
    pub(super) fn arrange(&mut self, arrangement: ListArrangement) {
        if self.layout.view != ViewId::Agents {
            self.report_failure(match (arrangement, self.layout.view) {
                (ListArrangement::Tree, ViewId::Sessions) => {
                    "only agents are shown as a tree; Enter shows a session's subagents"
                }
                (_, ViewId::Sessions) => "only agents are grouped; 4 shows sessions by project",
                _ => "only agents are grouped or shown as a tree: press 1",
            });
            return;
        }
        let settings = self.settings_mut();
        settings.arrangement = if settings.arrangement == arrangement { ListArrangement::Flat } else { arrangement };
        self.refresh_view();
    }

    pub(super) fn next_focus(&mut self) {
        let focus = &mut self.settings_mut().focus;
        *focus = focus.next();
        self.report(format!("showing {}", self.settings().focus.name()));
        self.refresh_view();
    }

    pub(super) fn change_period(&mut self) {
        self.usage.next_period();
        self.refresh_view();
    }

    /// Goes to the next agent that waits for the user.
    pub(super) fn next_waiting_agent(&mut self) {
        let Some(snapshot) = self.data.snapshot.clone() else { return };
        if self.layout.view != ViewId::Agents {
            self.show_view(ViewId::Agents);
        }
        match self.lists.next_waiting_agent(&snapshot) {
            Some(at) => self.lists.agents.choose(at, &snapshot),
            None => self.report("no agent needs you"),
        }
    }

    pub(super) fn open(&mut self) {
        if self.layout.view == ViewId::Usage {
            self.usage.enter();
            self.refresh_view();
            return;
        }
        let Some(item) = self.list().and_then(|list| list.chosen()) else { return };
        if let ListItem::Group(group) = item {
            let name = group.name.clone();
            self.lists.toggle_group(&name);
            self.refresh_view();
        } else {
            self.follow_choice();
            self.overlay = Some(Overlay::Detail { scroll: 0, find: String::new() });
        }
    }

    /// From now on, the choice follows this line.
    fn follow_choice(&mut self) {
        self.step(0);
    }

    pub(super) fn back(&mut self) {
        if self.layout.view == ViewId::Usage && self.usage.leave() {
            self.refresh_view();
        } else if !self.settings().filter.text.is_empty() {
            self.set_filter("");
        } else if self.settings().focus != RowFocus::All {
            self.settings_mut().focus = RowFocus::All;
            self.refresh_view();
        }
    }

    pub(super) fn next_theme(&mut self) {
        let themes = &self.options.themes;
        let at = themes.iter().position(|theme| theme.name == self.look.theme.name);
        let next = at.map_or(0, |at| (at + 1) % themes.len().max(1));
        if let Some(theme) = themes.get(next).cloned() {
            self.report(format!("theme {}", theme.name));
            self.look.theme = theme;
        }
    }

    pub(super) fn toggle_pause(&mut self) {
        if let Some((snapshot, alerts)) = self.data.toggle_pause() {
            self.show(snapshot, alerts);
        }
    }

    pub(super) fn ask_to_kill(&mut self) {
        self.follow_choice();
        match self.chosen_agent() {
            Some(agent) if agent.liveness == Liveness::Live => {
                let name = format!("{} in {}", agent.label.for_terminal(), project(agent));
                let target = KillTarget { process: agent.process.id, name };
                self.overlay = Some(Overlay::Menu(Menu::of_signals(&target)));
            }
            _ => self.report_failure("no live agent is chosen"),
        }
    }

    pub(super) fn go_to_terminal(&mut self) -> Vec<Command> {
        let Some(agent) = self.chosen_agent() else {
            self.report_failure("no live agent is chosen");
            return Vec::new();
        };
        let parents = self.data.snapshot.as_deref().map(ProcessParents::new);
        let ancestors = parents.map_or_else(Vec::new, |parents| parents.ancestors(&agent.process).collect());
        vec![Command::GoTo(TerminalTarget { process: agent.process.id, ancestors })]
    }

    pub(super) fn explain(&mut self) -> Vec<Command> {
        let Some(key) = self.chosen_session().map(|session| session.key.clone()) else {
            self.report_failure("no session is chosen");
            return Vec::new();
        };
        self.report("reading the session again");
        vec![Command::Explain(key)]
    }

    pub(super) fn export(&mut self, format: ExportFormat) -> Vec<Command> {
        let Some(snapshot) = self.snapshot() else {
            self.report_failure(ExportError::Empty.to_string());
            return Vec::new();
        };
        let result = self
            .list()
            .ok_or(ExportError::NoRows)
            .and_then(|list| export::export(snapshot, list, self.layout.view, &self.options, format));
        match result {
            Ok(file) => vec![Command::Export(file)],
            Err(error) => {
                self.report_failure(error.to_string());
                Vec::new()
            }
        }
    }

    pub(super) fn copy(&mut self) -> Vec<Command> {
        let of_detail = self.popup().first_value();
        let id = || self.chosen_session().map(|session| session.key.id.to_string());
        let Some(text) = of_detail.or_else(id) else {
            self.report_failure("there is nothing to copy");
            return Vec::new();
        };
        self.report(format!("copied {text}"));
        vec![Command::Copy(text)]
    }

    pub(super) fn choose_identity(&mut self, row: &RowIdentity) {
        let Some(snapshot) = self.data.snapshot.clone() else { return };
        self.show_view(ViewId::Agents);
        if let Some(at) = self.lists.agents.items.iter().position(|item| item.is(row, &snapshot)) {
            self.lists.agents.choose(at, &snapshot);
        }
    }
}
