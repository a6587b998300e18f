//! Limits for compressed files. Their size says little about the work that they make: 34 KB can expand to a gigabyte.

use std::cell::Cell;
use std::io::{self, Read};

/// A file may expand to this many times its size. Transcripts compress by a factor of 10, repetitive ones of 50.
const MAX_RATIO: u64 = 100;
/// Any file may expand to this size: for a small file, the ratio means nothing.
const MIN_LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// No file may expand beyond this size; no transcript is nearly as large.
const MAX_LIMIT_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// How many bytes are read of a file with this many compressed bytes, at most.
pub(crate) fn limit(compressed: u64) -> u64 {
    compressed.saturating_mul(MAX_RATIO).clamp(MIN_LIMIT_BYTES, MAX_LIMIT_BYTES)
}

/// A file with more records in a row that report nothing is no transcript. Without this limit, each few kilobytes of a
/// compressed file could take a second to read.
pub(crate) const MAX_BARREN_RECORDS: u64 = 1_000_000;

/// An input that ends once `is_stopped` is set.
pub(crate) struct Stoppable<'a, R> {
    pub(crate) input: R,
    pub(crate) is_stopped: &'a Cell<bool>,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_stopped.get() { Ok(0) } else { self.input.read(buffer) }
    }
}

#[cfg(test)]
mod tests {
    use super::limit;

    #[test]
    fn the_expansion_limit_depends_on_the_size_within_bounds() {
        let cases = [
            (0, 4 * 1024 * 1024),
            (34_000, 4 * 1024 * 1024),
            (1_000_000, 100_000_000),
            (1_000_000_000, 4 * 1024 * 1024 * 1024),
            (u64::MAX, 4 * 1024 * 1024 * 1024),
        ];
        for (compressed, expected) in cases {
            assert_eq!(limit(compressed), expected, "{compressed}");
        }
    }
}
