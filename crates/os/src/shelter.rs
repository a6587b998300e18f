//! Whether nobody but the user can put something else at a path: where agents' events pass through a directory, whoever
//! can write to it, or to one above it, can read what is sent there.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a directory is not used.
#[derive(Debug, Error)]
#[error("{}: {why}", path.display())]
pub struct Exposed {
    /// The component that is at fault.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: Fault,
}

/// What is wrong with a directory.
#[derive(Debug, Error)]
pub enum Fault {
    /// Its owner can put anything there.
    #[error("belongs to another user")]
    Foreign,
    /// Whoever may write to it can.
    #[error("others may write to it")]
    Open,
    /// A link may lead anywhere, today here and tomorrow there.
    #[error("is a symbolic link")]
    Link,
    /// It is something else.
    #[error("is no directory")]
    NoDirectory,
    /// The system does not say.
    #[error("cannot be looked at: {0}")]
    Unknown(io::Error),
}

/// Whether a directory is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It may be made.
    Missing,
}

/// Looks at a directory and at every one above it, where links lead, too: each belongs to this user or to root, and
/// nobody else may write to it. One above it that all may write to, such as `/tmp`, counts if it is sticky, for
/// there nobody can rename or remove what is another's.
///
/// # Errors
/// The first component that is at fault. On platforms without owners of files nothing is.
pub fn shelter(directory: &Path) -> Result<(), Exposed> {
    platform::shelter(directory)
}

/// Looks at a directory itself: no link, this user's own, and closed to everybody else's writing.
///
/// # Errors
/// What is wrong with it.
pub fn own_directory(directory: &Path) -> Result<Presence, Exposed> {
    platform::own_directory(directory)
}

#[cfg(unix)]
mod platform {
    use std::collections::VecDeque;
    use std::ffi::OsString;
    use std::fs::Metadata;
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Component, Path, PathBuf};

    use super::{Exposed, Fault, Presence};
    use crate::own_uid;

    const ROOT: u32 = 0;
    /// Group and others may write.
    const OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    /// A path with more links than this is one that goes round in a circle, as the kernel counts, too.
    const MOST_LINKS: usize = 40;

    pub(super) fn shelter(directory: &Path) -> Result<(), Exposed> {
        let mut way = Way::to(directory)?;
        while let Some(next) = way.left.pop_front() {
            way.step(&next)?;
        }
        let last = look(&way.reached)?;
        if last.mode() & OTHERS_WRITE == 0 { Ok(()) } else { Err(exposed(&way.reached, Fault::Open)) }
    }

    pub(super) fn own_directory(directory: &Path) -> Result<Presence, Exposed> {
        let metadata = match directory.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Presence::Missing),
            Err(error) => return Err(exposed(directory, Fault::Unknown(error))),
        };
        let fault = if metadata.is_symlink() {
            Fault::Link
        } else if !metadata.is_dir() {
            Fault::NoDirectory
        } else if metadata.uid() != own_uid() {
            Fault::Foreign
        } else if metadata.mode() & OTHERS_WRITE != 0 {
            Fault::Open
        } else {
            return Ok(Presence::There);
        };
        Err(exposed(directory, fault))
    }

    /// The way from the root to a directory, component by component.
    struct Way {
        reached: PathBuf,
        left: VecDeque<OsString>,
        links: usize,
    }

    impl Way {
        fn to(directory: &Path) -> Result<Self, Exposed> {
            if !directory.is_absolute() {
                return Err(exposed(directory, Fault::NoDirectory));
            }
            let mut way = Self { reached: PathBuf::from("/"), left: VecDeque::new(), links: 0 };
            way.put_before(directory);
            is_kept(&way.reached, &look(&way.reached)?)?;
            Ok(way)
        }

        fn put_before(&mut self, path: &Path) {
            for component in path.components().rev() {
                match component {
                    Component::Normal(name) => self.left.push_front(name.to_owned()),
                    Component::ParentDir => self.left.push_front("..".into()),
                    Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
                }
            }
        }

        fn step(&mut self, name: &OsString) -> Result<(), Exposed> {
            if name == ".." {
                self.reached.pop();
                return Ok(());
            }
            let next = self.reached.join(name);
            let metadata = look(&next)?;
            is_kept(&next, &metadata)?;
            if !metadata.is_symlink() {
                self.reached = next;
                return Ok(());
            }
            self.links += 1;
            if self.links > MOST_LINKS {
                return Err(exposed(&next, Fault::Link));
            }
            let target = next.read_link().map_err(|error| exposed(&next, Fault::Unknown(error)))?;
            if target.is_absolute() {
                self.reached = PathBuf::from("/");
            }
            self.put_before(&target);
            Ok(())
        }
    }

    /// Whether nobody can put something else in place of what is in this directory, or change where this link leads.
    fn is_kept(path: &Path, metadata: &Metadata) -> Result<(), Exposed> {
        if ![ROOT, own_uid()].contains(&metadata.uid()) {
            return Err(exposed(path, Fault::Foreign));
        }
        // Links have no rights of their own.
        if metadata.is_symlink() {
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(exposed(path, Fault::NoDirectory));
        }
        let is_open = metadata.mode() & OTHERS_WRITE != 0 && metadata.mode() & STICKY == 0;
        if is_open { Err(exposed(path, Fault::Open)) } else { Ok(()) }
    }

    fn look(path: &Path) -> Result<Metadata, Exposed> {
        path.symlink_metadata().map_err(|error| exposed(path, Fault::Unknown(error)))
    }

    fn exposed(path: &Path, why: Fault) -> Exposed {
        Exposed { path: path.to_owned(), why }
    }
}

/// A user's own directories are private there by the rights that they inherit.
#[cfg(not(unix))]
mod platform {
    use std::path::Path;

    use super::{Exposed, Fault, Presence};

    #[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
    pub(super) fn shelter(_: &Path) -> Result<(), Exposed> {
        Ok(())
    }

    pub(super) fn own_directory(directory: &Path) -> Result<Presence, Exposed> {
        match directory.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => Ok(Presence::There),
            Ok(_) => Err(Exposed { path: directory.to_owned(), why: Fault::NoDirectory }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Presence::Missing),
            Err(error) => Err(Exposed { path: directory.to_owned(), why: Fault::Unknown(error) }),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{Permissions, create_dir, set_permissions};
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn ground() -> (tempfile::TempDir, PathBuf) {
        let ground = tempfile::tempdir().unwrap();
        let inner = ground.path().join("outer/inner");
        std::fs::create_dir_all(&inner).unwrap();
        (ground, inner)
    }

    fn set(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// Every way in which the mode of a directory, or of one above it, lets others write, and one that is kept closed
    /// by its sticky bit as `/tmp` is.
    #[test]
    fn a_directory_below_one_that_others_may_write_to_is_exposed() {
        let (ground, inner) = ground();
        let outer = ground.path().join("outer");
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
            set(&outer, above);
            set(&inner, own);
            assert_eq!(shelter(&inner).is_ok(), is_safe, "{above:o} {own:o}");
        }
    }

    /// A link is as safe as the directory that it lies in: one that others may write to can change where it leads.
    #[test]
    fn a_link_is_followed_and_every_directory_on_its_way_counts() {
        let (ground, inner) = ground();
        let links = ground.path().join("links");
        create_dir(&links).unwrap();
        symlink(&inner, links.join("absolute")).unwrap();
        symlink("../outer/inner", links.join("relative")).unwrap();
        symlink("round", links.join("round")).unwrap();
        assert!(shelter(&links.join("absolute")).is_ok());
        assert!(shelter(&links.join("relative")).is_ok());
        assert!(matches!(shelter(&links.join("round")).unwrap_err().why, Fault::Link));
        set(&links, 0o777);
        assert!(matches!(shelter(&links.join("absolute")).unwrap_err().why, Fault::Open));
        set(&links, 0o700);
        set(&inner.join(".."), 0o777);
        assert!(matches!(shelter(&links.join("relative")).unwrap_err().why, Fault::Open));
    }

    #[test]
    fn a_directory_of_ones_own_is_neither_a_link_nor_a_file_nor_open() {
        let (ground, inner) = ground();
        assert_eq!(own_directory(&inner).unwrap(), Presence::There);
        assert_eq!(own_directory(&inner.join("none")).unwrap(), Presence::Missing);
        symlink(&inner, ground.path().join("link")).unwrap();
        assert!(matches!(own_directory(&ground.path().join("link")).unwrap_err().why, Fault::Link));
        std::fs::write(ground.path().join("file"), "").unwrap();
        assert!(matches!(own_directory(&ground.path().join("file")).unwrap_err().why, Fault::NoDirectory));
        set(&inner, 0o777);
        assert!(matches!(own_directory(&inner).unwrap_err().why, Fault::Open));
    }

    /// User nobody's directories, links and files are not the user's, whatever their modes say.
    #[test]
    fn what_belongs_to_another_user_is_exposed() {
        const NOBODY: u32 = 65_534;
        if crate::own_uid() != 0 {
            // Not by a macro, whose output is shown of failed tests alone.
            let _ = io::stderr().write_all(b"NOT RUN: only root can give files away\n");
            return;
        }
        let (ground, inner) = ground();
        let outer = ground.path().join("outer");
        std::os::unix::fs::chown(&inner, Some(NOBODY), None).unwrap();
        assert!(matches!(own_directory(&inner).unwrap_err().why, Fault::Foreign));
        assert!(matches!(shelter(&inner).unwrap_err().why, Fault::Foreign));
        std::os::unix::fs::chown(&inner, Some(0), None).unwrap();
        std::os::unix::fs::chown(&outer, Some(NOBODY), None).unwrap();
        assert!(matches!(shelter(&inner).unwrap_err().why, Fault::Foreign));
        std::os::unix::fs::chown(&outer, Some(0), None).unwrap();
        let link = ground.path().join("link");
        symlink(&inner, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(NOBODY), None).unwrap();
        assert!(matches!(shelter(&link).unwrap_err().why, Fault::Foreign));
    }
}
