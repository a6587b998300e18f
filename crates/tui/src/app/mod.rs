//! The state of the screen, and what changes it. Nothing here draws, waits or asks the world for anything: messages come
//! in, [`Command`]s go out.

mod act;
mod colon;
mod configure;
mod export;
mod items;
mod list;
mod mouse;
mod options;
mod overlay;
mod prompt;
mod sort;
mod usage;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use agtop_alerts::{Alert, AlertAction, CoolDownTracker};
use agtop_model::{Agent, Session, Snapshot, SnapshotRow, Timestamp};
use agtop_output::alert::{NotificationTerminal, notification};
use agtop_query::{Filter, FilterError};
use crossterm::event::{KeyEvent, KeyEventKind, MouseEvent};

pub(crate) use agtop_format::project;
pub(crate) use colon::{COLONS, completions};
pub(crate) use items::{Arrangement, Focus, Used};
pub(crate) use list::{Fold, Group, Identity, Item, List};
pub use options::{Config, Options, UnknownView, ViewId};
pub(crate) use overlay::{Overlay, Suspect, Tab};
pub(crate) use prompt::{Asks, Prompt};
pub(crate) use sort::{Direction, Sort, smooth_cpu};
pub(crate) use usage::{By, Sum, Usage, Within, spent_today};

use crate::columns::{ColumnChoice, Pen};
use crate::keys::Keymap;
use crate::layout::{Size, zones};
use crate::logos::{self, Logos};
use crate::look::{Charset, Look};
use crate::quota::Meter;
use crate::{Command, Reply};

/// What happened.
#[derive(Clone, Debug)]
pub enum Message {
    /// There is a newer snapshot.
    Snapshot(Arc<Snapshot>),
    /// The first scan has come so far.
    Progress(Progress),
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something; the span is since the program started.
    Mouse(MouseEvent, Duration),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// It is that late.
    Clock(Timestamp),
    /// What agtop itself uses.
    Own(Own),
    /// How a command came out.
    Reply(Reply),
    /// Logos are there.
    Logos(Arc<Logos>),
    /// The shell wants the terminal back for a while.
    Suspend,
}

/// How far the scan of files has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes to read in all.
    pub total: u64,
}

/// What agtop itself uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Own {
    /// Processor use in percent of one processor.
    pub cpu_percent: Option<f64>,
    /// Resident memory in bytes.
    pub memory: Option<u64>,
}

/// How much of the screen has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The time of day.
    Clock,
    /// Perhaps everything.
    Everything,
}

/// Whether new snapshots are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Running,
    Paused,
}

/// How the screen is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arranged {
    Classic,
    Dashboard,
}

/// Whether the panel below the list is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panel {
    /// Where there is room for it.
    Auto,
    Open,
    Closed,
}

/// The filter: what was typed, what of it is in force, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Filtering {
    pub(crate) text: String,
    pub(crate) query: Option<Filter>,
    pub(crate) error: Option<FilterError>,
    pub(crate) history: Vec<String>,
}

/// A word to the person, in the last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) outcome: Result<(), ()>,
}

/// The screen.
pub struct App {
    pub(crate) options: Options,
    pub(crate) look: Look,
    pub(crate) keys: Keymap,
    /// What is shown.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// What came while nothing new was to be shown.
    held_back: Option<Arc<Snapshot>>,
    pub(crate) flow: Flow,
    pub(crate) progress: Progress,
    pub(crate) clock: Option<Timestamp>,
    pub(crate) own: Own,
    pub(crate) size: Size,
    pub(crate) view: ViewId,
    pub(crate) arranged: Arranged,
    pub(crate) panel: Panel,
    pub(crate) tab: Tab,
    pub(crate) agents: List,
    pub(crate) sessions: List,
    order: items::Order,
    pub(crate) usage: Usage,
    /// The first line of the views that are read, not chosen from.
    pub(crate) scroll: usize,
    pub(crate) filtering: Filtering,
    pub(crate) pid: Option<u32>,
    pub(crate) focus: Focus,
    pub(crate) sort: Sort,
    pub(crate) arrangement: Arrangement,
    folded: HashSet<String>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) prompt: Option<Prompt>,
    commands_typed: Vec<String>,
    pub(crate) notice: Option<Notice>,
    /// What the strip shows.
    pub(crate) alerts: Vec<Alert>,
    watch: CoolDownTracker,
    pub(crate) quotas: Meter,
    logos: Option<Arc<Logos>>,
    clicked: Option<(Duration, u16)>,
    changed: Option<Change>,
}

impl App {
    /// A screen that has seen nothing yet.
    pub fn new(options: Options) -> Self {
        let look = Look { theme: options.theme.clone(), depth: options.depth, charset: options.charset };
        let mut app = Self {
            look,
            keys: Keymap::new(options.keys),
            snapshot: None,
            held_back: None,
            flow: Flow::Running,
            progress: Progress::default(),
            clock: None,
            own: Own::default(),
            size: Size { columns: 80, rows: 24 },
            view: options.view,
            arranged: if options.dashboard { Arranged::Dashboard } else { Arranged::Classic },
            panel: Panel::Auto,
            tab: Tab::Info,
            agents: List::default(),
            sessions: List::default(),
            order: items::Order::default(),
            usage: Usage::default(),
            scroll: 0,
            filtering: Filtering::default(),
            pid: options.pid,
            focus: Focus::All,
            sort: Sort { key: options.sort, ..Sort::default() },
            arrangement: Arrangement::Flat,
            folded: HashSet::new(),
            overlay: None,
            prompt: None,
            commands_typed: Vec::new(),
            notice: None,
            alerts: Vec::new(),
            watch: CoolDownTracker::default(),
            quotas: Meter::default(),
            logos: None,
            clicked: None,
            changed: Some(Change::Everything),
            options,
        };
        if let Some(filter) = app.options.filter.clone() {
            app.set_filter(&filter);
        }
        app
    }

    /// Takes notice of what happened; what the program around must do now comes back.
    pub fn update(&mut self, message: Message) -> Vec<Command> {
        match message {
            Message::Snapshot(snapshot) => return self.receive(snapshot),
            Message::Progress(progress) => self.progress(progress),
            Message::Clock(now) => self.tick(now),
            Message::Own(own) => self.own = own,
            Message::Resize(columns, rows) => self.resize(Size::used(columns, rows)),
            Message::Reply(reply) => self.answer(reply),
            Message::Logos(logos) if logos.is_empty() => {}
            Message::Logos(logos) => {
                self.logos = Some(logos);
                self.change();
            }
            Message::Paste(text) => self.paste(&text),
            Message::Suspend => return vec![Command::Suspend],
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => return self.changing(|app| app.press(key)),
            Message::Mouse(event, at) => return self.changing(|app| app.point(event, at)),
        }
        Vec::new()
    }

    /// The logos before agents' names, where any can be drawn.
    pub(crate) fn logos(&self) -> Option<&Logos> {
        self.logos.as_deref().filter(|_| self.look.charset == Charset::Unicode)
    }

    /// Columns that logos take before an agent's name.
    pub(crate) fn logo_room(&self) -> u16 {
        self.logos().map_or(0, |_| logos::ROOM)
    }

    /// What is new to draw, since this was last asked.
    pub fn take_change(&mut self) -> Option<Change> {
        self.changed.take()
    }

    /// Whether something lies over the view.
    pub(crate) const fn is_covered(&self) -> bool {
        self.overlay.is_some()
    }

    fn progress(&mut self, progress: Progress) {
        if std::mem::replace(&mut self.progress, progress) != progress {
            self.change();
        }
    }

    const fn change(&mut self) {
        self.changed = Some(Change::Everything);
    }

    fn changing(&mut self, act: impl FnOnce(&mut Self) -> Vec<Command>) -> Vec<Command> {
        self.change();
        let commands = act(self);
        self.reveal();
        commands
    }

    /// Who does not look at new snapshots is told of alerts all the same.
    fn receive(&mut self, snapshot: Arc<Snapshot>) -> Vec<Command> {
        self.quotas.note(&snapshot);
        let alerts = self.options.rules.evaluate(&snapshot);
        let news = self.watch.new_alerts(snapshot.now, &alerts);
        if self.flow == Flow::Paused && self.snapshot.is_some() {
            self.held_back = Some(snapshot);
        } else {
            self.show(snapshot, alerts);
        }
        let terminal = self.options.terminal;
        news.into_iter().flat_map(|alert| alarm(alert, terminal)).collect()
    }

    fn show(&mut self, snapshot: Arc<Snapshot>, mut alerts: Vec<Alert>) {
        alerts.retain(|alert| alert.actions.shown.contains(&AlertAction::Strip));
        self.alerts = alerts;
        self.clock = Some(self.clock.map_or(snapshot.now, |clock| clock.max(snapshot.now)));
        self.snapshot = Some(snapshot);
        self.relist();
        self.change();
    }

    fn tick(&mut self, now: Timestamp) {
        let second = |at: Timestamp| at.as_millis().div_euclid(1000);
        if self.clock.map(second) != Some(second(now)) {
            self.changed = self.changed.max(Some(Change::Clock));
        }
        self.clock = Some(now);
    }

    fn resize(&mut self, size: Size) {
        if self.size != size {
            self.change();
        }
        self.size = size;
        self.reveal();
    }

    fn answer(&mut self, reply: Reply) {
        self.change();
        match reply {
            Reply::Done(text) => self.notice = Some(Notice { text, outcome: Ok(()) }),
            Reply::Failed(text) => self.notice = Some(Notice { text, outcome: Err(()) }),
            Reply::Text { title, lines } => self.overlay = Some(Overlay::Pager { title, lines, scroll: 0 }),
        }
    }

    fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt {
            prompt.insert(text);
            self.typed();
            self.change();
        }
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), outcome: Ok(()) });
    }

    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), outcome: Err(()) });
    }

    fn set_filter(&mut self, text: &str) {
        text.clone_into(&mut self.filtering.text);
        match Filter::parse(text) {
            Ok(query) => {
                self.filtering.query = query;
                self.filtering.error = None;
            }
            Err(error) => {
                // What comes before the term that is not finished, or wrong, stays in force.
                let before = text.trim_end().rsplit_once(' ').map_or("", |(before, _)| before);
                self.filtering.query = Filter::parse(before).unwrap_or_default();
                self.filtering.error = Some(error);
            }
        }
        self.relist();
    }

    /// Makes the lines of the view anew. Views that cannot be seen are made when one goes to them.
    pub(crate) fn relist(&mut self) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        let choice = items::Choice {
            query: self.filtering.query.as_ref(),
            pid: self.pid,
            focus: self.focus,
            sort: self.sort,
            arrangement: self.arrangement,
            folded: &self.folded,
        };
        match self.view {
            ViewId::Agents => {
                let items = items::agents(&snapshot, &choice);
                self.agents.replace(items, &snapshot);
            }
            ViewId::Sessions => {
                let items = items::sessions(&snapshot, &choice, &mut self.order);
                self.sessions.replace(items, &snapshot);
            }
            ViewId::Usage => self.usage.refresh(&snapshot),
            ViewId::Rates | ViewId::Quota => {}
        }
        self.reveal();
    }

    /// Keeps what is chosen where it can be seen.
    fn reveal(&mut self) {
        let zones = zones(self, self.size.area());
        let rows = usize::from(zones.main.height.saturating_sub(1));
        match self.view {
            ViewId::Agents => self.agents.reveal(rows),
            ViewId::Sessions => self.sessions.reveal(rows),
            ViewId::Usage => self.usage.reveal(usize::from(crate::views::usage_rows(zones.main))),
            ViewId::Rates | ViewId::Quota => {}
        }
    }

    /// The list of the view, where it has one.
    pub(crate) fn list(&self) -> Option<&List> {
        match self.view {
            ViewId::Agents => Some(&self.agents),
            ViewId::Sessions => Some(&self.sessions),
            ViewId::Rates | ViewId::Usage | ViewId::Quota => None,
        }
    }

    pub(crate) fn list_mut(&mut self) -> Option<&mut List> {
        match self.view {
            ViewId::Agents => Some(&mut self.agents),
            ViewId::Sessions => Some(&mut self.sessions),
            ViewId::Rates | ViewId::Usage | ViewId::Quota => None,
        }
    }

    /// What the chosen line is about.
    pub(crate) fn chosen(&self) -> Option<SnapshotRow<'_>> {
        let snapshot = self.snapshot.as_deref()?;
        self.list()?.chosen()?.row(snapshot)
    }

    pub(crate) fn chosen_agent(&self) -> Option<&Agent> {
        self.chosen()?.agent
    }

    pub(crate) fn chosen_session(&self) -> Option<&Session> {
        self.chosen()?.session
    }

    /// The columns of the view.
    pub(crate) fn columns(&self) -> &[ColumnChoice] {
        if self.view == ViewId::Sessions { &self.options.session_columns } else { &self.options.columns }
    }

    pub(crate) fn columns_mut(&mut self) -> &mut Vec<ColumnChoice> {
        if self.view == ViewId::Sessions { &mut self.options.session_columns } else { &mut self.options.columns }
    }

    pub(crate) fn pen(&self) -> Pen<'_> {
        Pen {
            look: &self.look,
            thresholds: &self.options.thresholds,
            content: self.options.content,
            zone: &self.options.zone,
        }
    }

    /// Whether the panel below the list is shown, on a screen of so many rows.
    pub(crate) fn shows_panel(&self) -> bool {
        let has_room = self.size.rows >= 30;
        match self.panel {
            Panel::Auto => has_room && self.arranged == Arranged::Classic,
            Panel::Open => self.size.rows >= 16,
            Panel::Closed => false,
        }
    }
}

/// What is to be done about an alert: by the terminal itself, and by the program around.
fn alarm(alert: Alert, terminal: NotificationTerminal) -> impl Iterator<Item = Command> {
    let sequence = Some(notification(&alert, terminal)).filter(|sequence| !sequence.is_empty());
    let acts = alert.actions.needs_runner().then(|| Command::Act(Box::new(alert)));
    sequence.map(Command::Ring).into_iter().chain(acts)
}

#[cfg(test)]
mod tests;
