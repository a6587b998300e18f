use agtop_alerts::{Action, Alert};
use agtop_format::sink::plain;

/// How a terminal is told of something that its person should see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    tongue: Tongue,
    way: Way,
}

/// Which of the two control sequences for notifications a terminal understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tongue {
    /// `OSC 9`, as iTerm2 had it first: a text.
    Nine,
    /// `OSC 777`, as rxvt-unicode had it first: a title and a text.
    SevenSevenSeven,
    /// It is not known; terminals leave alone what they do not understand.
    #[default]
    Both,
}

/// What is between us and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Direct,
    /// tmux, which passes on what is wrapped for it, if its `allow-passthrough` is on.
    Tmux,
}

/// By which variable a terminal is known, how its value begins, and what it understands.
const KNOWN: &[(&str, &str, Tongue)] = &[
    ("TERM_PROGRAM", "iTerm", Tongue::Nine),
    ("TERM_PROGRAM", "WezTerm", Tongue::SevenSevenSeven),
    ("TERM_PROGRAM", "ghostty", Tongue::SevenSevenSeven),
    ("TERM", "xterm-kitty", Tongue::Nine),
    ("TERM", "xterm-ghostty", Tongue::SevenSevenSeven),
    ("TERM", "foot", Tongue::SevenSevenSeven),
    ("TERM", "rxvt", Tongue::SevenSevenSeven),
    ("VTE_VERSION", "", Tongue::SevenSevenSeven),
    ("WT_SESSION", "", Tongue::Nine),
    ("ConEmuPID", "", Tongue::Nine),
];

/// What rings.
const BELL: char = '\u{7}';

/// A notification is a line, not a page.
const LONGEST: usize = 240;

impl Terminal {
    /// What the environment tells of the terminal.
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Self {
        if var("TMUX").is_some_and(|value| !value.is_empty()) {
            // The variables tell of the terminal on which tmux was started, not of the one it is seen on.
            return Self { tongue: Tongue::Both, way: Way::Tmux };
        }
        let is_it =
            |(name, begins, _): &&(&str, &str, Tongue)| var(name).is_some_and(|value| value.starts_with(begins));
        Self { tongue: KNOWN.iter().find(is_it).map_or(Tongue::Both, |(.., tongue)| *tongue), way: Way::Direct }
    }

    fn wrapped(self, sequence: &str) -> String {
        match self.way {
            Way::Direct => sequence.to_owned(),
            Way::Tmux => format!("\u{1b}Ptmux;{}\u{1b}\\", sequence.replace('\u{1b}', "\u{1b}\u{1b}")),
        }
    }
}

/// What makes the terminal show and do what the alert asks for: written to it, it changes nothing on the screen. Nothing,
/// if the alert asks the terminal for nothing.
pub fn notification(alert: &Alert, terminal: Terminal) -> String {
    let mut sequence = String::new();
    if alert.actions.shown.contains(&Action::Notify) {
        let sentence = short(&alert.sentence());
        if terminal.tongue != Tongue::SevenSevenSeven {
            // Some terminals take a text that begins with a number for something else.
            sequence += &terminal.wrapped(&format!("\u{1b}]9;agtop: {sentence}{BELL}"));
        }
        if terminal.tongue != Tongue::Nine {
            sequence += &terminal.wrapped(&format!("\u{1b}]777;notify;agtop;{sentence}{BELL}"));
        }
    }
    if alert.actions.shown.contains(&Action::Bell) {
        sequence.push(BELL);
    }
    sequence
}

/// So much of a text as a notification holds, without anything that a terminal acts on.
fn short(text: &str) -> String {
    plain(text).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_alerts::{Action, Actions, Rules};
    use agtop_demo::sample as testing;

    use super::*;

    fn alert(shown: &[Action], who: &str) -> Alert {
        let alert = Rules::default().find(&testing::rich()).remove(0);
        let actions = Actions { shown: shown.to_vec(), ..(*alert.actions).clone() };
        Alert { actions: Arc::new(actions), who: who.to_owned(), detail: String::new(), ..alert }
    }

    fn terminal(vars: &[(&str, &str)]) -> Terminal {
        Terminal::of(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_terminal_that_is_known_gets_the_one_sequence_it_understands() {
        let alert = alert(&[Action::Notify], "codex shop");
        let nine = "\u{1b}]9;agtop: permission: codex shop\u{7}";
        let seven = "\u{1b}]777;notify;agtop;permission: codex shop\u{7}";
        assert_eq!(notification(&alert, terminal(&[("TERM_PROGRAM", "iTerm.app")])), nine);
        assert_eq!(notification(&alert, terminal(&[("TERM", "foot-extra")])), seven);
        assert_eq!(notification(&alert, terminal(&[("TERM", "xterm-256color")])), format!("{nine}{seven}"));
    }

    #[test]
    fn tmux_passes_on_what_is_wrapped_for_it_and_rings_by_itself() {
        let tmux = terminal(&[("TMUX", "/tmp/tmux-1000/default,1,0"), ("TERM_PROGRAM", "iTerm.app")]);
        let sequence = notification(&alert(&[Action::Bell, Action::Notify], "codex shop"), tmux);
        assert_eq!(
            sequence,
            "\u{1b}Ptmux;\u{1b}\u{1b}]9;agtop: permission: codex shop\u{7}\u{1b}\\\
             \u{1b}Ptmux;\u{1b}\u{1b}]777;notify;agtop;permission: codex shop\u{7}\u{1b}\\\u{7}"
        );
    }

    #[test]
    fn a_hostile_text_ends_no_sequence_and_begins_none() {
        let evil = "a\u{7}\u{1b}]52;c;ZXZpbA==\u{7}b\u{9c}\u{1b}\\c\n\u{202e}d".to_owned() + &"x".repeat(9000);
        let sequence = notification(&alert(&[Action::Notify], &evil), Terminal::default());
        assert_eq!((sequence.matches('\u{1b}').count(), sequence.matches('\u{7}').count()), (2, 2), "{sequence:?}");
        assert!(!sequence.contains("]52") && !sequence.contains('\u{202e}') && sequence.chars().count() < 600);
    }

    #[test]
    fn who_asks_for_nothing_gets_nothing() {
        assert_eq!(notification(&alert(&[Action::Strip, Action::Desktop], "codex"), Terminal::default()), "");
    }
}
