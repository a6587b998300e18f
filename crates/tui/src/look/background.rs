//! Whether the terminal's background is dark or light.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

/// The background of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Light text is readable on it.
    Dark,
    /// Dark text is readable on it.
    Light,
}

impl Background {
    /// The name of the built-in theme for it.
    pub const fn theme(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// Asks the terminal (OSC 11). Nobody else may read from it meanwhile. `None` if it does not answer in time, or there is
    /// no terminal.
    pub fn of_terminal() -> Option<Self> {
        let mut options = QueryOptions::default();
        options.timeout = ANSWER_TIMEOUT;
        theme_mode(options).ok().map(|mode| match mode {
            ThemeMode::Dark => Self::Dark,
            ThemeMode::Light => Self::Light,
        })
    }

    /// What `COLORFGBG` says: the number of the background's colour is behind the last semicolon. rxvt, Konsole and others
    /// set it.
    pub fn of_colorfgbg(text: &str) -> Option<Self> {
        let colour: u8 = text.rsplit(';').next()?.parse().ok()?;
        let is_light = colour == WHITE || (FIRST_BRIGHT_COLOUR..16).contains(&colour);
        Some(if is_light { Self::Light } else { Self::Dark })
    }
}

/// How long a terminal has to answer. Those that know the question answer at once, and so do those that do not, since
/// they answer the one that follows it.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(150);

/// The number of white among the 16 colours.
const WHITE: u8 = 7;
/// The first of them that is bright; 8 is dark grey.
const FIRST_BRIGHT_COLOUR: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_which_colour_the_background_has() {
        let cases = [
            ("15;0", Some(Background::Dark)),
            ("0;15", Some(Background::Light)),
            ("0;default;15", Some(Background::Light)),
        ];
        for (text, expected) in cases {
            assert_eq!(Background::of_colorfgbg(text), expected, "{text}");
        }
        assert_eq!(
            (Background::of_colorfgbg("7;8"), Background::of_colorfgbg("0;7")),
            (Some(Background::Dark), Some(Background::Light))
        );
        assert_eq!((Background::of_colorfgbg(""), Background::of_colorfgbg("15;default")), (None, None));
    }
}
