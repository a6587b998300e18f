//! A place for the newest snapshot and its alerts, between the thread that collects and the screen.

use std::sync::Arc;

use agtop_alerts::{AlertEngine, AlertUpdate};
use agtop_model::Snapshot;
use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, Sender, bounded};

/// A snapshot and what the alert rules find in it.
#[derive(Clone)]
pub(super) struct SnapshotUpdate {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) alerts: AlertUpdate,
}

/// The collecting side: it evaluates the alert rules on each snapshot.
pub(super) struct SnapshotPublisher {
    engine: AlertEngine,
    newest: Arc<ArcSwapOption<SnapshotUpdate>>,
    wake: Sender<()>,
}

/// The side of the screen.
pub(super) struct SnapshotReader {
    newest: Arc<ArcSwapOption<SnapshotUpdate>>,
    /// Gets a message when there is a newer snapshot, and is disconnected when no more will come.
    pub(super) wakeups: Receiver<()>,
}

/// An empty slot, and both of its sides.
pub(super) fn snapshot_slot(engine: AlertEngine) -> (SnapshotPublisher, SnapshotReader) {
    let (wake, wakeups) = bounded(1);
    let newest = Arc::new(ArcSwapOption::empty());
    (SnapshotPublisher { engine, newest: Arc::clone(&newest), wake }, SnapshotReader { newest, wakeups })
}

impl SnapshotPublisher {
    /// Replaces the snapshot in the slot. New alerts of one that nobody has taken are kept.
    pub(super) fn publish(&mut self, snapshot: Snapshot) {
        let mut alerts = self.engine.update(&snapshot);
        if let Some(unread) = self.newest.swap(None) {
            alerts.new.splice(..0, unread.alerts.new.iter().cloned());
        }
        self.newest.store(Some(Arc::new(SnapshotUpdate { snapshot: Arc::new(snapshot), alerts })));
        // A reader that has not woken up yet needs no second message.
        let _ = self.wake.try_send(());
    }
}

impl SnapshotReader {
    /// The newest snapshot; `None` if it was taken before.
    pub(super) fn take(&self) -> Option<SnapshotUpdate> {
        self.newest.swap(None).map(Arc::unwrap_or_clone)
    }
}

#[cfg(test)]
mod tests {
    use agtop_alerts::Rules;

    use super::*;

    #[test]
    fn new_alerts_of_a_snapshot_that_nobody_took_come_with_the_next_one() {
        let (mut publisher, reader) = snapshot_slot(AlertEngine::new(Rules::default()));
        let (waiting, idle) = (agtop_demo::crowd(5, 5), agtop_demo::crowd(0, 0));
        publisher.publish(waiting);
        publisher.publish(idle);
        assert_eq!(reader.wakeups.try_iter().count(), 1);
        let update = reader.take().unwrap();
        assert!(update.snapshot.agents.is_empty() && update.alerts.present.is_empty());
        assert!(!update.alerts.new.is_empty(), "nobody has seen them");
        assert!(reader.take().is_none());
    }
}
