//! Charts of dots: each character has two values next to each other, and four steps of height.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::scale::whole;
use crate::look::{Look, Tone};

/// How the colour of a chart depends on the height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gradient {
    /// High is bad: from good over warning to bad.
    Load,
    /// High is much, and neither good nor bad.
    Amount,
}

/// Values over time, the newest on the right, as an area.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) values: Vec<f64>,
    /// The value at the upper edge.
    pub(crate) top: f64,
    pub(crate) gradient: Gradient,
}

/// Values in a character.
const POINTS_PER_COLUMN: usize = 2;
/// Steps of height in a character.
const DOTS_PER_ROW: usize = 4;
/// The first character of Braille, without a dot.
const NO_DOTS: u32 = 0x2800;
/// The dots of a character from the bottom up, of its left and its right half (Unicode chapter 21.1).
const DOTS: [[u32; DOTS_PER_ROW]; POINTS_PER_COLUMN] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

impl Chart {
    /// How many values so many columns show.
    pub(crate) fn points_in(columns: u16) -> usize {
        usize::from(columns) * POINTS_PER_COLUMN
    }

    pub(crate) fn draw(&self, look: &Look, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let shown = Self::points_in(area.width);
        let missing = shown.saturating_sub(self.values.len());
        let values = self.values.iter().skip(self.values.len().saturating_sub(shown));
        let heights: Vec<Option<usize>> = std::iter::repeat_n(None, missing)
            .chain(values.map(|value| Some(self.height(*value, area.height))))
            .collect();
        for (x, pair) in (area.left()..area.right()).zip(heights.chunks(POINTS_PER_COLUMN)) {
            for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
                let symbol = symbol(pair, row);
                if let (Some(symbol), Some(cell)) = (symbol, buffer.cell_mut((x, y))) {
                    cell.set_char(symbol).set_style(self.style(look, row, area.height));
                }
            }
        }
    }

    /// The height of a value in dots. Any value has at least one, so that the line of time is seen.
    fn height(&self, value: f64, rows: u16) -> usize {
        let most = usize::from(rows) * DOTS_PER_ROW;
        if self.top <= 0.0 || !value.is_finite() {
            return 1.min(most);
        }
        let dots = (value / self.top).clamp(0.0, 1.0) * most as f64;
        usize::try_from(whole(dots.round())).unwrap_or(most).clamp(1.min(most), most)
    }

    fn style(&self, look: &Look, row: usize, rows: u16) -> Style {
        let share = if rows > 1 { row as f64 / f64::from(rows - 1) } else { 0.5 };
        match self.gradient {
            Gradient::Load if share < 0.5 => look.blend(Tone::Good, Tone::Warn, share * 2.0),
            Gradient::Load => look.blend(Tone::Warn, Tone::Bad, share * 2.0 - 1.0),
            Gradient::Amount => look.blend(Tone::Dim, Tone::Accent, 0.35 + 0.65 * share),
        }
    }
}

/// The character of two columns of dots in a row, counted from the bottom; `None` without a dot.
fn symbol(pair: &[Option<usize>], row: usize) -> Option<char> {
    let dots = pair.iter().zip(DOTS).map(|(height, dots)| {
        let in_row = height.unwrap_or(0).saturating_sub(row * DOTS_PER_ROW).min(DOTS_PER_ROW);
        dots.iter().take(in_row).sum::<u32>()
    });
    let dots: u32 = dots.sum();
    char::from_u32(NO_DOTS + dots).filter(|_| dots > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{Charset, ColorDepth, theme};

    fn drawn(values: &[f64], top: f64, columns: u16, rows: u16) -> Vec<String> {
        let look = Look { theme: theme("dark").unwrap(), depth: ColorDepth::True, charset: Charset::Unicode };
        let area = Rect::new(0, 0, columns, rows);
        let mut buffer = Buffer::empty(area);
        Chart { values: values.to_vec(), top, gradient: Gradient::Load }.draw(&look, area, &mut buffer);
        let row = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect();
        buffer.content.chunks(usize::from(columns)).map(row).collect()
    }

    #[test]
    fn a_chart_grows_from_the_bottom_and_the_newest_value_is_on_the_right() {
        assert_eq!(drawn(&[0.0, 50.0, 100.0, 100.0], 100.0, 3, 2), ["  ⣿", " ⣸⣿"]);
        assert_eq!(drawn(&[9.0, 9.0, 100.0, 25.0], 100.0, 1, 1), ["⣇"]);
    }

    #[test]
    fn values_that_cannot_be_drawn_are_a_flat_line() {
        assert_eq!(drawn(&[f64::NAN, f64::INFINITY, -4.0, 0.0], 0.0, 2, 1), ["⣀⣀"]);
        assert_eq!(drawn(&[], 1.0, 2, 1), ["  "]);
        let mut nothing = Buffer::empty(Rect::default());
        let look = Look { theme: theme("dark").unwrap(), depth: ColorDepth::True, charset: Charset::Unicode };
        Chart { values: vec![1.0], top: 1.0, gradient: Gradient::Load }.draw(&look, Rect::default(), &mut nothing);
    }

    #[test]
    fn the_colour_follows_the_height() {
        let look = Look { theme: theme("dark").unwrap(), depth: ColorDepth::True, charset: Charset::Unicode };
        let chart = Chart { values: vec![1.0; 2], top: 1.0, gradient: Gradient::Load };
        let styles = [0, 2, 4].map(|row| chart.style(&look, row, 5).fg);
        let tones = [Tone::Good, Tone::Warn, Tone::Bad].map(|tone| look.style(tone).fg);
        assert_eq!(styles, tones);
    }
}
