//! The thread that makes snapshots of fake agents.

use std::time::{Duration, Instant};

use agtop_demo::Demo;
use crossbeam_channel::RecvTimeoutError;

use super::collector_thread::{CollectorHandle, CollectorInbox, CollectorRequest, collector_handle};
use super::snapshot_slot::SnapshotPublisher;
use crate::plan::DEMO_AGE;
use crate::threads::spawn;

/// Starts the thread.
pub(super) fn start_demo(
    demo: Demo,
    started: Instant,
    publisher: SnapshotPublisher,
    interval: Duration,
) -> CollectorHandle {
    let (handle, inbox) = collector_handle();
    spawn("demo", move || play(&(demo, started), publisher, &inbox, interval));
    handle
}

fn play(
    (demo, started): &(Demo, Instant),
    mut publisher: SnapshotPublisher,
    inbox: &CollectorInbox,
    mut interval: Duration,
) {
    loop {
        publisher.publish(demo.snapshot(DEMO_AGE + started.elapsed()));
        match inbox.requests.recv_timeout(interval) {
            Ok(CollectorRequest::SetInterval(other)) => interval = other,
            Ok(CollectorRequest::Refresh) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
