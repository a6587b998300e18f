//! The command line: `:sort cost`, `:theme nord`, `:export json`.

mod command;
mod completion;

pub(crate) use command::{COMMANDS, CommandKind, find_command};
pub(crate) use completion::{completed, completions};
