use std::sync::Arc;

use crate::{Session, Spend, Timestamp, Usage, UsageExtent};

/// Usage by time, session and model: the input of reports over days, projects and blocks.
#[derive(Clone, Debug, Default)]
pub struct UsageTable {
    /// The conversations that [`UsageRow::session`] counts into, sub-agents folded into those that sent them off.
    pub sessions: Arc<[Arc<Session>]>,
    /// The rows, in no particular order. Every response that counts is in exactly one.
    pub rows: Vec<UsageRow>,
}

/// The usage of one model by one session at one time.
#[derive(Clone, Debug)]
pub struct UsageRow {
    /// The index of the session in [`UsageTable::sessions`].
    pub session: u32,
    /// When, as finely as the table's [`TimeGranularity`] says; `None` where no record states it.
    pub at: Option<Timestamp>,
    /// The model; `None` where the record does not name it.
    pub model: Option<Arc<str>>,
    /// What was used.
    pub usage: Usage,
    /// What that cost, response by response.
    pub spend: Spend,
    /// Responses.
    pub turns: u64,
    /// Whether `usage` is one response's: only then does its prompt have a length.
    pub extent: UsageExtent,
}

/// The time resolution of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeGranularity {
    /// A row a response, at its own time.
    Response,
    /// Responses of a quarter of an hour together, at its beginning. Days begin on a quarter of an hour in every time
    /// zone there is.
    #[default]
    QuarterHour,
}

impl TimeGranularity {
    /// A quarter of an hour in milliseconds.
    const QUARTER_HOUR_MILLIS: i64 = 15 * 60 * 1000;

    /// The time rounded down to this granularity.
    #[must_use]
    pub fn truncate(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Response => at,
            Self::QuarterHour => Timestamp::from_millis(
                at.as_millis().div_euclid(Self::QUARTER_HOUR_MILLIS).saturating_mul(Self::QUARTER_HOUR_MILLIS),
            ),
        }
    }

    /// The coarsest granularity at which none of these times falls inside a row.
    pub fn coarsest_separating(moments: impl IntoIterator<Item = Timestamp>) -> Self {
        let coarse = Self::QuarterHour;
        if moments.into_iter().all(|at| coarse.truncate(at) == at) { coarse } else { Self::Response }
    }
}

impl UsageTable {
    /// The conversation of a row.
    pub fn session(&self, row: &UsageRow) -> Option<&Arc<Session>> {
        self.sessions.get(row.session as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_an_hour_begins_before_its_moments_even_before_1970() {
        let of = |millis| TimeGranularity::QuarterHour.truncate(Timestamp::from_millis(millis)).as_millis();
        assert_eq!([of(0), of(899_999), of(900_000), of(-1)], [0, 0, 900_000, -900_000]);
        assert_eq!(TimeGranularity::Response.truncate(Timestamp::from_millis(7)).as_millis(), 7);
        assert!(of(i64::MIN) < 0);
    }

    #[test]
    fn a_moment_within_a_quarter_needs_every_response() {
        let grain = |moments: &[i64]| {
            TimeGranularity::coarsest_separating(moments.iter().map(|&at| Timestamp::from_millis(at)))
        };
        assert_eq!(grain(&[]), TimeGranularity::QuarterHour);
        assert_eq!(grain(&[900_000, 1_800_000]), TimeGranularity::QuarterHour);
        assert_eq!(grain(&[900_000, 1_800_001]), TimeGranularity::Response);
    }
}
