use std::cmp::{Ordering, Reverse};

use agtop_model::{Field, FieldValue, SnapshotRow};

/// Fields whose small values are the interesting ones.
const SMALLEST_FIRST: &[&str] = &["status", "pid", "active"];

/// The value of a field as sorting compares it: lower comes first, and a missing value is always last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// A whole number.
    Whole(i128),
    /// A fraction.
    Float(TotalFloat),
    /// A text in lower case.
    Text(String),
    /// A text in a reversed order.
    ReversedText(Reverse<String>),
    /// No value.
    Missing,
}

/// A float in the total order of IEEE 754.
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
    /// The value of a field of a row; large numbers come first, except in a few fields.
    pub fn new(field: &Field, row: &SnapshotRow<'_>) -> Self {
        let sign = if SMALLEST_FIRST.contains(&field.id) { 1 } else { -1 };
        match (field.get)(row) {
            FieldValue::Count(n) | FieldValue::Tokens(n) | FieldValue::Bytes(n) => Self::Whole(i128::from(n) * sign),
            FieldValue::Money(amount) | FieldValue::MoneyAtLeast(amount) => {
                Self::Whole(i128::from(amount.as_pico()) * sign)
            }
            FieldValue::Span(span) => Self::Whole(i128::try_from(span.as_millis()).unwrap_or(i128::MAX) * sign),
            FieldValue::Time(at) => Self::Whole(i128::from(at.as_millis()) * sign),
            FieldValue::Status(status) => Self::Whole(status as i128 * sign),
            FieldValue::Percent(percent) if percent.is_nan() => Self::Missing,
            FieldValue::Percent(percent) => Self::Float(TotalFloat(if sign < 0 { -percent } else { percent })),
            FieldValue::Text(text) => Self::Text(text.to_lowercase()),
            FieldValue::Untrusted(text) => Self::Text(text.raw().to_lowercase()),
            FieldValue::Gap(_) => Self::Missing,
        }
    }

    /// A number; the smallest comes first.
    pub const fn number(number: f64) -> Self {
        Self::Float(TotalFloat(number))
    }

    /// The value in the opposite order. A missing value stays last.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Whole(number) => Self::Whole(number.saturating_neg()),
            Self::Float(TotalFloat(number)) => Self::Float(TotalFloat(-number)),
            Self::Text(text) => Self::ReversedText(Reverse(text)),
            Self::ReversedText(Reverse(text)) => Self::Text(text),
            Self::Missing => Self::Missing,
        }
    }
}
