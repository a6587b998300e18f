//! The processor time of a process in nanoseconds.
//!
//! `/proc/PID/stat` counts clock ticks of 10 ms. Over a tenth of a second each of them is 10 percent.
//! `/proc/PID/schedstat` counts nanoseconds, but of the first thread only, and a file must be opened for it. The clock of the
//! process (`clock_getcpuclockid(3)`) includes all threads, also those that have ended, and costs one system call.

use std::time::Duration;

use agtop_model::CpuTime;

use super::procfs::ProcFs;

/// The source of processor times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CpuClock {
    /// The clocks of processes.
    Nanoseconds,
    /// `stat` only: system calls do not accept the pids of this `/proc`, or the kernel has no such clocks.
    Ticks,
}

/// The kind of clock, from the kernel's `include/linux/posix-timers_types.h`: `CPUCLOCK_SCHED` without
/// `CPUCLOCK_PERTHREAD`.
const CPUCLOCK_SCHED: libc::clockid_t = 2;
/// A clock that is further ahead of `stat` belongs to another process, which has reused the pid between the two readings;
/// or so many threads run that ticks are precise enough.
const MAX_AHEAD: Duration = Duration::from_millis(250);

impl CpuClock {
    /// The best source for the processes of this `/proc`.
    pub(super) fn of(fs: &ProcFs) -> Self {
        let has_clocks = fs.has_our_pids() && read(std::process::id()).is_some();
        if has_clocks { Self::Nanoseconds } else { Self::Ticks }
    }

    /// The processor clock of a process; `None` if there is none.
    pub(super) fn read(self, pid: u32) -> Option<Duration> {
        if self == Self::Nanoseconds { read(pid) } else { None }
    }

    /// The processor time of a process, given what `stat` says.
    pub(super) fn refine(self, pid: u32, ticks: CpuTime) -> CpuTime {
        let read = self.read(pid);
        // `stat` rounds both of its figures down.
        let is_plausible = |now: &Duration| ticks.total() <= *now && now.saturating_sub(ticks.total()) <= MAX_AHEAD;
        let user = read.filter(is_plausible).map(|now| now.saturating_sub(ticks.system));
        CpuTime { user: user.unwrap_or(ticks.user), ..ticks }
    }
}

/// Reads the clock of a process; `None` if there is no such process or no such clock.
fn read(pid: u32) -> Option<Duration> {
    let pid = libc::clockid_t::try_from(pid).ok().filter(|&pid| pid > 0 && pid < libc::clockid_t::MAX >> 3)?;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a `timespec` that outlives the call, which writes nothing else. Any number may be passed as a clock.
    let answer = unsafe { libc::clock_gettime((!pid << 3) | CPUCLOCK_SCHED, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (answer == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_another_process_is_ignored() {
        let far = CpuTime { user: Duration::from_hours(1000), system: Duration::ZERO };
        assert_eq!(CpuClock::Nanoseconds.refine(std::process::id(), far), far, "behind");
        assert_eq!(CpuClock::Nanoseconds.refine(u32::MAX, far), far, "no process");
        assert_eq!(read(0), None);
    }
}
