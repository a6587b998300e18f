//! Running agtop in a home, and reading its output.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

pub(crate) use crate::program::Answer;
use crate::program::{answer_of, json_of, on_machine};

/// agtop with this home directory, on a machine without other processes.
pub(crate) fn command(home: &Path) -> Command {
    on_machine(home, home)
}

/// Runs agtop to its end.
pub(crate) fn agtop(home: &Path, args: &[&str]) -> Answer {
    let mut command = command(home);
    command.args(args);
    answer_of(command)
}

/// Runs agtop, and parses its JSON. Messages on standard error fail the test.
pub(crate) fn json(home: &Path, args: &[&str]) -> Value {
    let mut command = command(home);
    command.args(args);
    json_of(command)
}
