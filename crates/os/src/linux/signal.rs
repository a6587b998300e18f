//! Signals that reach the intended process or none.

use agtop_model::{Gap, ProcId};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};

use super::process_dir::directory_of;
use super::procfs::ProcFs;
use crate::unix_signal::{failure, number_of};
use crate::{OsError, Signal};

/// Sends a signal. It opens a handle of the process first and checks then whether it is the right one. So the signal cannot
/// reach another process that reuses the pid.
pub(super) fn send(fs: &mut ProcFs, id: ProcId, signal: Signal) -> Result<(), OsError> {
    if !fs.has_our_pids() {
        return Err(OsError::NoSuchSignal(signal));
    }
    let pid = i32::try_from(id.pid).ok().and_then(Pid::from_raw).ok_or(OsError::Ended)?;
    let handle = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => Some(handle),
        // Before Linux 5.3, and where a sandbox forbids it. Then another process could reuse the pid after the check.
        Err(Errno::NOSYS | Errno::PERM) => None,
        Err(error) => return Err(failure(error, signal)),
    };
    directory_of(fs, id).map_err(|gap| match gap {
        Gap::Denied => OsError::Denied(signal),
        _ => OsError::Ended,
    })?;
    let number = number_of(signal);
    let sent = match handle {
        Some(handle) => pidfd_send_signal(handle, number),
        None => kill_process(pid, number),
    };
    sent.map_err(|error| failure(error, signal))
}
