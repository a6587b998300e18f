//! Runs programs in groups of their own, and measures what they cost.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, WaitOptions, waitpgid};
use wait4::{ResUse, Wait4};

use super::reaper::{Leftover, Reaper, kill};

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wall: Duration,
    /// Of all its threads, and of the children that it waited for.
    pub(super) cpu: Duration,
    /// Largest resident memory of the program, or of a child if that had more, in MB (1024 × 1024 bytes).
    pub(super) memory: f64,
}

impl Cost {
    pub(super) fn wall_seconds(&self) -> f64 {
        self.wall.as_secs_f64()
    }

    pub(super) fn cpu_millis(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3
    }
}

/// A process of the benchmark, which ends with this value together with the group that it leads.
pub(super) struct OwnedProcess {
    pid: u32,
    /// Nothing once it was waited for: its pid may be another's then.
    child: Option<Child>,
    reaper: Reaper,
}

impl OwnedProcess {
    /// Starts a command that leads a new group.
    pub(super) fn spawn(command: &mut Command, reaper: &Reaper) -> Result<Self> {
        Self::own(command.process_group(0), reaper)
    }

    /// Starts a command that makes itself the leader of a group, or is alone.
    pub(super) fn own(command: &mut Command, reaper: &Reaper) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        let process = Self { pid: child.id(), child: Some(child), reaper: reaper.clone() };
        reaper.watch(&Leftover::Process(process.pid))?;
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.pid
    }

    /// Its end of the pipe, if there is one and it was not taken.
    pub(super) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.as_mut()?.stdin.take()
    }

    /// Waits for the process, and returns what it used since it was started. Fails if the process does.
    pub(super) fn cost_since(mut self, started: Instant) -> Result<Cost> {
        let child = self.child.take().context("the process was waited for already")?;
        let ResUse { status, rusage } = child.wait4()?;
        let wall = started.elapsed();
        ensure!(status.success(), "{status}");
        Ok(Cost { wall, cpu: rusage.utime + rusage.stime, memory: rusage.maxrss as f64 / (1024.0 * 1024.0) })
    }

    pub(super) fn is_running(&mut self) -> bool {
        // What is an error to wait for is not running either.
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Waits until the process has ended, but no longer than this.
    pub(super) fn wait_for_end(&mut self, timeout: Duration) -> Result<()> {
        let until = Instant::now() + timeout;
        while let Some(child) = &mut self.child {
            if child.try_wait()?.is_some() {
                self.child = None;
                break;
            }
            ensure!(Instant::now() < until, "the program does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for OwnedProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill(self.pid);
            drop(child.wait());
            // Orphans of the group are children of the benchmark now, if it is their subreaper.
            let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
            while group.is_some_and(|group| waitpgid(group, WaitOptions::empty()).is_ok()) {}
        }
        self.reaper.forget(&Leftover::Process(self.pid));
    }
}

/// Runs a command to its end. The largest memory is never below that of this process, whose memory a new process has
/// until it is its program.
pub(super) fn time(command: &mut Command, reaper: &Reaper) -> Result<Cost> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let cost = OwnedProcess::spawn(command, reaper)?.cost_since(started);
    let words = || command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    cost.with_context(|| format!("{} {} failed", command.get_program().display(), words()))
}

/// Reads every file, so that all of them are in memory.
pub(super) fn warm_page_cache(home: &Path) -> Result<()> {
    for path in files(home)? {
        io::copy(&mut File::open(path)?, &mut io::sink())?;
    }
    Ok(())
}

pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The value that so many percent of all are below; not a number if there is none.
pub(super) fn percentile(percent: usize, values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fiftieth_percentile_is_the_middle_value() {
        assert!((percentile(50, [3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(percentile(50, []).is_nan());
    }
}
