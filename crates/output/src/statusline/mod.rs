//! The line that Claude Code shows below its prompt: what it tells on standard input, and what the ledger adds.

mod input;
mod line;

pub use input::{StatuslineInput, observed_limits};
pub use line::{Bench, line};
