//! How long an agent is kept by `agtop hook`: the whole call, from starting the process to its end.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nothing to say")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use agtop_hooks::{HookDirs, Listener, ListenerOptions};

const PAYLOAD: &[u8] = br#"{"session_id":"s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_use_id":"t"}"#;

fn main() {
    divan::main();
}

fn call(runtime: &Path) {
    let mut hook = Command::new(env!("CARGO_BIN_EXE_agtop"));
    hook.args(["hook", "--client", "claude"]).env("XDG_RUNTIME_DIR", runtime).stdin(Stdio::piped());
    let mut hook = hook.spawn().unwrap();
    hook.stdin.take().unwrap().write_all(PAYLOAD).unwrap();
    assert!(hook.wait().unwrap().success());
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn nobody_listens(bencher: divan::Bencher<'_, '_>) {
    let runtime = tempfile::tempdir().unwrap();
    bencher.bench_local(|| call(runtime.path()));
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn agtop_listens(bencher: divan::Bencher<'_, '_>) {
    let runtime = tempfile::tempdir().unwrap();
    let _listener = Listener::bind(&HookDirs::new(Some(runtime.path()), None), ListenerOptions::default()).unwrap();
    bencher.bench_local(|| call(runtime.path()));
}

/// The cost of any process at all, to compare with.
#[divan::bench(sample_count = 200, sample_size = 1)]
fn nothing() {
    assert!(Command::new("true").status().unwrap().success());
}
