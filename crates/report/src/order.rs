use std::cmp::Ordering;

use crate::options::{Detail, Order};
use crate::sums::Tally;
use crate::{Key, Line, Rest, Sums};

/// A line before its sums are finished: what a limit leaves out is summed up, and a session counts once.
pub(super) struct Draft {
    pub(super) keys: Vec<Key>,
    pub(super) tally: Tally,
}

/// Sorts lines: those of a time and of sessions from the oldest to the newest, others from the dearest to the cheapest,
/// or the other way round. Of more than `limit`, the newest or dearest stay.
pub(super) fn arrange(mut sorted: Vec<Draft>, order: Order, limit: Option<usize>) -> (Vec<Draft>, Vec<Draft>) {
    sorted.sort_by(compare);
    let is_of_time = sorted.first().and_then(|draft| draft.keys.first()).is_some_and(Key::is_of_time);
    let left_out = limit.map_or(0, |limit| sorted.len().saturating_sub(limit));
    let rest = if is_of_time {
        let kept = sorted.split_off(left_out);
        std::mem::replace(&mut sorted, kept)
    } else {
        sorted.split_off(sorted.len() - left_out)
    };
    let is_turned = match order {
        Order::Usual => false,
        Order::Ascending => !is_of_time,
        Order::Descending => is_of_time,
    };
    if is_turned {
        sorted.reverse();
    }
    (sorted, rest)
}

/// The lines left out, together.
pub(super) fn rest(drafts: Vec<Draft>) -> Option<Rest> {
    let lines = drafts.len();
    let mut sum = Tally::default();
    for draft in drafts {
        sum.merge(&draft.tally);
    }
    (lines > 0).then(|| Rest { lines, sums: sum.into_sums() })
}

impl Draft {
    /// The line, in as much detail as is asked for.
    pub(super) fn finish(self, detail: Detail) -> Line {
        let (sums, by_model) = self.tally.finish();
        let part = |(model, sums): (_, Sums)| Line { keys: vec![Key::Model(model)], sums, parts: Vec::new() };
        let parts = match detail {
            Detail::Whole => Vec::new(),
            Detail::ByModel => by_model.into_iter().map(part).collect(),
        };
        Line { keys: self.keys, sums, parts }
    }
}

fn compare(a: &Draft, b: &Draft) -> Ordering {
    let (of_a, of_b) = (a.tally.so_far(), b.tally.so_far());
    let dearest = || of_b.weight().cmp(&of_a.weight());
    let by_names = || {
        let orders = a.keys.iter().zip(&b.keys).map(|(key, other)| key.order(other));
        orders.fold(Ordering::Equal, Ordering::then)
    };
    match (a.keys.first(), b.keys.first()) {
        (Some(key), Some(other)) if key.is_of_time() => key.order(other).then_with(dearest).then_with(by_names),
        _ => dearest().then_with(by_names),
    }
}
