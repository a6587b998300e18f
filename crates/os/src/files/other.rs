use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::{FileIdentity, modified, refusal, word_for};

/// Looks before it opens: the standard library has no way to do both at once here.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let kind = path.symlink_metadata()?.file_type();
    if kind.is_file() { File::open(path) } else { Err(refusal(word_for(kind))) }
}

pub(super) fn identity_of(path: &Path, metadata: &Metadata) -> io::Result<FileIdentity> {
    let canonical = path.canonicalize()?;
    Ok(FileIdentity {
        device: 0,
        inode: xxh3_64(canonical.as_os_str().as_encoded_bytes()),
        size: metadata.len(),
        modified: modified(metadata),
    })
}
