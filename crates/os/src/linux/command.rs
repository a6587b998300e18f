//! The name, the arguments, the executable and the working directory of a process.

use std::ffi::{CStr, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Gap, ProcId, Process, ProcessState, Reading, Untrusted};
use rustix::io::Errno;

use super::cmdline;
use super::procfs::{ProcFs, gap};

/// What the kernel appends to the path of a file or directory that was deleted.
const DELETED_SUFFIX: &[u8] = b" (deleted)";

/// The facts about a process that seldom change.
pub(super) struct ProcessCommand {
    name: Untrusted,
    argv: Vec<Untrusted>,
    exe: Reading<PathBuf>,
    cwd: Reading<PathBuf>,
}

impl ProcessCommand {
    /// Reads them; `None` if the process ended meanwhile.
    pub(super) fn read(directory: &OwnedFd, name: Untrusted, fs: &mut ProcFs) -> Option<Self> {
        let argv = match fs.file(directory, c"cmdline", cmdline::MAX_CMDLINE_BYTES) {
            Ok(bytes) => cmdline::parse(bytes),
            Err(Errno::NOENT | Errno::SRCH) => return None,
            Err(_) => Vec::new(),
        };
        Some(Self { name, argv, exe: link(directory, c"exe", fs), cwd: link(directory, c"cwd", fs) })
    }

    /// Those of a kernel thread, which has only a name.
    pub(super) fn of_kernel(name: Untrusted) -> Self {
        Self { name, argv: Vec::new(), exe: Err(Gap::NotReported), cwd: Err(Gap::NotReported) }
    }

    /// A new process with everything else unknown.
    pub(super) fn into_process(self, id: ProcId) -> Process {
        Process {
            id,
            parent: None,
            name: self.name,
            argv: self.argv,
            exe: self.exe,
            cwd: self.cwd,
            state: ProcessState::Unknown,
            started_at: Err(Gap::NotReported),
            threads: Err(Gap::NotReported),
            cpu: Err(Gap::NotReported),
            rss: Err(Gap::NotReported),
            vsz: Err(Gap::NotReported),
            io: Err(Gap::NotReported),
        }
    }

    /// Updates a known process. One that is unchanged stays shared.
    pub(super) fn write_to(self, process: &mut Arc<Process>) {
        let is_same = self.name == process.name
            && self.argv == process.argv
            && self.exe == process.exe
            && self.cwd == process.cwd;
        if !is_same {
            let process = Arc::make_mut(process);
            process.name = self.name;
            process.argv = self.argv;
            process.exe = self.exe;
            process.cwd = self.cwd;
        }
    }
}

/// Reads the path that a link leads to. It never opens the target, which may be on a file system that does not answer.
fn link(directory: &OwnedFd, name: &CStr, fs: &mut ProcFs) -> Reading<PathBuf> {
    let path = fs.link(directory, name).map_err(gap)?;
    let path = path.strip_suffix(DELETED_SUFFIX).unwrap_or(path);
    Ok(PathBuf::from(OsStr::from_bytes(path)))
}
