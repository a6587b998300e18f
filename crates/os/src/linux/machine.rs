//! `/proc/stat`, `/proc/meminfo` and `/proc/loadavg`: the machine as a whole.

use agtop_model::{Gap, Reading, Timestamp};

use super::procfs::value_of;

/// The processor times since the machine was started, from `/proc/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Processors {
    /// The number of logical processors that are online.
    pub(super) count: u32,
    /// Time of all processors together, in clock ticks.
    total: u64,
    /// The idle part of it, including the time of waiting for disks.
    idle: u64,
    /// When the machine was started, to the second.
    pub(super) boot: Option<Timestamp>,
}

/// How many times of a `cpu` line add up to all time: user, nice, system, idle, iowait, irq, softirq, steal. The guest
/// times behind them are included in user and nice.
const CPU_TIME_FIELDS: usize = 8;

impl Processors {
    /// Parses the file; `None` without a usable first line.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|&byte| byte == b'\n');
        let first = std::str::from_utf8(lines.next()?).ok()?;
        let times = first.strip_prefix("cpu ")?.split_ascii_whitespace().take(CPU_TIME_FIELDS);
        let times: Vec<u64> = times.map(str::parse).collect::<Result<_, _>>().ok()?;
        let &[_, _, _, idle, ..] = times.as_slice() else { return None };
        let count = text.split(|&byte| byte == b'\n').filter(|line| is_one_processor(line)).count();
        let seconds = lines.find_map(|line| line.strip_prefix(b"btime ")).and_then(|value| {
            let value: i64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
            value.checked_mul(1000)
        });
        Some(Self {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            total: times.iter().fold(0, |sum: u64, &time| sum.saturating_add(time)),
            idle: idle.saturating_add(times.get(4).copied().unwrap_or(0)),
            boot: seconds.map(Timestamp::from_millis),
        })
    }

    /// The share of all processors that was in use since an earlier reading, in percent. A counter that decreased, as
    /// iowait does, counts as unchanged.
    pub(super) fn percent_since(&self, before: Option<&Self>) -> Reading<f64> {
        let before = before.ok_or(Gap::NotReported)?;
        let total = self.total.saturating_sub(before.total);
        let idle = self.idle.saturating_sub(before.idle).min(total);
        if total == 0 { Err(Gap::NotReported) } else { Ok((total - idle) as f64 / total as f64 * 100.0) }
    }
}

/// Whether a line is about one processor, such as `cpu0 …`.
fn is_one_processor(line: &[u8]) -> bool {
    line.strip_prefix(b"cpu").and_then(<[u8]>::first).is_some_and(u8::is_ascii_digit)
}

/// Memory and swap, from `/proc/meminfo`, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) total: Reading<u64>,
    pub(super) available: Reading<u64>,
    pub(super) swap_total: Reading<u64>,
    pub(super) swap_used: Reading<u64>,
}

impl Memory {
    /// Parses the file. Each missing line is a gap, such as `MemAvailable` before Linux 3.14.
    #[expect(clippy::unnecessary_wraps, reason = "the shape of every parser of a file of the machine")]
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let bytes = |name| {
            let value = value_of(text, name).ok_or(Gap::Unsupported)?;
            let kibibytes: u64 = value.trim_end_matches("kB").trim_end().parse().map_err(|_| Gap::Failed)?;
            kibibytes.checked_mul(1024).ok_or(Gap::Failed)
        };
        let swap_total = bytes("SwapTotal");
        let swap_used = swap_total.and_then(|total| Ok(total.saturating_sub(bytes("SwapFree")?)));
        Some(Self { total: bytes("MemTotal"), available: bytes("MemAvailable"), swap_total, swap_used })
    }
}

/// Load averages over 1, 5 and 15 minutes, from `/proc/loadavg`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LoadAverages(pub(super) [f64; 3]);

impl LoadAverages {
    /// Parses the file; `None` if one of the three is not a valid load.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
        let mut next = || words.next()?.parse().ok().filter(|load: &f64| load.is_finite() && *load >= 0.0);
        Some(Self([next()?, next()?, next()?]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAT: &[u8] =
        b"cpu  100 5 50 800 20 3 2 20 40 0\ncpu0 50 5 25 400 20 3 2 20 40 0\ncpu1 50 0 25 400 0 0 0 0 0 0\n\
                          intr 51 0 9\nctxt 1990473\nbtime 1795261964\nprocesses 2915\n";

    fn processors(first: &str) -> Processors {
        Processors::parse(first.as_bytes()).unwrap()
    }

    #[test]
    fn guest_time_is_not_counted_twice() {
        let expected =
            Processors { count: 2, total: 1000, idle: 820, boot: Some(Timestamp::from_millis(1_795_261_964_000)) };
        assert_eq!(Processors::parse(STAT), Some(expected));
    }

    #[test]
    fn the_use_is_computed_between_two_readings() {
        let before = processors("cpu  100 0 0 900 0 0 0 0\n");
        let after = processors("cpu  150 0 25 1125 0 0 0 0\n");
        assert_eq!(before.percent_since(None), Err(Gap::NotReported));
        assert_eq!(after.percent_since(Some(&before)), Ok(25.0));
        assert_eq!(after.percent_since(Some(&after)), Err(Gap::NotReported));
    }

    #[test]
    fn a_decreasing_iowait_is_not_a_negative_use() {
        let before = processors("cpu  100 0 0 900 50 0 0 0\n");
        let after = processors("cpu  200 0 0 900 40 0 0 0\n");
        assert_eq!(after.percent_since(Some(&before)), Ok(100.0));
        assert_eq!(before.percent_since(Some(&after)), Err(Gap::NotReported));
    }

    #[test]
    fn the_short_line_of_an_old_kernel_is_enough() {
        assert_eq!(processors("cpu  1 2 3 4\n").idle, 4);
        assert_eq!(processors("cpu  1 2 3 4\n").boot, None);
    }

    #[test]
    fn a_file_without_a_usable_first_line_is_refused() {
        for text in ["", "cpu", "cpu  1 2 3\n", "cpu0 1 2 3 4\n", "cpu  1 2 x 4\n", "cpu  1 2 -3 4\n"] {
            assert_eq!(Processors::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn memory_is_in_bytes_and_used_swap_is_the_total_without_the_free_part() {
        let text = b"MemTotal:       24609000 kB\nMemFree: 1 kB\nMemAvailable:   20000000 kB\nSwapCached: 5 kB\n\
                     SwapTotal:       1000 kB\nSwapFree:         400 kB\n";
        let expected = Memory {
            total: Ok(24_609_000 * 1024),
            available: Ok(20_000_000 * 1024),
            swap_total: Ok(1000 * 1024),
            swap_used: Ok(600 * 1024),
        };
        assert_eq!(Memory::parse(text), Some(expected));
    }

    #[test]
    fn a_missing_line_is_a_gap_and_not_zero() {
        let memory =
            Memory::parse(b"MemTotal: 10 kB\nMemAvailable: lots kB\nSwapTotal: 99999999999999999999 kB\n").unwrap();
        assert_eq!(memory.total, Ok(10_240));
        assert_eq!(memory.available, Err(Gap::Failed));
        assert_eq!(memory.swap_total, Err(Gap::Failed));
        assert_eq!(Memory::parse(b"").unwrap().available, Err(Gap::Unsupported));
    }

    #[test]
    fn loads_are_three_finite_numbers() {
        assert_eq!(LoadAverages::parse(b"0.31 2.50 10.00 3/425 2915\n"), Some(LoadAverages([0.31, 2.5, 10.0])));
        for text in [&b"0.1 0.2"[..], b"", b"nan 1 2", b"1 -1 1", b"1 inf 1", b"\xff 1 1"] {
            assert_eq!(LoadAverages::parse(text), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(bytes in proptest::collection::vec(any::<u8>(), 0..200), number in any::<u64>()) {
            let _ = (Processors::parse(&bytes), Memory::parse(&bytes), LoadAverages::parse(&bytes));
            let line = format!("cpu  {number} {number} {number} {number} {number}\nbtime {number}\nMemTotal: {number} kB\n");
            let _ = (Processors::parse(line.as_bytes()), Memory::parse(line.as_bytes()));
        }
    }
}
