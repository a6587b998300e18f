use std::io::{Result, Write};

use agtop_format::text;

use crate::cell::Cell;
use crate::view::View;

/// Writes the parts, separated by ` · `, in lines that fit the view. A part is cut only if it is longer than a line.
///
/// # Errors
/// The errors of `out`.
pub fn write_parts(parts: &[Cell], view: &View, out: &mut dyn Write) -> Result<()> {
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
}
