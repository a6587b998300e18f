use std::ffi::{CStr, OsStr};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use agtop_model::Timestamp;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::kinds::{FileIdentity, FileKind, Links, modified, refusal};
use super::walk::{DirectoryStamp, Walk, WalkEntry, WalkVisitor};

/// Opens without waiting. Child processes do not inherit the file.
pub(super) fn open(path: &Path, links: Links) -> io::Result<File> {
    let follow = if links == Links::Followed { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | follow;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        // NOFOLLOW fails with EMLINK on FreeBSD and with ELOOP elsewhere, as a circle of links does.
        Err(Errno::LOOP | Errno::MLINK) => Err(refusal("a symbolic link")),
        // The errors for a socket and for a device without a driver.
        Err(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP) => Err(refusal("a socket or device")),
        Err(error) => Err(error.into()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "on platforms without inodes it can fail")]
pub(super) fn identity_of(_path: &Path, metadata: &Metadata) -> io::Result<FileIdentity> {
    Ok(FileIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: modified(metadata),
    })
}

/// Walks by the descriptors of directories. So nobody can put a link in place of a directory meanwhile, and the system does
/// not resolve the whole path for every file.
pub(super) fn walk(walk: &Walk<'_>, visitor: &mut dyn WalkVisitor) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut search = DirectoryWalk { walk, visitor, relative: Vec::new() };
    match rustix::fs::open(walk.root, flags, Mode::empty()) {
        Ok(directory) => search.walk_directory(directory, walk.depth),
        Err(error) => search.report(Err(error.into())),
    }
}

struct DirectoryWalk<'a> {
    walk: &'a Walk<'a>,
    visitor: &'a mut dyn WalkVisitor,
    /// The path relative to the root, as bytes: adding and removing a name needs no look at the others.
    relative: Vec<u8>,
}

impl DirectoryWalk<'_> {
    fn report(&mut self, kind: io::Result<FileKind>) {
        self.visitor.visit(WalkEntry { relative: path_of(&self.relative), kind });
    }

    fn walk_directory(&mut self, directory: OwnedFd, depth: usize) {
        let Some(below) = depth.checked_sub(1) else { return };
        let mut entries = match Dir::new(directory) {
            Ok(entries) => entries,
            Err(error) => return self.report(Err(error.into())),
        };
        while let Some(entry) = entries.read() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.report(Err(error.into())),
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let Ok(directory) = entries.fd() else { return };
            let parent = self.relative.len();
            if parent > 0 {
                self.relative.push(b'/');
            }
            self.relative.extend_from_slice(name.to_bytes());
            self.visit(directory, name, entry.file_type(), below);
            self.relative.truncate(parent);
        }
    }

    fn visit(&mut self, directory: BorrowedFd<'_>, name: &CStr, file_type: FileType, below: usize) {
        let is_wanted = (self.walk.accepts)(path_of(&self.relative));
        let mut is_directory = file_type == FileType::Directory;
        if is_wanted || file_type == FileType::Unknown {
            let kind = match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(kind_of(&stat)),
                Err(Errno::NOENT) => return,
                Err(error) => Err(error.into()),
            };
            is_directory = matches!(kind, Ok(FileKind::Directory));
            if is_wanted {
                self.report(kind);
            }
        }
        if !is_directory || below == 0 {
            return;
        }
        let is_examined = self.visitor.examines(path_of(&self.relative));
        if is_examined && !self.enters(directory, name) {
            return;
        }
        self.open_and_walk(directory, name, below);
        if is_examined {
            self.visitor.leave(path_of(&self.relative));
        }
    }

    /// Whether the visitor wants an examined directory to be searched. Its stamp is taken before it is listed: a later
    /// change gives it another one.
    fn enters(&mut self, directory: BorrowedFd<'_>, name: &CStr) -> bool {
        match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => self.visitor.enter(path_of(&self.relative), directory_stamp(&stat)),
            Err(Errno::NOENT) => false,
            Err(error) => {
                self.report(Err(error.into()));
                false
            }
        }
    }

    fn open_and_walk(&mut self, directory: BorrowedFd<'_>, name: &CStr, below: usize) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        match rustix::fs::openat(directory, name, flags, Mode::empty()) {
            Ok(directory) => self.walk_directory(directory, below),
            // It was removed or replaced meanwhile.
            Err(Errno::NOENT | Errno::LOOP | Errno::MLINK | Errno::NOTDIR) => {}
            Err(error) => self.report(Err(error.into())),
        }
    }
}

fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn kind_of(stat: &Stat) -> FileKind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::Regular(FileIdentity {
            device: number(stat.st_dev),
            inode: number(stat.st_ino),
            size: number(stat.st_size),
            modified: time(stat.st_mtime, stat.st_mtime_nsec),
        }),
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        _ => FileKind::Other,
    }
}

fn directory_stamp(stat: &Stat) -> DirectoryStamp {
    DirectoryStamp {
        device: number(stat.st_dev),
        inode: number(stat.st_ino),
        modified: time(stat.st_mtime, stat.st_mtime_nsec),
        changed: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}

fn time(seconds: impl TryInto<u64>, nanoseconds: impl TryInto<u64>) -> Timestamp {
    let since_epoch = Duration::from_secs(number(seconds)) + Duration::from_nanos(number(nanoseconds));
    Timestamp::from_millis(0).plus(since_epoch)
}

/// A field of [`Stat`]. The widths and signs of its fields differ between systems. No valid value is negative.
fn number(field: impl TryInto<u64>) -> u64 {
    field.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::super::*;

    fn refused(path: &Path) -> String {
        let error = open_regular(path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        error.to_string()
    }

    #[test]
    fn a_fifo_is_refused_without_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo.jsonl");
        // Every Unix has this tool, but no call that makes a FIFO is available on all of them.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(identity(&path).unwrap(), FileKind::Other);
        assert_eq!(refused(&path), "not a regular file but a FIFO, socket or device");
    }

    #[test]
    fn a_link_is_not_followed_even_to_a_regular_file() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::fs::write(&target, "secret").unwrap();
        symlink(&target, &link).unwrap();
        assert_eq!(identity(&link).unwrap(), FileKind::Symlink);
        assert_eq!(refused(&link), "not a regular file but a symbolic link");
    }

    #[test]
    fn a_circle_of_links_is_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (a, b) = (directory.path().join("a"), directory.path().join("b"));
        symlink(&b, &a).unwrap();
        symlink(&a, &b).unwrap();
        assert_eq!(identity(&a).unwrap(), FileKind::Symlink);
        refused(&a);
    }

    #[test]
    fn a_link_to_a_directory_in_the_path_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::fs::write(real.join("a"), "x").unwrap();
        symlink(&real, &link).unwrap();
        let (_, through) = open_regular(&link.join("a")).unwrap();
        let (_, direct) = open_regular(&real.join("a")).unwrap();
        assert_eq!(through, direct);
    }

    #[test]
    fn sockets_and_devices_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        assert_eq!(identity(&path).unwrap(), FileKind::Other);
        refused(&path);
        refused(Path::new("/dev/null"));
    }

    #[test]
    fn a_replaced_file_is_another_one_and_a_renamed_one_is_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (directory.path().join("log"), directory.path().join("log.1"));
        std::fs::write(&path, "old").unwrap();
        let (_held_open, before) = open_regular(&path).unwrap();
        std::fs::rename(&path, &aside).unwrap();
        std::fs::write(&path, "new").unwrap();
        assert_eq!(identity(&aside).unwrap(), FileKind::Regular(before));
        let (_, after) = open_regular(&path).unwrap();
        assert_eq!(after.device, before.device);
        assert_ne!(after.inode, before.inode);
    }

    #[test]
    fn a_file_whose_name_is_not_unicode_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.jsonl"));
        // Some file systems refuse such names. Then there is nothing to test.
        if std::fs::write(&path, "x").is_ok() {
            assert_eq!(open_regular(&path).unwrap().1.size, 1);
        }
    }

    #[test]
    fn a_time_before_the_epoch_becomes_the_epoch() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("old");
        std::fs::write(&path, "x").unwrap();
        let long_ago = std::time::UNIX_EPOCH - std::time::Duration::from_hours(24);
        File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(open_regular(&path).unwrap().1.modified, agtop_model::Timestamp::from_millis(0));
    }
}
