//! For tests only: homes of agents on disk, written as the agents themselves write them, with the truth beside them.
//!
//! One file per client holds its builder; [`corpus`] joins them into a home of any size; [`hostile`] writes what no
//! agent should have written. Everything is a function of its seed: no builder asks the wall clock, a pid or the
//! environment. On Unix a [`Stage`] has real processes, too, which look like agents and do what they are told.

#[cfg(unix)]
mod actor;
pub mod aider;
pub mod claude;
mod clock;
pub mod codex;
pub mod corpus;
#[cfg(unix)]
mod crew;
mod dice;
pub mod gemini;
pub mod goose;
mod home;
pub mod hostile;
mod json;
pub mod opencode;
mod sqlite;
#[cfg(unix)]
mod stage;
mod text;
mod truth;

#[cfg(unix)]
pub use actor::{Cue, play};
pub use clock::{Clock, DAY, HOUR, MINUTE, SECOND, Stamp};
#[cfg(unix)]
pub use crew::{CREW, Member};
pub use dice::{Dice, Uuid};
pub use home::{Home, Lines};
#[cfg(unix)]
pub use stage::{Actor, Stage};
pub use text::Filler;
pub use truth::{ClientTruth, DayTruth, Tokens, Truth, TruthFile};
