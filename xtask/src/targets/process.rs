//! Running a command that must succeed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs a command, whose output goes to the caller's.
pub(super) fn succeed(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let first: Vec<_> = command.get_args().take(2).map(|argument| argument.to_string_lossy()).collect();
    if status.success() { Ok(()) } else { bail!("{} {} ended with {status}", program.display(), first.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named_with_its_start() {
        let error = succeed(Command::new("sh").args(["-c", "exit 3", "more"])).unwrap_err();
        assert_eq!(error.to_string(), "sh -c exit 3 ended with exit status: 3");
    }
}
