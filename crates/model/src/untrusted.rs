use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Text that came from a transcript, a command line or a hook: somebody else wrote it, so it may hold anything.
///
/// It has no `Display` on purpose. A sink says which of its two forms it accepts: [`Self::for_terminal`] or
/// [`Self::raw`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted(Arc<str>);

impl Untrusted {
    /// Wraps text from outside.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Wraps bytes from outside; what is not UTF-8 becomes U+FFFD.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into())
    }

    /// The text as it came: for comparing, and for sinks that encode it themselves, such as JSON.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// The text as one line that no terminal acts on: without control characters, escape sequences (CSI, OSC, DCS and
    /// the rest, with their payload) and bidirectional overrides. Line breaks and tabs become blanks.
    pub fn for_terminal(&self) -> Cow<'_, str> {
        plain(&self.0)
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// The text as one line that no terminal acts on, as [`Untrusted::for_terminal`] has it.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) { Cow::Borrowed(text) } else { Cow::Owned(sanitised(text)) }
}

/// Unicode's bidirectional controls and other invisible formatting that can disguise text (Trojan Source,
/// CVE-2021-42574), besides line and paragraph separators and the byte order mark.
fn is_disguise(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether no terminal acts on the character, and it disguises nothing.
pub fn is_harmless(c: char) -> bool {
    !c.is_control() && !is_disguise(c)
}

/// Drops what a terminal might act on, following the escape sequence grammar of ECMA-48.
fn sanitised(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    // Whether nothing on the rest of the line ends a string: it is looked for once a line, however many begin there.
    let mut is_endless = false;
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\r' | '\t' => {
                is_endless &= c != '\n';
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            '\u{1b}' if begins_string(&mut chars) => is_endless = !skip_string(&mut chars),
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' if !is_endless => {
                is_endless = !skip_string(&mut chars);
            }
            c if is_harmless(c) => clean.push(c),
            _ => {}
        }
    }
    clean
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Whether OSC, DCS, SOS, PM or APC follow the escape character.
fn begins_string(chars: &mut Chars<'_>) -> bool {
    matches!(chars.peek(), Some(']' | 'P' | 'X' | '^' | '_'))
}

fn skip_escape(chars: &mut Chars<'_>) {
    if chars.next_if_eq(&'[').is_some() {
        skip_control_sequence(chars);
    } else {
        while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
        chars.next_if(|c| matches!(c, '0'..='~'));
    }
}

/// CSI: parameters and intermediates, then one final byte.
fn skip_control_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// OSC, DCS, SOS, PM, APC: everything up to the string terminator, BEL, or an escape character. Says whether one of them
/// ends it on its line. If none does, nothing is skipped: without the character that began it, the string is text, and
/// what follows a hostile value in a message is to be read.
fn skip_string(chars: &mut Chars<'_>) -> bool {
    let mut ahead = chars.clone();
    while let Some(c) = ahead.next_if(|&c| c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => {
                *chars = ahead;
                return true;
            }
            '\u{1b}' => {
                ahead.next_if_eq(&'\\');
                *chars = ahead;
                return true;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        Untrusted::new(text).for_terminal().into_owned()
    }

    #[test]
    fn plain_text_is_borrowed_unchanged() {
        let text = Untrusted::new("größe 日本語 🦀");
        assert!(matches!(text.for_terminal(), Cow::Borrowed("größe 日本語 🦀")));
    }

    #[test]
    fn escape_sequences_vanish_with_their_payload() {
        assert_eq!(shown("a\u{1b}[31mred\u{1b}[0mb"), "aredb");
        assert_eq!(shown("a\u{1b}]0;title\u{7}b"), "ab");
        assert_eq!(shown("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b"), "ab");
        assert_eq!(shown("a\u{1b}Pq#0\u{9c}b"), "ab");
        assert_eq!(shown("a\u{1b}(0b\u{1b}cc"), "abc");
        assert_eq!(shown("\u{9b}2Jgone\u{9d}x\u{9c}!"), "gone!");
    }

    #[test]
    fn an_unfinished_sequence_swallows_no_text_after_it() {
        assert_eq!(shown("a\u{1b}]0;never ends\nnext"), "a]0;never ends next");
        assert_eq!(shown("a\u{1b}]0;never ends\nb\u{9d}0;x\u{7}c"), "a]0;never ends bc", "each line by itself");
        assert_eq!(shown("a\u{1b}"), "a");
        assert_eq!(shown("a\u{1b}[12"), "a");
    }

    /// `--client $'cla\e]ude'` printed `unknown client 'cla` and nothing else.
    #[test]
    fn a_string_that_never_ends_leaves_the_message_around_it() {
        for sign in [']', 'P', 'X', '^', '_'] {
            let text = format!("unknown client 'cla\u{1b}{sign}ude'; choose from claude, codex");
            assert_eq!(shown(&text), format!("unknown client 'cla{sign}ude'; choose from claude, codex"));
        }
        for begin in ['\u{90}', '\u{98}', '\u{9d}', '\u{9e}', '\u{9f}'] {
            assert_eq!(shown(&format!("'cla{begin}ude'; choose")), "'claude'; choose");
        }
    }

    /// Each beginning of a string looked for an end through all the text: a megabyte of them would take hours.
    #[test]
    fn strings_that_never_end_are_looked_through_once() {
        assert_eq!(shown(&"\u{9d}".repeat(1_000_000)), "");
    }

    #[test]
    fn bidirectional_overrides_and_invisibles_vanish() {
        assert_eq!(shown("safe\u{202e}txt.exe\u{200b}"), "safetxt.exe");
    }

    #[test]
    fn line_breaks_become_one_blank() {
        assert_eq!(shown("a\r\n\tb"), "a b");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_acts_on_is_left(text in "[\\x00-\\x1f\\x7f-\\u{9f}\\[\\]a-z;0-9 \\\\\u{202e}]{0,40}") {
            let shown = shown(&text);
            prop_assert!(shown.chars().all(is_harmless), "{shown:?}");
        }
    }
}
