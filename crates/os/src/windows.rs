//! Windows: processes from `sysinfo`, and what they hold open from the system's table of handles.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::sync::Arc;

use agtop_model::{Gap, HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, FILETIME, STILL_ACTIVE};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, OpenProcess, PROCESS_DUP_HANDLE, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_TERMINATE, TerminateProcess,
};

use self::handle_names::HandleNames;
use crate::portable::ProcessTable;
use crate::{Caps, Os, OsError, Signal, Support};

mod handle_names;
mod handles;
mod tcp;

/// The exit code of a process that agtop kills. The system's own tools use the same.
const KILLED_EXIT_CODE: u32 = 1;

/// Windows.
#[derive(Debug, Default)]
pub struct WindowsOs {
    table: ProcessTable,
    handle_names: HandleNames,
}

impl WindowsOs {
    /// The machine agtop runs on.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Os for WindowsOs {
    fn caps(&self) -> Caps {
        Caps {
            processes: Support::Full,
            sockets: Support::Full,
            system: Support::Full,
            load: Support::None,
            ..Caps::all(Support::Own)
        }
    }

    /// The clock tick in which the system counts processor time.
    fn cpu_step(&self) -> std::time::Duration {
        std::time::Duration::from_micros(15_625)
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        self.table.processes()
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        let process = open_process(id, PROCESS_DUP_HANDLE)?;
        handles::open_files(&mut self.handle_names, id, &process)
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        let connections = tcp::connections();
        let of = |&id: &ProcId| {
            if !self.table.is_alive(id) {
                return Err(Gap::NotReported);
            }
            connections.as_ref().map(|connections| tcp::of(connections, id.pid)).map_err(|&gap| gap)
        };
        ids.iter().map(of).collect()
    }

    /// A process can only be killed: requests to end go to windows and consoles, not to processes.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        if signal != Signal::Kill {
            return Err(OsError::NoSuchSignal(signal));
        }
        let process = open_process(id, PROCESS_TERMINATE).map_err(|gap| match gap {
            Gap::Denied => OsError::Denied(signal),
            _ => OsError::Ended,
        })?;
        // SAFETY: the handle is open until the call returns.
        if unsafe { TerminateProcess(process.as_raw_handle(), KILLED_EXIT_CODE) } == 0 {
            return Err(OsError::Signal { signal, source: std::io::Error::last_os_error() });
        }
        Ok(())
    }

    fn system(&mut self) -> HostMetrics {
        // Windows has no load average, and one computed from a counter of waiting threads would mean something else.
        self.table.machine(Err(Gap::Unsupported))
    }
}

/// Opens a handle of this process, which has not ended. No other process gets its pid while the handle is open.
fn open_process(id: ProcId, access: u32) -> Reading<OwnedHandle> {
    // SAFETY: the call takes numbers and returns a new handle or null.
    let handle = unsafe { OpenProcess(access | PROCESS_QUERY_LIMITED_INFORMATION, 0, id.pid) };
    if handle.is_null() {
        return Err(last_gap());
    }
    // SAFETY: the handle is open and has no other owner.
    let process = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut code = 0;
    // SAFETY: the handle is open, and `code` lives until the call returns.
    if unsafe { GetExitCodeProcess(process.as_raw_handle(), &raw mut code) } == 0 {
        return Err(last_gap());
    }
    if code != STILL_ACTIVE.cast_unsigned() || started(&process)? != id.started {
        return Err(Gap::NotReported);
    }
    Ok(process)
}

/// When a process started, in seconds since 1970. `sysinfo` computes it in the same way.
fn started(process: &OwnedHandle) -> Reading<u64> {
    const NONE: FILETIME = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let [mut created, mut ended, mut kernel, mut user] = [NONE; 4];
    // SAFETY: the handle is open, and the four times live until the call returns.
    let is_told = unsafe {
        let times = (&raw mut created, &raw mut ended, &raw mut kernel, &raw mut user);
        GetProcessTimes(process.as_raw_handle(), times.0, times.1, times.2, times.3)
    };
    if is_told == 0 {
        return Err(last_gap());
    }
    let ticks = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
    // A tick is 100 ns, and the first one was in 1601.
    Ok((ticks / 10_000_000).saturating_sub(11_644_473_600))
}

/// The gap that the last error of this thread leaves in place of a value. A pid without a process is an invalid parameter.
fn last_gap() -> Gap {
    match std::io::Error::last_os_error().raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_ACCESS_DENIED) => Gap::Denied,
        Some(ERROR_INVALID_PARAMETER) => Gap::NotReported,
        _ => Gap::Failed,
    }
}
