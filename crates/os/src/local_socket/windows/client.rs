//! Connections to a server.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::pipe::{IoTask, PipeConnection, pipe_name, read_secret};
use crate::local_socket::READ_CHUNK_BYTES;

/// Sends a message to the server of a directory and returns the byte it answers; `None` if no server of this user
/// listens there, or none answers within `timeout`.
pub fn exchange(directory: &Path, message: &[u8], timeout: Duration) -> Option<u8> {
    let started = Instant::now();
    let secret = read_secret(directory)?;
    let connection = PipeConnection::connect(&pipe_name(directory), timeout).ok()?;
    let (answers, answer) = sync_channel(1);
    let message = message.to_vec();
    let work = move |connection: &PipeConnection| {
        if let Ok(answer) = request(connection, &secret, &message) {
            // After a timeout nobody waits for the answer.
            let _ = answers.send(answer);
        }
    };
    let task = IoTask::start(connection, work).ok()?;
    match answer.recv_timeout(timeout.saturating_sub(started.elapsed())) {
        Ok(answer) => Some(answer),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            task.cancel();
            None
        }
    }
}

fn request(connection: &PipeConnection, secret: &[u8], message: &[u8]) -> io::Result<u8> {
    connection.verify_server(secret)?;
    connection.write_all(message)?;
    let mut answer = [0];
    connection.read_exact(&mut answer)?;
    let [answer] = answer;
    Ok(answer)
}

/// A connection that receives what a server publishes, until this is dropped.
#[derive(Debug)]
pub struct Subscription(IoTask);

impl Drop for Subscription {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Subscription {
    /// Sends `request` to the server of a directory and passes what it publishes to `on_bytes`, from another thread:
    /// all bytes that were not removed from the buffer yet. The subscription ends when `on_bytes` breaks or the server
    /// is gone; then `on_end` is called. `None` if no server listens there.
    pub fn open(
        directory: &Path,
        request: &'static [u8],
        mut on_bytes: impl FnMut(&mut Vec<u8>) -> ControlFlow<()> + Send + 'static,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Option<Self> {
        let secret = read_secret(directory)?;
        let connection = PipeConnection::connect(&pipe_name(directory), Duration::ZERO).ok()?;
        let work = move |connection: &PipeConnection| {
            // Whatever the reason, the subscription has ended.
            let _ = receive(connection, &secret, request, &mut on_bytes);
            on_end();
        };
        IoTask::start(connection, work).ok().map(Self)
    }
}

fn receive(
    connection: &PipeConnection,
    secret: &[u8],
    request: &[u8],
    on_bytes: &mut impl FnMut(&mut Vec<u8>) -> ControlFlow<()>,
) -> io::Result<()> {
    connection.verify_server(secret)?;
    connection.write_all(request)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; READ_CHUNK_BYTES]);
    loop {
        let length = connection.read(&mut chunk)?;
        bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
        if length == 0 || on_bytes(&mut bytes).is_break() {
            return Ok(());
        }
    }
}
