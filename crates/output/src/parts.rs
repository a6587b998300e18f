use std::io::{Result, Write};

use agtop_format::text;

use crate::cell::Cell;
use crate::view::View;

/// Writes the parts, separated by ` · `, in lines that fit the view. A part is cut only if it is longer than a line.
pub(crate) fn write_parts(parts: &[Cell], view: &View, out: &mut dyn Write) -> Result<()> {
    let separator = view.charset.text(" · ");
    let columns = view.width.unwrap_or(usize::MAX);
    let mut used = 0;
    for part in parts {
        let part_text = view.charset.text(part.text());
        let shown = text::truncate(&part_text, columns);
        let shown = view.charset.text(&shown);
        let wanted = text::width(&separator) + text::width(&shown);
        if used > 0 && used + wanted <= columns {
            out.write_all(separator.as_bytes())?;
            used += wanted;
        } else {
            out.write_all(if used > 0 { b"\n" } else { b"" })?;
            used = text::width(&shown);
        }
        part.write(&shown, view.colour, out)?;
    }
    out.write_all(b"\n")
}

/// Writes a sentence in lines that fit the view, broken at blanks; a word that is longer than a line stays whole.
///
/// # Errors
/// The errors of `out`.
pub fn write_sentence(sentence: &Cell, view: &View, out: &mut dyn Write) -> Result<()> {
    let text = view.charset.text(sentence.text());
    let columns = view.width.unwrap_or(usize::MAX);
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && text::width(&line) + 1 + text::width(word) > columns {
            sentence.write(&line, view.colour, out)?;
            out.write_all(b"\n")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    sentence.write(&line, view.colour, out)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::view;
    use crate::tone::Tone;

    #[test]
    fn a_line_breaks_between_parts() {
        let parts: Vec<Cell> = ["3 agents", "12M tokens", "$4.21"].map(|part| Cell::new(part, Tone::Text)).into();
        let shown = |width| {
            let mut out = Vec::new();
            write_parts(&parts, &View { width, ..view() }, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(Some(20)), "3 agents\n12M tokens · $4.21\n");
        assert_eq!(shown(None), "3 agents · 12M tokens · $4.21\n");
        assert_eq!(shown(Some(4)), "3 a…\n12M…\n$4.…\n");
    }

    /// On a narrow terminal, "9 sessions on this machine: agtop --list" ended in "agtop --li…".
    #[test]
    fn a_sentence_is_broken_at_blanks_and_never_cut() {
        let sentence = Cell::new("No agent is running: agtop --list", Tone::Text);
        let shown = |width| {
            let mut out = Vec::new();
            write_sentence(&sentence, &View { width, ..view() }, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(Some(20)), "No agent is running:\nagtop --list\n");
        assert_eq!(shown(Some(3)), "No\nagent\nis\nrunning:\nagtop\n--list\n");
        assert_eq!(shown(None), "No agent is running: agtop --list\n");
    }
}
