//! Identifying files, and opening them safely.
//!
//! An agent's directory may contain anything: a FIFO whose opening blocks for ever, a link that leads out of the home, a
//! device. These functions open only regular files. They identify an open file by its descriptor, because its name may
//! belong to another file by then.

use std::fs::File;
use std::io;
use std::path::Path;

mod kinds;
#[cfg(not(unix))]
mod other;
mod path_bytes;
mod private;
#[cfg(unix)]
mod unix;
mod user_files;
mod walk;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

use kinds::{Links, kind_of, refusal, word_for};

pub use kinds::{FileIdentity, FileKind};
pub use path_bytes::{path_from_bytes, path_to_bytes};
pub use private::{
    append_to_private, copy_permissions, create_private_dir, create_private_dir_all, create_private_file, is_file_at,
    open_private, remove_foreign_entries, restrict_dir_to_owner, restrict_file_to_owner, sync_dir,
};
pub use user_files::{append_to_user_file, open_user_file, read_user_file, read_user_text, replace_user_file};
pub use walk::{DirectoryStamp, Walk, WalkEntry, WalkVisitor};

/// Identifies a file without opening it and without following a link in the last component of the path.
///
/// # Errors
/// The system's error: [`io::ErrorKind::NotFound`] if there is nothing at this path.
pub fn identity(path: &Path) -> io::Result<FileKind> {
    let metadata = path.symlink_metadata()?;
    kind_of(metadata.file_type(), || platform::identity_of(path, &metadata))
}

/// Opens a regular file for reading and returns its identity.
///
/// It never waits (for the other end of a FIFO, for example), never follows a link in the last component of the path, and
/// never makes a terminal the controlling one.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if it is not a regular file; otherwise the system's error.
pub fn open_regular(path: &Path) -> io::Result<(File, FileIdentity)> {
    open_with(path, Links::Refused)
}

impl Walk<'_> {
    /// Calls `visitor` with everything that is wanted, in no particular order.
    pub fn run(&self, visitor: &mut dyn WalkVisitor) {
        platform::walk(self, visitor);
    }
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use agtop_model::Timestamp;

    use super::*;

    fn directory_with(name: &str, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn a_regular_file_has_the_same_identity_open_and_closed() {
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
    fn a_directory_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(identity(directory.path()).unwrap(), FileKind::Directory);
        let error = open_regular(directory.path()).unwrap_err();
        #[cfg(unix)]
        assert_eq!(error.to_string(), "not a regular file but a directory");
        drop(error);
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone");
        assert_eq!(identity(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(open_regular(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
