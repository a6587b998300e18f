//! The floor of a warm report: the benchmark itself lists all directories of a home and asks for the metadata of every
//! file, with no path built and nothing kept.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, StatxFlags, openat, statx};
use rustix::time::{ClockId, clock_gettime};

use super::measure::Cost;

/// Bytes that one call of getdents64 may fill.
const ENTRY_BUFFER_BYTES: usize = 1 << 15;

/// What lies in a home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HomeSize {
    pub(super) files: u64,
    pub(super) directories: u64,
    pub(super) bytes: u64,
}

/// Walks the home, and returns what it holds and what that took.
pub(super) fn walk(home: &Path) -> Result<(HomeSize, Cost)> {
    let (started, used) = (Instant::now(), thread_cpu());
    let mut walk = Walk { buffer: Vec::with_capacity(ENTRY_BUFFER_BYTES), size: HomeSize::default() };
    let root =
        openat(CWD, home, DIRECTORY, Mode::empty()).with_context(|| format!("cannot open {}", home.display()))?;
    walk.descend(root.as_fd()).with_context(|| format!("cannot walk {}", home.display()))?;
    let cost = Cost { wall: started.elapsed(), cpu: thread_cpu().saturating_sub(used), memory: 0.0 };
    Ok((walk.size, cost))
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Walk {
    buffer: Vec<u8>,
    size: HomeSize,
}

impl Walk {
    fn descend(&mut self, directory: BorrowedFd<'_>) -> rustix::io::Result<()> {
        self.size.directories += 1;
        for name in self.list(directory)? {
            let below: OwnedFd = openat(directory, &name, DIRECTORY, Mode::empty())?;
            self.descend(below.as_fd())?;
        }
        Ok(())
    }

    /// Counts the files of a directory, and returns the directories in it.
    fn list(&mut self, directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<CString>> {
        let mut below = Vec::new();
        let mut entries = RawDir::new(directory, self.buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type() != FileType::Directory {
                let meta = statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)?;
                self.size.files += 1;
                self.size.bytes += meta.stx_size;
            } else if !matches!(name.to_bytes(), b"." | b"..") {
                below.push(name.to_owned());
            }
        }
        Ok(below)
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_walk_counts_all_files_and_directories() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        for (name, content) in [("x", "1"), ("a/y", "22"), ("a/b/z", "333")] {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let (size, cost) = walk(dir.path()).unwrap();
        assert_eq!(size, HomeSize { files: 3, directories: 3, bytes: 6 });
        assert!(cost.cpu <= cost.wall + Duration::from_millis(50));
    }
}
