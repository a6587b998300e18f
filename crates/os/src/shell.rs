use std::process::Command;

/// A command that runs a command line from the user's settings in the shell of the platform.
pub fn shell_command(command_line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.args([flag, command_line]);
    command
}
