//! The thread that collects for the screen.

use std::time::{Duration, Instant};

use agtop_collect::{Collector, Urgency};
use anyhow::{Result, bail};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, never, select, unbounded};

use super::pacing::{Published, SnapshotPacer};
use super::snapshot_slot::SnapshotPublisher;
use crate::threads::spawn;

/// When the screen ends, a scan or a write that takes longer than this is abandoned; the next run does it again.
const FINISH_TIMEOUT: Duration = Duration::from_millis(500);

/// What the screen asks of the thread that makes snapshots.
pub(super) enum CollectorRequest {
    Refresh,
    SetInterval(Duration),
}

/// The thread that makes snapshots, as the screen sees it. The thread ends when this is dropped.
pub(super) struct CollectorHandle {
    requests: Sender<CollectorRequest>,
    /// Ends the collector's wait for the next change.
    wake: Sender<()>,
    /// How collecting ended, sent after what was read is in the ledger.
    finished: Receiver<std::thread::Result<()>>,
}

/// The other side of a [`CollectorHandle`].
pub(super) struct CollectorInbox {
    pub(super) requests: Receiver<CollectorRequest>,
    wakeups: Receiver<()>,
    finish: Sender<std::thread::Result<()>>,
}

/// A handle, and the inbox for the thread that it stands for.
pub(super) fn collector_handle() -> (CollectorHandle, CollectorInbox) {
    let (requests, requests_out) = unbounded();
    let (wake, wakeups) = bounded(1);
    let (finish, finished) = bounded(1);
    (CollectorHandle { requests, wake, finished }, CollectorInbox { requests: requests_out, wakeups, finish })
}

impl CollectorHandle {
    /// Sends a request. Nothing happens if the thread has ended.
    pub(super) fn request(&self, request: CollectorRequest) {
        drop(self.requests.send(request));
        let _ = self.wake.try_send(());
    }

    /// Has the collector write what it read into the ledger, and waits for that a short time.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub(super) fn finish(self) -> Result<()> {
        let Self { requests, wake, finished } = self;
        drop((requests, wake));
        match finished.recv_timeout(FINISH_TIMEOUT) {
            Ok(Err(panic)) => bail!("the collector has failed, which is a bug in agtop: {}", panic_message(&*panic)),
            // The demo has nothing to write, and a scan may be abandoned.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// Starts the thread, which publishes live agents at once, then everything, then every change.
pub(super) fn start_collector(
    collector: Collector,
    publisher: SnapshotPublisher,
    interval: Duration,
) -> CollectorHandle {
    let (handle, CollectorInbox { requests, wakeups, finish }) = collector_handle();
    let collect = move || collect(collector, publisher, &requests, &wakeups, interval);
    spawn("collect", move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(collect));
        drop(finish.send(outcome));
    });
    handle
}

fn collect(
    mut collector: Collector,
    mut publisher: SnapshotPublisher,
    requests: &Receiver<CollectorRequest>,
    wakeups: &Receiver<()>,
    mut interval: Duration,
) {
    publisher.publish(collector.process_snapshot());
    publisher.publish(collector.quick_scan());
    publisher.publish(collector.refresh());
    let mut pacer = SnapshotPacer::default();
    loop {
        if pause(&mut collector, wakeups, (pacer.gap(), interval)) == PauseEnd::Snapshot {
            publisher.publish(collector.next_now(interval));
            pacer.published(Published { at: Instant::now(), used: agtop_os::self_cpu_time() });
        }
        match requests.try_recv() {
            Ok(CollectorRequest::SetInterval(other)) => interval = other,
            Ok(CollectorRequest::Refresh) => {
                collector.request_full_sweep();
                publisher.publish(collector.refresh());
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => break,
        }
    }
    collector.finish();
}

/// Why a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PauseEnd {
    /// Something has changed, an agent needs the user, or processes are due to be read.
    Snapshot,
    /// There is a request.
    Request,
}

/// Waits for `gap`, and then until something changes, or processes are due to be read, `interval` after they were read
/// last. An agent that needs the user ends the wait at once.
fn pause(collector: &mut Collector, wakeups: &Receiver<()>, (gap, interval): (Duration, Duration)) -> PauseEnd {
    let (deadline, mut hook_wakes) = (Instant::now() + gap.min(interval), collector.hook_wakes());
    let mut has_events = false;
    loop {
        select! {
            // Whoever takes the snapshot looks for requests, too.
            recv(wakeups) -> _ => return if has_events { PauseEnd::Snapshot } else { PauseEnd::Request },
            recv(hook_wakes) -> woken => {
                if woken.is_err() {
                    // The listener has ended.
                    hook_wakes = never();
                    continue;
                }
                has_events = true;
                if collector.receive_hooks() == Urgency::NeedsUser || deadline <= Instant::now() {
                    return PauseEnd::Snapshot;
                }
            }
            default(deadline.saturating_duration_since(Instant::now())) => break,
        }
    }
    if !has_events {
        collector.wait(interval, wakeups);
    }
    PauseEnd::Snapshot
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it gives no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_collector_is_reported() {
        for (panic, text) in [
            (std::panic::catch_unwind(|| panic!("no such cell")), "no such cell"),
            (std::panic::catch_unwind(|| panic!("no cell {}", 3)), "no cell 3"),
        ] {
            assert_eq!(panic_message(&*panic.unwrap_err()), text);
        }
    }
}
