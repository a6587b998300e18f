//! The thread that listens: one loop over all connections, so that none of them can hold up another.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::arrivals::Arrivals;
use crate::limits::{LONGEST_FRAME, MOST_UNTOLD, Rates};
use crate::talk::{CHUNK, MOST_CONNECTIONS, SUBSCRIBE, Standing, Talk, pass_on};

/// While somebody is connected, connections that take too long are looked for this often. Otherwise nothing wakes the
/// loop.
const BEAT: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };

/// A thread that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Closing it ends the thread.
    end: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to tell.
            let _ = thread.join();
        }
    }
}

impl Worker {
    /// Listens on the socket.
    pub(crate) fn listen(listener: UnixListener, arrivals: Arrivals) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::start(move |end| {
            Server { listener, end, arrivals, rates: Rates::default(), connections: Vec::new() }.run();
        })
    }

    /// Takes in what the agtop at the other end is told.
    pub(crate) fn follow(mut first: UnixStream, arrivals: Arrivals) -> io::Result<Self> {
        first.write_all(SUBSCRIBE)?;
        first.set_nonblocking(true)?;
        Self::start(move |end| {
            follow(first, &end, &arrivals);
            arrivals.cut_off();
        })
    }

    /// Lets the thread know that there is something to be told to others.
    pub(crate) fn nudge(&self) {
        if let Some(mut end) = self.end.as_ref() {
            // If it cannot take more, it has been let know often enough.
            let _ = end.write(&[0]);
        }
    }

    fn start(work: impl FnOnce(UnixStream) + Send + 'static) -> io::Result<Self> {
        let (end, other) = UnixStream::pair()?;
        end.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        let thread = std::thread::Builder::new().name("hooks".into()).spawn(move || work(other))?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

struct Server {
    listener: UnixListener,
    end: UnixStream,
    arrivals: Arrivals,
    rates: Rates,
    connections: Vec<Connection>,
}

/// Somebody connected. What does not fit in among these waits in the kernel's queue.
struct Connection {
    stream: UnixStream,
    talk: Talk,
    /// What is to be sent and did not fit yet.
    unsent: Vec<u8>,
}

impl Server {
    fn run(mut self) {
        while let Some(ready) = self.wait() {
            for (connection, is_ready) in self.connections.iter_mut().zip(ready) {
                if is_ready {
                    connection.serve(&self.arrivals, &mut self.rates);
                }
            }
            self.tell(&self.arrivals.take_news());
            let now = Instant::now();
            let arrivals = &self.arrivals;
            self.connections.retain(|connection| connection.talk.goes_on(now, arrivals));
            self.accept();
        }
    }

    /// Waits for something to happen; says which connections it happened to, and `None` when it is over.
    fn wait(&mut self) -> Option<Vec<bool>> {
        let is_full = self.connections.len() >= MOST_CONNECTIONS;
        let listener = (!is_full).then(|| (self.listener.as_fd(), PollFlags::IN));
        let fds: Vec<(BorrowedFd<'_>, PollFlags)> = std::iter::once((self.end.as_fd(), PollFlags::IN))
            .chain(self.connections.iter().map(Connection::awaits))
            .chain(listener)
            .collect();
        let is_open = self.connections.iter().any(|connection| connection.talk.standing == Standing::Open);
        let ready = ready(&fds, is_open.then_some(&BEAT))?;
        let (is_nudged, rest) = ready.split_first()?;
        if *is_nudged && fill(&mut self.end, &mut Vec::new()) {
            return None;
        }
        Some(rest.to_vec())
    }

    fn accept(&mut self) {
        while self.connections.len() < MOST_CONNECTIONS {
            let Ok((stream, _)) = self.listener.accept() else { return };
            match agtop_os::peer(&stream) {
                Ok(peer) if peer.uid == agtop_os::own_uid() => {
                    if stream.set_nonblocking(true).is_ok() {
                        let talk = Talk::new(peer.pid, &self.arrivals);
                        self.connections.push(Connection { stream, talk, unsent: Vec::new() });
                    }
                }
                peer => {
                    tracing::debug!(?peer, "hooks: a connection is refused, it is not of this user's process");
                    self.arrivals.refuse(|refused| refused.foreign += 1);
                }
            }
        }
    }

    /// Hands frames on to subscribers.
    fn tell(&mut self, news: &[Vec<u8>]) {
        let is_subscriber = |connection: &&mut Connection| connection.talk.standing == Standing::Subscriber;
        for connection in self.connections.iter_mut().filter(is_subscriber) {
            for frame in news {
                connection.send(frame);
            }
        }
    }
}

impl Connection {
    fn awaits(&self) -> (BorrowedFd<'_>, PollFlags) {
        let room = if self.unsent.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        (self.stream.as_fd(), PollFlags::IN | room)
    }

    fn serve(&mut self, arrivals: &Arrivals, rates: &mut Rates) {
        let before = self.talk.standing;
        let is_over = fill(&mut self.stream, &mut self.talk.bytes);
        // The sender may have lost patience: then it has spooled the frame, and that double will be known.
        let answers = self.talk.hear(arrivals, rates);
        self.send(&answers);
        if before == Standing::Open && self.talk.standing == Standing::Subscriber {
            self.send(&arrivals.recent());
        }
        if is_over {
            self.talk.standing = Standing::Done;
        }
    }

    /// Sends as much as fits, and the rest when there is room. Who does not keep up is let go: it will come back.
    fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) if written > 0 => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.unsent.len() <= MOST_UNTOLD => return,
                _ => {
                    self.talk.standing = Standing::Done;
                    self.unsent.clear();
                }
            }
        }
    }
}

/// Reads frames until the other end is gone, or this one shall end.
fn follow(mut first: UnixStream, end: &UnixStream, arrivals: &Arrivals) {
    let mut bytes = Vec::new();
    while let Some(ready) = ready(&[(end.as_fd(), PollFlags::IN), (first.as_fd(), PollFlags::IN)], None) {
        if ready.first() == Some(&true) {
            return;
        }
        let is_over = ready.get(1) == Some(&true) && fill(&mut first, &mut bytes);
        if pass_on(&mut bytes, arrivals).is_break() || is_over {
            return;
        }
    }
}

/// Waits, no longer than `at_most`, until what is awaited of some descriptors has come about, and says of which; `None` if
/// that cannot be found out.
fn ready(fds: &[(BorrowedFd<'_>, PollFlags)], at_most: Option<&Timespec>) -> Option<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
    match poll(&mut polled, at_most) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(_) => return None,
    }
    Some(polled.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// Reads what is there, at most one frame's worth; says whether the other end has said all.
fn fill(stream: &mut UnixStream, bytes: &mut Vec<u8>) -> bool {
    let mut chunk = [0; CHUNK];
    while bytes.len() <= LONGEST_FRAME + CHUNK {
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
