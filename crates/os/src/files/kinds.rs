use std::fs::{FileType, Metadata};
use std::io;

use agtop_model::Timestamp;

/// The identity of a file, and its size and time when it was examined.
///
/// Device and inode identify a file whatever its name is. On platforms without inodes, the device is 0 and the inode is a
/// hash of the canonical path: then a replaced file looks like the same one.
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

/// What kind of file a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular(FileIdentity),
    /// A directory.
    Directory,
    /// A symbolic link, whatever its target.
    Symlink,
    /// A FIFO, a socket, a device, …
    Other,
}

/// Whether a link in the last component of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    Refused,
    Followed,
}

/// What kind of file that is; `identity` is asked of a regular file.
pub(super) fn kind_of(kind: FileType, identity: impl FnOnce() -> io::Result<FileIdentity>) -> io::Result<FileKind> {
    Ok(if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_file() {
        FileKind::Regular(identity()?)
    } else {
        FileKind::Other
    })
}

/// The error for something that is not a regular file.
pub(super) fn refusal(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("not a regular file but {what}"))
}

pub(super) fn word_for(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a FIFO, socket or device"
    }
}

/// The time of the last write; the epoch if the file system has none, or an earlier one.
pub(super) fn modified(metadata: &Metadata) -> Timestamp {
    let epoch = Timestamp::from_millis(0);
    let since_epoch = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since_epoch.map_or(epoch, |span| epoch.plus(span))
}
