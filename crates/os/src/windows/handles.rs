//! The files of a process among all handles of the system, which `NtQuerySystemInformation` returns.

use std::ffi::c_void;
use std::fs::File;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::null_mut;

use agtop_model::{Gap, OpenFiles, ProcId, Reading};
use windows_sys::Wdk::System::SystemInformation::NtQuerySystemInformation;
use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, STATUS_INFO_LENGTH_MISMATCH};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::handle_names::{HandleName, HandleNames};
use crate::handle_table::HandleTable;
use crate::open_files::OpenFilesBuilder;

/// `SystemExtendedHandleInformation`.
const SYSTEM_EXTENDED_HANDLE_INFORMATION: i32 = 0x40;
/// The size of the first buffer for the table. It is doubled until the table fits.
const MIN_TABLE_BYTES: usize = 256 * 1024;
const MAX_TABLE_BYTES: usize = 64 * 1024 * 1024;
/// How many handles of one process are examined.
const MAX_HANDLES: usize = 4096;

/// Reads the table with larger and larger buffers.
fn read() -> Reading<HandleTable> {
    let mut bytes = MIN_TABLE_BYTES;
    while bytes <= MAX_TABLE_BYTES {
        let mut words = vec![0_usize; bytes / size_of::<usize>()];
        let room = u32::try_from(bytes).map_err(|_| Gap::Failed)?;
        // SAFETY: the buffer has `room` bytes and lives until the call returns. The last argument may be null.
        let status = unsafe {
            NtQuerySystemInformation(
                SYSTEM_EXTENDED_HANDLE_INFORMATION,
                words.as_mut_ptr().cast::<c_void>(),
                room,
                null_mut(),
            )
        };
        match status {
            STATUS_INFO_LENGTH_MISMATCH => bytes *= 2,
            status if status >= 0 => return Ok(HandleTable(words)),
            _ => return Err(Gap::Failed),
        }
    }
    Err(Gap::Failed)
}

/// The regular files a process holds open.
pub(super) fn open_files(names: &mut HandleNames, id: ProcId, process: &OwnedHandle) -> Reading<OpenFiles> {
    // A file of this process shows which number the type of files has.
    let own = File::open("NUL").map_err(|_| Gap::Failed)?;
    let table = read()?;
    let kind = table.kind_of(std::process::id(), own.as_raw_handle() as usize).ok_or(Gap::Failed)?;
    let held = table.held(id.pid, kind);
    let mut files = OpenFilesBuilder::without(held.len().saturating_sub(MAX_HANDLES));
    for (entry, access) in held.into_iter().take(MAX_HANDLES) {
        let Some(handle) = duplicate(process, entry.handle) else { continue };
        match names.resolve((id, entry.handle, entry.object), handle) {
            HandleName::File(path) => files.add(path, access),
            HandleName::NotAFile => {}
            HandleName::NoAnswer => files.leave_out(),
        }
    }
    Ok(files.finish())
}

/// Duplicates a handle of another process; `None` if it was closed meanwhile.
fn duplicate(process: &OwnedHandle, handle: usize) -> Option<OwnedHandle> {
    let mut ours = null_mut();
    // SAFETY: both processes are open, `ours` lives until the call returns, and a number that is no handle of the other
    // process is refused.
    let is_done = unsafe {
        let theirs = handle as *mut c_void;
        let me = GetCurrentProcess();
        DuplicateHandle(process.as_raw_handle(), theirs, me, &raw mut ours, 0, 0, DUPLICATE_SAME_ACCESS)
    };
    // SAFETY: the new handle is open and has no other owner.
    (is_done != 0).then(|| unsafe { OwnedHandle::from_raw_handle(ours) })
}
