//! One end of a pipe, and a thread that has it to itself.

use std::fs;
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use interprocess::ConnectWaitMode;
use interprocess::os::windows::named_pipe::{PipeStream, pipe_mode::Bytes};
use xxhash_rust::xxh3::xxh3_128;

use super::cancel::cancel_io;

/// How often a cancelled thread is checked for whether it has ended.
const CANCEL_RETRY_INTERVAL: Duration = Duration::from_millis(1);
/// The length of a secret: 128 bits in hexadecimal digits.
const SECRET_BYTES: usize = 32;

/// One end of a connection. Dropping it closes the connection at once, even if the other end has not read everything.
pub(super) struct PipeConnection(pub(super) PipeStream<Bytes, Bytes>);

impl PipeConnection {
    /// Connects to a pipe; waits up to `timeout` for a server that is busy with other clients.
    pub(super) fn connect(name: &str, timeout: Duration) -> io::Result<Self> {
        PipeStream::connect_by_path_with_wait_mode(name, ConnectWaitMode::Timeout(timeout)).map(Self)
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    /// Waits for bytes and reads them; 0 at the end.
    pub(super) fn read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(chunk)
    }

    pub(super) fn read_exact(&self, bytes: &mut [u8]) -> io::Result<()> {
        (&self.0).read_exact(bytes)
    }

    /// Reads the secret that the server sends first.
    ///
    /// # Errors
    /// If it is another one: then the server cannot read the directory.
    pub(super) fn verify_server(&self, secret: &[u8]) -> io::Result<()> {
        let mut sent = [0; SECRET_BYTES];
        self.read_exact(&mut sent)?;
        if sent == secret { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    pub(super) fn cancel_io(&self) {
        cancel_io(self);
    }
}

impl AsHandle for PipeConnection {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl Drop for PipeConnection {
    fn drop(&mut self) {
        // Otherwise a thread would wait until the other end has read everything.
        self.0.assume_flushed();
    }
}

/// A thread that has a connection to itself and ends at the first operation that fails.
#[derive(Debug)]
pub(super) struct IoTask {
    /// The thread alone owns the connection: a server that makes a pipe of that name next needs it closed.
    connection: Weak<PipeConnection>,
    thread: JoinHandle<()>,
}

impl IoTask {
    pub(super) fn start(
        connection: PipeConnection,
        work: impl FnOnce(&PipeConnection) + Send + 'static,
    ) -> io::Result<Self> {
        let connection = Arc::new(connection);
        let weak = Arc::downgrade(&connection);
        let thread = Builder::new().name("hooks".into()).spawn(move || work(&connection))?;
        Ok(Self { connection: weak, thread })
    }

    pub(super) fn cancel(&self) {
        let cancel = || {
            if let Some(connection) = self.connection.upgrade() {
                connection.cancel_io();
            }
        };
        cancel_until(|| self.thread.is_finished(), cancel);
    }
}

/// Calls `cancel` until `is_finished`: a thread may not have begun yet the operation that is to be cancelled.
pub(super) fn cancel_until(is_finished: impl Fn() -> bool, cancel: impl Fn()) {
    while !is_finished() {
        cancel();
        std::thread::sleep(CANCEL_RETRY_INTERVAL);
    }
}

/// The name of the pipe of a directory.
pub(super) fn pipe_name(directory: &Path) -> String {
    format!(r"\\.\pipe\agtop-{:032x}", xxh3_128(directory.as_os_str().as_encoded_bytes()))
}

/// The file with the secret of the server of a directory.
pub(super) fn secret_path(directory: &Path) -> PathBuf {
    directory.join("pipe")
}

/// The secret of the server of a directory; `None` if there is no server.
pub(super) fn read_secret(directory: &Path) -> Option<Vec<u8>> {
    fs::read(secret_path(directory)).ok().filter(|secret| secret.len() == SECRET_BYTES)
}
