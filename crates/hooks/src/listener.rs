use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;

use agtop_clients::{Stamp, Told};
use agtop_model::{ClientId, FileId, Place, Provenance, SessionKey, Timestamp, Untrusted};
use thiserror::Error;

use crate::arrivals::{Arrival, Arrivals, Wake};
use crate::frame::{Frame, Header};
use crate::limits::{Refused, Seen};
#[cfg(windows)]
use crate::pipe::{Socket, Worker, follow};
use crate::places::{self, Places};
#[cfg(unix)]
use crate::server::Worker;
use crate::spool::{self, Spool};

/// How to listen.
#[derive(Clone, Default)]
pub struct Options {
    /// The file that events are said to come from.
    pub file: Option<FileId>,
    /// Whether payloads are kept.
    pub content: Content,
    /// Called, from another thread, when something has come in. It must not block.
    pub wake: Option<Wake>,
}

/// Whether payloads are kept, which hold what was said.
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
    pub told: Told,
    /// Who sent it.
    pub sender: Sender,
    /// `AGTOP_TAG` of the agent's environment.
    pub tag: Option<Untrusted>,
    /// The payload, if it was to be kept.
    pub payload: Option<Vec<u8>>,
}

/// Who sent an event: a process of the same user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its process id.
    pub pid: u32,
    /// Its ancestors, the nearest first, as it said. The agent whose session it speaks of must be one of them.
    pub ancestors: Vec<u32>,
    /// Whose word the process id is.
    pub proof: Proof,
}

/// Whose word it is, which process sent an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The kernel's.
    Kernel,
    /// The sender's: it was spooled, or came through another agtop, or the platform does not tell.
    Claim,
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
}

/// Why nothing can be received.
#[derive(Debug, Error)]
pub enum BindError {
    /// There is no place.
    #[error("no directory for hooks: neither XDG_RUNTIME_DIR nor a home directory is known")]
    NoPlace,
    /// The directory cannot be used.
    #[error("cannot use {}", path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
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
}

/// What a listener has open.
enum Post {
    First {
        // Goes before the lock does: who has the lock next finds it gone.
        _socket: Option<Socket>,
        _lock: File,
        spools: Vec<Spool>,
        role: Role,
    },
    Follower {
        _worker: Worker,
    },
    Waiting,
}

impl Listener {
    /// Begins to listen in the first of the places.
    ///
    /// # Errors
    /// If there is no place, or it is not this user's alone.
    pub fn bind(places: &Places, options: Options) -> Result<Self, BindError> {
        let arrivals = Arrivals::new(options.wake.clone());
        let post = Post::take(places, &arrivals)?;
        let seen = Seen::default();
        Ok(Self { places: places.clone(), options, arrivals, seen, number: 0, post })
    }

    /// All that came in since the last time, in order. Never blocks for longer than reading a spool takes.
    ///
    /// What was handed out of a spool is deleted by the next call: so an agtop that is ended in between loses nothing.
    pub fn poll(&mut self) -> Vec<Received> {
        if self.arrivals.take_cut_off() || matches!(self.post, Post::Waiting) {
            // What cannot be taken now is tried again next time.
            self.post = Post::Waiting;
            if let Ok(post) = Post::take(&self.places, &self.arrivals) {
                self.post = post;
            }
        }
        let mut arrivals = self.spooled();
        arrivals.extend(self.arrivals.take());
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
        }
    }

    /// What was refused so far.
    pub fn refused(&self) -> Refused {
        self.arrivals.refused()
    }

    fn spooled(&mut self) -> Vec<Arrival> {
        let Post::First { spools, .. } = &mut self.post else { return Vec::new() };
        let mut found = Vec::new();
        for spool in spools {
            // A spool that cannot be read now is tried again next time.
            let Ok(haul) = spool.take() else { continue };
            self.arrivals.refuse(|refused| refused.damaged += haul.damaged);
            found.extend(haul.frames.into_iter().map(|frame| Arrival { frame, proof: Proof::Claim }));
        }
        found
    }

    fn receive(&mut self, Arrival { frame, proof }: Arrival) -> Option<Received> {
        if frame.header.is_too_long {
            self.arrivals.refuse(|refused| refused.too_long += 1);
            return None;
        }
        if !self.seen.is_new(frame.content(), frame.header.at) {
            self.arrivals.refuse(|refused| refused.doubles += 1);
            return None;
        }
        let received = self.decode(frame, proof);
        if received.is_none() {
            self.arrivals.refuse(|refused| refused.damaged += 1);
        }
        received
    }

    fn decode(&mut self, Frame { header, payload }: Frame, proof: Proof) -> Option<Received> {
        let file = self.options.file.unwrap_or(FileId(u32::MAX));
        let (client, told) = decode(&header, &payload, Provenance { file, place: Place::Entry(self.number) })?;
        self.number = self.number.wrapping_add(1);
        Some(Received {
            client,
            told,
            sender: Sender { pid: header.pid, ancestors: header.ancestors, proof },
            tag: tag(header.tag),
            payload: (self.options.content == Content::Kept).then_some(payload),
        })
    }
}

/// What sessions are called by events that no agtop has used yet, in order. The events stay for the one that will.
pub fn waiting_tags(places: &Places) -> Vec<(SessionKey, Untrusted)> {
    let frames = places.iter().flat_map(|place| spool::peek(place).frames);
    let tag = |Frame { header, payload }| {
        let source = Provenance { file: FileId(u32::MAX), place: Place::Entry(0) };
        let (_, told) = decode(&header, &payload, source)?;
        Some((told.session, tag(header.tag)?))
    };
    frames.filter_map(tag).collect()
}

fn decode(header: &Header, payload: &[u8], source: Provenance) -> Option<(ClientId, Told)> {
    let client = agtop_clients::client(&header.client)?;
    let stamp = Stamp { at: Timestamp::from_millis(header.at), source };
    let told = client.hooks()?.decode(payload, stamp).ok()?;
    Some((client.info().id, told))
}

fn tag(text: Option<String>) -> Option<Untrusted> {
    text.filter(|tag| !tag.is_empty()).map(Untrusted::from)
}

impl Post {
    fn take(places: &Places, arrivals: &Arrivals) -> Result<Self, BindError> {
        let place = places.iter().next().ok_or(BindError::NoPlace)?;
        let error = |source| BindError::Place { path: place.to_owned(), source };
        places::claim(place).map_err(error)?;
        let Some(lock) = lock(&place.join("lock")).map_err(error)? else {
            let worker = follow(place, arrivals);
            return Ok(worker.map_or(Self::Waiting, |worker| Self::Follower { _worker: worker }));
        };
        let spools = places.iter().map(Spool::new).collect();
        let socket = Socket::open(place, arrivals);
        let role = if socket.is_some() { Role::First } else { Role::Reader };
        Ok(Self::First { _lock: lock, _socket: socket, spools, role })
    }
}

/// The lock that the first agtop holds; `None` if another does.
fn lock(path: &std::path::Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
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
    _worker: Worker,
}

#[cfg(unix)]
impl Socket {
    /// Opens the socket. One that was left behind is replaced: the lock says that nobody listens, and nobody answers.
    fn open(place: &std::path::Path, arrivals: &Arrivals) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = places::socket(place);
        if crate::send::connect(&path).is_ok() {
            return None;
        }
        let _ = std::fs::remove_file(&path);
        let listener = std::os::unix::net::UnixListener::bind(&path).ok()?;
        // The directory is closed to others, so there is no moment in which they could connect.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).ok()?;
        let worker = Worker::listen(listener, arrivals.clone()).ok()?;
        Some(Self { path, _worker: worker })
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
fn follow(place: &std::path::Path, arrivals: &Arrivals) -> Option<Worker> {
    let first = crate::send::connect(&places::socket(place)).ok()?;
    let peer = agtop_os::peer(&first).ok().filter(|peer| peer.uid == agtop_os::own_uid());
    peer.and_then(|_| Worker::follow(first, arrivals.clone()).ok())
}
