//! FreeBSD: processes from `sysinfo`, and what they hold open from `sysctl`.

use std::ffi::c_int;
use std::mem::offset_of;
use std::ptr::{null, null_mut};
use std::sync::Arc;

use agtop_model::{Gap, HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::kinfo::{self, at};
use crate::portable::{ProcessTable, load};
use crate::{Caps, Os, OsError, Signal, Support};

/// How often a list is read: it may have grown after its size was read.
const MAX_READ_ATTEMPTS: usize = 8;
/// A longer list is not valid.
const MAX_LIST_BYTES: usize = 64 * 1024 * 1024;

const _: () = assert!(offset_of!(libc::kinfo_file, kf_structsize) == at::SIZE);
const _: () = assert!(offset_of!(libc::kinfo_file, kf_type) == at::TYPE);
const _: () = assert!(offset_of!(libc::kinfo_file, kf_fd) == at::FD);
const _: () = assert!(offset_of!(libc::kinfo_file, kf_flags) == at::FLAGS);
const _: () = assert!(offset_of!(libc::kinfo_file, kf_path) == at::PATH);

/// FreeBSD.
#[derive(Debug, Default)]
pub struct FreeBsdOs {
    table: ProcessTable,
}

impl FreeBsdOs {
    /// The machine agtop runs on.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Os for FreeBsdOs {
    /// Only those who may debug a process see what it holds open. Everyone sees the rest, unless the administrator has set
    /// `security.bsd.see_other_uids` to 0. Then the first process is hidden.
    fn caps(&self) -> Caps {
        let private = if rustix::process::geteuid().is_root() { Support::Full } else { Support::Own };
        let sees_others = test_kill_process(Pid::INIT) != Err(Errno::SRCH);
        let public = if sees_others { Support::Full } else { private };
        Caps {
            processes: public,
            argv: public,
            vitals: public,
            system: Support::Full,
            load: Support::Full,
            ..Caps::all(private)
        }
    }

    /// The resolution of the readings.
    fn cpu_step(&self) -> std::time::Duration {
        std::time::Duration::from_millis(1)
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        self.table.processes()
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        Ok(kinfo::open_files(&descriptors(self.table.running_pid(id)?)?))
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        let of = |&id: &ProcId| Ok(kinfo::sockets(&descriptors(self.table.running_pid(id)?)?));
        ids.iter().map(of).collect()
    }

    /// The system has no handles of processes: another process could reuse the pid between the check and the signal.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        self.table.signal(id, signal)
    }

    fn system(&mut self) -> HostMetrics {
        self.table.machine(load())
    }
}

/// Reads the records of what a process holds open.
fn descriptors(pid: c_int) -> Reading<Vec<u8>> {
    let mib = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_FILEDESC, pid];
    for _ in 0..MAX_READ_ATTEMPTS {
        let size = sysctl(&mib, None).map_err(gap)?;
        let mut bytes = vec![0_u8; size.saturating_add(size / 4).min(MAX_LIST_BYTES)];
        match sysctl(&mib, Some(&mut bytes)) {
            Ok(written) => {
                bytes.truncate(written);
                return Ok(bytes);
            }
            Err(libc::ENOMEM) => {}
            Err(error) => return Err(gap(error)),
        }
    }
    Err(Gap::Failed)
}

/// Reads a value of the system into the buffer and returns its length; without a buffer, the length it would have.
///
/// # Errors
/// The number of the system's error.
fn sysctl(mib: &[c_int; 4], buffer: Option<&mut [u8]>) -> Result<usize, c_int> {
    let (start, mut size) = buffer.map_or((null_mut(), 0), |buffer| (buffer.as_mut_ptr().cast(), buffer.len()));
    // SAFETY: the name has four numbers, the buffer is null or has `size` bytes, and no value is set. All of them live until
    // the call returns.
    let answer = unsafe { libc::sysctl(mib.as_ptr(), 4, start, &raw mut size, null(), 0) };
    if answer == 0 { Ok(size) } else { Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
}

fn gap(error: c_int) -> Gap {
    match error {
        libc::EPERM | libc::EACCES => Gap::Denied,
        libc::ESRCH => Gap::NotReported,
        _ => Gap::Failed,
    }
}
