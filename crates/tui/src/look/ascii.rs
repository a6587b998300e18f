use ratatui::buffer::Buffer;

/// The ASCII characters that replace those that agtop draws.
const ASCII_REPLACEMENTS: &[(&str, &str)] = &[
    ("●", "*"),
    ("○", "o"),
    ("◆", "&"),
    ("◐", "+"),
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

/// What replaces a character of Braille, by its number of dots.
const DOT_REPLACEMENTS: [&str; 9] = [" ", ".", ".", ".", ":", ":", "|", "|", "#"];

/// How many dots a character of Braille has.
fn dots_in(symbol: &str) -> Option<u32> {
    let code = u32::from(symbol.chars().next()?);
    (0x2800..=0x28ff).contains(&code).then(|| (code & 0xff).count_ones())
}

/// Replaces all characters that are not ASCII; one without a replacement becomes `?`.
pub(crate) fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        if let Some(dots) = dots_in(cell.symbol()) {
            let at = usize::try_from(dots).unwrap_or_default();
            cell.set_symbol(DOT_REPLACEMENTS.get(at).copied().unwrap_or("#"));
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
    fn only_ascii_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 11, 1));
        buffer.set_string(0, 0, "● é 日本 ok", Style::new());
        in_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(text, "* ? ? ?  ok");
    }
}
