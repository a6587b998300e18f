/// A protocol by which a terminal receives images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphicsProtocol {
    /// Kitty's protocol, with placeholders in the text (<https://sw.kovidgoyal.net/kitty/graphics-protocol/>).
    Kitty,
    /// iTerm2's inline images (<https://iterm2.com/documentation-images.html>).
    Iterm2,
    /// DEC's sixels.
    Sixel,
}

/// How a terminal draws images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalGraphics {
    /// The protocol.
    pub protocol: GraphicsProtocol,
    /// Width and height of a cell in pixels.
    pub cell: (u16, u16),
}

/// Variables of multiplexers, which do not forward images or move text without them.
const MULTIPLEXERS: &[&str] = &["TMUX", "STY", "ZELLIJ"];
const MULTIPLEXER_TERMS: &[&str] = &["tmux", "screen"];

/// Known terminals by a variable and the beginning of its value; the first match counts.
const KNOWN_TERMINALS: &[(&str, &str, Option<GraphicsProtocol>)] = &[
    // Its images are off by default.
    ("TERM_PROGRAM", "vscode", None),
    ("TERM_PROGRAM", "WezTerm", Some(GraphicsProtocol::Iterm2)),
    ("TERM_PROGRAM", "iTerm.app", Some(GraphicsProtocol::Iterm2)),
    ("TERM_PROGRAM", "ghostty", Some(GraphicsProtocol::Kitty)),
    ("TERM", "xterm-ghostty", Some(GraphicsProtocol::Kitty)),
    ("TERM", "xterm-kitty", Some(GraphicsProtocol::Kitty)),
    ("KITTY_WINDOW_ID", "", Some(GraphicsProtocol::Kitty)),
    ("TERM", "foot", Some(GraphicsProtocol::Sixel)),
    ("TERM", "mlterm", Some(GraphicsProtocol::Sixel)),
    ("TERM", "contour", Some(GraphicsProtocol::Sixel)),
];

impl GraphicsProtocol {
    /// The protocol of a known terminal, by its environment variables.
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let term = var("TERM").unwrap_or_default();
        let is_multiplexed = MULTIPLEXERS.iter().any(|name| var(name).is_some_and(|value| !value.is_empty()))
            || MULTIPLEXER_TERMS.iter().any(|name| term.starts_with(name));
        if is_multiplexed {
            return None;
        }
        let fits =
            |name: &str, start: &str| var(name).is_some_and(|value| !value.is_empty() && value.starts_with(start));
        KNOWN_TERMINALS.iter().find(|(name, start, _)| fits(name, start))?.2
    }
}

impl TerminalGraphics {
    /// Plausible sizes of a cell in pixels. A terminal that reports other sizes uses another unit.
    const CELL_PIXELS: std::ops::RangeInclusive<u16> = 4..=128;

    /// Pictures for a terminal with this many columns and rows, and this many pixels in all. `None` if it reports no
    /// usable pixel size.
    pub fn new(graphics: GraphicsProtocol, cells: (u16, u16), pixels: (u16, u16)) -> Option<Self> {
        let cell = (pixels.0.checked_div(cells.0)?, pixels.1.checked_div(cells.1)?);
        (Self::CELL_PIXELS.contains(&cell.0) && Self::CELL_PIXELS.contains(&cell.1))
            .then_some(Self { protocol: graphics, cell })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Option<GraphicsProtocol> {
        GraphicsProtocol::of(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn terminals_are_identified_by_their_environment() {
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Some(GraphicsProtocol::Kitty));
        assert_eq!(of(&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")]), Some(GraphicsProtocol::Kitty));
        assert_eq!(of(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")]), Some(GraphicsProtocol::Iterm2));
        assert_eq!(of(&[("TERM", "foot-extra")]), Some(GraphicsProtocol::Sixel));
    }

    #[test]
    fn an_unknown_terminal_gets_no_images() {
        for vars in [
            &[][..],
            &[("TERM", "xterm-256color")],
            &[("TERM", "alacritty")],
            &[("TERM", "linux")],
            &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "vscode"), ("KITTY_WINDOW_ID", "1")],
            &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "")],
            &[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")],
            &[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-1000/default,1,0")],
            &[("TERM", "screen"), ("TERM_PROGRAM", "iTerm.app")],
            &[("TERM", "xterm-kitty"), ("ZELLIJ", "0")],
        ] {
            assert_eq!(of(vars), None, "{vars:?}");
        }
    }

    #[test]
    fn a_terminal_without_a_pixel_size_gets_no_images() {
        let target =
            |cells, pixels| TerminalGraphics::new(GraphicsProtocol::Sixel, cells, pixels).map(|target| target.cell);
        assert_eq!(target((80, 24), (800, 480)), Some((10, 20)));
        for (cells, pixels) in
            [((80, 24), (0, 0)), ((0, 0), (800, 480)), ((80, 24), (80, 24)), ((1, 1), (65535, 65535))]
        {
            assert_eq!(target(cells, pixels), None);
        }
    }
}
