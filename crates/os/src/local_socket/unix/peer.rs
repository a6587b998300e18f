//! The process at the other end of a Unix socket, as the kernel reports it: a client cannot forge this.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// The process at the other end, as it was when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PeerCredentials {
    /// Its effective user.
    pub(super) uid: u32,
    /// Its id; `None` where the platform does not report it, or where the process is in a pid namespace that this
    /// process cannot see.
    pub(super) pid: Option<u32>,
}

/// The process at the other end.
///
/// # Errors
/// If the kernel does not report it. Then the other end is not to be trusted.
pub(super) fn peer(stream: &UnixStream) -> io::Result<PeerCredentials> {
    credentials(stream)
}

/// `SO_PEERCRED` of `unix(7)`.
#[cfg(target_os = "linux")]
fn credentials(stream: &UnixStream) -> io::Result<PeerCredentials> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    read_option(stream, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut found)?;
    Ok(PeerCredentials { uid: found.uid, pid: u32::try_from(found.pid).ok().filter(|&pid| pid > 0) })
}

/// `getpeereid(3)`, which macOS and every BSD have.
#[cfg(not(target_os = "linux"))]
fn credentials(stream: &UnixStream) -> io::Result<PeerCredentials> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is open while the stream is borrowed, and the call may write to both variables.
    let status = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut uid, &raw mut gid) };
    if status == 0 { Ok(PeerCredentials { uid, pid: pid(stream) }) } else { Err(io::Error::last_os_error()) }
}

/// `LOCAL_PEERPID` of `unix(4)`.
#[cfg(target_os = "macos")]
fn pid(stream: &UnixStream) -> Option<u32> {
    let mut found: libc::pid_t = 0;
    read_option(stream, libc::SOL_LOCAL, libc::LOCAL_PEERPID, &mut found).ok()?;
    u32::try_from(found).ok().filter(|&pid| pid > 0)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn pid(_: &UnixStream) -> Option<u32> {
    None
}

/// A socket option. Any bytes are a valid value of it.
///
/// # Safety
/// The type is made of integers only.
#[cfg(any(target_os = "linux", target_os = "macos"))]
unsafe trait SocketOption {}

// SAFETY: made of integers only.
#[cfg(target_os = "linux")]
unsafe impl SocketOption for libc::ucred {}

// SAFETY: an integer.
#[cfg(target_os = "macos")]
unsafe impl SocketOption for libc::pid_t {}

/// Reads an option of the socket into `value`.
///
/// # Errors
/// If the kernel refuses, or returns less than the size of the value.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn read_option<T: SocketOption>(
    stream: &UnixStream,
    level: libc::c_int,
    option: libc::c_int,
    value: &mut T,
) -> io::Result<()> {
    let mut length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    let value = std::ptr::from_mut(value).cast();
    // SAFETY: the descriptor is open while the stream is borrowed. The kernel writes at most `length` bytes, which is the
    // size of the value, and any bytes are a valid `SocketOption`.
    let status = unsafe { libc::getsockopt(stream.as_raw_fd(), level, option, value, &raw mut length) };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    if usize::try_from(length) != Ok(size_of::<T>()) {
        return Err(io::Error::other("the kernel returned less of a socket option than it should"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effective_uid;

    #[test]
    fn the_kernel_reports_the_process_at_the_other_end() {
        let (here, _there) = UnixStream::pair().unwrap();
        let found = peer(&here).unwrap();
        assert_eq!(found.uid, effective_uid());
        if cfg!(any(target_os = "linux", target_os = "macos")) {
            assert_eq!(found.pid, Some(std::process::id()));
        }
    }
}
