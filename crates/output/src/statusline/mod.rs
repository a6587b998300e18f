//! The line that Claude Code shows below its prompt: the status from its standard input, and usage from the ledger.

mod input;
mod line;

pub use input::{StatuslineInput, observed_limits};
pub use line::{StatuslineContext, write_line};
