//! Graphs of one row, made of block characters.

use super::scale::whole;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_is_on_the_right() {
        assert_eq!(spark(&[0.0, 50.0, 100.0], 5, None), "  ▁▄█");
        assert_eq!(spark(&[9.0, 0.0, 50.0, 100.0], 2, Some(100.0)), "▄█");
        assert_eq!(spark(&[], 3, None), "   ");
        assert_eq!(spark(&[f64::NAN, f64::INFINITY, -4.0], 3, Some(1.0)), "▁▁▁");
    }
}
