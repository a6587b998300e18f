//! Reading the files of a `/proc`.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use agtop_model::{Gap, Reading};
use rustix::buffer::spare_capacity;
use rustix::fs::{CWD, Mode, OFlags, RawDir, SeekFrom, openat, readlinkat_raw, seek};
use rustix::io::{Errno, Result, pread, read, retry_on_intr};
use rustix::path::{Arg, DecInt};
use rustix::process::getpid;

/// The size of the buffer for directory entries: about a thousand processes fit.
const LISTING_BYTES: usize = 32 * 1024;
/// How much of a file of the machine is read. `/proc/stat` is the longest, with about ten bytes per interrupt and processor.
const MAX_MACHINE_FILE_BYTES: usize = 4 * 1024 * 1024;
/// The length of the longest link: the kernel writes it into one page, and a page may have 64 KiB.
const MAX_LINK_BYTES: usize = 64 * 1024;
/// How much a buffer grows at a time.
const READ_STEP_BYTES: usize = 16 * 1024;

/// A `/proc`, kept open.
#[derive(Debug)]
pub(super) struct ProcFs {
    path: PathBuf,
    /// `None` before it was opened, and after listing it has failed.
    root: Option<OwnedFd>,
    listing: Box<[MaybeUninit<u8>]>,
    /// How many processes were listed last: the next list will be about as long.
    listed: usize,
    /// The buffer for contents, kept so that reading does not allocate.
    text: Vec<u8>,
    /// The buffer for file names, kept for the same reason.
    name: Vec<u8>,
}

/// A process as `/proc` lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListedProcess {
    pub(super) pid: u32,
    /// The inode of its directory. A process that reuses the pid has another one. The same process gets another one if the
    /// kernel ran short of memory.
    pub(super) inode: u64,
}

impl ProcFs {
    /// The `/proc` at this path. It is opened when it is needed.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            root: None,
            listing: vec![MaybeUninit::uninit(); LISTING_BYTES].into(),
            listed: 0,
            text: Vec::new(),
            name: Vec::new(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether system calls accept its pids. They do not accept those of a copy, or of another pid namespace, as in a
    /// container that shows the machine's `/proc`.
    pub(super) fn has_our_pids(&self) -> bool {
        let mut target = [0; 16];
        let me = getpid().as_raw_pid();
        let shown = self.root.as_ref().and_then(|root| short_link(root, c"self", &mut target).ok());
        self.path == Path::new("/proc") && shown == Some(DecInt::new(me).as_bytes())
    }

    fn root(&mut self) -> Result<&OwnedFd> {
        match &mut self.root {
            Some(root) => Ok(root),
            root => Ok(root.insert(open_directory(CWD, &self.path, OFlags::RDONLY)?)),
        }
    }

    /// All processes, in the order the kernel lists them. Threads are not listed.
    pub(super) fn processes(&mut self) -> Result<Vec<ListedProcess>> {
        let root = match self.root.take() {
            Some(root) => root,
            None => open_directory(CWD, &self.path, OFlags::RDONLY)?,
        };
        seek(&root, SeekFrom::Start(0))?;
        let mut processes = Vec::with_capacity(self.listed + self.listed / 8);
        let to_process = |number, inode| (number > 0).then_some(ListedProcess { pid: number, inode });
        self.list(&root, |number, inode| processes.extend(to_process(number, inode)))?;
        self.root = Some(root);
        self.listed = processes.len();
        Ok(processes)
    }

    /// The names in an open directory that are numbers.
    pub(super) fn numbers(&mut self, directory: &OwnedFd) -> Result<Vec<u32>> {
        let mut numbers = Vec::new();
        self.list(directory, |number, _| numbers.push(number))?;
        Ok(numbers)
    }

    /// Calls `take` with each name in an open directory that is a number, and its inode.
    fn list(&mut self, directory: &OwnedFd, mut take: impl FnMut(u32, u64)) -> Result<()> {
        let mut entries = RawDir::new(directory, &mut self.listing);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if let Some(number) = number_of(entry.file_name()) {
                take(number, entry.ino());
            }
        }
        Ok(())
    }

    /// Opens the directory of a process. The descriptor belongs to this process even if the pid is reused.
    pub(super) fn process(&mut self, pid: u32) -> Result<OwnedFd> {
        open_directory(self.root()?, DecInt::new(pid), OFlags::PATH)
    }

    /// Reads `stat` of the process that has the pid now. It is cheaper than through its directory, and serves for comparing
    /// only.
    pub(super) fn stat<'a>(&mut self, pid: u32, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        let file = self.open_stat(pid)?;
        read_again(&file, buffer)
    }

    /// Opens `stat` of the process that has the pid now.
    pub(super) fn open_stat(&mut self, pid: u32) -> Result<OwnedFd> {
        let root = self.root.as_ref().ok_or(Errno::NOENT)?;
        self.name.clear();
        self.name.extend_from_slice(DecInt::new(pid).as_bytes());
        self.name.extend_from_slice(b"/stat");
        open_file(root, &*self.name)
    }

    /// Reads and parses a file of the machine.
    pub(super) fn machine<T>(&mut self, name: &CStr, parse: impl FnOnce(&[u8]) -> Option<T>) -> Reading<T> {
        self.root().map_err(|_| Gap::Failed)?;
        let root = self.root.as_ref().ok_or(Gap::Failed)?;
        read_up_to(MAX_MACHINE_FILE_BYTES, root, name, &mut self.text).map_err(gap)?;
        parse(&self.text).ok_or(Gap::Failed)
    }

    /// Reads up to `limit` bytes of a file of a process.
    pub(super) fn file(&mut self, process: &OwnedFd, name: &CStr, limit: usize) -> Result<&[u8]> {
        read_up_to(limit, process, name, &mut self.text)?;
        Ok(&self.text)
    }

    /// Reads the target of a link of a process.
    pub(super) fn link(&mut self, directory: &OwnedFd, name: impl Arg) -> Result<&[u8]> {
        self.text.clear();
        self.text.reserve(MAX_LINK_BYTES);
        let length = readlinkat_raw(directory, name, spare_capacity(&mut self.text))?;
        Ok(self.text.get(..length).unwrap_or_default())
    }
}

/// Reads the target of a link of a few dozen bytes. A longer one is cut off at the end of `buffer`.
pub(super) fn short_link<'a>(at: &OwnedFd, name: impl Arg, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    let length = readlinkat_raw(at, name, &mut *buffer)?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// Reads the beginning of a file with one call. That is the whole file if the kernel writes it at once and `buffer` is long
/// enough.
pub(super) fn read_start<'a>(at: &OwnedFd, name: impl Arg, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    read_again(&open_file(at, name)?, buffer)
}

/// Reads the beginning of an open file as it is now.
pub(super) fn read_again<'a>(file: &OwnedFd, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    let length = retry_on_intr(|| pread(file, &mut *buffer, 0))?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// The gap that an error leaves in place of a value. A link without a target, as kernel threads and zombies have, is not
/// reported; one of another user is denied.
pub(super) fn gap(error: Errno) -> Gap {
    match error {
        Errno::ACCESS | Errno::PERM => Gap::Denied,
        Errno::NOENT | Errno::SRCH => Gap::NotReported,
        _ => Gap::Failed,
    }
}

/// The value of a `name: value` line.
pub(super) fn value_of<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let mut lines = text.split(|&byte| byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(name.as_bytes())?.strip_prefix(b":"))?;
    std::str::from_utf8(value).ok().map(str::trim)
}

pub(super) fn open_directory(at: impl AsFd, path: impl Arg, access: OFlags) -> Result<OwnedFd> {
    openat(at, path, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

pub(super) fn open_file(at: impl AsFd, name: impl Arg) -> Result<OwnedFd> {
    openat(at, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

fn read_up_to(limit: usize, at: impl AsFd, name: &CStr, text: &mut Vec<u8>) -> Result<()> {
    let file = open_file(at, name)?;
    text.clear();
    while text.len() < limit {
        text.reserve(READ_STEP_BYTES);
        if retry_on_intr(|| read(&file, spare_capacity(text)))? == 0 {
            break;
        }
    }
    text.truncate(limit);
    Ok(())
}

/// The number that is the name of a process or a descriptor.
fn number_of(name: &CStr) -> Option<u32> {
    let add = |number: u32, &byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    let name = name.to_bytes();
    if name.is_empty() { None } else { name.iter().try_fold(0, add) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_names_of_processes_and_descriptors() {
        for name in [c"self", c"", c"+1", c"1a", c"-1", c"99999999999", c"\xff"] {
            assert_eq!(number_of(name), None, "{name:?}");
        }
        assert_eq!((number_of(c"0"), number_of(c"4194304")), (Some(0), Some(4_194_304)));
    }

    /// Nothing is denied to root, who may run the tests, so this test uses errors directly.
    #[test]
    fn files_of_another_user_are_denied_and_those_of_an_ended_process_not_reported() {
        assert_eq!([Errno::ACCESS, Errno::PERM].map(gap), [Gap::Denied; 2]);
        assert_eq!([Errno::NOENT, Errno::SRCH].map(gap), [Gap::NotReported; 2]);
        assert_eq!(gap(Errno::NAMETOOLONG), Gap::Failed);
    }

    #[test]
    fn a_line_is_found_by_its_whole_name() {
        let text = b"cancelled_write_bytes: 1\nwrite_bytes_more: 2\nwrite_bytes:  3 \n";
        assert_eq!(value_of(text, "write_bytes"), Some("3"));
        assert_eq!(value_of(text, "bytes"), None);
    }

    #[test]
    fn a_long_file_is_read_up_to_the_limit_and_no_further() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("cmdline"), vec![b'x'; 300_000]).unwrap();
        let open = open_directory(CWD, directory.path(), OFlags::PATH).unwrap();
        let mut fs = ProcFs::new(directory.path().to_owned());
        assert_eq!(fs.file(&open, c"cmdline", 100_000).unwrap().len(), 100_000);
        assert_eq!(fs.file(&open, c"cmdline", 1_000_000).unwrap().len(), 300_000);
    }
}
