//! Running agtop in a home, and reading its answer.

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

/// Runs agtop as somebody would who lives in this home and has set nothing.
pub(crate) fn agtop(home: &Path, args: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agtop"));
    command.args(args).current_dir(home).env_clear().env("HOME", home).env("TZ", "UTC");
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
        panic!("agtop {args:?} does not end");
    };
    Answer { status: child.wait().unwrap(), stdout, stderr }
}

/// Runs agtop for JSON, which it must give without a complaint.
pub(crate) fn json(home: &Path, args: &[&str]) -> Value {
    let answer = agtop(home, args);
    assert!(answer.status.success() && answer.stderr.is_empty(), "{args:?}: {}: {}", answer.status, answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}
