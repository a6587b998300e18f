//! A thread that waits for sockets until its owner drops it.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

/// A thread that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    /// The other end is with the thread, which ends when this one is closed.
    control: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.control.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to report.
            let _ = thread.join();
        }
    }
}

impl Worker {
    /// Starts a thread that runs `work` with its end of the control socket.
    pub(super) fn start(work: impl FnOnce(UnixStream) + Send + 'static) -> io::Result<Self> {
        let (control, other) = UnixStream::pair()?;
        control.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        let thread = std::thread::Builder::new().name("hooks".into()).spawn(move || work(other))?;
        Ok(Self { control: Some(control), thread: Some(thread) })
    }

    /// Wakes the thread up.
    pub(super) fn wake(&self) {
        if let Some(mut control) = self.control.as_ref() {
            // If the socket is full, the thread has been woken often enough.
            let _ = control.write(&[0]);
        }
    }
}
