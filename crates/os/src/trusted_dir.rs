//! Whether a directory is the user's alone. Agents' events pass through one: whoever can write to it, or to a directory
//! above it, can read what is sent there.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

/// A directory that is not safe to use.
#[derive(Debug, Error)]
#[error("{}: {fault}", path.display())]
pub struct UnsafeDir {
    /// The directory, or the one above it, that is at fault.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: DirFault,
}

impl UnsafeDir {
    fn new(path: &Path, fault: DirFault) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

/// What is wrong with a directory.
#[derive(Debug, Error)]
pub enum DirFault {
    /// Its owner can put anything there.
    #[error("belongs to another user")]
    ForeignOwner,
    /// Other users can put anything there.
    #[error("others may write to it")]
    WritableByOthers,
    /// The target of a link may change at any time.
    #[error("is a symbolic link")]
    SymbolicLink,
    /// It is something else.
    #[error("is not a directory")]
    NotADirectory,
    /// The system does not say.
    #[error("cannot be examined: {0}")]
    Io(io::Error),
}

/// Whether a directory exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirStatus {
    /// It exists.
    Present,
    /// It may be created.
    Missing,
}

/// Checks a directory and every one above it, also those that links lead through: each belongs to this user or to root,
/// and nobody else may write to it. A directory above it that everyone may write to, such as `/tmp`, passes if it is
/// sticky: nobody can rename or remove another user's files there.
///
/// # Errors
/// The first directory that is at fault. On platforms where files have no owners nothing is.
pub fn check_dir_path(directory: &Path) -> Result<(), UnsafeDir> {
    platform::check_dir_path(directory)
}

/// Checks a directory itself: it is not a link, it belongs to this user, and nobody else may write to it.
///
/// # Errors
/// What is wrong with it.
pub fn check_private_dir(directory: &Path) -> Result<DirStatus, UnsafeDir> {
    platform::check_private_dir(directory)
}
