//! Files and directories that only their owner may read and write: the spool of events, the ledger.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::open_regular;

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

/// Creates a directory that only its owner can enter. Those above it must exist.
///
/// # Errors
/// The system's error; [`io::ErrorKind::AlreadyExists`] if there is something of that name.
pub fn create_private_dir(directory: &Path) -> io::Result<()> {
    private_dir_builder().create(directory)
}

/// Creates a directory, and those above it that are missing, so that only their owner can enter. A directory that exists
/// is left as it is.
///
/// # Errors
/// The system's error.
pub fn create_private_dir_all(directory: &Path) -> io::Result<()> {
    private_dir_builder().recursive(true).create(directory)
}

fn private_dir_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    platform::make_dir_private(&mut builder);
    builder
}

/// Creates a file that only its owner can read and write.
///
/// # Errors
/// The system's error; [`io::ErrorKind::AlreadyExists`] if there is something of that name.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    platform::make_file_private(&mut options);
    options.open(path)
}

/// Opens a private file to append to it, and creates it if there is none. It follows no link and never waits.
///
/// # Errors
/// The system's error, or that the file is not a regular one, belongs to another user or has a second name.
pub fn append_to_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    platform::make_file_private(&mut options);
    platform::refuse_links(&mut options);
    let file = options.open(path)?;
    check_private(&file)?;
    Ok(file)
}

/// Opens a private file for reading. It follows no link and never waits.
///
/// # Errors
/// As [`append_to_private`].
pub fn open_private(path: &Path) -> io::Result<File> {
    let (file, _) = open_regular(path)?;
    check_private(&file)?;
    Ok(file)
}

/// A file with a second name may be another user's link to a file of this user.
fn check_private(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if metadata.is_file() && platform::is_owned(&metadata) && platform::has_one_name(&metadata) {
        Ok(())
    } else {
        Err(io::Error::other("is not a regular file of this user alone"))
    }
}

/// Takes from others all rights to a directory that is this user's and is not a link.
///
/// # Errors
/// The system's error.
pub fn restrict_dir_to_owner(directory: &Path) -> io::Result<()> {
    platform::restrict_dir_to_owner(directory)
}

/// Takes from others all rights to a file that is this user's and is not a link.
///
/// # Errors
/// The system's error.
pub fn restrict_file_to_owner(path: &Path) -> io::Result<()> {
    platform::restrict_file_to_owner(path)
}

/// Removes what other users have put into a directory, examining up to `max_entries`, and returns how many entries it
/// removed. What cannot be removed stays, such as a directory that is not empty.
///
/// # Errors
/// If the directory cannot be listed.
pub fn remove_foreign_entries(directory: &Path, max_entries: usize) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(directory)?.take(max_entries) {
        let path = entry?.path();
        let is_foreign = fs::symlink_metadata(&path).is_ok_and(|metadata| !platform::is_owned(&metadata));
        if is_foreign && (fs::remove_file(&path).is_ok() || fs::remove_dir(&path).is_ok()) {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Returns whether `path` names the open file.
pub fn is_file_at(file: &File, path: &Path) -> bool {
    platform::is_file_at(file, path)
}

/// Gives a file the permissions of another one and, where files have owners, its owner and group.
///
/// # Errors
/// The system's error.
pub fn copy_permissions(file: &File, like: &Metadata) -> io::Result<()> {
    platform::copy_owner(file, like)?;
    file.set_permissions(like.permissions())
}

/// Waits until the names in a directory are on the disk, so that they outlive a power failure. Does nothing where the
/// platform has no such call.
///
/// # Errors
/// The system's error.
pub fn sync_dir(directory: &Path) -> io::Result<()> {
    platform::sync_dir(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_at_its_own_path_until_another_takes_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("a"), directory.path().join("b"));
        let file = create_private_file(&path).unwrap();
        assert_eq!(create_private_file(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(is_file_at(&file, &path) && !is_file_at(&file, &aside));
        fs::rename(&path, &aside).unwrap();
        drop(append_to_private(&path).unwrap());
        assert!(!is_file_at(&file, &path) && is_file_at(&file, &aside));
        sync_dir(directory.path()).unwrap();
    }

    #[cfg(unix)]
    mod on_unix {
        use std::io::Write as _;
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

        use super::super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().mode() & 0o777
        }

        fn set_mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        #[test]
        fn private_files_and_directories_are_closed_to_others() {
            let root = tempfile::tempdir().unwrap();
            let (outer, inner) = (root.path().join("outer"), root.path().join("outer/inner"));
            create_private_dir_all(&inner).unwrap();
            create_private_dir(&inner.join("dir")).unwrap();
            let (created, appended) = (inner.join("created"), inner.join("appended"));
            drop((create_private_file(&created).unwrap(), append_to_private(&appended).unwrap()));
            assert_eq!([mode(&outer), mode(&inner), mode(&inner.join("dir"))], [0o700; 3]);
            assert_eq!([mode(&created), mode(&appended)], [0o600; 2]);
            set_mode(&inner, 0o777);
            set_mode(&created, 0o644);
            restrict_dir_to_owner(&inner).unwrap();
            restrict_file_to_owner(&created).unwrap();
            assert_eq!((mode(&inner), mode(&created)), (0o700, 0o600));
        }

        #[test]
        fn a_link_and_a_file_with_a_second_name_are_refused() {
            let root = tempfile::tempdir().unwrap();
            let (file, second, link) = (root.path().join("a"), root.path().join("b"), root.path().join("c"));
            fs::write(&file, "text").unwrap();
            drop((open_private(&file).unwrap(), append_to_private(&file).unwrap()));
            symlink(&file, &link).unwrap();
            fs::hard_link(&file, &second).unwrap();
            for path in [&file, &second, &link] {
                assert!(open_private(path).is_err() && append_to_private(path).is_err(), "{}", path.display());
            }
        }

        #[test]
        fn entries_of_other_users_are_removed() {
            const NOBODY: u32 = 65_534;
            if crate::effective_uid() != 0 {
                // Written directly: the output of a macro is shown for failed tests only.
                let _ = io::stderr().write_all(b"NOT RUN: only root can give files away\n");
                return;
            }
            let root = tempfile::tempdir().unwrap();
            for name in ["theirs", "mine"] {
                fs::write(root.path().join(name), "").unwrap();
            }
            chown(root.path().join("theirs"), Some(NOBODY), None).unwrap();
            assert_eq!(remove_foreign_entries(root.path(), 10).unwrap(), 1);
            let left: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["mine"]);
        }
    }
}
