//! Whether a directory is the user's alone. Agents' events pass through one: whoever can write to it, or to a directory
//! above it, can read what is sent there.

use std::path::Path;

mod fault;
#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

pub use fault::{DirFault, DirStatus, UnsafeDir};

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
