//! Keys: tables of data from what is pressed to what is meant.

mod presets;

use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

pub(crate) use presets::{Topic, bindings};

/// Which program's keys are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Those of agtop 2, with what is new.
    #[default]
    Agtop,
    /// Those of htop where they differ.
    Htop,
    /// Those of vim where they differ.
    Vim,
}

impl Preset {
    pub(crate) const ALL: [Self; 3] = [Self::Agtop, Self::Htop, Self::Vim];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Agtop => "agtop",
            Self::Htop => "htop",
            Self::Vim => "vim",
        }
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name).ok_or_else(|| UnknownPreset(name.to_owned()))
    }
}

/// No preset is called that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown keys '{0}'; choose from agtop, htop, vim")]
pub struct UnknownPreset(String);

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Quit,
    Help,
    Pause,
    Refresh,
    SortNext,
    SortFlip,
    Group,
    Tree,
    Theme,
    Filter,
    Focus,
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Left,
    Right,
    Open,
    Back,
    NextTab,
    PreviousTab,
    Panel,
    Dashboard,
    Agents,
    Sessions,
    Rates,
    Usage,
    Quota,
    NextInNeed,
    Period,
    Kill,
    GoTo,
    Explain,
    Export,
    CommandLine,
    Copy,
    Configure,
    Wider,
    Narrower,
    Suspend,
    Redraw,
}

/// Finds what keys mean. Some meanings take two keys (`g g`), so the first of them is remembered.
#[derive(Clone, Debug)]
pub(crate) struct Keymap {
    table: Vec<(Vec<KeyEvent>, Action)>,
    first: Option<KeyEvent>,
}

impl Keymap {
    pub(crate) fn new(preset: Preset) -> Self {
        let entries = bindings(preset)
            .flat_map(|binding| binding.keys.split("  ").filter_map(|keys| Some((sequence(keys)?, binding.action))));
        Self { table: entries.collect(), first: None }
    }

    /// What this key means now. A key after a first key that no two mean counts as if it stood alone.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Action> {
        let key = plain(key);
        if let Some(first) = self.first.take()
            && let Some(action) = self.find(&[first, key])
        {
            return Some(action);
        }
        if let Some(action) = self.find(&[key]) {
            return Some(action);
        }
        let begins = self.table.iter().any(|(keys, _)| keys.len() > 1 && keys.first() == Some(&key));
        self.first = begins.then_some(key);
        None
    }

    fn find(&self, pressed: &[KeyEvent]) -> Option<Action> {
        self.table.iter().find(|(keys, _)| keys == pressed).map(|(_, action)| *action)
    }
}

/// The key without what differs between terminals: a capital letter tells its shift itself.
fn plain(key: KeyEvent) -> KeyEvent {
    let shift = match key.code {
        KeyCode::Char(_) | KeyCode::BackTab => KeyModifiers::SHIFT,
        _ => KeyModifiers::NONE,
    };
    KeyEvent::new(key.code, key.modifiers.difference(shift))
}

/// Keys as tables write them, a blank between two that are pressed after each other.
fn sequence(text: &str) -> Option<Vec<KeyEvent>> {
    text.split(' ').map(key).collect()
}

/// `q`, `F5`, `C-c`, `PgUp`.
pub(crate) fn key(name: &str) -> Option<KeyEvent> {
    const NAMED: &[(&str, KeyCode)] = &[
        ("Enter", KeyCode::Enter),
        ("Space", KeyCode::Char(' ')),
        ("Esc", KeyCode::Esc),
        ("Tab", KeyCode::Tab),
        ("S-Tab", KeyCode::BackTab),
        ("Up", KeyCode::Up),
        ("Down", KeyCode::Down),
        ("Left", KeyCode::Left),
        ("Right", KeyCode::Right),
        ("PgUp", KeyCode::PageUp),
        ("PgDn", KeyCode::PageDown),
        ("Home", KeyCode::Home),
        ("End", KeyCode::End),
        ("Backspace", KeyCode::Backspace),
        ("Delete", KeyCode::Delete),
    ];
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(KeyEvent::new(*code, KeyModifiers::NONE));
    }
    if let Some(letter) = name.strip_prefix("C-") {
        return Some(KeyEvent::new(KeyCode::Char(letter.chars().next()?), KeyModifiers::CONTROL));
    }
    if let Some(number) = name.strip_prefix('F').and_then(|digits| digits.parse().ok()) {
        return Some(KeyEvent::new(KeyCode::F(number), KeyModifiers::NONE));
    }
    let mut chars = name.chars();
    let only = chars.next().filter(|_| chars.next().is_none())?;
    Some(KeyEvent::new(KeyCode::Char(only), KeyModifiers::NONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keymap: &mut Keymap, keys: &str) -> Vec<Option<Action>> {
        keys.split(' ').map(|name| keymap.press(key(name).unwrap())).collect()
    }

    #[test]
    fn every_binding_of_every_preset_can_be_read() {
        for preset in Preset::ALL {
            for binding in bindings(preset) {
                for keys in binding.keys.split("  ") {
                    assert!(sequence(keys).is_some(), "{preset:?}: {keys:?}");
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things() {
        for preset in Preset::ALL {
            let keymap = Keymap::new(preset);
            for (at, (keys, action)) in keymap.table.iter().enumerate() {
                let other = keymap.table[..at].iter().find(|(other, _)| other == keys);
                assert!(other.is_none(), "{preset:?} {keys:?}: {action:?} and {other:?}");
            }
        }
    }

    #[test]
    fn the_keys_of_agtop_2_mean_what_they_meant() {
        let cases = [
            ("q", Action::Quit),
            ("C-c", Action::Quit),
            ("?", Action::Help),
            ("h", Action::Help),
            ("p", Action::Pause),
            ("r", Action::Refresh),
            ("s", Action::SortNext),
            ("g", Action::Group),
            ("/", Action::Filter),
            ("f", Action::Filter),
            ("j", Action::Down),
            ("k", Action::Up),
            ("Down", Action::Down),
            ("Up", Action::Up),
            ("PgUp", Action::PageUp),
            ("PgDn", Action::PageDown),
            ("Home", Action::First),
            ("End", Action::Last),
            ("Enter", Action::Open),
            ("Space", Action::Open),
            ("Esc", Action::Back),
        ];
        let mut keymap = Keymap::new(Preset::Agtop);
        for (name, action) in cases {
            assert_eq!(keymap.press(key(name).unwrap()), Some(action), "{name}");
        }
    }

    #[test]
    fn the_keys_of_rust_agtop_that_do_not_clash_are_kept() {
        let cases = [
            ("F6", Action::SortNext),
            (">", Action::SortNext),
            ("i", Action::SortFlip),
            ("d", Action::Dashboard),
            ("Tab", Action::NextTab),
            ("S-Tab", Action::PreviousTab),
            ("F5", Action::Refresh),
            ("F10", Action::Quit),
            ("G", Action::Last),
        ];
        let mut keymap = Keymap::new(Preset::Agtop);
        for (name, action) in cases {
            assert_eq!(keymap.press(key(name).unwrap()), Some(action), "{name}");
        }
    }

    #[test]
    fn two_keys_may_mean_one_thing_and_a_wrong_second_key_stands_alone() {
        let mut vim = Keymap::new(Preset::Vim);
        assert_eq!(press(&mut vim, "g g"), [None, Some(Action::First)]);
        assert_eq!(press(&mut vim, "g j j"), [None, Some(Action::Down), Some(Action::Down)]);
    }

    #[test]
    fn a_capital_letter_is_the_same_with_and_without_a_told_shift() {
        let mut keymap = Keymap::new(Preset::Agtop);
        let told = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(keymap.press(told), Some(Action::Last));
    }
}
