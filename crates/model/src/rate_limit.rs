use std::sync::Arc;

use crate::{Timestamp, Untrusted};

/// A reading of an account's allowance. The newest reading counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// Which allowance, such as `codex`.
    pub limit: Arc<str>,
    /// The subscription, where it is recorded.
    pub plan: Option<Untrusted>,
    /// Its windows.
    pub windows: Vec<RateLimitWindow>,
}

/// One window of an allowance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimitWindow {
    /// Its length in minutes: 300 is the five-hour window, 10080 the week.
    pub minutes: u32,
    /// How much of it is used, in percent; may exceed 100.
    pub used_percent: f64,
    /// When it resets.
    pub resets_at: Option<Timestamp>,
}
