//! How things look: each [`Tone`] has a fixed meaning, and the theme gives it a colour.

mod ascii;
mod background;
mod depth;
mod theme;

use std::borrow::Cow;

use agtop_model::Status;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

pub(crate) use agtop_output::Tone;
pub(crate) use ascii::in_ascii;
pub use background::Background;
pub use depth::ColorDepth;
pub use theme::{Rgb, THEMES, Theme, ThemeError, theme};

/// Which characters a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// All.
    #[default]
    Unicode,
    /// Those of ASCII.
    Ascii,
}

/// A theme on a terminal with these colours and characters.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    pub(crate) depth: ColorDepth,
    pub(crate) charset: Charset,
}

impl Look {
    /// The style of a text.
    pub(crate) fn style(&self, tone: Tone) -> Style {
        let bold = if tone == Tone::Strong { Modifier::BOLD } else { Modifier::empty() };
        match (self.depth, self.rgb(tone)) {
            (ColorDepth::None, _) => Style::new().add_modifier(modifier(tone)),
            (_, None) if self.theme.is_colourless() => Style::new().add_modifier(modifier(tone)),
            // Set explicitly: the cell below may have another colour.
            (_, None) => Style::new().fg(Color::Reset).add_modifier(bold),
            (ColorDepth::Ansi16, Some(_)) => Style::new().fg(ansi(tone)).add_modifier(bold),
            (depth, Some(rgb)) => Style::new().fg(depth.colour(rgb)).add_modifier(bold),
        }
    }

    /// The style between two tones, at a share from 0 to 1. Without enough colours, it is that of the nearer one.
    pub(crate) fn blend(&self, from: Tone, to: Tone, share: f64) -> Style {
        let nearer = if share < 0.5 { from } else { to };
        match (self.depth, self.rgb(from), self.rgb(to)) {
            (ColorDepth::True | ColorDepth::Indexed, Some(from), Some(to)) => {
                Style::new().fg(self.depth.colour(from.mixed(to, share)))
            }
            _ => self.fill(nearer),
        }
    }

    fn rgb(&self, tone: Tone) -> Option<Rgb> {
        match tone {
            Tone::Text | Tone::Strong => self.theme.text,
            Tone::Dim => self.theme.dim,
            Tone::Faint => self.theme.faint,
            Tone::Accent => self.theme.accent,
            Tone::Good => self.theme.good,
            Tone::Warn => self.theme.warn,
            Tone::Bad => self.theme.bad,
        }
    }

    /// The style of a mark that must stand out: coloured and bold.
    pub(crate) fn bold(&self, tone: Tone) -> Style {
        self.style(tone).add_modifier(Modifier::BOLD)
    }

    /// The style of a status: agents that wait for the user stand out, most of all those that wait for a permission.
    pub(crate) fn status(&self, status: Status) -> Style {
        match (status, Tone::of(status)) {
            (Status::NeedsPermission, tone) => self.bold(tone).add_modifier(Modifier::REVERSED),
            (_, Tone::Warn) => self.bold(Tone::Warn),
            // In reverse video, a failed agent would stand out as much as one that waits for a permission.
            (_, Tone::Bad) => self.fill(Tone::Bad).add_modifier(Modifier::BOLD),
            (_, tone) => self.style(tone),
        }
    }

    /// The style of bars and marks: coloured, not underlined and not in reverse video.
    pub(crate) fn fill(&self, tone: Tone) -> Style {
        let words_only = Modifier::UNDERLINED.union(Modifier::REVERSED);
        let style = self.style(tone);
        Style { add_modifier: style.add_modifier.difference(words_only), ..style }
    }

    /// The style of the chosen row.
    pub(crate) fn selected(&self) -> Style {
        match (self.depth, self.theme.selected) {
            (ColorDepth::True | ColorDepth::Indexed, Some(rgb)) => Style::new().bg(self.depth.colour(rgb)),
            // The row has one colour: dim and coloured text in reverse video would be unreadable patches.
            _ => Style::new()
                .fg(Color::Reset)
                .bg(Color::Reset)
                .add_modifier(Modifier::REVERSED)
                .remove_modifier(Modifier::DIM),
        }
    }

    /// The style of the whole screen.
    pub(crate) fn background(&self) -> Style {
        let style = self.style(Tone::Text);
        match (self.depth, self.theme.ground) {
            (ColorDepth::True | ColorDepth::Indexed, Some(rgb)) => style.bg(self.depth.colour(rgb)),
            _ => style,
        }
    }

    pub(crate) fn span<'a>(&self, text: impl Into<Cow<'a, str>>, tone: Tone) -> Span<'a> {
        Span::styled(text, self.style(tone))
    }
}

/// The modifier that marks a tone where there are no colours.
const fn modifier(tone: Tone) -> Modifier {
    match tone {
        Tone::Text | Tone::Good => Modifier::empty(),
        Tone::Strong | Tone::Accent => Modifier::BOLD,
        Tone::Dim | Tone::Faint => Modifier::DIM,
        Tone::Warn => Modifier::BOLD.union(Modifier::UNDERLINED),
        Tone::Bad => Modifier::BOLD.union(Modifier::REVERSED),
    }
}

/// The colour of a tone among the 16 that every terminal has.
const fn ansi(tone: Tone) -> Color {
    match tone {
        Tone::Text | Tone::Strong => Color::Reset,
        Tone::Dim | Tone::Faint => Color::DarkGray,
        Tone::Accent => Color::Cyan,
        Tone::Good => Color::Green,
        Tone::Warn => Color::Yellow,
        Tone::Bad => Color::Red,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(name: &str, depth: ColorDepth) -> Look {
        Look { theme: theme(name).unwrap(), depth, charset: Charset::Unicode }
    }

    #[test]
    fn a_permission_request_stands_out_from_other_statuses_in_every_theme() {
        for depth in [ColorDepth::True, ColorDepth::Ansi16, ColorDepth::None] {
            for theme in THEMES {
                let look = look(&theme.name, depth);
                let others = [Status::NeedsInput, Status::Working, Status::Idle, Status::Stalled, Status::Error];
                let is_loud = |status| look.status(status).add_modifier.contains(Modifier::REVERSED | Modifier::BOLD);
                assert!(is_loud(Status::NeedsPermission), "{} {depth:?}", theme.name);
                for other in others {
                    assert_ne!(look.status(other), look.status(Status::NeedsPermission), "{} {depth:?}", theme.name);
                }
            }
        }
    }

    #[test]
    fn without_colours_tones_still_differ() {
        for look in [look("dark", ColorDepth::None), look("monochrome", ColorDepth::True)] {
            let styles = [Tone::Text, Tone::Strong, Tone::Dim, Tone::Warn, Tone::Bad].map(|tone| look.style(tone));
            assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
            for (at, style) in styles.iter().enumerate() {
                assert!(!styles[..at].contains(style), "{style:?}");
            }
            assert!(look.selected().add_modifier.contains(Modifier::REVERSED));
        }
    }

    #[test]
    fn the_16_colours_are_those_of_the_terminal() {
        let look = look("dracula", ColorDepth::Ansi16);
        assert_eq!(look.style(Tone::Bad).fg, Some(Color::Red));
        assert_eq!(look.background().bg, None);
    }

    #[test]
    fn the_default_theme_keeps_the_background_of_the_terminal() {
        assert_eq!(look("dark", ColorDepth::True).background().bg, None);
    }
}
