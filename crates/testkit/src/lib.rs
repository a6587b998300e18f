//! For tests only: homes of agents on disk, written as the agents write them, with the usage that agtop must find.
//!
//! One file per client holds its builder; [`corpus`] joins them into a home of any size; [`hostile`] writes what no
//! agent should have written. Everything is a function of its seed: no builder reads the wall clock, a pid or the
//! environment. On Unix a [`ProcessHarness`] has real processes, too, which look like agents and execute commands.

pub mod aider;
pub mod claude;
mod clock;
pub mod codex;
pub mod corpus;
mod expected;
#[cfg(unix)]
mod fake_agent;
#[cfg(unix)]
mod fake_agents;
pub mod gemini;
pub mod goose;
mod home;
pub mod hostile;
mod json;
pub mod opencode;
mod opening;
#[cfg(unix)]
mod process_harness;
mod rng;
mod sqlite;
mod text;

pub use clock::{Clock, DAY, HOUR, MINUTE, SECOND, Stamp};
pub use expected::{ExpectedOfClient, ExpectedOfDay, ExpectedUsage, ExpectedUsageFile, Tokens};
#[cfg(unix)]
pub use fake_agent::{AgentCommand, run_fake_agent};
#[cfg(unix)]
pub use fake_agents::{FAKE_AGENTS, FakeAgentSpec};
pub use home::{Home, Lines};
pub use opening::SessionOpening;
#[cfg(unix)]
pub use process_harness::{FakeAgent, ProcessHarness};
pub use rng::{Rng, Uuid};
pub use text::Filler;
