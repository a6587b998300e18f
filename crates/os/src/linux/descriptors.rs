//! `/proc/PID/fd` and `/proc/PID/fdinfo`: what a process holds open. See `proc_pid_fd(5)` and `proc_pid_fdinfo(5)`.
//!
//! The text of a link says whether its descriptor is a socket or certainly not a file. For the others `fdinfo` is read,
//! which says whether the file is open for writing.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use agtop_model::{Gap, OpenFiles, Reading};
use rustix::fs::{AtFlags, FileType, OFlags, StatxFlags, statx};
use rustix::io::Errno;
use rustix::path::DecInt;

use super::procfs::{ProcFs, gap, open_directory, read_start, short_link, value_of};
use crate::open_files::{Access, OpenFilesBuilder};

/// How many descriptors of one process are examined.
const MAX_DESCRIPTORS: usize = 4096;
/// How much of `fdinfo` is read: `flags` is in the second line, and what follows may be long.
const MAX_FDINFO_BYTES: usize = 512;
/// What the kernel appends to the path of a file that was deleted.
const DELETED_SUFFIX: &[u8] = b" (deleted)";
/// Paths that do not lead to a file on a disk: devices, and shared memory with an invented name.
const NON_FILE_PREFIXES: [&[u8]; 3] = [b"/dev/", b"/memfd:", b"/dmabuf"];

/// The regular files a process holds open. Descriptors that are closed meanwhile are left out.
pub(super) fn open_files(fs: &mut ProcFs, process: &OwnedFd) -> Reading<OpenFiles> {
    let (directory, numbers) = descriptors(fs, process)?;
    let info = open_directory(process, c"fdinfo", OFlags::PATH).map_err(gap)?;
    let mut files = OpenFilesBuilder::without(numbers.len().saturating_sub(MAX_DESCRIPTORS));
    for &number in numbers.iter().take(MAX_DESCRIPTORS) {
        let path = match fs.link(&directory, DecInt::new(number)) {
            Ok(target) if may_be_file(target) => PathBuf::from(OsStr::from_bytes(target)),
            // If the kernel refuses one descriptor, it refuses all of them.
            Err(Errno::ACCESS | Errno::PERM) => return Err(Gap::Denied),
            Ok(_) | Err(_) => continue,
        };
        let mut text = [0; MAX_FDINFO_BYTES];
        let text = read_start(&info, DecInt::new(number), &mut text);
        if let Some(access) = text.ok().and_then(access)
            && is_regular(&directory, number)
        {
            files.add(path, access);
        }
    }
    Ok(files.finish())
}

/// The inodes of the sockets a process holds open, in rising order, each once.
pub(super) fn socket_inodes(fs: &mut ProcFs, process: &OwnedFd) -> Reading<Vec<u64>> {
    let (directory, numbers) = descriptors(fs, process)?;
    let mut inodes = Vec::new();
    for &number in numbers.iter().take(MAX_DESCRIPTORS) {
        // Longer than any `socket:[inode]`. A link that is cut off is not one.
        let mut target = [0; 40];
        match short_link(&directory, DecInt::new(number), &mut target) {
            Ok(target) => inodes.extend(socket_inode(target)),
            Err(Errno::ACCESS | Errno::PERM) => return Err(Gap::Denied),
            Err(_) => {}
        }
    }
    inodes.sort_unstable();
    inodes.dedup();
    Ok(inodes)
}

/// Opens the directory of a process's descriptors and lists their numbers.
fn descriptors(fs: &mut ProcFs, process: &OwnedFd) -> Reading<(OwnedFd, Vec<u32>)> {
    let directory = open_directory(process, c"fd", OFlags::RDONLY).map_err(gap)?;
    let numbers = fs.numbers(&directory).map_err(gap)?;
    Ok((directory, numbers))
}

/// How a file was opened, from the octal `flags` line of its `fdinfo`. `None` for a descriptor that only marks a location
/// (`O_PATH`), for a directory, and without such a line.
fn access(fdinfo: &[u8]) -> Option<Access> {
    let bits = u32::from_str_radix(value_of(fdinfo, "flags")?, 8).ok()?;
    let flags = OFlags::from_bits_retain(bits);
    if flags.intersects(OFlags::PATH | OFlags::DIRECTORY) {
        None
    } else if (flags & OFlags::RWMODE) == OFlags::RDONLY {
        Some(Access::Read)
    } else {
        Some(Access::Write)
    }
}

/// Whether a link may lead to a file that still has a name. Pipes, sockets and the like have no path.
fn may_be_file(target: &[u8]) -> bool {
    target.starts_with(b"/")
        && !target.ends_with(DELETED_SUFFIX)
        && !NON_FILE_PREFIXES.iter().any(|prefix| target.starts_with(prefix))
}

/// Whether a descriptor is a regular file, not a directory, a FIFO or a device outside `/dev`. It accepts cached attributes,
/// so it does not wait for a file system that does not answer.
fn is_regular(directory: &OwnedFd, number: u32) -> bool {
    let found = statx(directory, DecInt::new(number), AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE);
    match found {
        Ok(found) => FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile,
        // A kernel before 4.11 has no such call. Most descriptors with a path are files.
        Err(error) => error == Errno::NOSYS,
    }
}

fn socket_inode(target: &[u8]) -> Option<u64> {
    let inode = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(inode).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(flags: OFlags) -> Option<Access> {
        access(format!("pos:\t0\nflags:\t0{:o}\nmnt_id:\t29\n", flags.bits()).as_bytes())
    }

    #[test]
    fn writable_means_opened_for_writing() {
        assert_eq!(of(OFlags::RDONLY | OFlags::CLOEXEC), Some(Access::Read));
        assert_eq!(of(OFlags::WRONLY | OFlags::APPEND), Some(Access::Write));
        assert_eq!(of(OFlags::RDWR | OFlags::CREATE), Some(Access::Write));
    }

    #[test]
    fn a_descriptor_that_marks_a_location_is_not_an_open_file() {
        assert_eq!(of(OFlags::PATH), None);
        assert_eq!(of(OFlags::DIRECTORY), None);
    }

    #[test]
    fn missing_and_invalid_flags_are_no_access() {
        for text in [&b""[..], b"pos:\t0\n", b"flags:\t8\n", b"flags:\t-1\n", b"flags:\t777777777777777\n", b"\xff"] {
            assert_eq!(access(text), None);
        }
    }

    #[test]
    fn only_what_has_a_path_may_be_a_file() {
        for target in [
            "pipe:[1]",
            "socket:[2]",
            "anon_inode:[eventpoll]",
            "/memfd:x (deleted)",
            "/dmabuf:",
            "/dev/null",
            "/tmp/a (deleted)",
            "(unreachable)/a",
            "",
        ] {
            assert!(!may_be_file(target.as_bytes()), "{target}");
        }
        assert!(may_be_file(b"/home/a/pipe:[1]"));
        assert!(may_be_file(b"/device/\xff"));
    }

    #[test]
    fn a_socket_is_recognised_by_its_whole_name() {
        assert_eq!(socket_inode(b"socket:[42]"), Some(42));
        for target in [&b"socket:["[..], b"socket:[4", b"/socket:[4]", b"socket:[-4]", b"socket:[99999999999999999999]"]
        {
            assert_eq!(socket_inode(target), None);
        }
    }
}
