//! Rules that hold for all clients.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test fails the test")]

mod costs;
mod fixtures;
mod knowledge;
mod times;
