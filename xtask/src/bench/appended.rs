//! Transcripts that grew since the run before, until they are cut back.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::measure::files;
use super::reaper::{Leftover, Reaper, Removed};

/// One of so many transcripts grows.
const STRIDE: usize = 7;
/// Transcripts grow until they hold this part of the bytes of all.
const SHARE: u64 = 100;
/// The last line begins at most so many bytes before the end.
const TAIL_BYTES: u64 = 64 * 1024;

/// Appends its own last line to every seventh transcript, until those hold a hundredth of the bytes. They are cut back
/// when the returned values are dropped.
pub(super) fn append(home: &Path, reaper: &Reaper) -> Result<Vec<Removed>> {
    let mut sized: Vec<(PathBuf, u64)> = Vec::new();
    for path in files(home)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")) {
        let size = path.metadata()?.len();
        sized.push((path, size));
    }
    let enough = sized.iter().map(|(_, size)| size).sum::<u64>() / SHARE;
    let mut bytes = 0;
    let mut grown = Vec::new();
    for (path, size) in sized.into_iter().step_by(STRIDE).filter(|(_, size)| *size > 0) {
        if bytes >= enough {
            break;
        }
        bytes += size;
        let modified = path.metadata()?.modified()?;
        grown.push(Removed::watch(Leftover::Appended(path.clone(), size, modified), reaper)?);
        append_last_line(&path)?;
    }
    Ok(grown)
}

fn append_last_line(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let text = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let last = text.rsplit(|&byte| byte == b'\n').next().unwrap_or(text);
    file.write_all(&[last, b"\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_appended_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        std::fs::write(&path, "one\ntwo\n").unwrap();
        append_last_line(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\ntwo\n");
    }
}
