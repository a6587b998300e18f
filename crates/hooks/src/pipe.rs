//! Where hooks and agtop meet on Windows: a named pipe.
//!
//! Its name is made of the directory's path. The system lets nobody connect but the user who made it, and nobody from
//! another machine. But anybody may make a pipe of that name while agtop does not run: so whoever listens shows a secret
//! first, which lies in the directory, and nothing is said to one that does not know it.
//!
//! A pipe is read and written by waiting, so whatever could wait for long has a thread of its own ([`Errand`]) which is
//! called off from outside.

use std::fs;
use std::io::{self, Read, Write};
use std::os::windows::io::{AsHandle, BorrowedHandle};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use interprocess::ConnectWaitMode;
use interprocess::os::windows::named_pipe::{PipeStream, pipe_mode::Bytes};
use xxhash_rust::xxh3::xxh3_128;

use crate::arrivals::Arrivals;
use crate::places;
use crate::send::PATIENCE;
use crate::talk::{CHUNK, SUBSCRIBE, pass_on};

pub(crate) use office::Socket;

mod office;

/// Between two looks whether a thread that was called off has ended.
const PAUSE: Duration = Duration::from_millis(1);
/// The length of a secret: 128 bits in hexadecimal.
const SECRET: usize = 32;

/// One end of a connection, which closes at once when it is dropped, whether or not the other end has read everything.
struct Line(PipeStream<Bytes, Bytes>);

impl Line {
    /// Connects to who listens at a pipe; waits no longer than so long for one that is busy with others.
    fn connect(name: &str, at_most: Duration) -> io::Result<Self> {
        PipeStream::connect_by_path_with_wait_mode(name, ConnectWaitMode::Timeout(at_most)).map(Self)
    }

    fn say(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    /// Reads what is there, and waits for it. At the end that is nothing.
    fn hear(&self, chunk: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(chunk)
    }

    /// Reads exactly so much.
    fn hear_all(&self, bytes: &mut [u8]) -> io::Result<()> {
        (&self.0).read_exact(bytes)
    }

    /// Makes sure that the other end is who can read in the directory.
    fn know(&self, secret: &[u8]) -> io::Result<()> {
        let mut shown = [0; SECRET];
        self.hear_all(&mut shown)?;
        if shown == secret { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

impl AsHandle for Line {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // Otherwise a thread would wait until the other end has read everything.
        self.0.assume_flushed();
    }
}

/// A thread that has a connection to itself, and gives up at the first thing that fails there.
struct Errand {
    /// The connection goes with the thread, and with nobody else: whoever makes a pipe of that name next needs it gone.
    line: Weak<Line>,
    thread: JoinHandle<()>,
}

impl Errand {
    fn begin(line: Line, work: impl FnOnce(&Line) + Send + 'static) -> io::Result<Self> {
        let line = Arc::new(line);
        let weak = Arc::downgrade(&line);
        let thread = Builder::new().name("hooks".into()).spawn(move || work(&line))?;
        Ok(Self { line: weak, thread })
    }

    fn call_off(&self) {
        let call_off = || {
            if let Some(line) = self.line.upgrade() {
                agtop_os::call_off(&*line);
            }
        };
        until_finished(|| self.thread.is_finished(), call_off);
    }
}

/// Calls a thread off until it has ended: it may not have begun yet what it is to be called off from.
fn until_finished(is_finished: impl Fn() -> bool, call_off: impl Fn()) {
    while !is_finished() {
        call_off();
        std::thread::sleep(PAUSE);
    }
}

/// Follows another agtop until this is dropped.
pub(crate) struct Worker(Errand);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.call_off();
    }
}

/// Begins to take in what the agtop that listens for this place is told.
pub(crate) fn follow(place: &Path, arrivals: &Arrivals) -> Option<Worker> {
    let secret = secret(place)?;
    let line = Line::connect(&name(place), Duration::ZERO).ok()?;
    let arrivals = arrivals.clone();
    let work = move |line: &Line| {
        // However it ended, the listener looks who is first now.
        let _ = take_in(line, &secret, &arrivals);
        arrivals.cut_off();
    };
    Errand::begin(line, work).ok().map(Worker)
}

fn take_in(line: &Line, secret: &[u8], arrivals: &Arrivals) -> io::Result<()> {
    line.know(secret)?;
    line.say(SUBSCRIBE)?;
    let (mut bytes, mut chunk) = (Vec::new(), [0; CHUNK]);
    loop {
        let length = line.hear(&mut chunk)?;
        bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
        if length == 0 || pass_on(&mut bytes, arrivals).is_break() {
            return Ok(());
        }
    }
}

/// Gives the frame to whoever listens in this place; `None` if nobody does, or not soon enough.
pub(crate) fn hand_over(place: &Path, frame: &[u8]) -> Option<u8> {
    let begun = Instant::now();
    let secret = secret(place)?;
    let line = Line::connect(&name(place), PATIENCE).ok()?;
    let (answers, answer) = sync_channel(1);
    let frame = frame.to_vec();
    let work = move |line: &Line| {
        if let Ok(answer) = exchange(line, &secret, &frame) {
            // Nobody waits for it who has called this off.
            let _ = answers.send(answer);
        }
    };
    let errand = Errand::begin(line, work).ok()?;
    match answer.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
        Ok(answer) => Some(answer),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            errand.call_off();
            None
        }
    }
}

fn exchange(line: &Line, secret: &[u8], frame: &[u8]) -> io::Result<u8> {
    line.know(secret)?;
    line.say(frame)?;
    let mut answer = [0];
    line.hear_all(&mut answer)?;
    let [answer] = answer;
    Ok(answer)
}

/// What the pipe of a directory is called.
fn name(place: &Path) -> String {
    format!(r"\\.\pipe\agtop-{:032x}", xxh3_128(place.as_os_str().as_encoded_bytes()))
}

/// The secret of who listens; `None` if nobody does.
fn secret(place: &Path) -> Option<Vec<u8>> {
    fs::read(places::secret(place)).ok().filter(|secret| secret.len() == SECRET)
}
