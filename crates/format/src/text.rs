//! Text in the columns of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The end of a cut text.
const ELLIPSIS: char = '…';

/// The width of `text`, which has no control characters, in terminal columns.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns` columns: cut between characters, with `…` at the end if it is cut.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if fits(text, columns) {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars().take(max_chars(room)) {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        cut.push(c);
    }
    // A variation selector can widen the character before it, and a joiner without its second half joins the ellipsis.
    while width(&cut) > room || cut.ends_with('\u{200d}') {
        cut.pop();
    }
    cut.push(ELLIPSIS);
    Cow::Owned(cut)
}

/// The text, padded with blanks on the right to `columns` columns.
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{:blanks$}", "", blanks = columns.saturating_sub(width(text)))
}

/// The text, padded with blanks on the left to `columns` columns.
pub fn right(text: &str, columns: usize) -> String {
    format!("{:blanks$}{text}", "", blanks = columns.saturating_sub(width(text)))
}

/// The largest number of characters in `columns` columns. Combining marks have no width, so the width alone does not
/// limit the memory.
fn max_chars(columns: usize) -> usize {
    columns.saturating_mul(4).saturating_add(4)
}

fn fits(text: &str, columns: usize) -> bool {
    width(text) <= columns && text.chars().nth(max_chars(columns)).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_fits_is_borrowed() {
        assert!(matches!(truncate("日本語", 6), Cow::Borrowed("日本語")));
    }

    #[test]
    fn a_text_is_cut_by_columns_and_not_by_bytes() {
        assert_eq!(truncate("größere", 5), "größ…");
        assert_eq!(truncate("日本語テキスト", 6), "日本…");
        assert_eq!(truncate("🦀🦀🦀", 4), "🦀…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
    }

    #[test]
    fn a_cut_text_does_not_end_in_a_joiner() {
        assert_eq!(truncate("👩\u{200d}👩\u{200d}👧 and more", 4), "👩…");
    }

    #[test]
    fn many_combining_marks_are_cut() {
        let flood = format!("a{}", "\u{301}".repeat(10_000));
        assert!(truncate(&flood, 10).chars().count() < 60);
    }

    proptest! {
        #[test]
        fn a_cut_text_fits_its_columns(text in "[a日🦀\u{301}\u{200d}\u{fe0f}☺é ]{0,60}", room in 0..20_usize) {
            prop_assert!(width(&truncate(&text, room)) <= room);
        }
    }
}
