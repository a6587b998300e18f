//! Whose turn it is, where there are too many to look at all in every pass.

/// Takes turns: so many in each pass, in the order of pids, round and round.
#[derive(Debug, Default)]
pub(super) struct Rota {
    /// The pid that had the last turn.
    last: u32,
}

/// The places in a list whose turn it is: `count` of them from `start` on, the end of the list followed by its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    start: usize,
    count: usize,
    all: usize,
}

impl Rota {
    /// The next `count` places of a list of so many, sorted by the pid at each place.
    pub(super) fn turn(&mut self, count: usize, all: usize, pid_at: impl Fn(usize) -> u32) -> Turn {
        let count = count.min(all);
        let start = first_place(all, |place| pid_at(place) > self.last);
        if count > 0 {
            self.last = pid_at((start + count - 1) % all);
        }
        Turn { start, count, all }
    }
}

impl Turn {
    /// Whether it is the turn of the process at this place.
    pub(super) fn has(self, place: usize) -> bool {
        let ahead = if place >= self.start { place - self.start } else { place + self.all - self.start };
        ahead < self.count
    }
}

/// The first of so many places at which `is_beyond` holds, if it holds from some place on; `all` if it never does.
fn first_place(all: usize, is_beyond: impl Fn(usize) -> bool) -> usize {
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

    fn turn(rota: &mut Rota, count: usize, pids: &[u32]) -> Vec<u32> {
        let turn = rota.turn(count, pids.len(), |place| pids[place]);
        pids.iter().enumerate().filter(|&(place, _)| turn.has(place)).map(|(_, &pid)| pid).collect()
    }

    #[test]
    fn turns_go_round_and_reach_everyone_equally_often() {
        let mut rota = Rota::default();
        let turns = [[2, 3], [5, 8], [2, 9], [3, 5], [8, 9]];
        for expected in turns {
            assert_eq!(turn(&mut rota, 2, &[2, 3, 5, 8, 9]), expected);
        }
    }

    #[test]
    fn those_who_come_and_go_do_not_take_the_turns_of_others() {
        let mut rota = Rota::default();
        assert_eq!(turn(&mut rota, 2, &[2, 3, 5, 8]), [2, 3]);
        assert_eq!(turn(&mut rota, 2, &[1, 4, 5, 8]), [4, 5]);
        assert_eq!(turn(&mut rota, 2, &[6, 8]), [6, 8]);
    }

    #[test]
    fn few_have_their_turn_each_time_and_none_is_borne() {
        let mut rota = Rota::default();
        assert_eq!(turn(&mut rota, 9, &[]), []);
        for _ in 0..3 {
            assert_eq!(turn(&mut rota, 9, &[4, 7]), [4, 7]);
            assert_eq!(turn(&mut rota, 0, &[4, 7]), []);
        }
    }
}
