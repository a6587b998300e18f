//! Connections to a server.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};

use super::SOCKET_NAME;
use super::peer::peer;
use super::poll::{read_available, wait_ready};
use super::worker::Worker;
use crate::effective_uid;

/// How many bytes a subscription reads before it passes them on.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// Sends a message to the server of a directory and returns the byte it answers; `None` if no server of this user
/// listens there, or none answers within `timeout`.
pub fn exchange(directory: &Path, message: &[u8], timeout: Duration) -> Option<u8> {
    let started = Instant::now();
    let remaining = || timeout.checked_sub(started.elapsed()).filter(|remaining| !remaining.is_zero());
    let mut stream = connect_to_same_user(&directory.join(SOCKET_NAME)).ok()?;
    let mut unsent = message;
    while !unsent.is_empty() {
        stream.set_write_timeout(Some(remaining()?)).ok()?;
        let written = stream.write(unsent).ok()?;
        unsent = unsent.get(written..)?;
    }
    let mut answer = [0];
    stream.set_read_timeout(Some(remaining()?)).ok()?;
    stream.read_exact(&mut answer).ok()?;
    answer.first().copied()
}

/// A connection that receives what a server publishes, until this is dropped.
#[derive(Debug)]
pub struct Subscription(#[expect(dead_code, reason = "the thread ends when it is dropped")] Worker);

impl Subscription {
    /// Sends `request` to the server of a directory and passes what it publishes to `on_bytes`, from another thread:
    /// all bytes that were not removed from the buffer yet. The subscription ends when `on_bytes` breaks or the server
    /// is gone; then `on_end` is called. `None` if no server of this user listens there.
    pub fn open(
        directory: &Path,
        request: &'static [u8],
        mut on_bytes: impl FnMut(&mut Vec<u8>) -> ControlFlow<()> + Send + 'static,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Option<Self> {
        let mut server = connect_to_same_user(&directory.join(SOCKET_NAME)).ok()?;
        server.write_all(request).ok()?;
        server.set_nonblocking(true).ok()?;
        let work = move |control: UnixStream| {
            receive(server, &control, &mut on_bytes);
            on_end();
        };
        Worker::start(work).ok().map(Self)
    }
}

/// Reads until the server is gone, `on_bytes` breaks, or the control socket is closed.
fn receive(mut server: UnixStream, control: &UnixStream, on_bytes: &mut impl FnMut(&mut Vec<u8>) -> ControlFlow<()>) {
    let mut bytes = Vec::new();
    while let Some(ready) = wait_ready(&[(control.as_fd(), PollFlags::IN), (server.as_fd(), PollFlags::IN)], None) {
        if ready.first() == Some(&true) {
            return;
        }
        let max_bytes = bytes.len() + MAX_READ_BYTES;
        let is_over = ready.get(1) == Some(&true) && read_available(&mut server, &mut bytes, max_bytes);
        if on_bytes(&mut bytes).is_break() || is_over {
            return;
        }
    }
}

/// Connects to a process of this user. A process of another user is sent nothing.
pub(super) fn connect_to_same_user(path: &Path) -> io::Result<UnixStream> {
    let stream = connect(path)?;
    if peer(&stream)?.uid == effective_uid() {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user listens there"))
    }
}

/// Connects without waiting, not even for a stopped server whose queue of connections is full.
fn connect(path: &Path) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    rustix::net::connect(&socket, &address)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}
