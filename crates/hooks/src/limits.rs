//! How much is borne: of one message, of one sender, and of what waits.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

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
    last: HashMap<u128, i64>,
    order: VecDeque<u128>,
}

impl Seen {
    /// Notes a frame; says whether it is new.
    pub(crate) fn is_new(&mut self, content: u128, at: i64) -> bool {
        if let Some(last) = self.last.get_mut(&content) {
            let is_double = last.abs_diff(at) <= DOUBLE_WITHIN_MS;
            *last = at.max(*last);
            return !is_double;
        }
        if self.order.len() >= MOST_SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
        self.order.push_back(content);
        self.last.insert(content, at);
        true
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
        assert!(seen.is_new(1, 10_000));
        assert!(!seen.is_new(1, 10_000), "sent again");
        assert!(!seen.is_new(1, 10_900), "another hook of the same event");
        assert!(seen.is_new(1, 12_000), "the same said later is another event");
        assert!(seen.is_new(2, 12_000));
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
            seen.is_new(n.into(), 0);
        }
        assert!(rates.0.len() <= MOST_SENDERS && seen.last.len() <= MOST_SEEN && seen.order.len() <= MOST_SEEN);
    }
}
