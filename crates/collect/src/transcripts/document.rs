//! Documents, which a decoder needs as a whole. What is held of one is bounded, whatever the file holds.

use std::io::{self, Read};
use std::str::Utf8Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Larger files are not read.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// The most bytes of a document that are held.
const MAX_HELD_BYTES: u64 = 64 * 1024 * 1024;
/// Up to this size, documents are taken as they are.
const MAX_WHOLE_BYTES: u64 = 16 * 1024 * 1024;
/// Longer strings of a larger document are cut to this: the parser's error holds a string of the wrong type, twice.
const MAX_STRING_BYTES: usize = 4 * 1024 * 1024;
/// The same where a document is larger than may be held. Most of it is then pictures and outputs of tools, from which
/// no decoder takes anything.
const MAX_STRING_BYTES_IF_LARGE: usize = 256 * 1024;
/// How much is read at once where strings are cut.
const BLOCK_BYTES: usize = 256 * 1024;

static LARGE: Mutex<()> = Mutex::new(());

/// Files are read by several threads: of large documents, one at a time is held. To be kept until it is decoded.
pub(crate) fn turn(size: u64) -> Option<MutexGuard<'static, ()>> {
    (size > MAX_WHOLE_BYTES).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Reads a document of about `size` bytes as UTF-8; bytes that are not become `?`. None: it is too large.
pub(crate) fn read(file: impl Read, size: u64) -> io::Result<Option<Vec<u8>>> {
    let file = file.take(MAX_FILE_BYTES);
    let mut text = if size <= MAX_WHOLE_BYTES {
        whole(file, size)?
    } else if size <= MAX_HELD_BYTES {
        with_short_strings(file, MAX_STRING_BYTES)?
    } else if size <= MAX_FILE_BYTES {
        with_short_strings(file, MAX_STRING_BYTES_IF_LARGE)?
    } else {
        None
    };
    if let Some(text) = &mut text {
        replace_invalid(text);
    }
    Ok(text)
}

fn whole(file: impl Read, size: u64) -> io::Result<Option<Vec<u8>>> {
    // A byte more than there is: so the end is found without another look for it.
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(MAX_HELD_BYTES + 1).read_to_end(&mut text)?;
    Ok((text.len() as u64 <= MAX_HELD_BYTES).then_some(text))
}

fn with_short_strings(mut file: impl Read, max_string_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK_BYTES];
    // Taken at once: a text that grows would take up to three times its size for a moment.
    let mut text = Vec::with_capacity(usize::try_from(MAX_HELD_BYTES).unwrap_or_default());
    let mut cutter = StringCutter { place: Place::Outside, length: 0, max: max_string_bytes };
    loop {
        let read = match file.read(&mut block) {
            Ok(0) => return Ok(Some(text)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        text.extend(block[..read].iter().copied().filter(|&byte| cutter.keeps(byte)));
        if text.len() as u64 > MAX_HELD_BYTES {
            return Ok(None);
        }
    }
}

/// Says of each byte of a JSON text whether it stays when long strings are cut. What stays is JSON if the text is.
struct StringCutter {
    place: Place,
    /// Bytes of the string so far, and the most that stay.
    length: usize,
    max: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    InString,
    /// After a backslash.
    InEscape,
    /// At the first digit of `\uXXXX`, at the second after a `d`, and before so many more.
    AtDigits,
    AfterD,
    InDigits(u8),
    /// The same in the first half of a surrogate pair, and after it.
    InHighDigits(u8),
    AfterHigh,
    /// In a string of which nothing more stays, and there after a backslash.
    InCut,
    InCutEscape,
}

impl StringCutter {
    fn keeps(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::Outside, b'"') => {
                self.length = 0;
                Place::InString
            }
            (Place::InString | Place::AfterHigh | Place::InCut, b'"') => Place::Outside,
            (Place::InCut, b'\\') => Place::InCutEscape,
            (Place::InString, b'\\') if self.length >= self.max => Place::InCutEscape,
            (Place::InString | Place::AfterHigh, b'\\') => Place::InEscape,
            // A continuation byte belongs to the character before it.
            (Place::InString | Place::AfterHigh, 0..0x80 | 0xC0..) if self.length >= self.max => Place::InCut,
            (Place::InEscape, b'u') => Place::AtDigits,
            (Place::AtDigits, b'd' | b'D') => Place::AfterD,
            (Place::AtDigits, _) => Place::InDigits(3),
            (Place::AfterD, b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B') => Place::InHighDigits(2),
            (Place::AfterD, _) => Place::InDigits(2),
            (Place::InDigits(left), _) if left > 1 => Place::InDigits(left - 1),
            (Place::InHighDigits(left), _) if left > 1 => Place::InHighDigits(left - 1),
            (Place::InHighDigits(_), _) => Place::AfterHigh,
            (Place::InEscape | Place::InDigits(_) | Place::AfterHigh, _) => Place::InString,
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

    const MAX: usize = 1000;

    fn cut(json: &str) -> String {
        let text = with_short_strings(json.as_bytes(), MAX).unwrap().unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn long_strings_are_cut_and_the_rest_stays_as_it_is() {
        for long in ["QUJD", "é", "日", "?!"].map(|text| text.repeat(MAX)) {
            let json = format!(r#"{{"a":"x \" y","picture":"{long}\n\"","b":[1,"é \u00e9"]}}"#);
            let value: serde_json::Value = serde_json::from_str(&cut(&json)).unwrap();
            assert_eq!((&value["a"], &value["b"][1]), (&"x \" y".into(), &"é é".into()));
            let picture = value["picture"].as_str().unwrap();
            assert!((MAX - 4..MAX + 4).contains(&picture.len()), "{}", picture.len());
            assert!(long.starts_with(picture));
        }
    }

    /// A pair of escapes stands for one character: half of one is no JSON.
    #[test]
    fn no_escape_is_cut_in_two() {
        for (escape, before) in [(r"\ud83d\ude00", 0..12), (r"\\", 0..2), (r"\u00e9", 0..6), (r"\n", 0..2)] {
            for before in before {
                let json = format!(r#"["{}{}","end"]"#, "x".repeat(before), escape.repeat(MAX));
                let cut = cut(&json);
                let value: Vec<String> = serde_json::from_str(&cut).unwrap();
                assert_eq!(value[1], "end", "{escape} after {before}");
                assert!((MAX..MAX + 30).contains(&cut.len()), "{escape} after {before}: {}", cut.len());
            }
        }
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

    /// Two threads that read a document of 60 MB each took 161 MB.
    #[test]
    fn one_large_document_is_held_at_a_time() {
        let small = turn(MAX_WHOLE_BYTES);
        let large = turn(MAX_WHOLE_BYTES + 1);
        assert_eq!((small.is_some(), large.is_some(), LARGE.try_lock().is_ok()), (false, true, false));
        drop(large);
        assert!(LARGE.try_lock().is_ok());
    }

    #[test]
    fn more_than_may_be_held_is_refused() {
        assert_eq!(read(io::repeat(b' '), 5).unwrap(), None);
        assert_eq!(read(io::repeat(b' '), MAX_HELD_BYTES + 1).unwrap(), None);
        assert_eq!(read(io::empty(), u64::MAX).unwrap(), None);
    }
}
