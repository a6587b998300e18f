use ratatui::buffer::Buffer;

/// What stands for the characters that agtop draws with, where a terminal has ASCII only.
const ASCII_REPLACEMENTS: &[(&str, &str)] = &[
    ("●", "*"),
    ("○", "o"),
    ("◌", "o"),
    ("✓", "v"),
    ("×", "x"),
    ("·", "."),
    ("…", "~"),
    ("─", "-"),
    ("│", "|"),
    ("╭", "+"),
    ("╮", "+"),
    ("╰", "+"),
    ("╯", "+"),
    ("├", "|"),
    ("└", "`"),
    ("▌", "|"),
    ("█", "#"),
    ("▓", "#"),
    ("▒", "+"),
    ("░", "."),
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
    ("▋", "#"),
    ("▊", "#"),
    ("▉", "#"),
    ("▲", "^"),
    ("▼", "v"),
    ("▾", "v"),
    ("▸", ">"),
    ("›", ">"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("↻", "@"),
    ("≈", "~"),
    ("⇢", "}"),
    ("■", "#"),
    ("×", "x"),
    ("–", "-"),
    ("∑", "S"),
    ("⏸", "="),
    ("≥", ">"),
];

/// Leaves nothing in the buffer but ASCII: what has no stand-in becomes `?`.
pub(crate) fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let stand_in = ASCII_REPLACEMENTS.iter().find(|(drawn, _)| *drawn == cell.symbol());
        cell.set_symbol(stand_in.map_or("?", |(_, ascii)| ascii));
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 11, 1));
        buffer.set_string(0, 0, "● é 日本 ok", Style::new());
        in_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "* ? ? ?  ok");
    }
}
