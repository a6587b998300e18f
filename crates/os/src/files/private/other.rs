//! A user's own directories are private on these platforms, by the rights that they inherit.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

pub(super) fn make_dir_private(_: &mut DirBuilder) {}

pub(super) fn make_file_private(_: &mut OpenOptions) {}

pub(super) fn refuse_links(_: &mut OpenOptions) {}

pub(super) fn is_owned(_: &Metadata) -> bool {
    true
}

pub(super) fn has_one_name(_: &Metadata) -> bool {
    true
}

#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn restrict_dir_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn restrict_file_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn is_file_at(file: &File, path: &Path) -> bool {
    use same_file::Handle;
    let (open, named) = (file.try_clone().and_then(Handle::from_file), Handle::from_path(path));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn copy_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}
