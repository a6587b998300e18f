//! The log: to a file, never to the terminal. One line a record, whatever text a record quotes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use agtop_format::sink::plain;
use anyhow::{Context, Result, bail};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

/// A log is rotated before it grows beyond this; the one before it is kept beside it.
const MAX_LOG_BYTES: u64 = 10 * 1000 * 1000;

/// What says how much is logged.
const VARIABLE: &str = "AGTOP_LOG";

/// Starts logging to a file, if one is named. What is logged is set by `AGTOP_LOG`, `info` by default.
pub(crate) fn start(file: Option<&Path>) -> Result<()> {
    let Some(path) = file else { return Ok(()) };
    let filter = filter_of(&std::env::var_os(VARIABLE).unwrap_or_default().to_string_lossy())?;
    let log = Rotating::open(path, MAX_LOG_BYTES).with_context(|| format!("{}", path.display()))?;
    // Libraries would log messages, of the desktop's notifications say, and with them what agents said.
    let ours = filter_fn(|metadata| metadata.target().starts_with("agtop"));
    // What cannot be written is not said on standard error either, where the screen is.
    let lines = fmt::layer().with_writer(Mutex::new(log)).with_ansi(false).log_internal_errors(false);
    registry().with(filter).with(lines.with_filter(ours)).init();
    Ok(())
}

/// Levels with commas between, each alone or for a part of the program (`agtop_collect=debug`); `info` if there are none.
fn filter_of(text: &str) -> Result<EnvFilter> {
    let mut filter = EnvFilter::new("");
    let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty()).peekable();
    if parts.peek().is_none() {
        return Ok(EnvFilter::new("info"));
    }
    for part in parts {
        // A word alone would be the name of a part of the program, and a mistyped level no part's.
        let is_level = part.contains('=') || part.parse::<LevelFilter>().is_ok();
        let directive = Some(part).filter(|_| is_level).and_then(|part| part.parse().ok());
        let Some(directive) = directive else {
            bail!("{VARIABLE}: '{part}' is not a level; use error, warn, info, debug or trace");
        };
        filter = filter.add_directive(directive);
    }
    Ok(filter)
}

/// A file that is put aside when it is full, by as many processes as write to it.
struct Rotating {
    path: PathBuf,
    /// `None` where it could not be opened again.
    file: Option<File>,
    max_bytes: u64,
}

impl Rotating {
    fn open(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let file = agtop_os::append_to_user_file(path)?;
        // What a link leads to is what grows.
        Ok(Self { path: path.canonicalize()?, file: Some(file), max_bytes })
    }

    /// The place of the log before this one.
    fn previous(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".1");
        path.into()
    }

    fn is_full(&self, size: io::Result<u64>, more: usize) -> bool {
        size.is_ok_and(|size| size > 0 && size.saturating_add(more as u64) > self.max_bytes)
    }

    /// Puts the log aside, unless another process just did. Where it cannot be put aside it begins anew: a disk that is
    /// full is worse than a log that is short.
    fn rotate(&mut self, more: usize) -> io::Result<()> {
        // Windows renames no file that is open.
        self.file = None;
        let there = fs::metadata(&self.path).map(|metadata| metadata.len());
        let is_stuck = self.is_full(there, more) && fs::rename(&self.path, self.previous()).is_err();
        let file = agtop_os::append_to_user_file(&self.path)?;
        if is_stuck {
            file.set_len(0)?;
        }
        self.file = Some(file);
        Ok(())
    }
}

impl Write for Rotating {
    /// Takes one record.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let line = format!("{}\n", plain(text.trim_end_matches('\n')));
        let size = self.file.as_ref().map_or(Ok(u64::MAX), |file| file.metadata().map(|metadata| metadata.len()));
        if self.is_full(size, line.len()) {
            self.rotate(line.len())?;
        }
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes())?;
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    /// `AGTOP_LOG=debgu` made an empty log and no complaint: the word was taken for the name of a module.
    #[test]
    fn a_mistyped_level_is_an_error_and_no_level_is_info() {
        for (text, filter) in [
            ("", "info"),
            (" , ", "info"),
            ("debug", "debug"),
            ("WARN", "warn"),
            ("off", "off"),
            ("warn,agtop_collect=debug", "agtop_collect=debug,warn"),
        ] {
            assert_eq!(filter_of(text).unwrap().to_string(), filter, "{text}");
        }
        for (text, word) in [("debgu", "debgu"), ("info,verbose", "verbose"), ("agtop=loud", "agtop=loud")] {
            let wanted = format!("AGTOP_LOG: '{word}' is not a level; use error, warn, info, debug or trace");
            assert_eq!(filter_of(text).unwrap_err().to_string(), wanted);
        }
    }

    #[test]
    fn a_log_is_rotated_while_it_runs_and_one_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agtop.log");
        let previous = directory.path().join("agtop.log.1");
        let mut log = Rotating::open(&path, 100).unwrap();
        // Another agtop writes to the same file.
        let mut other = Rotating::open(&path, 100).unwrap();
        for n in 0..100 {
            let log = if n % 3 == 0 { &mut other } else { &mut log };
            log.write_all(format!("record {n:03}\n").as_bytes()).unwrap();
            assert!(fs::metadata(&path).unwrap().len() <= 100);
        }
        let kept = [lines(&previous), lines(&path)].concat();
        assert_eq!(kept.last().unwrap(), "record 099");
        assert!(kept.len() > 9 && kept.is_sorted(), "{kept:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_log_that_cannot_be_put_aside_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agtop.log");
        fs::create_dir_all(directory.path().join("agtop.log.1/in-the-way")).unwrap();
        let mut log = Rotating::open(&path, 25).unwrap();
        for n in 0..5 {
            log.write_all(format!("record {n}\n").as_bytes()).unwrap();
        }
        assert_eq!(lines(&path), ["record 4"]);
    }

    #[test]
    fn a_record_is_one_line_whatever_it_quotes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("agtop.log");
        let mut log = Rotating::open(&path, 1000).unwrap();
        log.write_all("DEBUG session=s1\n2026 INFO forged \u{1b}]0;x\u{7}\u{202e}\u{9b}2J\n".as_bytes()).unwrap();
        assert_eq!(lines(&path), ["DEBUG session=s1 2026 INFO forged "]);
    }
}
