use std::cmp::Ordering;

use crate::key::LineKey;
use crate::options::{LineDetail, LineOrder};
use crate::report::{OmittedLines, ReportLine};
use crate::sums::Tally;

/// A line that can still be merged with others: lines that a limit omits are added up, and a session counts once.
pub(super) struct PendingLine {
    pub(super) keys: Vec<LineKey>,
    pub(super) tally: Tally,
}

/// Sorts lines: days, blocks and sessions from the oldest to the newest, others from the most expensive to the cheapest,
/// or in reverse. Returns at most `limit` lines, the newest or most expensive, and the lines it omits.
pub(super) fn sort_and_limit(
    mut sorted: Vec<PendingLine>,
    order: LineOrder,
    limit: Option<usize>,
) -> (Vec<PendingLine>, Vec<PendingLine>) {
    sorted.sort_by(compare);
    let is_chronological = sorted.first().and_then(|line| line.keys.first()).is_some_and(LineKey::is_chronological);
    let omitted = limit.map_or(0, |limit| sorted.len().saturating_sub(limit));
    let rest = if is_chronological {
        let kept = sorted.split_off(omitted);
        std::mem::replace(&mut sorted, kept)
    } else {
        sorted.split_off(sorted.len() - omitted)
    };
    let is_reversed = match order {
        LineOrder::Usual => false,
        LineOrder::Ascending => !is_chronological,
        LineOrder::Descending => is_chronological,
    };
    if is_reversed {
        sorted.reverse();
    }
    (sorted, rest)
}

/// The total of the omitted lines; `None` if there are none.
pub(super) fn sum_omitted(omitted: Vec<PendingLine>) -> Option<OmittedLines> {
    let lines = omitted.len();
    let mut sum = Tally::default();
    for line in omitted {
        sum.merge(&line.tally);
    }
    (lines > 0).then(|| OmittedLines { lines, sums: sum.into_sums() })
}

impl PendingLine {
    /// The line, by model if `detail` asks for it.
    pub(super) fn finish(self, detail: LineDetail) -> ReportLine {
        let (sums, models) = self.tally.finish();
        let of_model = |(model, sums)| ReportLine { keys: vec![LineKey::Model(model)], sums, by_model: Vec::new() };
        let by_model = match detail {
            LineDetail::Whole => Vec::new(),
            LineDetail::ByModel => models.into_iter().map(of_model).collect(),
        };
        ReportLine { keys: self.keys, sums, by_model }
    }
}

fn compare(a: &PendingLine, b: &PendingLine) -> Ordering {
    let (of_a, of_b) = (a.tally.so_far(), b.tally.so_far());
    let by_cost = || of_b.magnitude().cmp(&of_a.magnitude());
    let by_names = || {
        let orders = a.keys.iter().zip(&b.keys).map(|(key, other)| key.order(other));
        orders.fold(Ordering::Equal, Ordering::then)
    };
    match (a.keys.first(), b.keys.first()) {
        (Some(key), Some(other)) if key.is_chronological() => key.order(other).then_with(by_cost).then_with(by_names),
        _ => by_cost().then_with(by_names),
    }
}
