//! The threads behind the screen: one collects and evaluates the alert rules, others wait for keys and signals.

mod choices;
mod clock;
mod collector_thread;
mod demo_thread;
mod pacing;
mod self_stats;
mod signals;
mod snapshot_slot;
mod terminals;
mod tui_host;

pub(crate) use tui_host::TuiHost;
