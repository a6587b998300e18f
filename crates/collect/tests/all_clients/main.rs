//! Rules that hold for all clients.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod costs;
mod fixtures;
mod times;
