//! The state of the screen, and what changes it. Nothing here draws, waits or does I/O: messages come in, [`Command`]s
//! go out.

mod actions;
mod columns;
mod commands;
mod export;
mod keys;
mod mouse;
mod parts;
mod prompts;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use agtop_alerts::{Alert, AlertUpdate};
use agtop_model::{ProcId, Snapshot};
use crossterm::event::KeyEventKind;

use crate::alerts::{AlertState, announce};
use crate::bars::MAX_ALERT_ROWS;
use crate::columns::ColumnChoice;
use crate::command::{Command, Reply};
use crate::dashboard::DashboardState;
use crate::data::Data;
use crate::figures::today;
use crate::keys::Keymap;
use crate::layout::{LayoutMode, LayoutState, Size};
use crate::look::Look;
use crate::message::{Message, ScreenChange};
use crate::options::Options;
use crate::popup::Overlay;
use crate::prompt::Prompts;
use crate::status_message::StatusMessage;
use crate::view_id::ViewId;
use crate::views::{Lists, UsageState, usage_rows};

/// The screen.
pub struct App {
    pub(crate) options: Options,
    pub(crate) look: Look,
    pub(crate) keys: Keymap,
    pub(crate) data: Data,
    pub(crate) alerts: AlertState,
    pub(crate) layout: LayoutState,
    pub(crate) dashboard: DashboardState,
    pub(crate) lists: Lists,
    pub(crate) usage: UsageState,
    /// The first line of the views that are scrolled and not selected from.
    pub(crate) scroll: usize,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) prompts: Prompts,
    pub(crate) status: Option<StatusMessage>,
    /// The columns of agents and of sessions before the user changed them.
    columns_at_start: (Vec<ColumnChoice>, Vec<ColumnChoice>),
    /// When and in which row the mouse was clicked last.
    last_click: Option<(Duration, u16)>,
    changed: Option<ScreenChange>,
}

impl App {
    /// A screen before its first snapshot.
    pub fn new(options: Options) -> Self {
        let mode = if options.dashboard { LayoutMode::Dashboard } else { LayoutMode::Classic };
        let mut lists = Lists::new(options.pid, options.sort);
        if let Some(filter) = &options.filter {
            lists.settings_mut(options.view).filter.set(filter);
        }
        Self {
            look: Look { theme: options.theme.clone(), depth: options.depth, charset: options.charset },
            keys: Keymap::new(options.keys),
            data: Data::default(),
            alerts: AlertState::default(),
            layout: LayoutState::new(options.view, mode),
            dashboard: DashboardState::new(&options.presets, options.preset.as_deref()),
            lists,
            usage: UsageState::default(),
            scroll: 0,
            overlay: None,
            prompts: Prompts::default(),
            status: None,
            columns_at_start: (options.columns.clone(), options.session_columns.clone()),
            last_click: None,
            changed: Some(ScreenChange::Everything),
            options,
        }
    }

    /// Handles a message; returns what the program around the screen must do.
    pub fn update(&mut self, message: Message) -> Vec<Command> {
        match message {
            Message::Snapshot(snapshot, alerts) => return self.receive(snapshot, alerts),
            Message::Progress(progress) => {
                if self.data.set_progress(progress) {
                    self.change();
                }
            }
            Message::Clock(now) => {
                if self.data.tick(now, self.options.clock) {
                    self.changed = self.changed.max(Some(ScreenChange::Clock));
                }
            }
            Message::SelfStats(stats) => self.data.self_stats = stats,
            Message::Resize(columns, rows) => self.resize(Size::used(columns, rows)),
            Message::Reply(reply) => self.handle_reply(reply),
            Message::Logos(logos) if logos.is_empty() => {}
            Message::Logos(logos) => {
                self.data.logos = Some(logos);
                self.change();
            }
            Message::Paste(text) => self.paste(&text),
            Message::Suspend => return vec![Command::Suspend],
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => return self.changing(|app| app.handle_key(key)),
            Message::Mouse(event, at) => return self.changing(|app| app.handle_mouse(event, at)),
        }
        Vec::new()
    }

    /// What has changed on the screen since this was last called.
    pub fn take_change(&mut self) -> Option<ScreenChange> {
        self.changed.take()
    }

    const fn change(&mut self) {
        self.changed = Some(ScreenChange::Everything);
    }

    fn changing(&mut self, act: impl FnOnce(&mut Self) -> Vec<Command>) -> Vec<Command> {
        self.change();
        let commands = act(self);
        self.scroll_to_choice();
        commands
    }

    /// New alerts are announced while the screen is paused, too.
    fn receive(&mut self, snapshot: Arc<Snapshot>, alerts: AlertUpdate) -> Vec<Command> {
        let AlertUpdate { present, new } = alerts;
        if let Some((snapshot, present)) = self.data.receive(snapshot, present) {
            self.show(snapshot, present);
        }
        announce(new, self.options.terminal)
    }

    fn show(&mut self, snapshot: Arc<Snapshot>, alerts: Vec<Alert>) {
        self.alerts.receive(alerts);
        self.data.show(snapshot);
        self.refresh_view();
        self.change();
    }

    fn resize(&mut self, size: Size) {
        if self.layout.size != size {
            self.change();
        }
        self.layout.size = size;
        self.scroll_to_choice();
    }

    fn handle_reply(&mut self, reply: Reply) {
        self.change();
        match reply {
            Reply::Done(text) => self.status = Some(StatusMessage::done(text)),
            Reply::Failed(text) => self.status = Some(StatusMessage::failed(text)),
            Reply::Text { title, lines } => self.overlay = Some(Overlay::Pager { title, lines, scroll: 0 }),
        }
    }

    pub(crate) fn set_filter(&mut self, text: &str) {
        self.settings_mut().filter.set(text);
        self.refresh_view();
    }

    /// Builds the rows of the view from the snapshot. The rows of other views are built when the user goes to them.
    pub(crate) fn refresh_view(&mut self) {
        let Some(snapshot) = &self.data.snapshot else { return };
        match self.layout.view {
            ViewId::Usage => {
                let today = today(snapshot, &self.options.zone).parse().ok();
                self.usage.refresh(snapshot, today);
            }
            view => self.lists.refresh(view, snapshot),
        }
        self.alerts.show_beside(&self.agents_at_the_top());
        self.scroll_to_choice();
    }

    /// The agents in the first rows of the agents view, while it is shown.
    fn agents_at_the_top(&self) -> HashSet<ProcId> {
        let Some(snapshot) = self.snapshot().filter(|_| self.layout.view == ViewId::Agents) else {
            return HashSet::new();
        };
        let rows = self.zones(self.layout.size.area()).main.height.saturating_sub(1 + MAX_ALERT_ROWS);
        let items = self.lists.agents.items.iter().take(usize::from(rows));
        items.filter_map(|item| Some(item.row(snapshot)?.agent?.process.id)).collect()
    }

    /// Scrolls the view so that the chosen row can be seen.
    fn scroll_to_choice(&mut self) {
        let main = self.zones(self.layout.size.area()).main;
        if self.layout.view == ViewId::Usage {
            self.usage.scroll_to_choice(usize::from(usage_rows(main)));
        } else if let Some(list) = self.lists.of_mut(self.layout.view) {
            list.scroll_to_choice(usize::from(main.height.saturating_sub(1)));
        }
    }
}

#[cfg(test)]
mod tests;
