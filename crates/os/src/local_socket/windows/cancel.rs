use std::os::windows::io::{AsHandle, AsRawHandle};

use windows_sys::Win32::System::IO::CancelIoEx;

/// Cancels what the threads of this process are reading from or writing to a pipe at this moment: those operations fail.
/// Operations that begin afterwards are not affected.
pub(super) fn cancel_io(pipe: &impl AsHandle) {
    // SAFETY: the handle is open as long as it is borrowed. Without a record of one operation the call cancels all of them,
    // and each of them keeps its own buffer until it has learned that it failed.
    unsafe { CancelIoEx(pipe.as_handle().as_raw_handle(), std::ptr::null()) };
}
