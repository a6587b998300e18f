//! Frames that no agtop was there to receive: one file that grows, and is set aside when it holds half of what a spool may
//! hold. The agtop that reads the spool takes both files away whole.
//!
//! A reader renames the file while it holds a lock on it. A writer checks that the file still has that name: once when it has
//! the lock, and again when it has written, because it does not wait long for the lock. So no frame is lost in a file that
//! was read already.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::frame::{DecodedFrame, Frame};
use crate::hook_dirs;

const CURRENT: &str = "spool";
const OLDER: &str = "spool.old";
/// The names under which a reader keeps what it has taken, until it has used it.
const TAKEN: [(&str, &str); 2] = [(OLDER, "taken.old"), (CURRENT, "taken")];

/// The size of each of the two files of a spool. When the second is full, the older one is removed.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// How often, and how long each time, a writer waits for the lock. Others hold it for as long as a rename takes. The writer
/// does not wait for a process that was stopped in that moment.
const MAX_LOCK_ATTEMPTS: u32 = 16;
const LOCK_RETRY_INTERVAL: Duration = Duration::from_micros(250);

/// Appends a frame to the spool of a directory, which is created if it is missing.
///
/// # Errors
/// If the directory or the file is not this user's alone, or the system fails.
pub(crate) fn append(directory: &Path, frame: &[u8]) -> io::Result<()> {
    hook_dirs::claim(directory)?;
    let path = directory.join(CURRENT);
    loop {
        let mut file = agtop_os::append_to_private(&path)?;
        lock(&file)?;
        if !agtop_os::is_file_at(&file, &path) {
            continue;
        }
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if file.metadata()?.len().saturating_add(length) > MAX_FILE_BYTES {
            fs::rename(&path, directory.join(OLDER))?;
            continue;
        }
        // One call, so that no other writer's bytes can come between.
        file.write_all(frame)?;
        // Without the lock, a reader may have taken the file away and read it before this frame was in it. Then the frame is
        // appended again: a reader drops duplicates.
        if agtop_os::is_file_at(&file, &path) {
            return Ok(());
        }
    }
}

/// The reader of a spool: the agtop that listens.
#[derive(Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
    /// The files of the last batch, which is in use.
    in_use: Vec<PathBuf>,
}

/// What was in a spool.
#[derive(Debug, Default)]
pub(crate) struct SpoolBatch {
    pub(crate) frames: Vec<Frame>,
    /// Gaps between frames.
    pub(crate) damaged: u64,
}

impl Spool {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), in_use: Vec::new() }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes the last batch: it has been used.
    ///
    /// # Errors
    /// If a file cannot be removed. Then it is read again.
    pub(crate) fn acknowledge(&mut self) -> io::Result<()> {
        for path in self.in_use.drain(..) {
            match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Acknowledges the last batch and takes the next one. What an earlier reader had taken and perhaps not used, because it
    /// was killed, comes first; then the rest comes with the next batch.
    ///
    /// # Errors
    /// If the directory or a file is not this user's alone, or the system fails.
    pub(crate) fn take(&mut self) -> io::Result<SpoolBatch> {
        hook_dirs::check(&self.directory).map_err(io::Error::other)?;
        self.acknowledge()?;
        let mut batch = SpoolBatch::default();
        for (from, to) in TAKEN {
            let (from, to) = (self.directory.join(from), self.directory.join(to));
            if !to.exists() {
                move_away(&from, &to)?;
            }
            if let Some(bytes) = read(&to)? {
                batch.decode(&bytes);
                self.in_use.push(to);
            }
        }
        Ok(batch)
    }
}

impl SpoolBatch {
    /// Adds the frames of a file.
    fn decode(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = match Frame::decode(bytes) {
                DecodedFrame::Complete(frame, length) => {
                    self.frames.push(frame);
                    length
                }
                DecodedFrame::Incomplete | DecodedFrame::Corrupt => {
                    self.damaged += 1;
                    Frame::bytes_to_next(bytes)
                }
            };
            bytes = bytes.get(step..).unwrap_or_default();
        }
    }
}

/// Reads everything that nobody has used yet. It stays in the spool.
pub(crate) fn peek(directory: &Path) -> SpoolBatch {
    let mut batch = SpoolBatch::default();
    if hook_dirs::check(directory).is_err() {
        return batch;
    }
    for name in TAKEN.into_iter().flat_map(|(from, to)| [to, from]) {
        // The agtop that takes the spool reports what cannot be read.
        if let Ok(Some(bytes)) = read(&directory.join(name)) {
            batch.decode(&bytes);
        }
    }
    batch
}

fn move_away(from: &Path, to: &Path) -> io::Result<()> {
    let Some(file) = open(from)? else { return Ok(()) };
    lock(&file)?;
    fs::rename(from, to)
}

/// Reads a file, but no more than a file of a spool may hold.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens a file; `None` if there is none.
fn open(path: &Path) -> io::Result<Option<File>> {
    match agtop_os::open_private(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the lock. After some milliseconds it goes on without: an agent waits for its hook.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..MAX_LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY_INTERVAL),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameHeader;

    fn frame(n: usize, size: usize) -> Frame {
        let header = FrameHeader { client: "claude".into(), at: 0, pid: 1, ..FrameHeader::default() };
        Frame { header, payload: format!("{n:08}{}", " ".repeat(size.saturating_sub(8))).into_bytes() }
    }

    fn spool_dir() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("agtop");
        (root, directory)
    }

    #[test]
    fn a_frame_is_read_once() {
        let (_root, directory) = spool_dir();
        let mut spool = Spool::new(&directory);
        assert!(spool.take().unwrap().frames.is_empty());
        for n in 0..3 {
            append(&directory, &frame(n, 8).encode()).unwrap();
        }
        assert_eq!(spool.take().unwrap().frames, [frame(0, 8), frame(1, 8), frame(2, 8)]);
        append(&directory, &frame(3, 8).encode()).unwrap();
        assert_eq!(spool.take().unwrap().frames, [frame(3, 8)]);
        assert!(spool.take().unwrap().frames.is_empty());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn peeking_leaves_the_frames_in_the_spool() {
        let (_root, directory) = spool_dir();
        assert!(peek(&directory).frames.is_empty());
        append(&directory, &frame(0, 8).encode()).unwrap();
        let mut reader = Spool::new(&directory);
        assert_eq!(reader.take().unwrap().frames.len(), 1);
        append(&directory, &frame(1, 8).encode()).unwrap();
        assert_eq!(peek(&directory).frames, [frame(0, 8), frame(1, 8)]);
        assert_eq!(reader.take().unwrap().frames, [frame(1, 8)]);
    }

    #[test]
    fn a_batch_that_was_not_acknowledged_is_read_by_the_next_reader() {
        let (_root, directory) = spool_dir();
        append(&directory, &frame(0, 8).encode()).unwrap();
        assert_eq!(
            Spool::new(&directory).take().unwrap().frames.len(),
            1,
            "this reader is killed before it acknowledges"
        );
        append(&directory, &frame(1, 8).encode()).unwrap();
        let mut next = Spool::new(&directory);
        let frames = [next.take().unwrap().frames, next.take().unwrap().frames].concat();
        assert_eq!(frames, [frame(0, 8), frame(1, 8)]);
    }

    #[test]
    fn an_incomplete_frame_does_not_affect_the_others() {
        let (_root, directory) = spool_dir();
        append(&directory, &frame(0, 8).encode()).unwrap();
        append(&directory, &frame(1, 8).encode()[..30]).unwrap();
        append(&directory, &frame(2, 8).encode()).unwrap();
        append(&directory, b"AGH1 and no more than that").unwrap();
        append(&directory, &frame(3, 8).encode()).unwrap();
        let batch = Spool::new(&directory).take().unwrap();
        assert_eq!(batch.frames, [frame(0, 8), frame(2, 8), frame(3, 8)]);
        assert_eq!(batch.damaged, 2);
    }

    #[test]
    fn a_spool_that_nobody_reads_keeps_the_newest_frames_within_its_limit() {
        let (_root, directory) = spool_dir();
        for n in 0..50 {
            append(&directory, &frame(n, 1_000_000).encode()).unwrap();
        }
        let size: u64 = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(size <= 2 * MAX_FILE_BYTES, "{size}");
        let frames = Spool::new(&directory).take().unwrap().frames;
        assert_eq!(frames.last(), Some(&frame(49, 1_000_000)));
        assert!(frames.len() >= 16, "{}", frames.len());
    }

    #[test]
    fn concurrent_writers_and_a_reader_lose_no_frame() {
        let (_root, directory) = spool_dir();
        let (writers, each) = (4, 500);
        let mut spool = Spool::new(&directory);
        let mut found = Vec::new();
        std::thread::scope(|scope| {
            let directory = &directory;
            let threads: Vec<_> = (0..writers)
                .map(|writer| {
                    scope.spawn(move || {
                        for n in 0..each {
                            append(directory, &frame(writer * each + n, 8).encode()).unwrap();
                        }
                    })
                })
                .collect();
            while threads.iter().any(|thread| !thread.is_finished()) {
                found.extend(spool.take().unwrap().frames);
            }
        });
        found.extend(spool.take().unwrap().frames);
        found.extend(spool.take().unwrap().frames);
        let mut numbers: Vec<_> = found.into_iter().map(|frame| frame.payload).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), writers * each);
    }
}
