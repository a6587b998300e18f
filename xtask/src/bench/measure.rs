//! What a program costs, and the bar that a figure must stay below.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    /// Largest resident memory in KiB.
    pub(super) memory: u64,
}

/// A bar that a figure must stay below.
pub(super) struct Bar {
    what: String,
    figure: f64,
    most: f64,
}

impl Bar {
    pub(super) fn new(what: &str, figure: f64, most: f64) -> Self {
        Self { what: what.to_owned(), figure, most }
    }

    #[expect(clippy::print_stdout, reason = "the table is what it is for")]
    pub(super) fn show(&self) {
        let verdict = if self.figure <= self.most { "holds" } else { "FALLS SHORT" };
        println!("{:<44} {:>8.2}  bar {:>6.2}  {verdict}", self.what, self.figure, self.most);
    }
}

pub(super) fn time(command: &mut Command) -> Result<Cost> {
    let used = children_cpu()?;
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut memory = 0;
    let status = loop {
        memory = memory.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = started.elapsed();
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(Cost { wall, cpu: children_cpu()?.saturating_sub(used), memory })
}

/// Processor time of all children that have ended, from `/proc`.
pub(super) fn children_cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("whole processes are timed on Linux only")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    // Fields 16 and 17 of proc(5); the kernel reports a tick as a hundredth of a second.
    Ok(Duration::from_millis((ticks(13) + ticks(14)) * 10))
}

fn high_water(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

pub(super) fn warm_page_cache(home: &Path) -> Result<()> {
    for path in files(home)? {
        std::io::copy(&mut File::open(path)?, &mut std::io::sink())?;
    }
    Ok(())
}

pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
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
