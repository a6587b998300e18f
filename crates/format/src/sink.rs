//! How untrusted text leaves agtop. Every output uses one of these forms, and no other code escapes.
//!
//! | output | form |
//! |---|---|
//! | cells of tables and of the screen, CSV, Markdown, clipboard, notifications, variables of commands, log records | [`plain`] |
//! | messages on standard error | [`message`] |
//! | text on standard output that is not made of cells | [`LineSanitizer`] |
//! | JSON, wherever it goes | [`json`], [`JsonEscaper`] |
//! | TOML and JSON that users keep, printed for a pipe | [`escaped`] |

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Result, Write};

pub use agtop_model::{is_harmless, plain};
use serde::Serialize;

use crate::ascii::Charset;

/// A longer line is written in pieces.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// A message that may have several lines. Those after the first are indented, so that no line looks like another message.
pub fn message(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n  ")
}

/// The value as JSON in one line; empty if the value has no JSON form, such as a map whose keys are no strings.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).map(|text| escaped(&text).into_owned()).unwrap_or_default()
}

/// JSON (or TOML) of the same value without control characters: they become `\uXXXX`. Line breaks and tabs stay.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_layout_or_harmless) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_layout_or_harmless(c) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(escaped)
}

fn is_layout_or_harmless(c: char) -> bool {
    is_harmless(c) || matches!(c, '\n' | '\r' | '\t')
}

/// A writer that writes JSON in the form of [`escaped`].
pub struct JsonEscaper<W> {
    out: W,
    /// The first bytes of a character whose other bytes are not written yet.
    partial_char: Vec<u8>,
}

impl<W: Write> JsonEscaper<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        Self { out, partial_char: Vec::new() }
    }
}

impl<W: Write> Write for JsonEscaper<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
        if self.partial_char.is_empty() && bytes.iter().all(is_plain) {
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let mut text = std::mem::take(&mut self.partial_char);
        text.extend_from_slice(bytes);
        let whole = text.len() - partial_char_bytes(&text);
        self.partial_char = text.split_off(whole);
        self.out.write_all(escaped(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// The number of bytes at the end that are the beginning of a character.
fn partial_char_bytes(bytes: &[u8]) -> usize {
    match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        // After bytes that are not UTF-8, the next call begins with a whole character again.
        Ok(_) | Err(_) => 0,
    }
}

/// The ends of the pieces that [`LineSanitizer`] writes.
const PIECE_ENDS: [&[u8]; 3] = [b"\r\n", b"\n", b"\t"];

/// A writer that writes text line by line without control characters. Tabs stay.
pub struct LineSanitizer<W: Write> {
    out: W,
    line: Vec<u8>,
    charset: Charset,
}

impl<W: Write> LineSanitizer<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new(), charset: Charset::Unicode }
    }

    /// The writer of text in this character set.
    #[must_use]
    pub fn with_charset(self, charset: Charset) -> Self {
        // A struct with a destructor cannot be taken apart.
        let mut changed = self;
        changed.charset = charset;
        changed
    }

    /// Writes the buffered text, with the tab or the line end at its end.
    fn write_line(&mut self) -> Result<()> {
        let line = std::mem::take(&mut self.line);
        let end = PIECE_ENDS.iter().find(|end| line.ends_with(end)).copied().unwrap_or_default();
        let text = line.strip_suffix(end).unwrap_or(&line);
        self.out.write_all(self.charset.text(&plain(&String::from_utf8_lossy(text))).as_bytes())?;
        self.out.write_all(end)
    }

    /// Writes the buffered part of a long line, without the partial character at its end.
    fn write_piece(&mut self) -> Result<()> {
        let rest = self.line.split_off(self.line.len() - partial_char_bytes(&self.line));
        self.write_line()?;
        self.line = rest;
        Ok(())
    }
}

impl<W: Write> Write for LineSanitizer<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\t')) {
            self.line.extend_from_slice(piece);
            if PIECE_ENDS.iter().any(|end| piece.ends_with(end)) {
                self.write_line()?;
            } else if self.line.len() >= MAX_LINE_BYTES {
                self.write_piece()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.write_line()?;
        self.out.flush()
    }
}

impl<W: Write> Drop for LineSanitizer<W> {
    fn drop(&mut self) {
        // A text that cannot be written is lost, as with any buffered writer.
        let _ = self.write_line();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{9b}2Jc\u{7f}d\u{202e}e\u{e0041}f\u{85}";

    #[test]
    fn escaped_json_has_the_same_value() {
        let text = json(&[HOSTILE]);
        assert!(text.chars().all(is_harmless), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [HOSTILE]);
    }

    #[test]
    fn a_character_that_is_written_in_pieces_is_joined() {
        let whole = serde_json::to_string(&[HOSTILE, "größe\u{1f980}"]).unwrap();
        for size in 1..5 {
            let mut out = Vec::new();
            let mut sink = JsonEscaper::new(&mut out);
            whole.as_bytes().chunks(size).for_each(|piece| sink.write_all(piece).unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), escaped(&whole), "in pieces of {size}");
        }
    }

    #[test]
    fn of_control_characters_only_line_ends_and_tabs_stay() {
        for size in [1, 3, 1000] {
            let mut out = Vec::new();
            let mut sink = LineSanitizer::new(&mut out);
            let text = format!("one\t{HOSTILE}\ntwo\r\nthree");
            text.as_bytes().chunks(size).for_each(|piece| sink.write_all(piece).unwrap());
            drop(sink);
            assert_eq!(String::from_utf8(out).unwrap(), "one\tabcdef\ntwo\r\nthree", "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_end_is_written_in_whole_characters() {
        let mut out = Vec::new();
        let mut sink = LineSanitizer::new(&mut out);
        let text = "日".repeat(MAX_LINE_BYTES);
        text.as_bytes().chunks(1000).for_each(|piece| sink.write_all(piece).unwrap());
        assert!(sink.line.len() < MAX_LINE_BYTES);
        drop(sink);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn no_line_of_a_message_looks_like_another_message() {
        assert_eq!(message("bad 'x\u{1b}[31m\nagtop: all is well'"), "bad 'x\n  agtop: all is well'");
    }
}
