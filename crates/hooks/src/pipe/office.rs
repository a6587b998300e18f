//! Who listens at the pipe: one thread accepts, each connection has one of its own, and one calls off what takes too
//! long.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use interprocess::os::windows::ToWtf16;
use interprocess::os::windows::named_pipe::{PipeListener, PipeListenerOptions, pipe_mode::Bytes};
use interprocess::os::windows::security_descriptor::SecurityDescriptor;

use super::{Line, PAUSE, name, until_finished};
use crate::arrivals::Arrivals;
use crate::limits::Rates;
use crate::places;
use crate::talk::{CHUNK, MOST_CONNECTIONS, PATIENCE, Standing, Talk};

/// Who may connect, in the language of security descriptors: the pipe's owner, and the system itself.
const RIGHTS: &str = "D:P(A;;GA;;;OW)(A;;GA;;;SY)";
/// While somebody is sending, connections that take too long are looked for this often.
const BEAT: Duration = Duration::from_millis(500);
/// Frames that wait for a subscriber. One that does not keep up is let go: it will come back.
const MOST_UNTOLD: usize = 128;
/// How often, and how long after one another, it is tried to make the pipe: the clients of an agtop that has ended hold
/// theirs for a moment longer.
const TRIES: usize = 20;
const RETRY: Duration = Duration::from_millis(5);

/// A pipe that is listened at, until this is dropped.
pub(crate) struct Socket {
    name: String,
    /// The file that holds the secret.
    secret: PathBuf,
    office: Arc<Office>,
    threads: Vec<JoinHandle<()>>,
}

impl Socket {
    /// Makes the pipe; `None` if there is one of that name, whose ever it is.
    pub(crate) fn open(place: &Path, arrivals: &Arrivals) -> Option<Self> {
        let name = name(place);
        let pipe = make(&name)?;
        let secret = new_secret();
        let file = places::secret(place);
        fs::write(&file, &secret).ok()?;
        let office = Arc::new(Office {
            arrivals: arrivals.clone(),
            rates: Mutex::default(),
            secret,
            desk: Mutex::default(),
            change: Condvar::new(),
        });
        let mut socket = Self { name, secret: file, office, threads: Vec::new() };
        socket.start(move |office| office.accept(&pipe)).ok()?;
        socket.start(|office| office.watch()).ok()?;
        Some(socket)
    }

    /// Lets others know what has been put by for them.
    pub(crate) fn nudge(&self) {
        self.office.tell();
    }

    fn start(&mut self, work: impl FnOnce(&Arc<Office>) + Send + 'static) -> io::Result<()> {
        let office = Arc::clone(&self.office);
        self.threads.push(Builder::new().name("hooks".into()).spawn(move || work(&office))?);
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Hooks that come now spool, which they do if it fails, too.
        let _ = fs::remove_file(&self.secret);
        self.office.desk().is_closed = true;
        self.office.change.notify_all();
        let begun = Instant::now();
        let is_over = || {
            let is_deserted =
                self.threads.iter().all(JoinHandle::is_finished) && self.office.desk().visitors.is_empty();
            is_deserted || begun.elapsed() > PATIENCE
        };
        until_finished(is_over, || {
            self.office.desk().visitors.values().for_each(Visitor::call_off);
            // Who accepts waits for somebody to come.
            drop(Line::connect(&self.name, Duration::ZERO));
        });
    }
}

fn make(name: &str) -> Option<PipeListener<Bytes, Bytes>> {
    let rights = SecurityDescriptor::deserialize(&RIGHTS.to_wtf_16().ok()?).ok()?;
    let size = u32::try_from(CHUNK).unwrap_or(u32::MAX);
    let options = PipeListenerOptions::new().path(name).security_descriptor(Some(rights));
    let options = options.accept_remote(false).input_buffer_size_hint(size).output_buffer_size_hint(size);
    (0..TRIES).find_map(|attempt| {
        if attempt > 0 {
            std::thread::sleep(RETRY);
        }
        // The first one of that name, or none.
        options.create_duplex().ok()
    })
}

/// Something that nobody can guess: the standard library keys its hashers so.
fn new_secret() -> String {
    let [one, other] = [(); 2].map(|()| RandomState::new().hash_one(Instant::now()));
    format!("{one:016x}{other:016x}")
}

/// What the threads share.
struct Office {
    arrivals: Arrivals,
    rates: Mutex<Rates>,
    secret: String,
    desk: Mutex<Desk>,
    /// Somebody has come, or the office is closed.
    change: Condvar,
}

/// Who is there.
#[derive(Default)]
struct Desk {
    is_closed: bool,
    /// The number of the next visitor.
    next: u64,
    visitors: HashMap<u64, Visitor>,
}

/// Somebody who is connected, as the other threads see it.
struct Visitor {
    line: Arc<Line>,
    since: Instant,
    place: Place,
}

/// What somebody connected for.
enum Place {
    /// To say something.
    Sender,
    /// To be told what is said.
    Subscriber(SyncSender<Vec<u8>>),
    /// For nothing any more.
    Gone,
}

impl Visitor {
    /// Whether it is waited for.
    fn is_wanted(&self) -> bool {
        match self.place {
            Place::Sender => self.since.elapsed() <= PATIENCE,
            Place::Subscriber(_) => true,
            Place::Gone => false,
        }
    }

    fn call_off(&self) {
        agtop_os::call_off(&*self.line);
    }

    /// Lets it know, if it asked for that and keeps up.
    fn tell(&mut self, news: &[Vec<u8>]) {
        if let Place::Subscriber(sender) = &self.place
            && news.iter().any(|frame| sender.try_send(frame.clone()).is_err())
        {
            self.place = Place::Gone;
            self.call_off();
        }
    }
}

impl Office {
    fn accept(self: &Arc<Self>, pipe: &PipeListener<Bytes, Bytes>) {
        while !self.desk().is_closed {
            match pipe.accept() {
                Ok(stream) => self.receive(Line(stream)),
                // There is nothing left to make a pipe of, for now.
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Gives somebody who has connected a thread; where there are too many, it finds the door closed again.
    fn receive(self: &Arc<Self>, line: Line) {
        let line = Arc::new(line);
        let Some(number) = self.enter(&line) else { return };
        let office = Arc::clone(self);
        let work = move || {
            office.serve(number, &line);
            drop(line);
            office.leave(number);
        };
        if Builder::new().name("hook".into()).spawn(work).is_err() {
            self.leave(number);
        }
    }

    fn enter(&self, line: &Arc<Line>) -> Option<u64> {
        let mut desk = self.desk();
        if desk.is_closed || desk.visitors.len() >= MOST_CONNECTIONS {
            return None;
        }
        let number = desk.next;
        desk.next += 1;
        desk.visitors.insert(number, Visitor { line: Arc::clone(line), since: Instant::now(), place: Place::Sender });
        self.change.notify_one();
        Some(number)
    }

    fn leave(&self, number: u64) {
        self.desk().visitors.remove(&number);
    }

    fn is_wanted(&self, number: u64) -> bool {
        let desk = self.desk();
        !desk.is_closed && desk.visitors.get(&number).is_some_and(Visitor::is_wanted)
    }

    /// Listens to somebody until that has said all, or a subscriber has gone.
    fn serve(&self, number: u64, line: &Line) {
        let mut talk = Talk::new(line.0.client_process_id().ok(), &self.arrivals);
        if line.say(self.secret.as_bytes()).is_err() {
            return;
        }
        std::thread::scope(|scope| {
            let (mut chunk, mut teller) = ([0; CHUNK], None);
            while talk.goes_on(Instant::now(), &self.arrivals) && self.is_wanted(number) {
                self.listen(line, &mut talk, &mut chunk);
                if talk.standing == Standing::Subscriber && teller.is_none() {
                    let (sender, receiver) = sync_channel(MOST_UNTOLD);
                    self.place(number, Place::Subscriber(sender.clone()));
                    // What comes meanwhile is told twice, and known by that.
                    let _ = sender.try_send(self.arrivals.recent());
                    teller = Builder::new().spawn_scoped(scope, move || pass_to(line, &receiver)).ok();
                }
            }
            self.place(number, Place::Gone);
            if let Some(teller) = teller {
                until_finished(|| teller.is_finished(), || agtop_os::call_off(line));
            }
        });
    }

    fn listen(&self, line: &Line, talk: &mut Talk, chunk: &mut [u8]) {
        let length = line.hear(chunk).unwrap_or_default();
        if length == 0 {
            talk.standing = Standing::Done;
        }
        if talk.standing != Standing::Open {
            // A subscriber has nothing to say.
            return;
        }
        talk.bytes.extend_from_slice(chunk.get(..length).unwrap_or_default());
        let answers = talk.hear(&self.arrivals, &mut self.rates.lock().unwrap_or_else(PoisonError::into_inner));
        if !answers.is_empty() && line.say(&answers).is_err() {
            // The sender has lost patience and spooled the frame: that double will be known.
            talk.standing = Standing::Done;
        }
        self.tell();
    }

    /// Tells subscribers what has been put by for them.
    fn tell(&self) {
        let news = self.arrivals.take_news();
        if !news.is_empty() {
            self.desk().visitors.values_mut().for_each(|visitor| visitor.tell(&news));
        }
    }

    fn place(&self, number: u64, place: Place) {
        if let Some(visitor) = self.desk().visitors.get_mut(&number) {
            visitor.place = place;
        }
    }

    /// Calls off whoever takes too long, or does not end when it should.
    fn watch(&self) {
        let mut desk = self.desk();
        while !desk.is_closed {
            let is_idle = desk.visitors.values().all(|visitor| matches!(visitor.place, Place::Subscriber(_)));
            desk = if is_idle {
                self.change.wait(desk).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.change.wait_timeout(desk, BEAT).unwrap_or_else(PoisonError::into_inner).0
            };
            desk.visitors.values().filter(|visitor| !visitor.is_wanted()).for_each(Visitor::call_off);
        }
    }

    /// A thread that panicked cannot have left half of anything: each change is one step.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands frames on until there are no more, or the other end is gone.
fn pass_to(line: &Line, frames: &Receiver<Vec<u8>>) {
    for frame in frames {
        if line.say(&frame).is_err() {
            return;
        }
    }
}
