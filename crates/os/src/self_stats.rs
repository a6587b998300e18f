//! What this process itself uses.

use std::time::Duration;

/// The processor time that this process has used in all its threads; 0 where the platform does not report it.
pub fn self_cpu_time() -> Duration {
    platform::cpu_time()
}

/// The resident memory of this process in bytes; `None` where the platform does not report it.
pub fn self_resident_bytes() -> Option<u64> {
    platform::resident_bytes()
}

#[cfg(unix)]
mod platform {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn cpu_time() -> Duration {
        Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
    }

    /// The second number of `/proc/self/statm` is a count of pages; see `proc_pid_statm(5)`.
    pub(super) fn resident_bytes() -> Option<u64> {
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages.saturating_mul(rustix::param::page_size() as u64))
    }
}

#[cfg(not(unix))]
mod platform {
    use std::time::Duration;

    pub(super) fn cpu_time() -> Duration {
        Duration::ZERO
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_time_and_memory() {
        let before = self_cpu_time();
        assert!(self_cpu_time() >= before);
        assert_eq!(before > Duration::ZERO, cfg!(unix));
        if cfg!(target_os = "linux") {
            assert!(self_resident_bytes().unwrap() > 100_000);
        }
    }
}
