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
use crate::open::{Access, Files};

/// `SystemExtendedHandleInformation`.
const HANDLES: i32 = 0x40;
/// The table is asked for with room for so many bytes, and twice as many until it fits.
const FIRST: usize = 256 * 1024;
const LARGEST: usize = 64 * 1024 * 1024;
/// More handles of one process are not looked at.
const MOST: usize = 4096;

/// What a handle may do with the data of a file: `FILE_READ_DATA`, and `FILE_WRITE_DATA` or `FILE_APPEND_DATA`. Other
/// bits of the generic rights say nothing: every reader has some of those that `GENERIC_WRITE` stands for.
const READ_DATA: u32 = 0x1;
const WRITE_DATA: u32 = 0x2 | 0x4;

/// `SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Entry {
    object: usize,
    pid: usize,
    handle: usize,
    access: u32,
    _back_trace: u16,
    /// The number of the object's type, which differs between versions of Windows.
    kind: u16,
    _attributes: u32,
    _reserved: u32,
}

/// The table: `SYSTEM_HANDLE_INFORMATION_EX`, which is the number of entries, a reserved word, and the entries.
struct Table(Vec<usize>);

impl Table {
    fn read() -> Reading<Self> {
        let mut bytes = FIRST;
        while bytes <= LARGEST {
            let mut words = vec![0_usize; bytes / size_of::<usize>()];
            let room = u32::try_from(bytes).map_err(|_| Gap::Failed)?;
            // SAFETY: the buffer is of `room` bytes and lives until the call returns; the last argument may be null.
            let status =
                unsafe { NtQuerySystemInformation(HANDLES, words.as_mut_ptr().cast::<c_void>(), room, null_mut()) };
            match status {
                STATUS_INFO_LENGTH_MISMATCH => bytes *= 2,
                status if status >= 0 => return Ok(Self(words)),
                _ => return Err(Gap::Failed),
            }
        }
        Err(Gap::Failed)
    }

    fn entries(&self) -> &[Entry] {
        let (Some(&count), Some(rest)) = (self.0.first(), self.0.get(2..)) else { return &[] };
        let fits = size_of_val(rest) / size_of::<Entry>();
        // SAFETY: the words are initialised, and any are valid as entries, which need no stricter alignment; so many
        // entries lie within them.
        unsafe { std::slice::from_raw_parts(rest.as_ptr().cast::<Entry>(), count.min(fits)) }
    }
}

/// The regular files a process holds open.
pub(super) fn open_files(names: &mut Names, id: ProcId, process: &OwnedHandle) -> Reading<OpenFiles> {
    // A file of our own tells which number stands for files.
    let own = File::open("NUL").map_err(|_| Gap::Failed)?;
    let own_handle = own.as_raw_handle() as usize;
    let own_pid = std::process::id() as usize;
    let table = Table::read()?;
    let entries = table.entries();
    let file = entries.iter().find(|entry| entry.pid == own_pid && entry.handle == own_handle).ok_or(Gap::Failed)?;

    let pid = id.pid as usize;
    let of_data = |entry: &&Entry| entry.access & (READ_DATA | WRITE_DATA) != 0;
    let held: Vec<&Entry> =
        entries.iter().filter(|entry| entry.pid == pid && entry.kind == file.kind).filter(of_data).collect();
    let mut files = Files::without(held.len().saturating_sub(MOST));
    for entry in held.into_iter().take(MOST) {
        let access = if entry.access & WRITE_DATA != 0 { Access::Write } else { Access::Read };
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
