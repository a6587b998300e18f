//! Messages that the screen gets by the clock: the progress of the first scan, and the time.

use std::time::{Duration, Instant, SystemTime};

use agtop_collect::ScanProgress;
use agtop_model::Timestamp;
use agtop_tui::Message;

const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);
/// The snapshots of the first scan: live agents, then what they do, then everything.
const FIRST_SCAN_SNAPSHOTS: u64 = 3;

/// Decides when the next such message is due, and which one it is.
pub(super) struct ScreenClock {
    next: Instant,
    is_scanning: bool,
    snapshots: u64,
    progress: Box<dyn Fn() -> ScanProgress + Send>,
}

impl ScreenClock {
    /// A clock that reports the progress of the first scan until that has ended.
    pub(super) fn with_progress(progress: impl Fn() -> ScanProgress + Send + 'static) -> Self {
        Self { next: Instant::now(), is_scanning: true, snapshots: 0, progress: Box::new(progress) }
    }

    /// A clock without a scan.
    pub(super) fn without_progress() -> Self {
        Self { is_scanning: false, ..Self::with_progress(ScanProgress::default) }
    }

    /// Notes that the screen gets a snapshot.
    pub(super) const fn note_snapshot(&mut self) {
        self.snapshots += 1;
    }

    /// The time until the next message.
    pub(super) fn time_left(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// The message that is due now.
    pub(super) fn message(&mut self) -> Message {
        let started = Instant::now();
        if self.is_scanning {
            self.next = started + PROGRESS_INTERVAL;
            let ScanProgress { bytes, bytes_total, .. } = (self.progress)();
            self.is_scanning = self.snapshots < FIRST_SCAN_SNAPSHOTS;
            let progress = agtop_tui::Progress { done: bytes, total: bytes_total };
            return Message::Progress(if self.is_scanning { progress } else { agtop_tui::Progress::default() });
        }
        let time = now();
        let into_second = u64::try_from(time.as_millis().rem_euclid(1000)).unwrap_or(0);
        self.next = started + CLOCK_INTERVAL.saturating_sub(Duration::from_millis(into_second));
        Message::Clock(time)
    }
}

/// The current time.
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
