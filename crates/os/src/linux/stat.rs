//! `/proc/PID/stat`: one line with the state and the numbers of a process. Fields are numbered as in `proc_pid_stat(5)`.

use agtop_model::ProcessState;

/// More than any such line takes: 52 numbers of up to 20 digits, and a name of up to 64 bytes.
pub(super) const MAX_STAT_BYTES: usize = 2048;

/// The flag of kernel threads in field 9, `PF_KTHREAD` of the kernel's `include/linux/sched.h`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The fields of the line that agtop uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat<'a> {
    /// Field 2, the name, without its parentheses.
    pub(super) comm: &'a [u8],
    /// Field 3.
    pub(super) state: ProcessState,
    /// Field 4; 0 if the parent is hidden.
    pub(super) parent: u32,
    /// From field 9.
    pub(super) is_kernel_thread: bool,
    /// Field 14, in clock ticks.
    pub(super) user_ticks: u64,
    /// Field 15, in clock ticks.
    pub(super) system_ticks: u64,
    /// Field 20.
    pub(super) threads: u32,
    /// Field 22, in clock ticks since the machine was started.
    pub(super) started: u64,
    /// Field 23, in bytes.
    pub(super) virtual_bytes: u64,
    /// Field 24, in pages.
    pub(super) resident_pages: u64,
    /// Field 48, the address of the arguments: it changes when the process starts another program. 0 if it is hidden from
    /// this user, or the kernel does not have it yet.
    pub(super) image: u64,
}

impl<'a> Stat<'a> {
    /// Parses the line; `None` if it is cut off or invalid.
    ///
    /// The process chooses its name, which may contain blanks, parentheses and line breaks. Only the last parenthesis of the
    /// line certainly ends it.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let open = line.iter().position(|&byte| byte == b'(')?;
        let close = line.iter().rposition(|&byte| byte == b')')?;
        let comm = line.get(open + 1..close)?;
        let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
        let mut fields = Fields { fields: rest.split_ascii_whitespace(), next: 3 };
        Some(Self {
            comm,
            state: state(fields.text(3)?),
            parent: fields.number(4)?,
            is_kernel_thread: fields.number::<u64>(9)? & PF_KTHREAD != 0,
            user_ticks: fields.number(14)?,
            system_ticks: fields.number(15)?,
            threads: fields.number(20)?,
            started: fields.number(22)?,
            virtual_bytes: fields.number(23)?,
            resident_pages: fields.number(24)?,
            image: fields.number(48).unwrap_or(0),
        })
    }
}

/// The fields after the name, which are read in ascending order.
struct Fields<'a> {
    fields: std::str::SplitAsciiWhitespace<'a>,
    /// The number of the next field.
    next: usize,
}

impl<'a> Fields<'a> {
    fn text(&mut self, number: usize) -> Option<&'a str> {
        let field = self.fields.nth(number.checked_sub(self.next)?);
        self.next = number + 1;
        field
    }

    fn number<T: std::str::FromStr>(&mut self, number: usize) -> Option<T> {
        self.text(number)?.parse().ok()
    }
}

fn state(letter: &str) -> ProcessState {
    match letter {
        "R" => ProcessState::Running,
        "S" => ProcessState::Sleeping,
        "D" => ProcessState::DiskSleep,
        "T" | "t" => ProcessState::Stopped,
        "Z" | "X" | "x" => ProcessState::Zombie,
        "I" | "P" => ProcessState::Idle,
        _ => ProcessState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(comm: &str) -> Vec<u8> {
        format!(
            "42 ({comm}) S 7 42 42 34816 42 4194304 5 6 0 0 150 25 1 2 20 0 11 0 9000 1052672 300 \
             18446744073709551615 1 2 3 0 0 0 0 4096 17475 0 0 0 17 1 0 0 0 0 0 4 5 6 140001 8 9 10 0\n"
        )
        .into_bytes()
    }

    #[test]
    fn every_field_is_found_at_its_position() {
        let line = line("node");
        let expected = Stat {
            comm: b"node",
            state: ProcessState::Sleeping,
            parent: 7,
            is_kernel_thread: false,
            user_ticks: 150,
            system_ticks: 25,
            threads: 11,
            started: 9000,
            virtual_bytes: 1_052_672,
            resident_pages: 300,
            image: 140_001,
        };
        assert_eq!(Stat::parse(&line), Some(expected));
    }

    #[test]
    fn a_name_that_imitates_the_rest_of_the_line_is_a_name() {
        for name in [") R 1 (", "a b", "((", "))", ")", "", "x\ny", "1 (a) Z 2 3"] {
            let line = line(name);
            let stat = Stat::parse(&line).unwrap();
            assert_eq!(stat.comm, name.as_bytes());
            assert_eq!((stat.state, stat.parent, stat.started), (ProcessState::Sleeping, 7, 9000), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_keeps_its_bytes() {
        let mut line = line("?");
        let at = line.iter().position(|&byte| byte == b'?').unwrap();
        line[at] = 0xff;
        assert_eq!(Stat::parse(&line).unwrap().comm, b"\xff");
    }

    #[test]
    fn a_line_that_is_cut_off_is_refused_unless_all_used_fields_are_there() {
        let line = line("node");
        let needed = line.windows(4).position(|window| window == b" 300").unwrap();
        for end in 0..needed {
            assert_eq!(Stat::parse(&line[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn the_short_line_of_an_old_kernel_has_no_image() {
        let line = b"42 (init) S 0 1 1 0 -1 256 1 2 3 4 5 6 7 8 9 10 1 0 12 13 14 15\n";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.started, stat.resident_pages, stat.image), (12, 14, 0));
    }

    #[test]
    fn kernel_threads_are_recognised_by_their_flag() {
        let line = b"9 (kworker/0:1H-ev) I 2 0 0 0 -1 69238880 0 0 0 0 0 6 0 0 0 -20 1 0 12 0 0 15\n";
        let stat = Stat::parse(line).unwrap();
        assert!(stat.is_kernel_thread);
        assert_eq!(stat.state, ProcessState::Idle);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let text = String::from_utf8(line("node")).unwrap();
        for (good, bad) in [("S 7", "S -7"), ("S 7", "S 99999999999"), (" 9000 ", " 99999999999999999999999 ")] {
            assert_eq!(Stat::parse(text.replacen(good, bad, 1).as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Stat::parse(&bytes);
        }

        #[test]
        fn any_name_is_kept(name in "[ -~\\n]{0,16}") {
            prop_assert_eq!(Stat::parse(&line(&name)).map(|stat| stat.comm.to_vec()), Some(name.into_bytes()));
        }
    }
}
