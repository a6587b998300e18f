//! How many frames each process may send.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Frames that one process may send at once, and per second from then on. Each hook is a process of its own and sends
/// one.
const BURST_FRAMES: f64 = 20_000.0;
const FRAMES_PER_SECOND: f64 = 2_000.0;
/// Senders that are remembered.
const MAX_SENDERS: usize = 1024;

/// A token bucket for each sender: how many frames it may still send, and when that was computed.
#[derive(Debug, Default)]
pub(crate) struct SenderRates(HashMap<u32, (f64, Instant)>);

impl SenderRates {
    /// Counts a frame of this process and returns whether it is within the rate.
    pub(crate) fn allow(&mut self, pid: u32, now: Instant) -> bool {
        if self.0.len() >= MAX_SENDERS && !self.0.contains_key(&pid) {
            let time_to_refill = Duration::from_secs_f64(BURST_FRAMES / FRAMES_PER_SECOND);
            self.0.retain(|_, (_, since)| now.saturating_duration_since(*since) < time_to_refill);
            if self.0.len() >= MAX_SENDERS {
                self.0.clear();
            }
        }
        let (tokens, since) = self.0.entry(pid).or_insert((BURST_FRAMES, now));
        let refill = now.saturating_duration_since(*since).as_secs_f64() * FRAMES_PER_SECOND;
        *tokens = (*tokens + refill).min(BURST_FRAMES);
        *since = now;
        let is_allowed = *tokens >= 1.0;
        if is_allowed {
            *tokens -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_beyond_its_rate_is_refused_until_time_has_passed() {
        let (mut rates, start) = (SenderRates::default(), Instant::now());
        let allowed = (0..30_000).filter(|_| rates.allow(1, start)).count();
        assert_eq!(allowed, 20_000);
        assert!(rates.allow(2, start), "another sender has a rate of its own");
        let later = start + Duration::from_secs(1);
        assert_eq!((0..30_000).filter(|_| rates.allow(1, later)).count(), 2_000);
    }

    #[test]
    fn the_number_of_remembered_senders_is_limited() {
        let (mut rates, now) = (SenderRates::default(), Instant::now());
        for pid in 0..200_000 {
            rates.allow(pid, now);
        }
        assert!(rates.0.len() <= MAX_SENDERS);
    }
}
