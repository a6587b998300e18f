use agtop_format::{ascii, text};
use ratatui::buffer::Buffer;

/// The ASCII characters that replace those that the screen alone draws, or that other outputs replace otherwise.
const ASCII_REPLACEMENTS: &[(&str, &str)] = &[
    ("◆", "&"),
    ("◐", "+"),
    ("·", "."),
    ("─", "-"),
    ("│", "|"),
    ("╭", "+"),
    ("╮", "+"),
    ("╰", "+"),
    ("╯", "+"),
    ("├", "|"),
    ("└", "`"),
    ("▌", "|"),
    ("▓", "#"),
    ("━", "="),
    ("▁", "_"),
    ("▂", "_"),
    ("▃", "-"),
    ("▄", "-"),
    ("▅", "="),
    ("▆", "="),
    ("▇", "#"),
    ("▏", "|"),
    ("▎", "|"),
    ("▍", "|"),
    ("▾", "v"),
    ("▸", ">"),
    ("↑", "^"),
    ("↓", "v"),
    ("↻", "@"),
    ("≈", "~"),
    ("⇢", "}"),
    ("∑", "S"),
    ("⏸", "="),
    ("≥", ">"),
];

/// What replaces a character of Braille, by its number of dots.
const DOT_REPLACEMENTS: [&str; 9] = [" ", ".", ".", ".", ":", ":", "|", "|", "#"];

/// How many dots a character of Braille has.
fn dots_in(symbol: &str) -> Option<u32> {
    let code = u32::from(symbol.chars().next()?);
    (0x2800..=0x28ff).contains(&code).then(|| (code & 0xff).count_ones())
}

/// Replaces all characters that are not ASCII. Names are transliterated, in the columns that they had.
pub(crate) fn in_ascii(buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width).max(1);
    for at in 0..buffer.content.len() {
        let Some(cell) = buffer.content.get_mut(at) else { return };
        if cell.symbol().is_ascii() {
            continue;
        }
        if let Some(dots) = dots_in(cell.symbol()) {
            let dots = usize::try_from(dots).unwrap_or_default();
            cell.set_symbol(DOT_REPLACEMENTS.get(dots).copied().unwrap_or("#"));
            continue;
        }
        if let Some((_, ascii)) = ASCII_REPLACEMENTS.iter().find(|(drawn, _)| *drawn == cell.symbol()) {
            cell.set_symbol(ascii);
            continue;
        }
        let is_wide = text::width(cell.symbol()) > 1;
        let letters = ascii(cell.symbol()).into_owned();
        let mut letters = letters.chars();
        cell.set_char(letters.next().unwrap_or('?'));
        // The second half of a wide character is an empty cell.
        if is_wide
            && (at + 1) % width > 0
            && let Some(next) = buffer.content.get_mut(at + 1)
        {
            next.set_char(letters.next().unwrap_or(' '));
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn only_ascii_is_left_and_names_are_transliterated() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 11, 1));
        buffer.set_string(0, 0, "● é 日本 ok", Style::new());
        in_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "* e RiBe ok");
    }
}
