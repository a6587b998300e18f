//! Modes and owners.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::OFlags;

use crate::effective_uid;

/// The mode of a private directory.
const PRIVATE_DIR_MODE: u32 = 0o700;
/// The mode of a private file.
const PRIVATE_FILE_MODE: u32 = 0o600;
/// The rights of group and others.
const OTHERS_RIGHTS: u32 = 0o077;

pub(super) fn make_dir_private(builder: &mut DirBuilder) {
    builder.mode(PRIVATE_DIR_MODE);
}

pub(super) fn make_file_private(options: &mut OpenOptions) {
    options.mode(PRIVATE_FILE_MODE);
}

/// A link could lead anywhere, and opening a FIFO would wait for its other end.
pub(super) fn refuse_links(options: &mut OpenOptions) {
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
}

pub(super) fn is_owned(metadata: &Metadata) -> bool {
    metadata.uid() == effective_uid()
}

pub(super) fn has_one_name(metadata: &Metadata) -> bool {
    metadata.nlink() <= 1
}

pub(super) fn restrict_dir_to_owner(directory: &Path) -> io::Result<()> {
    if fs::symlink_metadata(directory)?.mode() & 0o777 == PRIVATE_DIR_MODE {
        return Ok(());
    }
    fs::set_permissions(directory, Permissions::from_mode(PRIVATE_DIR_MODE))
}

pub(super) fn restrict_file_to_owner(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.mode() & OTHERS_RIGHTS == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(PRIVATE_FILE_MODE))
}

pub(super) fn is_file_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

pub(super) fn copy_owner(file: &File, like: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(file, Some(like.uid()), Some(like.gid()))
}

pub(super) fn sync_dir(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
