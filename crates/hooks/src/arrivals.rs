//! What has come in and waits for agtop to look: filled by the thread that listens, emptied by the one that asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::frame::Frame;
use crate::limits::{MOST_WAITING, MOST_WAITING_BYTES, Refused};
use crate::listener::Proof;

/// A frame that came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) frame: Frame,
    pub(crate) proof: Proof,
}

/// Called when something has come in.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Arrival>,
    bytes: usize,
    refused: Refused,
    is_cut_off: bool,
}

/// The queue between both threads.
#[derive(Clone, Default)]
pub(crate) struct Arrivals {
    waiting: Arc<Mutex<Waiting>>,
    wake: Option<Wake>,
}

impl Arrivals {
    pub(crate) fn new(wake: Option<Wake>) -> Self {
        Self { waiting: Arc::default(), wake }
    }

    /// Takes a frame in, unless there is no room.
    pub(crate) fn push(&self, arrival: Arrival) -> bool {
        let mut waiting = self.lock();
        let size = arrival.frame.payload.len();
        if waiting.queue.len() >= MOST_WAITING || waiting.bytes.saturating_add(size) > MOST_WAITING_BYTES {
            return false;
        }
        waiting.bytes += size;
        waiting.queue.push_back(arrival);
        drop(waiting);
        if let Some(wake) = &self.wake {
            wake();
        }
        true
    }

    /// All that waits.
    pub(crate) fn take(&self) -> VecDeque<Arrival> {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.queue)
    }

    /// Counts what was refused.
    pub(crate) fn refuse(&self, count: impl FnOnce(&mut Refused)) {
        count(&mut self.lock().refused);
    }

    pub(crate) fn refused(&self) -> Refused {
        self.lock().refused
    }

    /// Notes that nothing more will come this way.
    pub(crate) fn cut_off(&self) {
        self.lock().is_cut_off = true;
        if let Some(wake) = &self.wake {
            wake();
        }
    }

    /// Whether that was noted since the last time.
    pub(crate) fn take_cut_off(&self) -> bool {
        std::mem::take(&mut self.lock().is_cut_off)
    }

    /// A thread that panicked cannot have left half of anything: each change is one step.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
