use ratatui::style::Color;

use super::Rgb;

/// The number of colours of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// None, or colours are turned off.
    None,
    /// The 16 colours that every terminal has.
    Ansi16,
    /// The 256 of xterm.
    Indexed,
    /// All.
    #[default]
    True,
}

/// The steps of each primary in xterm's cube of colours 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl ColorDepth {
    /// The colour nearest to `rgb` that can be shown.
    pub(crate) fn colour(self, rgb: Rgb) -> Color {
        let Rgb(r, g, b) = rgb;
        match self {
            Self::True => Color::Rgb(r, g, b),
            _ => Color::Indexed(nearest(rgb)),
        }
    }
}

/// The nearest colour of xterm's cube and its 24 greys (232 to 255).
fn nearest(rgb: Rgb) -> u8 {
    let Rgb(r, g, b) = rgb;
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let at = |i: u8| CUBE.get(usize::from(i)).copied().unwrap_or(u8::MAX);
    let in_cube = Rgb(at(ri), at(gi), at(bi));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey_step = u8::try_from(mean.saturating_sub(3) / 10).unwrap_or(23).min(23);
    let level = 8 + 10 * grey_step;
    if distance(rgb, Rgb(level, level, level)) < distance(rgb, in_cube) {
        232 + grey_step
    } else {
        16 + 36 * ri + 6 * gi + bi
    }
}

fn step(value: u8) -> u8 {
    let nearest = (0_u8..).zip(CUBE).min_by_key(|(_, level)| level.abs_diff(value));
    nearest.map_or(0, |(at, _)| at)
}

fn distance(one: Rgb, other: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(one.0, other.0) + square(one.1, other.1) + square(one.2, other.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_the_cube_and_greys_are_found() {
        let cases = [
            (Rgb(0, 0, 0), 16),
            (Rgb(255, 255, 255), 231),
            (Rgb(255, 0, 0), 196),
            (Rgb(95, 135, 175), 67),
            (Rgb(128, 128, 128), 244),
            (Rgb(8, 8, 8), 232),
        ];
        for (rgb, index) in cases {
            assert_eq!(ColorDepth::Indexed.colour(rgb), Color::Indexed(index), "{rgb:?}");
        }
    }
}
