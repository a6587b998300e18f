//! Text in ASCII, for terminals and fonts that have nothing else.

use std::borrow::Cow;

use deunicode::deunicode_char;

/// Which characters an output may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// All.
    #[default]
    Unicode,
    /// Only ASCII; names are transliterated.
    Ascii,
}

/// The characters that agtop itself draws, each with one ASCII character, so that columns stay as wide as they are.
const DRAWN: &[(char, &str)] = &[
    ('●', "*"),
    ('◆', "+"),
    ('◐', "@"),
    ('■', "#"),
    ('○', "o"),
    ('◌', "o"),
    ('✓', "v"),
    ('×', "x"),
    ('⚠', "!"),
    ('·', "-"),
    ('…', "~"),
    ('–', "-"),
    ('›', ">"),
    ('→', ">"),
    ('←', "<"),
    ('▲', "^"),
    ('▼', "v"),
    ('█', "#"),
    ('▓', "*"),
    ('▒', "+"),
    ('░', "."),
    ('▉', "#"),
    ('▊', "#"),
    ('▋', "#"),
    ('▌', "="),
    ('▍', "-"),
    ('▎', "-"),
    ('▏', "-"),
];

/// What stands for a character that has no transliteration.
const UNKNOWN: &str = "?";

/// The text in ASCII: letters and signs of other scripts are transliterated, `données` to `donnees`, `日本` to `Ri Ben`.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match DRAWN.iter().find(|(drawn, _)| *drawn == c) {
            Some((_, replacement)) => plain.push_str(replacement),
            // The variation selectors that follow emoji and signs have no text of their own.
            None if matches!(c, '\u{fe00}'..='\u{fe0f}') => {}
            None => plain.push_str(deunicode_char(c).unwrap_or(UNKNOWN)),
        }
    }
    // Some transliterations end in a blank.
    if !text.ends_with(' ') {
        plain.truncate(plain.trim_end().len());
    }
    Cow::Owned(plain)
}

impl Charset {
    /// The text in this character set.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Unicode => Cow::Borrowed(text),
            Self::Ascii => ascii(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::Status;
    use proptest::prelude::*;

    use super::*;

    /// Names were shown with question marks: `donn?es`.
    #[test]
    fn names_are_transliterated() {
        let cases = [
            ("données-météo", "donnees-meteo"),
            ("größere Änderungen", "grossere Anderungen"),
            ("日本語", "Ri Ben Yu"),
            ("Привет", "Privet"),
            ("shop-api", "shop-api"),
        ];
        for (name, plain) in cases {
            assert_eq!(ascii(name), plain);
        }
    }

    #[test]
    fn what_agtop_draws_keeps_its_width() {
        for (drawn, replacement) in DRAWN {
            assert!(replacement.len() == 1 && replacement.is_ascii(), "{drawn}");
        }
        for glyph in Status::ALL.map(Status::glyph) {
            assert!(ascii(glyph).len() == 1 && ascii(glyph).is_ascii(), "{glyph}");
        }
        assert_eq!(ascii("● working · 3 agents…"), "* working - 3 agents~");
        assert_eq!(ascii(" · "), " - ");
    }

    proptest! {
        #[test]
        fn any_text_becomes_ascii(text in "\\PC{0,40}") {
            prop_assert!(ascii(&text).is_ascii());
        }
    }
}
