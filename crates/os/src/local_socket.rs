//! Messages between processes of one user: over a Unix socket or, on Windows, a named pipe.
//!
//! A server listens in a directory that only its user can write to ([`check_private_dir`](crate::check_private_dir)), and
//! clients find it there. Both ends check that the other one belongs to the same user before they send anything.
//!
//! This module carries bytes. What they mean is for a [`ServerProtocol`] to say.

use std::time::{Duration, Instant};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{SocketServer, Subscription, exchange};
#[cfg(windows)]
pub use windows::{SocketServer, Subscription, exchange};

/// Connections that a server has open at once.
const MAX_CONNECTIONS: usize = 128;
/// How many bytes a server reads from a connection at a time.
const READ_CHUNK_BYTES: usize = 16 * 1024;
/// A client that does not subscribe is done within milliseconds. The server closes a connection that takes longer.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// How often the server looks for connections that have timed out. It does so only while there are any.
const TIMEOUT_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// What a [`SocketServer`] does with the bytes it receives. Its threads call these methods.
pub trait ServerProtocol: Send + Sync + 'static {
    /// What the protocol knows about the process at the other end of a connection.
    type Peer: Send;

    /// The length of the longest message in bytes. The server does not read much further ahead.
    const MAX_MESSAGE_BYTES: usize;

    /// Called when a process of this user has connected. `pid` is `None` where the kernel does not report it.
    fn identify(&self, pid: Option<u32>) -> Self::Peer;

    /// Removes the complete messages from the start of `received` and handles them. An incomplete message stays there
    /// until the rest has arrived.
    fn handle(&self, peer: &Self::Peer, received: &mut Vec<u8>) -> Reply;

    /// Returns what a new subscriber is sent first.
    fn backlog(&self) -> Vec<u8>;

    /// Returns the messages for subscribers that were published since the last call.
    fn take_published(&self) -> Vec<Vec<u8>>;

    /// Called for each connection that is refused, or that ends within a message.
    fn reject(&self, rejection: Rejection);
}

/// What the server answers to received bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The bytes to send back.
    pub answer: Vec<u8>,
    /// What the connection is from now on.
    pub state: ConnectionState,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// The client sends messages.
    Sending,
    /// The client has subscribed: it receives what is published.
    Subscribed,
    /// The connection is to be closed.
    Closed,
}

/// Why the server closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The process at the other end belongs to another user.
    ForeignUser,
    /// The connection ended, or timed out, within a message.
    IncompleteMessage,
}

/// The state of a connection that is the same on every platform.
struct Session<P: ServerProtocol> {
    peer: P::Peer,
    /// Bytes that were read and not handled yet.
    received: Vec<u8>,
    state: ConnectionState,
    connected_at: Instant,
}

impl<P: ServerProtocol> Session<P> {
    fn new(protocol: &P, pid: Option<u32>) -> Self {
        let peer = protocol.identify(pid);
        Self { peer, received: Vec::new(), state: ConnectionState::Sending, connected_at: Instant::now() }
    }

    /// Handles the received bytes and returns the answer.
    fn handle(&mut self, protocol: &P) -> Vec<u8> {
        if self.state != ConnectionState::Sending {
            // A subscriber has nothing to send.
            self.received.clear();
            return Vec::new();
        }
        let reply = protocol.handle(&self.peer, &mut self.received);
        self.state = reply.state;
        reply.answer
    }

    /// Returns whether the connection stays open at `now`. A message that is cut off by its end is reported.
    fn is_open(&self, protocol: &P, now: Instant) -> bool {
        let has_timed_out = self.state == ConnectionState::Sending
            && now.saturating_duration_since(self.connected_at) > CONNECTION_TIMEOUT;
        let is_open = self.state != ConnectionState::Closed && !has_timed_out;
        if !is_open && !self.received.is_empty() {
            protocol.reject(Rejection::IncompleteMessage);
        }
        is_open
    }
}
