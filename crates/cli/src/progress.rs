//! What a person at a terminal sees while a long scan runs.

use std::io::{IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use agtop_collect::ScanProgress;

/// A scan shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is drawn.
const BEAT: Duration = Duration::from_millis(100);

/// Runs `work`, telling on standard error how far it has come once it takes long, if a person is there to read it.
pub(crate) fn shown<T>(watch: impl Fn() -> ScanProgress + Send, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || draw_until(&is_done, watch));
        let result = work();
        drop(done);
        result
    })
}

/// Draws until the other end of the channel is dropped, and then leaves the line clean.
fn draw_until(is_done: &mpsc::Receiver<()>, watch: impl Fn() -> ScanProgress) {
    let goes_on = |wait| matches!(is_done.recv_timeout(wait), Err(mpsc::RecvTimeoutError::Timeout));
    if !goes_on(PATIENCE) {
        return;
    }
    let mut terminal = std::io::stderr();
    loop {
        // A terminal that cannot be written to needs no progress.
        drop(write!(terminal, "\r\x1b[K{}", line(watch())));
        drop(terminal.flush());
        if !goes_on(BEAT) {
            drop(write!(terminal, "\r\x1b[K"));
            return;
        }
    }
}

fn line(progress: ScanProgress) -> String {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    format!(
        "reading {}/{} files, {}/{} MB",
        progress.files,
        progress.files_total,
        megabytes(progress.bytes),
        megabytes(progress.bytes_total)
    )
}
