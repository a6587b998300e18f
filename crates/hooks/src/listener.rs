use std::fs::File;
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

use agtop_clients::{HookEvent, PayloadOrigin};
use agtop_model::{ClientId, FileId, Provenance, SessionKey, SourcePosition, Timestamp, Untrusted};
use thiserror::Error;

use crate::arrivals::{Arrival, Arrivals, Kin, Wake};
use crate::frame::{Frame, Header};
use crate::limits::{Refused, Seen};
#[cfg(windows)]
use crate::pipe::{Socket, Worker, follow};
use crate::places::{self, Places, Setback};
#[cfg(unix)]
use crate::server::Worker;
use crate::spool::{self, Haul, Spool};

/// How to listen.
#[derive(Clone, Default)]
pub struct Options {
    /// The file that events are said to come from.
    pub file: Option<FileId>,
    /// Whether payloads are kept.
    pub content: Content,
    /// Whether the spool is taken.
    pub reading: Reading,
    /// Tells the ancestors of a process, where the system shall not be asked.
    pub kin: Option<Kin>,
    /// Called, from another thread, when something has come in. It must not block.
    pub wake: Option<Wake>,
}

/// What becomes of a spool that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It is gone.
    #[default]
    Takes,
    /// It is read once and stays, for an agtop that has more use for it.
    Peeks,
}

/// Whether payloads are kept as they came, which hold what was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// No.
    #[default]
    Dropped,
    /// Yes: the person asked for it.
    Kept,
}

/// An event that an agent pushed.
#[derive(Clone, Debug)]
pub struct Received {
    /// The client, by its own settings.
    pub client: ClientId,
    /// What it tells. The events' place is the number of the message, from 0.
    pub told: HookEvent,
    /// Who sent it.
    pub sender: Sender,
    /// Whether it was handed out before.
    pub novelty: Novelty,
    /// `AGTOP_TAG` of the agent's environment.
    pub tag: Option<Untrusted>,
    /// The payload, if it was to be kept.
    pub payload: Option<Vec<u8>>,
}

/// Whether an event was handed out before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// No.
    New,
    /// Yes, but only now it is known who sent it.
    Confirmed,
}

/// Who sent an event: a process of the same user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its process id.
    pub pid: u32,
    /// Its ancestors, the nearest first. The agent whose session it speaks of must be one of them.
    pub ancestors: Vec<u32>,
    /// Whose word that is.
    pub proof: Proof,
}

/// Whose word it is, which process sent an event, and which are its ancestors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The kernel's.
    Kernel,
    /// The kernel's, to the agtop that passed the event on.
    Relay,
    /// The sender's: it was spooled, or was gone already, or the platform does not tell.
    Claim,
}

impl Proof {
    /// Whether it is more than a claim.
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Kernel | Self::Relay)
    }
}

impl Sender {
    /// Whether the process with this id started the sender, or one that did.
    pub fn descends_from(&self, pid: u32) -> bool {
        self.ancestors.contains(&pid)
    }
}

/// What a listener is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Hooks talk to it, and it reads the spool.
    First,
    /// Another agtop is first, and passes on what it is told.
    Follower,
    /// It reads the spool: there is no socket to be had.
    Reader,
    /// Another agtop is first, and does not answer.
    Waiting,
    /// No place is this user's alone: nothing is heard until one is.
    Deaf,
}

/// Why nothing can be received.
#[derive(Debug, Error)]
pub enum BindError {
    /// There is no place.
    #[error("no directory for hooks: neither XDG_RUNTIME_DIR nor a home directory is known")]
    NoPlace,
}

/// The end at which events arrive.
///
/// There is one that hooks talk to for each directory: it holds a lock, which ends with its process however that ends.
/// A second one follows the first and takes its place when it is gone.
pub struct Listener {
    places: Places,
    options: Options,
    arrivals: Arrivals,
    seen: Seen,
    number: u32,
    post: Post,
    setbacks: Vec<Setback>,
}

/// What a listener has open.
enum Post {
    First {
        // Goes before the lock does: who has the lock next finds it gone.
        socket: Option<Socket>,
        _lock: File,
        spools: Vec<Spool>,
        role: Role,
    },
    Follower {
        _worker: Worker,
    },
    Waiting,
    Deaf,
}

impl Listener {
    /// Begins to listen in the first of the places that is this user's alone. Where none is, it begins as soon as one
    /// is ([`Role::Deaf`]); [`Self::setbacks`] says why none is.
    ///
    /// # Errors
    /// If there is no place.
    pub fn bind(places: &Places, options: Options) -> Result<Self, BindError> {
        if places.iter().next().is_none() {
            return Err(BindError::NoPlace);
        }
        let arrivals = Arrivals::new(options.wake.clone(), options.kin.clone());
        let (seen, setbacks) = (Seen::default(), Vec::new());
        let places = places.clone();
        let mut listener = Self { places, options, arrivals, seen, number: 0, post: Post::Deaf, setbacks };
        listener.take_post();
        listener.log_post();
        Ok(listener)
    }

    /// All that came in since the last time, in order. Never blocks for longer than reading a spool takes.
    ///
    /// What was handed out of a spool is deleted by the next call, or by [`Self::settle`]: so an agtop that is ended in
    /// between loses nothing.
    pub fn poll(&mut self) -> Vec<Received> {
        if self.arrivals.take_cut_off() || matches!(self.post, Post::Waiting | Post::Deaf) {
            // What was held has to be gone before it can be had again.
            let before = self.role();
            self.post = Post::Waiting;
            self.take_post();
            if self.role() != before {
                self.log_post();
            }
        }
        let spooled = self.spooled();
        // Of an event that came both ways the one counts of which it is known who sent it.
        let mut arrivals: Vec<Arrival> = self.arrivals.take().into();
        arrivals.extend(spooled);
        // What was spooled because nobody answered in time may have come before what was answered, or after.
        arrivals.sort_by_key(|arrival| arrival.frame.header.at);
        arrivals.into_iter().filter_map(|arrival| self.receive(arrival)).collect()
    }

    /// What it is to the others.
    pub fn role(&self) -> Role {
        match &self.post {
            Post::First { role, .. } => *role,
            Post::Follower { .. } => Role::Follower,
            Post::Waiting => Role::Waiting,
            Post::Deaf => Role::Deaf,
        }
    }

    /// The places that are not used, and why.
    pub fn setbacks(&self) -> &[Setback] {
        &self.setbacks
    }

    /// Takes the first place that can be had. What cannot be taken now is tried again next time.
    fn take_post(&mut self) {
        self.setbacks.clear();
        self.post = Post::Deaf;
        for place in self.places.iter() {
            let is_needed = matches!(self.post, Post::Deaf);
            if !is_needed && place.symlink_metadata().is_err() {
                continue;
            }
            let taken = places::take_over(place).and_then(|evicted| {
                self.arrivals.refuse(|refused| refused.planted += evicted);
                // What lies in the others is read, too.
                if is_needed {
                    self.post = Post::take(place, &self.places, &self.arrivals)?;
                }
                Ok(())
            });
            if let Err(error) = taken {
                self.setbacks.push(Setback::new(place, &error));
            }
        }
    }

    fn log_post(&self) {
        tracing::info!(role = ?self.role(), "hooks: listens");
        for setback in &self.setbacks {
            tracing::warn!(place = ?setback.place, "hooks: a place is not used: {}", setback.why);
        }
    }

    /// What was refused so far.
    pub fn refused(&self) -> Refused {
        self.arrivals.refused()
    }

    /// What [`Self::poll`] handed out has been used: the spool that it came from is gone.
    pub fn settle(&mut self) {
        if let Post::First { spools, .. } = &mut self.post {
            for spool in spools {
                // What cannot be removed now is read again next time, and known for a double.
                drop(spool.settle());
            }
        }
    }

    /// Whether all that was known before has come in, where another agtop tells it.
    pub fn is_caught_up(&self) -> bool {
        self.role() != Role::Follower || self.arrivals.is_caught_up()
    }

    fn spooled(&mut self) -> Vec<Arrival> {
        let Post::First { spools, socket, .. } = &mut self.post else { return Vec::new() };
        let hauls: Vec<Haul> = match self.options.reading {
            // A spool that cannot be read now is tried again next time.
            Reading::Takes => spools.iter_mut().filter_map(|spool| spool.take().ok()).collect(),
            Reading::Peeks => std::mem::take(spools).iter().map(|spool| spool::peek(spool.place())).collect(),
        };
        let mut found = Vec::new();
        for Haul { frames, damaged } in hauls {
            self.arrivals.refuse(|refused| refused.damaged += damaged);
            if damaged > 0 || !frames.is_empty() {
                tracing::debug!(frames = frames.len(), damaged, "hooks: a spool is read");
            }
            found.extend(frames.into_iter().map(|mut frame| {
                frame.header.is_verified = false;
                Arrival { frame, proof: Proof::Claim }
            }));
        }
        if let Some(socket) = socket.as_ref().filter(|_| !found.is_empty()) {
            for arrival in &found {
                self.arrivals.publish(&arrival.frame);
            }
            socket.nudge();
        }
        found
    }

    fn receive(&mut self, Arrival { frame, proof }: Arrival) -> Option<Received> {
        if frame.header.is_too_long {
            self.arrivals.refuse(|refused| refused.too_long += 1);
        }
        let Some(novelty) = self.seen.note(frame.content(), frame.header.at, proof) else {
            self.arrivals.refuse(|refused| refused.doubles += 1);
            tracing::debug!(client = ?frame.header.client, sender = frame.header.pid, "hooks: an event came before");
            return None;
        };
        let sender = frame.header.pid;
        let received = self.decode(frame, proof, novelty);
        if received.is_none() {
            tracing::debug!(sender, "hooks: an event is refused, it tells nothing that is understood");
            self.arrivals.refuse(|refused| refused.damaged += 1);
        }
        received
    }

    fn decode(&mut self, Frame { header, payload }: Frame, proof: Proof, novelty: Novelty) -> Option<Received> {
        let file = self.options.file.unwrap_or(FileId(u32::MAX));
        let (client, told) = decode(&header, &payload, Provenance { file, place: SourcePosition::Entry(self.number) })?;
        self.number = self.number.wrapping_add(1);
        Some(Received {
            client,
            told,
            sender: Sender { pid: header.pid, ancestors: header.ancestors, proof },
            novelty,
            tag: tag(header.tag),
            payload: (self.options.content == Content::Kept).then_some(payload),
        })
    }
}

/// What sessions are called by events that no agtop has used yet, in order. The events stay for the one that will.
pub fn waiting_tags(places: &Places) -> Vec<(SessionKey, Untrusted)> {
    let frames = places.iter().flat_map(|place| spool::peek(place).frames);
    let tag = |Frame { header, payload }| {
        let source = Provenance { file: FileId(u32::MAX), place: SourcePosition::Entry(0) };
        let (_, told) = decode(&header, &payload, source)?;
        Some((told.session, tag(header.tag)?))
    };
    frames.filter_map(tag).collect()
}

fn decode(header: &Header, payload: &[u8], source: Provenance) -> Option<(ClientId, HookEvent)> {
    let client = agtop_clients::client(&header.client)?;
    let stamp = PayloadOrigin { at: Timestamp::from_millis(header.at), source };
    let told = client.hooks()?.decode(payload, stamp).ok()?;
    Some((client.info().id, told))
}

fn tag(text: Option<String>) -> Option<Untrusted> {
    text.filter(|tag| !tag.is_empty()).map(Untrusted::from)
}

impl Post {
    fn take(place: &Path, places: &Places, arrivals: &Arrivals) -> io::Result<Self> {
        let Some(lock) = lock(&place.join("lock"))? else {
            let worker = follow(place, arrivals);
            return Ok(worker.map_or(Self::Waiting, |worker| Self::Follower { _worker: worker }));
        };
        let spools = places.iter().map(Spool::new).collect();
        let socket = Socket::open(place, arrivals);
        let role = if socket.is_some() { Role::First } else { Role::Reader };
        Ok(Self::First { socket, _lock: lock, spools, role })
    }
}

/// The lock that the first agtop holds; `None` if another does.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = spool::open_to_append(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

/// A socket that is listened on; its file goes with it.
#[cfg(unix)]
struct Socket {
    path: PathBuf,
    worker: Worker,
}

#[cfg(unix)]
impl Socket {
    /// Opens the socket. One that was left behind is replaced: the lock says that nobody listens, and nobody answers.
    fn open(place: &Path, arrivals: &Arrivals) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = places::socket(place);
        if crate::send::connect_to_own(&path).is_ok() {
            return None;
        }
        let _ = std::fs::remove_file(&path);
        let listener = std::os::unix::net::UnixListener::bind(&path).ok()?;
        // The directory is closed to others, so there is no moment in which they could connect.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).ok()?;
        let worker = Worker::listen(listener, arrivals.clone()).ok()?;
        Some(Self { path, worker })
    }

    /// Lets others know what has been put by for them.
    fn nudge(&self) {
        self.worker.nudge();
    }
}

#[cfg(unix)]
impl Drop for Socket {
    fn drop(&mut self) {
        // Hooks that come now spool, which they do if it fails, too.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn follow(place: &Path, arrivals: &Arrivals) -> Option<Worker> {
    let first = crate::send::connect_to_own(&places::socket(place)).ok()?;
    Worker::follow(first, arrivals.clone()).ok()
}
