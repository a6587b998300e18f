//! Reading and writing that is called off.

use std::os::windows::io::{AsHandle, AsRawHandle};

use windows_sys::Win32::System::IO::CancelIoEx;

/// Calls off what this process, in whichever thread, is reading from or writing to a pipe at this moment: that fails.
/// Nothing happens if nothing is under way; what begins afterwards is not touched.
pub fn call_off(pipe: &impl AsHandle) {
    // SAFETY: the handle is open as long as it is borrowed, and without an operation's record all of them are meant, each
    // of which keeps its own buffer until it has heard that it failed.
    unsafe { CancelIoEx(pipe.as_handle().as_raw_handle(), std::ptr::null()) };
}
