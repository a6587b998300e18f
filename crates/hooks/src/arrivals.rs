//! What has come in and waits for agtop to look: filled by the thread that listens, emptied by the one that asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::frame::Frame;
use crate::limits::{MOST_ANCESTORS, MOST_RECENT, MOST_WAITING, MOST_WAITING_BYTES, RECENT, Refused};
use crate::listener::Proof;

/// A frame that came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) frame: Frame,
    pub(crate) proof: Proof,
}

/// Called when something has come in.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Tells the ancestors of a process, the nearest first.
pub type Kin = Arc<dyn Fn(u32) -> Vec<u32> + Send + Sync>;

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Arrival>,
    bytes: usize,
    refused: Refused,
    is_cut_off: bool,
    is_caught_up: bool,
    /// Frames that other agtops are to be told now.
    news: Vec<Vec<u8>>,
    /// Frames that an agtop which comes later is to be told, and since when they are known.
    recent: VecDeque<(Instant, Vec<u8>)>,
}

/// The queue between both threads.
#[derive(Clone, Default)]
pub(crate) struct Arrivals {
    waiting: Arc<Mutex<Waiting>>,
    wake: Option<Wake>,
    kin: Option<Kin>,
}

impl Arrivals {
    pub(crate) fn new(wake: Option<Wake>, kin: Option<Kin>) -> Self {
        Self { waiting: Arc::default(), wake, kin }
    }

    /// The ancestors of a process that has connected: asked while it is there, for it waits for an answer.
    pub(crate) fn ancestors_of(&self, pid: u32) -> Vec<u32> {
        self.kin.as_ref().map_or_else(|| agtop_os::ancestors_of(pid, MOST_ANCESTORS), |kin| kin(pid))
    }

    /// Puts a frame by for other agtops: those that follow, and those that will. For the latter without what was said.
    pub(crate) fn publish(&self, frame: &Frame) {
        let (whole, scrubbed) = (frame.encode(), frame.scrubbed().encode());
        let mut waiting = self.lock();
        waiting.news.push(whole);
        if waiting.recent.len() >= MOST_RECENT {
            waiting.recent.pop_front();
        }
        waiting.recent.push_back((Instant::now(), scrubbed));
    }

    /// What has been put by since the last time.
    pub(crate) fn take_news(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.lock().news)
    }

    /// What an agtop that has just come has missed, and the word that this was all.
    pub(crate) fn recent(&self) -> Vec<u8> {
        let mut waiting = self.lock();
        waiting.recent.retain(|(since, _)| since.elapsed() <= RECENT);
        let frames = waiting.recent.iter().flat_map(|(_, frame)| frame);
        frames.copied().chain(Frame::that_is_all().encode()).collect()
    }

    /// Notes that everything has come that was known before this agtop followed.
    pub(crate) fn catch_up(&self) {
        self.lock().is_caught_up = true;
        if let Some(wake) = &self.wake {
            wake();
        }
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.lock().is_caught_up
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
