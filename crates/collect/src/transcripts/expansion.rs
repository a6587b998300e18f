//! How much a compressed file may grow to. Its size is no measure of the work it makes: 34 KB can hold a gigabyte.

use std::cell::Cell;
use std::io::{self, Read};

/// Transcripts shrink to a tenth, and to a fiftieth where they repeat themselves.
const MAX_RATIO: u64 = 100;
/// What any file may grow to: where there is little text, its ratio means nothing.
const MIN_LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// What no file may grow beyond: no transcript is near it.
const MAX_LIMIT_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// The most bytes that are read of a file of so many compressed bytes.
pub(crate) fn limit(compressed: u64) -> u64 {
    compressed.saturating_mul(MAX_RATIO).clamp(MIN_LIMIT_BYTES, MAX_LIMIT_BYTES)
}

/// So many records in a row that report nothing are no transcript: reading them takes a second for every few kilobytes
/// of the compressed file.
pub(crate) const MAX_BARREN_RECORDS: u64 = 1_000_000;

/// An input that ends when it is told to.
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
    fn a_file_may_grow_by_its_size_and_never_without_end() {
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
