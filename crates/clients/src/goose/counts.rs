//! Goose's token counts.

use agtop_model::Usage;

use crate::parse::Count;
use crate::{DecodeError, SqlValue};

/// Tokens as Goose writes them, of one request or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    input: Count,
    output: Count,
    total: Count,
    cache_read: Count,
    cache_write: Count,
}

impl Counts {
    /// From the columns input, output, total, cache read and cache write; NULL counts as 0.
    pub(super) fn from_cells(cells: [SqlValue<'_>; 5]) -> Result<Self, DecodeError> {
        let mut counts = [Count(0); 5];
        for (count, cell) in counts.iter_mut().zip(cells) {
            *count = count_of(cell)?;
        }
        let [input, output, total, cache_read, cache_write] = counts;
        Ok(Self { cache_read, cache_write, ..Self::without_cache(input, output, total) })
    }

    /// Counts of releases without cache columns. If only the total is known, it counts as input.
    pub(super) fn without_cache(input: Count, output: Count, total: Count) -> Self {
        let input = if input.0 == 0 && output.0 == 0 { total } else { input };
        Self { input, output, total, ..Self::default() }
    }

    /// The counts without `part`.
    pub(super) fn since(&self, part: &Self) -> Self {
        let rest = |whole: Count, part: Count| Count(whole.0.saturating_sub(part.0));
        Self {
            input: rest(self.input, part.input),
            output: rest(self.output, part.output),
            total: rest(self.total, part.total),
            cache_read: rest(self.cache_read, part.cache_read),
            cache_write: rest(self.cache_write, part.cache_write),
        }
    }

    /// The sum of both.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let sum = |a: Count, b: Count| Count(a.0.saturating_add(b.0));
        Self {
            input: sum(self.input, other.input),
            output: sum(self.output, other.output),
            total: sum(self.total, other.total),
            cache_read: sum(self.cache_read, other.cache_read),
            cache_write: sum(self.cache_write, other.cache_write),
        }
    }

    /// The counts in disjoint buckets.
    ///
    /// Goose passes on what providers report, and those differ: most include cached tokens in the input, Anthropic's
    /// own API does not, and releases with cache columns add them to the input for every provider. The numbers show
    /// which: the total is input plus output if the input includes the cache, and more if it does not; an input smaller
    /// than the cache cannot include it. If the numbers do not decide, the cache is subtracted from the input, as
    /// releases with cache columns write it.
    pub(super) fn usage(&self) -> Usage {
        let cached = self.cache_read.0.saturating_add(self.cache_write.0);
        let known = self.input.0.saturating_add(self.output.0).saturating_add(cached);
        let is_apart = self.input.0 < cached || self.total.0 == known;
        let input = if is_apart { self.input.0 } else { self.input.0.saturating_sub(cached) };
        Usage {
            input,
            cache_read: self.cache_read.0,
            cache_write_5m: self.cache_write.0,
            output: self.output.0,
            ..Usage::default()
        }
    }
}

/// A count of a column; NULL counts as 0.
pub(super) fn count_of(cell: SqlValue<'_>) -> Result<Count, DecodeError> {
    match cell.integer() {
        None => Ok(Count(0)),
        Some(n) => {
            Count::from_integer(n).ok_or_else(|| DecodeError::out_of_range("a count is negative or impossibly large"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(counts: [i64; 5]) -> Usage {
        Counts::from_cells(counts.map(SqlValue::Integer)).unwrap().usage()
    }

    #[test]
    fn an_included_cache_is_subtracted_from_the_input() {
        let usage = usage([10_000, 400, 10_400, 8_000, 1_500]);
        assert_eq!((usage.input, usage.cache_read, usage.cache_write(), usage.output), (500, 8_000, 1_500, 400));
    }

    #[test]
    fn an_input_that_excludes_the_cache_is_left_as_it_is() {
        assert_eq!(usage([5, 400, 0, 8_000, 0]).input, 5);
        assert_eq!(usage([9_000, 400, 17_400, 8_000, 0]).input, 9_000);
    }

    #[test]
    fn a_total_without_buckets_counts_as_input() {
        assert_eq!(usage([0, 0, 1234, 0, 0]), Usage { input: 1234, ..Usage::default() });
    }

    #[test]
    fn a_ledger_without_totals_leaves_no_remainder_of_the_sessions_total() {
        let counts = |cells: [i64; 5]| Counts::from_cells(cells.map(SqlValue::Integer)).unwrap();
        let rest = counts([100, 20, 120, 0, 0]).since(&counts([100, 20, 0, 0, 0]));
        assert!(rest.usage().is_zero());
    }

    #[test]
    fn null_is_zero_and_a_negative_count_is_an_error() {
        assert_eq!(Counts::from_cells([SqlValue::Null; 5]).unwrap(), Counts::default());
        assert!(
            Counts::from_cells([SqlValue::Integer(-1), SqlValue::Null, SqlValue::Null, SqlValue::Null, SqlValue::Null])
                .is_err()
        );
    }
}
