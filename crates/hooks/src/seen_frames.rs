//! Which frames were received before.

use std::collections::{HashMap, VecDeque};

use crate::sender::SenderProof;

/// Frames whose content is remembered.
const MAX_SEEN_FRAMES: usize = 65_536;
/// Two frames of the same content are one event if they were sent within this many milliseconds: by a hook in the user's
/// settings and one in the project's, for example.
const DUPLICATE_WINDOW_MS: u64 = 1000;

/// Whether an event was received before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupStatus {
    /// It was not.
    New,
    /// It was, but its sender was not verified until now.
    NowVerified,
}

/// The content of the frames that were received last.
#[derive(Debug, Default)]
pub(crate) struct SeenFrames {
    last: HashMap<u128, LastSeen>,
    /// The keys of `last`, the oldest first.
    order: VecDeque<u128>,
}

/// When a frame of some content was sent last, and whether its sender was ever verified.
#[derive(Debug)]
struct LastSeen {
    at: i64,
    is_verified: bool,
}

impl SeenFrames {
    /// Records a frame that was sent at `at` (milliseconds since 1970); `None` for a duplicate that adds nothing.
    pub(crate) fn record(&mut self, content_hash: u128, at: i64, proof: SenderProof) -> Option<DedupStatus> {
        let is_verified = proof.is_verified();
        if let Some(last) = self.last.get_mut(&content_hash) {
            let is_duplicate = last.at.abs_diff(at) <= DUPLICATE_WINDOW_MS;
            let verifies = is_verified && !last.is_verified;
            last.at = at.max(last.at);
            last.is_verified = is_verified || is_duplicate && last.is_verified;
            return match (is_duplicate, verifies) {
                (false, _) => Some(DedupStatus::New),
                (true, true) => Some(DedupStatus::NowVerified),
                (true, false) => None,
            };
        }
        if self.order.len() >= MAX_SEEN_FRAMES
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
        self.order.push_back(content_hash);
        self.last.insert(content_hash, LastSeen { at, is_verified });
        Some(DedupStatus::New)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_recognised_by_content_and_time() {
        let mut seen = SeenFrames::default();
        let mut is_new = |hash, at| seen.record(hash, at, SenderProof::Claim) == Some(DedupStatus::New);
        assert!(is_new(1, 10_000));
        assert!(!is_new(1, 10_000), "sent again");
        assert!(!is_new(1, 10_900), "another hook of the same event");
        assert!(is_new(1, 12_000), "the same content later is another event");
        assert!(is_new(2, 12_000));
    }

    /// The sender had spooled the event because nobody answered in time, and the spool was read before the socket. Its
    /// sender was not verified then, and the state of the agent did not change.
    #[test]
    fn a_duplicate_of_a_verified_sender_is_reported_once() {
        let mut seen = SeenFrames::default();
        assert_eq!(seen.record(1, 10_000, SenderProof::Claim), Some(DedupStatus::New));
        assert_eq!(seen.record(1, 10_000, SenderProof::Kernel), Some(DedupStatus::NowVerified));
        assert_eq!(seen.record(1, 10_000, SenderProof::Relay), None);
        assert_eq!(seen.record(1, 10_000, SenderProof::Claim), None);
        assert_eq!(seen.record(1, 20_000, SenderProof::Claim), Some(DedupStatus::New));
    }

    #[test]
    fn the_number_of_remembered_frames_is_limited() {
        let mut seen = SeenFrames::default();
        for hash in 0..200_000 {
            seen.record(hash, 0, SenderProof::Claim);
        }
        assert!(seen.last.len() <= MAX_SEEN_FRAMES && seen.order.len() <= MAX_SEEN_FRAMES);
    }
}
