use crossterm::event::KeyEvent;

use super::action::KeyAction;
use super::bindings::bindings;
use super::name::{plain, sequence};
use super::preset::KeyPreset;

/// Maps keys to actions. Some actions take two keys (`g g`), so the first of them is kept.
#[derive(Clone, Debug)]
pub(crate) struct Keymap {
    table: Vec<(Vec<KeyEvent>, KeyAction)>,
    first: Option<KeyEvent>,
}

impl Keymap {
    pub(crate) fn new(preset: KeyPreset) -> Self {
        let entries = bindings(preset)
            .flat_map(|binding| binding.keys.split("  ").filter_map(|keys| Some((sequence(keys)?, binding.action))));
        Self { table: entries.collect(), first: None }
    }

    /// The action of this key. If no action has the kept key and this one, this one counts alone.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<KeyAction> {
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

    fn find(&self, pressed: &[KeyEvent]) -> Option<KeyAction> {
        self.table.iter().find(|(keys, _)| keys == pressed).map(|(_, action)| *action)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::super::name::key;
    use super::*;

    fn press(keymap: &mut Keymap, keys: &str) -> Vec<Option<KeyAction>> {
        keys.split(' ').map(|name| keymap.press(key(name).unwrap())).collect()
    }

    #[test]
    fn every_binding_of_every_preset_can_be_read() {
        for preset in KeyPreset::ALL {
            for binding in bindings(preset) {
                for keys in binding.keys.split("  ") {
                    assert!(sequence(keys).is_some(), "{preset:?}: {keys:?}");
                }
            }
        }
    }

    #[test]
    fn no_key_has_two_actions() {
        for preset in KeyPreset::ALL {
            let keymap = Keymap::new(preset);
            for (at, (keys, action)) in keymap.table.iter().enumerate() {
                let other = keymap.table[..at].iter().find(|(other, _)| other == keys);
                assert!(other.is_none(), "{preset:?} {keys:?}: {action:?} and {other:?}");
            }
        }
    }

    #[test]
    fn the_keys_of_agtop_2_keep_their_actions() {
        let cases = [
            ("q", KeyAction::Quit),
            ("C-c", KeyAction::Quit),
            ("?", KeyAction::Help),
            ("h", KeyAction::Help),
            ("p", KeyAction::Pause),
            ("r", KeyAction::Refresh),
            ("s", KeyAction::SortMenu),
            ("g", KeyAction::Group),
            ("/", KeyAction::Filter),
            ("f", KeyAction::Filter),
            ("j", KeyAction::Down),
            ("k", KeyAction::Up),
            ("Down", KeyAction::Down),
            ("Up", KeyAction::Up),
            ("PgUp", KeyAction::PageUp),
            ("PgDn", KeyAction::PageDown),
            ("Home", KeyAction::First),
            ("End", KeyAction::Last),
            ("Enter", KeyAction::Open),
            ("Space", KeyAction::Open),
            ("Esc", KeyAction::Back),
        ];
        let mut keymap = Keymap::new(KeyPreset::Agtop);
        for (name, action) in cases {
            assert_eq!(keymap.press(key(name).unwrap()), Some(action), "{name}");
        }
    }

    #[test]
    fn the_keys_of_rust_agtop_without_a_conflict_are_kept() {
        let cases = [
            ("F6", KeyAction::SortMenu),
            (">", KeyAction::SortMenu),
            ("i", KeyAction::SortFlip),
            ("d", KeyAction::Dashboard),
            ("Tab", KeyAction::NextTab),
            ("S-Tab", KeyAction::PreviousTab),
            ("F5", KeyAction::Refresh),
            ("F10", KeyAction::Quit),
            ("G", KeyAction::Last),
        ];
        let mut keymap = Keymap::new(KeyPreset::Agtop);
        for (name, action) in cases {
            assert_eq!(keymap.press(key(name).unwrap()), Some(action), "{name}");
        }
    }

    #[test]
    fn a_sequence_of_two_keys_has_an_action_and_a_wrong_second_key_counts_alone() {
        let mut vim = Keymap::new(KeyPreset::Vim);
        assert_eq!(press(&mut vim, "g g"), [None, Some(KeyAction::First)]);
        assert_eq!(press(&mut vim, "g j j"), [None, Some(KeyAction::Down), Some(KeyAction::Down)]);
    }

    #[test]
    fn a_capital_letter_is_the_same_with_and_without_a_reported_shift() {
        let mut keymap = Keymap::new(KeyPreset::Agtop);
        let reported = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(keymap.press(reported), Some(KeyAction::Last));
    }
}
