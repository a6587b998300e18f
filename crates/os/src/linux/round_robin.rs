//! Whose turn it is, where there are too many processes to read all of them in every pass.

/// Selects some processes in each pass, in the order of pids, and starts over at the end.
#[derive(Debug, Default)]
pub(super) struct RoundRobin {
    /// The last selected pid.
    last: u32,
}

/// The selected positions of a list: `count` of them from `start` on. Behind the end of the list they continue at its
/// start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    start: usize,
    count: usize,
    all: usize,
}

impl RoundRobin {
    /// The next `count` positions of a list of `all`, which is sorted by pid.
    pub(super) fn turn(&mut self, count: usize, all: usize, pid_at: impl Fn(usize) -> u32) -> Turn {
        let count = count.min(all);
        let start = first_position(all, |position| pid_at(position) > self.last);
        if count > 0 {
            self.last = pid_at((start + count - 1) % all);
        }
        Turn { start, count, all }
    }
}

impl Turn {
    /// Whether this position is selected.
    pub(super) fn has(self, position: usize) -> bool {
        let ahead = if position >= self.start { position - self.start } else { position + self.all - self.start };
        ahead < self.count
    }
}

/// The first of `all` positions at which `is_beyond` holds, if it holds at all later ones too; `all` if it never does.
fn first_position(all: usize, is_beyond: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, all);
    while low < high {
        let middle = low.midpoint(high);
        if is_beyond(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(round_robin: &mut RoundRobin, count: usize, pids: &[u32]) -> Vec<u32> {
        let turn = round_robin.turn(count, pids.len(), |position| pids[position]);
        pids.iter().enumerate().filter(|&(position, _)| turn.has(position)).map(|(_, &pid)| pid).collect()
    }

    #[test]
    fn every_process_gets_equally_many_turns() {
        let mut round_robin = RoundRobin::default();
        let turns = [[2, 3], [5, 8], [2, 9], [3, 5], [8, 9]];
        for expected in turns {
            assert_eq!(turn(&mut round_robin, 2, &[2, 3, 5, 8, 9]), expected);
        }
    }

    #[test]
    fn processes_that_start_and_end_take_no_turns_from_others() {
        let mut round_robin = RoundRobin::default();
        assert_eq!(turn(&mut round_robin, 2, &[2, 3, 5, 8]), [2, 3]);
        assert_eq!(turn(&mut round_robin, 2, &[1, 4, 5, 8]), [4, 5]);
        assert_eq!(turn(&mut round_robin, 2, &[6, 8]), [6, 8]);
    }

    #[test]
    fn a_short_list_is_selected_completely_and_an_empty_one_is_accepted() {
        let mut round_robin = RoundRobin::default();
        assert_eq!(turn(&mut round_robin, 9, &[]), []);
        for _ in 0..3 {
            assert_eq!(turn(&mut round_robin, 9, &[4, 7]), [4, 7]);
            assert_eq!(turn(&mut round_robin, 0, &[4, 7]), []);
        }
    }
}
