//! Progress of a long scan, on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::mpsc;
use std::time::Duration;

use agtop_collect::ScanProgress;

/// The progress of a shorter scan is not shown.
const PROGRESS_DELAY: Duration = Duration::from_millis(500);
/// How often the line is drawn.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Runs `work`, and shows its progress on standard error if that is a terminal and the work takes long.
pub(crate) fn with_progress<T>(watch: impl Fn() -> ScanProgress + Send, work: impl FnOnce() -> T) -> T {
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

/// Draws until the other end of the channel is dropped, and then clears the line.
fn draw_until(is_done: &mpsc::Receiver<()>, watch: impl Fn() -> ScanProgress) {
    let continues = |wait| matches!(is_done.recv_timeout(wait), Err(mpsc::RecvTimeoutError::Timeout));
    if !continues(PROGRESS_DELAY) {
        return;
    }
    let mut terminal = std::io::stderr();
    loop {
        // An error of the terminal is not an error of the scan.
        drop(write!(terminal, "\r\x1b[K{}", line(watch())));
        drop(terminal.flush());
        if !continues(PROGRESS_INTERVAL) {
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
