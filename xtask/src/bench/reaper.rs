//! Cleans up behind a benchmark that was interrupted: a second process that outlives the first one.
//!
//! No value is dropped when a signal ends the benchmark, so its fake agents would go on and its files would stay. The
//! reaper learns of each of them over its standard input, and acts when that ends.

use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// How often the reaper tries, and for how long: a process may take a while to end.
const REMOVAL_INTERVAL: Duration = Duration::from_millis(50);
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(10);

/// What the reaper does away with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Leftover {
    /// A process, and the group that it leads.
    Process(u32),
    /// A file or directory.
    Path(PathBuf),
    /// A file that was appended to: how long it was, and when it was modified.
    Appended(PathBuf, u64, SystemTime),
}

impl Leftover {
    fn is_there(&self) -> bool {
        match self {
            Self::Process(pid) => !has_ended(*pid),
            Self::Path(path) => path.exists(),
            Self::Appended(path, length, _) => path.metadata().is_ok_and(|meta| meta.len() != *length),
        }
    }

    pub(super) fn remove(&self) {
        // What is gone already needs no removal.
        match self {
            Self::Process(pid) => kill(*pid),
            Self::Path(path) if path.is_dir() => drop(fs::remove_dir_all(path)),
            Self::Path(path) => drop(fs::remove_file(path)),
            Self::Appended(path, length, modified) => drop(restore(path, *length, *modified)),
        }
    }
}

fn restore(path: &Path, length: u64, modified: SystemTime) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(length)?;
    file.set_modified(modified)
}

/// Kills a process and the group that it leads.
pub(super) fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A line to the reaper.
#[derive(Debug, Serialize, Deserialize)]
enum Order {
    Watch(Leftover),
    Forget(Leftover),
}

/// The benchmark's end of the reaper.
#[derive(Clone)]
pub(super) struct Reaper(Arc<ReaperProcess>);

struct ReaperProcess {
    process: Mutex<Child>,
    /// Nothing once the benchmark has ended.
    orders: Mutex<Option<ChildStdin>>,
}

impl Reaper {
    /// Starts the second process: this program, with the subcommand that calls [`run`].
    pub(super) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        // A terminal's Ctrl-C reaches the group of the benchmark only.
        command.args(["bench", "reap"]).process_group(0).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().context("the reaper does not start")?;
        let orders = Mutex::new(process.stdin.take());
        Ok(Self(Arc::new(ReaperProcess { process: Mutex::new(process), orders })))
    }

    /// Has this removed, unless it is forgotten first. Fails if the reaper has ended.
    pub(super) fn watch(&self, leftover: &Leftover) -> io::Result<()> {
        self.send(&Order::Watch(leftover.clone()))
    }

    pub(super) fn forget(&self, leftover: &Leftover) {
        // A reaper that has ended removes nothing.
        drop(self.send(&Order::Forget(leftover.clone())));
    }

    fn send(&self, order: &Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        let mut orders = self.0.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(&line)
    }
}

impl Drop for ReaperProcess {
    fn drop(&mut self) {
        drop(self.orders.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.process.get_mut().unwrap_or_else(PoisonError::into_inner).wait());
    }
}

/// Follows orders until there are no more, and removes what was not forgotten.
pub(super) fn run(orders: impl BufRead) -> Result<()> {
    let mut leftovers = Vec::new();
    for line in orders.lines() {
        match serde_json::from_str(&line?)? {
            Order::Watch(leftover) => leftovers.push(leftover),
            Order::Forget(leftover) => leftovers.retain(|other| *other != leftover),
        }
    }
    // A process that is being killed may write once more.
    let until = Instant::now() + REMOVAL_TIMEOUT;
    loop {
        leftovers.iter().filter(|leftover| matches!(leftover, Leftover::Process(_))).for_each(Leftover::remove);
        leftovers.retain(|leftover| !matches!(leftover, Leftover::Process(pid) if has_ended(*pid)));
        leftovers.iter().rev().for_each(Leftover::remove);
        leftovers.retain(Leftover::is_there);
        if leftovers.is_empty() || Instant::now() > until {
            return Ok(());
        }
        std::thread::sleep(REMOVAL_INTERVAL);
    }
}

/// Whether a process is gone, or waits to be reaped by its parent.
fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']))
}

/// Something that is removed when this is dropped, or when the benchmark ends in any other way.
pub(super) struct Removed {
    leftover: Leftover,
    reaper: Reaper,
}

impl Removed {
    pub(super) fn watch(leftover: Leftover, reaper: &Reaper) -> io::Result<Self> {
        let watched = reaper.watch(&leftover);
        let removed = Self { leftover, reaper: reaper.clone() };
        watched.map(|()| removed)
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        self.leftover.remove();
        self.reaper.forget(&self.leftover);
    }
}

/// A temporary directory.
pub(super) struct Scratch {
    directory: TempDir,
    reaper: Reaper,
}

impl Scratch {
    pub(super) fn create(reaper: &Reaper) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("agtop-bench-").tempdir()?;
        reaper.watch(&Leftover::Path(directory.path().to_owned()))?;
        Ok(Self { directory, reaper: reaper.clone() })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.reaper.forget(&Leftover::Path(self.path().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(orders: &[Order]) -> String {
        orders.iter().map(|order| serde_json::to_string(order).unwrap() + "\n").collect()
    }

    #[test]
    fn what_was_not_forgotten_is_removed_when_the_orders_end() {
        let dir = tempfile::tempdir().unwrap();
        let [kept, removed, appended] = ["kept", "removed", "appended"].map(|name| dir.path().join(name));
        for path in [&kept, &removed, &appended] {
            fs::write(path, "123456").unwrap();
        }
        let mut sleeper = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let orders = [
            Order::Watch(Leftover::Path(kept.clone())),
            Order::Watch(Leftover::Path(removed.clone())),
            Order::Watch(Leftover::Process(sleeper.id())),
            Order::Watch(Leftover::Appended(appended.clone(), 3, modified)),
            Order::Forget(Leftover::Path(kept.clone())),
        ];
        run(lines(&orders).as_bytes()).unwrap();
        assert!(kept.exists() && !removed.exists());
        assert_eq!(fs::read(&appended).unwrap(), b"123");
        assert_eq!(appended.metadata().unwrap().modified().unwrap(), modified);
        assert!(!sleeper.wait().unwrap().success());
    }
}
