//! The data that the screen has received: snapshots, the clock, and the progress of the scan.

use std::sync::Arc;

use agtop_alerts::Alert;
use agtop_model::{Snapshot, Timestamp};

use crate::clock::ClockPrecision;
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
    /// The newest snapshot that arrived while the screen was paused, and its alerts.
    held_back: Option<(Arc<Snapshot>, Vec<Alert>)>,
    pub(crate) updates: UpdateMode,
    pub(crate) progress: Progress,
    pub(crate) clock: Option<Timestamp>,
    pub(crate) self_stats: SelfStats,
    pub(crate) quotas: QuotaHistory,
    pub(crate) logos: Option<Arc<Logos>>,
}

impl Data {
    /// Takes a newer snapshot with its alerts; returns both if they are to be shown now.
    pub(crate) fn receive(
        &mut self,
        snapshot: Arc<Snapshot>,
        alerts: Vec<Alert>,
    ) -> Option<(Arc<Snapshot>, Vec<Alert>)> {
        self.quotas.record(&snapshot);
        if self.updates == UpdateMode::Paused && self.snapshot.is_some() {
            self.held_back = Some((snapshot, alerts));
            return None;
        }
        Some((snapshot, alerts))
    }

    pub(crate) fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.clock = Some(self.clock.map_or(snapshot.now, |clock| clock.max(snapshot.now)));
        self.snapshot = Some(snapshot);
    }

    /// Pauses or resumes; returns the snapshot that was held back, if it is to be shown now.
    pub(crate) fn toggle_pause(&mut self) -> Option<(Arc<Snapshot>, Vec<Alert>)> {
        self.updates = match self.updates {
            UpdateMode::Live => UpdateMode::Paused,
            UpdateMode::Paused => UpdateMode::Live,
        };
        if self.updates == UpdateMode::Live { self.held_back.take() } else { None }
    }

    /// Sets the clock; returns whether what is shown of it has changed.
    pub(crate) fn tick(&mut self, now: Timestamp, precision: ClockPrecision) -> bool {
        let step = |at: Timestamp| at.as_millis().div_euclid(precision.step_millis());
        let has_changed = self.clock.map(step) != Some(step(now));
        self.clock = Some(now);
        has_changed
    }

    /// Returns whether the progress has changed.
    pub(crate) fn set_progress(&mut self, progress: Progress) -> bool {
        std::mem::replace(&mut self.progress, progress) != progress
    }
}
