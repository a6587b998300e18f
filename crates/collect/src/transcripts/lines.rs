use std::cell::Cell;
use std::io::{self, Read};

use memchr::memchr;

/// How much is read at once, in bytes.
const BLOCK_BYTES: usize = 256 * 1024;

/// Longer lines are skipped. No record that agtop needs is nearly as long, and a file must not decide how much memory
/// agtop uses.
pub(crate) const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// What [`each_line`] finds.
pub(crate) enum LinePiece<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// The last line, whose end has not been written.
    Fragment(&'a [u8]),
    /// A line that was skipped, with its length in bytes.
    Oversized(u64),
}

/// Calls `visit` for each line from `offset` on, with the byte at which the line starts, and returns the byte after the
/// last line end. Memory is bounded by [`MAX_LINE_BYTES`], whatever the input.
pub(crate) fn each_line(input: impl Read, offset: u64, visit: impl FnMut(u64, LinePiece<'_>)) -> io::Result<u64> {
    thread_local! {
        /// Reused for all files of a thread: a new block would be zeroed and paged in for each of many files.
        static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut block = SPARE.take();
    block.resize(BLOCK_BYTES, 0);
    let end = each_line_by(&mut block, input, offset, visit);
    SPARE.set(block);
    end
}

fn each_line_by(
    block: &mut [u8],
    mut input: impl Read,
    offset: u64,
    mut visit: impl FnMut(u64, LinePiece<'_>),
) -> io::Result<u64> {
    let mut partial = PartialLine::default();
    let mut line_start = offset;
    loop {
        let read = match input.read(block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let mut rest = &block[..read];
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            let length = partial.length + line.len() as u64;
            if partial.length == 0 {
                visit(line_start, LinePiece::Line(trimmed(line, line_start)));
            } else {
                partial.extend(line);
                visit(line_start, partial.piece(line_start));
                partial.clear();
            }
            line_start += length + 1;
            rest = &after[1..];
        }
        partial.extend(rest);
    }
    if partial.length > 0 {
        match partial.piece(line_start) {
            LinePiece::Line(fragment) => visit(line_start, LinePiece::Fragment(fragment)),
            piece => visit(line_start, piece),
        }
    }
    Ok(line_start)
}

/// The beginning of a line that continues in the next block.
#[derive(Default)]
struct PartialLine {
    bytes: Vec<u8>,
    /// Of the line so far, whether its bytes are kept or not.
    length: u64,
}

impl PartialLine {
    fn extend(&mut self, more: &[u8]) {
        self.length += more.len() as u64;
        if self.length <= MAX_LINE_BYTES as u64 {
            self.bytes.extend_from_slice(more);
        } else {
            self.bytes = Vec::new();
        }
    }

    fn piece(&self, start: u64) -> LinePiece<'_> {
        if self.length <= MAX_LINE_BYTES as u64 {
            LinePiece::Line(trimmed(&self.bytes, start))
        } else {
            LinePiece::Oversized(self.length)
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.length = 0;
    }
}

/// A line without the carriage return at its end and the byte order mark at the beginning of the file.
fn trimmed(line: &[u8], start: u64) -> &[u8] {
    let line = if start == 0 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) } else { line };
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns at most `step` bytes per read.
    struct ShortReads<'a> {
        bytes: &'a [u8],
        step: usize,
    }

    impl Read for ShortReads<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let step = self.step.min(buffer.len());
            (&mut self.bytes).take(step as u64).read(buffer)
        }
    }

    fn pieces(bytes: &[u8], step: usize) -> (Vec<(u64, String)>, u64) {
        let mut seen = Vec::new();
        let end = each_line(ShortReads { bytes, step }, 0, |at, piece| {
            let text = match piece {
                LinePiece::Line(line) => format!("L{}", String::from_utf8_lossy(line)),
                LinePiece::Fragment(line) => format!("F{}", String::from_utf8_lossy(line)),
                LinePiece::Oversized(length) => format!("O{length}"),
            };
            seen.push((at, text));
        });
        (seen, end.unwrap())
    }

    #[test]
    fn a_last_line_without_its_end_is_a_fragment_and_does_not_advance_the_offset() {
        let (seen, end) = pieces(b"a\r\n\nbc", 100);
        assert_eq!(seen, [(0, "La".into()), (3, "L".into()), (4, "Fbc".into())]);
        assert_eq!(end, 4);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_line() {
        assert_eq!(pieces(b"\xEF\xBB\xBFa\n\xEF\xBB\xBFb\n", 100).0, [(0, "La".into()), (5, "L\u{feff}b".into())]);
    }

    #[test]
    fn an_oversized_line_takes_no_memory_and_the_next_line_is_read() {
        let huge = MAX_LINE_BYTES + 5;
        let mut bytes = vec![b'x'; huge];
        bytes.extend_from_slice(b"\nnext\n");
        let (seen, end) = pieces(&bytes, BLOCK_BYTES);
        assert_eq!(seen, [(0, format!("O{huge}")), (huge as u64 + 1, "Lnext".into())]);
        assert_eq!(end, bytes.len() as u64);
    }

    proptest! {
        #[test]
        fn reads_of_any_size_give_the_same_lines(text in "[ab\n\r]{0,60}", step in 1_usize..9) {
            prop_assert_eq!(pieces(text.as_bytes(), step), pieces(text.as_bytes(), 1000));
        }
    }
}
