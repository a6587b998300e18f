//! What listeners and senders say to each other on a connection.
//!
//! A hook sends one frame and waits for one byte. Another agtop sends [`SUBSCRIBE`], receives the backlog and then every
//! frame that the primary listener receives.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use agtop_os::local_socket::{ConnectionState, Rejection, Reply, ServerProtocol};

use crate::frame::{DecodedFrame, Frame, MAX_FRAME_BYTES};
use crate::inbox::{Inbox, ReceivedFrame};
use crate::sender::SenderProof;
use crate::sender_rates::SenderRates;

/// What a follower sends to receive what the primary listener receives.
pub(crate) const SUBSCRIBE: &[u8] = b"AGS1";
/// The answer to a frame that the listener has.
pub(crate) const ACCEPTED: u8 = b'+';
/// The answer to a frame beyond the sender's rate.
pub(crate) const REJECTED: u8 = b'-';

/// The side of the primary listener.
pub(crate) struct HookProtocol {
    inbox: Inbox,
    rates: Mutex<SenderRates>,
}

/// The process at the other end and its ancestors, as the kernel reports them. The ancestors of one that has ended already
/// are unknown; then it counts as unknown itself.
pub(crate) struct VerifiedPeer {
    pid: u32,
    ancestors: Vec<u32>,
}

impl HookProtocol {
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self { inbox, rates: Mutex::default() }
    }

    /// Queues a frame and returns the answer; `None` if there is no room. Without an answer the sender spools the frame.
    fn accept(&self, peer: Option<&VerifiedPeer>, mut frame: Frame) -> Option<u8> {
        let pid = peer.map_or(frame.header.pid, |peer| peer.pid);
        let is_allowed = self.rates.lock().unwrap_or_else(PoisonError::into_inner).allow(pid, Instant::now());
        if !is_allowed {
            self.inbox.count_refused(|refused| refused.too_many += 1);
            return Some(REJECTED);
        }
        frame.header.is_verified = peer.is_some();
        if let Some(peer) = peer {
            (frame.header.pid, frame.header.ancestors) = (peer.pid, peer.ancestors.clone());
        }
        let proof = if peer.is_some() { SenderProof::Kernel } else { SenderProof::Claim };
        self.inbox.publish(&frame);
        self.inbox.push(ReceivedFrame { frame, proof }).then_some(ACCEPTED)
    }
}

impl ServerProtocol for HookProtocol {
    type Peer = Option<VerifiedPeer>;

    const MAX_MESSAGE_BYTES: usize = MAX_FRAME_BYTES;

    fn identify(&self, pid: Option<u32>) -> Option<VerifiedPeer> {
        let pid = pid?;
        let ancestors = self.inbox.ancestors_of(pid);
        (!ancestors.is_empty()).then_some(VerifiedPeer { pid, ancestors })
    }

    fn handle(&self, peer: &Option<VerifiedPeer>, received: &mut Vec<u8>) -> Reply {
        let mut answer = Vec::new();
        if received == SUBSCRIBE {
            received.clear();
            return Reply { answer, state: ConnectionState::Subscribed };
        }
        while !received.is_empty() {
            match Frame::decode(received) {
                DecodedFrame::Incomplete => break,
                DecodedFrame::Corrupt => {
                    received.clear();
                    self.inbox.count_refused(|refused| refused.damaged += 1);
                    return Reply { answer, state: ConnectionState::Closed };
                }
                DecodedFrame::Complete(frame, length) => {
                    received.drain(..length);
                    answer.extend(self.accept(peer.as_ref(), frame));
                }
            }
        }
        Reply { answer, state: ConnectionState::Sending }
    }

    fn backlog(&self) -> Vec<u8> {
        self.inbox.backlog()
    }

    fn take_published(&self) -> Vec<Vec<u8>> {
        self.inbox.take_published()
    }

    fn reject(&self, rejection: Rejection) {
        self.inbox.count_refused(|refused| match rejection {
            Rejection::ForeignUser => refused.foreign += 1,
            Rejection::IncompleteMessage => refused.damaged += 1,
        });
    }
}

/// The side of a follower: queues the frames that the primary listener relays. It breaks if they do not fit, or are not
/// frames.
pub(crate) fn receive_relayed(bytes: &mut Vec<u8>, inbox: &Inbox) -> ControlFlow<()> {
    while !bytes.is_empty() {
        match Frame::decode(bytes) {
            DecodedFrame::Incomplete => break,
            DecodedFrame::Corrupt => return ControlFlow::Break(()),
            DecodedFrame::Complete(frame, length) => {
                bytes.drain(..length);
                if frame == Frame::end_of_backlog() {
                    inbox.set_caught_up();
                    continue;
                }
                // The primary listener has verified the sender, and this follower the primary listener.
                let proof = if frame.header.is_verified { SenderProof::Relay } else { SenderProof::Claim };
                if !inbox.push(ReceivedFrame { frame, proof }) {
                    return ControlFlow::Break(());
                }
            }
        }
    }
    ControlFlow::Continue(())
}
