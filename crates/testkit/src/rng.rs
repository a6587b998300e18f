use std::fmt;

/// A small random generator: the same seed gives the same values on every machine.
#[derive(Clone, Debug)]
pub struct Rng(fastrand::Rng);

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Rng {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A new generator, for a part that must not depend on how many values the other parts take.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self::new(self.0.u64(..))
    }

    /// A number below `end`; zero if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0.u64(..end) }
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// An index below `end`.
    pub fn index(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.usize(..end) }
    }

    /// True in so many of a thousand calls.
    pub fn per_mille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }

    /// One of the items. A list of none does not compile.
    pub fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        const { assert!(N > 0, "nothing to pick from") };
        items[self.0.usize(..N)]
    }

    /// Around `median`, rarely far above it: `sigma` is the standard deviation of the logarithm.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts from float saturate")]
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> u64 {
        // The sum of twelve uniform values is close enough to a normal distribution for sizes of text.
        let normal = (0..12).map(|_| self.0.f64()).sum::<f64>() - 6.0;
        (median * (sigma * normal).exp()) as u64
    }

    /// A random UUID (version 4).
    pub fn uuid(&mut self) -> Uuid {
        Uuid::build(self.0.u128(..), 4)
    }

    /// A UUID that begins with the time (version 7), as Codex makes them.
    pub fn uuid_at(&mut self, millis: i64) -> Uuid {
        let random = self.0.u128(..) >> 48;
        Uuid::build((u128::from(millis.unsigned_abs()) << 80) | random, 7)
    }

    /// So many hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from_digit(self.0.u32(..16), 16).unwrap_or('0')).collect()
    }

    /// So many letters and digits.
    pub fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(ALPHANUMERIC[self.0.usize(..ALPHANUMERIC.len())])).collect()
    }

    /// Shuffles the items.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// A UUID. Displays in the usual lower-case form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(u128);

impl Uuid {
    fn build(bits: u128, version: u128) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0x3 << 62;
        Self(bits & !VERSION & !VARIANT | version << 76 | 0x2 << 62)
    }

    /// The first eight digits.
    pub fn short(self) -> String {
        format!("{:08x}", self.0 >> 96)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = |shift: u32, width: u32| (self.0 >> shift) & ((1 << width) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits(96, 32),
            bits(80, 16),
            bits(64, 16),
            bits(48, 16),
            bits(0, 48)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values() {
        let values = |seed| {
            let mut rng = Rng::new(seed);
            (rng.uuid(), rng.letters(5), rng.split().below(1000), rng.log_normal(100.0, 1.0))
        };
        assert_eq!(values(7), values(7));
        assert_ne!(values(7), values(8));
    }

    #[test]
    fn uuids_carry_version_variant_and_time() {
        let mut rng = Rng::new(1);
        let random = rng.uuid().to_string();
        assert_eq!((random.len(), random.as_bytes()[14]), (36, b'4'));
        assert!(b"89ab".contains(&random.as_bytes()[19]), "{random}");
        let timed = rng.uuid_at(0x01a1_fda9_829d);
        assert!(timed.to_string().starts_with("01a1fda9-829d-7"), "{timed}");
        assert_eq!(timed.short(), "01a1fda9");
    }

    #[test]
    fn log_normal_sizes_have_their_median() {
        let mut rng = Rng::new(3);
        let mut sizes: Vec<_> = (0..2001).map(|_| rng.log_normal(1300.0, 1.4)).collect();
        sizes.sort_unstable();
        assert!((1100..1500).contains(&sizes[1000]), "{}", sizes[1000]);
        assert!(sizes[1990] > 15_000, "{}", sizes[1990]);
    }
}
