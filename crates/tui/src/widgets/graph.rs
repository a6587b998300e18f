//! Graphs made of block characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::scale::{cols, whole};
use crate::look::{Look, Tone};

/// Blocks of rising height.
const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The last values as a line of blocks, `columns` wide, the newest on the right. The highest block represents `top`, or
/// for the largest value if there is no top.
pub(crate) fn spark(values: &[f64], columns: usize, top: Option<f64>) -> String {
    let shown = values.get(values.len().saturating_sub(columns)..).unwrap_or_default();
    let top = top.unwrap_or_else(|| highest(shown));
    let blanks = " ".repeat(columns.saturating_sub(shown.len()));
    let blocks = shown.iter().map(|value| block(eighths(*value, top, 1).max(1)));
    blanks + &blocks.collect::<String>()
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}

fn block(height: usize) -> &'static str {
    BLOCKS.get(height).copied().unwrap_or("█")
}

/// The height of a value in eighths of a row.
fn eighths(value: f64, top: f64, rows: usize) -> usize {
    if top <= 0.0 || !value.is_finite() {
        return 0;
    }
    let most = rows * 8;
    usize::try_from(whole((value / top).clamp(0.0, 1.0) * most as f64)).unwrap_or(most)
}

/// The last values as a graph that fills an area, the newest on the right.
pub(crate) fn graph(buffer: &mut Buffer, area: Rect, look: &Look, values: &[f64], top: Option<f64>) {
    let area = area.intersection(buffer.area);
    let columns = usize::from(area.width);
    let shown = values.get(values.len().saturating_sub(columns)..).unwrap_or_default();
    let top = top.unwrap_or_else(|| highest(shown));
    let rows = usize::from(area.height);
    let left = area.right() - cols(shown.len()).min(area.width);
    let (line, body) = (look.style(Tone::Accent), look.style(Tone::Faint));
    for (x, value) in (left..).zip(shown) {
        let height = eighths(*value, top, rows).max(usize::from(rows > 0));
        for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
            let part = height.saturating_sub(row * 8).min(8);
            if part > 0
                && let Some(cell) = buffer.cell_mut((x, y))
            {
                let is_top = height <= (row + 1) * 8;
                cell.set_symbol(block(part)).set_style(if is_top { line } else { body });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::{Charset, ColorDepth, theme};

    #[test]
    fn the_newest_value_is_on_the_right() {
        assert_eq!(spark(&[0.0, 50.0, 100.0], 5, None), "  ▁▄█");
        assert_eq!(spark(&[9.0, 0.0, 50.0, 100.0], 2, Some(100.0)), "▄█");
        assert_eq!(spark(&[], 3, None), "   ");
        assert_eq!(spark(&[f64::NAN, f64::INFINITY, -4.0], 3, Some(1.0)), "▁▁▁");
    }

    #[test]
    fn a_graph_is_drawn_from_the_bottom() {
        let look = Look { theme: theme("dark").unwrap(), depth: ColorDepth::None, charset: Charset::Unicode };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 2));
        graph(&mut buffer, Rect::new(0, 0, 3, 2), &look, &[25.0, 50.0, 100.0], Some(100.0));
        let rows: Vec<String> =
            buffer.content.chunks(3).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect();
        assert_eq!(rows, ["  █", "▄██"]);
    }
}
