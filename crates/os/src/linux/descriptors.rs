//! `/proc/PID/fd` and `/proc/PID/fdinfo`: what a process holds open. See `proc_pid_fd(5)` and `proc_pid_fdinfo(5)`.
//!
//! A link names what a descriptor stands for. Its text is enough to know a socket by, and to drop what is no file; only
//! for what is left is `fdinfo` read, which tells whether the file may be written to.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use agtop_model::{Gap, OpenFiles, Reading};
use rustix::fs::{AtFlags, FileType, OFlags, StatxFlags, statx};
use rustix::io::Errno;
use rustix::path::DecInt;

use super::procfs::{ProcFs, gap, open_directory, read_start, short_link, value_of};
use crate::open::{Access, Files};

/// More descriptors of one process are not looked at.
const MOST: usize = 4096;
/// `flags` stands in the second line of `fdinfo`; what follows may be long.
const START_OF_INFO: usize = 512;
/// What the kernel writes behind the path of a file that is no longer there.
const DELETED: &[u8] = b" (deleted)";
/// What has a path and is no file of a disk: devices, and memory that is shared under a made-up name.
const NO_FILES: [&[u8]; 3] = [b"/dev/", b"/memfd:", b"/dmabuf"];

/// The regular files a process holds open. Descriptors that are closed meanwhile are left out.
pub(super) fn open_files(fs: &mut ProcFs, process: &OwnedFd) -> Reading<OpenFiles> {
    let (directory, numbers) = descriptors(fs, process)?;
    let info = open_directory(process, c"fdinfo", OFlags::PATH).map_err(gap)?;
    let mut files = Files::without(numbers.len().saturating_sub(MOST));
    for &number in numbers.iter().take(MOST) {
        let path = match fs.link(&directory, DecInt::new(number)) {
            Ok(target) if may_be_file(target) => PathBuf::from(OsStr::from_bytes(target)),
            // Which the kernel refuses for one descriptor it refuses for all.
            Err(Errno::ACCESS | Errno::PERM) => return Err(Gap::Denied),
            Ok(_) | Err(_) => continue,
        };
        let mut text = [0; START_OF_INFO];
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
    for &number in numbers.iter().take(MOST) {
        // Longer than any `socket:[inode]`; what is cut off is none.
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

/// The directory of a process's descriptors, and their numbers.
fn descriptors(fs: &mut ProcFs, process: &OwnedFd) -> Reading<(OwnedFd, Vec<u32>)> {
    let directory = open_directory(process, c"fd", OFlags::RDONLY).map_err(gap)?;
    let numbers = fs.numbers(&directory).map_err(gap)?;
    Ok((directory, numbers))
}

/// How a file was opened, from the `flags` line of its `fdinfo`, which is octal. `None` if the descriptor only marks a
/// place in the file tree (`O_PATH`), if it stands for a directory, or without such a line.
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

/// Whether a link may be to a file that still has a name. Pipes, sockets and their like have no path.
fn may_be_file(target: &[u8]) -> bool {
    target.starts_with(b"/") && !target.ends_with(DELETED) && !NO_FILES.iter().any(|prefix| target.starts_with(prefix))
}

/// Whether a descriptor stands for a regular file: not a directory, a FIFO or a device outside of `/dev`. What is
/// remembered of the file is enough, so that a file system which does not answer is not waited for.
fn is_regular(directory: &OwnedFd, number: u32) -> bool {
    let found = statx(directory, DecInt::new(number), AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE);
    match found {
        Ok(found) => FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile,
        // A kernel before 4.11 cannot be asked so; most that has a path is a file.
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
    fn a_place_in_the_tree_is_no_open_file_though_its_bits_say_read() {
        assert_eq!(of(OFlags::PATH), None);
        assert_eq!(of(OFlags::DIRECTORY), None);
    }

    #[test]
    fn flags_that_are_missing_or_no_octal_number_say_nothing() {
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
    fn a_socket_is_known_by_its_whole_name() {
        assert_eq!(socket_inode(b"socket:[42]"), Some(42));
        for target in [&b"socket:["[..], b"socket:[4", b"/socket:[4]", b"socket:[-4]", b"socket:[99999999999999999999]"]
        {
            assert_eq!(socket_inode(target), None);
        }
    }
}
