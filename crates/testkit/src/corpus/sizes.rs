use crate::Rng;

/// Sizes of files, spread as those of real transcripts are.
#[derive(Debug)]
pub(super) struct Sizes(Vec<u64>);

/// Sizes in bytes at these parts of a thousand of all transcripts; between them, their logarithm is taken as even.
/// The median and the 99th percentile are those of a real home, the rest is filled in to give its total.
const QUANTILES: [(f64, f64); 9] = [
    (0.0, 3e3),
    (100.0, 8e3),
    (250.0, 25e3),
    (500.0, 105e3),
    (750.0, 700e3),
    (900.0, 2.8e6),
    (950.0, 4.0e6),
    (990.0, 5.4e6),
    (1000.0, 60e6),
];

/// The largest transcript that was seen.
const LARGEST_TRANSCRIPT_BYTES: u64 = 106_000_000;

impl Sizes {
    /// `count` sizes that add up to about `total`, in random order. One of them is a seventh of it all, if that is not
    /// more than the largest transcript that was seen.
    pub(super) fn spread(count: u64, total: u64, rng: &mut Rng) -> Self {
        let rest = count.saturating_sub(1);
        let mut sizes: Vec<_> = (0..rest).map(|at| quantile((at as f64 + 0.5) / rest as f64 * 1000.0)).collect();
        let (small, large): (u64, u64) =
            sizes.iter().fold(
                (0, 0),
                |(small, large), &size| {
                    if size < MEDIAN { (small + size, large) } else { (small, large + size) }
                },
            );
        let giant = if large == 0 { total } else { total / 7 }.min(LARGEST_TRANSCRIPT_BYTES);
        let wanted = total.saturating_sub(giant + small);
        for size in sizes.iter_mut().filter(|size| **size >= MEDIAN) {
            *size = scale(*size, wanted, large);
        }
        sizes.push(giant);
        rng.shuffle(&mut sizes);
        Self(sizes)
    }

    /// The size from which on a file is one of the largest hundredth, of which there is at least one.
    pub(super) fn of_largest_hundredth(&self) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let last = (sorted.len() / 100).max(1) - 1;
        sorted.get(last).copied().unwrap_or(u64::MAX)
    }
}

const MEDIAN: u64 = 105_000;

impl IntoIterator for Sizes {
    type Item = u64;
    type IntoIter = std::vec::IntoIter<u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn scale(size: u64, wanted: u64, large: u64) -> u64 {
    u64::try_from(u128::from(size) * u128::from(wanted) / u128::from(large.max(1))).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are far below 2^53")]
fn quantile(per_mille: f64) -> u64 {
    let mut low = QUANTILES[0];
    for high in QUANTILES {
        if per_mille <= high.0 {
            let part = (per_mille - low.0) / (high.0 - low.0).max(1e-9);
            return (low.1 * (high.1 / low.1).powf(part)) as u64;
        }
        low = high;
    }
    low.1 as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up_and_keep_their_quantiles() {
        let mut sizes: Vec<_> = Sizes::spread(852, 822_000_000, &mut Rng::new(1)).into_iter().collect();
        let total: u64 = sizes.iter().sum();
        assert!((815_000_000..830_000_000).contains(&total), "{total}");
        sizes.sort_unstable();
        assert!((95_000..125_000).contains(&sizes[425]), "{}", sizes[425]);
        assert!((4_500_000..7_500_000).contains(&sizes[843]), "{}", sizes[843]);
        assert!((95_000_000..=106_000_000).contains(&sizes[851]), "{}", sizes[851]);
    }

    #[test]
    fn the_largest_hundredth_is_at_least_one_file() {
        let count = |sizes: Sizes| {
            let least = sizes.of_largest_hundredth();
            sizes.into_iter().filter(|size| *size >= least).count()
        };
        assert_eq!(count(Sizes::spread(560, 715_000_000, &mut Rng::new(1))), 5);
        assert_eq!(count(Sizes::spread(3, 16_000_000, &mut Rng::new(1))), 1);
    }

    #[test]
    fn few_files_add_up_too() {
        for count in [1, 2, 17] {
            let total: u64 = Sizes::spread(count, 16_000_000, &mut Rng::new(1)).into_iter().sum();
            assert!((15_900_000..16_200_000).contains(&total), "{count}: {total}");
        }
    }
}
