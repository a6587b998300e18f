//! A user's own directories are private on these platforms, by the rights that they inherit.

use std::io;
use std::path::Path;

use super::fault::{DirFault, DirStatus, UnsafeDir};

#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn check_dir_path(_: &Path) -> Result<(), UnsafeDir> {
    Ok(())
}

pub(super) fn check_private_dir(directory: &Path) -> Result<DirStatus, UnsafeDir> {
    match directory.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(DirStatus::Present),
        Ok(_) => Err(UnsafeDir::new(directory, DirFault::NotADirectory)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DirStatus::Missing),
        Err(error) => Err(UnsafeDir::new(directory, DirFault::Io(error))),
    }
}
