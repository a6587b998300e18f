use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{ClientId, SessionKey, Untrusted};

/// How long things took, as far as agtop saw them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timings {
    /// Calls of tools, from their start to their answer, the slowest tool first.
    pub tools: Vec<ToolTime>,
    /// The same for the calls of each session alone, of those that called a tool in the last day.
    pub by_session: Arc<BTreeMap<SessionKey, Arc<[ToolTime]>>>,
    /// From a prompt to the first tool call; only hooks report it.
    pub first_tool: Option<Quantiles>,
    /// From a prompt to the end of the turn; only hooks report it.
    pub turn: Option<Quantiles>,
}

/// How long the last calls of a tool took.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolTime {
    /// Whose tool it is.
    pub client: ClientId,
    /// The tool.
    pub tool: Untrusted,
    /// The last calls' times.
    pub times: Quantiles,
}

/// How spans are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// How many there are.
    pub count: u32,
    /// Half of them took no longer.
    pub median: Duration,
    /// Nineteen of twenty took no longer.
    pub p95: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Quantiles {
    /// Of these spans; `None` if there are none. Quantiles are members of the sample (nearest rank).
    pub fn of(spans: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut sorted: Vec<Duration> = spans.into_iter().collect();
        sorted.sort_unstable();
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self {
            count: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
            median: rank(50)?,
            p95: rank(95)?,
            longest: sorted.last().copied()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_members_of_the_sample() {
        let seconds = |spans: &[u64]| Quantiles::of(spans.iter().map(|&span| Duration::from_secs(span)));
        assert_eq!(seconds(&[]), None);
        let of = |spans: &[u64]| seconds(spans).map(|q| (q.median.as_secs(), q.p95.as_secs(), q.longest.as_secs()));
        assert_eq!(of(&[7]), Some((7, 7, 7)));
        assert_eq!(of(&[4, 1, 3, 2]), Some((2, 4, 4)));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(of(&hundred), Some((50, 95, 100)));
    }
}
