//! How text that others wrote leaves agtop. Every sink takes one of these forms, and there is no other place that escapes.
//!
//! | sink | form |
//! |---|---|
//! | cells of tables and of the screen, CSV, Markdown, clipboard, notifications, variables of commands, records of the log | [`plain`] |
//! | messages on standard error | [`message`] |
//! | text on standard output that is not made of cells | [`Lines`] |
//! | JSON, wherever it goes | [`json`], [`Escaped`] |
//! | TOML and JSON that users keep, printed for a pipe | [`escaped`] |

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Result, Write};

pub use agtop_model::{is_harmless, plain};
use serde::Serialize;

/// Longer lines are passed on in pieces.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// A message that may have several lines. Those after the first are indented, so that none passes for another message.
pub fn message(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n  ")
}

/// The value as JSON in one line. It is empty if the value cannot be written, as a map whose keys are no strings.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).map(|text| escaped(&text).into_owned()).unwrap_or_default()
}

/// JSON (or TOML) that says the same without a character that a terminal acts on: they become `\uXXXX`. Line breaks and
/// tabs, which lay it out, stay.
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

/// Takes JSON, and passes it on as [`escaped`] has it.
pub struct Escaped<W> {
    out: W,
    /// The beginning of a character whose end has not come.
    begun: Vec<u8>,
}

impl<W: Write> Escaped<W> {
    /// Passes on to `out`.
    pub fn new(out: W) -> Self {
        Self { out, begun: Vec::new() }
    }
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
        if self.begun.is_empty() && bytes.iter().all(is_plain) {
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let mut text = std::mem::take(&mut self.begun);
        text.extend_from_slice(bytes);
        let whole = text.len() - unfinished(&text);
        self.begun = text.split_off(whole);
        self.out.write_all(escaped(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// How many bytes at the end begin a character that they do not finish.
fn unfinished(bytes: &[u8]) -> usize {
    match str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        // Behind bytes that are no text, the next call begins with text again.
        Ok(_) | Err(_) => 0,
    }
}

/// What ends a piece of text that [`Lines`] passes on.
const ENDS: [&[u8]; 3] = [b"\r\n", b"\n", b"\t"];

/// Takes text, and passes it on line by line without what a terminal acts on. Tabs stay.
pub struct Lines<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Lines<W> {
    /// Passes on to `out`.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }

    /// Passes on what has come, with the tab or the end of a line that it ends with.
    fn pass_on(&mut self) -> Result<()> {
        let line = std::mem::take(&mut self.line);
        let end = ENDS.iter().find(|end| line.ends_with(end)).copied().unwrap_or_default();
        let text = line.strip_suffix(end).unwrap_or(&line);
        self.out.write_all(plain(&String::from_utf8_lossy(text)).as_bytes())?;
        self.out.write_all(end)
    }

    /// Passes on what has come of a line that is too long, but for a character that is still to be finished.
    fn pass_on_piece(&mut self) -> Result<()> {
        let rest = self.line.split_off(self.line.len() - unfinished(&self.line));
        self.pass_on()?;
        self.line = rest;
        Ok(())
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\t')) {
            self.line.extend_from_slice(piece);
            if ENDS.iter().any(|end| piece.ends_with(end)) {
                self.pass_on()?;
            } else if self.line.len() >= MAX_LINE_BYTES {
                self.pass_on_piece()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.pass_on()?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Lines<W> {
    fn drop(&mut self) {
        // What cannot be written is lost, as with any writer that buffers.
        let _ = self.pass_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{9b}2Jc\u{7f}d\u{202e}e\u{e0041}f\u{85}";

    #[test]
    fn escaped_json_says_the_same() {
        let text = json(&[HOSTILE]);
        assert!(text.chars().all(is_harmless), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [HOSTILE]);
    }

    #[test]
    fn pieces_of_characters_are_put_together() {
        let whole = serde_json::to_string(&[HOSTILE, "größe\u{1f980}"]).unwrap();
        for size in 1..5 {
            let mut out = Vec::new();
            let mut sink = Escaped::new(&mut out);
            whole.as_bytes().chunks(size).for_each(|piece| sink.write_all(piece).unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), escaped(&whole), "in pieces of {size}");
        }
    }

    #[test]
    fn lines_keep_their_ends_and_tabs_and_nothing_else() {
        for size in [1, 3, 1000] {
            let mut out = Vec::new();
            let mut sink = Lines::new(&mut out);
            let text = format!("one\t{HOSTILE}\ntwo\r\nthree");
            text.as_bytes().chunks(size).for_each(|piece| sink.write_all(piece).unwrap());
            drop(sink);
            assert_eq!(String::from_utf8(out).unwrap(), "one\tabcdef\ntwo\r\nthree", "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_end_is_passed_on_in_whole_characters() {
        let mut out = Vec::new();
        let mut sink = Lines::new(&mut out);
        let text = "日".repeat(MAX_LINE_BYTES);
        text.as_bytes().chunks(1000).for_each(|piece| sink.write_all(piece).unwrap());
        assert!(sink.line.len() < MAX_LINE_BYTES);
        drop(sink);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn no_line_of_a_message_passes_for_another_message() {
        assert_eq!(message("bad 'x\u{1b}[31m\nagtop: all is well'"), "bad 'x\n  agtop: all is well'");
    }
}
