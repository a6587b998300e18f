//! The server: one thread polls all connections, so that none of them can delay another.

use std::fs::{Permissions, remove_file, set_permissions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::event::{PollFlags, Timespec};

use super::SOCKET_NAME;
use super::client::connect_to_same_user;
use super::peer::peer;
use super::poll::{read_available, wait_ready};
use super::worker::Worker;
use crate::effective_uid;
use crate::local_socket::{
    ConnectionState, MAX_CONNECTIONS, READ_CHUNK_BYTES, Rejection, ServerProtocol, Session, TIMEOUT_CHECK_INTERVAL,
};

/// Bytes that wait for a subscriber. The server closes the connection of one that does not keep up: it may subscribe
/// again.
const MAX_UNSENT_BYTES: usize = 4 * 1024 * 1024;

/// A socket that is listened on until this is dropped, which removes it.
#[derive(Debug)]
pub struct SocketServer {
    path: PathBuf,
    worker: Worker,
}

impl SocketServer {
    /// Listens in a directory. The caller ensures that only its user can write there, and that no other server runs: a stale
    /// socket is replaced. `None` if another process answers on the socket, or it cannot be made.
    pub fn listen<P: ServerProtocol>(directory: &Path, protocol: P) -> Option<Self> {
        let path = directory.join(SOCKET_NAME);
        if connect_to_same_user(&path).is_ok() {
            return None;
        }
        let _ = remove_file(&path);
        let listener = UnixListener::bind(&path).ok()?;
        // Others cannot enter the directory, so there is no moment in which they could connect.
        set_permissions(&path, Permissions::from_mode(0o600)).ok()?;
        listener.set_nonblocking(true).ok()?;
        let work = move |control| ServerLoop { listener, control, protocol, connections: Vec::new() }.run();
        let worker = Worker::start(work).ok()?;
        Some(Self { path, worker })
    }

    /// Sends subscribers what was published since the last time.
    pub fn notify_subscribers(&self) {
        self.worker.wake();
    }
}

impl Drop for SocketServer {
    fn drop(&mut self) {
        // If this fails, clients that connect find that nobody answers.
        let _ = remove_file(&self.path);
    }
}

struct ServerLoop<P: ServerProtocol> {
    listener: UnixListener,
    control: UnixStream,
    protocol: P,
    connections: Vec<Connection<P>>,
}

/// One client. Clients beyond [`MAX_CONNECTIONS`] wait in the kernel's queue.
struct Connection<P: ServerProtocol> {
    stream: UnixStream,
    session: Session<P>,
    /// What is to be sent and did not fit yet.
    unsent: Vec<u8>,
}

impl<P: ServerProtocol> ServerLoop<P> {
    fn run(mut self) {
        while let Some(ready) = self.wait() {
            for (connection, is_ready) in self.connections.iter_mut().zip(ready) {
                if is_ready {
                    connection.serve(&self.protocol);
                }
            }
            self.publish();
            let (protocol, now) = (&self.protocol, Instant::now());
            self.connections.retain(|connection| connection.session.is_open(protocol, now));
            self.accept();
        }
    }

    /// Waits for something to happen; returns which connections are ready, or `None` when the server shall end.
    fn wait(&mut self) -> Option<Vec<bool>> {
        let is_full = self.connections.len() >= MAX_CONNECTIONS;
        let listener = (!is_full).then(|| (self.listener.as_fd(), PollFlags::IN));
        let fds: Vec<(BorrowedFd<'_>, PollFlags)> = std::iter::once((self.control.as_fd(), PollFlags::IN))
            .chain(self.connections.iter().map(Connection::interest))
            .chain(listener)
            .collect();
        let is_sending = |connection: &Connection<P>| connection.session.state == ConnectionState::Sending;
        // Without a connection that may time out, nothing wakes the loop.
        let timeout = self.connections.iter().any(is_sending).then(|| Timespec::try_from(TIMEOUT_CHECK_INTERVAL).ok());
        let ready = wait_ready(&fds, timeout.flatten().as_ref())?;
        let (is_control_ready, rest) = ready.split_first()?;
        if *is_control_ready && read_available(&mut self.control, &mut Vec::new(), READ_CHUNK_BYTES) {
            return None;
        }
        Some(rest.to_vec())
    }

    fn accept(&mut self) {
        while self.connections.len() < MAX_CONNECTIONS {
            let Ok((stream, _)) = self.listener.accept() else { return };
            match peer(&stream) {
                Ok(peer) if peer.uid == effective_uid() => {
                    if stream.set_nonblocking(true).is_ok() {
                        let session = Session::new(&self.protocol, peer.pid);
                        self.connections.push(Connection { stream, session, unsent: Vec::new() });
                    }
                }
                peer => {
                    tracing::debug!(?peer, "socket: refused a connection of another user's process");
                    self.protocol.reject(Rejection::ForeignUser);
                }
            }
        }
    }

    /// Sends subscribers what was published.
    fn publish(&mut self) {
        let messages = self.protocol.take_published();
        let is_subscriber = |connection: &&mut Connection<P>| connection.session.state == ConnectionState::Subscribed;
        for connection in self.connections.iter_mut().filter(is_subscriber) {
            for message in &messages {
                connection.send(message);
            }
        }
    }
}

impl<P: ServerProtocol> Connection<P> {
    /// What the loop waits for on this connection.
    fn interest(&self) -> (BorrowedFd<'_>, PollFlags) {
        let writable = if self.unsent.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        (self.stream.as_fd(), PollFlags::IN | writable)
    }

    fn serve(&mut self, protocol: &P) {
        let before = self.session.state;
        let max_bytes = P::MAX_MESSAGE_BYTES + READ_CHUNK_BYTES;
        let is_over = read_available(&mut self.stream, &mut self.session.received, max_bytes);
        let answer = self.session.handle(protocol);
        self.send(&answer);
        if before == ConnectionState::Sending && self.session.state == ConnectionState::Subscribed {
            self.send(&protocol.backlog());
        }
        if is_over {
            self.session.state = ConnectionState::Closed;
        }
    }

    /// Sends as much as fits now, and the rest when there is room. A client that does not keep up is disconnected.
    fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) if written > 0 => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.unsent.len() <= MAX_UNSENT_BYTES => {
                    return;
                }
                _ => {
                    self.session.state = ConnectionState::Closed;
                    self.unsent.clear();
                }
            }
        }
    }
}
