//! Child processes that end together with what they have started.

use std::process::{Child, Command};

/// Puts the child into a process group of its own: signals from the terminal do not reach it, and [`kill_group`] ends it
/// together with what it has started. Does nothing where the platform has no process groups.
pub fn start_in_own_group(command: &mut Command) {
    platform::start_in_own_group(command);
}

/// Kills a child that [`start_in_own_group`] prepared, and its process group, and collects the child.
pub fn kill_group(child: &mut Child) {
    platform::kill_group(child);
    // Both fail if it has ended by itself.
    drop(child.kill());
    drop(child.wait());
}

#[cfg(unix)]
mod platform {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use rustix::process::{Pid, Signal, kill_process_group};

    pub(super) fn start_in_own_group(command: &mut Command) {
        command.process_group(0);
    }

    pub(super) fn kill_group(child: &Child) {
        // It fails if the group has ended by itself.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
}

#[cfg(not(unix))]
mod platform {
    use std::process::{Child, Command};

    pub(super) fn start_in_own_group(_: &mut Command) {}

    pub(super) fn kill_group(_: &Child) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    use super::*;

    #[test]
    fn what_a_child_has_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        start_in_own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut String::new()).unwrap();
        kill_group(&mut child);
        // Both hold the pipe: it is at its end when both have ended.
        assert_eq!(output.read_line(&mut String::new()).unwrap(), 0);
    }
}
