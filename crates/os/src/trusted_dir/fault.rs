use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

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
    pub(super) fn new(path: &Path, fault: DirFault) -> Self {
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
