//! Owners, modes and links, component by component.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::fault::{DirFault, DirStatus, UnsafeDir};
use crate::effective_uid;

const ROOT_UID: u32 = 0;
/// The mode bits by which group and others may write.
const OTHERS_WRITE_BITS: u32 = 0o022;
const STICKY_BIT: u32 = 0o1000;
/// A path with more links than this counts as a circle. The kernel has the same limit.
const MAX_LINKS: usize = 40;

pub(super) fn check_dir_path(directory: &Path) -> Result<(), UnsafeDir> {
    let mut walk = PathWalk::to(directory)?;
    while let Some(next) = walk.remaining.pop_front() {
        walk.step(&next)?;
    }
    let last = metadata_of(&walk.reached)?;
    if last.mode() & OTHERS_WRITE_BITS == 0 {
        Ok(())
    } else {
        Err(UnsafeDir::new(&walk.reached, DirFault::WritableByOthers))
    }
}

pub(super) fn check_private_dir(directory: &Path) -> Result<DirStatus, UnsafeDir> {
    let metadata = match directory.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DirStatus::Missing),
        Err(error) => return Err(UnsafeDir::new(directory, DirFault::Io(error))),
    };
    let fault = if metadata.is_symlink() {
        DirFault::SymbolicLink
    } else if !metadata.is_dir() {
        DirFault::NotADirectory
    } else if metadata.uid() != effective_uid() {
        DirFault::ForeignOwner
    } else if metadata.mode() & OTHERS_WRITE_BITS != 0 {
        DirFault::WritableByOthers
    } else {
        return Ok(DirStatus::Present);
    };
    Err(UnsafeDir::new(directory, fault))
}

/// A walk from the root to a directory, component by component.
struct PathWalk {
    reached: PathBuf,
    remaining: VecDeque<OsString>,
    links: usize,
}

impl PathWalk {
    fn to(directory: &Path) -> Result<Self, UnsafeDir> {
        if !directory.is_absolute() {
            return Err(UnsafeDir::new(directory, DirFault::NotADirectory));
        }
        let mut walk = Self { reached: PathBuf::from("/"), remaining: VecDeque::new(), links: 0 };
        walk.prepend(directory);
        check_entry(&walk.reached, &metadata_of(&walk.reached)?)?;
        Ok(walk)
    }

    fn prepend(&mut self, path: &Path) {
        for component in path.components().rev() {
            match component {
                Component::Normal(name) => self.remaining.push_front(name.to_owned()),
                Component::ParentDir => self.remaining.push_front("..".into()),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }

    fn step(&mut self, name: &OsString) -> Result<(), UnsafeDir> {
        if name == ".." {
            self.reached.pop();
            return Ok(());
        }
        let next = self.reached.join(name);
        let metadata = metadata_of(&next)?;
        check_entry(&next, &metadata)?;
        if !metadata.is_symlink() {
            self.reached = next;
            return Ok(());
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(UnsafeDir::new(&next, DirFault::SymbolicLink));
        }
        let target = next.read_link().map_err(|error| UnsafeDir::new(&next, DirFault::Io(error)))?;
        if target.is_absolute() {
            self.reached = PathBuf::from("/");
        }
        self.prepend(&target);
        Ok(())
    }
}

/// Checks that nobody else can replace what is in this directory, or change the target of this link.
fn check_entry(path: &Path, metadata: &Metadata) -> Result<(), UnsafeDir> {
    if ![ROOT_UID, effective_uid()].contains(&metadata.uid()) {
        return Err(UnsafeDir::new(path, DirFault::ForeignOwner));
    }
    // The mode of a link means nothing.
    if metadata.is_symlink() {
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(UnsafeDir::new(path, DirFault::NotADirectory));
    }
    let is_writable_by_others = metadata.mode() & OTHERS_WRITE_BITS != 0 && metadata.mode() & STICKY_BIT == 0;
    if is_writable_by_others { Err(UnsafeDir::new(path, DirFault::WritableByOthers)) } else { Ok(()) }
}

fn metadata_of(path: &Path) -> Result<Metadata, UnsafeDir> {
    path.symlink_metadata().map_err(|error| UnsafeDir::new(path, DirFault::Io(error)))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir, set_permissions};
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn test_dirs() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("outer/inner");
        std::fs::create_dir_all(&inner).unwrap();
        (root, inner)
    }

    fn set_mode(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// Each way in which the mode of a directory, or of one above it, lets others write; and a sticky one, as `/tmp` is.
    #[test]
    fn a_directory_that_others_can_replace_is_unsafe() {
        let (root, inner) = test_dirs();
        let outer = root.path().join("outer");
        for (above, own, is_safe) in [
            (0o700, 0o700, true),
            (0o755, 0o755, true),
            (0o1777, 0o700, true),
            (0o777, 0o700, false),
            (0o770, 0o700, false),
            (0o702, 0o700, false),
            (0o700, 0o777, false),
            (0o700, 0o720, false),
            (0o700, 0o1777, false),
        ] {
            set_mode(&outer, above);
            set_mode(&inner, own);
            assert_eq!(check_dir_path(&inner).is_ok(), is_safe, "{above:o} {own:o}");
        }
    }

    /// A link is as safe as the directory it is in: whoever may write there can change its target.
    #[test]
    fn every_directory_that_a_link_leads_through_is_checked() {
        let (root, inner) = test_dirs();
        let links = root.path().join("links");
        create_dir(&links).unwrap();
        symlink(&inner, links.join("absolute")).unwrap();
        symlink("../outer/inner", links.join("relative")).unwrap();
        symlink("round", links.join("round")).unwrap();
        assert!(check_dir_path(&links.join("absolute")).is_ok());
        assert!(check_dir_path(&links.join("relative")).is_ok());
        assert!(matches!(check_dir_path(&links.join("round")).unwrap_err().fault, DirFault::SymbolicLink));
        set_mode(&links, 0o777);
        assert!(matches!(check_dir_path(&links.join("absolute")).unwrap_err().fault, DirFault::WritableByOthers));
        set_mode(&links, 0o700);
        set_mode(&inner.join(".."), 0o777);
        assert!(matches!(check_dir_path(&links.join("relative")).unwrap_err().fault, DirFault::WritableByOthers));
    }

    #[test]
    fn a_private_directory_is_neither_a_link_nor_a_file_nor_writable_by_others() {
        let (root, inner) = test_dirs();
        assert_eq!(check_private_dir(&inner).unwrap(), DirStatus::Present);
        assert_eq!(check_private_dir(&inner.join("none")).unwrap(), DirStatus::Missing);
        symlink(&inner, root.path().join("link")).unwrap();
        assert!(matches!(check_private_dir(&root.path().join("link")).unwrap_err().fault, DirFault::SymbolicLink));
        std::fs::write(root.path().join("file"), "").unwrap();
        assert!(matches!(check_private_dir(&root.path().join("file")).unwrap_err().fault, DirFault::NotADirectory));
        set_mode(&inner, 0o777);
        assert!(matches!(check_private_dir(&inner).unwrap_err().fault, DirFault::WritableByOthers));
    }

    /// The owner counts, whatever the mode says.
    #[test]
    fn a_directory_of_another_user_is_unsafe() {
        const NOBODY: u32 = 65_534;
        if effective_uid() != 0 {
            // Written directly: the output of a macro is shown for failed tests only.
            let _ = io::stderr().write_all(b"NOT RUN: only root can give files away\n");
            return;
        }
        let (root, inner) = test_dirs();
        let outer = root.path().join("outer");
        std::os::unix::fs::chown(&inner, Some(NOBODY), None).unwrap();
        assert!(matches!(check_private_dir(&inner).unwrap_err().fault, DirFault::ForeignOwner));
        assert!(matches!(check_dir_path(&inner).unwrap_err().fault, DirFault::ForeignOwner));
        std::os::unix::fs::chown(&inner, Some(0), None).unwrap();
        std::os::unix::fs::chown(&outer, Some(NOBODY), None).unwrap();
        assert!(matches!(check_dir_path(&inner).unwrap_err().fault, DirFault::ForeignOwner));
        std::os::unix::fs::chown(&outer, Some(0), None).unwrap();
        let link = root.path().join("link");
        symlink(&inner, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(NOBODY), None).unwrap();
        assert!(matches!(check_dir_path(&link).unwrap_err().fault, DirFault::ForeignOwner));
    }
}
