//! The thread that listens: one loop over all connections, so that none of them can hold up another.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::arrivals::{Arrival, Arrivals};
use crate::frame::{Frame, Start};
use crate::limits::{LONGEST_FRAME, Rates};
use crate::listener::Proof;
use crate::send::{REFUSED, TAKEN};

/// What a second agtop sends, to be told what the first one is.
pub(crate) const SUBSCRIBE: &[u8] = b"AGS1";

/// Connections at once. More wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 128;
/// A hook is done within milliseconds; what takes longer is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// While somebody is connected, connections that take too long are looked for this often. Otherwise nothing wakes the
/// loop.
const BEAT: Timespec = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
const CHUNK: usize = 16 * 1024;

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

    fn start(work: impl FnOnce(UnixStream) + Send + 'static) -> io::Result<Self> {
        let (end, other) = UnixStream::pair()?;
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

/// Somebody connected.
struct Connection {
    stream: UnixStream,
    pid: Option<u32>,
    since: Instant,
    bytes: Vec<u8>,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is sending.
    Open,
    /// It is another agtop, which wants to be told.
    Subscriber,
    /// It has said all.
    Done,
}

impl Server {
    fn run(mut self) {
        while let Some(ready) = self.wait() {
            let mut news = Vec::new();
            for (connection, is_ready) in self.connections.iter_mut().zip(ready) {
                if is_ready {
                    connection.read(&self.arrivals, &mut self.rates, &mut news);
                }
            }
            self.tell(&news);
            let now = Instant::now();
            let arrivals = &self.arrivals;
            self.connections.retain(|connection| connection.is_wanted(now, arrivals));
            self.accept();
        }
    }

    /// Waits for something to happen; says which connections have something to say, and `None` when it is over.
    fn wait(&self) -> Option<Vec<bool>> {
        let is_full = self.connections.len() >= MOST_CONNECTIONS;
        let streams = self.connections.iter().map(|connection| connection.stream.as_fd());
        let listener = (!is_full).then(|| self.listener.as_fd());
        let fds: Vec<BorrowedFd<'_>> = std::iter::once(self.end.as_fd()).chain(streams).chain(listener).collect();
        let is_open = self.connections.iter().any(|connection| connection.standing == Standing::Open);
        let ready = ready(&fds, is_open.then_some(&BEAT))?;
        let (is_over, rest) = ready.split_first()?;
        (!is_over).then(|| rest.to_vec())
    }

    fn accept(&mut self) {
        while self.connections.len() < MOST_CONNECTIONS {
            let Ok((stream, _)) = self.listener.accept() else { return };
            match agtop_os::peer(&stream) {
                Ok(peer) if peer.uid == agtop_os::own_uid() => {
                    if stream.set_nonblocking(true).is_ok() {
                        self.connections.push(Connection::new(stream, peer.pid));
                    }
                }
                _ => self.arrivals.refuse(|refused| refused.foreign += 1),
            }
        }
    }

    /// Hands frames on to subscribers. One that does not keep up is let go: it will come back.
    fn tell(&mut self, news: &[Vec<u8>]) {
        for connection in self.connections.iter_mut().filter(|connection| connection.standing == Standing::Subscriber) {
            for frame in news {
                let is_told = matches!(connection.stream.write(frame), Ok(written) if written == frame.len());
                if !is_told {
                    connection.standing = Standing::Done;
                    break;
                }
            }
        }
    }
}

impl Connection {
    fn new(stream: UnixStream, pid: Option<u32>) -> Self {
        Self { stream, pid, since: Instant::now(), bytes: Vec::new(), standing: Standing::Open }
    }

    fn read(&mut self, arrivals: &Arrivals, rates: &mut Rates, news: &mut Vec<Vec<u8>>) {
        let is_over = fill(&mut self.stream, &mut self.bytes);
        if self.standing == Standing::Open && self.bytes == SUBSCRIBE {
            self.bytes.clear();
            self.standing = Standing::Subscriber;
        }
        while self.standing == Standing::Open && !self.bytes.is_empty() {
            match Frame::decode(&self.bytes) {
                Start::Part => break,
                Start::Damaged => {
                    self.bytes.clear();
                    arrivals.refuse(|refused| refused.damaged += 1);
                    self.standing = Standing::Done;
                }
                Start::Whole(frame, length) => {
                    let bytes: Vec<u8> = self.bytes.drain(..length).collect();
                    self.take(frame, arrivals, rates);
                    news.push(bytes);
                }
            }
        }
        if is_over {
            self.standing = Standing::Done;
        }
    }

    fn take(&mut self, frame: Frame, arrivals: &Arrivals, rates: &mut Rates) {
        if !rates.allow(self.pid.unwrap_or(frame.header.pid), Instant::now()) {
            arrivals.refuse(|refused| refused.too_many += 1);
            return self.answer(REFUSED);
        }
        let proof = if self.pid == Some(frame.header.pid) { Proof::Kernel } else { Proof::Claim };
        // Without an answer the sender spools it.
        if arrivals.push(Arrival { frame, proof }) {
            self.answer(TAKEN);
        }
    }

    fn answer(&mut self, answer: u8) {
        // The sender may have lost patience: then it has spooled the frame, and that double will be known.
        let _ = self.stream.write(&[answer]);
    }

    fn is_wanted(&self, now: Instant, arrivals: &Arrivals) -> bool {
        let is_late = self.standing == Standing::Open && now.saturating_duration_since(self.since) > PATIENCE;
        let is_wanted = self.standing != Standing::Done && !is_late;
        if !is_wanted && !self.bytes.is_empty() {
            arrivals.refuse(|refused| refused.damaged += 1);
        }
        is_wanted
    }
}

/// Reads frames until the other end is gone, or this one shall end.
fn follow(mut first: UnixStream, end: &UnixStream, arrivals: &Arrivals) {
    let mut bytes = Vec::new();
    while let Some(ready) = ready(&[end.as_fd(), first.as_fd()], None) {
        if ready.first() == Some(&true) {
            return;
        }
        let is_over = ready.get(1) == Some(&true) && fill(&mut first, &mut bytes);
        while let Start::Whole(frame, length) = Frame::decode(&bytes) {
            bytes.drain(..length);
            // The first agtop has looked at who sent it, and this one has looked at the first.
            if !arrivals.push(Arrival { frame, proof: Proof::Claim }) {
                return;
            }
        }
        if is_over || Frame::decode(&bytes) == Start::Damaged && !bytes.is_empty() {
            return;
        }
    }
}

/// Waits, no longer than `at_most`, until some descriptors have something to read, and says which; `None` if that cannot
/// be found out.
fn ready(fds: &[BorrowedFd<'_>], at_most: Option<&Timespec>) -> Option<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
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
