//! The data that the screen has received: snapshots, the clock, and the progress of the scan.

use std::sync::Arc;

use agtop_model::{Snapshot, Timestamp};

use crate::logos::Logos;
use crate::message::{Progress, SelfStats};
use crate::views::QuotaHistory;

/// Whether new snapshots are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UpdateMode {
    #[default]
    Live,
    Paused,
}

/// The newest of what the screen has received.
#[derive(Default)]
pub(crate) struct Data {
    /// The snapshot that is shown.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The newest snapshot that arrived while the screen was paused.
    held_back: Option<Arc<Snapshot>>,
    pub(crate) updates: UpdateMode,
    pub(crate) progress: Progress,
    pub(crate) clock: Option<Timestamp>,
    pub(crate) self_stats: SelfStats,
    pub(crate) quotas: QuotaHistory,
    pub(crate) logos: Option<Arc<Logos>>,
}

impl Data {
    /// Takes a newer snapshot; returns it if it is to be shown now.
    pub(crate) fn receive(&mut self, snapshot: Arc<Snapshot>) -> Option<Arc<Snapshot>> {
        self.quotas.record(&snapshot);
        if self.updates == UpdateMode::Paused && self.snapshot.is_some() {
            self.held_back = Some(snapshot);
            return None;
        }
        Some(snapshot)
    }

    pub(crate) fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.clock = Some(self.clock.map_or(snapshot.now, |clock| clock.max(snapshot.now)));
        self.snapshot = Some(snapshot);
    }

    /// Pauses or resumes; returns the snapshot that was held back, if it is to be shown now.
    pub(crate) fn toggle_pause(&mut self) -> Option<Arc<Snapshot>> {
        self.updates = match self.updates {
            UpdateMode::Live => UpdateMode::Paused,
            UpdateMode::Paused => UpdateMode::Live,
        };
        if self.updates == UpdateMode::Live { self.held_back.take() } else { None }
    }

    /// Sets the clock; returns whether the second that is shown has changed.
    pub(crate) fn tick(&mut self, now: Timestamp) -> bool {
        let second = |at: Timestamp| at.as_millis().div_euclid(1000);
        let has_changed = self.clock.map(second) != Some(second(now));
        self.clock = Some(now);
        has_changed
    }

    /// Returns whether the progress has changed.
    pub(crate) fn set_progress(&mut self, progress: Progress) -> bool {
        std::mem::replace(&mut self.progress, progress) != progress
    }
}
