//! Text in the columns of a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for the rest of a text that was cut.
const ELLIPSIS: char = '…';

/// Columns that `text`, which holds no control characters, takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns` columns: cut between characters, with `…` at the end if anything is missing.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if is_short(text, columns) {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars().take(most_chars(room)) {
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

/// The text with blanks behind it, to `columns` columns.
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{:blanks$}", "", blanks = columns.saturating_sub(width(text)))
}

/// The text with blanks before it, to `columns` columns.
pub fn right(text: &str, columns: usize) -> String {
    format!("{:blanks$}{text}", "", blanks = columns.saturating_sub(width(text)))
}

/// Characters that a text of `columns` columns may have: marks take no column, and a flood of them takes memory.
fn most_chars(columns: usize) -> usize {
    columns.saturating_mul(4).saturating_add(4)
}

fn is_short(text: &str, columns: usize) -> bool {
    width(text) <= columns && text.chars().nth(most_chars(columns)).is_none()
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
    fn cuts_count_columns_not_bytes() {
        assert_eq!(truncate("größere", 5), "größ…");
        assert_eq!(truncate("日本語テキスト", 6), "日本…");
        assert_eq!(truncate("🦀🦀🦀", 4), "🦀…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
    }

    #[test]
    fn a_family_is_not_left_with_a_loose_joiner() {
        assert_eq!(truncate("👩\u{200d}👩\u{200d}👧 and more", 4), "👩…");
    }

    #[test]
    fn a_flood_of_marks_is_cut() {
        let flood = format!("a{}", "\u{301}".repeat(10_000));
        assert!(truncate(&flood, 10).chars().count() < 60);
    }

    proptest! {
        #[test]
        fn a_cut_text_never_takes_more_than_its_room(text in "[a日🦀\u{301}\u{200d}\u{fe0f}☺é ]{0,60}", room in 0..20_usize) {
            prop_assert!(width(&truncate(&text, room)) <= room);
        }
    }
}
