//! The rates view: what happened in the last minutes, and how long things take.

mod draw;
mod timings;

pub(crate) use draw::lines;
