use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use agtop_os::local_socket::{SocketServer, Subscription};
use thiserror::Error;

use crate::event::{ReceivedEvent, decode, provenance, tag};
use crate::frame::Frame;
use crate::hook_dirs::{self, HookDirs, UnusableDir};
use crate::inbox::{Inbox, ReceivedFrame};
use crate::options::{ListenerOptions, PayloadPolicy, SpoolAccess};
use crate::protocol::{HookProtocol, SUBSCRIBE, receive_relayed};
use crate::refused::RefusedCounts;
use crate::seen_frames::{DedupStatus, SeenFrames};
use crate::sender::{EventSender, SenderProof};
use crate::spool::{self, Spool, SpoolBatch};

/// The file that the primary listener locks.
const LOCK_NAME: &str = "lock";

/// What a listener does beside the others of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerRole {
    /// Hooks send to it, and it reads the spool.
    Primary,
    /// Another agtop is primary and relays what it receives.
    Follower,
    /// It reads the spool: it could not make a socket.
    SpoolReader,
    /// Another agtop is primary and does not answer.
    Waiting,
    /// No directory is this user's alone: it receives nothing until one is.
    Unavailable,
}

/// Why nothing can be received.
#[derive(Debug, Error)]
pub enum BindError {
    /// There is no directory.
    #[error("no directory for hooks: neither XDG_RUNTIME_DIR nor a home directory is known")]
    NoDirectory,
}

/// The end at which events arrive.
///
/// In each directory hooks send to one listener. It holds a lock, which is released when its process ends, however it
/// ends. A second listener follows the first one and takes its place when it is gone.
pub struct Listener {
    directories: HookDirs,
    options: ListenerOptions,
    inbox: Inbox,
    seen: SeenFrames,
    /// The number of the next message.
    next_number: u32,
    state: ListenerState,
    unusable: Vec<UnusableDir>,
}

/// What a listener has open.
enum ListenerState {
    Primary(Primary),
    Follower { _subscription: Subscription },
    Waiting,
    Unavailable,
}

struct Primary {
    // Dropped before the lock: the next process with the lock must not find the socket.
    server: Option<SocketServer>,
    _lock: File,
    spools: Vec<Spool>,
}

impl Listener {
    /// Listens in the first directory that only this user can write to. If there is none, it listens as soon as there is one
    /// ([`ListenerRole::Unavailable`]); [`Self::unusable_dirs`] says why.
    ///
    /// # Errors
    /// If there is no directory.
    pub fn bind(directories: &HookDirs, options: ListenerOptions) -> Result<Self, BindError> {
        if directories.iter().next().is_none() {
            return Err(BindError::NoDirectory);
        }
        let mut listener = Self {
            directories: directories.clone(),
            inbox: Inbox::new(options.wake.clone(), options.ancestor_lookup.clone()),
            options,
            seen: SeenFrames::default(),
            next_number: 0,
            state: ListenerState::Unavailable,
            unusable: Vec::new(),
        };
        listener.acquire();
        listener.log_role();
        Ok(listener)
    }

    /// Returns everything that was received since the last call, in order. It never blocks for longer than reading a spool
    /// takes.
    ///
    /// The next call, or [`Self::acknowledge`], removes from the spool what this call returned. So an agtop that is killed
    /// in between loses nothing.
    pub fn poll(&mut self) -> Vec<ReceivedEvent> {
        let is_idle = matches!(self.state, ListenerState::Waiting | ListenerState::Unavailable);
        if self.inbox.take_cut_off() || is_idle {
            let before = self.role();
            // What was open is closed before it is opened again.
            self.state = ListenerState::Waiting;
            self.acquire();
            if self.role() != before {
                self.log_role();
            }
        }
        let spooled = self.read_spools();
        // The received frames come first: of two copies of an event, the one with a verified sender counts.
        let mut frames: Vec<ReceivedFrame> = self.inbox.take().into();
        frames.extend(spooled);
        // A spooled frame may be older than a received one, or newer.
        frames.sort_by_key(|received| received.frame.header.at);
        frames.into_iter().filter_map(|received| self.receive(received)).collect()
    }

    /// What it does beside the others.
    pub fn role(&self) -> ListenerRole {
        match &self.state {
            ListenerState::Primary(primary) if primary.server.is_some() => ListenerRole::Primary,
            ListenerState::Primary(_) => ListenerRole::SpoolReader,
            ListenerState::Follower { .. } => ListenerRole::Follower,
            ListenerState::Waiting => ListenerRole::Waiting,
            ListenerState::Unavailable => ListenerRole::Unavailable,
        }
    }

    /// The directories that are not used, and why.
    pub fn unusable_dirs(&self) -> &[UnusableDir] {
        &self.unusable
    }

    /// How much was refused so far.
    pub fn refused(&self) -> RefusedCounts {
        self.inbox.refused()
    }

    /// Removes from the spool what [`Self::poll`] returned: it has been used.
    pub fn acknowledge(&mut self) {
        if let ListenerState::Primary(primary) = &mut self.state {
            for spool in &mut primary.spools {
                // What cannot be removed now is read again, and is a duplicate then.
                drop(spool.acknowledge());
            }
        }
    }

    /// Whether everything has arrived that a primary listener knew before this one followed it.
    pub fn is_caught_up(&self) -> bool {
        self.role() != ListenerRole::Follower || self.inbox.is_caught_up()
    }

    /// Listens in the first directory where it can. The next poll tries again what fails now.
    fn acquire(&mut self) {
        self.unusable.clear();
        self.state = ListenerState::Unavailable;
        for directory in self.directories.iter() {
            let is_needed = matches!(self.state, ListenerState::Unavailable);
            if !is_needed && directory.symlink_metadata().is_err() {
                continue;
            }
            let acquired = hook_dirs::take_over(directory).and_then(|removed| {
                self.inbox.count_refused(|refused| refused.planted += removed);
                // The other directories are cleaned too: their spools are read.
                if is_needed {
                    self.state = ListenerState::acquire(directory, &self.directories, &self.inbox)?;
                }
                Ok(())
            });
            if let Err(error) = acquired {
                self.unusable.push(UnusableDir::new(directory, &error));
            }
        }
    }

    fn log_role(&self) {
        tracing::info!(role = ?self.role(), "hooks: listens");
        for unusable in &self.unusable {
            tracing::warn!(directory = ?unusable.directory, "hooks: directory is not used: {}", unusable.reason);
        }
    }

    fn read_spools(&mut self) -> Vec<ReceivedFrame> {
        let ListenerState::Primary(Primary { spools, server, .. }) = &mut self.state else { return Vec::new() };
        let batches: Vec<SpoolBatch> = match self.options.spool {
            // The next poll tries again to read a spool that cannot be read now.
            SpoolAccess::Take => spools.iter_mut().filter_map(|spool| spool.take().ok()).collect(),
            SpoolAccess::Peek => std::mem::take(spools).iter().map(|spool| spool::peek(spool.directory())).collect(),
        };
        let mut found = Vec::new();
        for SpoolBatch { frames, damaged } in batches {
            self.inbox.count_refused(|refused| refused.damaged += damaged);
            if damaged > 0 || !frames.is_empty() {
                tracing::debug!(frames = frames.len(), damaged, "hooks: a spool was read");
            }
            found.extend(frames.into_iter().map(|mut frame| {
                frame.header.is_verified = false;
                ReceivedFrame { frame, proof: SenderProof::Claim }
            }));
        }
        if let Some(server) = server.as_ref().filter(|_| !found.is_empty()) {
            for received in &found {
                self.inbox.publish(&received.frame);
            }
            server.notify_subscribers();
        }
        found
    }

    /// Decodes a frame; `None` if it is a duplicate or no client understands it.
    fn receive(&mut self, ReceivedFrame { frame, proof }: ReceivedFrame) -> Option<ReceivedEvent> {
        if frame.header.is_too_long {
            self.inbox.count_refused(|refused| refused.too_long += 1);
        }
        let Some(dedup) = self.seen.record(frame.content_hash(), frame.header.at, proof) else {
            self.inbox.count_refused(|refused| refused.duplicates += 1);
            tracing::debug!(client = ?frame.header.client, sender = frame.header.pid, "hooks: an event is a duplicate");
            return None;
        };
        let sender = frame.header.pid;
        let event = self.decode(frame, proof, dedup);
        if event.is_none() {
            tracing::debug!(sender, "hooks: an event is refused, no client understands it");
            self.inbox.count_refused(|refused| refused.damaged += 1);
        }
        event
    }

    fn decode(&mut self, frame: Frame, proof: SenderProof, dedup: DedupStatus) -> Option<ReceivedEvent> {
        let Frame { header, payload } = frame;
        let (client, event) = decode(&header, &payload, provenance(self.options.file, self.next_number))?;
        self.next_number = self.next_number.wrapping_add(1);
        Some(ReceivedEvent {
            client,
            event,
            sender: EventSender { pid: header.pid, ancestors: header.ancestors, proof },
            dedup,
            tag: tag(header.tag),
            payload: (self.options.payloads == PayloadPolicy::Keep).then_some(payload),
        })
    }
}

impl ListenerState {
    /// Becomes the primary listener of a directory, or follows the one that is there.
    fn acquire(directory: &Path, directories: &HookDirs, inbox: &Inbox) -> io::Result<Self> {
        let Some(lock) = try_lock(&directory.join(LOCK_NAME))? else {
            let subscription = follow(directory, inbox);
            return Ok(
                subscription.map_or(Self::Waiting, |subscription| Self::Follower { _subscription: subscription })
            );
        };
        let spools = directories.iter().map(Spool::new).collect();
        let server = SocketServer::listen(directory, HookProtocol::new(inbox.clone()));
        Ok(Self::Primary(Primary { server, _lock: lock, spools }))
    }
}

/// Subscribes to what the primary listener of a directory receives; `None` if it does not answer.
fn follow(directory: &Path, inbox: &Inbox) -> Option<Subscription> {
    let (receiver, ending) = (inbox.clone(), inbox.clone());
    let on_bytes = move |bytes: &mut Vec<u8>| receive_relayed(bytes, &receiver);
    Subscription::open(directory, SUBSCRIBE, on_bytes, move || ending.set_cut_off())
}

/// Locks the file for the primary listener; `None` if another process has locked it.
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = agtop_os::append_to_private(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
