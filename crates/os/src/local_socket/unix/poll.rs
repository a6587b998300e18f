//! Waiting for several descriptors at once, and reading without waiting.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::local_socket::READ_CHUNK_BYTES;

/// Waits, up to `timeout`, until a descriptor is ready, and returns which of them are; `None` if the system fails.
pub(super) fn wait_ready(fds: &[(BorrowedFd<'_>, PollFlags)], timeout: Option<&Timespec>) -> Option<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    match poll(&mut polled, timeout) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(_) => return None,
    }
    Some(polled.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// Appends the bytes that are available to `bytes`, until that is longer than `max_bytes`. Returns whether the other end
/// has closed the connection.
pub(super) fn read_available(stream: &mut UnixStream, bytes: &mut Vec<u8>, max_bytes: usize) -> bool {
    let mut chunk = [0; READ_CHUNK_BYTES];
    while bytes.len() <= max_bytes {
        match stream.read(&mut chunk) {
            Ok(0) => return true,
            Ok(length) => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
    }
    false
}
