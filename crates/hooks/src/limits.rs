//! How much is borne: of one message, of one sender, and of what waits.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::listener::{Novelty, Proof};

/// The longest payload that is carried whole, in bytes. A tool's answer may be longer: of that event only what agtop uses
/// is told.
pub const LONGEST_PAYLOAD: usize = 1024 * 1024;
/// The longest body of a frame: a payload, and more header than there ever is.
pub(crate) const LONGEST_FRAME: usize = LONGEST_PAYLOAD + 16 * 1024;
/// The longest tag, in characters.
pub(crate) const LONGEST_TAG: usize = 64;
/// Ancestors that are told: shells and wrappers between an agent and its hook are fewer.
pub(crate) const MOST_ANCESTORS: usize = 16;
/// Frames that wait for agtop to look, by number and in bytes. What does not fit stays with its sender, who spools it.
pub(crate) const MOST_WAITING: usize = 65_536;
pub(crate) const MOST_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Frames that are kept for an agtop which comes later, and for how long: nothing older says how an agent is doing.
pub(crate) const MOST_RECENT: usize = 1024;
pub(crate) const RECENT: Duration = Duration::from_mins(30);
/// Bytes that wait for an agtop which follows. One that does not keep up is let go: it will come back.
#[cfg(unix)]
pub(crate) const MOST_UNTOLD: usize = 4 * 1024 * 1024;
/// The two halves of a spool, in bytes each: when the second is full, the older one goes.
pub(crate) const HALF_SPOOL: u64 = 16 * 1024 * 1024;
/// Frames whose content is remembered, to know a double.
const MOST_SEEN: usize = 65_536;
/// Two frames of one content are one event told twice, if they were sent within so many milliseconds: by a hook in the
/// user's settings and one in the project's, say.
const DOUBLE_WITHIN_MS: u64 = 1000;
/// Frames that one process may send at once, and a second from then on: hooks are processes of their own and send one.
const BURST: f64 = 20_000.0;
const PER_SECOND: f64 = 2_000.0;
/// Senders that are remembered.
const MOST_SENDERS: usize = 1024;

/// What was not taken, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Connections of other users' processes.
    pub foreign: u64,
    /// Files that other users had put where agtop and its hooks meet; they are gone.
    pub planted: u64,
    /// Frames beyond a sender's rate.
    pub too_many: u64,
    /// Payloads beyond [`LONGEST_PAYLOAD`], of which no more is known than what agtop uses, or nothing.
    pub too_long: u64,
    /// Bytes that are no frame, halves of frames, and payloads that tell nothing.
    pub damaged: u64,
    /// Frames that came before.
    pub doubles: u64,
}

/// Which frames came before.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    last: HashMap<u128, Last>,
    order: VecDeque<u128>,
}

/// When a frame of some content came last, and whether it was ever known who had sent it.
#[derive(Debug)]
struct Last {
    at: i64,
    is_verified: bool,
}

impl Seen {
    /// Notes a frame; says whether it is new, and `None` if it is a double that tells nothing.
    pub(crate) fn note(&mut self, content: u128, at: i64, proof: Proof) -> Option<Novelty> {
        let is_verified = proof.is_verified();
        if let Some(last) = self.last.get_mut(&content) {
            let is_double = last.at.abs_diff(at) <= DOUBLE_WITHIN_MS;
            let is_confirmation = is_verified && !last.is_verified;
            last.at = at.max(last.at);
            last.is_verified = is_verified || is_double && last.is_verified;
            return match (is_double, is_confirmation) {
                (false, _) => Some(Novelty::New),
                (true, true) => Some(Novelty::Confirmed),
                (true, false) => None,
            };
        }
        if self.order.len() >= MOST_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
        self.order.push_back(content);
        self.last.insert(content, Last { at, is_verified });
        Some(Novelty::New)
    }
}

/// How fast each process sends: a bucket that fills up steadily, out of which each frame takes one.
#[derive(Debug, Default)]
pub(crate) struct Rates(HashMap<u32, (f64, Instant)>);

impl Rates {
    /// Notes a frame of this process; says whether it may.
    pub(crate) fn allow(&mut self, pid: u32, now: Instant) -> bool {
        if self.0.len() >= MOST_SENDERS && !self.0.contains_key(&pid) {
            let full = Duration::from_secs_f64(BURST / PER_SECOND);
            self.0.retain(|_, (_, since)| now.saturating_duration_since(*since) < full);
            if self.0.len() >= MOST_SENDERS {
                self.0.clear();
            }
        }
        let (left, since) = self.0.entry(pid).or_insert((BURST, now));
        *left = (*left + now.saturating_duration_since(*since).as_secs_f64() * PER_SECOND).min(BURST);
        *since = now;
        let is_allowed = *left >= 1.0;
        if is_allowed {
            *left -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_is_known_by_content_and_time() {
        let mut seen = Seen::default();
        let mut is_new = |content, at| seen.note(content, at, Proof::Claim) == Some(Novelty::New);
        assert!(is_new(1, 10_000));
        assert!(!is_new(1, 10_000), "sent again");
        assert!(!is_new(1, 10_900), "another hook of the same event");
        assert!(is_new(1, 12_000), "the same said later is another event");
        assert!(is_new(2, 12_000));
    }

    /// An event was spooled, for nobody answered in time, and read from there before it was read from the socket: then it
    /// was not known who had sent it, and the agent's state did not move.
    #[test]
    fn a_double_whose_sender_is_known_confirms_the_event_once() {
        let mut seen = Seen::default();
        assert_eq!(seen.note(1, 10_000, Proof::Claim), Some(Novelty::New));
        assert_eq!(seen.note(1, 10_000, Proof::Kernel), Some(Novelty::Confirmed));
        assert_eq!(seen.note(1, 10_000, Proof::Relay), None);
        assert_eq!(seen.note(1, 10_000, Proof::Claim), None);
        assert_eq!(seen.note(1, 20_000, Proof::Claim), Some(Novelty::New));
    }

    #[test]
    fn a_sender_beyond_its_rate_is_refused_until_time_has_passed() {
        let (mut rates, start) = (Rates::default(), Instant::now());
        let allowed = (0..30_000).filter(|_| rates.allow(1, start)).count();
        assert_eq!(allowed, 20_000);
        assert!(rates.allow(2, start), "others are not held to account for it");
        let later = start + Duration::from_secs(1);
        assert_eq!((0..30_000).filter(|_| rates.allow(1, later)).count(), 2_000);
    }

    #[test]
    fn neither_senders_nor_contents_are_remembered_without_end() {
        let (mut rates, mut seen, now) = (Rates::default(), Seen::default(), Instant::now());
        for n in 0..200_000_u32 {
            rates.allow(n, now);
            seen.note(n.into(), 0, Proof::Claim);
        }
        assert!(rates.0.len() <= MOST_SENDERS && seen.last.len() <= MOST_SEEN && seen.order.len() <= MOST_SEEN);
    }
}
