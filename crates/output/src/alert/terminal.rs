use agtop_alerts::{Alert, AlertAction};
use agtop_format::sink::plain;

/// How a terminal gets notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotificationTerminal {
    sequence: NotificationSequence,
    route: TerminalRoute,
}

/// Which of the two control sequences for notifications a terminal understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum NotificationSequence {
    /// `OSC 9`, as iTerm2 had it first: a text.
    Osc9,
    /// `OSC 777`, as rxvt-unicode had it first: a title and a text.
    Osc777,
    /// The terminal is not known; terminals ignore a sequence that they do not understand.
    #[default]
    Both,
}

/// What is between agtop and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TerminalRoute {
    #[default]
    Direct,
    /// tmux, which passes a wrapped sequence on if its `allow-passthrough` is on.
    Tmux,
}

/// Terminals: an environment variable, how its value begins, and the sequence that the terminal understands.
const KNOWN_TERMINALS: &[(&str, &str, NotificationSequence)] = &[
    ("TERM_PROGRAM", "iTerm", NotificationSequence::Osc9),
    ("TERM_PROGRAM", "WezTerm", NotificationSequence::Osc777),
    ("TERM_PROGRAM", "ghostty", NotificationSequence::Osc777),
    ("TERM", "xterm-kitty", NotificationSequence::Osc9),
    ("TERM", "xterm-ghostty", NotificationSequence::Osc777),
    ("TERM", "foot", NotificationSequence::Osc777),
    ("TERM", "rxvt", NotificationSequence::Osc777),
    ("VTE_VERSION", "", NotificationSequence::Osc777),
    ("WT_SESSION", "", NotificationSequence::Osc9),
    ("ConEmuPID", "", NotificationSequence::Osc9),
];

/// The character that sounds the bell.
const BELL: char = '\u{7}';

/// The rest of a longer notification is cut.
const MAX_NOTIFICATION_CHARS: usize = 240;

impl NotificationTerminal {
    /// The terminal that the environment variables describe.
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Self {
        if var("TMUX").is_some_and(|value| !value.is_empty()) {
            // The variables describe the terminal in which tmux was started, not the one that shows it now.
            return Self { sequence: NotificationSequence::Both, route: TerminalRoute::Tmux };
        }
        let is_known = |(name, begins, _): &&(&str, &str, NotificationSequence)| {
            var(name).is_some_and(|value| value.starts_with(begins))
        };
        Self {
            sequence: KNOWN_TERMINALS
                .iter()
                .find(is_known)
                .map_or(NotificationSequence::Both, |(.., sequence)| *sequence),
            route: TerminalRoute::Direct,
        }
    }

    fn wrapped(self, sequence: &str) -> String {
        match self.route {
            TerminalRoute::Direct => sequence.to_owned(),
            TerminalRoute::Tmux => format!("\u{1b}Ptmux;{}\u{1b}\\", sequence.replace('\u{1b}', "\u{1b}\u{1b}")),
        }
    }
}

/// The bytes that make the terminal notify the user of the alert; they change nothing on its screen. Empty if the alert
/// has no action for a terminal.
pub fn notification(alert: &Alert, terminal: NotificationTerminal) -> String {
    let mut bytes = String::new();
    if alert.actions.shown.contains(&AlertAction::Notify) {
        let sentence = short(&alert.sentence());
        if terminal.sequence != NotificationSequence::Osc777 {
            // Some terminals treat a text that begins with a number as another command.
            bytes += &terminal.wrapped(&format!("\u{1b}]9;agtop: {sentence}{BELL}"));
        }
        if terminal.sequence != NotificationSequence::Osc9 {
            bytes += &terminal.wrapped(&format!("\u{1b}]777;notify;agtop;{sentence}{BELL}"));
        }
    }
    if alert.actions.shown.contains(&AlertAction::Bell) {
        bytes.push(BELL);
    }
    bytes
}

/// The beginning of a text that fits a notification, without control characters.
fn short(text: &str) -> String {
    plain(text).chars().take(MAX_NOTIFICATION_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use agtop_alerts::{AlertAction, AlertActions, Rules};
    use agtop_demo::sample as testing;

    use super::*;

    fn alert(shown: &[AlertAction], who: &str) -> Alert {
        let alert = Rules::default().evaluate(&testing::rich()).remove(0);
        let actions = AlertActions { shown: shown.to_vec(), ..(*alert.actions).clone() };
        Alert { actions: Arc::new(actions), who: who.to_owned(), detail: String::new(), ..alert }
    }

    fn terminal(vars: &[(&str, &str)]) -> NotificationTerminal {
        NotificationTerminal::of(|name| {
            vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_known_terminal_gets_only_the_sequence_it_understands() {
        let alert = alert(&[AlertAction::Notify], "codex shop");
        let nine = "\u{1b}]9;agtop: permission: codex shop\u{7}";
        let seven = "\u{1b}]777;notify;agtop;permission: codex shop\u{7}";
        assert_eq!(notification(&alert, terminal(&[("TERM_PROGRAM", "iTerm.app")])), nine);
        assert_eq!(notification(&alert, terminal(&[("TERM", "foot-extra")])), seven);
        assert_eq!(notification(&alert, terminal(&[("TERM", "xterm-256color")])), format!("{nine}{seven}"));
    }

    #[test]
    fn tmux_gets_a_wrapped_sequence_and_a_plain_bell() {
        let tmux = terminal(&[("TMUX", "/tmp/tmux-1000/default,1,0"), ("TERM_PROGRAM", "iTerm.app")]);
        let sequence = notification(&alert(&[AlertAction::Bell, AlertAction::Notify], "codex shop"), tmux);
        assert_eq!(
            sequence,
            "\u{1b}Ptmux;\u{1b}\u{1b}]9;agtop: permission: codex shop\u{7}\u{1b}\\\
             \u{1b}Ptmux;\u{1b}\u{1b}]777;notify;agtop;permission: codex shop\u{7}\u{1b}\\\u{7}"
        );
    }

    #[test]
    fn a_hostile_text_neither_ends_nor_begins_a_sequence() {
        let evil = "a\u{7}\u{1b}]52;c;ZXZpbA==\u{7}b\u{9c}\u{1b}\\c\n\u{202e}d".to_owned() + &"x".repeat(9000);
        let sequence = notification(&alert(&[AlertAction::Notify], &evil), NotificationTerminal::default());
        assert_eq!((sequence.matches('\u{1b}').count(), sequence.matches('\u{7}').count()), (2, 2), "{sequence:?}");
        assert!(!sequence.contains("]52") && !sequence.contains('\u{202e}') && sequence.chars().count() < 600);
    }

    #[test]
    fn an_alert_without_terminal_actions_writes_nothing() {
        assert_eq!(
            notification(&alert(&[AlertAction::Strip, AlertAction::Desktop], "codex"), NotificationTerminal::default()),
            ""
        );
    }
}
