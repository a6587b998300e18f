//! Ages the files of a home: each was changed last when its last record was written.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::Stamp;

use super::plan::Plan;

/// A file's last record begins at most so many bytes before its end.
const TAIL_BYTES: u64 = 1 << 18;

/// The length of a time such as `2026-04-01T12:00:00.000Z`.
const TIMESTAMP_CHARS: usize = 24;

/// The digits of a time in milliseconds.
const MILLIS_DIGITS: usize = 13;

/// Sets the modification time of each file to the last time that it states, and that of each directory to the latest of
/// what lies in it. What states none is as old as the directory that it lies in. Where no time is known, none is set.
pub(super) fn age_files(dir: &Path) -> io::Result<Option<Stamp>> {
    let (mut latest, mut timeless) = (None, Vec::new());
    for path in paths_in(dir)? {
        let stated = if path.is_dir() { age_files(&path)? } else { last_stated(&path)? };
        latest = latest.max(stated);
        match stated {
            Some(at) if path.is_file() => set_modified(&path, at)?,
            Some(_) => {}
            None => timeless.push(path),
        }
    }
    if let Some(latest) = latest {
        timeless.iter().try_for_each(|path| set_all_modified(path, latest))?;
        set_modified(dir, latest)?;
    }
    Ok(latest)
}

fn paths_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Sets the time of a file, or of a directory and everything below it.
fn set_all_modified(path: &Path, at: Stamp) -> io::Result<()> {
    if path.is_dir() {
        paths_in(path)?.iter().try_for_each(|below| set_all_modified(below, at))?;
    }
    set_modified(path, at)
}

fn set_modified(path: &Path, at: Stamp) -> io::Result<()> {
    // Windows opens no directories.
    if cfg!(windows) && path.is_dir() {
        return Ok(());
    }
    let since_epoch = Duration::from_millis(at.0.unsigned_abs());
    let file = if path.is_dir() { File::open(path)? } else { File::options().append(true).open(path)? };
    file.set_modified(SystemTime::UNIX_EPOCH + since_epoch)
}

fn last_stated(path: &Path) -> io::Result<Option<Stamp>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(latest_time(&tail).filter(|at| *at <= Plan::end()))
}

/// The latest time in these bytes, either as RFC 3339 in quotes or in milliseconds since 1970.
fn latest_time(bytes: &[u8]) -> Option<Stamp> {
    let quoted = bytes.split(|byte| *byte == b'"').filter(|text| text.len() == TIMESTAMP_CHARS).filter_map(parse);
    let numbers = bytes.split(|byte| !byte.is_ascii_digit()).filter(|digits| digits.len() == MILLIS_DIGITS);
    let millis = numbers.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok().map(Stamp));
    quoted.chain(millis.filter(|at| *at <= Plan::end())).max()
}

fn parse(text: &[u8]) -> Option<Stamp> {
    let at: Timestamp = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(Stamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_time_of_either_notation_counts() {
        let text = br#"{"timestamp":"2026-04-01T12:00:00.000Z"}{"created": 1775044800001,"id":"17750448000020"}"#;
        assert_eq!(latest_time(text), Some(Stamp(1_775_044_800_001)));
        assert_eq!(latest_time(b"{\"id\":\"a\"}"), None);
    }

    #[test]
    fn files_and_their_directories_are_as_old_as_their_last_record() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("a");
        let timeless = dir.path().join("b");
        fs::create_dir(&below).unwrap();
        fs::create_dir(&timeless).unwrap();
        let part = timeless.join("part.json");
        fs::write(&part, "{}").unwrap();
        let (file, other) = (below.join("t.jsonl"), below.join("meta.json"));
        fs::write(&file, "{\"timestamp\":\"2026-04-01T12:00:00.123Z\"}\n").unwrap();
        fs::write(&other, "{}").unwrap();
        age_files(dir.path()).unwrap();
        let modified = |path: &Path| path.metadata().unwrap().modified().unwrap();
        let expected = SystemTime::UNIX_EPOCH + Duration::from_millis(1_775_044_800_123);
        assert_eq!(modified(&file), expected);
        assert_eq!(modified(&other), expected);
        assert_eq!(modified(&part), expected);
        #[cfg(unix)]
        assert_eq!([&below, &timeless].map(|path| modified(path)), [expected; 2]);
    }
}
