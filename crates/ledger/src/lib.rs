//! The embedded store: what transcripts told, so that each is read once.

mod codec;
#[cfg(test)]
mod codec_tests;
mod memory;
mod paths;
mod recorder;
#[cfg(test)]
mod testing;
mod turns;
mod wire;

pub use codec::Damaged;
pub use memory::{LastTurn, LimitReading, Memory, Name, ProjectRoot, SessionMemory, TurnMemory};
pub use recorder::{Clock, Recorder};
