//! agtop as a program that tests run. Every test runs it through [`on_machine`]: whatever whoever runs the tests has set,
//! and whichever agents run beside them, the program sees only what the test made.

use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// agtop hangs if it takes longer than this; less than a second is usual.
const PATIENCE: Duration = Duration::from_mins(2);

/// What agtop answered.
pub(crate) struct Answer {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// agtop as somebody calls it who lives in this home and has set nothing, on a machine whose processes are those that
/// work below this directory.
pub(crate) fn on_machine(home: &Path, machine: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agtop"));
    command.current_dir(home).env_clear().env("HOME", home).env("TZ", "UTC").env(agtop_os::PROCESS_ROOT_VAR, machine);
    command
}

/// Runs a command to its end.
pub(crate) fn answer_of(mut command: Command) -> Answer {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut texts = [String::new(), String::new()];
        stdout.read_to_string(&mut texts[0]).unwrap();
        stderr.read_to_string(&mut texts[1]).unwrap();
        sender.send(texts)
    });
    let Ok([stdout, stderr]) = receiver.recv_timeout(PATIENCE) else {
        child.kill().unwrap();
        panic!("{command:?} does not end");
    };
    Answer { status: child.wait().unwrap(), stdout, stderr }
}

/// Runs a command for JSON, which it must give without a complaint.
pub(crate) fn json_of(command: Command) -> Value {
    let what = format!("{command:?}");
    let answer = answer_of(command);
    assert!(answer.status.success() && answer.stderr.is_empty(), "{what}: {}: {}", answer.status, answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}
