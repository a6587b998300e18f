//! The order of the values of a field, for tables and for the screen.

use std::cmp::{Ordering, Reverse};

use agtop_model::{Field, FieldValue, SnapshotRow};

/// Fields in which small values come first.
const ASCENDING_FIELDS: &[&str] = &["status", "pid", "active"];

/// The rank of a value among the values of its field: the lowest comes first, and a missing value last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// A whole number.
    Whole(i128),
    /// A number with a fraction.
    Float(TotalFloat),
    /// Text in lower case.
    Text(String),
    /// Text in descending order.
    ReversedText(Reverse<String>),
    /// No value.
    Missing,
}

/// A float in the total order of IEEE 754.
#[derive(Clone, Copy, Debug)]
pub struct TotalFloat(f64);

impl Ord for TotalFloat {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for TotalFloat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for TotalFloat {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for TotalFloat {}

impl SortValue {
    /// The rank of the row's value: large numbers and the newest first, text by the alphabet, except in the fields where
    /// small values come first.
    pub fn new(field: &Field, row: &SnapshotRow<'_>) -> Self {
        let ascending = match (field.get)(row) {
            FieldValue::Count(n) | FieldValue::Tokens(n) | FieldValue::Bytes(n) => Self::Whole(i128::from(n)),
            FieldValue::Money(amount) | FieldValue::MoneyAtLeast(amount) => Self::Whole(i128::from(amount.as_pico())),
            FieldValue::Span(span) => Self::Whole(i128::try_from(span.as_millis()).unwrap_or(i128::MAX)),
            FieldValue::Time(at) => Self::Whole(i128::from(at.as_millis())),
            FieldValue::Status(status) => Self::Whole(status as i128),
            FieldValue::Percent(percent) if percent.is_nan() => Self::Missing,
            FieldValue::Percent(percent) => Self::number(percent),
            FieldValue::Text(text) => return Self::Text(text.to_lowercase()),
            FieldValue::Untrusted(text) => return Self::Text(text.raw().to_lowercase()),
            FieldValue::Gap(_) => Self::Missing,
        };
        if ASCENDING_FIELDS.contains(&field.id) { ascending } else { ascending.reversed() }
    }

    /// The rank of a number; the smallest comes first.
    pub const fn number(number: f64) -> Self {
        Self::Float(TotalFloat(number))
    }

    /// The rank in the opposite order; a missing value stays last.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Whole(n) => Self::Whole(n.saturating_neg()),
            Self::Float(TotalFloat(n)) => Self::Float(TotalFloat(-n)),
            Self::Text(text) => Self::ReversedText(Reverse(text)),
            Self::ReversedText(Reverse(text)) => Self::Text(text),
            Self::Missing => Self::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_model::field;

    use super::*;

    #[test]
    fn a_reversed_order_keeps_missing_values_last() {
        let snapshot = testing::rich();
        let rows: Vec<_> = snapshot.agents.iter().map(|agent| SnapshotRow::of_agent(snapshot.now, agent)).collect();
        for id in ["cpu", "cost", "project", "active", "branch"] {
            let field = field(id).unwrap();
            let mut usual: Vec<_> = rows.iter().map(|row| SortValue::new(field, row)).collect();
            usual.sort();
            let mut reversed: Vec<_> = usual.iter().cloned().map(SortValue::reversed).collect();
            reversed.sort();
            let present = usual.iter().filter(|value| **value != SortValue::Missing).count();
            assert!(reversed[present..].iter().all(|value| *value == SortValue::Missing), "{id}");
            let back: Vec<_> = reversed[..present].iter().rev().cloned().map(SortValue::reversed).collect();
            assert_eq!(back, usual[..present], "{id}");
        }
    }
}
