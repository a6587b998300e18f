//! A process's processor time to the nanosecond.
//!
//! `/proc/PID/stat` counts in clock ticks of 10 ms, which over a tenth of a second are 10 percent each.
//! `/proc/PID/schedstat` has nanoseconds, but of the first thread alone, and costs an open file. The clock of the process
//! (`clock_getcpuclockid(3)`) has those of all threads, of ended ones too, for one system call.

use std::time::Duration;

use agtop_model::CpuTime;

use super::procfs::ProcFs;

/// Where processor times come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CpuClock {
    /// From the clocks of processes.
    Nanoseconds,
    /// From `stat` alone: the pids of this `/proc` are not those that system calls take, or the kernel has no such clocks.
    Ticks,
}

/// The clock of a process, as the kernel's `include/linux/posix-timers_types.h` makes it of a pid: `CPUCLOCK_SCHED`, not
/// `CPUCLOCK_PERTHREAD`.
const CPUCLOCK_SCHED: libc::clockid_t = 2;
/// A clock that is ahead of `stat` by more is another process's, which got the pid between the two readings; or so many
/// threads run that ticks are good enough.
const MAX_AHEAD: Duration = Duration::from_millis(250);

impl CpuClock {
    /// What can be had of processes in this `/proc`.
    pub(super) fn of(fs: &ProcFs) -> Self {
        let has_clocks = fs.has_our_pids() && read(std::process::id()).is_some();
        if has_clocks { Self::Nanoseconds } else { Self::Ticks }
    }

    /// The processor time of a process, of which `stat` says this much.
    pub(super) fn refine(self, pid: u32, ticks: CpuTime) -> CpuTime {
        let read = if self == Self::Nanoseconds { read(pid) } else { None };
        // `stat` rounds both of its figures down.
        let is_its = |now: &Duration| ticks.total() <= *now && now.saturating_sub(ticks.total()) <= MAX_AHEAD;
        let user = read.filter(is_its).map(|now| now.saturating_sub(ticks.system));
        CpuTime { user: user.unwrap_or(ticks.user), ..ticks }
    }
}

/// The processor time of a process; `None` if there is no such process or no such clock.
fn read(pid: u32) -> Option<Duration> {
    let pid = libc::clockid_t::try_from(pid).ok().filter(|&pid| pid > 0 && pid < libc::clockid_t::MAX >> 3)?;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a `timespec` that outlives the call, which writes it and nothing else; any number may be asked for
    // as a clock.
    let answer = unsafe { libc::clock_gettime((!pid << 3) | CPUCLOCK_SCHED, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (answer == 0).then(|| Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_not_that_of_the_process_is_not_taken() {
        let far = CpuTime { user: Duration::from_hours(1000), system: Duration::ZERO };
        assert_eq!(CpuClock::Nanoseconds.refine(std::process::id(), far), far, "behind");
        assert_eq!(CpuClock::Nanoseconds.refine(u32::MAX, far), far, "no process");
        assert_eq!(read(0), None);
    }
}
