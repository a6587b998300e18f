//! Agents: which session each process works on, what it is doing, and how that changes over time.

pub(crate) mod history;
pub(crate) mod hook_state;
pub(crate) mod hosts;
pub(crate) mod join;
pub(crate) mod latency_samples;
pub(crate) mod lifecycle;
pub(crate) mod log;
pub(crate) mod markers;
pub(crate) mod mismatch;
pub(crate) mod status;
pub(crate) mod status_start;
mod waits;

pub use hook_state::Urgency;
