//! Menus: a choice with a cursor, in which a letter chooses at once.

use agtop_query::SortKey;

use super::kill_target::KillTarget;
use crate::command::Signal;

/// What a choice of a menu does.
#[derive(Clone, Debug)]
pub(crate) enum MenuChoice {
    /// Closes the menu.
    Close,
    /// Sends a signal.
    Signal(KillTarget, Signal),
    /// Asks again before it kills.
    AskAgain(KillTarget),
    /// Sorts by a key.
    Sort(SortKey),
}

/// A line of a menu.
#[derive(Clone, Debug)]
pub(crate) struct MenuItem {
    /// The letter that chooses it.
    pub(crate) letter: Option<char>,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) choice: MenuChoice,
}

/// A menu and its cursor.
#[derive(Clone, Debug)]
pub(crate) struct Menu {
    pub(crate) title: &'static str,
    /// What is said above the lines.
    pub(crate) about: String,
    pub(crate) items: Vec<MenuItem>,
    pub(crate) index: usize,
    /// The keys that the footer names.
    pub(crate) hints: &'static [(&'static str, &'static str)],
}

fn item(letter: char, name: &str, note: &str, choice: MenuChoice) -> MenuItem {
    MenuItem { letter: Some(letter), name: name.to_owned(), note: note.to_owned(), choice }
}

impl Menu {
    /// The signals that an agent can be sent.
    pub(crate) fn of_signals(target: &KillTarget) -> Self {
        let send = |signal| MenuChoice::Signal(target.clone(), signal);
        let items = vec![
            item('t', "terminate", "SIGTERM: it may save and clean up", send(Signal::Terminate)),
            item(
                '9',
                "kill",
                "SIGKILL: it ends at once and loses what it has not saved",
                MenuChoice::AskAgain(target.clone()),
            ),
            item('s', "stop", "SIGSTOP: it pauses until it is continued", send(Signal::Stop)),
            item('c', "continue", "SIGCONT", send(Signal::Continue)),
            item('n', "cancel", "", MenuChoice::Close),
        ];
        Self { title: "Send a signal?", about: target.name_with_pid(), items, index: 0, hints: MENU_KEYS }
    }

    /// The question before an agent is killed.
    pub(crate) fn of_kill(target: &KillTarget) -> Self {
        let items = vec![
            item('n', "no", "", MenuChoice::Close),
            item('y', "yes, kill it", "unsaved work of it is lost", MenuChoice::Signal(target.clone(), Signal::Kill)),
        ];
        Self { title: "Kill at once?", about: target.name_with_pid(), items, index: 0, hints: MENU_KEYS }
    }

    /// The orders of a list: the names and explanations of sort keys, the cursor on the one in force.
    pub(crate) fn of_sorts(keys: Vec<(SortKey, String, String)>, now: SortKey) -> Self {
        let index = keys.iter().position(|(key, ..)| key.as_str() == now.as_str()).unwrap_or_default();
        let mut letters: Vec<char> = LETTERS_OF_MOVES.to_vec();
        let items = keys.into_iter().map(|(key, name, note)| {
            let letter = name.to_lowercase().chars().find(|c| c.is_ascii_lowercase() && !letters.contains(c));
            letters.extend(letter);
            MenuItem { letter, name, note, choice: MenuChoice::Sort(key) }
        });
        let hints = SORT_MENU_KEYS;
        Self { title: "Sort by", about: String::new(), items: items.collect(), index, hints }
    }

    /// Moves the cursor; it stops at the ends.
    pub(crate) fn step(&mut self, by: isize) {
        self.index = self.index.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }

    /// Moves the cursor down, and from the last line to the first.
    pub(crate) fn cycle(&mut self) {
        self.index = (self.index + 1) % self.items.len().max(1);
    }

    /// The choice at the cursor.
    pub(crate) fn chosen(&self) -> Option<&MenuChoice> {
        self.items.get(self.index).map(|item| &item.choice)
    }

    /// The choice of a letter.
    pub(crate) fn of_letter(&self, letter: char) -> Option<&MenuChoice> {
        self.items.iter().find(|item| item.letter == Some(letter)).map(|item| &item.choice)
    }
}

/// The keys of any menu, and of the menu of orders.
const MENU_KEYS: &[(&str, &str)] = &[("Enter", "choose"), ("j k", "move"), ("Esc", "cancel")];
const SORT_MENU_KEYS: &[(&str, &str)] =
    &[("Enter", "choose"), ("j k", "move"), ("s", "next"), ("i", "reverse"), ("Esc", "close")];

/// Letters that move the cursor, reverse the order, or close a menu, and so choose nothing.
const LETTERS_OF_MOVES: &[char] = &['j', 'k', 'g', 'h', 'l', 'q', 's', 'i'];
