//! The collector over files that change between two readings, and processes that start and exit.

#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod changes;
mod files;
mod harness;
mod joins;
mod processes;
mod statuses;
mod waits;
