//! Telling files apart, and opening them so that nothing odd can happen.
//!
//! What lies in an agent's directory may be anything: a FIFO on which opening waits for ever, a link that leads out of
//! the home, a device. Only regular files are opened, and which file was opened is asked of the open file, not of its
//! name, which may name another one by then.

use std::fs::{File, FileType, Metadata};
use std::io;
use std::path::Path;

use agtop_model::Timestamp;

#[cfg(not(unix))]
mod other;
mod own;
#[cfg(unix)]
mod unix;
mod walk;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

pub use own::{append_to_own, open_own, read_own, read_own_text, replace_own};
pub use walk::{Sight, Walk};

/// Which file it is, and how it was when it was looked at.
///
/// Device and inode tell files apart whatever they are called. Where a platform has no inodes, the device is 0 and the
/// inode is a hash of the canonical path: a replaced file then looks like the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// The file system.
    pub device: u64,
    /// The file in it.
    pub inode: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: Timestamp,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular(FileIdentity),
    /// A directory.
    Directory,
    /// A symbolic link, wherever it leads.
    Symlink,
    /// A FIFO, a socket, a device, …
    Other,
}

/// Looks at a name without opening what it stands for and without following a link in its last part.
///
/// # Errors
/// Those of the look itself: [`io::ErrorKind::NotFound`] if there is nothing of that name.
pub fn identity(path: &Path) -> io::Result<FileKind> {
    let metadata = path.symlink_metadata()?;
    let kind = metadata.file_type();
    Ok(if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_file() {
        FileKind::Regular(platform::identity_of(path, &metadata)?)
    } else {
        FileKind::Other
    })
}

/// Opens a regular file for reading, and says which one was opened.
///
/// It never waits (for the other end of a FIFO, say), never follows a link in the last part of the path, and never
/// makes a terminal agtop's own.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is no regular file; otherwise what the system says.
pub fn open_regular(path: &Path) -> io::Result<(File, FileIdentity)> {
    open_with(path, Links::Refused)
}

/// What becomes of a link in the last part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    Refused,
    Followed,
}

fn open_with(path: &Path, links: Links) -> io::Result<(File, FileIdentity)> {
    let file = platform::open(path, links).inspect_err(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::trace!(?path, %error, "file: not opened");
        }
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        let kind = word_for(metadata.file_type());
        tracing::trace!(?path, kind, "file: not opened, it is not a regular file");
        return Err(refusal(kind));
    }
    let identity = platform::identity_of(path, &metadata)?;
    Ok((file, identity))
}

/// The error for what is no regular file.
fn refusal(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("not a regular file but {what}"))
}

fn word_for(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a FIFO, socket or device"
    }
}

/// The time of the last write; the epoch where a file system keeps none or one before it.
fn modified(metadata: &Metadata) -> Timestamp {
    let epoch = Timestamp::from_millis(0);
    let since_epoch = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since_epoch.map_or(epoch, |span| epoch.plus(span))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn directory_with(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn a_regular_file_is_opened_and_known_by_the_same_identity() {
        let (_directory, path) = directory_with("a.jsonl", "hello");
        let (mut file, opened) = open_regular(&path).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        assert_eq!(opened.size, 5);
        assert!(opened.modified > Timestamp::EARLIEST);
        assert_eq!(identity(&path).unwrap(), FileKind::Regular(opened));
    }

    #[test]
    fn a_directory_is_a_directory_and_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(identity(directory.path()).unwrap(), FileKind::Directory);
        let error = open_regular(directory.path()).unwrap_err();
        #[cfg(unix)]
        assert_eq!(error.to_string(), "not a regular file but a directory");
        drop(error);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone");
        assert_eq!(identity(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(open_regular(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
