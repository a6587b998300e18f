//! The table of all handles of the system, from `NtQuerySystemInformation`, and which of them are files of a process.

use std::ffi::c_void;
use std::fs::File;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr::null_mut;

use agtop_model::{Gap, OpenFiles, ProcId, Reading};
use windows_sys::Wdk::System::SystemInformation::NtQuerySystemInformation;
use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, STATUS_INFO_LENGTH_MISMATCH};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::names::{Answer, Names};
use crate::handle_table::Table;
use crate::open::Files;

/// `SystemExtendedHandleInformation`.
const HANDLES: i32 = 0x40;
/// The table is asked for with room for so many bytes, and twice as many until it fits.
const FIRST: usize = 256 * 1024;
const LARGEST: usize = 64 * 1024 * 1024;
/// More handles of one process are not looked at.
const MOST: usize = 4096;

/// Reads the table, with ever more room.
fn read() -> Reading<Table> {
    let mut bytes = FIRST;
    while bytes <= LARGEST {
        let mut words = vec![0_usize; bytes / size_of::<usize>()];
        let room = u32::try_from(bytes).map_err(|_| Gap::Failed)?;
        // SAFETY: the buffer is of `room` bytes and lives until the call returns; the last argument may be null.
        let status =
            unsafe { NtQuerySystemInformation(HANDLES, words.as_mut_ptr().cast::<c_void>(), room, null_mut()) };
        match status {
            STATUS_INFO_LENGTH_MISMATCH => bytes *= 2,
            status if status >= 0 => return Ok(Table(words)),
            _ => return Err(Gap::Failed),
        }
    }
    Err(Gap::Failed)
}

/// The regular files a process holds open.
pub(super) fn open_files(names: &mut Names, id: ProcId, process: &OwnedHandle) -> Reading<OpenFiles> {
    // A file of our own tells which number stands for files.
    let own = File::open("NUL").map_err(|_| Gap::Failed)?;
    let table = read()?;
    let kind = table.kind_of(std::process::id(), own.as_raw_handle() as usize).ok_or(Gap::Failed)?;
    let held = table.held(id.pid, kind);
    let mut files = Files::without(held.len().saturating_sub(MOST));
    for (entry, access) in held.into_iter().take(MOST) {
        let Some(handle) = duplicate(process, entry.handle) else { continue };
        match names.ask((id, entry.handle, entry.object), handle) {
            Answer::File(path) => files.add(path, access),
            Answer::NoFile => {}
            Answer::None => files.leave_out(),
        }
    }
    Ok(files.finish())
}

/// A handle of our own for what a handle of another process stands for; `None` if that was closed meanwhile.
fn duplicate(process: &OwnedHandle, handle: usize) -> Option<OwnedHandle> {
    let mut ours = null_mut();
    // SAFETY: both processes are open, `ours` lives until the call returns, and a number that is no handle of the other
    // process is refused.
    let is_done = unsafe {
        let theirs = handle as *mut c_void;
        let me = GetCurrentProcess();
        DuplicateHandle(process.as_raw_handle(), theirs, me, &raw mut ours, 0, 0, DUPLICATE_SAME_ACCESS)
    };
    // SAFETY: the new handle is open and belongs to nobody else.
    (is_done != 0).then(|| unsafe { OwnedHandle::from_raw_handle(ours) })
}
