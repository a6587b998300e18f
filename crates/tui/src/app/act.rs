//! What keys do.

use std::collections::HashMap;
use std::sync::Arc;

use agtop_model::{Liveness, Process};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::items::ancestors;
use super::overlay::Suspect;
use super::prompt::Typed;
use super::{App, Arranged, Arrangement, Asks, Flow, Identity, Item, Overlay, Panel, Prompt, ViewId, export};
use crate::command::Whereabouts;
use crate::keys::Action;
use crate::{Command, Signal};

/// Rows that a page key moves by, as in agtop 2.
pub(super) const PAGE: isize = 10;
/// Beyond any list.
const FAR: isize = isize::MAX;

impl App {
    pub(super) fn press(&mut self, key: KeyEvent) -> Vec<Command> {
        if self.prompt.is_some() {
            return self.press_in_prompt(key);
        }
        if let Some(Overlay::Confirm(suspect)) = &self.overlay {
            let suspect = suspect.clone();
            return self.decide(&suspect, key);
        }
        self.notice = None;
        let Some(action) = self.keys.press(key) else { return Vec::new() };
        if self.overlay.is_some() { self.act_above(action) } else { self.act(action) }
    }

    fn press_in_prompt(&mut self, key: KeyEvent) -> Vec<Command> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let history = if prompt.asks == Asks::Command { &self.commands_typed } else { &self.filtering.history };
        match prompt.press(key, history) {
            Typed::Moved => {}
            Typed::Changed => self.typed(),
            Typed::Complete => self.complete(),
            Typed::Left => self.leave_prompt(),
            Typed::Entered => return self.enter_prompt(),
        }
        Vec::new()
    }

    /// What is typed takes effect at once.
    pub(super) fn typed(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let text = prompt.text();
        match prompt.asks {
            Asks::Filter => self.set_filter(&text),
            Asks::Find => {
                if let Some(Overlay::Detail { find, scroll }) = &mut self.overlay {
                    *find = text;
                    *scroll = 0;
                }
            }
            Asks::Command => {}
        }
    }

    /// Leaving a filter clears it.
    fn leave_prompt(&mut self) {
        let asks = self.prompt.as_ref().map(|prompt| prompt.asks);
        if asks != Some(Asks::Command) {
            if let Some(prompt) = &mut self.prompt {
                prompt.set("");
            }
            self.typed();
        }
        self.prompt = None;
    }

    /// A filter that was not understood stays open, with its reason beside it.
    fn enter_prompt(&mut self) -> Vec<Command> {
        let is_filter = self.prompt.as_ref().is_some_and(|prompt| prompt.asks == Asks::Filter);
        if is_filter && self.filtering.error.is_some() {
            return Vec::new();
        }
        let Some(prompt) = self.prompt.take() else { return Vec::new() };
        let text = prompt.text();
        let history = if prompt.asks == Asks::Command { &mut self.commands_typed } else { &mut self.filtering.history };
        if !text.trim().is_empty() && history.last() != Some(&text) {
            history.push(text.clone());
        }
        if prompt.asks == Asks::Command { self.run(&text) } else { Vec::new() }
    }

    fn ask(&mut self, asks: Asks, text: &str) {
        self.prompt = Some(Prompt::new(asks, text));
    }

    /// The question whether to send a signal is answered by one key.
    fn decide(&mut self, suspect: &Suspect, key: KeyEvent) -> Vec<Command> {
        self.overlay = None;
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let signal = match key.code {
            KeyCode::Char('y' | 't') if !is_control => Signal::Terminate,
            KeyCode::Char('k') if !is_control => Signal::Kill,
            KeyCode::Char('s') if !is_control => Signal::Stop,
            KeyCode::Char('c') if !is_control => Signal::Continue,
            _ => return Vec::new(),
        };
        vec![Command::Signal { process: suspect.process, signal }]
    }

    /// What a key does to what lies over the view.
    pub(super) fn act_above(&mut self, action: Action) -> Vec<Command> {
        let Some(overlay) = &mut self.overlay else { return Vec::new() };
        match overlay {
            Overlay::Configure { index } => {
                let index = *index;
                return self.configure(index, action);
            }
            Overlay::Detail { scroll, .. } | Overlay::Help { scroll } | Overlay::Pager { scroll, .. } => match action {
                Action::Down => *scroll += 1,
                Action::Up => *scroll = scroll.saturating_sub(1),
                Action::PageDown => *scroll += PAGE.unsigned_abs(),
                Action::PageUp => *scroll = scroll.saturating_sub(PAGE.unsigned_abs()),
                Action::First => *scroll = 0,
                Action::Last => *scroll = usize::MAX / 2,
                _ => return self.act_on_text(action),
            },
            Overlay::Confirm(_) => {}
        }
        self.stop_at_the_end();
        Vec::new()
    }

    /// A text is not scrolled beyond its end.
    fn stop_at_the_end(&mut self) {
        let last = crate::popup::last_scroll(self);
        if let Some(Overlay::Detail { scroll, .. } | Overlay::Help { scroll } | Overlay::Pager { scroll, .. }) =
            &mut self.overlay
        {
            *scroll = (*scroll).min(last);
        }
    }

    fn act_on_text(&mut self, action: Action) -> Vec<Command> {
        let is_detail = matches!(self.overlay, Some(Overlay::Detail { .. }));
        match action {
            Action::Quit | Action::Back | Action::Open => self.overlay = None,
            Action::Help if matches!(self.overlay, Some(Overlay::Help { .. })) => self.overlay = None,
            Action::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            Action::Filter if is_detail => self.ask(Asks::Find, ""),
            Action::Copy | Action::Kill | Action::GoTo | Action::Explain if is_detail => return self.act(action),
            Action::Pause | Action::Refresh | Action::Theme | Action::Redraw | Action::Suspend => {
                return self.act(action);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Does what a key means in a view.
    pub(super) fn act(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Down => self.step(1),
            Action::Up => self.step(-1),
            Action::PageDown => self.step(PAGE),
            Action::PageUp => self.step(-PAGE),
            Action::First => self.step(-FAR),
            Action::Last => self.step(FAR),
            Action::Left => self.sideways(-1),
            Action::Right => self.sideways(1),
            Action::Agents => self.go(ViewId::Agents),
            Action::Sessions => self.go(ViewId::Sessions),
            Action::Rates => self.go(ViewId::Rates),
            Action::Usage => self.go(ViewId::Usage),
            Action::Quota => self.go(ViewId::Quota),
            Action::NextTab => self.turn_tab(1),
            Action::PreviousTab => self.turn_tab(-1),
            Action::Panel => self.panel = if self.shows_panel() { Panel::Closed } else { Panel::Open },
            Action::Dashboard => self.rearrange(),
            Action::SortNext => self.resort(self.sort.next()),
            Action::SortFlip => self.flip(),
            Action::Group => self.arrange(Arrangement::Groups),
            Action::Tree => self.arrange(Arrangement::Tree),
            Action::Focus => self.refocus(),
            Action::Period => self.change_period(),
            Action::NextInNeed => self.next_in_need(),
            Action::Filter => self.ask(Asks::Filter, &self.filtering.text.clone()),
            Action::CommandLine => self.ask(Asks::Command, ""),
            Action::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            Action::Configure => self.start_configuring(),
            Action::Open => self.open(),
            Action::Back => self.back(),
            Action::Theme => self.next_theme(),
            Action::Pause => self.pause(),
            Action::Wider | Action::Narrower => {}
            Action::Kill => self.ask_to_kill(),
            Action::Quit => return vec![Command::Quit],
            Action::Refresh => return vec![Command::Refresh],
            Action::Suspend => return vec![Command::Suspend],
            Action::Redraw => return vec![Command::Redraw],
            Action::GoTo => return self.go_to_terminal(),
            Action::Explain => return self.explain(),
            Action::Export => return self.export(export::Format::Csv),
            Action::Copy => return self.copy(),
        }
        Vec::new()
    }

    fn step(&mut self, by: isize) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        match self.view {
            ViewId::Agents | ViewId::Sessions => {
                if let Some(list) = self.list_mut() {
                    list.step(by, &snapshot);
                }
            }
            ViewId::Usage => self.usage.choose(self.usage.index.saturating_add_signed(by)),
            ViewId::Rates | ViewId::Quota => {
                let last = crate::views::last_scroll(self);
                self.scroll = self.scroll.saturating_add_signed(by).min(last);
            }
        }
    }

    fn sideways(&mut self, by: isize) {
        if self.view == ViewId::Usage {
            self.usage.step(by);
            self.usage.choose(0);
            self.relist();
        }
    }

    pub(super) fn go(&mut self, view: ViewId) {
        self.view = view;
        self.scroll = 0;
        self.relist();
    }

    fn turn_tab(&mut self, by: isize) {
        if self.shows_panel() {
            self.tab = self.tab.step(by);
        } else {
            self.panel = Panel::Open;
        }
    }

    pub(super) fn rearrange(&mut self) {
        self.arranged = match self.arranged {
            Arranged::Classic => Arranged::Dashboard,
            Arranged::Dashboard => Arranged::Classic,
        };
    }

    pub(super) fn resort(&mut self, sort: super::Sort) {
        self.sort = sort;
        self.say(format!("sorted by {}", sort.key.as_str()));
        self.relist();
    }

    fn flip(&mut self) {
        self.sort.direction = self.sort.direction.turned();
        self.relist();
    }

    /// The same key goes there and back.
    pub(super) fn arrange(&mut self, arrangement: Arrangement) {
        self.arrangement = if self.arrangement == arrangement { Arrangement::Flat } else { arrangement };
        self.relist();
    }

    fn refocus(&mut self) {
        self.focus = self.focus.next();
        self.say(format!("showing {}", self.focus.name()));
        self.relist();
    }

    fn change_period(&mut self) {
        self.usage.period = self.usage.period.next();
        self.usage.path.clear();
        self.usage.by = super::By::Period;
        self.usage.choose(0);
        self.relist();
    }

    /// Goes to the next agent that waits for its person, round the list.
    fn next_in_need(&mut self) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        if self.view != ViewId::Agents {
            self.go(ViewId::Agents);
        }
        let list = &self.agents;
        let needs = |at: &usize| {
            let row = list.items.get(*at).and_then(|item| item.row(&snapshot));
            row.is_some_and(|row| agtop_query::needs_user(row.status()))
        };
        let after = (list.index + 1..list.items.len()).chain(0..=list.index).find(needs);
        match after {
            Some(at) => self.agents.choose(at, &snapshot),
            None => self.say("nobody needs you"),
        }
    }

    fn open(&mut self) {
        if self.view == ViewId::Usage {
            self.usage.enter();
            self.relist();
            return;
        }
        let Some(item) = self.list().and_then(|list| list.chosen()) else { return };
        if let Item::Group(group) = item {
            let name = group.name.clone();
            if !self.folded.remove(&name) {
                self.folded.insert(name);
            }
            self.relist();
        } else {
            self.note_choice();
            self.overlay = Some(Overlay::Detail { scroll: 0, find: String::new() });
        }
    }

    /// From now on the choice follows this line.
    fn note_choice(&mut self) {
        self.step(0);
    }

    fn back(&mut self) {
        if self.view == ViewId::Usage && self.usage.leave() {
            self.relist();
        } else if !self.filtering.text.is_empty() {
            self.set_filter("");
        } else if self.focus != super::Focus::All {
            self.focus = super::Focus::All;
            self.relist();
        }
    }

    pub(super) fn next_theme(&mut self) {
        let themes = &self.options.themes;
        let at = themes.iter().position(|theme| theme.name == self.look.theme.name);
        let next = at.map_or(0, |at| (at + 1) % themes.len().max(1));
        if let Some(theme) = themes.get(next).cloned() {
            self.say(format!("theme {}", theme.name));
            self.look.theme = theme;
        }
    }

    fn pause(&mut self) {
        self.flow = match self.flow {
            Flow::Running => Flow::Paused,
            Flow::Paused => Flow::Running,
        };
        if self.flow == Flow::Running
            && let Some(snapshot) = self.held_back.take()
        {
            let alerts = self.options.rules.evaluate(&snapshot);
            self.show(snapshot, alerts);
        }
    }

    pub(super) fn ask_to_kill(&mut self) {
        self.note_choice();
        match self.chosen_agent() {
            Some(agent) if agent.liveness == Liveness::Live => {
                let name = format!("{} in {}", agent.label.for_terminal(), super::project(agent));
                self.overlay = Some(Overlay::Confirm(Suspect { process: agent.process.id, name }));
            }
            _ => self.complain("no live agent is chosen"),
        }
    }

    pub(super) fn go_to_terminal(&mut self) -> Vec<Command> {
        let Some(agent) = self.chosen_agent() else {
            self.complain("no live agent is chosen");
            return Vec::new();
        };
        let processes = self.snapshot.iter().flat_map(|snapshot| snapshot.processes.iter());
        let processes: HashMap<u32, &Arc<Process>> = processes.map(|process| (process.id.pid, process)).collect();
        vec![Command::GoTo(Whereabouts { process: agent.process.id, ancestors: ancestors(agent, &processes) })]
    }

    pub(super) fn explain(&mut self) -> Vec<Command> {
        let Some(key) = self.chosen_session().map(|session| session.key.clone()) else {
            self.complain("no session is chosen");
            return Vec::new();
        };
        self.say("reading the session again");
        vec![Command::Explain(key)]
    }

    pub(super) fn export(&mut self, format: export::Format) -> Vec<Command> {
        match export::export(self, format) {
            Ok(file) => vec![Command::Export(file)],
            Err(error) => {
                self.complain(error.to_string());
                Vec::new()
            }
        }
    }

    fn copy(&mut self) -> Vec<Command> {
        let of_detail = crate::popup::first_value(self);
        let id = || self.chosen_session().map(|session| session.key.id.to_string());
        let Some(text) = of_detail.or_else(id) else {
            self.complain("there is nothing to copy");
            return Vec::new();
        };
        self.say(format!("copied {text}"));
        vec![Command::Copy(text)]
    }

    pub(super) fn choose_identity(&mut self, about: &Identity) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        self.go(ViewId::Agents);
        if let Some(at) = self.agents.items.iter().position(|item| item.is(about, &snapshot)) {
            self.agents.choose(at, &snapshot);
        }
    }
}
