//! Documents, which a decoder needs as a whole. What is held of one is bounded, whatever the file holds.

use std::io::{self, Read};
use std::str::Utf8Error;

/// The most bytes of a document that are held.
const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;
/// Larger files are not read at all.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// In a document of more than [`MAX_HELD_BYTES`], longer strings are cut to about this: they are pictures and outputs of
/// tools, from which no decoder takes anything.
const MAX_STRING_BYTES: usize = 256 * 1024;
/// How much is read at once where strings are cut.
const BLOCK_BYTES: usize = 256 * 1024;

/// Reads a document of about `size` bytes as UTF-8; bytes that are not are shown as `?`. None: it is too large.
pub(crate) fn read(file: impl Read, size: u64) -> io::Result<Option<Vec<u8>>> {
    let text = if size <= MAX_HELD_BYTES as u64 {
        whole(file, size)?
    } else if size <= MAX_FILE_BYTES {
        with_short_strings(file.take(MAX_FILE_BYTES))?
    } else {
        None
    };
    Ok(text.map(|mut text| {
        replace_invalid(&mut text);
        text
    }))
}

fn whole(file: impl Read, size: u64) -> io::Result<Option<Vec<u8>>> {
    // A byte more than there is: so the end is found without another look for it.
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(MAX_HELD_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok((text.len() <= MAX_HELD_BYTES).then_some(text))
}

fn with_short_strings(mut file: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK_BYTES];
    // Taken at once: a text that grows would take up to three times its size for a moment.
    let mut text = Vec::with_capacity(MAX_HELD_BYTES);
    let mut cut = StringCutter::default();
    loop {
        let read = match file.read(&mut block) {
            Ok(0) => return Ok(Some(text)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        text.extend(block[..read].iter().copied().filter(|&byte| cut.keeps(byte)));
        if text.len() > MAX_HELD_BYTES {
            return Ok(None);
        }
    }
}

/// Says of each byte of a JSON text whether it stays when long strings are cut. What stays is JSON if the text is.
#[derive(Default)]
struct StringCutter {
    place: Place,
    /// Bytes of the string so far.
    length: usize,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Outside,
    InString,
    /// After a backslash.
    InEscape,
    /// In a string of which nothing more stays, and there after a backslash.
    InCut,
    InCutEscape,
}

impl StringCutter {
    fn keeps(&mut self, byte: u8) -> bool {
        let before = self.place;
        self.place = match (before, byte) {
            (Place::Outside, b'"') => {
                self.length = 0;
                Place::InString
            }
            (Place::InString, b'\\') => Place::InEscape,
            (Place::InCut, b'\\') => Place::InCutEscape,
            (Place::InString | Place::InCut, b'"') => Place::Outside,
            // Only here is the byte before neither part of an escape nor of a longer character.
            (Place::InString, b' ' | b'+' | b'/') if self.length >= MAX_STRING_BYTES => Place::InCut,
            (Place::InEscape, _) => Place::InString,
            (Place::InCutEscape, _) => Place::InCut,
            (place, _) => place,
        };
        self.length += 1;
        !matches!(self.place, Place::InCut | Place::InCutEscape)
    }
}

/// Puts `?` for what is not UTF-8. The text keeps its place and length: a copy would take as much memory again.
fn replace_invalid(text: &mut [u8]) {
    let mut valid = 0;
    while let Err(error) = std::str::from_utf8(&text[valid..]) {
        let (start, end) = invalid_range(error, text.len() - valid);
        text[valid + start..valid + end].fill(b'?');
        valid += end;
    }
}

fn invalid_range(error: Utf8Error, length: usize) -> (usize, usize) {
    let start = error.valid_up_to();
    (start, error.error_len().map_or(length, |invalid| start + invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(json: &str) -> String {
        let text = with_short_strings(json.as_bytes()).unwrap().unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn long_strings_are_cut_and_the_rest_stays_as_it_is() {
        let long = "QUJD/".repeat(MAX_STRING_BYTES);
        let json = format!(r#"{{"a":"x \" y","picture":"{long}\n\"","b":[1,"é \u00e9"]}}"#);
        let value: serde_json::Value = serde_json::from_str(&cut(&json)).unwrap();
        assert_eq!((&value["a"], &value["b"][1]), (&"x \" y".into(), &"é é".into()));
        let picture = value["picture"].as_str().unwrap();
        assert!((MAX_STRING_BYTES..MAX_STRING_BYTES + 8).contains(&picture.len()), "{}", picture.len());
        assert!(long.starts_with(picture));
    }

    /// A string of escapes has no place where it can be cut, and so is kept rather than damaged.
    #[test]
    fn no_escape_is_cut_in_two() {
        let json = format!(r#"["{}"]"#, r"\ud83d\ude00".repeat(MAX_STRING_BYTES / 4));
        assert_eq!(cut(&json), json);
        let json = format!(r#"["{} {}","end"]"#, r"\\".repeat(MAX_STRING_BYTES), r"\\".repeat(8));
        let value: Vec<String> = serde_json::from_str(&cut(&json)).unwrap();
        assert_eq!((value[0].len(), value[1].as_str()), (MAX_STRING_BYTES, "end"));
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_and_take_no_others_along() {
        for (bytes, expected) in [
            (&b"[\"a\xFFb\"]"[..], "[\"a?b\"]"),
            (b"[\"\xE2\x82\"]", "[\"??\"]"),
            (b"[\"\xC3\xA9\"]\xE2\x82", "[\"é\"]??"),
        ] {
            let text = read(bytes, bytes.len() as u64).unwrap().unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn more_than_may_be_held_is_refused() {
        assert_eq!(read(io::repeat(b' '), 5).unwrap(), None);
        assert_eq!(read(io::repeat(b' '), MAX_HELD_BYTES as u64 + 1).unwrap(), None);
        assert_eq!(read(io::empty(), u64::MAX).unwrap(), None);
    }
}
