//! What agtop itself uses, measured every few seconds.

use std::time::{Duration, Instant};

use agtop_tui::SelfStats;

const SELF_STATS_INTERVAL: Duration = Duration::from_secs(3);

/// Measures this process.
#[derive(Default)]
pub(super) struct SelfStatsMeter {
    /// When it was measured, and the processor time used until then.
    previous: Option<(Instant, Duration)>,
}

impl SelfStatsMeter {
    /// The values of now; `None` until they are due again.
    pub(super) fn measure(&mut self) -> Option<SelfStats> {
        let now = Instant::now();
        if self.previous.is_some_and(|(at, _)| now.duration_since(at) < SELF_STATS_INTERVAL) {
            return None;
        }
        let used = agtop_os::self_cpu_time();
        let previous = self.previous.replace((now, used));
        let cpu_percent = previous.map(|(at, earlier)| {
            used.saturating_sub(earlier).as_secs_f64() / now.duration_since(at).as_secs_f64() * 100.0
        });
        Some(SelfStats { cpu_percent, memory: agtop_os::self_resident_bytes() })
    }
}
