//! Line numbers in transcripts: decoders count bytes, and users look up lines.

use std::collections::HashMap;
use std::io::{BufReader, Read};
use std::path::Path;

use agtop_model::FileId;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// The starts of all lines of the files looked at so far.
#[derive(Default)]
pub(super) struct LineNumbers {
    starts: HashMap<FileId, Option<Vec<u64>>>,
}

impl LineNumbers {
    /// The number of the line that starts at this byte, from 1; `None` if the file cannot be read or is compressed.
    pub(super) fn at(&mut self, file: FileId, path: &Path, offset: u64) -> Option<usize> {
        let starts = self.starts.entry(file).or_insert_with(|| line_starts(path));
        starts.as_ref().and_then(|starts| starts.binary_search(&offset).ok()).map(|at| at + 1)
    }
}

fn line_starts(path: &Path) -> Option<Vec<u64>> {
    if path.extension().is_some_and(|extension| extension == "zst") {
        return None;
    }
    let mut starts = vec![0];
    let mut at = 0;
    for byte in BufReader::with_capacity(READ_BUFFER_BYTES, agtop_os::open_regular(path).ok()?.0).bytes() {
        at += 1;
        if byte.ok()? == b'\n' {
            starts.push(at);
        }
    }
    Some(starts)
}
