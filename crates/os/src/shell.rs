use std::process::Command;

/// The command line of a person, run by the shell that people's settings are written for.
pub fn shell(command_line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([flag, command_line]);
    command
}
