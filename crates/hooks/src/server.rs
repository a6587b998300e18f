//! The thread that listens: one loop over all connections, so that none of them can hold up another.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::arrivals::Arrivals;
use crate::limits::{LONGEST_FRAME, Rates};
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

/// Somebody connected. What does not fit in among these waits in the kernel's queue.
struct Connection {
    stream: UnixStream,
    talk: Talk,
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
            self.connections.retain(|connection| connection.talk.goes_on(now, arrivals));
            self.accept();
        }
    }

    /// Waits for something to happen; says which connections have something to say, and `None` when it is over.
    fn wait(&self) -> Option<Vec<bool>> {
        let is_full = self.connections.len() >= MOST_CONNECTIONS;
        let streams = self.connections.iter().map(|connection| connection.stream.as_fd());
        let listener = (!is_full).then(|| self.listener.as_fd());
        let fds: Vec<BorrowedFd<'_>> = std::iter::once(self.end.as_fd()).chain(streams).chain(listener).collect();
        let is_open = self.connections.iter().any(|connection| connection.talk.standing == Standing::Open);
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
                        self.connections.push(Connection { stream, talk: Talk::new(peer.pid) });
                    }
                }
                _ => self.arrivals.refuse(|refused| refused.foreign += 1),
            }
        }
    }

    /// Hands frames on to subscribers. One that does not keep up is let go: it will come back.
    fn tell(&mut self, news: &[Vec<u8>]) {
        let is_subscriber = |connection: &&mut Connection| connection.talk.standing == Standing::Subscriber;
        for connection in self.connections.iter_mut().filter(is_subscriber) {
            for frame in news {
                let is_told = matches!(connection.stream.write(frame), Ok(written) if written == frame.len());
                if !is_told {
                    connection.talk.standing = Standing::Done;
                    break;
                }
            }
        }
    }
}

impl Connection {
    fn read(&mut self, arrivals: &Arrivals, rates: &mut Rates, news: &mut Vec<Vec<u8>>) {
        let is_over = fill(&mut self.stream, &mut self.talk.bytes);
        let mut heard = self.talk.hear(arrivals, rates);
        if !heard.answers.is_empty() {
            // The sender may have lost patience: then it has spooled the frame, and that double will be known.
            let _ = self.stream.write(&heard.answers);
        }
        news.append(&mut heard.news);
        if is_over {
            self.talk.standing = Standing::Done;
        }
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
        if pass_on(&mut bytes, arrivals).is_break() || is_over {
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
