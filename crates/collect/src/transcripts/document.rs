//! Documents, which a decoder needs as a whole. The memory that one takes is bounded, whatever the file contains.

use std::io::{self, Read};
use std::str::Utf8Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Larger files are not read.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// Bytes of a document that are held in memory, at most.
const MAX_HELD_BYTES: u64 = 64 * 1024 * 1024;
/// Documents up to this size are read unchanged.
const MAX_WHOLE_BYTES: u64 = 16 * 1024 * 1024;
/// Strings of a larger document are cut to this length: if a string has the wrong type, the parser's error holds it
/// twice.
const MAX_STRING_BYTES: usize = 4 * 1024 * 1024;
/// The same for a document that is larger than may be held. It consists mostly of pictures and tool outputs, which no
/// decoder uses.
const MAX_STRING_BYTES_IF_LARGE: usize = 256 * 1024;
/// How much is read at once while strings are cut.
const BLOCK_BYTES: usize = 256 * 1024;

static LARGE: Mutex<()> = Mutex::new(());

/// Several threads read files, but only one large document is held at a time. The caller keeps the guard until the
/// document is decoded.
pub(crate) fn lock_if_large(size: u64) -> Option<MutexGuard<'static, ()>> {
    (size > MAX_WHOLE_BYTES).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Reads a document of about `size` bytes. Bytes that are not UTF-8 become `?`. `None` if it is too large.
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
    // One byte more than the file has, so that the last read finds the end without growing the buffer.
    let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    file.take(MAX_HELD_BYTES + 1).read_to_end(&mut text)?;
    Ok((text.len() as u64 <= MAX_HELD_BYTES).then_some(text))
}

fn with_short_strings(mut file: impl Read, max_string_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK_BYTES];
    // Allocated at once: a growing buffer takes up to three times its size while it is copied.
    let mut text = Vec::with_capacity(usize::try_from(MAX_HELD_BYTES).unwrap_or_default());
    let mut cutter = StringCutter { state: CutState::Outside, length: 0, max: max_string_bytes };
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

/// Decides for each byte of a JSON text whether it stays when long strings are cut. What stays is valid JSON if the text
/// is.
struct StringCutter {
    state: CutState,
    /// Bytes of the string so far, and how many may stay.
    length: usize,
    max: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum CutState {
    Outside,
    InString,
    /// After a backslash.
    InEscape,
    /// Before the first digit of `\uXXXX`; before the second, after a first `d`; before the last so many.
    AtDigits,
    AfterD,
    InDigits(u8),
    /// The same in the first half of a surrogate pair; after that half.
    InHighDigits(u8),
    AfterHigh,
    /// In the rest of a string that is cut; after a backslash there.
    InCut,
    InCutEscape,
}

impl StringCutter {
    fn keeps(&mut self, byte: u8) -> bool {
        self.state = match (self.state, byte) {
            (CutState::Outside, b'"') => {
                self.length = 0;
                CutState::InString
            }
            (CutState::InString | CutState::AfterHigh | CutState::InCut, b'"') => CutState::Outside,
            (CutState::InCut, b'\\') => CutState::InCutEscape,
            (CutState::InString, b'\\') if self.length >= self.max => CutState::InCutEscape,
            (CutState::InString | CutState::AfterHigh, b'\\') => CutState::InEscape,
            // A continuation byte belongs to the character before it.
            (CutState::InString | CutState::AfterHigh, 0..0x80 | 0xC0..) if self.length >= self.max => CutState::InCut,
            (CutState::InEscape, b'u') => CutState::AtDigits,
            (CutState::AtDigits, b'd' | b'D') => CutState::AfterD,
            (CutState::AtDigits, _) => CutState::InDigits(3),
            (CutState::AfterD, b'8'..=b'9' | b'a'..=b'b' | b'A'..=b'B') => CutState::InHighDigits(2),
            (CutState::AfterD, _) => CutState::InDigits(2),
            (CutState::InDigits(left), _) if left > 1 => CutState::InDigits(left - 1),
            (CutState::InHighDigits(left), _) if left > 1 => CutState::InHighDigits(left - 1),
            (CutState::InHighDigits(_), _) => CutState::AfterHigh,
            (CutState::InEscape | CutState::InDigits(_) | CutState::AfterHigh, _) => CutState::InString,
            (CutState::InCutEscape, _) => CutState::InCut,
            (place, _) => place,
        };
        self.length += 1;
        !matches!(self.state, CutState::InCut | CutState::InCutEscape)
    }
}

/// Replaces bytes that are not UTF-8 by `?`, in place: a copy would take as much memory again.
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
    fn long_strings_are_cut_and_the_rest_is_unchanged() {
        for long in ["QUJD", "é", "日", "?!"].map(|text| text.repeat(MAX)) {
            let json = format!(r#"{{"a":"x \" y","picture":"{long}\n\"","b":[1,"é \u00e9"]}}"#);
            let value: serde_json::Value = serde_json::from_str(&cut(&json)).unwrap();
            assert_eq!((&value["a"], &value["b"][1]), (&"x \" y".into(), &"é é".into()));
            let picture = value["picture"].as_str().unwrap();
            assert!((MAX - 4..MAX + 4).contains(&picture.len()), "{}", picture.len());
            assert!(long.starts_with(picture));
        }
    }

    /// Two escapes may encode one character; half of the pair would be invalid.
    #[test]
    fn an_escape_is_not_cut_in_two() {
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
    fn each_invalid_byte_becomes_a_question_mark_and_others_stay() {
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
    fn only_one_large_document_is_held_at_a_time() {
        let small = lock_if_large(MAX_WHOLE_BYTES);
        let large = lock_if_large(MAX_WHOLE_BYTES + 1);
        assert_eq!((small.is_some(), large.is_some(), LARGE.try_lock().is_ok()), (false, true, false));
        drop(large);
        assert!(LARGE.try_lock().is_ok());
    }

    #[test]
    fn a_document_larger_than_the_limit_is_refused() {
        assert_eq!(read(io::repeat(b' '), 5).unwrap(), None);
        assert_eq!(read(io::repeat(b' '), MAX_HELD_BYTES + 1).unwrap(), None);
        assert_eq!(read(io::empty(), u64::MAX).unwrap(), None);
    }
}
