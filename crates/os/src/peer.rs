//! Who is at the other end of a Unix socket: the kernel's word, which a sender cannot forge.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// The process at the other end, as it was when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user.
    pub uid: u32,
    /// Its id; `None` where the platform does not tell, or where it is in a part of the machine that is hidden from us.
    pub pid: Option<u32>,
}

/// Who is at the other end.
///
/// # Errors
/// If the kernel does not say: then nobody is to be trusted.
pub fn peer(stream: &UnixStream) -> io::Result<Peer> {
    credentials(stream)
}

/// The effective user of this process.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// `SO_PEERCRED` of `unix(7)`.
#[cfg(target_os = "linux")]
fn credentials(stream: &UnixStream) -> io::Result<Peer> {
    let mut found = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let size = size_of::<libc::ucred>();
    let mut length = libc::socklen_t::try_from(size).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open as long as the stream is borrowed, and the kernel writes at most `length` bytes,
    // which is the size of `found`.
    let answer = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            std::ptr::from_mut(&mut found).cast(),
            &raw mut length,
        )
    };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    if usize::try_from(length) != Ok(size) {
        return Err(io::Error::other("the kernel told less of the peer than it should"));
    }
    Ok(Peer { uid: found.uid, pid: u32::try_from(found.pid).ok().filter(|&pid| pid > 0) })
}

/// `getpeereid(3)`, which every BSD and macOS have.
#[cfg(not(target_os = "linux"))]
fn credentials(stream: &UnixStream) -> io::Result<Peer> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the descriptor is open as long as the stream is borrowed, and both places are ours to write to.
    let answer = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut uid, &raw mut gid) };
    if answer == 0 { Ok(Peer { uid, pid: pid(stream) }) } else { Err(io::Error::last_os_error()) }
}

/// `LOCAL_PEERPID` of `unix(4)`.
#[cfg(target_os = "macos")]
fn pid(stream: &UnixStream) -> Option<u32> {
    let mut found: libc::pid_t = 0;
    let mut length = libc::socklen_t::try_from(size_of::<libc::pid_t>()).ok()?;
    // SAFETY: the descriptor is open as long as the stream is borrowed, and the kernel writes at most `length` bytes,
    // which is the size of `found`.
    let answer = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEERPID,
            std::ptr::from_mut(&mut found).cast(),
            &raw mut length,
        )
    };
    (answer == 0).then(|| u32::try_from(found).ok().filter(|&pid| pid > 0)).flatten()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn pid(_: &UnixStream) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_who_is_at_the_other_end() {
        let (here, _there) = UnixStream::pair().unwrap();
        let found = peer(&here).unwrap();
        assert_eq!(found.uid, own_uid());
        if cfg!(any(target_os = "linux", target_os = "macos")) {
            assert_eq!(found.pid, Some(std::process::id()));
        }
    }
}
