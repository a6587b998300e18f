//! Frames that nobody was there for: one file that grows, put aside when it is half of what a spool may be, and taken
//! away whole by the agtop that reads it.
//!
//! Who renames the file holds a lock on it, and who appends looks, once it has the lock, whether the file is still the
//! one of that name, and once more when it has written: a lock is not waited for long. So nothing is appended to a file
//! that somebody has read already.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::frame::{Frame, Start};
use crate::limits::HALF_SPOOL;
use crate::places;

const CURRENT: &str = "spool";
const OLDER: &str = "spool.old";
/// What a reader has taken, and keeps until it has come back for more.
const TAKEN: [(&str, &str); 2] = [(OLDER, "taken.old"), (CURRENT, "taken")];

/// How often, and how long each time, a writer waits for the lock. Others hold it for as long as a rename takes; one that
/// was stopped in just that moment is not waited for.
const TRIES: u32 = 16;
const PAUSE: Duration = Duration::from_micros(250);

/// Appends a frame.
pub(crate) fn append(place: &Path, frame: &[u8]) -> io::Result<()> {
    places::claim(place)?;
    let path = place.join(CURRENT);
    loop {
        let mut file = open_to_append(&path)?;
        lock(&file)?;
        if !is_at(&file, &path) {
            continue;
        }
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if file.metadata()?.len().saturating_add(length) > HALF_SPOOL {
            fs::rename(&path, place.join(OLDER))?;
            continue;
        }
        // One call, so that what another writer appends cannot come between.
        file.write_all(frame)?;
        // Whoever did not wait for the lock any longer may have taken the file away and read it before this came. Then it
        // is told again: an event that arrives twice counts once.
        if is_at(&file, &path) {
            return Ok(());
        }
    }
}

/// The spool's reader: the agtop that listens.
#[derive(Debug)]
pub(crate) struct Spool {
    place: PathBuf,
    /// What was handed out last time: its reader has come back, so it may go.
    read: Vec<PathBuf>,
}

/// What was in a spool.
#[derive(Debug, Default)]
pub(crate) struct Haul {
    pub(crate) frames: Vec<Frame>,
    /// Gaps between frames.
    pub(crate) damaged: u64,
}

impl Spool {
    pub(crate) fn new(place: &Path) -> Self {
        Self { place: place.to_owned(), read: Vec::new() }
    }

    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// What was handed out has been used, and is removed.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        for path in self.read.drain(..) {
            match fs::remove_file(path) {
                // What is gone need not go.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Everything since the last time, which has been used, then. What a reader before had taken and perhaps not used, for
    /// it was ended, comes first, and the rest the next time.
    pub(crate) fn take(&mut self) -> io::Result<Haul> {
        places::look(&self.place).map_err(io::Error::other)?;
        self.settle()?;
        let mut haul = Haul::default();
        for (from, to) in TAKEN {
            let (from, to) = (self.place.join(from), self.place.join(to));
            if !to.exists() {
                move_away(&from, &to)?;
            }
            if let Some(bytes) = bytes_of(&to)? {
                split(&bytes, &mut haul);
                self.read.push(to);
            }
        }
        Ok(haul)
    }
}

/// Everything that nobody has used yet. It stays where it is.
pub(crate) fn peek(place: &Path) -> Haul {
    let mut haul = Haul::default();
    if places::look(place).is_err() {
        return haul;
    }
    for name in TAKEN.into_iter().flat_map(|(from, to)| [to, from]) {
        // What cannot be read is left to the reader whose task it is.
        if let Ok(Some(bytes)) = bytes_of(&place.join(name)) {
            split(&bytes, &mut haul);
        }
    }
    haul
}

fn move_away(from: &Path, to: &Path) -> io::Result<()> {
    let Some(file) = open_to_read(from)? else { return Ok(()) };
    lock(&file)?;
    fs::rename(from, to)
}

/// The file's bytes; no more than a spool may have, whoever wrote it.
fn bytes_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open_to_read(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(HALF_SPOOL).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn split(mut bytes: &[u8], haul: &mut Haul) {
    while !bytes.is_empty() {
        let step = match Frame::decode(bytes) {
            Start::Whole(frame, length) => {
                haul.frames.push(frame);
                length
            }
            Start::Part | Start::Damaged => {
                haul.damaged += 1;
                Frame::next_start(bytes)
            }
        };
        bytes = bytes.get(step..).unwrap_or_default();
    }
}

/// Opens a file of this user's, for it alone, and makes it if it is not there.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    restrict(&mut options);
    own(options.open(path)?)
}

/// Opens a file of this user's; `None` if it is not there.
fn open_to_read(path: &Path) -> io::Result<Option<File>> {
    match agtop_os::open_regular(path) {
        Ok((file, _)) => own(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the lock. After some milliseconds it goes on without: an agent is waiting.
fn lock(file: &File) -> io::Result<()> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A link could lead anywhere, and a pipe would be waited for.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

/// The file, if it is a regular one of this user's, and has no other name under which it is something else.
#[cfg(unix)]
fn own(file: File) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    let is_own = metadata.is_file() && metadata.uid() == agtop_os::own_uid() && metadata.nlink() <= 1;
    if is_own { Ok(file) } else { Err(io::Error::other("is no file of this user's alone")) }
}

#[cfg(not(unix))]
fn own(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("is no file")) }
}

/// Whether the open file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(windows)]
fn is_at(file: &File, path: &Path) -> bool {
    use same_file::Handle;
    let (open, named) = (file.try_clone().and_then(Handle::from_file), Handle::from_path(path));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Header;

    fn frame(n: usize, size: usize) -> Frame {
        let header = Header { client: "claude".into(), at: 0, pid: 1, ..Header::default() };
        Frame { header, payload: format!("{n:08}{}", " ".repeat(size.saturating_sub(8))).into_bytes() }
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("agtop");
        (directory, place)
    }

    #[test]
    fn what_was_appended_is_read_once() {
        let (_directory, place) = place();
        let mut spool = Spool::new(&place);
        assert!(spool.take().unwrap().frames.is_empty());
        for n in 0..3 {
            append(&place, &frame(n, 8).encode()).unwrap();
        }
        assert_eq!(spool.take().unwrap().frames, [frame(0, 8), frame(1, 8), frame(2, 8)]);
        append(&place, &frame(3, 8).encode()).unwrap();
        assert_eq!(spool.take().unwrap().frames, [frame(3, 8)]);
        assert!(spool.take().unwrap().frames.is_empty());
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn who_only_peeks_takes_nothing_away() {
        let (_directory, place) = place();
        assert!(peek(&place).frames.is_empty());
        append(&place, &frame(0, 8).encode()).unwrap();
        let mut ended = Spool::new(&place);
        assert_eq!(ended.take().unwrap().frames.len(), 1);
        append(&place, &frame(1, 8).encode()).unwrap();
        assert_eq!(peek(&place).frames, [frame(0, 8), frame(1, 8)]);
        assert_eq!(ended.take().unwrap().frames, [frame(1, 8)]);
    }

    #[test]
    fn what_a_reader_took_and_did_not_use_is_read_by_the_next() {
        let (_directory, place) = place();
        append(&place, &frame(0, 8).encode()).unwrap();
        assert_eq!(Spool::new(&place).take().unwrap().frames.len(), 1, "this reader is ended before it comes back");
        append(&place, &frame(1, 8).encode()).unwrap();
        let mut next = Spool::new(&place);
        let frames = [next.take().unwrap().frames, next.take().unwrap().frames].concat();
        assert_eq!(frames, [frame(0, 8), frame(1, 8)]);
    }

    #[test]
    fn a_half_written_frame_costs_no_other() {
        let (_directory, place) = place();
        append(&place, &frame(0, 8).encode()).unwrap();
        append(&place, &frame(1, 8).encode()[..30]).unwrap();
        append(&place, &frame(2, 8).encode()).unwrap();
        append(&place, b"AGH1 and no more than that").unwrap();
        append(&place, &frame(3, 8).encode()).unwrap();
        let haul = Spool::new(&place).take().unwrap();
        assert_eq!(haul.frames, [frame(0, 8), frame(2, 8), frame(3, 8)]);
        assert_eq!(haul.damaged, 2);
    }

    #[test]
    fn a_spool_that_nobody_reads_keeps_the_newest_and_stays_within_its_limit() {
        let (_directory, place) = place();
        for n in 0..50 {
            append(&place, &frame(n, 1_000_000).encode()).unwrap();
        }
        let size: u64 = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert!(size <= 2 * HALF_SPOOL, "{size}");
        let frames = Spool::new(&place).take().unwrap().frames;
        assert_eq!(frames.last(), Some(&frame(49, 1_000_000)));
        assert!(frames.len() >= 16, "{}", frames.len());
    }

    #[test]
    fn writers_and_a_reader_at_once_lose_nothing() {
        let (_directory, place) = place();
        let (writers, each) = (4, 500);
        let mut spool = Spool::new(&place);
        let mut found = Vec::new();
        std::thread::scope(|scope| {
            let place = &place;
            let threads: Vec<_> = (0..writers)
                .map(|writer| {
                    scope.spawn(move || {
                        for n in 0..each {
                            append(place, &frame(writer * each + n, 8).encode()).unwrap();
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

    #[test]
    #[cfg(unix)]
    fn a_link_in_place_of_the_spool_is_not_followed() {
        let (directory, place) = place();
        places::claim(&place).unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, place.join(CURRENT)).unwrap();
        assert!(append(&place, &frame(0, 8).encode()).is_err());
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }
}
