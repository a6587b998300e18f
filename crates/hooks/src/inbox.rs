//! Frames that were received and wait for agtop to ask for them. The threads that listen fill it, the one that asks
//! empties it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::frame::{Frame, MAX_ANCESTORS};
use crate::options::{AncestorLookup, WakeFn};
use crate::refused::RefusedCounts;
use crate::sender::SenderProof;

/// Frames that wait, by number and by bytes of payload. A sender spools what does not fit.
const MAX_QUEUED_FRAMES: usize = 65_536;
const MAX_QUEUED_BYTES: usize = 64 * 1024 * 1024;
/// Frames that are kept for an agtop that starts later, and for how long: nothing older says how an agent is doing.
const MAX_BACKLOG_FRAMES: usize = 1024;
const MAX_BACKLOG_AGE: Duration = Duration::from_mins(30);

/// A frame that was received.
#[derive(Debug)]
pub(crate) struct ReceivedFrame {
    pub(crate) frame: Frame,
    pub(crate) proof: SenderProof,
}

#[derive(Default)]
struct InboxState {
    queue: VecDeque<ReceivedFrame>,
    queued_bytes: usize,
    refused: RefusedCounts,
    is_cut_off: bool,
    is_caught_up: bool,
    /// Frames that followers are to receive now.
    published: Vec<Vec<u8>>,
    /// Frames that a later follower is to receive, and when each was published.
    backlog: VecDeque<(Instant, Vec<u8>)>,
}

/// The queue between the threads. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Inbox {
    state: Arc<Mutex<InboxState>>,
    wake: Option<WakeFn>,
    ancestor_lookup: Option<AncestorLookup>,
}

impl Inbox {
    pub(crate) fn new(wake: Option<WakeFn>, ancestor_lookup: Option<AncestorLookup>) -> Self {
        Self { state: Arc::default(), wake, ancestor_lookup }
    }

    /// The ancestors of a process that has connected. It waits for an answer, so it still runs.
    pub(crate) fn ancestors_of(&self, pid: u32) -> Vec<u32> {
        match &self.ancestor_lookup {
            Some(lookup) => lookup(pid),
            None => agtop_os::ancestors_of(pid, MAX_ANCESTORS),
        }
    }

    /// Keeps a frame for other agtops: whole for those that follow now, without its content for later ones.
    pub(crate) fn publish(&self, frame: &Frame) {
        let (whole, stripped) = (frame.encode(), frame.without_content().encode());
        let mut state = self.state();
        state.published.push(whole);
        if state.backlog.len() >= MAX_BACKLOG_FRAMES {
            state.backlog.pop_front();
        }
        state.backlog.push_back((Instant::now(), stripped));
    }

    /// The frames that were published since the last call.
    pub(crate) fn take_published(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.state().published)
    }

    /// What a new follower has missed, and the frame that ends it.
    pub(crate) fn backlog(&self) -> Vec<u8> {
        let mut state = self.state();
        state.backlog.retain(|(since, _)| since.elapsed() <= MAX_BACKLOG_AGE);
        let frames = state.backlog.iter().flat_map(|(_, frame)| frame);
        frames.copied().chain(Frame::end_of_backlog().encode()).collect()
    }

    /// Records that this follower has received the backlog.
    pub(crate) fn set_caught_up(&self) {
        self.state().is_caught_up = true;
        self.wake();
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.state().is_caught_up
    }

    /// Queues a frame. Returns `false` if there is no room.
    pub(crate) fn push(&self, received: ReceivedFrame) -> bool {
        let mut state = self.state();
        let bytes = received.frame.payload.len();
        if state.queue.len() >= MAX_QUEUED_FRAMES || state.queued_bytes.saturating_add(bytes) > MAX_QUEUED_BYTES {
            return false;
        }
        state.queued_bytes += bytes;
        state.queue.push_back(received);
        drop(state);
        self.wake();
        true
    }

    /// Removes and returns everything that waits.
    pub(crate) fn take(&self) -> VecDeque<ReceivedFrame> {
        let mut state = self.state();
        state.queued_bytes = 0;
        std::mem::take(&mut state.queue)
    }

    /// Changes the counts of what was refused.
    pub(crate) fn count_refused(&self, count: impl FnOnce(&mut RefusedCounts)) {
        count(&mut self.state().refused);
    }

    pub(crate) fn refused(&self) -> RefusedCounts {
        self.state().refused
    }

    /// Records that the connection to the primary listener has ended.
    pub(crate) fn set_cut_off(&self) {
        self.state().is_cut_off = true;
        self.wake();
    }

    /// Whether the connection to the primary listener has ended since the last call.
    pub(crate) fn take_cut_off(&self) -> bool {
        std::mem::take(&mut self.state().is_cut_off)
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            wake();
        }
    }

    /// Each change of the state is one step, so a thread that panicked has left no half of one.
    fn state(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
