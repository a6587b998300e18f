//! Running a command that must succeed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs a command, whose output goes to the caller's.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    let first: Vec<_> = command.get_args().take(2).map(|argument| argument.to_string_lossy()).collect();
    if status.success() { Ok(()) } else { bail!("{} {} ended with {status}", program.display(), first.join(" ")) }
}

/// Runs a command that must succeed. Returns what it printed on standard output, without the last line break.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let program = PathBuf::from(command.get_program());
    let output = command.output().with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!("{} ended with {}: {}", program.display(), output.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Whether there is a program of this name on the path.
pub(crate) fn has_program(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_a_command_printed_is_in_its_error() -> Result<()> {
        assert_eq!(output_of(Command::new("sh").args(["-c", "echo a"]))?, "a");
        let error = output_of(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "sh ended with exit status: 3: why");
        assert!(has_program("sh") && !has_program("no-such-program"));
        Ok(())
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_start() {
        let error = succeed(Command::new("sh").args(["-c", "exit 3", "more"])).unwrap_err();
        assert_eq!(error.to_string(), "sh -c exit 3 ended with exit status: 3");
    }
}
