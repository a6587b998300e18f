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
    pid: Option<u32>,
    since: Instant,
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

/// What came of listening.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// To be sent back.
    pub(crate) answers: Vec<u8>,
    /// Frames, to be handed on to subscribers.
    pub(crate) news: Vec<Vec<u8>>,
}

impl Talk {
    /// Somebody has connected: the process with this id, if the kernel tells.
    pub(crate) fn new(pid: Option<u32>) -> Self {
        Self { bytes: Vec::new(), standing: Standing::Open, pid, since: Instant::now() }
    }

    /// Takes in the frames that were read.
    pub(crate) fn hear(&mut self, arrivals: &Arrivals, rates: &mut Rates) -> Heard {
        let mut heard = Heard::default();
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
                    heard.news.push(self.bytes.drain(..length).collect());
                    heard.answers.extend(self.take(frame, arrivals, rates));
                }
            }
        }
        heard
    }

    /// Takes a frame in, and says what to answer. Without an answer the sender spools it.
    fn take(&self, frame: Frame, arrivals: &Arrivals, rates: &mut Rates) -> Option<u8> {
        if !rates.allow(self.pid.unwrap_or(frame.header.pid), Instant::now()) {
            arrivals.refuse(|refused| refused.too_many += 1);
            return Some(REFUSED);
        }
        let proof = if self.pid == Some(frame.header.pid) { Proof::Kernel } else { Proof::Claim };
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
                // The first agtop has looked at who sent it, and this one has looked at the first.
                if !arrivals.push(Arrival { frame, proof: Proof::Claim }) {
                    return ControlFlow::Break(());
                }
            }
        }
    }
    ControlFlow::Continue(())
}
