//! What is said on a connection, whichever kind of connection it is.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::arrivals::{Arrival, Arrivals};
use crate::frame::{Frame, Start};
use crate::limits::Rates;
use crate::listener::Proof;
use crate::send::{REFUSED, TAKEN};

/// What a second agtop sends, to be told what the first one is.
pub(crate) const SUBSCRIBE: &[u8] = b"AGS1";
/// Connections at once.
pub(crate) const MOST_CONNECTIONS: usize = 128;
/// How many bytes are read at once.
pub(crate) const CHUNK: usize = 16 * 1024;
/// A hook is done within milliseconds; what takes longer is none.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What somebody who connected has said, and is to us.
#[derive(Debug)]
pub(crate) struct Talk {
    /// What was read and not made anything of yet.
    pub(crate) bytes: Vec<u8>,
    pub(crate) standing: Standing,
    peer: Option<Peer>,
    since: Instant,
}

/// The process at the other end, and its ancestors: the system's word, whatever it says itself.
#[derive(Debug)]
struct Peer {
    pid: u32,
    ancestors: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is sending.
    Open,
    /// It is another agtop, which wants to be told.
    Subscriber,
    /// It has said all.
    Done,
}

impl Talk {
    /// Somebody has connected: the process with this id, if the kernel tells.
    pub(crate) fn new(pid: Option<u32>, arrivals: &Arrivals) -> Self {
        let peer = pid.map(|pid| Peer { pid, ancestors: arrivals.ancestors_of(pid) });
        // Of one that is gone already nothing can be found out.
        let peer = peer.filter(|peer| !peer.ancestors.is_empty());
        Self { bytes: Vec::new(), standing: Standing::Open, peer, since: Instant::now() }
    }

    /// Takes in the frames that were read; says what to answer. What others are to be told is put by
    /// ([`Arrivals::publish`]).
    pub(crate) fn hear(&mut self, arrivals: &Arrivals, rates: &mut Rates) -> Vec<u8> {
        let mut answers = Vec::new();
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
                    self.bytes.drain(..length);
                    answers.extend(self.take(frame, arrivals, rates));
                }
            }
        }
        answers
    }

    /// Takes a frame in, and says what to answer. Without an answer the sender spools it.
    fn take(&self, mut frame: Frame, arrivals: &Arrivals, rates: &mut Rates) -> Option<u8> {
        let pid = self.peer.as_ref().map_or(frame.header.pid, |peer| peer.pid);
        if !rates.allow(pid, Instant::now()) {
            arrivals.refuse(|refused| refused.too_many += 1);
            return Some(REFUSED);
        }
        frame.header.is_verified = self.peer.is_some();
        if let Some(peer) = &self.peer {
            (frame.header.pid, frame.header.ancestors) = (peer.pid, peer.ancestors.clone());
        }
        let proof = if self.peer.is_some() { Proof::Kernel } else { Proof::Claim };
        arrivals.publish(&frame);
        arrivals.push(Arrival { frame, proof }).then_some(TAKEN)
    }

    /// Whether more may come; if not, and it was in the middle of something, that is counted.
    pub(crate) fn goes_on(&self, now: Instant, arrivals: &Arrivals) -> bool {
        let is_late = self.standing == Standing::Open && now.saturating_duration_since(self.since) > PATIENCE;
        let goes_on = self.standing != Standing::Done && !is_late;
        if !goes_on && !self.bytes.is_empty() {
            arrivals.refuse(|refused| refused.damaged += 1);
        }
        goes_on
    }
}

/// Takes in the frames that another agtop passed on. It is the end if they do not fit, or are none.
pub(crate) fn pass_on(bytes: &mut Vec<u8>, arrivals: &Arrivals) -> ControlFlow<()> {
    while !bytes.is_empty() {
        match Frame::decode(bytes) {
            Start::Part => break,
            Start::Damaged => return ControlFlow::Break(()),
            Start::Whole(frame, length) => {
                bytes.drain(..length);
                if frame == Frame::that_is_all() {
                    arrivals.catch_up();
                    continue;
                }
                // The first agtop has looked at who sent it, and this one has looked at the first.
                let proof = if frame.header.is_verified { Proof::Relay } else { Proof::Claim };
                if !arrivals.push(Arrival { frame, proof }) {
                    return ControlFlow::Break(());
                }
            }
        }
    }
    ControlFlow::Continue(())
}
