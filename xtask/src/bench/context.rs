//! What all parts of a benchmark share: the program, its peers, and where it keeps things.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::peers::{Peers, path_without_agents};
use super::reaper::{Reaper, Scratch};

/// The programs, and the reaper that cleans up behind them.
pub(super) struct BenchContext {
    pub(super) agtop: PathBuf,
    pub(super) peers: Peers,
    pub(super) reaper: Reaper,
    path: OsString,
}

impl BenchContext {
    pub(super) fn new(agtop: &Path, peers: Peers) -> Result<Self> {
        // It runs in another directory than the benchmark.
        let agtop = agtop.canonicalize().with_context(|| format!("no program at {}", agtop.display()))?;
        // Orphans of fake agents are the benchmark's to wait for: not every init does so.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { agtop, peers, reaper: Reaper::start()?, path: path_without_agents() })
    }

    pub(super) fn scratch(&self) -> Result<Scratch> {
        Scratch::create(&self.reaper)
    }

    /// Sets the environment of a program: a home, what agtop keeps elsewhere, and nothing of the user's own.
    pub(super) fn set_environment(&self, command: &mut Command, home: &Path, data: &Path) {
        command.env_clear().env("PATH", &self.path).env("HOME", home).env("TZ", "UTC").env("LANG", "C.UTF-8");
        command.env("AGTOP_DATA_DIR", data).env("XDG_RUNTIME_DIR", data).current_dir(home);
    }

    /// A command of agtop.
    pub(super) fn agtop(&self, words: &[&str], home: &Path, data: &Path) -> Command {
        self.command(&self.agtop, words, home, data)
    }

    pub(super) fn command(&self, program: &Path, words: &[&str], home: &Path, data: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(words);
        self.set_environment(&mut command, home, data);
        command
    }
}

/// Says on standard error what is going on: a benchmark takes minutes.
pub(super) fn progress(line: &str) {
    // Without a standard error there is nobody to tell.
    drop(writeln!(io::stderr(), "-- {line}"));
}

/// Prints a line of the table. Fails if nobody reads it.
pub(super) fn print_line(line: impl fmt::Display) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The home itself, of a directory that may hold a corpus.
pub(super) fn corpus_home(directory: &Path) -> Result<PathBuf> {
    let below = directory.join("home");
    let home = if directory.join("truth.json").is_file() && below.is_dir() { below } else { directory.to_owned() };
    home.canonicalize().with_context(|| format!("no home at {}", home.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_of_a_corpus_is_below_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        assert_eq!(corpus_home(&root).unwrap(), root);
        std::fs::create_dir(root.join("home")).unwrap();
        std::fs::write(root.join("truth.json"), "{}").unwrap();
        assert_eq!(corpus_home(&root).unwrap(), root.join("home"));
        assert!(corpus_home(&root.join("none")).is_err());
    }
}
