//! A recording of the demo: as an animated SVG for the README, and for `asciinema play`.

use std::fmt::Write as _;
use std::time::Duration;

use agtop_tui::Options;
use anyhow::Result;
use crossterm::style::{Attribute, Color as TerminalColor, Colors, Print, SetAttribute, SetColors};
use crossterm::{cursor, queue, terminal};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use serde_json::json;

use super::scene::DemoScreen;
use super::svg::{self, DARK_GROUND};

/// What is done, step by step: keys that are pressed, and for how many seconds of the demo the screen is watched.
const STEPS: &[(&str, u64)] =
    &[("", 6), ("j j j", 2), ("Enter", 4), ("Esc", 1), ("d", 8), ("d g", 4), ("g 4", 5), ("1", 2)];
/// Columns and rows.
const SIZE: (u16, u16) = (120, 32);
/// Seconds of the demo between two frames.
const SECONDS_PER_FRAME: u64 = 2;
/// The demo has run this long when the recording begins.
const START: Duration = Duration::from_mins(1);

/// Frames, each with the second at which it appears.
pub(super) struct Recording {
    frames: Vec<(u64, Buffer)>,
    /// Seconds.
    length: u64,
}

impl Recording {
    pub(super) fn of_the_demo() -> Result<Self> {
        let mut screen = DemoScreen::new(Options::with_defaults(env!("CARGO_PKG_VERSION"), "linux"), SIZE);
        let (mut frames, mut now) = (Vec::new(), 0);
        for (keys, seconds) in STEPS {
            screen.show(START + Duration::from_secs(now));
            screen.press(keys)?;
            let end = now + seconds;
            while now < end {
                screen.show(START + Duration::from_secs(now));
                frames.push((now, screen.draw()?));
                now += SECONDS_PER_FRAME.min(end - now);
            }
        }
        Ok(Self { frames, length: now })
    }

    /// Frames above each other, of which one is visible at a time.
    pub(super) fn svg(&self) -> String {
        let Some((_, first)) = self.frames.first() else { return String::new() };
        let mut svg = svg::open(first, DARK_GROUND);
        let ends = self.frames.iter().skip(1).map(|(at, _)| *at).chain([self.length]);
        let mut style = String::from("<style>g{visibility:hidden}");
        for (number, ((start, _), end)) in self.frames.iter().zip(ends).enumerate() {
            let percent = |second: u64| second as f64 * 100.0 / self.length as f64;
            let (from, to) = (percent(*start), percent(end));
            let _ = write!(
                style,
                "#f{number}{{animation:k{number} {}s steps(1) infinite}}@keyframes k{number}{{0%{{visibility:{}}}{from:.3}%\
                 {{visibility:visible}}{to:.3}%{{visibility:hidden}}}}",
                self.length,
                if *start == 0 { "visible" } else { "hidden" },
            );
        }
        svg.push_str(&style);
        svg.push_str("</style>\n");
        for (number, (_, frame)) in self.frames.iter().enumerate() {
            let _ = writeln!(svg, "<g id=\"f{number}\">\n{}</g>", svg::cells(frame, DARK_GROUND));
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The file format of asciinema, version 2 (<https://docs.asciinema.org/manual/asciicast/v2/>).
    pub(super) fn cast(&self) -> Result<String> {
        let header = json!({ "version": 2, "width": SIZE.0, "height": SIZE.1, "title": "agtop --demo" });
        let mut cast = format!("{header}\n");
        for (at, frame) in &self.frames {
            let event = json!([*at as f64, "o", escape_sequences(frame)?]);
            let _ = writeln!(cast, "{event}");
        }
        Ok(cast)
    }
}

/// What a terminal is sent to show a frame.
fn escape_sequences(frame: &Buffer) -> Result<String> {
    let mut out = Vec::new();
    queue!(out, cursor::Hide, terminal::Clear(terminal::ClearType::All))?;
    let columns = usize::from(frame.area.width).max(1);
    for (row, cells) in (0..).zip(frame.content.chunks(columns)) {
        queue!(out, cursor::MoveTo(0, row))?;
        let mut before = None;
        for cell in cells {
            let style = (cell.fg, cell.bg, cell.modifier);
            if before != Some(style) {
                queue!(out, SetAttribute(Attribute::Reset), SetColors(Colors::new(colour(cell.fg), colour(cell.bg))))?;
                for (modifier, attribute) in [
                    (Modifier::BOLD, Attribute::Bold),
                    (Modifier::UNDERLINED, Attribute::Underlined),
                    (Modifier::REVERSED, Attribute::Reverse),
                ] {
                    if cell.modifier.contains(modifier) {
                        queue!(out, SetAttribute(attribute))?;
                    }
                }
                before = Some(style);
            }
            queue!(out, Print(cell.symbol()))?;
        }
    }
    Ok(String::from_utf8(out)?)
}

fn colour(colour: Color) -> TerminalColor {
    match colour {
        Color::Rgb(r, g, b) => TerminalColor::Rgb { r, g, b },
        _ => TerminalColor::Reset,
    }
}
